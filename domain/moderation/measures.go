// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
)

// Resolve answers a report. The statement of reasons is kept with the effect, in
// one transaction: no effect begins without it.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, ValueUnknown, OutOfRange,
// Involved, ReportAnswered, ActionUnfit, LimitsUnfit, listing.WrongState,
// membership.MemberState, membership.LastCoordinator, IdempotencyKeyReused.
func (s *Service) Resolve(ctx context.Context, actor domain.Actor, cmd Resolve) (Measure, error) {
	var m Measure
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.Moderate)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "resolveReport", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			return s.resolve(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			m, err = s.measure(ctx, cmd.Community, id)
		}
		return err
	})
	return m, err
}

func (s *Service) resolve(ctx context.Context, actor domain.Actor, by domain.ID, cmd Resolve, now time.Time) (domain.ID, error) {
	_, charter, err := s.communities.Rules(ctx, cmd.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	if cmd, err = cmd.check(charter.Safety); err != nil {
		return domain.Nowhere, err
	}
	r, err := s.report(ctx, cmd.Community, cmd.Report)
	if err != nil {
		return domain.Nowhere, domain.NewError(domain.NotFound, "reportId").Because(err)
	}
	if err := s.apart(ctx, cmd.Community, by, "reportId", r.Reporter, r.Accused); err != nil {
		return domain.Nowhere, err
	}
	m, err := cmd.measure(r, charter.Safety, by, now)
	if err != nil {
		return domain.Nowhere, err
	}
	r.AnsweredAt = now
	first, err := s.store.Answer(ctx, r) // before the effect: of two who answer at once, one does
	if err != nil {
		return domain.Nowhere, err
	}
	if !first {
		return domain.Nowhere, domain.NewError(ReportAnswered, "reportId")
	}
	if m.Before, err = s.apply(ctx, actor, m); err != nil {
		return domain.Nowhere, err
	}
	s.tell(ctx, actor, MeasureTaken, m.ID, Told{Report: r.ID, Reporter: r.Reporter, Member: m.Member, Action: m.Action, Reason: r.Reason})
	return m.ID, s.store.AddMeasure(ctx, m)
}

// apart refuses whoever has a part in a case: its sides, and who lives with one.
func (s *Service) apart(ctx context.Context, community, by domain.ID, field string, sides ...domain.ID) error {
	for _, side := range sides {
		together, err := s.members.Together(ctx, community, side, by)
		if err != nil {
			return err
		}
		if side == by || together {
			return domain.NewError(Involved, field)
		}
	}
	return nil
}

// apply makes a measure's effect, and answers what undoing it brings back.
func (s *Service) apply(ctx context.Context, actor domain.Actor, m Measure) (before string, err error) {
	switch m.Action {
	case Hide, Remove:
		if m.Subject.Said() {
			return "", nil
		}
		l, err := s.listings.TakeDown(ctx, actor, m.Community, m.Subject.ID)
		return string(l.State), err
	case Limit:
		return "", s.members.Limit(ctx, m.Community, m.Member, membership.Limit{Cause: m.ID, What: m.Limits, Until: m.Until}, "reportId")
	case Freeze, Suspend:
		was, err := s.members.Suspend(ctx, actor, m.Community, m.Member, "reportId")
		return string(was), err
	default:
		return "", nil
	}
}

// lift takes a measure's effect back. What changed meanwhile by its owner's own
// hand, a listing archived or a membership ended, stays as it is.
func (s *Service) lift(ctx context.Context, actor domain.Actor, m Measure) error {
	switch m.Action {
	case Hide, Remove:
		if m.Subject.Said() {
			return nil
		}
		return s.listings.PutBack(ctx, actor, m.Community, m.Subject.ID, listing.State(m.Before))
	case Limit:
		return s.members.Unlimit(ctx, m.Community, m.Member, m.ID)
	case Freeze, Suspend:
		all, err := s.store.MeasuresOf(ctx, m.Community, m.Member)
		if err != nil {
			return err
		}
		for _, other := range all { // another one still holds
			if other.ID != m.ID && other.EndedAt.IsZero() && (other.Action == Freeze || other.Action == Suspend) {
				return nil
			}
		}
		if err := s.members.Reinstate(ctx, actor, m.Community, m.Member); err != nil {
			return err
		}
		return s.exchanges.WaitAnew(ctx, m.Community, m.Member)
	default:
		return nil
	}
}

// Undo takes a measure back for a reason that its member reads: listings come back,
// and so does whoever took part; their open proposals never went, and have their whole
// time again.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, Involved, MeasureEnded.
func (s *Service) Undo(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Measure, error) {
	var c domain.Check
	reason = c.Text("reason", reason, 1, 4000)
	var m Measure
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.Moderate)
		if err == nil {
			err = c.Err()
		}
		if err != nil {
			return err
		}
		if m, err = s.measure(ctx, community, id); err != nil {
			return err
		}
		r, err := s.report(ctx, community, m.Report)
		if err != nil {
			return err
		}
		if err := s.apart(ctx, community, standing.Member, "measureId", r.Reporter, r.Accused); err != nil {
			return err
		}
		m.EndedAt, m.EndedBy, m.EndReason = now, standing.Member, reason
		appeal, err := s.yield(ctx, actor, m)
		if err != nil {
			return err
		}
		undone, err := s.takeBack(ctx, actor, m, appeal)
		if err == nil && (!undone || !m.ToldMember()) {
			err = domain.NewError(MeasureEnded, "measureId")
		}
		return err
	})
	return m, err
}

