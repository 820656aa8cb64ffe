// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// CycleMethods are those that a cycle counts by. QUADRATIC ranks priorities and
// never pays.
func CycleMethods() []allocation.Method {
	return []allocation.Method{
		allocation.EqualShares, allocation.Knapsack, allocation.ProposalVote, allocation.DirectEnvelopes, allocation.Quadratic,
		allocation.SolidarityDraw, allocation.PeerEpoch,
	}
}

// order is what the calendar moves a cycle through, with the moment of each.
func (c Calendar) order() []struct {
	state State
	at    time.Time
} {
	return []struct {
		state State
		at    time.Time
	}{
		{OpenCall, c.CallAt},
		{Feasibility, c.FeasibilityAt},
		{Voting, c.VotingAt},
		{Tallied, c.TallyAt},
		{Challenge, c.TallyAt},
		{Paying, c.ChallengeUntil},
		{Reporting, c.PayUntil},
		{Closed, c.CloseAt},
	}
}

// Next is the state that the calendar leads to from here, and when; ok is false
// at the end of the way.
func (c Cycle) Next() (state State, due time.Time, ok bool) {
	way := c.Calendar.order()
	if c.State == Draft {
		return way[0].state, way[0].at, true
	}
	for i, step := range way[:len(way)-1] {
		if step.state == c.State {
			return way[i+1].state, way[i+1].at, true
		}
	}
	return "", time.Time{}, false
}

// Complete fills the dates left out with the usual ones: a week to look at
// projects, two to vote, a week to challenge, half a year to do the work, a month to
// report, each at the same hour of the clocks on the wall. Where nobody votes, or nobody
// has to claim, that time is not taken.
func (c Calendar) complete(method allocation.Method, zone *time.Location) Calendar {
	vote, pay := 14, 182
	if method == allocation.SolidarityDraw {
		vote = 0
	}
	if credits(method) {
		pay = 1
	}
	later := func(t *time.Time, from time.Time, days int) {
		if t.IsZero() && !from.IsZero() {
			*t = from.In(zone).AddDate(0, 0, days).UTC()
		}
	}
	later(&c.VotingAt, c.FeasibilityAt, 7)
	later(&c.TallyAt, c.VotingAt, vote)
	later(&c.ChallengeUntil, c.TallyAt, 7)
	later(&c.PayUntil, c.ChallengeUntil, pay)
	later(&c.CloseAt, c.PayUntil, 30)
	return c
}

// check refuses dates that do not follow one another. A draw is counted at the
// moment at which others begin to vote, or later.
func (c Calendar) check(method allocation.Method, now time.Time) error {
	moments := []struct {
		field string
		at    time.Time
	}{
		{"callAt", c.CallAt},
		{"feasibilityAt", c.FeasibilityAt},
		{"votingAt", c.VotingAt},
		{"tallyAt", c.TallyAt},
		{"challengeUntil", c.ChallengeUntil},
		{"payUntil", c.PayUntil},
		{"closeAt", c.CloseAt},
	}
	var check domain.Check
	check.That(!c.CallAt.Before(now.Add(-time.Hour)), CalendarInvalid, "calendar.callAt")
	for i, m := range moments[1:] {
		atOnce := method == allocation.SolidarityDraw && m.field == "tallyAt" && m.at.Equal(moments[i].at)
		check.That(atOnce || m.at.After(moments[i].at), CalendarInvalid, "calendar."+m.field)
	}
	return check.Err()
}

// check tidies an opening and says all that is wrong with it.
func (cmd Open) check(zone *time.Location, now time.Time) (Open, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 3, 100)
	c.Minutes("minutes", cmd.Minutes)
	if cmd.TwoApproversAbove == 0 {
		cmd.TwoApproversAbove = 1200
	}
	c.Minutes("twoApproversAbove", cmd.TwoApproversAbove)
	cmd.Method = cmp.Or(cmd.Method, allocation.EqualShares)
	c.That(slices.Contains(CycleMethods(), cmd.Method), MethodNotForVote, "method", "known", methodNames(CycleMethods()))
	checkRule(&c, cmd.Method, cmd.Rule, cmd.Minutes)
	if cmd.Calendar.CallAt.IsZero() {
		cmd.Calendar.CallAt = now
	}
	cmd.Calendar = cmd.Calendar.complete(cmd.Method, zone)
	cmd.Rule.Roll = 0 // counted when voting begins
	cmd.Rule.Utility = cmp.Or(cmd.Rule.Utility, allocation.PerMinute)
	in := allocation.Instance{Method: cmd.Method, Rule: allocation.Rule{Utility: cmd.Rule.Utility, Quorum: cmd.Rule.Quorum}}
	c.That(in.Check() == nil, allocation.RuleInvalid, "quorum")
	if err := c.Err(); err != nil {
		return cmd, err
	}
	return cmd, cmd.Calendar.check(cmd.Method, now)
}

