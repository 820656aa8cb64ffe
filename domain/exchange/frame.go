// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// change decides what an act does to an exchange that was read; after runs once
// it is saved, for what must come last.
type (
	change func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error)
	after  func(ctx context.Context, x Exchange, side domain.ID, now time.Time) error
)

// act is the frame of every act of a side: who may, and for one side only, what
// is loaded, what the rule says, what is saved with a guard on the old state, what
// comes last. To the errors of each it adds Forbidden, BothSides and
// IdempotencyKeyReused.
func (s *Service) act(ctx context.Context, actor domain.Actor, a Action, act Act, decide change, finally ...after) (Exchange, error) {
	var x Exchange
	err := s.tx.InTx(ctx, act.Community, func(ctx context.Context, now time.Time) error {
		// Whoever paused may still finish what was agreed.
		side, err := s.members.ActingAs(ctx, actor, act.Community, act.OnBehalfOf, domain.SeeCommunity)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: act.Key, Action: string(a), Input: act, Result: act.Exchange}
		_, replayed, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			before, err := s.byID(ctx, act.Community, act.Exchange)
			if err != nil {
				return domain.Nowhere, err
			}
			if !before.Party(side) {
				return domain.Nowhere, domain.NotFound // it is none of their business
			}
			if err := s.oneSide(ctx, actor, before, side); err != nil {
				return domain.Nowhere, err
			}
			x, err = s.move(ctx, before, side, now, decide, finally...)
			return x.ID, err
		})
		if err == nil && replayed {
			x, err = s.byID(ctx, act.Community, act.Exchange)
		}
		return err
	})
	return x, err
}

func (s *Service) move(ctx context.Context, before Exchange, side domain.ID, now time.Time, decide change, finally ...after) (Exchange, error) {
	x, step, err := decide(ctx, before, side, now)
	if err != nil {
		return x, err
	}
	x.UpdatedAt = now
	if x, err = s.store.Move(ctx, before.State, x, step); err != nil {
		return x, err
	}
	for _, last := range finally {
		if err := last(ctx, x, side, now); err != nil {
			return x, err
		}
	}
	return x, nil
}

// oneSide refuses whoever acts for one side and is the other: then nobody agreed
// to anything but oneself.
func (s *Service) oneSide(ctx context.Context, actor domain.Actor, x Exchange, side domain.ID) error {
	own, err := s.access.Standing(ctx, actor.Person, x.Community)
	if err == nil && own.Member != side && x.Party(own.Member) {
		err = domain.NewError(domain.BothSides, "onBehalfOf")
	}
	return err
}

func (s *Service) byID(ctx context.Context, community, id domain.ID) (Exchange, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err != nil {
		return Exchange{}, err
	}
	if len(found) == 0 {
		return Exchange{}, domain.NotFound
	}
	return found[0], nil
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, x Exchange, a Action, side domain.ID, minutes domain.Minutes) {
	s.tx.Record(ctx, eventOf(actor, x, a, side, minutes))
}

func eventOf(actor domain.Actor, x Exchange, a Action, side domain.ID, minutes domain.Minutes) domain.Event {
	return domain.Event{
		ID: domain.NewID(), Kind: a.EventKind(), Actor: actor.Person, Subject: x.ID,
		Payload: Told{State: x.State, Member: side, Provider: x.Provider, Receiver: x.Receiver, Minutes: minutes, Cheque: a.cheque()},
	}
}

func stepOf(x Exchange, a Action, actor domain.Actor, side domain.ID, minutes domain.Minutes, note string, now time.Time) Step {
	return Step{
		Community: x.Community, Exchange: x.ID, State: x.State, Action: a, Member: side, Person: actor.Person,
		Minutes: minutes, Note: note, At: now,
	}
}

// meet refuses to speak anew of what a minor and an adult may not agree on; what was
// promised they may still change.
func (s *Service) meet(ctx context.Context, x Exchange, side domain.ID, now time.Time) error {
	if x.Hold != domain.Nowhere {
		return nil
	}
	both, err := s.members.Load(ctx, x.Community, side, x.Other(side))
	if err != nil {
		return err
	}
	own, other := both[0], both[1]
	if own.ID != side {
		own, other = other, own
	}
	return s.members.Meet(ctx, own, other, "exchangeId", "exchangeId", now)
}

// discreet keeps the receiver's figures from the other side: they learn that
// the hours are short, not by how much.
func discreet(err error, own bool) error {
	if own || !errors.Is(err, ledger.InsufficientHours) {
		return err
	}
	return domain.NewError(ledger.InsufficientHours, "").Because(err)
}

// aboutExchange makes what is wrong with the two sides or their hours a matter of
// the exchange, for acts that name nothing else.
func aboutExchange(err error) error {
	problems, _ := domain.Problems(err)
	for _, p := range problems {
		p.Field = "exchangeId"
	}
	return err
}
