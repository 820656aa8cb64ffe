// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// GrantRole entrusts a role to a member, for a term or until revoked. A role
// already held gets the new term. The one who coordinates until revoked gets no
// end, or one day there would be nobody.
//
// Errors: NotFound, Forbidden, RoleUnknown, DateInvalid, MemberState, OfAgeOnly, LastCoordinator, IdempotencyKeyReused.
func (s *Service) GrantRole(ctx context.Context, actor domain.Actor, g RoleGrant) (Member, error) {
	once := domain.Once{Key: g.Key, Action: "grantRole", Input: g}
	return s.change(ctx, actor, g.Community, g.Member, domain.GrantRoles, once, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		_, charter, err := s.communities.Rules(ctx, g.Community, now)
		if err != nil {
			return m, err
		}
		var c domain.Check
		c.That(charter.KnownRole(g.Role), RoleUnknown, "role")
		c.That(g.Until.IsZero() || g.Until.After(now), DateInvalid, "until")
		if err := c.Err(); err != nil {
			return m, err
		}
		if !m.Participation.InGoodStanding() {
			return m, domain.NewError(MemberState, "memberId", "state", string(m.Participation))
		}
		if m.UnderAge(now) {
			return m, domain.NewError(OfAgeOnly, "memberId")
		}
		if g.Role == domain.Coordinator && !g.Until.IsZero() {
			if err := s.keepsACoordinator(ctx, g.Community, m.ID, "until", now); err != nil {
				return m, err
			}
		}
		if err := s.store.EndRole(ctx, g.Community, m.ID, g.Role, now); err != nil {
			return m, err
		}
		g.ID, g.From, g.GrantedBy = domain.NewID(), now, actor.Person
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: RoleGiven, Actor: actor.Person, Subject: m.ID, Payload: RoleTold{g.Role}})
		return m, s.store.AddRole(ctx, g)
	})
}

// RevokeRole ends a role; one that the member does not hold stays as it is. A
// community never loses its last coordinator.
//
// Errors: NotFound, Forbidden, RoleUnknown, LastCoordinator.
func (s *Service) RevokeRole(ctx context.Context, actor domain.Actor, community, member domain.ID, role domain.Role) (Member, error) {
	return s.change(ctx, actor, community, member, domain.GrantRoles, domain.Once{}, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		held, err := s.store.RolesOf(ctx, community, []domain.ID{m.ID}, now)
		if err != nil {
			return m, err
		}
		if !slices.ContainsFunc(held, func(g RoleGrant) bool { return g.Role == role }) {
			_, charter, err := s.communities.Rules(ctx, community, now)
			if err == nil && !charter.KnownRole(role) {
				err = domain.NewError(RoleUnknown, "role")
			}
			return m, err
		}
		if role == domain.Coordinator {
			if err := s.keepsACoordinator(ctx, community, m.ID, "memberId", now); err != nil {
				return m, err
			}
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: RoleEnded, Actor: actor.Person, Subject: m.ID, Payload: RoleTold{role}})
		return m, s.store.EndRole(ctx, community, m.ID, role, now)
	})
}

// keepsACoordinator refuses what would leave the community without one, at once or
// on the day when a term ends: somebody else must hold the role until revoked.
// field is what the caller named.
func (s *Service) keepsACoordinator(ctx context.Context, community, without domain.ID, field string, now time.Time) error {
	// Two who leave at once pass one after the other, and the second sees that the
	// first is gone.
	if err := s.store.LockRole(ctx, community, domain.Coordinator); err != nil {
		return err
	}
	holders, err := s.store.Holders(ctx, community, domain.Coordinator, now)
	if err != nil {
		return err
	}
	held, others := false, []domain.ID{}
	for _, h := range holders {
		if h.ID != without && h.Participation.InGoodStanding() {
			others = append(others, h.ID)
		}
		held = held || h.ID == without
	}
	if !held {
		return nil // they were none themselves
	}
	grants, err := s.store.RolesOf(ctx, community, others, now)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(grants, func(g RoleGrant) bool { return g.Role == domain.Coordinator && g.Until.IsZero() }) {
		return domain.NewError(LastCoordinator, field)
	}
	return nil
}

// endRoles takes a leaver's roles back: whoever is gone is not told of what is
// the staff's.
func (s *Service) endRoles(ctx context.Context, m Member, now time.Time) error {
	held, err := s.store.RolesOf(ctx, m.Community, []domain.ID{m.ID}, now)
	for _, g := range held {
		if err == nil {
			err = s.store.EndRole(ctx, m.Community, m.ID, g.Role, now)
		}
	}
	return err
}

// change is the frame of every act of staff on a member, which happens once per key.
func (s *Service) change(ctx context.Context, actor domain.Actor, community, member domain.ID, p domain.Permission, once domain.Once,
	act func(context.Context, Member, time.Time) (Member, error),
) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		if _, err := s.authorise(ctx, actor, community, p); err != nil {
			return err
		}
		var err error
		m, err = s.once(ctx, actor, community, once, func() (Member, error) {
			m, err := s.byID(ctx, community, member)
			if err != nil {
				return m, err
			}
			return act(ctx, m, now)
		})
		return err
	})
	return m, err
}

// once lets something happen to a member at most once per key, and answers how
// they are now.
func (s *Service) once(ctx context.Context, actor domain.Actor, community domain.ID, once domain.Once, act func() (Member, error)) (Member, error) {
	var m Member
	once.Person = actor.Person
	id, replayed, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
		var err error
		m, err = act()
		return m.ID, err
	})
	if err == nil && replayed {
		m, err = s.byID(ctx, community, id)
	}
	return m, err
}

// changeOwn is the frame of what somebody does with their own membership, which
// happens once per key.
func (s *Service) changeOwn(ctx context.Context, actor domain.Actor, community domain.ID, once domain.Once,
	act func(context.Context, Member, time.Time) (Member, error),
) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		var err error
		m, err = s.once(ctx, actor, community, once, func() (Member, error) {
			// Inside, since whoever left is nobody here when their phone asks again.
			standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity)
			if err != nil {
				return Member{}, err
			}
			m, err := s.byID(ctx, community, standing.Member)
			if err != nil {
				return m, err
			}
			return act(ctx, m, now)
		})
		return err
	})
	return m, err
}

func (s *Service) authorise(ctx context.Context, actor domain.Actor, community domain.ID, p domain.Permission) (domain.Standing, error) {
	return domain.Authorise(ctx, s.store, actor, community, p)
}
