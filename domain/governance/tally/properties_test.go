// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawn is an instance of any kind, with colleges now and then.
func drawn(t *rapid.T, kinds ...Ballot) Instance {
	kind := rapid.SampledFrom(kinds).Draw(t, "ballot")
	options := 0
	if kind != YesNoAbstain {
		options = rapid.IntRange(2, 5).Draw(t, "options")
	}
	in := about(kind, options)
	in.Seed = rapid.StringN(0, 4, 4).Draw(t, "seed")
	in.Rule.Denominator = rapid.SampledFrom([]Denominator{Cast, Expressed, Entitled, Present}).Draw(t, "denominator")
	in.Rule.Quorum = Part{rapid.Int64Range(0, 10).Draw(t, "quorum"), 10}
	in.Rule.Ranking = rapid.SampledFrom([]Ranking{InstantRunoff, Schulze}).Draw(t, "ranking")
	in.Rule.Envelope = 600
	for i := range in.Options {
		in.Options[i].Minutes = 100 * (1 + in.Rule.Envelope%7)
	}
	if kind == YesNoAbstain {
		in.Rule.Majority, in.Rule.AtLeast = rapid.SampledFrom([]Part{{1, 2}, {2, 3}, {1, 1}}).Draw(t, "majority"), rapid.Bool().Draw(t, "atLeast")
		if rapid.Bool().Draw(t, "colleges") {
			in.Rule.Report = rapid.SampledFrom([]Report{Proportional, ByMajority, ByThreshold}).Draw(t, "report")
			in.Rule.Threshold = Part{2, 3}
			for i, w := range []int64{4000, 2500, 2500, 1000} {
				in.Colleges = append(in.Colleges, College{ID: fmt.Sprint(i), Weight: w})
			}
		}
	}
	for range rapid.IntRange(0, 20).Draw(t, "voters") {
		in.adds(in.paper(t), t)
	}
	for range rapid.IntRange(0, 5).Draw(t, "silent") {
		in.silent(t)
	}
	return in
}

// adds is a voter who votes; silent one who does not.
func (in *Instance) adds(p Paper, t *rapid.T) {
	college := in.silent(t)
	in.Votes = append(in.Votes, Vote{Receipt: fmt.Sprintf("r%03d", len(in.Votes)), College: college, Paper: p})
}

func (in *Instance) silent(t *rapid.T) string {
	in.Roll++
	if len(in.Colleges) == 0 {
		return ""
	}
	in.Colleges = slices.Clone(in.Colleges)
	i := rapid.IntRange(0, len(in.Colleges)-1).Draw(t, "college")
	in.Colleges[i].Entitled++
	return in.Colleges[i].ID
}

func (in *Instance) paper(t *rapid.T) (p Paper) {
	if in.Rule.Ballot == YesNoAbstain {
		return Paper{Choice: rapid.SampledFrom([]Choice{Yes, No, Abstain}).Draw(t, "choice")}
	}
	for _, o := range in.Options {
		low, high := int64(0), int64(1)
		switch in.Rule.Ballot {
		case Score:
			low, high = -2, 2
		case Ranked:
			high = int64(len(in.Options))
		case Approval, Budget, YesNoAbstain:
		}
		if v := rapid.Int64Range(low, high).Draw(t, o.ID); v != 0 || in.Rule.Ballot == Score {
			p.Marks = append(p.Marks, Mark{o.ID, v})
		}
	}
	return p
}

func mustCount(t *rapid.T, in Instance) Result {
	r, err := Count(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheOrderOfBallotsNeverMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t, YesNoAbstain, Approval, Score, Ranked, Budget)
		first := mustCount(t, in)
		in.Votes = rapid.Permutation(in.Votes).Draw(t, "order")
		if again := mustCount(t, in); !reflect.DeepEqual(first, again) {
			t.Fatalf("%+v\nthen %+v", first, again)
		}
	})
}

