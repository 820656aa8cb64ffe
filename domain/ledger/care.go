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
	var result Account
	err := s.tx.InTx(ctx, a.Community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, a.Community, domain.SetAccountLimits); err != nil {
			return err
		}
		var c domain.Check
		c.Minutes("minutes", a.Minutes)
		a.Reason = c.Text("reason", a.Reason, 1, 1000)
		if err := c.Err(); err != nil {
			return err
		}
		if _, err := s.account(ctx, a.Community, a.Account); err != nil {
			return err
		}
		a.ID, a.Actor, a.At = domain.NewID(), actor.Person, now
		if err := s.store.Allow(ctx, a); err != nil {
			return err
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: AllowedOnce, Actor: actor.Person, Subject: a.Account})
		var err error
		result, err = s.account(ctx, a.Community, a.Account)
		return err
	})
	return result, err
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
// Errors: NotFound, Forbidden, AlreadyReversed, AccountClosed, SameAccount, Required, IdempotencyKeyReused.
func (s *Service) Correct(ctx context.Context, actor domain.Actor, cmd Correction) (Transfer, error) {
	var result Transfer
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.ReverseTransfers); err != nil {
			return err
		}
		var c domain.Check
		cmd.Reason = c.Text("reason", cmd.Reason, 1, 1000)
		c.That(cmd.Key != "", domain.Required, "idempotencyKey")
		c.That(cmd.Debit != domain.Nowhere || cmd.Credit != domain.Nowhere || cmd.Minutes != 0, domain.Required, "minutes")
		if err := c.Err(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "correctTransfer", Input: cmd}, func() (domain.ID, error) {
			return s.correct(ctx, actor, cmd, now)
		})
		if err != nil {
			return err
		}
		result, err = s.transfer(ctx, cmd.Community, id)
		return err
	})
	return result, err
}

func (s *Service) correct(ctx context.Context, actor domain.Actor, cmd Correction, now time.Time) (domain.ID, error) {
	mistake, err := s.transfer(ctx, cmd.Community, cmd.Transfer)
	if err != nil {
		return domain.Nowhere, err
	}
	if mistake.ReversedBy != domain.Nowhere || mistake.Kind == Reversal {
		return domain.Nowhere, domain.NewError(AlreadyReversed, "transferId")
	}
	for _, named := range []domain.ID{cmd.Debit, cmd.Credit} {
		if named == domain.Nowhere {
			continue
		}
		if _, err := s.account(ctx, cmd.Community, named); err != nil {
			return domain.Nowhere, err
		}
	}
	undo, right := mistake.Undo(), mistake
	undo.ID = domain.NewID()
	right.ID, right.Kind = domain.NewID(), Corrected
	if cmd.Debit != domain.Nowhere {
		right.Debit = cmd.Debit
	}
	if cmd.Credit != domain.Nowhere {
		right.Credit = cmd.Credit
	}
	if cmd.Minutes != 0 {
		right.Minutes = cmd.Minutes
	}
	if err := s.neverAlone(ctx, cmd.Community, mistake.Debit, mistake.Credit, right.Debit, right.Credit); err != nil {
		return domain.Nowhere, err
	}
	legs, err := s.withLevies(ctx, mistake, right, undo, right)
	if err != nil {
		return domain.Nowhere, err
	}
	posted, err := s.Post(ctx, Posting{
		Community: cmd.Community,
		Key:       "reversal/" + mistake.ID.String(),
		Legs:      legs,
		Force:     true,
		Event:     domain.Event{ID: domain.NewID(), Kind: TransferCorrected, Actor: actor.Person, Subject: mistake.ID},
	})
	if err == nil && posted.Replayed {
		err = domain.NewError(AlreadyReversed, "transferId") // somebody was quicker
	}
	if err != nil {
		return domain.Nowhere, err
	}
	return right.ID, s.store.Note(ctx, Note{cmd.Community, right.ID, actor.Person, cmd.Reason, now})
}