func methodNames(methods []allocation.Method) string {
	var names []string
	for _, m := range methods {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}

// check tidies a submission to a cycle and says all that is wrong with it.
func (cmd Submit) check(to Cycle) (Submit, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 3, 100)
	cmd.Body = c.Text("body", cmd.Body, 20, 5000)
	c.That(!credits(to.Method) || len(cmd.Milestones) == 0, NotWithMethod, "milestones")
	if to.Method == allocation.PeerEpoch { // what they did is told; the others say what it was worth to them
		c.That(cmd.Minimum == 0, NotWithMethod, "minimumMinutes")
		c.That(cmd.Maximum == 0, NotWithMethod, "maximumMinutes")
		cmd.Minimum, cmd.Maximum = 1, to.Envelope
		return cmd, c.Err()
	}
	if c.That(cmd.Minimum != 0, domain.Required, "minimumMinutes"); cmd.Minimum != 0 {
		c.Minutes("minimumMinutes", cmd.Minimum)
	}
	if cmd.Maximum == 0 {
		cmd.Maximum = cmd.Minimum
	} else {
		c.Minutes("maximumMinutes", cmd.Maximum)
	}
	c.That(cmd.Minimum <= cmd.Maximum || c.Err() != nil, allocation.ProjectInvalid, "minimumMinutes", "name", cmd.Title)
	c.That(len(cmd.Milestones) <= 20, domain.OutOfRange, "milestones", "min", 0, "max", 20)
	sum := domain.Minutes(0)
	for i := range cmd.Milestones {
		at := "milestones." + strconv.Itoa(i)
		cmd.Milestones[i].Title = c.Line(at+".title", cmd.Milestones[i].Title, 1, 100)
		c.Minutes(at+".minutes", cmd.Milestones[i].Minutes)
		sum += cmd.Milestones[i].Minutes
	}
	c.That(sum <= cmd.Maximum || c.Err() != nil, ClaimBeyondGrant, "milestones", "available", cmd.Maximum, "required", sum)
	return cmd, c.Err()
}

// instance is what a cycle's count depends on: its policy, the projects on the
// ballot, what whoever asks drew before, by project, and the ballots under their
// receipts. In an epoch each gift stands alone: the one whom a ballot leaves out would
// tell whose it is, and with it who gave what to whom.
func (c Cycle) instance(projects []Project, drawn map[string]domain.Minutes, ballots []Ballot) allocation.Instance {
	in := c.whole(projects, drawn, ballots)
	if c.Method == allocation.PeerEpoch {
		in.Ballots = apart(in.Ballots)
	}
	return in
}

// GiftName is the name under which one gift of a ballot is published. Only who has the
// ballot's receipt, which is the giver, knows whose it is.
func GiftName(receipt, project string) string {
	sum := sha256.Sum256([]byte("hora gift\n" + receipt + "\n" + project))
	return hex.EncodeToString(sum[:16])
}

// apart makes a ballot of each gift, in an order that says nothing.
func apart(ballots []allocation.Ballot) []allocation.Ballot {
	gifts := []allocation.Ballot{}
	for _, b := range ballots {
		for _, choice := range b.Choices {
			if choice.Value > 0 {
				gifts = append(gifts, allocation.Ballot{Voter: GiftName(b.Voter, choice.Project), Choices: []allocation.Choice{choice}})
			}
		}
	}
	slices.SortFunc(gifts, func(a, b allocation.Ballot) int { return cmp.Compare(a.Voter, b.Voter) })
	return gifts
}

