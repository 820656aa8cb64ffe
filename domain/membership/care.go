// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// The events of being kept from taking part.
const (
	SuspendedIt domain.EventKind = "MEMBER_SUSPENDED"
	Reinstated  domain.EventKind = "MEMBER_REINSTATED"
)

// Suspend keeps a member from taking part, inside the caller's transaction, and
// answers what they were; field is what the caller named. Whoever is suspended
// stays so. A community keeps a coordinator.
//
// Errors: MemberState, LastCoordinator.
func (s *Service) Suspend(ctx context.Context, actor domain.Actor, community, member domain.ID, field string) (before Participation, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		m, err := s.byID(ctx, community, member)
		if err != nil || m.Participation == Suspended {
			before = m.ResumesAs
			return err
		}
		if err := s.keepsACoordinator(ctx, community, member, field, now); err != nil {
			return err
		}
		before = m.Participation
		if m.Participation != Paused { // who rested comes back as what they were before
			m.ResumesAs = m.Participation
		}
		if m, err = m.to(Suspended); err != nil {
			return err
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: SuspendedIt, Actor: actor.Person, Subject: m.ID})
		_, err = s.store.Save(ctx, m)
		return err
	})
	return before, err
}

// Reinstate lets a suspended member take part again, as what they were, inside the
// caller's transaction. Whoever is not suspended, or left, stays as they are.
func (s *Service) Reinstate(ctx context.Context, actor domain.Actor, community, member domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		m, err := s.byID(ctx, community, member)
		if err != nil || m.Participation != Suspended {
			return err
		}
		if m, err = m.to(m.ResumesAs); err != nil {
			return err
		}
		m.ResumesAs = ""
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: Reinstated, Actor: actor.Person, Subject: m.ID})
		_, err = s.store.Save(ctx, m)
		return err
	})
}
