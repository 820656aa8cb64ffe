// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// What can go wrong with a cycle whose hours go to people.
const (
	NotWithMethod  domain.Code = "NOT_WITH_THIS_METHOD"  // cycles of this method have no such thing
	NoVote         domain.Code = "CYCLE_WITHOUT_VOTE"    // a draw is counted without ballots
	PaidByItself   domain.Code = "PAID_WITHOUT_CLAIM"    // what was granted is credited by itself
	NotAPeer       domain.Code = "NOT_A_PEER"            // only those with an entry of their own give to the others
	BeyondItsTenth domain.Code = "ENVELOPE_BEYOND_TENTH" // args: max, actual; of what the pool holds
)

// credits says whether a count credits people by itself when PAYING begins: they
// asked, or others thanked them, and there is no work to come that could be claimed.
func credits(m allocation.Method) bool {
	return m == allocation.SolidarityDraw || m == allocation.PeerEpoch
}

// mostProjects is how many projects one member may have in one cycle.
func mostProjects(m allocation.Method) int {
	if m == allocation.PeerEpoch {
		return 1
	}
	return 5
}

// checkRule says which limits a method lacks, and which it has no use for.
func checkRule(c *domain.Check, method allocation.Method, r allocation.Rule, envelope domain.Minutes) {
	for _, limit := range []struct {
		field  string
		value  domain.Minutes
		of     allocation.Method
		needed bool
	}{
		{"rule.floor", r.Floor, allocation.SolidarityDraw, false},
		{"rule.personMaximum", r.PersonMaximum, allocation.SolidarityDraw, true},
		{"rule.allowance", r.Allowance, allocation.PeerEpoch, true},
		{"rule.pairMaximum", r.PairMaximum, allocation.PeerEpoch, true},
	} {
		switch {
		case method != limit.of:
			c.That(limit.value == 0, NotWithMethod, limit.field)
		case limit.value == 0:
			c.That(!limit.needed, domain.Required, limit.field)
		default:
			c.Minutes(limit.field, limit.value)
		}
	}
	if c.Err() != nil {
		return
	}
	c.That(r.Floor < envelope, domain.MinutesOutOfRange, "rule.floor", "min", domain.Minutes(0), "max", envelope-1)
	c.That(r.PairMaximum <= r.Allowance, domain.MinutesOutOfRange, "rule.pairMaximum", "min", domain.Minutes(1), "max", r.Allowance)
}

// withinTenth refuses an epoch over more than a tenth of what its pool holds.
func (c Cycle) withinTenth(held domain.Minutes) error {
	most := max(held, 0) / 10
	if c.Method != allocation.PeerEpoch || c.Envelope <= most {
		return nil
	}
	return domain.NewError(BeyondItsTenth, "minutes", "max", most, "actual", c.Envelope)
}

// onBallot says whether a project is counted.
func (p Project) onBallot() bool {
	return p.Stage == Eligible || p.Stage == Funded || p.Stage == Unfunded
}

// VisibleTo says who sees a project: every member; a request to a draw is for
// whoever asks and for those who run cycles.
func (p Project) VisibleTo(standing domain.Standing) bool {
	return standing.Admitted && (!p.Confidential || p.Owner == standing.Member || standing.May(domain.RunCycles))
}

// told is what events of a cycle say of somebody.
func (c Cycle) told(member domain.ID, state string, minutes domain.Minutes) Told {
	t := Told{Cycle: c.ID, State: state, Member: member, Minutes: minutes}
	if credits(c.Method) {
		t.Method = c.Method
	}
	return t
}

// withOwners is a count's input as a peer's ballot is held against it: nobody gives
// to themselves. The record has no owners, for beside them a ballot's own gap would
// tell by whom it is.
func (c Cycle) withOwners(projects []Project) allocation.Instance {
	in := c.instance(projects, nil, nil)
	for i := range in.Projects {
		for _, p := range projects {
			if p.ID.String() == in.Projects[i].ID {
				in.Projects[i].Owner = p.Owner.String()
			}
		}
	}
	return in
}

// roll is how many may vote in a cycle: its peers in an epoch, nobody in a draw.
func (s *Service) roll(ctx context.Context, c Cycle) (int64, error) {
	if !credits(c.Method) {
		return s.store.FreezeRoll(ctx, c)
	}
	if c.Method == allocation.SolidarityDraw {
		return 0, nil
	}
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	peers := int64(0)
	for _, p := range projects {
		if p.onBallot() || p.Stage == Submitted {
			peers++
		}
	}
	return peers, err
}

// drawn is what each who asks was granted by draws in the twelve months before this
// one's count, by request: no first of January makes two years of one winter. Draws
// are counted one after another, so that none misses what another grants.
func (s *Service) drawn(ctx context.Context, c Cycle, projects []Project) (map[string]domain.Minutes, error) {
	if c.Method != allocation.SolidarityDraw {
		return nil, nil
	}
	if err := s.store.QueueDraws(ctx, c.Community); err != nil {
		return nil, err
	}
	owners := make([]domain.ID, len(projects))
	for i, p := range projects {
		owners[i] = p.Owner
	}
	before, err := s.store.Drawn(ctx, c.Community, owners, c.ID, c.Calendar.TallyAt.AddDate(-1, 0, 0))
	drawn := map[string]domain.Minutes{}
	for _, p := range projects {
		drawn[p.ID.String()] = before[p.Owner]
	}
	return drawn, err
}

