// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
)

// Enter is a pile of paper slips as it was keyed in.
type Enter struct {
	Community domain.ID
	Lines     []Line
	Key       string `json:"-"`
}

// Enter keys in paper slips and moves their hours: all of them, or none, and then
// everything that is wrong is told, line by line.
//
// Errors: NotFound, Forbidden, Required, OutOfRange, NumberTaken, DayInvalid, Expired, Postdated,
// MemberUnknown, MemberInactive, SameMember, MinutesOutOfRange, ServiceTypeUnknown, membership.VettingMissing,
// InsufficientHours, IdempotencyKeyReused.
func (s *Service) Enter(ctx context.Context, actor domain.Actor, cmd Enter) (Batch, error) {
	var b Batch
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.EnterSlips)
		if err != nil {
			return err
		}
		var c domain.Check
		c.That(cmd.Key != "", domain.Required, "idempotencyKey")
		c.That(len(cmd.Lines) > 0 && len(cmd.Lines) <= LargestPile, domain.OutOfRange, "cheques", "min", 1, "max", LargestPile)
		if err := c.Err(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "enterTimeCheques", Input: cmd}, func() (domain.ID, error) {
			return s.enter(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			b, err = s.batch(ctx, cmd.Community, id)
		}
		return err
	})
	return b, err
}

func (s *Service) enter(ctx context.Context, actor domain.Actor, by domain.ID, cmd Enter, now time.Time) (domain.ID, error) {
	where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	b := Batch{Community: cmd.Community, ID: domain.NewID(), Cheques: len(cmd.Lines), EnteredBy: by, EnteredAt: now}
	var wrong domain.Check
	pile, err := s.pile(ctx, &wrong, b, cmd.Lines, where, rules)
	if err != nil {
		return b.ID, err
	}
	given := make([]exchange.Given, len(pile))
	for i, slip := range pile {
		given[i] = slip.given(where)
	}
	err = s.exchanges.SettleAll(ctx, actor, cmd.Community, exchange.Enter, by, given, now, &wrong, func(ctx context.Context, all []exchange.Exchange) error {
		for i, x := range all {
			pile[i] = pile[i].settledBy(x, now)
			b.Minutes += x.Settled
		}
		if err := s.store.AddBatch(ctx, b); err != nil {
			return err
		}
		return s.store.Add(ctx, pile)
	})
	return b.ID, ours(err)
}

// pile makes cheques of lines and gathers what is wrong with them by themselves.
func (s *Service) pile(ctx context.Context, wrong *domain.Check, b Batch, lines []Line, where community.Community, rules community.Charter) ([]Cheque, error) {
	seen := map[string]bool{}
	pile := make([]Cheque, len(lines))
	for i, l := range lines {
		l, day := l.check(wrong, field(i), where, b.EnteredAt, rules.Cheques.SlipDays, seen)
		pile[i] = Cheque{
			Community: b.Community, ID: domain.NewID(), Kind: Slip, Number: l.Number, Provider: l.Provider, Receiver: l.Receiver,
			ServiceType: l.ServiceType, Day: day, Minutes: l.Minutes, Batch: b.ID, Line: i, EnteredBy: b.EnteredBy, EnteredAt: b.EnteredAt, Version: 1,
		}
	}
	maps.DeleteFunc(seen, func(_ string, readable bool) bool { return !readable }) // the store could not look for the others
	known, err := s.store.Known(ctx, b.Community, Slip, slices.Collect(maps.Keys(seen)))
	if err != nil {
		return nil, err
	}
	taken := make(map[string]bool, len(known))
	for _, c := range known {
		taken[c.Number] = true
	}
	for i, slip := range pile {
		wrong.That(!taken[slip.Number], NumberTaken, field(i)+"number", "number", slip.Number)
	}
	return pile, nil
}

// Undo takes a whole batch back, as one reversal: it may cross floors, as any
// undoing may. What was undone by itself already stays so. The numbers may then be
// keyed in again, rightly.
//
// Errors: NotFound, Forbidden, Required, BatchUndone, AccountClosed, IdempotencyKeyReused.
func (s *Service) Undo(ctx context.Context, actor domain.Actor, community, id domain.ID, reason, key string) (Batch, error) {
	var b Batch
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.ReverseTransfers)
		if err != nil {
			return err
		}
		var c domain.Check
		reason = c.Text("reason", reason, 1, 1000)
		c.That(key != "", domain.Required, "idempotencyKey")
		if err := c.Err(); err != nil {
			return err
		}
		input := []any{id, reason}
		_, _, err = s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: key, Action: "undoTimeCheques", Input: input}, func() (domain.ID, error) {
			b, err := s.batch(ctx, community, id)
			if err != nil {
				return domain.Nowhere, err
			}
			if !b.UndoneAt.IsZero() {
				return domain.Nowhere, domain.NewError(BatchUndone, "batchId")
			}
			b.UndoneBy, b.UndoneAt, b.UndoReason = standing.Member, now, reason
			return b.ID, s.undo(ctx, actor, b)
		})
		if err == nil {
			b, err = s.batch(ctx, community, id)
		}
		return err
	})
	return b, err
}

func (s *Service) undo(ctx context.Context, actor domain.Actor, b Batch) error {
	pile, err := s.store.Of(ctx, b.Community, b.ID)
	if err != nil {
		return err
	}
	exchanges := make([]domain.ID, len(pile))
	told := map[domain.ID]bool{}
	var concerned []domain.ID
	for i, c := range pile {
		exchanges[i] = c.Exchange
		for _, member := range []domain.ID{c.Provider, c.Receiver} {
			if !told[member] {
				told[member], concerned = true, append(concerned, member)
			}
		}
	}
	moved, err := s.ledger.TransfersOf(ctx, b.Community, exchanges)
	if err != nil {
		return err
	}
	if err := s.store.UndoBatch(ctx, b); err != nil {
		return err
	}
	undone := domain.Event{
		ID: domain.NewID(), Kind: BatchIsUndone, Actor: actor.Person, Subject: b.ID, Payload: Concerned{Members: concerned},
	}
	var legs []ledger.Transfer
	for _, t := range moved {
		if t.ReversedBy == domain.Nowhere && t.Kind != ledger.Reversal {
			leg := t.Undo()
			leg.ID = domain.NewID()
			legs = append(legs, leg)
		}
	}
	if len(legs) == 0 {
		s.tx.Record(ctx, undone)
		return nil
	}
	_, err = s.ledger.Post(ctx, ledger.Posting{
		Community: b.Community, Key: "undo/" + b.ID.String(), Legs: legs, Force: true, Event: undone,
	})
	return err
}

func (s *Service) batch(ctx context.Context, community, id domain.ID) (Batch, error) {
	found, err := s.store.Batches(ctx, community, []domain.ID{id})
	if err != nil {
		return Batch{}, err
	}
	if len(found) == 0 {
		return Batch{}, domain.NotFound
	}
	return found[0], nil
}
