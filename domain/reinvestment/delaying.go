// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// CycleDelayed says that a vote ends later than was planned, since the server was away, to
// those who may vote.
const CycleDelayed domain.EventKind = "CYCLE_DELAYED"

// AllocationHeld says, again and again, that nothing is paid by a count that came out
// otherwise when it was last made again, to those who can do something about it.
const AllocationHeld domain.EventKind = "ALLOCATION_HELD"

const (
	// slack is how late a step may be before somebody loses something by it: the calendar
	// is looked at each minute.
	slack = time.Hour
	// heldAgain is how long after a reminder that payouts are held the next one comes.
	heldAgain = 3 * 24 * time.Hour
)

// tallyAt moves the end of the vote, and what follows it by as much.
func (c Calendar) tallyAt(at time.Time) Calendar {
	by := at.Sub(c.TallyAt)
	c.TallyAt, c.ChallengeUntil, c.PayUntil, c.CloseAt = at, c.ChallengeUntil.Add(by), c.PayUntil.Add(by), c.CloseAt.Add(by)
	return c
}

// votingAt moves the vote, which keeps its length, and what follows it.
func (c Calendar) votingAt(at time.Time) Calendar {
	long := c.TallyAt.Sub(c.VotingAt)
	c.VotingAt = at
	return c.tallyAt(at.Add(long))
}

// openVote writes down who may vote. A vote that opens late has the time that was planned
// for it from now on. Where there is nothing to vote on, nobody lost any.
func (s *Service) openVote(ctx context.Context, c Cycle, step Step) (opened Cycle, late bool, err error) {
	if err = s.store.TakeCycle(ctx, c.Community, c.ID); err != nil { // nobody submits or withdraws meanwhile
		return c, false, err
	}
	if late = c.Method != allocation.SolidarityDraw && step.At.Sub(step.Due) > slack; late {
		projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
		if err != nil {
			return c, false, err
		}
		late = slices.ContainsFunc(projects, func(p Project) bool { return p.onBallot() || p.Stage == Submitted })
	}
	if late {
		c.Calendar = c.Calendar.votingAt(step.At)
	}
	c.Roll, err = s.roll(ctx, c)
	return c, late, err
}

// voteAgain opens a vote once more for as long as was planned, where nobody cast a ballot
// and the count comes late: the server went away with the vote.
func (s *Service) voteAgain(ctx context.Context, c Cycle, due, now time.Time) (again bool, err error) {
	if c.State != Voting || c.Method == allocation.SolidarityDraw || now.Sub(due) <= slack {
		return false, nil
	}
	ballots, err := s.store.Ballots(ctx, c.Community, c.ID)
	if err != nil || len(ballots) > 0 {
		return false, err
	}
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil || !slices.ContainsFunc(projects, Project.onBallot) {
		return false, err
	}
	steps, err := s.store.Steps(ctx, c.Community, []domain.ID{c.ID})
	if err != nil || !onceVoting(steps) {
		return false, err
	}
	c.Calendar = c.Calendar.tallyAt(now.Add(c.Calendar.TallyAt.Sub(c.Calendar.VotingAt)))
	c.Reminded = Voting // they are told now
	if c, err = s.store.MoveCycle(ctx, c, Step{Due: due, At: now}); err != nil {
		return false, err
	}
	s.tellDelay(ctx, c)
	return true, nil
}

// onceVoting says whether a cycle's vote was opened once, and not once more.
func onceVoting(steps []Step) bool {
	n := 0
	for _, step := range steps {
		if step.State == Voting {
			n++
		}
	}
	return n == 1
}

func (s *Service) tellDelay(ctx context.Context, c Cycle) {
	s.tell(ctx, domain.System, CycleDelayed, c.ID, Told{Cycle: c.ID, State: string(c.State), By: c.Calendar.TallyAt})
}

// doubted is the last challenge to a count, where it found another one.
func (s *Service) doubted(ctx context.Context, c Cycle) (last Contest, doubted bool, err error) {
	all, err := s.store.Contests(ctx, c.Community, c.ID)
	if err != nil || len(all) == 0 {
		return last, false, err
	}
	last = all[len(all)-1]
	return last, !last.Same, nil
}

// hold leaves a doubted cycle where it is, tells so, and comes back to it later.
func (s *Service) hold(ctx context.Context, c Cycle, doubt Contest, now time.Time) error {
	if err := s.store.WakeCycle(ctx, c, now.Add(heldAgain)); err != nil {
		return err
	}
	s.tell(ctx, domain.System, AllocationHeld, c.ID, Told{Cycle: c.ID, State: Differs, Member: doubt.Member})
	return nil
}
