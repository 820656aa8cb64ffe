// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// asked draws a few people's requests, each of them perhaps with several.
func asked(t *rapid.T, people []domain.ID) []Project {
	projects := make([]Project, rapid.IntRange(0, 12).Draw(t, "requests"))
	for i := range projects {
		minimum := domain.Minutes(rapid.IntRange(1, 200).Draw(t, "minimum"))
		projects[i] = Project{
			ID: domain.NewID(), Number: i + 1, Owner: rapid.SampledFrom(people).Draw(t, "owner"), Minimum: minimum,
			Maximum: minimum + domain.Minutes(rapid.IntRange(0, 200).Draw(t, "more")), Confidential: true,
			Stage: rapid.SampledFrom([]ProjectStage{Eligible, Eligible, Eligible, Refused, Withdrawn}).Draw(t, "stage"),
		}
	}
	return projects
}

func some(n int) []domain.ID {
	people := make([]domain.ID, n)
	for i := range people {
		people[i] = domain.NewID()
	}
	return people
}

// counted is a cycle's count, which anybody who has its record can make again, and
// which names nobody.
func counted(t *rapid.T, c Cycle, in allocation.Instance, people []domain.ID) allocation.Result {
	result, err := allocation.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	record := allocation.Record{Instance: in, Result: result, Commitment: allocation.Commitment(c.ID.String(), c.Seed)}
	if err := record.Verify(); err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if bytes.Contains(in.Canonical(), []byte(p.String())) {
			t.Fatal("the record names a person")
		}
	}
	return result
}

// Whatever is asked, nobody draws more than one may in a year, what they drew before
// included, and the floor stays.
func TestADrawKeepsItsLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := some(4)
		projects, before := asked(t, people), map[domain.ID]domain.Minutes{}
		for _, p := range people {
			before[p] = domain.Minutes(rapid.IntRange(0, 300).Draw(t, "drawn before"))
		}
		c := Cycle{
			ID: domain.NewID(), Seed: "winter", Method: allocation.SolidarityDraw, Envelope: domain.Minutes(rapid.IntRange(1, 1000).Draw(t, "envelope")),
			Rule: allocation.Rule{PersonMaximum: domain.Minutes(rapid.IntRange(1, 400).Draw(t, "maximum"))},
		}
		c.Rule.Floor = domain.Minutes(rapid.IntRange(0, int(c.Envelope)-1).Draw(t, "floor"))
		drawn := map[string]domain.Minutes{}
		for _, p := range projects {
			drawn[p.ID.String()] = before[p.Owner]
		}
		result := counted(t, c, c.instance(projects, drawn, nil), people)
		if result.Left < c.Rule.Floor {
			t.Fatalf("%d are left, below the floor of %d", result.Left, c.Rule.Floor)
		}
		for _, line := range result.Lines {
			for _, p := range projects {
				if p.ID.String() != line.Project {
					continue
				}
				if !p.onBallot() || line.Minutes > 0 && (line.Minutes < p.Minimum || line.Minutes > p.Maximum) {
					t.Fatalf("%d minutes for %+v", line.Minutes, p)
				}
				if before[p.Owner] += line.Minutes; line.Minutes > 0 && before[p.Owner] > c.Rule.PersonMaximum {
					t.Fatalf("somebody drew %d of at most %d", before[p.Owner], c.Rule.PersonMaximum)
				}
			}
		}
	})
}

