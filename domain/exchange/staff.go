// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// dueAtOnce bounds one pass over what time has made due.
const dueAtOnce = 200

// lastReminder is how long before an exchange confirms itself the second
// reminder goes out.
const lastReminder = 24 * time.Hour

// Resolve is a coordinator's decision on a dispute, with reasons: these minutes
// move, or, with 0, none at all. Whoever is a party cannot decide.
//
// Errors: NotFound, Forbidden, WrongState, Required, MinutesOutOfRange, InsufficientHours, IdempotencyKeyReused.
func (s *Service) Resolve(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	var x Exchange
	err := s.tx.InTx(ctx, act.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, act.Community, domain.ResolveDisputes)
		if err != nil {
			return err
		}
		var c domain.Check
		reason := c.Text("reason", act.Reason, 1, 2000)
		if err := c.Err(); err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: act.Key, Action: string(Resolve), Input: act, Result: act.Exchange}
		_, replayed, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			before, err := s.byID(ctx, act.Community, act.Exchange)
			if err != nil {
				return domain.Nowhere, err
			}
			if before.Party(standing.Member) {
				return domain.Nowhere, domain.Forbidden
			}
			x, err = s.decide(ctx, actor, before, standing.Member, act.Minutes, reason, now)
			return x.ID, err
		})
		if err == nil && replayed {
			x, err = s.byID(ctx, act.Community, act.Exchange)
		}
		return err
	})
	return x, err
}

// decide ends a dispute and moves its hours, or gives back what was promised.
func (s *Service) decide(ctx context.Context, actor domain.Actor, before Exchange, judge domain.ID, minutes domain.Minutes, reason string, now time.Time) (Exchange, error) {
	var levy community.Levy
	return s.move(ctx, before, judge, now, func(ctx context.Context, x Exchange, _ domain.ID, now time.Time) (Exchange, Step, error) {
		_, rules, err := s.communities.Rules(ctx, x.Community, now)
		if err != nil {
			return x, Step{}, err
		}
		levy = rules.Levy
		if x, err = x.resolve(minutes, rules); err != nil {
			return x, Step{}, err
		}
		if x.State == Cancelled {
			s.tell(ctx, actor, x, Resolve, judge, 0)
		}
		return x, stepOf(x, Resolve, actor, judge, minutes, reason, now), nil
	}, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) error {
		if x.State == Cancelled {
			return s.release(ctx, x, side, now)
		}
		return s.settle(ctx, actor, x, Resolve, side, levy)
	})
}

// PassTime does what time has made due in a community: proposals that nobody
// answered expire, done exchanges confirm themselves, reminders go out. Each
// exchange moves in its own transaction, guarded by its state, so running this
// twice or on two servers changes nothing more.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	passes := []struct {
		due func(context.Context, domain.ID, time.Time, int) ([]Exchange, error)
		act func(context.Context, Exchange) error
	}{
		{s.store.Unanswered, s.expire},
		{s.store.Unconfirmed, s.confirmItself},
		{s.store.Unreminded, s.remind},
	}
	var errs []error
	for _, pass := range passes {
		for {
			var due []Exchange
			err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
				due, err = pass.due(ctx, community, now, dueAtOnce)
				return err
			})
			if err != nil {
				return errors.Join(append(errs, err)...)
			}
			failed := 0
			for _, x := range due {
				// Somebody acting in the same second is not a failure.
				if err := pass.act(ctx, x); err != nil && !errors.Is(err, WrongState) && !errors.Is(err, domain.StaleVersion) {
					errs = append(errs, err)
					failed++
				}
			}
			if len(due) < dueAtOnce || failed > 0 {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// byItself moves an exchange as the program, in its own transaction. Both sides
// are told, or only the other side of the one it stands in for.
func (s *Service) byItself(ctx context.Context, before Exchange, a Action, instead domain.ID, decide func(Exchange) (Exchange, error), finally ...after) error {
	return s.tx.InTx(ctx, before.Community, func(ctx context.Context, now time.Time) error {
		_, err := s.move(ctx, before, domain.Nowhere, now, func(ctx context.Context, x Exchange, _ domain.ID, now time.Time) (Exchange, Step, error) {
			x, err := decide(x)
			if err != nil {
				return x, Step{}, err
			}
			if x.State != Confirmed {
				s.tell(ctx, domain.System, x, a, instead, x.Actual)
			}
			return x, stepOf(x, a, domain.System, domain.Nowhere, x.Settled, "", now), nil
		}, finally...)
		return err
	})
}

func (s *Service) expire(ctx context.Context, x Exchange) error {
	return s.byItself(ctx, x, Expire, domain.Nowhere, func(x Exchange) (Exchange, error) {
		x, err := x.step(Expire)
		x.ExpiresAt = time.Time{}
		return x, err
	}, s.release)
}

// confirmItself settles with the minutes that were marked. When the receiver's
// hours have become too short, people need to talk.
func (s *Service) confirmItself(ctx context.Context, x Exchange) error {
	err := s.byItself(ctx, x, Confirm, domain.Nowhere, func(x Exchange) (Exchange, error) {
		x, err := x.step(Confirm)
		x.Settled, x.ConfirmAt = x.Actual, time.Time{}
		return x, err
	}, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) error {
		_, rules, err := s.communities.Rules(ctx, x.Community, now)
		if err != nil {
			return err
		}
		return s.settle(ctx, domain.System, x, Confirm, side, rules.Levy)
	})
	if !errors.Is(err, ledger.InsufficientHours) && !errors.Is(err, ledger.AccountClosed) {
		return err
	}
	return s.byItself(ctx, x, Dispute, domain.Nowhere, func(x Exchange) (Exchange, error) {
		x, err := x.step(Dispute)
		x.ConfirmAt = time.Time{}
		return x, err
	})
}

