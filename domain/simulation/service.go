// SPDX-License-Identifier: AGPL-3.0-or-later

package simulation

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Service runs simulations.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
}

// New makes the room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities}
}

// mostMonths is how far back anybody may look.
const mostMonths = 24

// Simulate says what a charter with these changes would have done with the last
// months. Members may; it shows sums only.
//
// Errors: NotFound, Forbidden, OutOfRange, and those of a change that no charter
// can hold.
func (s *Service) Simulate(ctx context.Context, actor domain.Actor, ask Ask) (Outcome, error) {
	var o Outcome
	err := s.tx.InTx(ctx, ask.Community, func(ctx context.Context, now time.Time) error {
		if err := s.store.Still(ctx); err != nil {
			return err
		}
		if _, err := domain.Authorise(ctx, s.access, actor, ask.Community, domain.TakePart); err != nil {
			return err
		}
		var check domain.Check
		check.That(ask.Months >= 1 && ask.Months <= mostMonths, domain.OutOfRange, "months", "min", 1, "max", mostMonths)
		where, current, err := s.communities.Rules(ctx, ask.Community, now)
		if err != nil {
			return err
		}
		wanted, err := current.Tried(ask.Changes)
		check.Also(err)
		if err := check.Err(); err != nil {
			return err
		}
		accounts, err := s.store.Accounts(ctx, ask.Community)
		if err != nil {
			return err
		}
		from := now.In(where.Zone()).AddDate(0, -ask.Months, 0).UTC()
		moves, err := s.store.Moves(ctx, ask.Community, from)
		if err != nil {
			return err
		}
		var holdings []Holding
		if wanted.Levy.RoleShare > 0 {
			if holdings, err = s.store.Holdings(ctx, ask.Community, wanted.Levy.Role); err != nil {
				return err
			}
		}
		o = compare(accounts, moves, holdings, current, wanted)
		o.From, o.Until = from, now
		return nil
	})
	return o, err
}
