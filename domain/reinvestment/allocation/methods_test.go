// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// saying makes one voter's ballot: "ana garden 30 shed 10".
func saying(ballots ...string) (out []allocation.Ballot) {
	for _, text := range ballots {
		words := strings.Fields(text)
		b := allocation.Ballot{Voter: words[0]}
		for i := 1; i < len(words); i += 2 {
			var value int64
			_, _ = fmt.Sscan(words[i+1], &value)
			b.Choices = append(b.Choices, allocation.Choice{Project: words[i], Value: value})
		}
		out = append(out, b)
	}
	return out
}

// between makes projects with a minimum and a maximum: "garden 20 60".
func between(list ...string) (projects []allocation.Project) {
	for i, entry := range list {
		p := allocation.Project{Filed: int64(i)}
		_, _ = fmt.Sscan(entry, &p.ID, &p.Minimum, &p.Maximum)
		projects = append(projects, p)
	}
	return projects
}

// told is a result in a line: "garden 60 VOTED 1; shed 0 ENVELOPE_SPENT".
func told(r allocation.Result) string {
	var parts []string
	for _, line := range r.Lines {
		part := fmt.Sprintf("%s %d %s", line.Project, line.Minutes, line.Cause)
		if line.Missing > 0 {
			part += fmt.Sprintf(" −%d", line.Missing)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func TestEachMethod(t *testing.T) {
	t.Parallel()
	asking := func(list ...string) []allocation.Project {
		projects := between(list...)
		for i, owner := range []string{"ana", "ben", "ana", "cleo"} {
			if i < len(projects) {
				projects[i].Owner = owner
			}
		}
		projects[1].Given = 500
		return projects
	}
	for _, c := range []struct {
		name string
		in   allocation.Instance
		told string
	}{
		{
			"a fixed key gives the odd minutes to the largest remainders, then to what was filed first",
			allocation.Instance{Method: allocation.FixedKey, Envelope: 100, Projects: between("reserve", "projects", "solidarity", "federation"), Ballots: saying("policy reserve 3333 projects 3333 solidarity 3334 federation 0")},
			"reserve 33 BY_KEY; projects 33 BY_KEY; solidarity 34 BY_KEY; federation 0 NO_SUPPORT",
		},
		{
			"a proposal needs its quorum and more yes than no; what does not fit is passed over",
			allocation.Instance{
				Method: allocation.ProposalVote, Envelope: 100, Rule: allocation.Rule{Roll: 9, Quorum: 3334},
				Projects: between("roof 70 70", "oven 60 60", "radio 20 30", "pool 10 10", "flag 5 5"),
				Ballots:  saying("ana roof 1 oven 1 radio 1 pool -1 flag 1", "ben roof 1 oven 1 radio -1 pool 1", "cleo roof 1 oven 0 radio 1 pool 0", "dan roof 1 oven 1 radio 1 pool 0", "eve oven -1 flag 0"),
			},
			"roof 70 VOTED; oven 0 ENVELOPE_SPENT −30; radio 30 VOTED; pool 0 NO_MAJORITY; flag 0 QUORUM_MISSED",
		},
		{
			"an envelope that misses its minimum goes back, one above its maximum is cut",
			allocation.Instance{
				Method: allocation.DirectEnvelopes, Envelope: 120, Rule: allocation.Rule{Roll: 3},
				Projects: between("garden 30 50", "shed 40 90", "book 10 10"), Ballots: saying("ana garden 40", "ben garden 20 book 20", "cleo shed 39"),
			},
			"garden 50 GIVEN; shed 0 MINIMUM_MISSED −1; book 10 GIVEN",
		},
		{
			"knapsack: most votes until spent, the same number by filing, towards the maximum at the end",
			allocation.Instance{
				Method: allocation.Knapsack, Envelope: 100, Projects: between("a 60 60", "b 50 50", "c 30 45", "d 10 10"),
				Ballots: saying("ana a 1 b 1", "ben a 1 b 1", "cleo a 1 b 1 c 1"),
			},
			"a 60 VOTED; b 0 ENVELOPE_SPENT −10; c 40 VOTED; d 0 NO_SUPPORT",
		},
		{
			"quadratic ranks priorities and pays nothing",
			allocation.Instance{Method: allocation.Quadratic, Envelope: 100, Projects: between("a", "b", "c"), Ballots: saying("ana a 9 b -4", "ben b 7 c 7")},
			"a 0 RANKED; b 0 RANKED; c 0 RANKED",
		},
		{
			"solidarity serves in order, what each needs first, down to the pool's floor, up to the person's year",
			allocation.Instance{
				Method: allocation.SolidarityDraw, Envelope: 700, Rule: allocation.Rule{Floor: 100, PersonMaximum: 600},
				Projects: asking("first 60 400", "second 120 120", "third 60 300", "fourth 20 90"),
			},
			"first 400 SERVED; second 0 YEARLY_MAXIMUM −20; third 180 SERVED; fourth 20 SERVED",
		},
		{
			"peers give from equal allowances; together more than the envelope, all are cut alike",
			allocation.Instance{
				Method: allocation.PeerEpoch, Envelope: 50, Rule: allocation.Rule{Allowance: 30, PairMaximum: 20},
				Projects: between("ana", "ben", "cleo"), Ballots: saying("ana ben 20 cleo 10", "ben cleo 20", "cleo ana 10"),
			},
			"ana 8 GIVEN; ben 17 GIVEN; cleo 25 GIVEN",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := allocate(t, c.in)
			if got := told(r); got != c.told {
				t.Errorf("got  %s\nwant %s", got, c.told)
			}
			if r.Spent+r.Left != c.in.Envelope || r.Left < 0 {
				t.Errorf("%d spent and %d left of %d", r.Spent, r.Left, c.in.Envelope)
			}
		})
	}
}

func TestBallotsThatAreRefused(t *testing.T) {
	t.Parallel()
	town := func(m allocation.Method, r allocation.Rule) allocation.Instance {
		projects := between("a 10 20", "b 10 20")
		projects[0].Owner = "ana"
		return allocation.Instance{Method: m, Envelope: 90, Rule: r, Projects: projects}
	}
	for name, c := range map[string]struct {
		in     allocation.Instance
		ballot string
		code   domain.Code
		field  string
	}{
		"six points":               {town(allocation.EqualShares, allocation.Rule{}), "ana a 6", allocation.ChoiceOutOfRange, "choices.0.value"},
		"a project of elsewhere":   {town(allocation.EqualShares, allocation.Rule{}), "ana a 1 z 1", allocation.ProjectUnknown, "choices.1.project"},
		"the same project twice":   {town(allocation.EqualShares, allocation.Rule{}), "ana a 1 a 1", allocation.ChoiceTwice, "choices.1.project"},
		"more credits than 100":    {town(allocation.Quadratic, allocation.Rule{}), "ana a 8 b -7", allocation.BallotOverspent, "choices"},
		"more than one's envelope": {town(allocation.DirectEnvelopes, allocation.Rule{Roll: 3}), "ana a 20 b 11", allocation.BallotOverspent, "choices"},
		"more than the allowance":  {town(allocation.PeerEpoch, allocation.Rule{Allowance: 30}), "ben a 20 b 11", allocation.BallotOverspent, "choices"},
		"more than the pair's cap": {town(allocation.PeerEpoch, allocation.Rule{Allowance: 30, PairMaximum: 5}), "ben a 6", allocation.ChoiceOutOfRange, "choices.0.value"},
		"to oneself":               {town(allocation.PeerEpoch, allocation.Rule{Allowance: 30}), "ana a 5", allocation.OwnBallot, "choices.0.project"},
		"a key of 99 %":            {town(allocation.FixedKey, allocation.Rule{}), "policy a 5000 b 4900", allocation.KeyIncomplete, "choices"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.in.CheckBallot(saying(c.ballot)[0])
			problems, _ := domain.Problems(err)
			if len(problems) != 1 || problems[0].Code != c.code || problems[0].Field != c.field {
				t.Errorf("%v, want %s at %s", err, c.code, c.field)
			}
		})
	}
}

func TestWrongInstancesNameEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := allocation.Run(allocation.Instance{
		Method: "COIN_TOSS", Envelope: -1, Rule: allocation.Rule{Quorum: 10_001},
		Projects: between("a 1 2", "a 1 2"), Ballots: saying("ana a 0", "ana a 0"),
	})
	for _, code := range []domain.Code{allocation.MethodUnknown, allocation.EnvelopeInvalid, allocation.RuleInvalid, allocation.ProjectTwice, allocation.VoterTwice} {
		if !errors.Is(err, code) {
			t.Errorf("%v does not name %s", err, code)
		}
	}
}

