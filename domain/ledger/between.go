// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// OpenMirror opens the account that stands for a partner community, for the room
// above that keeps the agreement. Opened before, it is answered as it is.
//
// Errors: MinutesOutOfRange, AccountClosed when there is no such community.
func (s *Service) OpenMirror(ctx context.Context, community, partner domain.ID, limits Bilateral) (MirrorAccount, error) {
	var c domain.Check
	c.That(community != partner, domain.ValueUnknown, "partner")
	limits.check(&c)
	if err := c.Err(); err != nil {
		return MirrorAccount{}, err
	}
	var opened MirrorAccount
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		_, err := s.store.OpenMirror(ctx, MirrorAccount{
			Community: community, Partner: partner, Account: domain.NewID(), Limits: limits, OpenedAt: now,
		})
		if err == nil {
			opened, err = s.mirror(ctx, community, partner)
		}
		return err
	})
	return opened, err
}

// LimitMirror changes how far the two communities may owe one another, as ours
// sees it; who, when and why is kept. What is owed already is never frozen.
//
// Errors: MinutesOutOfRange, Required, AccountClosed when there is no mirror.
func (s *Service) LimitMirror(ctx context.Context, change MirrorChange) (MirrorAccount, error) {
	var c domain.Check
	change.Reason = c.Text("reason", change.Reason, 1, 1000)
	change.Limits.check(&c)
	if err := c.Err(); err != nil {
		return MirrorAccount{}, err
	}
	var changed MirrorAccount
	err := s.tx.InTx(ctx, change.Community, func(ctx context.Context, now time.Time) error {
		change.ID, change.At = domain.NewID(), now
		if err := s.store.LimitMirror(ctx, change); err != nil {
			return err
		}
		var err error
		if changed, err = s.mirror(ctx, change.Community, change.Partner); err == nil {
			s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: LimitsSet, Actor: change.Actor, Subject: changed.Account})
		}
		return err
	})
	return changed, err
}

// Mirrors lists a community's partners as its ledger knows them.
func (s *Service) Mirrors(ctx context.Context, community domain.ID) ([]MirrorAccount, error) {
	var found []MirrorAccount
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Mirrors(ctx, community)
		return err
	})
	return found, err
}

// mirror finds one. Error: AccountClosed.
func (s *Service) mirror(ctx context.Context, community, partner domain.ID) (MirrorAccount, error) {
	found, err := s.store.Mirrors(ctx, community, partner)
	if err == nil && len(found) == 0 {
		err = domain.NewError(AccountClosed, "partner")
	}
	if err != nil {
		return MirrorAccount{}, err
	}
	return found[0], nil
}

// Cross moves hours from a member of one community to one of another: it opens
// the pair in the receiver's ledger, has the provider's answer, and follows. When
// something fails in between, the pair comes back OPEN with the error; sent again
// it goes on where it stood, and the program finishes it by itself within minutes.
// A pair that is UNDONE comes with the reason as an error, whenever it is asked.
//
// It runs in no transaction of its caller. A use case that opens the pair in its
// own calls OpenPair there, and SettlePair afterwards.
//
// Errors: InsufficientHours, AccountClosed, MinutesOutOfRange, IdempotencyKeyReused.
func (s *Service) Cross(ctx context.Context, c Crossing) (Pair, error) {
	pair, err := s.OpenPair(ctx, c)
	if err != nil {
		return pair, err
	}
	return told(s.settle(ctx, pair))
}

// OpenPair posts the receiver's half of a crossing with its record, OPEN.
// Opened before, the half is answered as it stands.
//
// Errors: InsufficientHours, AccountClosed, MinutesOutOfRange, IdempotencyKeyReused.
func (s *Service) OpenPair(ctx context.Context, c Crossing) (Pair, error) {
	if err := c.Valid(); err != nil {
		return Pair{}, err
	}
	var pair Pair
	err := s.tx.InTx(ctx, c.Receiver.Community, func(ctx context.Context, now time.Time) (err error) {
		pair, err = s.postHalf(ctx, c.opening(), CrossingOpened, now, c.Holds...)
		return err
	})
	if err != nil {
		return Pair{}, err
	}
	return pair, nil
}

// SettlePair brings a pair that was opened here to its end; one that has ended
// is answered as it did. It takes part in no transaction of its caller.
//
// Errors: NotFound, and those of the provider's ledger: InsufficientHours,
// AccountClosed, IdempotencyKeyReused.
func (s *Service) SettlePair(ctx context.Context, community, id domain.ID) (Pair, error) {
	var pair Pair
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		pair, err = s.half(ctx, community, id)
		return err
	})
	if err != nil {
		return pair, err
	}
	return told(s.settle(ctx, pair))
}

