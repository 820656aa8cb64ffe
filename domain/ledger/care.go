// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// AllowOnce lets an account go further below its floor, once: a coordinator
// knows the person and says why. It ends with the posting that uses it, or with
// a later word.
//
// Errors: NotFound, Forbidden, AccountClosed, MinutesOutOfRange, Required.
func (s *Service) AllowOnce(ctx context.Context, actor domain.Actor, a Allowance) (Account, error) {
	var c domain.Check
	c.Minutes("minutes", a.Minutes)
	a.Reason = c.Text("reason", a.Reason, 1, 1000)
	w := wish{a.Community, domain.SetAccountLimits, domain.Once{Key: a.Key, Action: "allowBelowFloor", Input: a}, c.Err()}
	return s.bounds(ctx, actor, w, a.Account, AllowedOnce, func(ctx context.Context, now time.Time) error {
		a.ID, a.Actor, a.At = domain.NewID(), actor.Person, now
		return s.store.Allow(ctx, a)
	})
}

// SetLimits changes an account's limits; who, when and why is kept.
//
// Errors: NotFound, Forbidden, LimitsInvalid, MinutesOutOfRange.
func (s *Service) SetLimits(ctx context.Context, actor domain.Actor, change LimitChange) (Account, error) {
	var c domain.Check
	change.Reason = c.Text("reason", change.Reason, 1, 1000)
	change.Limits.Check(&c)
	w := wish{change.Community, domain.SetAccountLimits, domain.Once{Key: change.Key, Action: "setAccountLimits", Input: change}, c.Err()}
	return s.bounds(ctx, actor, w, change.Account, LimitsSet, func(ctx context.Context, now time.Time) error {
		change.ID, change.Actor, change.At = domain.NewID(), actor.Person, now
		return s.store.SetLimits(ctx, change)
	})
}

// Correction names a transfer that went to or came from the wrong account, or
// had the wrong minutes. What is Nowhere or 0 stays as it was.
type Correction struct {
	Community     domain.ID
	Transfer      domain.ID
	Debit, Credit domain.ID // accounts
	Minutes       domain.Minutes
	Reason        string
	Key           string `json:"-"`
}

// Correct undoes a transfer and writes the right one, as one posting: nobody
// ever sees one without the other. Like any undoing it may cross a floor.
//
// Errors: NotFound, Forbidden, AlreadyReversed, AccountClosed, SameAccount, EarmarkedHours, Required, IdempotencyKeyReused.
func (s *Service) Correct(ctx context.Context, actor domain.Actor, cmd Correction) (Transfer, error) {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, 1, 1000)
	c.That(cmd.Key != "", domain.Required, "idempotencyKey")
	c.That(cmd.Debit != domain.Nowhere || cmd.Credit != domain.Nowhere || cmd.Minutes != 0, domain.Required, "minutes")
	w := wish{cmd.Community, domain.ReverseTransfers, domain.Once{Key: cmd.Key, Action: "correctTransfer", Input: cmd}, c.Err()}
	return s.moves(ctx, actor, w, func(ctx context.Context, _ domain.Standing, now time.Time) (domain.ID, error) {
		mistake, err := s.mistake(ctx, cmd.Community, cmd.Transfer)
		if err != nil {
			return domain.Nowhere, err
		}
		right, err := s.right(ctx, mistake, cmd)
		if err != nil {
			return domain.Nowhere, err
		}
		wrong := mistake.Undo()
		wrong.ID = domain.NewID()
		if err := s.amend(ctx, actor, mistake, right, TransferCorrected, wrong, right); err != nil {
			return domain.Nowhere, err
		}
		return right.ID, s.store.Note(ctx, Note{cmd.Community, right.ID, actor.Person, cmd.Reason, now})
	})
}

// right is what the transfer should have been.
func (s *Service) right(ctx context.Context, mistake Transfer, cmd Correction) (Transfer, error) {
	right := mistake
	right.ID, right.Kind = domain.NewID(), Corrected
	for _, named := range []struct {
		account domain.ID
		side    *domain.ID
	}{{cmd.Debit, &right.Debit}, {cmd.Credit, &right.Credit}} {
		if named.account == domain.Nowhere {
			continue
		}
		if _, err := s.account(ctx, cmd.Community, named.account); err != nil {
			return right, err
		}
		*named.side = named.account
	}
	if cmd.Minutes != 0 {
		right.Minutes = cmd.Minutes
	}
	if err := s.neverAlone(ctx, cmd.Community, mistake.Debit, mistake.Credit, right.Debit, right.Credit); err != nil {
		return right, err
	}
	if right.Debit == mistake.Debit && right.Credit == mistake.Credit && right.Minutes <= mistake.Minutes {
		return right, nil
	}
	from, err := s.account(ctx, cmd.Community, right.Debit)
	if err == nil {
		err = from.Unearmarked("debitId") // a gift to it can still be undone
	}
	return right, err
}

// mistake is a transfer that may still be undone.
func (s *Service) mistake(ctx context.Context, community, id domain.ID) (Transfer, error) {
	t, err := s.transfer(ctx, community, id)
	if err == nil && (t.ReversedBy != domain.Nowhere || t.Kind == Reversal) {
		err = domain.NewError(AlreadyReversed, "transferId")
	}
	return t, err
}

// amend posts what puts a mistake right, once, whoever asks, with the levies that
// went with it; right is what takes its place, if anything.
func (s *Service) amend(ctx context.Context, actor domain.Actor, mistake, right Transfer, kind domain.EventKind, legs ...Transfer) error {
	legs, err := s.withLevies(ctx, mistake, right, legs...)
	if err != nil {
		return err
	}
	posted, err := s.Post(ctx, Posting{
		Community: mistake.Community,
		Key:       "reversal/" + mistake.ID.String(),
		Legs:      legs,
		Force:     true,
		Event:     domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: mistake.ID},
	})
	if err == nil && posted.Replayed {
		return domain.NewError(AlreadyReversed, "transferId") // somebody was quicker
	}
	return err
}
