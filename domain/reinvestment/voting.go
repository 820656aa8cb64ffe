// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
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

// Cast casts a ballot, or casts it again: the last one counts, under a receipt of its
// own. It stays sealed until the count, and is then published under its receipt only.
// Only a helper whom they named votes for somebody, and never over their own ballot.
//
// Errors: NotFound, VoteElsewhere, Forbidden, NotTheirHelper, VotedInPerson, NoVote, CycleState, NotOnTheRoll, NotAPeer, ProjectUnknown,
// ChoiceOutOfRange, OwnBallot, BallotOverspent.
func (s *Service) Cast(ctx context.Context, actor domain.Actor, cmd Cast) (Ballot, error) {
	var b Ballot
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) (err error) {
		b, err = s.cast(ctx, actor, cmd, now)
		return err
	})
	if errors.Is(err, domain.NotFound) {
		err = s.elsewhere(ctx, actor, cmd.Community, err)
	}
	return b, err
}

func (s *Service) cast(ctx context.Context, actor domain.Actor, cmd Cast, now time.Time) (b Ballot, err error) {
	voter, helper, err := s.members.ByConsent(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
	if err != nil {
		return b, err
	}
	c, err := s.held(ctx, cmd.Community, cmd.Cycle) // nobody counts before this ballot is in
	if err != nil {
		return b, err
	}
	if c.Method == allocation.SolidarityDraw {
		return b, domain.NewError(NoVote, "cycleId")
	}
	if c.State != Voting || !now.Before(c.Calendar.TallyAt) {
		return b, domain.NewError(CycleState, "cycleId", "state", string(c.State))
	}
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil {
		return b, err
	}
	voters, err := s.members.Load(ctx, c.Community, voter)
	if err == nil && voters[0].UnderAge(now) { // who was frozen into the roll before that was known
		err = domain.NewError(governance.NotOnTheRoll, "cycleId")
	}
	if err != nil {
		return b, err
	}
	if c.Method != allocation.PeerEpoch { // where the projects are the roll
		seated, err := s.store.Seated(ctx, c.Community, c.ID, voter)
		if err == nil && !seated {
			err = domain.NewError(governance.NotOnTheRoll, "cycleId")
		}
		if err != nil {
			return b, err
		}
	}
	b = Ballot{Community: c.Community, Cycle: c.ID, Member: voter, Helper: helper, Receipt: rand.Text(), At: now, Choices: []allocation.Choice{}}
	for _, e := range cmd.Entries {
		b.Choices = append(b.Choices, allocation.Choice{Project: e.Project.String(), Value: e.Value})
	}
	if err := c.mayCast(projects, b); err != nil {
		return b, err
	}
	return s.keepBallot(ctx, actor, b)
}

// keepBallot keeps a ballot that may be cast. A voter who was helped hears that somebody
// voted in their name; otherwise who voted is nobody's business.
func (s *Service) keepBallot(ctx context.Context, actor domain.Actor, b Ballot) (Ballot, error) {
	earlier, cast, err := s.store.BallotOf(ctx, b.Community, b.Cycle, b.Member)
	if err != nil {
		return b, err
	}
	if cast && b.Helper != domain.Nowhere && earlier.Helper == domain.Nowhere {
		return b, domain.NewError(VotedInPerson, "onBehalfOf")
	}
	if cast && earlier.Helper == b.Helper && slices.Equal(earlier.Choices, b.Choices) {
		return earlier, nil
	}
	if b.Helper == domain.Nowhere {
		s.tell(ctx, domain.System, BallotCast, b.Cycle, Told{Cycle: b.Cycle})
	} else {
		s.tell(ctx, actor, BallotCast, b.Cycle, Told{Cycle: b.Cycle, Member: b.Member})
	}
	return b, s.store.PutBallot(ctx, b)
}

// elsewhere names whose cycle it is to a member of a community that exchanges hours with
// it: the parts of a federation know of one another, and members vote in their own. For
// everybody else it is not there.
func (s *Service) elsewhere(ctx context.Context, actor domain.Actor, whose domain.ID, refused error) error {
	if _, err := s.members.Own(ctx, actor, whose); err == nil || actor.Person == domain.Nowhere {
		return refused // there is something else that they named wrongly
	}
	partners, err := s.hours.Mirrors(ctx, whose)
	if err != nil || len(partners) == 0 {
		return errors.Join(refused, err)
	}
	mine, err := s.members.Memberships(ctx, actor)
	if err != nil {
		return err
	}
	neighbour := slices.ContainsFunc(mine, func(m membership.Member) bool {
		return m.Participation.Admitted() && slices.ContainsFunc(partners, func(p ledger.MirrorAccount) bool { return p.Partner == m.Community })
	})
	if !neighbour {
		return refused
	}
	var name string
	err = s.tx.InTx(ctx, whose, func(ctx context.Context, now time.Time) error {
		where, _, err := s.communities.Rules(ctx, whose, now)
		name = where.Name
		return err
	})
	if err != nil {
		return err
	}
	return domain.NewError(VoteElsewhere, "cycleId", "community", name)
}

// mayCast says what is wrong with a ballot. In an epoch the peers vote, and nobody else.
func (c Cycle) mayCast(projects []Project, b Ballot) error {
	in, voter := c.instance(projects, nil, nil), b.Receipt
	if c.Method == allocation.PeerEpoch {
		if !slices.ContainsFunc(projects, func(p Project) bool { return p.Owner == b.Member && p.onBallot() }) {
			return domain.NewError(NotAPeer, "cycleId")
		}
		in, voter = c.withOwners(projects), b.Member.String()
	}
	return asEntries(in.CheckBallot(allocation.Ballot{Voter: voter, Choices: b.Choices}))
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

// Allocation is the count that stands, as somebody may see it; ok is false before
// there is one.
func (s *Service) Allocation(ctx context.Context, actor domain.Actor, community, cycle domain.ID) (r Run, ok bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		c, err := s.cycle(ctx, community, cycle)
		if err != nil {
			return err
		}
		if r, ok, err = s.store.LastRun(ctx, community, cycle); err != nil || !ok {
			return err
		}
		r.Asked = len(r.Record.Result.Lines)
		for _, line := range r.Record.Result.Lines {
			if line.Minutes > 0 {
				r.Granted++
			}
		}
		if r.Voters, err = s.voters(ctx, c, r); err != nil {
			return err
		}
		r, err = s.seal(ctx, standing, c, r)
		return err
	})
	return r, ok, err
}