// told makes the reason of an undone pair the caller's error.
func told(pair Pair, err error) (Pair, error) {
	if err == nil {
		err = pair.Err()
	}
	return pair, err
}

// settleAfter is how long whoever opened a pair has it to themselves. Finishing
// one twice is harmless, so this only spares work.
const settleAfter = 30 * time.Second

// SettlePairs finishes what a server that died, or a partner out of reach, left
// open: the provider's ledger answers, and the receiver's follows. One pair's
// trouble does not keep the others waiting.
func (s *Service) SettlePairs(ctx context.Context, community domain.ID) error {
	const atOnce = 100
	var errs []error
	var last Pair
	for {
		var due []Pair
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			due, err = s.store.OpenPairs(ctx, community, now.Add(-settleAfter), last, atOnce)
			return err
		})
		for _, last = range due {
			if _, err := s.settle(ctx, last); err != nil {
				errs = append(errs, fmt.Errorf("pair %s: %w", last.ID, err))
			}
		}
		if err = errors.Join(err, ctx.Err()); err != nil || len(due) < atOnce {
			return errors.Join(append(errs, err)...)
		}
	}
}

// settle asks the provider's ledger and does as it answers. Its record is written
// once, as a posting or as a refusal, and never changes: whoever comes later,
// another server or somebody who slept, reads the same.
func (s *Service) settle(ctx context.Context, pair Pair) (Pair, error) {
	if pair.State != PairOpen {
		return pair, nil
	}
	answer, err := s.answer(ctx, pair.answer())
	if err != nil {
		return pair, err
	}
	return s.follow(ctx, pair, answer)
}

// answer is the provider's half: posted, or refused and kept as such, so that
// nobody can post it once the receiver has the hours back.
func (s *Service) answer(ctx context.Context, half Pair) (Pair, error) {
	answer := half
	err := s.tx.InTx(ctx, half.Community, func(ctx context.Context, now time.Time) (err error) {
		answer, err = s.half(ctx, half.Community, half.ID)
		if errors.Is(err, domain.NotFound) {
			answer, err = s.postHalf(ctx, half, CrossingCompleted, now)
		}
		return err
	})
	why, final := refused(err)
	if !final {
		return answer, err
	}
	err = s.tx.InTx(ctx, half.Community, func(ctx context.Context, now time.Time) error {
		answer = half
		answer.State, answer.Reason, answer.OpenedAt, answer.ClosedAt = PairUndone, why, now, now
		kept, err := s.store.KeepPair(ctx, answer)
		switch {
		case err != nil:
		case kept:
			s.tx.Record(ctx, answer.event(CrossingRefused, domain.Nowhere))
		default: // somebody was quicker
			answer, err = s.half(ctx, half.Community, half.ID)
		}
		return err
	})
	return answer, err
}

// postHalf posts a half's transfer and keeps its record, or answers the record
// that came with the first posting.
func (s *Service) postHalf(ctx context.Context, half Pair, kind domain.EventKind, now time.Time, holds ...domain.ID) (Pair, error) {
	mirror, err := s.mirrorFor(ctx, half)
	if err != nil {
		return half, err
	}
	leg := half.leg(mirror.Account)
	posted, err := s.Post(ctx, Posting{
		Community: half.Community, Key: half.key(), Legs: []Transfer{leg}, Holds: holds, Event: half.event(kind, half.Actor),
		Crossing: true,
	})
	if err != nil {
		return half, err
	}
	if posted.Replayed {
		stands, err := s.half(ctx, half.Community, half.ID)
		if err == nil && !stands.same(half) {
			err = domain.NewError(domain.IdempotencyKeyReused, "id")
		}
		return stands, err
	}
	half.Transfer, half.OpenedAt = leg.ID, now
	if half.State != PairOpen {
		half.ClosedAt = now
	}
	_, err = s.store.KeepPair(ctx, half)
	return half, err
}

// mirrorFor finds the mirror that a half moves. Who gives or receives is never a
// mirror: a third community would owe hours without knowing. Error: AccountClosed.
func (s *Service) mirrorFor(ctx context.Context, half Pair) (MirrorAccount, error) {
	all, err := s.store.Mirrors(ctx, half.Community)
	if err != nil {
		return MirrorAccount{}, err
	}
	if slices.ContainsFunc(all, func(m MirrorAccount) bool { return m.Account == half.Account }) {
		return MirrorAccount{}, domain.NewError(AccountClosed, "")
	}
	if i := slices.IndexFunc(all, func(m MirrorAccount) bool { return m.Partner == half.Partner }); i >= 0 {
		return all[i], nil
	}
	return MirrorAccount{}, domain.NewError(AccountClosed, "partner").Because(errNoMirror)
}

