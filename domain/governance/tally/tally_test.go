// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain"
)

func half() Part { return Part{1, 2} }

// about is a decision on options called A, B, C and so on.
func about(ballot Ballot, options int) Instance {
	in := Instance{Version: Version, Decision: "d", Rule: Rule{Ballot: ballot, Denominator: Expressed, Quorum: Part{0, 1}, Majority: Part{0, 1}, Seats: 1}}
	for i := range options {
		in.Options = append(in.Options, Option{ID: string(rune('A' + i)), Label: string(rune('A' + i))})
	}
	return in
}

// yesNo is a vote of so many.
func yesNo(yes, no, abstain int, roll int64, rule Rule) Instance {
	rule.Ballot, rule.Seats = YesNoAbstain, 1
	if rule.Denominator == "" {
		rule.Denominator = Expressed
	}
	if rule.Majority.Den == 0 {
		rule.Majority = half()
	}
	if rule.Quorum.Den == 0 {
		rule.Quorum = Part{0, 1}
	}
	in := Instance{Version: Version, Decision: "d", Rule: rule, Roll: roll}
	for choice, n := range map[Choice]int{Yes: yes, No: no, Abstain: abstain} {
		for range n {
			in.votes(Paper{Choice: choice})
		}
	}
	return in
}

func (in *Instance) votes(p Paper) *Instance {
	in.Votes = append(in.Votes, Vote{Receipt: fmt.Sprintf("r%06d", len(in.Votes)), Paper: p})
	in.Roll = max(in.Roll, int64(len(in.Votes)))
	return in
}

// ranks adds n ballots such as "A>B=C".
func (in *Instance) ranks(n int, order string) *Instance {
	var p Paper
	for place, together := range strings.Split(order, ">") {
		for o := range strings.SplitSeq(together, "=") {
			p.Marks = append(p.Marks, Mark{o, int64(place + 1)})
		}
	}
	for range n {
		in.votes(p)
	}
	return in
}

// scores adds n ballots with a score for each option in turn.
func (in *Instance) scores(n int, values ...int64) *Instance {
	var p Paper
	for i, v := range values {
		p.Marks = append(p.Marks, Mark{in.Options[i].ID, v})
	}
	for range n {
		in.votes(p)
	}
	return in
}

// approves adds n ballots for the options in a word.
func (in *Instance) approves(n int, options string) *Instance {
	var p Paper
	for _, o := range options {
		p.Marks = append(p.Marks, Mark{string(o), 1})
	}
	for range n {
		in.votes(p)
	}
	return in
}

