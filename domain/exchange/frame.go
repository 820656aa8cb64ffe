// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// change decides what an act does to an exchange that was read; after runs once
// it is saved, for what must come last.
type (
	change func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error)
	after  func(ctx context.Context, x Exchange, side domain.ID, now time.Time) error
)

// act is the frame of every act of a side: who may, what is loaded, what the
// rule says, what is saved with a guard on the old state, what comes last.
func (s *Service) act(ctx context.Context, actor domain.Actor, a Action, act Act, decide change, finally ...after) (Exchange, error) {
	var x Exchange
	err := s.tx.InTx(ctx, act.Community, func(ctx context.Context, now time.Time) error {
		// Whoever paused may still finish what was agreed.
		side, err := s.members.ActingAs(ctx, actor, act.Community, act.OnBehalfOf, domain.SeeCommunity)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: act.Key, Action: string(a), Input: act}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			before, err := s.byID(ctx, act.Community, act.Exchange)
			if err != nil {
				return domain.Nowhere, err
			}
			if !before.Party(side) {
				return domain.Nowhere, domain.NotFound // it is none of their business
			}
			return before.ID, s.move(ctx, before, side, now, decide, finally...)
		})
		if err != nil {
			return err
		}
		x, err = s.byID(ctx, act.Community, id)
		return err
	})
	return x, err
}

func (s *Service) move(ctx context.Context, before Exchange, side domain.ID, now time.Time, decide change, finally ...after) error {
	x, step, err := decide(ctx, before, side, now)
	if err != nil {
		return err
	}
	x.UpdatedAt = now
	if x, err = s.store.Move(ctx, before.State, x, step); err != nil {
		return err
	}
	for _, last := range finally {
		if err := last(ctx, x, side, now); err != nil {
			return err
		}
	}
	return nil
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