// takeBack ends a measure, for an appeal where there was one, and what it took comes
// back; false when it had ended.
func (s *Service) takeBack(ctx context.Context, actor domain.Actor, m Measure, appeal domain.ID) (bool, error) {
	r, err := s.report(ctx, m.Community, m.Report)
	if err != nil {
		return false, err
	}
	first, err := s.store.End(ctx, m)
	if err != nil || !first {
		return false, err
	}
	s.tell(ctx, actor, MeasureUndone, m.ID, Told{Report: m.Report, Member: m.Member, Action: m.Action, Reason: r.Reason, Appeal: appeal})
	return true, s.lift(ctx, actor, m)
}

// PassTime ends the measures whose time is over, and tells those who moderate which
// reports and appeals wait for too long.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	return errors.Join(
		s.pass(ctx, community, func(ctx context.Context, now time.Time) (int, error) {
			lapsed, err := s.store.TakeLapsed(ctx, community, now, 100)
			for _, m := range lapsed {
				if err == nil {
					s.tell(ctx, domain.System, MeasureLapsed, m.ID, Told{Report: m.Report, Member: m.Member, Action: m.Action})
					err = s.lift(ctx, domain.System, m)
				}
			}
			return len(lapsed), err
		}),
		s.pass(ctx, community, func(ctx context.Context, now time.Time) (int, error) {
			late, err := s.store.TakeLate(ctx, community, now, 100)
			for _, r := range late {
				s.tell(ctx, domain.System, ReportLate, r.ID, Told{Report: r.ID, Reporter: r.Reporter, Member: r.Accused, Reason: r.Reason})
			}
			return len(late), err
		}),
		s.pass(ctx, community, func(ctx context.Context, now time.Time) (int, error) {
			late, err := s.store.TakeLateAppeals(ctx, community, now, 100)
			for _, a := range late {
				s.tellAppeal(ctx, domain.System, AppealLate, a)
			}
			return len(late), err
		}),
	)
}

// pass repeats a step, each in a transaction of its own, until nothing is left.
func (s *Service) pass(ctx context.Context, community domain.ID, step func(context.Context, time.Time) (int, error)) error {
	for {
		n := 0
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			n, err = step(ctx, now)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (s *Service) measure(ctx context.Context, community, id domain.ID) (Measure, error) {
	found, err := s.store.Measures(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Measure{}, err
	}
	return found[0], nil
}

// LoadMeasures reads measures inside the caller's transaction, those that exist.
func (s *Service) LoadMeasures(ctx context.Context, community domain.ID, ids []domain.ID) ([]Measure, error) {
	return s.store.Measures(ctx, community, ids)
}

// visibleTo says who reads a measure: its member where they were told, and those who
// moderate and do not live with them: what one household hears, both may.
func (m Measure) visibleTo(standing domain.Standing, near []domain.ID) bool {
	if m.Member == standing.Member {
		return m.ToldMember()
	}
	return standing.May(domain.Moderate) && !slices.Contains(near, m.Member)
}

// Measure reads one for whoever sees it. Error: NotFound for everybody else.
func (s *Service) Measure(ctx context.Context, actor domain.Actor, community, id domain.ID) (Measure, error) {
	var m Measure
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		if m, err = s.measure(ctx, community, id); err == nil && !m.visibleTo(standing, near) {
			err = domain.NotFound
		}
		return err
	})
	return m, err
}

// MeasuresOf reads what was decided about a member, newest first, for themselves
// and for those who moderate; nothing for everybody else.
func (s *Service) MeasuresOf(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]Measure, error) {
	var seen []Measure
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity)
		if err != nil || (standing.Member != member && !standing.May(domain.Moderate)) {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		all, err := s.store.MeasuresOf(ctx, community, member)
		for _, m := range all {
			if m.visibleTo(standing, near) {
				seen = append(seen, m)
			}
		}
		return err
	})
	return seen, err
}

// MeasureFor is the answer to a report, as the actor may read it; ok is false while
// there is none, or none for them: who reported learns that it was answered, and
// not how.
func (s *Service) MeasureFor(ctx context.Context, actor domain.Actor, r Report) (m Measure, ok bool, err error) {
	err = s.tx.InTx(ctx, r.Community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, r.Community, domain.SeeCommunity)
		if err != nil || r.AnsweredAt.IsZero() {
			return err
		}
		near, err := s.near(ctx, r.Community, standing.Member)
		if err != nil {
			return err
		}
		m, err = s.store.MeasureFor(ctx, r.Community, r.ID)
		ok = err == nil && m.visibleTo(standing, near)
		return err
	})
	return m, ok, err
}
