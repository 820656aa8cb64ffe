// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Show hides or shows something that one received; who gave it, and oneself, see
// it either way. What is given stays given.
//
// Errors: NotFound, for all but who received it.
func (s *Service) Show(ctx context.Context, actor domain.Actor, kind Kind, community, id domain.ID, shown bool) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		g, err := s.given(ctx, kind, community, id)
		if err != nil {
			return err
		}
		if g.Member != standing.Member {
			return domain.NotFound
		}
		if g.Hidden == !shown {
			return nil
		}
		g.Hidden = !shown
		event := Hid
		if shown {
			event = Showed
		}
		s.tell(ctx, actor, event, g, domain.Nowhere)
		return s.store.Hide(ctx, kind, g)
	})
}

func (s *Service) given(ctx context.Context, kind Kind, community, id domain.ID) (Given, error) {
	switch kind {
	case OfThanks:
		t, err := one(s.store.Thanks(ctx, community, []domain.ID{id}))
		return t.Given, err
	case OfStars:
		star, err := one(s.store.Stars(ctx, community, []domain.ID{id}))
		return star.Given, err
	case OfEndorsements:
		e, err := one(s.store.Endorsements(ctx, community, []domain.ID{id}))
		return e.Given, err
	case OfMilestones:
		m, err := one(s.store.Milestones(ctx, community, []domain.ID{id}))
		return m.Given, err
	case OfBadges:
		b, err := one(s.store.IssuedBadges(ctx, community, []domain.ID{id}))
		return b.Given, err
	}
	return Given{}, domain.NotFound
}

// VisibleTo says whether somebody sees it: whom a block keeps from its member sees
// it no more than the member.
func (g Given) VisibleTo(viewer domain.Standing) bool {
	own := viewer.Member != domain.Nowhere && (viewer.Member == g.Member || viewer.Member == g.Giver)
	return (own || !g.Hidden) && viewer.Sees(g.Member)
}

// VisibleTo says whether somebody sees it: when it was withdrawn, the two of them.
func (e Endorsement) VisibleTo(viewer domain.Standing) bool {
	e.Hidden = e.Hidden || !e.WithdrawnAt.IsZero()
	return e.Given.VisibleTo(viewer)
}

// ByIDs reads recognition as it is, inside a transaction of the community, for whoever
// asks VisibleTo of each.
type ByIDs[T any] func(ctx context.Context, community domain.ID, ids []domain.ID) ([]T, error)

// Readers are how each kind is read by ids.
type Readers struct {
	Thanks       ByIDs[Thanks]
	Stars        ByIDs[Star]
	Endorsements ByIDs[Endorsement]
	Milestones   ByIDs[Milestone]
	Badges       ByIDs[Badge]
	IssuedBadges ByIDs[IssuedBadge]
}

// Readers reads each kind, one statement for all ids.
func (s *Service) Readers() Readers {
	return Readers{s.store.Thanks, s.store.Stars, s.store.Endorsements, s.store.Milestones, s.store.Badges, s.store.IssuedBadges}
}

// Thanks reads thanks for whoever sees them. Error: NotFound for everybody else.
func (s *Service) Thanks(ctx context.Context, actor domain.Actor, community, id domain.ID) (Thanks, error) {
	return see(ctx, s, actor, community, id, s.store.Thanks, Thanks.VisibleTo)
}

// Star reads a star for whoever sees it. Error: NotFound for everybody else.
func (s *Service) Star(ctx context.Context, actor domain.Actor, community, id domain.ID) (Star, error) {
	return see(ctx, s, actor, community, id, s.store.Stars, Star.VisibleTo)
}

// Endorsement reads one for whoever sees it: when it was withdrawn, the two of them.
// Error: NotFound for everybody else.
func (s *Service) Endorsement(ctx context.Context, actor domain.Actor, community, id domain.ID) (Endorsement, error) {
	return see(ctx, s, actor, community, id, s.store.Endorsements, Endorsement.VisibleTo)
}

func see[T any](ctx context.Context, s *Service, actor domain.Actor, community, id domain.ID,
	load func(context.Context, domain.ID, []domain.ID) ([]T, error), visible func(T, domain.Standing) bool,
) (T, error) {
	var found T
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if found, err = one(load(ctx, community, []domain.ID{id})); err == nil && !visible(found, standing) {
			err = domain.NotFound
		}
		return err
	})
	return found, err
}

// ThanksOf reads the thanks that a member received, newest first, as the actor
// sees them. How many there are is the member's own to know: nobody is ranked.
func (s *Service) ThanksOf(ctx context.Context, actor domain.Actor, community, member domain.ID, page domain.Page, count bool) (domain.Slice[Thanks], *int, error) {
	return look(ctx, s, actor, community, member, page, count, OfThanks, s.store.ThanksOf)
}

// StarsOf reads the stars that a member received, newest first, as the actor sees them.
func (s *Service) StarsOf(ctx context.Context, actor domain.Actor, community, member domain.ID, page domain.Page, count bool) (domain.Slice[Star], *int, error) {
	return look(ctx, s, actor, community, member, page, count, OfStars, s.store.StarsOf)
}

// EndorsementsOf reads the endorsements of a member's skills, newest first, as the actor sees them.
func (s *Service) EndorsementsOf(ctx context.Context, actor domain.Actor, community, member domain.ID, page domain.Page, count bool) (domain.Slice[Endorsement], *int, error) {
	return look(ctx, s, actor, community, member, page, count, OfEndorsements, s.store.EndorsementsOf)
}

func look[T any](ctx context.Context, s *Service, actor domain.Actor, community, member domain.ID, page domain.Page, count bool, kind Kind,
	read func(context.Context, Look, domain.Page) (domain.Slice[T], error),
) (domain.Slice[T], *int, error) {
	var found domain.Slice[T]
	var all *int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity) // anybody known here sees their own
		if err != nil {
			return err
		}
		own := standing.Member == member
		if !own && !standing.Admitted {
			return domain.Forbidden
		}
		if count && own {
			n, err := s.store.Count(ctx, kind, community, member)
			if err != nil {
				return err
			}
			all = &n
		}
		found, err = read(ctx, Look{community, member, standing.Member}, page)
		return err
	})
	return found, all, err
}
