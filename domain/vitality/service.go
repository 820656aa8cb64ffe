// SPDX-License-Identifier: AGPL-3.0-or-later

package vitality

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// Service is the one use case of the room.
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

// Report tells how a community lives in a period. It is for those who see every
// account, coordinators, treasurers and the board: each of them answers for the
// whole, and it tells them nothing that they could not add up from the statements
// they may read. What is held back is so for whomever they show it to.
//
// Errors: Unauthenticated, NotFound, Forbidden, statement.PeriodInvalid, OutOfRange.
func (s *Service) Report(ctx context.Context, actor domain.Actor, where domain.ID, asked ledger.Period) (Report, error) {
	var r Report
	err := s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, where, domain.SeeEveryAccount); err != nil {
			return err
		}
		c, _, err := s.communities.Rules(ctx, where, now)
		if err != nil {
			return err
		}
		period, err := within(asked, c, now)
		if err != nil {
			return err
		}
		if r, err = s.over(ctx, c, period); err != nil {
			return err
		}
		flows, err := s.store.Families(ctx, where, period)
		if err != nil {
			return err
		}
		r.Families = families(flows)
		r.Today, err = s.store.Today(ctx, where, c.After(now, -unmetDays), c.After(now, -quietDays))
		r.Today.At = now
		return err
	})
	return r, err
}

// over adds a period up, with the one before it and by month.
func (s *Service) over(ctx context.Context, c community.Community, period ledger.Period) (Report, error) {
	zone := c.Zone()
	earlier, starts := before(period, zone), cut(period, zone)
	bounds := append([]time.Time{earlier.From}, starts...)
	flows, err := s.store.Flows(ctx, c.ID, bounds, zone.String())
	if err != nil {
		return Report{}, err
	}
	movements, err := s.store.Movements(ctx, c.ID, bounds)
	if err != nil {
		return Report{}, err
	}
	return Report{
		Period: told(period, flows.Period, together(movements[1:])),
		Before: told(earlier, flows.Before, movements[0]),
		Months: months(starts, zone, flows.Months, movements[1:]),
	}, nil
}
