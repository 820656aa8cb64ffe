// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// Inflow is what came into a pool in a time, and what the pool could give now.
type Inflow struct {
	Pool          domain.ID
	Use           Use
	Minutes, Free domain.Minutes
}

// reserved is what each pool gives the reserve: its part of what came in, never more
// than it has free, and together never more than the reserve has room for; where the
// room is smaller, it is shared in proportion.
func reserved(rule community.Reserve, came []Inflow, room domain.Minutes) []domain.Minutes {
	parts, weights, rank, sum := make([]domain.Minutes, len(came)), make([]int64, len(came)), make([]int, len(came)), domain.Minutes(0)
	for i, in := range came {
		parts[i] = max(0, min(rule.Of(in.Minutes), in.Free))
		weights[i], rank[i], sum = int64(parts[i]), i, sum+parts[i]
	}
	if sum > room {
		return allocation.Split(max(0, room), weights, rank)
	}
	return parts
}

// watchReserve has the calendar come round for the reserve each month, once the first
// one in which the charter asks for it is over.
func (s *Service) watchReserve(ctx context.Context, id domain.ID) error {
	return s.tx.InTx(ctx, id, func(ctx context.Context, now time.Time) error {
		where, charter, err := s.communities.Rules(ctx, id, now)
		if err != nil || !charter.Reserve.On() || monthAfter(where.CreatedAt, where.Zone()).At.After(now) {
			return err
		}
		if there, err := s.store.HasReservePlan(ctx, id); err != nil || there {
			return err
		}
		_, since, err := s.reserveRule(ctx, id, now)
		if err != nil || monthAfter(since, where.Zone()).At.After(now) {
			return err
		}
		whole, err := s.hours.CommunityAccount(ctx, id, ledger.Community, "")
		if err != nil {
			return err
		}
		reserve, err := s.hours.CommunityAccount(ctx, id, ledger.Pool, ledger.Reserve)
		if err != nil {
			return err
		}
		first := monthAfter(since, where.Zone())
		p := Plan{
			Community: id, ID: domain.NewID(), Kind: PlanReserve, Title: string(PlanReserve), From: whole.ID, To: reserve.ID,
			FirstOn: first.Day, Rhythm: domain.Monthly, NextAt: first.At, CreatedAt: now, Version: 1,
		}
		made, err := s.store.AddReservePlan(ctx, p)
		if made {
			s.tell(ctx, domain.System, PlanMade, p.ID, Told{})
		}
		return err
	})
}

// monthAfter is when the month of a moment is over, by the clocks of a place.
func monthAfter(at time.Time, zone *time.Location) (first struct{ Day, At time.Time }) {
	year, month, _ := at.In(zone).Date()
	first.Day = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	first.At = domain.Turns{First: first.Day, Rhythm: domain.Monthly, Zone: zone}.Turn(0).At
	return first
}

// reserveRule is what a moment's charter says of the reserve, and since when charters
// have asked for it without a break: what came in before is not touched.
func (s *Service) reserveRule(ctx context.Context, id domain.ID, at time.Time) (community.Reserve, time.Time, error) {
	_, charter, err := s.communities.Rules(ctx, id, at)
	rule, since := charter.Reserve, charter.EffectiveFrom
	for err == nil && charter.Reserve.On() {
		since = charter.EffectiveFrom
		charter, err = s.communities.Before(ctx, charter)
	}
	if errors.Is(err, domain.NotFound) { // that was the first
		err = nil
	}
	return rule, since, err
}

// setAside is what the pools for projects and for solidarity give the reserve of what
// came in since the turn before, by the charter of that time.
func (s *Service) setAside(ctx context.Context, p Plan, turn domain.Turn, done PlanTurn) ([]ledger.Transfer, PlanTurn, error) {
	rule, since, err := s.reserveRule(ctx, p.Community, turn.At.Add(-time.Microsecond))
	if err != nil || !rule.On() {
		return nil, done, err
	}
	before, err := s.store.PlanTurns(ctx, p.Community, []domain.ID{p.ID})
	if err != nil {
		return nil, done, err
	}
	if len(before) > 0 && before[0].Due.After(since) {
		since = before[0].Due
	}
	came, err := s.cameIn(ctx, p.Community, since, turn.At)
	if err != nil {
		return nil, done, err
	}
	room, err := s.room(ctx, p, rule)
	if err != nil {
		return nil, done, err
	}
	var legs []ledger.Transfer
	for i, part := range reserved(rule, came, room) {
		done.Minutes += part
		done.Parts = append(done.Parts, UsePart{Use: came[i].Use, Minutes: part})
		legs = append(legs, grant(part, came[i].Pool, p.To))
	}
	return legs, done, nil
}

// cameIn is what came into the pools that give to the reserve.
func (s *Service) cameIn(ctx context.Context, id domain.ID, from, until time.Time) ([]Inflow, error) {
	var came []Inflow
	var pools []domain.ID
	for _, use := range []Use{ForProjects, ForSolidarity} {
		pool, err := s.hours.CommunityAccount(ctx, id, ledger.Pool, string(use))
		if err != nil {
			return nil, err
		}
		came = append(came, Inflow{Pool: pool.ID, Use: use, Free: pool.Balance - pool.Held})
		pools = append(pools, pool.ID)
	}
	sums, err := s.store.CameIn(ctx, id, pools, from, until)
	for i := range came {
		came[i].Minutes = sums[came[i].Pool]
	}
	return came, err
}

// room is what the reserve may still receive as things are.
func (s *Service) room(ctx context.Context, p Plan, rule community.Reserve) (domain.Minutes, error) {
	reserve, err := s.account(ctx, p.Community, p.To, "poolId")
	if err != nil {
		return 0, err
	}
	positive, err := s.store.PositiveBalances(ctx, p.Community)
	return rule.Room(reserve.Balance, positive), err
}

// unchanged sees, once the head is held, that the pools had what they gave. Where
// somebody was quicker the turn is done anew.
func (s *Service) unchanged(ctx context.Context, p Plan, legs []ledger.Transfer) error {
	for _, leg := range legs {
		err := s.covered(ctx, p.Community, leg.Debit, leg.Minutes)
		if errors.Is(err, ledger.InsufficientHours) {
			return domain.NewError(domain.StaleVersion, "planId").Because(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
