// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// PassTime does what time has made due: it opens, reminds, closes, tries again
// what could not be done, and brings back what was to be reviewed. Each step is a
// transaction, guarded by the version it starts from: however many servers try, it
// happens once.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	const atOnce = 50
	for {
		moved := 0
		var due []domain.ID
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			due, err = s.store.Due(ctx, community, now, atOnce)
			return err
		})
		errs := []error{err}
		for _, id := range due {
			ok, err := s.step(ctx, community, id)
			if ok {
				moved++
			}
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil || moved == 0 {
			return err
		}
	}
}

// step does the one step that is due. What a decision decided may be impossible
// today: then all of it is undone, and the decision is closed once more as failed,
// with the reason.
func (s *Service) step(ctx context.Context, community, id domain.ID) (moved bool, err error) {
	moved, err = s.tryStep(ctx, community, id, "")
	if failed, is := errors.AsType[*undone](err); is {
		moved, err = s.tryStep(ctx, community, id, failed.why)
	}
	if errors.Is(err, domain.StaleVersion) {
		return true, nil
	}
	return moved && err == nil, err
}

// undone says that an effect could not be.
type undone struct {
	why   domain.Code
	cause error
}

func (u *undone) Error() string { return "the effect could not be: " + u.cause.Error() }
func (u *undone) Unwrap() error { return u.cause }

func (s *Service) tryStep(ctx context.Context, community, id domain.ID, failure domain.Code) (moved bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		d, err := s.decision(ctx, community, id)
		if err != nil {
			return err
		}
		due, ok := d.Next()
		if !ok || due.After(now) {
			return nil
		}
		moved = true
		return s.enter(ctx, d, failure, now)
	})
	return moved, err
}

func (s *Service) enter(ctx context.Context, d Decision, failure domain.Code, now time.Time) error {
	switch d.State {
	case Draft:
		_, err := s.open(ctx, d, now)
		return err
	case Open, SecondCall:
		if all := d.reminders(); d.Reminded < len(all) {
			d.Reminded++
			s.tell(ctx, domain.System, DecisionRemembers, d, domain.Nowhere)
			_, err := s.store.SaveDecision(ctx, d)
			return err
		}
		return s.close(ctx, d, failure, now)
	case Failed:
		if !d.RetryAt.IsZero() {
			return s.execute(ctx, d, failure, now)
		}
		return s.review(ctx, d, now)
	case Closed, Executed:
		return s.review(ctx, d, now)
	case Withdrawn:
	}
	return nil
}

// close counts, publishes and executes. Without a quorum there is a second call
// where the rules give one; nothing is shown before it ends.
func (s *Service) close(ctx context.Context, d Decision, failure domain.Code, now time.Time) error {
	before := d.State
	d.State = Closed
	d, err := s.store.SaveDecision(ctx, d) // the row is ours from here; no ballot comes in any more
	if err != nil {
		return err
	}
	if err := s.represent(ctx, d); err != nil {
		return err
	}
	ballots, err := s.store.Ballots(ctx, d.Community, d.ID)
	if err != nil {
		return err
	}
	record, err := s.count(ctx, d, ballots)
	if err != nil {
		return err
	}
	if record.Result.Verdict == tally.NoQuorum && before == Open && d.Rules.SecondCallDays > 0 && record.Result.Entitled > 0 {
		d.State, d.Rules.Waived, d.Reminded = SecondCall, true, 0
		d.ClosesAt = now.AddDate(0, 0, d.Rules.SecondCallDays)
		s.tell(ctx, domain.System, DecisionCalled, d, domain.Nowhere)
		if err := s.store.Uncarry(ctx, d.Community, d.ID); err != nil {
			return err
		}
		_, err := s.store.SaveDecision(ctx, d)
		return err
	}
	d.Result, d.ClosedAt = &record.Result, now
	if d.Rules.ReviewMonths > 0 && record.Result.Verdict == tally.Adopted {
		d.Outcome.Owner, d.Outcome.ReviewAt = d.By, now.AddDate(0, d.Rules.ReviewMonths, 0)
	}
	if err := s.store.Publish(ctx, d.Community, d.ID); err != nil {
		return err
	}
	s.tell(ctx, domain.System, DecisionClosed, d, d.By)
	if len(d.chosen()) == 0 {
		_, err := s.store.SaveDecision(ctx, d)
		return err
	}
	return s.execute(ctx, d, failure, now)
}

func (s *Service) count(ctx context.Context, d Decision, ballots []Ballot) (tally.Record, error) {
	turnouts, err := s.store.Turnouts(ctx, d.Community, []domain.ID{d.ID})
	if err != nil {
		return tally.Record{}, err
	}
	t := Turnout{Decision: d.ID}
	if len(turnouts) > 0 {
		t = turnouts[0]
	}
	colleges, err := s.store.Colleges(ctx, d.Community, d.ID)
	if err != nil {
		return tally.Record{}, err
	}
	in := d.instance(t, colleges, ballots)
	result, err := tally.Count(in)
	return tally.Record{Instance: in, Result: result}, err
}

// execute does what was decided, once: the row is taken first, and what cannot
// be done undoes the whole transaction. With a failure it notes only that.
func (s *Service) execute(ctx context.Context, d Decision, failure domain.Code, now time.Time) error {
	d.Attempts++
	if failure != "" {
		d.State, d.Failure, d.RetryAt = Failed, failure, time.Time{}
		if wait, again := pause(d.Attempts); again {
			d.RetryAt = now.Add(wait)
		}
		s.tell(ctx, domain.System, DecisionFailed, d, d.By)
		_, err := s.store.SaveDecision(ctx, d)
		return err
	}
	d.State, d.Failure, d.RetryAt = Executed, "", time.Time{}
	d, err := s.store.SaveDecision(ctx, d)
	if err != nil {
		return err
	}
	s.tell(ctx, domain.System, DecisionExecuted, d, d.By)
	for _, e := range d.chosen() {
		if err := s.effects.Execute(ctx, d, e, now); err != nil {
			if problems, ours := domain.Problems(err); ours && problems[0].Code != domain.StaleVersion {
				return &undone{problems[0].Code, err}
			}
			return err
		}
	}
	return nil
}

// review brings a decision back on its day: a draft with the same question, which
// its owner opens, changes or leaves.
func (s *Service) review(ctx context.Context, d Decision, now time.Time) error {
	due := d.Outcome
	d.Outcome.ReviewAt = time.Time{}
	d, err := s.store.SaveDecision(ctx, d)
	if err != nil {
		return err
	}
	again := Decision{
		Community: d.Community, ID: domain.NewID(), Type: d.Type, Question: d.Question, Body: d.Body, Options: d.Options, Rules: d.Rules,
		State: Draft, Seed: rand.Text(), By: due.Owner, CreatedAt: now, Reviews: d.ID, Version: 1,
	}
	again.Rules.Waived = false
	again.Commitment = tally.Commitment(again.ID.String(), again.Seed)
	s.tell(ctx, domain.System, DecisionReview, again, due.Owner)
	return s.store.AddDecision(ctx, again)
}
