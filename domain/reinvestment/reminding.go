// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// CycleReminds says that a part of a cycle ends soon, to those whom it waits for.
const CycleReminds domain.EventKind = "CYCLE_REMINDER"

// remindBefore is how long before a part of a cycle ends those it waits for are
// reminded. One that is shorter than twice that began only just before.
const remindBefore = 3 * 24 * time.Hour

// begins is when the part of a cycle began in which somebody is waited for; ok is false
// in the others.
func (c Cycle) begins() (at time.Time, ok bool) {
	switch c.State {
	case OpenCall:
		return c.Calendar.CallAt, !credits(c.Method) // who needs hours, asks by themselves
	case Voting:
		return c.Calendar.VotingAt, c.Method != allocation.SolidarityDraw // where nobody votes
	case Paying:
		return c.Calendar.ChallengeUntil, !credits(c.Method)
	case Draft, Feasibility, Tallied, Challenge, Reporting, Closed, Cancelled:
	}
	return time.Time{}, false
}

// Reminds is when those whom a cycle waits for are reminded of the end of the part that
// it is in; ok is false where nobody is, or everybody was.
func (c Cycle) Reminds() (at time.Time, ok bool) {
	from, waits := c.begins()
	_, due, more := c.Next()
	if !waits || !more || c.Reminded == c.State || due.Sub(from) < 2*remindBefore {
		return time.Time{}, false
	}
	return due.Add(-remindBefore), true
}

// Wakes is when the calendar asks for something of a cycle: a reminder, or its next
// state; ok is false at the end of its way.
func (c Cycle) Wakes() (at time.Time, ok bool) {
	if at, ok = c.Reminds(); ok {
		return at, true
	}
	_, at, ok = c.Next()
	return at, ok
}

// remind has those whom the cycle waits for reminded, once. A server that was away until
// the part was over reminds nobody of what is past.
func (s *Service) remind(ctx context.Context, c Cycle, due, now time.Time) error {
	c.Reminded = c.State
	if err := s.store.RemindCycle(ctx, c); err != nil {
		return err
	}
	if due.After(now) {
		s.tell(ctx, domain.System, CycleReminds, c.ID, Told{Cycle: c.ID, State: string(c.State), By: due})
	}
	return nil
}

// Awaited are the members whom a cycle waits for in a state, inside the caller's
// transaction: who has submitted nothing, who has not voted, whose grant is not claimed
// whole. Nobody once it went on.
func (s *Service) Awaited(ctx context.Context, community, id domain.ID, state State) ([]domain.ID, error) {
	c, err := s.cycle(ctx, community, id)
	if err != nil || c.State != state {
		return nil, err
	}
	switch state {
	case OpenCall:
		return s.store.WithoutProject(ctx, community, id)
	case Voting:
		return s.store.WithoutBallot(ctx, c)
	case Paying:
		return s.store.WithUnclaimed(ctx, community, id)
	case Draft, Feasibility, Tallied, Challenge, Reporting, Closed, Cancelled:
	}
	return nil, nil
}