// voters is how many cast a ballot. In an epoch a record has one for each gift.
func (s *Service) voters(ctx context.Context, c Cycle, r Run) (int, error) {
	if c.Method != allocation.PeerEpoch {
		return len(r.Record.Instance.Ballots), nil
	}
	ballots, err := s.store.Ballots(ctx, c.Community, c.ID)
	return len(ballots), err
}

// Doubt is a challenge to a result.
type Doubt struct {
	Community, Cycle domain.ID
	Reason           string
	Key              string `json:"-"`
}

// Contest asks, with a reason, for the count to be made again from the ballots as
// they are kept. What comes out is kept beside the reason; it is the same unless
// somebody touched the ballots or the record: then nothing is paid until a later count
// gives the same, or the cycle is cancelled.
//
// Errors: NotFound, Forbidden, CycleState, TooManyDoubts, Required, IdempotencyKeyReused.
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
	if err := s.store.TakeCycle(ctx, cmd.Community, cmd.Cycle); err != nil { // nothing is paid before this doubt is in
		return domain.Nowhere, err
	}
	c, err := s.cycle(ctx, cmd.Community, cmd.Cycle)
	if err != nil {
		return domain.Nowhere, err
	}
	if c.State != Challenge {
		return domain.Nowhere, domain.NewError(CycleState, "cycleId", "state", string(c.State))
	}
	before, err := s.store.Contests(ctx, cmd.Community, cmd.Cycle)
	if err == nil {
		err = mayDoubt(before, member)
	}
	if err != nil {
		return domain.Nowhere, err
	}
	same, err := s.recount(ctx, c)
	if err != nil {
		return domain.Nowhere, err
	}
	if same && len(before) > 0 && !before[len(before)-1].Same && c.Calendar.ChallengeUntil.Before(now) {
		if err := s.store.WakeCycle(ctx, c, c.Calendar.ChallengeUntil); err != nil { // it was held, and is no more
			return domain.Nowhere, err
		}
	}
	contest := Contest{Community: c.Community, Cycle: c.ID, ID: domain.NewID(), Member: member, Reason: cmd.Reason, Same: same, At: now}
	told := Told{Cycle: c.ID, Member: member}
	if !same {
		told.State = Differs
	}
	s.tell(ctx, actor, AllocationDoubted, c.ID, told)
	return contest.ID, s.store.AddContest(ctx, contest)
}

// mostDoubts is how often one member has one count made again that comes out the same.
const mostDoubts = 3

// mayDoubt says whether a member may have a count made again. Where the last one came out
// otherwise anybody may, for that is the way to have hours paid.
func mayDoubt(before []Contest, member domain.ID) error {
	if len(before) > 0 && !before[len(before)-1].Same {
		return nil
	}
	own := 0
	for _, c := range before {
		if c.Member == member {
			own++
		}
	}
	if own >= mostDoubts {
		return domain.NewError(TooManyDoubts, "cycleId", "max", mostDoubts)
	}
	return nil
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
	drawn := map[string]domain.Minutes{} // was read at the count, once
	for _, p := range run.Record.Instance.Projects {
		drawn[p.ID] = p.Given
	}
	hash := run.Record.Result.InputHash
	same = c.instance(projects, drawn, ballots).Hash() == hash
	if !same && c.Method == allocation.PeerEpoch { // of before each gift stood alone
		same = c.whole(projects, drawn, ballots).Hash() == hash
	}
	wrong := run.Record.VerifyWithin(ctx)
	if err := ctx.Err(); err != nil { // nobody found anything
		return false, err
	}
	return same && wrong == nil, nil
}

// Contests reads the challenges to a cycle's result; to a draw's one's own, for who
// doubts it may have asked.
func (s *Service) Contests(ctx context.Context, actor domain.Actor, community, cycle domain.ID) (found []Contest, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		c, err := s.cycle(ctx, community, cycle)
		if err != nil {
			return err
		}
		found, err = s.store.Contests(ctx, community, cycle)
		if c.Method == allocation.SolidarityDraw && !standing.May(domain.RunCycles) {
			found = slices.DeleteFunc(found, func(x Contest) bool { return x.Member != standing.Member })
		}
		return err
	})
	return found, err
}
