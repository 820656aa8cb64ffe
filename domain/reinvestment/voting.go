// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// Cast is a member's ballot: what they say of each project.
type Cast struct {
	Community, Cycle domain.ID
	OnBehalfOf       domain.ID
	Entries          []Entry
}

// Entry is what a ballot says of one project.
type Entry struct {
	Project domain.ID
	Value   int64
}

// Cast casts a ballot, or casts it again: the last one counts. It stays sealed
// until the count, and is then published under its receipt only.
//
// Errors: NotFound, Forbidden, CycleState, NotOnTheRoll, ProjectUnknown, ChoiceOutOfRange, BallotOverspent.
func (s *Service) Cast(ctx context.Context, actor domain.Actor, cmd Cast) (Ballot, error) {
	var b Ballot
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		voter, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		c, err := s.cycle(ctx, cmd.Community, cmd.Cycle)
		if err != nil {
			return err
		}
		if c.State != Voting || !now.Before(c.Calendar.TallyAt) {
			return domain.NewError(CycleState, "cycleId", "state", string(c.State))
		}
		members, err := s.members.Load(ctx, cmd.Community, voter)
		if err != nil {
			return err
		}
		if members[0].AdmittedAt.After(c.Calendar.VotingAt) {
			return domain.NewError(governance.NotOnTheRoll, "cycleId")
		}
		projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
		if err != nil {
			return err
		}
		b = Ballot{Community: c.Community, Cycle: c.ID, Member: voter, Receipt: rand.Text(), At: now, Choices: []allocation.Choice{}}
		for _, e := range cmd.Entries {
			b.Choices = append(b.Choices, allocation.Choice{Project: e.Project.String(), Value: e.Value})
		}
		if err := c.instance(projects, nil).CheckBallot(allocation.Ballot{Voter: b.Receipt, Choices: b.Choices}); err != nil {
			return asEntries(err)
		}
		earlier, cast, err := s.store.BallotOf(ctx, c.Community, c.ID, voter)
		if err != nil {
			return err
		}
		if cast && slices.Equal(earlier.Choices, b.Choices) {
			b = earlier
			return nil
		}
		if b, err = s.store.PutBallot(ctx, b); err == nil {
			s.tell(ctx, domain.System, BallotCast, c.ID, Told{Cycle: c.ID}) // who voted is nobody's business
		}
		return err
	})
	return b, err
}

// asEntries speaks of a ballot's fields as people send them.
func asEntries(err error) error {
	problems, _ := domain.Problems(err)
	for _, p := range problems {
		p.Field = strings.Replace(strings.Replace(p.Field, "choices", "entries", 1), ".project", ".projectId", 1)
	}
	return err
}

// Mine is the ballot that the actor cast in a cycle; ok is false for none.
func (s *Service) Mine(ctx context.Context, actor domain.Actor, community, cycle domain.ID) (b Ballot, ok bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			b, ok, err = s.store.BallotOf(ctx, community, cycle, standing.Member)
		}
		return err
	})
	return b, ok, err
}

// Allocation is the count that stands; ok is false before there is one.
func (s *Service) Allocation(ctx context.Context, actor domain.Actor, community, cycle domain.ID) (r Run, ok bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			r, ok, err = s.store.LastRun(ctx, community, cycle)
		}
		return err
	})
	return r, ok, err
}

// Doubt is a challenge to a result.
type Doubt struct {
	Community, Cycle domain.ID
	Reason           string
	Key              string `json:"-"`
}

// Contest asks, with a reason, for the count to be made again from the ballots as
// they are kept. What comes out is kept beside the reason; it is the same unless
// somebody touched the ballots or the record.
//
// Errors: NotFound, Forbidden, CycleState, Required, IdempotencyKeyReused.
func (s *Service) Contest(ctx context.Context, actor domain.Actor, cmd Doubt) (Contest, error) {
	var contest Contest
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.TakePart)
		if err != nil {
			return err
		}
		var check domain.Check
		cmd.Reason = check.Text("reason", cmd.Reason, 10, 1000)
		if err := check.Err(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "challengeAllocation", Input: cmd}, func() (domain.ID, error) {
			return s.contest(ctx, actor, standing.Member, cmd, now)
		})
		if err != nil {
			return err
		}
		all, err := s.store.Contests(ctx, cmd.Community, cmd.Cycle)
		if i := slices.IndexFunc(all, func(c Contest) bool { return c.ID == id }); i >= 0 {
			contest = all[i]
		}
		return err
	})
	return contest, err
}

func (s *Service) contest(ctx context.Context, actor domain.Actor, member domain.ID, cmd Doubt, now time.Time) (domain.ID, error) {
	c, err := s.cycle(ctx, cmd.Community, cmd.Cycle)
	if err != nil {
		return domain.Nowhere, err
	}
	if c.State != Challenge {
		return domain.Nowhere, domain.NewError(CycleState, "cycleId", "state", string(c.State))
	}
	same, err := s.recount(ctx, c)
	if err != nil {
		return domain.Nowhere, err
	}
	contest := Contest{Community: c.Community, Cycle: c.ID, ID: domain.NewID(), Member: member, Reason: cmd.Reason, Same: same, At: now}
	s.tell(ctx, actor, AllocationDoubted, c.ID, Told{Cycle: c.ID, Member: member})
	return contest.ID, s.store.AddContest(ctx, contest)
}

// recount says whether the ballots as they lie here still give the record.
func (s *Service) recount(ctx context.Context, c Cycle) (same bool, err error) {
	run, ok, err := s.store.LastRun(ctx, c.Community, c.ID)
	if err != nil || !ok {
		return false, err
	}
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil {
		return false, err
	}
	ballots, err := s.store.Ballots(ctx, c.Community, c.ID)
	if err != nil {
		return false, err
	}
	return c.instance(projects, ballots).Hash() == run.Record.Result.InputHash && run.Record.Verify() == nil, nil
}

// Contests reads the challenges to a cycle's result.
func (s *Service) Contests(ctx context.Context, actor domain.Actor, community, cycle domain.ID) (found []Contest, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.store.Contests(ctx, community, cycle)
		}
		return err
	})
	return found, err
}