// follow ends the receiver's half as the provider's decided. A record of another
// crossing under the same id will never be this one's, so this one is undone.
func (s *Service) follow(ctx context.Context, pair, answer Pair) (Pair, error) {
	end := s.complete
	switch {
	case !answer.same(pair.answer()):
		end = s.undo(PairIDReused)
	case answer.State == PairUndone:
		end = s.undo(answer.Reason)
	}
	var ended Pair
	err := s.tx.InTx(ctx, pair.Community, func(ctx context.Context, now time.Time) (err error) {
		ended, err = s.half(ctx, pair.Community, pair.ID)
		if err != nil || ended.State != PairOpen {
			return err // somebody was quicker
		}
		ended.ClosedAt = now
		ended, err = end(ctx, ended)
		return err
	})
	if err != nil {
		return pair, err
	}
	return ended, nil
}

func (s *Service) complete(ctx context.Context, pair Pair) (Pair, error) {
	pair.State = PairCompleted
	closed, err := s.store.ClosePair(ctx, pair)
	if err == nil && closed {
		s.tx.Record(ctx, pair.event(CrossingCompleted, domain.Nowhere))
	}
	return pair, err
}

// undo gives the receiver the hours back, across any limit: nobody chose this,
// and the event asks a coordinator to look.
func (s *Service) undo(why PairReason) func(context.Context, Pair) (Pair, error) {
	return func(ctx context.Context, pair Pair) (Pair, error) {
		back, member, err := s.wayBack(ctx, pair)
		if err != nil {
			return pair, err
		}
		pair.State, pair.Reason, pair.Undo = PairUndone, why, back.ID
		event := pair.event(CrossingUndone, domain.Nowhere)
		event.Payload = Crossed{Pair: pair.ID, Partner: pair.Partner, Side: pair.Side, Minutes: pair.Minutes, Reason: why, Member: member}
		posted, err := s.Post(ctx, Posting{
			Community: pair.Community, Key: "pair/" + pair.ID.String() + "/undone", Legs: []Transfer{back}, Force: true,
			Event: event, Crossing: true,
		})
		if err != nil {
			return pair, err
		}
		if posted.Replayed { // somebody was quicker
			return s.half(ctx, pair.Community, pair.ID)
		}
		_, err = s.store.ClosePair(ctx, pair)
		return pair, err
	}
}

// wayBack is the transfer that undoes the receiver's half, and the member it
// concerns. Whoever left in the
// meantime settled with the whole, so what comes back for them is the whole's:
// the reserve, which absorbs a leaver's debt, takes it.
func (s *Service) wayBack(ctx context.Context, pair Pair) (back Transfer, member domain.ID, err error) {
	first, err := s.transfer(ctx, pair.Community, pair.Transfer)
	if err != nil {
		return Transfer{}, member, err
	}
	receiver, err := s.account(ctx, pair.Community, pair.Account)
	if err != nil {
		return Transfer{}, member, err
	}
	back = first.Undo()
	back.ID = domain.NewID()
	if !receiver.ClosedAt.IsZero() {
		reserve, err := s.CommunityAccount(ctx, pair.Community, Pool, Reserve)
		if err != nil {
			return Transfer{}, member, err
		}
		back.Kind, back.Credit, back.Reverses = Corrected, reserve.ID, domain.Nowhere
	}
	return back, receiver.Owner, nil
}

// half finds a community's half of a pair. Error: NotFound.
func (s *Service) half(ctx context.Context, community, id domain.ID) (Pair, error) {
	found, err := s.store.Pairs(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Pair{}, err
	}
	return found[0], nil
}

// neverAlone refuses to move a mirror outside a crossing, or to undo one half of
// a crossing by itself: the other lies in a ledger that this one cannot see. Nor is
// undone what put hours apart, gave them back or lent them: whose they are follows from it;
// nor what a cycle set aside or paid: it has its own way back.
func (s *Service) neverAlone(ctx context.Context, community domain.ID, touched ...domain.ID) error {
	found, err := s.store.Accounts(ctx, community, touched)
	if err == nil && (anyMirror(found) || slices.ContainsFunc(found, Account.apart) || slices.ContainsFunc(found, Account.bound)) {
		err = domain.Forbidden
	}
	return err
}

func anyMirror(accounts []Account) bool {
	return slices.ContainsFunc(accounts, func(a Account) bool { return a.Kind == Mirror })
}