// More money never takes away what was granted, under the methods that promise
// it: what was given or asked for stays the same, only the chest is fuller.
func TestAddingMoneyNeverUnfunds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyVote(t, rapid.SampledFrom([]allocation.Method{
			allocation.PeerEpoch, allocation.FixedKey, allocation.DirectEnvelopes, allocation.Quadratic,
		}).Draw(t, "method"))
		before := allocate(t, in)
		in.Envelope += domain.Minutes(rapid.IntRange(1, 500).Draw(t, "more"))
		after := allocate(t, in)
		for i, line := range before.Lines {
			// The odd minute of a key may move: largest remainders are not monotone to the minute.
			if line.Minutes > 1 && after.Lines[i].Minutes == 0 {
				t.Fatalf("%+v became %+v", line, after.Lines[i])
			}
			if in.Method == allocation.Quadratic && line.Place != after.Lines[i].Place { // which pays nothing, and ranks
				t.Fatalf("%+v is placed %+v", line, after.Lines[i])
			}
		}
	})
}

// The methods that promise no such thing, each with its smallest example: a fuller chest
// has room for the larger project, which more people want or somebody asked for first,
// and the smaller one that alone had fitted before is left out.
func TestMoreMoneyCanUnfundWhereNothingElseIsPromised(t *testing.T) {
	t.Parallel()
	large := between("oven 100 100", "bench 60 60")
	large[0].Owner, large[1].Owner = "ana", "ben"
	yes := saying("v1 oven 1 bench 1", "v2 oven 1 bench 1", "v3 oven 1")
	for _, in := range []allocation.Instance{
		{Method: allocation.Knapsack, Ballots: yes},
		{Method: allocation.ProposalVote, Ballots: yes, Rule: allocation.Rule{Roll: 3}},
		{Method: allocation.EqualShares, Ballots: yes, Rule: allocation.Rule{Utility: allocation.PerMinute}},
		{Method: allocation.SolidarityDraw, Ballots: []allocation.Ballot{}, Rule: allocation.Rule{PersonMaximum: 500}},
	} {
		in.Version, in.Projects, in.Envelope = allocation.Version, large, 60
		less := allocate(t, in)
		in.Envelope = 100
		more := allocate(t, in)
		granted := func(r allocation.Result) [2]domain.Minutes {
			return [2]domain.Minutes{r.Lines[0].Minutes, r.Lines[1].Minutes}
		}
		if granted(less) != [2]domain.Minutes{0, 60} || granted(more) != [2]domain.Minutes{100, 0} {
			t.Errorf("%s: with 60 %s; with 100 %s", in.Method, told(less), told(more))
		}
	}
}

func TestSplitAlwaysAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := domain.Minutes(rapid.IntRange(0, 1_000_000).Draw(t, "total"))
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000_000), 1, 20).Draw(t, "weights")
		rank := make([]int, len(weights))
		var sum int64
		for i, w := range weights {
			rank[i] = i
			sum += w
		}
		parts := allocation.Split(total, weights, rank)
		var got domain.Minutes
		for i, part := range parts {
			got += part
			if exact := float64(total) * float64(weights[i]) / float64(max(sum, 1)); float64(part) < exact-1.001 || float64(part) > exact+1.001 || (weights[i] == 0 && part != 0) {
				t.Fatalf("%d of %d with weight %d of %d", part, total, weights[i], sum)
			}
		}
		if sum > 0 && got != total {
			t.Fatalf("%v makes %d of %d", parts, got, total)
		}
	})
	equal := allocation.Split(10, []int64{1, 1, 1}, []int{2, 0, 1})
	if !slices.Equal(equal, []domain.Minutes{3, 4, 3}) {
		t.Error(equal, "the odd minute belongs to the lowest rank")
	}
}
