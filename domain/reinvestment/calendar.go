// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// PassTime does what is due, the earliest first: cycles move on and plans come
// round, one step a transaction, each with its own date, also when the server was
// away for several of them. A step is guarded by the version it starts from and
// its postings by their names, so however many servers try, it happens once; each
// returns when all that is due is done, by whomever. What fails does not keep the
// others waiting.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	var stuck []domain.ID
	var errs []error
	errs = append(errs, s.watchReserve(ctx, community), s.watchDormant(ctx, community))
	for {
		var next Due
		var ok bool
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			next, ok, err = s.store.EarliestDue(ctx, community, now, stuck)
			return err
		})
		if err = errors.Join(err, ctx.Err()); err != nil || !ok {
			return errors.Join(append(errs, err)...)
		}
		do := s.step
		if next.Plan {
			do = s.come
		}
		if err := do(ctx, community, next); err != nil && !errors.Is(err, domain.StaleVersion) { // stale: another server was first
			errs, stuck = append(errs, fmt.Errorf("%s: %w", next.ID, err)), append(stuck, next.ID)
		}
	}
}

// step does the one step of a cycle that is due.
func (s *Service) step(ctx context.Context, community domain.ID, what Due) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		c, err := s.cycle(ctx, community, what.ID)
		if err == nil && c.Version != what.Version { // another server was first, and something else may be due before the next step
			err = domain.NewError(domain.StaleVersion, "cycleId")
		}
		if err != nil {
			return err
		}
		next, due, ok := c.Next()
		if !ok {
			return nil
		}
		if at, waits := c.Reminds(); waits && !at.After(now) {
			return s.remind(ctx, c, due, now)
		}
		if due.After(now) {
			return nil
		}
		if again, err := s.voteAgain(ctx, c, due, now); err != nil || again {
			return err
		}
		if c.State == Challenge {
			doubt, doubted, err := s.doubted(ctx, c)
			if err != nil {
				return err
			}
			if doubted {
				return s.hold(ctx, c, doubt, now)
			}
		}
		c.State = next
		return s.enter(ctx, c, Step{Due: due, At: now})
	})
}

// enter moves the cycle, does what the state begins with, and tells. The move
// comes first: another server that wants the same step waits there and learns
// that it is late. What moves hours comes last.
func (s *Service) enter(ctx context.Context, c Cycle, step Step) error {
	var err error
	late := false
	if c.State == Voting {
		if c, late, err = s.openVote(ctx, c, step); err != nil {
			return err
		}
	}
	if c, err = s.store.MoveCycle(ctx, c, step); err != nil {
		return err
	}
	switch c.State {
	case Feasibility:
		err = s.endCall(ctx, c, step.At)
	case Voting:
		if err = s.store.MakeEligible(ctx, c.Community, c.ID); late {
			s.tellDelay(ctx, c)
		}
	case Tallied:
		err = s.tally(ctx, c, step.At)
	case Closed:
		err = s.lapse(ctx, c)
	case Paying:
		err = s.undoubted(ctx, c)
	case Draft, OpenCall, Challenge, Reporting, Cancelled:
	}
	if err != nil {
		return err
	}
	if c.State == Reporting || c.State == Closed {
		rest, err := s.rest(ctx, c)
		if err != nil || rest == 0 {
			s.tell(ctx, domain.System, CycleMoved, c.ID, Told{Cycle: c.ID, State: string(c.State)})
			return err
		}
		return s.move(ctx, c, "rest/"+string(c.State), CycleMoved, domain.System, c.Account, c.Pool, rest)
	}
	s.tell(ctx, domain.System, CycleMoved, c.ID, Told{Cycle: c.ID, State: string(c.State)})
	if c.State == Paying && credits(c.Method) {
		return s.credit(ctx, c)
	}
	return nil
}

// undoubted lets nothing be paid by a count that came out otherwise when it was last made
// again. Such a cycle is held where it is; a challenge meanwhile is seen here.
func (s *Service) undoubted(ctx context.Context, c Cycle) error {
	_, doubted, err := s.doubted(ctx, c)
	if err == nil && doubted {
		err = domain.NewError(domain.StaleVersion, "cycleId")
	}
	return err
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, subject domain.ID, told Told) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: subject, Payload: told})
}

// tally counts, keeps the count whole, and tells each project's owner.
func (s *Service) tally(ctx context.Context, c Cycle, now time.Time) error {
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil {
		return err
	}
	ballots, err := s.store.Ballots(ctx, c.Community, c.ID)
	if err != nil {
		return err
	}
	drawn, err := s.drawn(ctx, c, projects)
	if err != nil {
		return err
	}
	in := c.instance(projects, drawn, ballots)
	result, err := allocation.Count(ctx, in)
	if err != nil {
		return err
	}
	run := Run{Community: c.Community, Cycle: c.ID, Run: 1, At: now, Record: allocation.Record{Instance: in, Result: result, Commitment: c.Commitment}}
	if err := s.store.AddRun(ctx, run); err != nil {
		return err
	}
	granted := make(map[domain.ID]domain.Minutes, len(result.Lines))
	for _, p := range projects {
		for _, line := range result.Lines {
			if line.Project == p.ID.String() {
				granted[p.ID] = line.Minutes
				s.tell(ctx, domain.System, ProjectDecided, p.ID, c.told(p.Owner, string(decided(line.Minutes)), line.Minutes))
			}
		}
	}
	return s.store.Decide(ctx, c.Community, c.ID, granted)
}

func decided(m domain.Minutes) ProjectStage {
	if m > 0 {
		return Funded
	}
	return Unfunded
}

// rest is what lies on the envelope's account and nobody waits for.
func (s *Service) rest(ctx context.Context, c Cycle) (domain.Minutes, error) {
	accounts, err := s.hours.Accounts(ctx, c.Community, []domain.ID{c.Account})
	if err != nil || len(accounts) == 0 {
		return 0, err
	}
	rest := accounts[0].Balance
	waiting, err := s.waiting(ctx, c)
	for _, claim := range waiting {
		rest -= claim.Minutes
	}
	return rest, err
}

// waiting are the claims that nobody decided yet.
func (s *Service) waiting(ctx context.Context, c Cycle) ([]Claim, error) {
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil {
		return nil, err
	}
	ids := make([]domain.ID, len(projects))
	for i, p := range projects {
		ids[i] = p.ID
	}
	all, err := s.store.ClaimsOf(ctx, c.Community, ids)
	var waiting []Claim
	for _, claim := range all {
		if claim.Stage == Claimed {
			waiting = append(waiting, claim)
		}
	}
	return waiting, err
}

// lapse declines what is still waiting when a cycle closes.
func (s *Service) lapse(ctx context.Context, c Cycle) error {
	waiting, err := s.waiting(ctx, c)
	for _, claim := range waiting {
		claim.Stage = Declined
		if _, err := s.store.SaveClaim(ctx, claim); err != nil {
			return err
		}
		s.tell(ctx, domain.System, ClaimDeclined, claim.ID, Told{Cycle: c.ID, Member: claim.Member, Minutes: claim.Minutes})
	}
	return err
}