// credit posts to each person what the count gave them, under a name and with an
// event of its own, so that whoever proves their posting learns nothing of another's.
// What was for an account that is closed by now returns to the pool with the rest.
func (s *Service) credit(ctx context.Context, c Cycle) error {
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil {
		return err
	}
	projects = slices.DeleteFunc(projects, func(p Project) bool { return p.Granted == 0 })
	owners := make([]domain.ID, len(projects))
	for i, p := range projects {
		owners[i] = p.Owner
	}
	accounts, err := s.hours.AccountsOf(ctx, c.Community, owners)
	if err != nil {
		return err
	}
	open := map[domain.ID]ledger.Account{}
	for _, a := range accounts {
		if a.ClosedAt.IsZero() {
			open[a.Owner] = a
		}
	}
	projects = slices.DeleteFunc(projects, func(p Project) bool { _, ok := open[p.Owner]; return !ok })
	ids := make([]domain.ID, len(projects))
	for i, p := range projects {
		ids[i] = p.ID
	}
	if err := s.store.PayInFull(ctx, c.Community, ids); err != nil {
		return err
	}
	for _, p := range projects {
		event := domain.Event{ID: domain.NewID(), Kind: ProjectPaid, Subject: p.ID, Payload: c.told(p.Owner, string(p.Stage), p.Granted)}
		if err := s.post(ctx, c, "grant/"+strconv.Itoa(p.Number), grant(p.Granted, c.Account, open[p.Owner].ID), event); err != nil {
			return err
		}
	}
	return nil
}

// Shown keeps of some projects of one community what the actor may see.
//
// Errors: NotFound, Unauthenticated.
func (s *Service) Shown(ctx context.Context, actor domain.Actor, projects []Project) (kept []Project, err error) {
	if !slices.ContainsFunc(projects, func(p Project) bool { return p.Confidential }) {
		return projects, nil
	}
	community := projects[0].Community
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			kept, err = s.shown(ctx, standing, projects)
		}
		return err
	})
	return kept, err
}

// ShownTo keeps of some projects of one community what somebody may see, inside the
// caller's transaction.
func (s *Service) ShownTo(ctx context.Context, standing domain.Standing, projects []Project) ([]Project, error) {
	return s.shown(ctx, standing, projects)
}

// shown keeps what somebody may see, for themselves or as a helper.
func (s *Service) shown(ctx context.Context, standing domain.Standing, projects []Project) ([]Project, error) {
	var others []domain.ID
	for _, p := range projects {
		if !p.VisibleTo(standing) {
			others = append(others, p.Owner)
		}
	}
	if len(others) == 0 {
		return projects, nil
	}
	helpers, err := s.members.Helpers(ctx, projects[0].Community, others)
	kept := slices.DeleteFunc(slices.Clone(projects), func(p Project) bool {
		helped := slices.ContainsFunc(helpers, func(h membership.Helper) bool { return h.Member == p.Owner && h.Helper == standing.Member })
		return !helped && !p.VisibleTo(standing)
	})
	return kept, err
}

// projectFor reads a project that somebody may see; for others it is not there.
func (s *Service) projectFor(ctx context.Context, standing domain.Standing, community, id domain.ID) (Project, error) {
	p, err := s.project(ctx, community, id)
	if err != nil {
		return p, err
	}
	kept, err := s.shown(ctx, standing, []Project{p})
	if err == nil && len(kept) == 0 {
		return Project{}, domain.NewError(domain.NotFound, "projectId")
	}
	return p, err
}

// seal leaves of a draw's count what somebody may see: what became of their own
// requests, and totals. Of an epoch that was counted before each gift stood alone, nobody
// sees the ballots.
func (s *Service) seal(ctx context.Context, standing domain.Standing, c Cycle, r Run) (Run, error) {
	if c.Method == allocation.PeerEpoch && slices.ContainsFunc(r.Record.Instance.Ballots, func(b allocation.Ballot) bool { return len(b.Choices) > 1 }) {
		r.Sealed, r.Record.Instance.Ballots = true, nil
		return r, nil
	}
	if c.Method != allocation.SolidarityDraw || standing.May(domain.RunCycles) {
		return r, nil
	}
	projects, err := s.store.ProjectsOf(ctx, c.Community, []domain.ID{c.ID})
	if err != nil {
		return r, err
	}
	own, err := s.shown(ctx, standing, projects)
	r.Sealed = true
	r.Record.Instance.Projects, r.Record.Instance.Ballots = nil, nil
	r.Record.Result.Lines = slices.DeleteFunc(slices.Clone(r.Record.Result.Lines), func(l allocation.Line) bool {
		return !slices.ContainsFunc(own, func(p Project) bool { return p.ID.String() == l.Project })
	})
	return r, err
}
