// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// DefineBadge writes down a badge and what somebody does to earn it.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, OutOfRange, IdempotencyKeyReused.
func (s *Service) DefineBadge(ctx context.Context, actor domain.Actor, cmd DefineBadge) (Badge, error) {
	cmd, wrong := cmd.check()
	once := domain.Once{Key: cmd.Key, Action: "defineBadge", Input: cmd}
	return give(ctx, s, actor, cmd.Community, domain.IssueBadges, once, s.store.Badges, func(ctx context.Context, by domain.ID, now time.Time) (domain.ID, error) {
		if wrong != nil {
			return domain.Nowhere, wrong
		}
		b := Badge{
			Community: cmd.Community, ID: domain.NewID(), Name: cmd.Name, Description: cmd.Description,
			Version: 1, Criteria: cmd.Criteria, ValidDays: cmd.ValidDays, CreatedAt: now,
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: BadgeDefined, Actor: actor.Person, Subject: b.ID})
		return b.ID, s.store.AddBadge(ctx, b, by)
	})
}

// ReviseBadge gives a badge new criteria from now on.
//
// Errors: NotFound, Forbidden, StaleVersion, Required, TextTooLong, OutOfRange.
func (s *Service) ReviseBadge(ctx context.Context, actor domain.Actor, cmd ReviseBadge) (Badge, error) {
	var c domain.Check
	cmd.Criteria = checkCriteria(&c, cmd.Criteria, cmd.ValidDays)
	var b Badge
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.IssueBadges)
		if err == nil {
			err = c.Err()
		}
		if err != nil {
			return err
		}
		if b, err = one(s.store.Badges(ctx, cmd.Community, []domain.ID{cmd.Badge})); err != nil {
			return err
		}
		if b.Version != cmd.Version {
			return domain.NewError(domain.StaleVersion, "version", "current", b.Version)
		}
		b.Version, b.Criteria, b.ValidDays = b.Version+1, cmd.Criteria, cmd.ValidDays
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: BadgeRevised, Actor: actor.Person, Subject: b.ID})
		return s.store.ReviseBadge(ctx, b, standing.Member, now)
	})
	return b, err
}

// IssueBadge issues a badge to a member of another household, who holds it not yet.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, Oneself, OwnHousehold,
// membership.MemberInactive, BadgeHeld, IdempotencyKeyReused.
func (s *Service) IssueBadge(ctx context.Context, actor domain.Actor, cmd IssueBadge) (IssuedBadge, error) {
	var c domain.Check
	cmd.Evidence = c.Text("evidence", cmd.Evidence, 1, 1000)
	once := domain.Once{Key: cmd.Key, Action: "issueBadge", Input: cmd}
	return give(ctx, s, actor, cmd.Community, domain.IssueBadges, once, s.store.IssuedBadges, func(ctx context.Context, giver domain.ID, now time.Time) (domain.ID, error) {
		if err := c.Err(); err != nil {
			return domain.Nowhere, err
		}
		m, err := s.beside(ctx, actor, giver, cmd.Community, cmd.Member, "memberId")
		if err != nil {
			return domain.Nowhere, err
		}
		b, err := one(s.store.Badges(ctx, cmd.Community, []domain.ID{cmd.Badge}))
		if err != nil {
			return domain.Nowhere, domain.NewError(domain.NotFound, "badgeId").Because(err)
		}
		where, _, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return domain.Nowhere, err
		}
		// After this, issuers pass one after another: no bit is given out twice, and
		// two who issue the same badge at once see each other.
		index, err := s.store.NextIndex(ctx, cmd.Community)
		if err != nil {
			return domain.Nowhere, err
		}
		held, err := s.store.BadgesOf(ctx, Look{cmd.Community, m.ID, m.ID})
		if err != nil {
			return domain.Nowhere, err
		}
		for _, other := range held {
			if other.Badge.ID == b.ID && other.Stands(now) {
				return domain.Nowhere, domain.NewError(BadgeHeld, "badgeId")
			}
		}
		issued := IssuedBadge{
			Given: Given{Community: cmd.Community, ID: domain.NewID(), Giver: giver, Member: m.ID, Hidden: true, At: now},
			Badge: b, Evidence: cmd.Evidence, Index: index, ExpiresAt: b.expiry(where, now),
		}
		s.tellBadge(ctx, actor, BadgeIssued, issued, giver)
		return issued.ID, s.store.AddIssuedBadge(ctx, issued)
	})
}