// remind tells the side that has still to confirm: at half time, and when a day
// is left. Whoever learns of it only in the last day is told once.
func (s *Service) remind(ctx context.Context, x Exchange) error {
	return s.tx.InTx(ctx, x.Community, func(ctx context.Context, now time.Time) error {
		return s.byItself(ctx, x, Remind, x.DoneBy, func(x Exchange) (Exchange, error) {
			x, err := x.step(Remind)
			x.Reminded++
			if x.ConfirmAt.Sub(now) <= lastReminder {
				x.Reminded = 2
			}
			return x, err
		})
	})
}

// WaitAnew gives the proposals of somebody who comes back from a suspension, made and
// received, their whole time to be answered, inside the caller's transaction.
func (s *Service) WaitAnew(ctx context.Context, community, member domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		where, rules, err := s.communities.Rules(ctx, community, now)
		if err != nil {
			return err
		}
		return s.store.Prolong(ctx, community, member, where.After(now, rules.Exchanges.AnswerDays))
	})
}

// CancelProposalsOf withdraws what a leaver had proposed or was asked, so that
// nobody waits for an answer.
func (s *Service) CancelProposalsOf(ctx context.Context, community, member domain.ID) error {
	return s.cancelOf(ctx, community, member, member, Proposed)
}

// CallOffOf calls off what a minor had proposed or agreed whose guardian withdrew their
// consent, and gives back what was promised; both sides are told. What was done is still
// confirmed. Where a consent stands again nothing is called off.
func (s *Service) CallOffOf(ctx context.Context, community, member domain.ID) error {
	var waits bool
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		found, err := s.members.LoadAll(ctx, community, []domain.ID{member})
		waits = len(found) == 1 && found[0].Awaits(now)
		return err
	})
	if err != nil || !waits {
		return err
	}
	return s.cancelOf(ctx, community, member, domain.Nowhere, Proposed, Accepted)
}

// cancelOf cancels as the program what a member has in some states; instead is whom it
// stands in for, who is not told.
func (s *Service) cancelOf(ctx context.Context, community, member, instead domain.ID, states ...State) error {
	var open []Exchange
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		page, err := s.store.List(ctx, community, Filter{Member: member, States: states}, domain.Page{Limit: 1000})
		open = page.Items
		return err
	})
	for _, x := range open {
		if err == nil || errors.Is(err, WrongState) { // somebody answered meanwhile
			err = s.byItself(ctx, x, Cancel, instead, func(x Exchange) (Exchange, error) {
				x.ExpiresAt = time.Time{}
				return x.step(Cancel)
			}, s.release)
		}
	}
	return err
}