// Whatever peers give, it is within the envelope, none gives to themselves, and none
// receives more than the others gave.
func TestAnEpochKeepsItsLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := some(rapid.IntRange(1, 6).Draw(t, "peers"))
		c := Cycle{
			ID: domain.NewID(), Seed: "spring", Method: allocation.PeerEpoch, Envelope: domain.Minutes(rapid.IntRange(1, 200).Draw(t, "envelope")),
			Rule: allocation.Rule{Allowance: domain.Minutes(rapid.IntRange(1, 100).Draw(t, "allowance"))},
		}
		c.Rule.PairMaximum = domain.Minutes(rapid.IntRange(1, int(c.Rule.Allowance)).Draw(t, "pair"))
		projects := make([]Project, len(people))
		for i, p := range people {
			projects[i] = Project{ID: domain.NewID(), Number: i + 1, Owner: p, Minimum: 1, Maximum: c.Envelope, Stage: Eligible}
		}
		var ballots []Ballot
		given := map[string]domain.Minutes{}
		for i, p := range people {
			b := Ballot{Member: p, Receipt: domain.NewID().String()}
			left, self := c.Rule.Allowance, false
			for j, to := range projects {
				m := domain.Minutes(rapid.IntRange(0, int(min(left, c.Rule.PairMaximum))).Draw(t, "gift"))
				b.Choices = append(b.Choices, allocation.Choice{Project: to.ID.String(), Value: int64(m)})
				left -= m
				self = self || i == j && m > 0
			}
			err := c.mayCast(projects, b)
			problems, _ := domain.Problems(err)
			if self != (len(problems) == 1 && problems[0].Code == allocation.OwnBallot) || self != (err != nil) {
				t.Fatalf("to oneself: %v, and it says %v", self, err)
			}
			if self {
				continue
			}
			ballots = append(ballots, b)
			for _, choice := range b.Choices {
				given[choice.Project] += domain.Minutes(choice.Value)
			}
		}
		if err := c.mayCast(projects, Ballot{Member: domain.NewID()}); err == nil {
			t.Fatal("somebody who is no peer may give")
		}
		in := c.instance(projects, nil, ballots)
		for _, b := range ballots {
			if bytes.Contains(in.Canonical(), []byte(b.Receipt)) {
				t.Fatal("the record names a ballot")
			}
		}
		for _, b := range in.Ballots {
			if len(b.Choices) != 1 {
				t.Fatalf("%+v tells by whom it is not", b)
			}
		}
		whole, err := allocation.Run(c.whole(projects, nil, ballots))
		if err != nil {
			t.Fatal(err)
		}
		result := counted(t, c, in, people)
		if !slices.Equal(result.Lines, whole.Lines) {
			t.Fatalf("gifts apart give %+v, together %+v", result.Lines, whole.Lines)
		}
		if result.Spent > c.Envelope {
			t.Fatalf("%d of an envelope of %d", result.Spent, c.Envelope)
		}
		for _, line := range result.Lines {
			if line.Minutes > given[line.Project] {
				t.Fatalf("%d minutes, of %d that were given", line.Minutes, given[line.Project])
			}
		}
	})
}

// A cycle has the limits that its method needs, and no others.
func TestEachMethodHasItsOwnLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := func(name string) domain.Minutes { return domain.Minutes(rapid.IntRange(-1, 40).Draw(t, name)) }
		r := allocation.Rule{Floor: limit("floor"), PersonMaximum: limit("person"), Allowance: limit("allowance"), PairMaximum: limit("pair")}
		method, envelope := rapid.SampledFrom(CycleMethods()).Draw(t, "method"), domain.Minutes(30)
		none := allocation.Rule{}
		good := r == none
		switch method {
		case allocation.SolidarityDraw:
			good = r.Floor >= 0 && r.Floor < envelope && r.PersonMaximum > 0 && r.Allowance == 0 && r.PairMaximum == 0
		case allocation.PeerEpoch:
			good = r.Floor == 0 && r.PersonMaximum == 0 && r.PairMaximum > 0 && r.PairMaximum <= r.Allowance
		case allocation.FixedKey, allocation.EqualShares, allocation.ProposalVote, allocation.DirectEnvelopes, allocation.Knapsack, allocation.Quadratic:
		}
		var c domain.Check
		if checkRule(&c, method, r, envelope); good != (c.Err() == nil) {
			t.Fatalf("%s with %+v: %v", method, r, c.Err())
		}
	})
}

// A request is seen by whoever asks and by those who run cycles.
func TestARequestIsBetweenTheFew(t *testing.T) {
	t.Parallel()
	anna, other := domain.NewID(), domain.NewID()
	for _, c := range []struct {
		who          domain.Standing
		request, any bool
	}{
		{domain.Standing{}, false, false},
		{domain.Standing{Member: other, Admitted: true}, false, true},
		{domain.Standing{Member: anna, Admitted: true}, true, true},
		{domain.Standing{Member: anna}, false, false}, // who left
		{domain.Standing{Member: other, Admitted: true, Roles: []domain.Role{domain.Coordinator}}, true, true},
		{domain.Standing{Member: other, Admitted: true, Roles: []domain.Role{domain.Treasurer, domain.Moderator}}, false, true},
	} {
		if got := (Project{Owner: anna, Confidential: true}).VisibleTo(c.who); got != c.request {
			t.Errorf("a request, for %+v: %v", c.who, got)
		}
		if got := (Project{Owner: anna}).VisibleTo(c.who); got != c.any {
			t.Errorf("a project, for %+v: %v", c.who, got)
		}
	}
}