// RevokeBadge takes a badge back, for a reason that its member reads. One that was
// revoked already keeps its day and its reason.
//
// Errors: NotFound, Forbidden, Required, TextTooLong.
func (s *Service) RevokeBadge(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (IssuedBadge, error) {
	var c domain.Check
	reason = c.Text("reason", reason, 1, 1000)
	var b IssuedBadge
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.IssueBadges)
		if err == nil {
			err = c.Err()
		}
		if err != nil {
			return err
		}
		if b, err = one(s.store.IssuedBadges(ctx, community, []domain.ID{id})); err != nil || !b.RevokedAt.IsZero() {
			return err
		}
		b.RevokedAt, b.RevokedBy, b.Reason = now, standing.Member, reason
		first, err := s.store.RevokeBadge(ctx, b)
		if err == nil && first {
			s.tellBadge(ctx, actor, BadgeRevoked, b, standing.Member)
		}
		return err
	})
	return b, err
}

func (s *Service) tellBadge(ctx context.Context, actor domain.Actor, kind domain.EventKind, b IssuedBadge, giver domain.ID) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: b.ID,
		Payload: BadgeTold{Badge: b.Badge.ID, Version: b.Badge.Version, Giver: giver, Member: b.Member},
	})
}

// Badges reads what a community lets its members earn, by name.
//
// Errors: NotFound, Forbidden.
func (s *Service) Badges(ctx context.Context, actor domain.Actor, community domain.ID) ([]Badge, error) {
	var all []Badge
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			all, err = s.store.AllBadges(ctx, community)
		}
		return err
	})
	return all, err
}

// Badge reads one for members. Error: NotFound for everybody else.
func (s *Service) Badge(ctx context.Context, actor domain.Actor, community, id domain.ID) (Badge, error) {
	return see(ctx, s, actor, community, id, s.store.Badges, func(Badge, domain.Standing) bool { return true })
}

// BadgesOf reads what a member was issued, newest first, as the actor sees them:
// what is hidden or revoked is for its member and for those who issue badges.
func (s *Service) BadgesOf(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]IssuedBadge, error) {
	var found []IssuedBadge
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity)
		if err != nil {
			return err
		}
		if standing.Member != member && !standing.Admitted {
			return domain.Forbidden
		}
		viewer := standing.Member
		if standing.May(domain.IssueBadges) {
			viewer = member
		}
		found, err = s.store.BadgesOf(ctx, Look{community, member, viewer})
		return err
	})
	return found, err
}

// IssuedBadge reads one for whoever sees it. Error: NotFound for everybody else.
func (s *Service) IssuedBadge(ctx context.Context, actor domain.Actor, community, id domain.ID) (IssuedBadge, error) {
	return see(ctx, s, actor, community, id, s.store.IssuedBadges, IssuedBadge.VisibleTo)
}

// VisibleTo says whether somebody sees it: hidden or revoked, its member, who issued
// it, and those who issue badges.
func (b IssuedBadge) VisibleTo(standing domain.Standing) bool {
	b.Hidden = b.Hidden || !b.RevokedAt.IsZero()
	return b.Given.VisibleTo(standing) || (standing.May(domain.IssueBadges) && standing.Sees(b.Member))
}

// Credential signs an issued badge as its member shows it anywhere, for themselves
// and for those who issue badges. Whether it was revoked since stands in the
// community's status list.
//
// Errors: NotFound.
func (s *Service) Credential(ctx context.Context, actor domain.Actor, community, id domain.ID) (Signed, error) {
	var c Credential
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity)
		if err != nil {
			return err
		}
		if c.IssuedBadge, err = one(s.store.IssuedBadges(ctx, community, []domain.ID{id})); err != nil {
			return err
		}
		if c.Member != standing.Member && !standing.May(domain.IssueBadges) {
			return domain.NotFound
		}
		holder, err := s.members.Load(ctx, community, c.Member)
		if err != nil {
			return err
		}
		c.Holder = holder[0].DisplayName
		c.Community, _, err = s.communities.Rules(ctx, community, now)
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	return s.signer.Credential(ctx, c)
}

// StatusList signs which of a community's badges are revoked. It is public, and
// names nobody.
//
// Errors: NotFound.
func (s *Service) StatusList(ctx context.Context, community domain.ID) (string, error) {
	var l StatusList
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
		l.At = now
		if l.Community, _, err = s.communities.Rules(ctx, community, now); err != nil {
			return err
		}
		l.Revoked, l.Length, err = s.store.Revoked(ctx, community)
		return err
	})
	if err != nil {
		return "", err
	}
	return s.signer.StatusList(ctx, l)
}