func counted(t *testing.T, in Instance) Result {
	t.Helper()
	r, err := Count(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func expect(t *testing.T, in Instance, verdict Verdict, chosen ...string) Result {
	t.Helper()
	r := counted(t, in)
	if r.Verdict != verdict || !slices.Equal(r.Chosen, append([]string{}, chosen...)) {
		t.Errorf("%s %v, want %s %v: %+v", r.Verdict, r.Chosen, verdict, chosen, r)
	}
	return r
}

func TestYesAndNo(t *testing.T) {
	third := Rule{Quorum: Part{1, 3}}
	twoThirds := Rule{Majority: Part{2, 3}, AtLeast: true}
	for name, row := range map[string]struct {
		in   Instance
		want Verdict
	}{
		"more yes than no":                                  {yesNo(3, 2, 9, 14, Rule{}), Adopted},
		"as many: keep discussing":                          {yesNo(3, 3, 1, 10, Rule{}), Tied},
		"nobody said yes":                                   {yesNo(0, 0, 5, 10, Rule{}), Rejected},
		"nobody came":                                       {yesNo(0, 0, 0, 10, Rule{}), Rejected},
		"abstentions count among all cast":                  {yesNo(5, 3, 2, 10, Rule{Denominator: Cast}), Rejected},
		"silence is no yes among all entitled":              {yesNo(5, 0, 0, 10, Rule{Denominator: Entitled}), Rejected},
		"but more than half is":                             {yesNo(6, 0, 0, 10, Rule{Denominator: Entitled}), Adopted},
		"two thirds, reached exactly":                       {yesNo(4, 2, 0, 6, twoThirds), Adopted},
		"two thirds, missed by one":                         {yesNo(3, 2, 0, 6, twoThirds), Rejected},
		"a third of ten is four":                            {yesNo(3, 0, 0, 10, third), NoQuorum},
		"abstentions count for the quorum":                  {yesNo(1, 0, 3, 10, third), Adopted},
		"a second call asks for none":                       {yesNo(1, 0, 0, 10, Rule{Quorum: Part{1, 3}, Waived: true}), Adopted},
		"nobody on the roll":                                {yesNo(0, 0, 0, 0, third), NoQuorum},
		"nobody on the roll, no quorum either":              {yesNo(0, 0, 0, 0, Rule{}), NoQuorum},
		"present, in a meeting: those who did not vote too": {with(yesNo(5, 3, 0, 20, Rule{Denominator: Present}), func(in *Instance) { in.Present = 11 }), Rejected},
		"conflicts leave the denominator":                   {with(yesNo(5, 0, 0, 10, Rule{Denominator: Entitled}), func(in *Instance) { in.Conflicted = 1 }), Adopted},
		"and the quorum's":                                  {with(yesNo(3, 0, 0, 10, third), func(in *Instance) { in.Conflicted = 1 }), Adopted},
	} {
		t.Run(name, func(t *testing.T) {
			if r := counted(t, row.in); r.Verdict != row.want {
				t.Errorf("%s, want %s: %+v", r.Verdict, row.want, r)
			}
		})
	}
}

func with(in Instance, change func(*Instance)) Instance {
	change(&in)
	return in
}

// Options that share the last seat, or have nothing above zero, are not chosen.
func TestChoosingAmongOptions(t *testing.T) {
	in := about(Approval, 3)
	in.approves(3, "A").approves(2, "AB").approves(4, "C").approves(1, "")
	r := expect(t, in, Adopted, "A")
	if r.Lines[0].Weight != "5" || r.Lines[0].Share != "5/9" || r.Expressed != 9 || r.Turnout != 10 {
		t.Errorf("%+v", r)
	}
	in.Rule.Majority = Part{3, 5}
	expect(t, in, Rejected)
	in.Rule.Majority, in.Rule.Seats = Part{0, 1}, 2
	expect(t, in, Adopted, "A", "C")

	tied := about(Approval, 3)
	tied.approves(2, "A").approves(1, "B").approves(1, "C")
	tied.Rule.Seats = 2
	expect(t, tied, Tied)

	score := about(Score, 2)
	score.scores(3, 2, -1).scores(1, -2, 2)
	expect(t, score, Adopted, "A")
	nobody := about(Score, 1)
	nobody.scores(1, 2).scores(2, -1)
	expect(t, nobody, Rejected)
}

// An envelope goes down the list; what stands equal is taken together or not.
func TestABudget(t *testing.T) {
	in := about(Budget, 4)
	in.Rule.Envelope = 600
	for i, m := range []domain.Minutes{300, 200, 200, 100} {
		in.Options[i].Minutes = m
	}
	in.approves(4, "A").approves(2, "BC").approves(1, "D")
	r := expect(t, in, Adopted, "A", "D")
	if r.Spent != 400 {
		t.Errorf("%d minutes spent", r.Spent)
	}
}

// Memphis 42, Nashville 26, Chattanooga 15, Knoxville 17.
func tennessee(ranking Ranking) Instance {
	in := about(Ranked, 0)
	in.Rule.Ranking = ranking
	for _, city := range []string{"Memphis", "Nashville", "Chattanooga", "Knoxville"} {
		in.Options = append(in.Options, Option{ID: city, Label: city})
	}
	in.ranks(42, "Memphis>Nashville>Chattanooga>Knoxville").ranks(26, "Nashville>Chattanooga>Knoxville>Memphis").
		ranks(15, "Chattanooga>Knoxville>Nashville>Memphis").ranks(17, "Knoxville>Chattanooga>Nashville>Memphis")
	return in
}

// Source: the capital of Tennessee, en.wikipedia.org/wiki/Instant-runoff_voting.
func TestRunoffTennesseeWikipediaInstantRunoffVoting(t *testing.T) {
	r := expect(t, tennessee(InstantRunoff), Adopted, "Knoxville")
	if len(r.Rounds) != 3 || r.Rounds[0].Out[0] != "Chattanooga" || r.Rounds[1].Out[0] != "Nashville" || r.Lines[0].Weight != "58" {
		t.Errorf("%+v", r.Rounds)
	}
}

// Source: the capital of Tennessee, en.wikipedia.org/wiki/Condorcet_method.
func TestSchulzeTennesseeWikipediaCondorcetMethod(t *testing.T) {
	r := expect(t, tennessee(Schulze), Adopted, "Nashville")
	if r.Duels[1][0] != "58" || r.Duels[1][2] != "68" || r.Duels[1][3] != "68" {
		t.Errorf("%v", r.Duels)
	}
}

// Source: P. Tannenbaum, Excursions in Modern Mathematics, as told at
// users.cs.duke.edu/~elk27/courses/DiscreteModels/Fall22.
func TestRunoffIsNotMonotonicTannenbaumExcursionsInModernMathematics(t *testing.T) {
	in := about(Ranked, 3)
	in.Rule.Ranking = InstantRunoff
	in.ranks(7, "A>B>C").ranks(8, "B>C>A").ranks(10, "C>A>B")
	friends := with(in, func(in *Instance) { in.Votes = slices.Clone(in.Votes) })
	expect(t, *in.ranks(4, "A>C>B"), Adopted, "C")
	expect(t, *friends.ranks(4, "C>A>B"), Adopted, "B") // who wanted C even more made C lose
}

// Source: P. Straffin, Topics in the Theory of Voting (1980).
func TestRunoffStraffinTopicsInTheTheoryOfVoting(t *testing.T) {
	in := about(Ranked, 3)
	in.Rule.Ranking = InstantRunoff
	in.ranks(6, "A>B>C").ranks(2, "B>A>C").ranks(4, "B>C>A").ranks(5, "C>A>B")
	expect(t, in, Adopted, "A")
}

// Source: M. Schulze, Social Choice and Welfare 36 (2011), section 3, example 1 as
// told at en.wikipedia.org/wiki/Schulze_method: 45 voters, E > A > C > B > D.
func TestSchulzeFortyFiveVotersSchulze2011(t *testing.T) {
	in := about(Ranked, 5)
	in.Rule.Ranking = Schulze
	for _, b := range []struct {
		n     int
		order string
	}{{5, "ACBED"}, {5, "ADECB"}, {8, "BEDAC"}, {3, "CABED"}, {7, "CAEBD"}, {2, "CBADE"}, {7, "DCEBA"}, {8, "EBADC"}} {
		in.ranks(b.n, strings.Join(strings.Split(b.order, ""), ">"))
	}
	r := expect(t, in, Adopted, "E")
	var order strings.Builder
	for _, l := range r.Lines {
		order.WriteString(l.Option)
	}
	if order.String() != "EACBD" {
		t.Errorf("the order is %s", order.String())
	}
	duels := [][]string{{"0", "20", "26", "30", "22"}, {"25", "0", "16", "33", "18"}, {"19", "29", "0", "17", "24"}, {"15", "12", "28", "0", "14"}, {"23", "27", "21", "31", "0"}}
	paths := [][]string{{"0", "28", "28", "30", "24"}, {"25", "0", "28", "33", "24"}, {"25", "29", "0", "29", "24"}, {"25", "28", "28", "0", "24"}, {"25", "28", "28", "31", "0"}}
	if fmt.Sprint(r.Duels) != fmt.Sprint(duels) || fmt.Sprint(r.Paths) != fmt.Sprint(paths) {
		t.Errorf("duels %v\npaths %v", r.Duels, r.Paths)
	}
}

// Source: Condorcet, Essai sur l'application de l'analyse (1785): each of three is
// preferred to the next by two of three voters.
func TestSchulzeParadoxCondorcet1785(t *testing.T) {
	in := about(Ranked, 3)
	in.Rule.Ranking = Schulze
	in.ranks(1, "A>B>C").ranks(1, "B>C>A").ranks(1, "C>A>B")
	expect(t, in, Tied)
}

// Source: the capital of Tennessee, en.wikipedia.org/wiki/Approval_voting: each
// voter approves of the two nearest cities.
func TestApprovalTennesseeWikipediaApprovalVoting(t *testing.T) {
	in := about(Approval, 4)
	in.approves(42, "AB").approves(26, "BC").approves(15, "CD").approves(17, "DC")
	r := expect(t, in, Adopted, "B")
	if r.Lines[0].Voters != 68 {
		t.Errorf("%+v", r.Lines)
	}
}

// colleges is a vote of three, each with yes, no and entitled.
func colleges(rule Rule, each ...[4]int64) Instance {
	in := yesNo(0, 0, 0, 0, rule)
	for i, c := range each {
		id := string(rune('A' + i))
		in.Colleges = append(in.Colleges, College{ID: id, Name: id, Weight: 100 * c[0], Entitled: c[3]})
		in.Roll += c[3]
		for k := range c[1] + c[2] {
			choice := Yes
			if k >= c[1] {
				choice = No
			}
			in.Votes = append(in.Votes, Vote{Receipt: fmt.Sprintf("%s%d", id, k), College: id, Paper: Paper{Choice: choice}})
		}
	}
	return in
}

func TestColleges(t *testing.T) {
	for name, row := range map[string]struct {
		in    Instance
		want  Verdict
		share string
	}{
		"each divides its weight": {colleges(Rule{}, [4]int64{40, 3, 1, 5}, [4]int64{35, 0, 2, 5}, [4]int64{25, 2, 1, 5}), Rejected, "7/15"}, // 30 + 0 + 16 2/3
		"or gives it whole":       {colleges(Rule{Report: ByMajority}, [4]int64{40, 3, 1, 5}, [4]int64{35, 0, 2, 5}, [4]int64{25, 2, 1, 5}), Adopted, "13/20"},
		"or whole from three quarters on": {colleges(Rule{Report: ByThreshold, Threshold: Part{3, 4}},
			[4]int64{40, 3, 1, 5}, [4]int64{35, 0, 2, 5}, [4]int64{25, 2, 1, 5}), Adopted, "17/30"}, // 40 + 0 + 16 2/3
		"an empty one is shared out":     {colleges(Rule{}, [4]int64{30, 2, 1, 3}, [4]int64{30, 2, 0, 2}, [4]int64{30, 0, 1, 2}, [4]int64{10, 0, 0, 0}), Adopted, "5/9"},
		"too heavy for the others":       {colleges(Rule{}, [4]int64{50, 2, 1, 3}, [4]int64{20, 2, 0, 2}, [4]int64{20, 0, 1, 2}, [4]int64{10, 0, 0, 0}), Void, "16/27"},
		"two are too few":                {colleges(Rule{}, [4]int64{40, 2, 0, 3}, [4]int64{40, 2, 0, 2}, [4]int64{20, 0, 0, 0}), Void, "1"},
		"one that is silent says no yes": {colleges(Rule{}, [4]int64{50, 2, 0, 3}, [4]int64{30, 0, 0, 2}, [4]int64{20, 0, 0, 2}), Rejected, "1/2"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := counted(t, row.in); r.Verdict != row.want || r.Lines[0].Share != row.share {
				t.Errorf("%s with %s, want %s with %s", r.Verdict, r.Lines[0].Share, row.want, row.share)
			}
		})
	}
	if r := counted(t, colleges(Rule{}, [4]int64{30, 2, 1, 3}, [4]int64{30, 2, 0, 2}, [4]int64{30, 0, 1, 2}, [4]int64{10, 0, 0, 0})); r.Colleges[0].Weight != "10000/3" || r.Colleges[3].Weight != "0" {
		t.Errorf("%+v", r.Colleges)
	}
}

func TestRulesThatCannotBe(t *testing.T) {
	good := Rule{Ballot: YesNoAbstain, Denominator: Expressed, Quorum: Part{1, 4}, Majority: half(), Seats: 1}
	if err := good.Check(nil); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Rule){
		"a quorum above the whole":    func(r *Rule) { r.Quorum = Part{5, 4} },
		"a quorum of nothing":         func(r *Rule) { r.Quorum = Part{} },
		"less than half":              func(r *Rule) { r.Majority = Part{1, 3} },
		"no denominator":              func(r *Rule) { r.Denominator = "" },
		"an unknown ballot":           func(r *Rule) { r.Ballot = "DICE" },
		"a threshold below half":      func(r *Rule) { r.Report, r.Threshold = ByThreshold, Part{1, 3} },
		"a runoff of nobody knows":    func(r *Rule) { r.Ballot, r.Ranking = Ranked, "BORDA" },
		"an envelope without minutes": func(r *Rule) { r.Ballot = Budget },
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			change(&bad)
			if err := bad.Check(nil); err == nil {
				t.Error("it was taken")
			}
		})
	}
	for name, weights := range map[string][]int64{"99 together": {33, 33, 33}, "two": {50, 50}, "one above 50": {60, 20, 20}, "one below 10": {5, 45, 50}} {
		var all []College
		for i, w := range weights {
			all = append(all, College{ID: fmt.Sprint(i), Weight: 100 * w})
		}
		if err := checkColleges(all); !errors.Is(err, RuleInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBallotsThatCannotBe(t *testing.T) {
	options := about(Score, 2).Options
	for name, row := range map[string]struct {
		ballot Ballot
		paper  Paper
		want   domain.Code
	}{
		"nothing":                   {YesNoAbstain, Paper{}, domain.Required},
		"neither yes nor no":        {YesNoAbstain, Paper{Choice: "MAYBE"}, domain.ValueUnknown},
		"marks for a yes":           {YesNoAbstain, Paper{Marks: []Mark{{"A", 1}}}, BallotKind},
		"a yes for marks":           {Approval, Paper{Choice: Yes}, BallotKind},
		"an option that is not":     {Approval, Paper{Marks: []Mark{{"Z", 1}}}, OptionUnknown},
		"twice":                     {Approval, Paper{Marks: []Mark{{"A", 1}, {"A", 1}}}, OptionTwice},
		"a score beyond":            {Score, Paper{Marks: []Mark{{"A", 3}, {"B", 0}}}, domain.OutOfRange},
		"an option left out":        {Score, Paper{Marks: []Mark{{"A", 1}}}, OptionMissing},
		"a place that is not there": {Ranked, Paper{Marks: []Mark{{"A", 3}}}, domain.OutOfRange},
	} {
		t.Run(name, func(t *testing.T) {
			if err := (Rule{Ballot: row.ballot}).CheckPaper(options, row.paper); !errors.Is(err, row.want) {
				t.Errorf("%v, want %s", err, row.want)
			}
		})
	}
}

// A record that went through JSON still verifies, and not with a vote changed.
func TestARecordVerifies(t *testing.T) {
	in := tennessee(InstantRunoff)
	record := Record{in, counted(t, in)}
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	var read Record
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	if err := read.Verify(); err != nil {
		t.Error(err)
	}
	read.Instance.Votes[0].Marks[0].Value = 4
	if err := read.Verify(); !errors.Is(err, ResultDiffers) {
		t.Errorf("a changed vote: %v", err)
	}
}

// A hundred thousand ballots are counted well within a second or two.
func BenchmarkCount(b *testing.B) {
	for name, in := range map[string]Instance{"YesNo": yesNo(40_000, 35_000, 25_000, 100_000, Rule{}), "Schulze": tennessee(Schulze), "Runoff": tennessee(InstantRunoff)} {
		for len(in.Votes) < 100_000 {
			in.Votes = append(in.Votes, in.Votes...)
		}
		for i := range in.Votes {
			in.Votes[i].Receipt = fmt.Sprintf("r%08d", i)
		}
		in.Roll = int64(len(in.Votes))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Count(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