// whole is a count's input with each ballot in one.
func (c Cycle) whole(projects []Project, drawn map[string]domain.Minutes, ballots []Ballot) allocation.Instance {
	in := allocation.Instance{
		Version: allocation.Version, Method: c.Method, Cycle: c.ID.String(), Seed: c.Seed, Envelope: c.Envelope, Rule: c.Rule,
		Projects: []allocation.Project{}, Ballots: []allocation.Ballot{},
	}
	in.Rule.Roll = c.Roll
	onBallot, first := map[string]bool{}, map[domain.ID]string{}
	for _, p := range projects {
		if !p.onBallot() {
			continue
		}
		one := allocation.Project{ID: p.ID.String(), Minimum: p.Minimum, Maximum: p.Maximum, Filed: int64(p.Number)}
		switch c.Method {
		case allocation.SolidarityDraw:
			first[p.Owner] = cmp.Or(first[p.Owner], one.ID) // who asks goes by their first request
			one.Owner, one.Given = first[p.Owner], drawn[one.ID]
		case allocation.PeerEpoch:
			one.Minimum, one.Maximum = 0, 0
		case allocation.FixedKey, allocation.EqualShares, allocation.ProposalVote, allocation.DirectEnvelopes, allocation.Knapsack, allocation.Quadratic:
		}
		onBallot[one.ID] = true
		in.Projects = append(in.Projects, one)
	}
	for _, b := range ballots {
		kept := slices.DeleteFunc(slices.Clone(b.Choices), func(c allocation.Choice) bool { return !onBallot[c.Project] })
		in.Ballots = append(in.Ballots, allocation.Ballot{Voter: b.Receipt, Choices: kept})
	}
	return in
}

// approversNeeded is how many people must look at a claim that brings what is claimed of
// a grant to so many minutes, by the cycle and by the charter as it stood when voting
// began: the stricter of the two. Many small claims are looked at like a large one.
func (c Cycle) approversNeeded(m domain.Minutes, charter community.Payouts) int {
	needed := charter.Of(m)
	if m > c.TwoApproversAbove {
		needed = max(needed, 2)
	}
	return needed
}

// claimed adds up what was claimed and not declined.
func claimed(claims []Claim) (sum domain.Minutes) {
	for _, c := range claims {
		if c.Stage != Declined {
			sum += c.Minutes
		}
	}
	return sum
}

// claimable is what may still be claimed of a project, and of a milestone where one is
// named; each is claimed once.
func (p Project) claimable(earlier []Claim, milestone int) domain.Minutes {
	left := p.Granted - claimed(earlier)
	if milestone == 0 {
		return left
	}
	of := slices.DeleteFunc(slices.Clone(earlier), func(c Claim) bool { return c.Milestone != milestone })
	return min(left, p.Milestones[milestone-1].Minutes-claimed(of))
}

// Needed is how many approvals a claim takes.
func (c Claim) Needed(of Cycle) int {
	if c.Approvals > 0 {
		return c.Approvals
	}
	return of.approversNeeded(c.Minutes, community.Payouts{})
}

// report adds a cycle up. Until the count it has nothing to say of grants, and of a
// draw never of a single one. What lies there and what went back is the ledger's word.
func report(c Cycle, projects []Project, ballots []Ballot, left, returned domain.Minutes) Report {
	r := Report{Envelope: c.Envelope, Roll: c.Roll, Voters: int64(len(ballots)), Left: left, Returned: returned}
	funded := map[string]bool{}
	for _, p := range projects {
		if p.Stage == Withdrawn {
			continue
		}
		r.Projects++
		r.Granted += p.Granted
		r.PaidOut += p.Paid
		if p.Granted > 0 {
			r.FundedProjects++
			funded[p.ID.String()] = true
			r.LargestGrant = max(r.LargestGrant, p.Granted)
		}
	}
	if c.Method == allocation.SolidarityDraw {
		r.LargestGrant = 0
	}
	for _, b := range ballots {
		if slices.ContainsFunc(b.Choices, func(c allocation.Choice) bool { return c.Value > 0 && funded[c.Project] }) {
			r.VotersWithAFundedChoice++
		}
	}
	return r
}