// One more who says yes to what was adopted, or who thought otherwise before,
// never undoes it: yes and no, approvals and scores promise this. (A runoff does
// not: see TestRunoffIsNotMonotonic…)
func TestASupporterNeverHurts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t, YesNoAbstain, Approval, Score)
		before := mustCount(t, in)
		if before.Verdict != Adopted {
			t.Skip("nothing was adopted")
		}
		var p Paper
		if in.Rule.Ballot == YesNoAbstain {
			p.Choice = Yes
		}
		for _, o := range in.Options {
			switch {
			case slices.Contains(before.Chosen, o.ID):
				p.Marks = append(p.Marks, Mark{o.ID, map[Ballot]int64{Approval: 1, Score: 2}[in.Rule.Ballot]})
			case in.Rule.Ballot == Score:
				p.Marks = append(p.Marks, Mark{o.ID, -2})
			}
		}
		in.Votes = slices.Clone(in.Votes)
		if rapid.Bool().Draw(t, "a convert") && len(in.Votes) > 0 {
			in.Votes[rapid.IntRange(0, len(in.Votes)-1).Draw(t, "who")].Paper = p
		} else if len(in.Colleges) > 0 || rapid.Bool().Draw(t, "from the silent") {
			i := slices.IndexFunc(in.Colleges, func(c College) bool { return c.Entitled > voted(in, c.ID) })
			if int64(len(in.Votes)) == in.Roll || (len(in.Colleges) > 0 && i < 0) {
				t.Skip("everybody voted")
			}
			v := Vote{Receipt: "new", Paper: p}
			if len(in.Colleges) > 0 {
				v.College = in.Colleges[i].ID
			}
			in.Votes = append(in.Votes, v)
		} else {
			in.Roll++
			in.Votes = append(in.Votes, Vote{Receipt: "new", Paper: p})
			if Needed(in.Rule.Quorum, in.Roll) > int64(len(in.Votes)) {
				t.Skip("a larger roll asks for more")
			}
		}
		if after := mustCount(t, in); after.Verdict != Adopted || !slices.Equal(after.Chosen, before.Chosen) {
			t.Fatalf("%+v\nthen %+v", before, after)
		}
	})
}

func voted(in Instance, college string) (n int64) {
	for _, v := range in.Votes {
		if v.College == college {
			n++
		}
	}
	return n
}

// A ranking that puts the winner first keeps it the winner by Schulze.
func TestRaisingTheWinnerNeverHurtsBySchulze(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t, Ranked)
		in.Rule.Ranking, in.Rule.Denominator = Schulze, Expressed
		before := mustCount(t, in)
		if before.Verdict != Adopted {
			t.Skip("nothing was chosen")
		}
		in.Votes = slices.Clone(in.Votes)
		who := rapid.IntRange(0, len(in.Votes)-1).Draw(t, "who")
		raised := Paper{Marks: []Mark{{before.Chosen[0], 1}}}
		for _, m := range in.Votes[who].Marks {
			if m.Option != before.Chosen[0] {
				raised.Marks = append(raised.Marks, Mark{m.Option, min(m.Value+1, int64(len(in.Options)))})
			}
		}
		if slices.ContainsFunc(in.Votes[who].Marks, func(m Mark) bool { return m.Value == int64(len(in.Options)) }) {
			t.Skip("no room below")
		}
		in.Votes[who].Paper = raised
		if after := mustCount(t, in); !slices.Equal(after.Chosen, before.Chosen) {
			t.Fatalf("%+v\nthen %+v", before, after)
		}
	})
}

// The quorum is the least whole number that reaches the part.
func TestAQuorumIsRoundedUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.Int64Range(1, 10_000).Draw(t, "den")
		q := Part{rapid.Int64Range(0, den).Draw(t, "num"), den}
		roll := rapid.Int64Range(0, 1<<40).Draw(t, "roll")
		n := Needed(q, roll)
		exact := new(big.Rat).Mul(q.rat(), big.NewRat(roll, 1))
		if big.NewRat(n, 1).Cmp(exact) < 0 || big.NewRat(n-1, 1).Cmp(exact) >= 0 {
			t.Fatalf("%d of %d at %s", n, roll, q)
		}
	})
}

// Shares are exact: what each college's ballots weigh adds up to its weight, and
// all of them to 100, when everybody expresses something.
func TestSharesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t, YesNoAbstain)
		in.Rule.Denominator = Cast
		in.Rule.Report = Proportional
		r := mustCount(t, in)
		sum, part := new(big.Rat), new(big.Rat)
		for _, l := range r.Lines {
			part.SetString(l.Share)
			sum.Add(sum, part)
		}
		silent := slices.ContainsFunc(r.Colleges, func(b Body) bool { return b.Entitled > 0 && b.Turnout == 0 })
		want := big.NewRat(1, 1)
		if len(in.Votes) == 0 {
			want.SetInt64(0)
		}
		if !silent && sum.Cmp(want) != 0 {
			t.Fatalf("the shares add up to %s: %+v", sum, r)
		}
		if sum.Cmp(want) > 0 {
			t.Fatalf("the shares add up to more than the whole: %s", sum)
		}
	})
}

// What verifies goes on verifying, whatever the kind.
func TestEveryRecordVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawn(t, YesNoAbstain, Approval, Score, Ranked, Budget)
		if err := (Record{in, mustCount(t, in)}).Verify(); err != nil {
			t.Fatal(err)
		}
	})
}
