// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"math/big"
	"slices"
)

// Count counts. It refuses an instance that does not hold together.
func Count(in Instance) (Result, error) {
	if err := in.Check(); err != nil {
		return Result{}, err
	}
	b := open(in)
	r := Result{
		InputHash: in.Hash(), Entitled: in.Roll - in.Conflicted, Turnout: int64(len(in.Votes)), Expressed: b.sum(b.expressed),
		Denominator: b.whole.RatString(), Chosen: []string{}, Lines: []Line{}, Colleges: []Body{},
	}
	if !in.Rule.Waived {
		r.Quorum = Needed(in.Rule.Quorum, r.Entitled)
	}
	switch in.Rule.Ballot {
	case YesNoAbstain:
		b.yesNo(&r)
	case Approval, Score:
		b.choose(&r)
	case Budget:
		b.fund(&r)
	case Ranked:
		if in.Rule.Ranking == Schulze {
			b.schulze(&r)
		} else {
			b.runoff(&r)
		}
	}
	b.bodies(&r)
	switch {
	case b.void:
		r.Verdict = Void
	case r.Entitled == 0 || r.Turnout < r.Quorum:
		r.Verdict = NoQuorum
	}
	if r.Verdict != Adopted {
		r.Chosen = []string{}
		for i := range r.Lines {
			r.Lines[i].Chosen = false
		}
	}
	return r, nil
}

// Needed is how many voters a quorum asks for: the part of the roll, rounded up.
func Needed(quorum Part, entitled int64) int64 {
	n := new(big.Int).Mul(big.NewInt(quorum.Num), big.NewInt(entitled))
	n.Add(n, big.NewInt(quorum.Den-1))
	return n.Div(n, big.NewInt(quorum.Den)).Int64()
}

// per is a count for each college; without colleges there is one.
type per []int64

// box is the ballots sorted by college, with what one ballot of each weighs.
type box struct {
	Instance
	college         map[string]int
	cast, expressed per
	denominators    per
	weights         []*big.Rat // of each college, empty ones shared out
	unit            []*big.Rat // what one ballot weighs
	whole           *big.Rat   // what a majority is a part of
	void            bool
}

func open(in Instance) *box {
	n := max(len(in.Colleges), 1)
	b := &box{Instance: in, college: map[string]int{}, cast: make(per, n), expressed: make(per, n)}
	for i, c := range in.Colleges {
		b.college[c.ID] = i
	}
	for _, v := range in.Votes {
		i := b.college[v.College]
		b.cast[i]++
		if v.says() {
			b.expressed[i]++
		}
	}
	b.denominators = b.denominate()
	if len(in.Colleges) == 0 {
		b.unit, b.whole = []*big.Rat{big.NewRat(1, 1)}, big.NewRat(b.denominators[0], 1)
		return b
	}
	b.share()
	b.whole = new(big.Rat)
	for i := range b.weights {
		b.whole.Add(b.whole, b.weights[i])
		b.unit = append(b.unit, new(big.Rat))
		if b.denominators[i] > 0 {
			b.unit[i].Quo(b.weights[i], big.NewRat(b.denominators[i], 1))
		}
	}
	return b
}

// says is false for a ballot that only takes part.
func (p Paper) says() bool {
	return p.Choice == Yes || p.Choice == No || slices.ContainsFunc(p.Marks, func(m Mark) bool { return m.Value != 0 })
}

func (b *box) denominate() per {
	switch b.Rule.Denominator {
	case Cast:
		return b.cast
	case Expressed:
		return b.expressed
	case Present:
		if len(b.Colleges) == 0 {
			return per{max(b.Present, b.cast[0])}
		}
		return b.cast // presence is noted for the whole
	case Entitled:
	}
	if len(b.Colleges) == 0 {
		return per{b.Roll - b.Conflicted}
	}
	all := make(per, len(b.Colleges))
	for i, c := range b.Colleges {
		all[i] = c.Entitled
	}
	return all
}

// share gives an empty college's weight to the others, each by its own, and asks
// again whether the weights may be: else the vote is void.
func (b *box) share() {
	left, filled := int64(0), 0
	for _, c := range b.Colleges {
		if c.Entitled > 0 {
			left += c.Weight
			filled++
		}
	}
	for _, c := range b.Colleges {
		w := new(big.Rat)
		if c.Entitled > 0 {
			w.SetFrac64(c.Weight*10_000, left)
		}
		b.weights = append(b.weights, w)
		b.void = b.void || w.Cmp(big.NewRat(5000, 1)) > 0
	}
	b.void = b.void || filled < 3
}

// weigh adds up a count of each college at what a ballot of it weighs.
func (b *box) weigh(count per) *big.Rat {
	sum := new(big.Rat)
	for i, n := range count {
		if n != 0 {
			sum.Add(sum, new(big.Rat).Mul(big.NewRat(n, 1), b.unit[i]))
		}
	}
	return sum
}

func (b *box) sum(count per) (n int64) {
	for _, one := range count {
		n += one
	}
	return n
}

// carried says whether a weight reaches the majority. Nothing never does.
func (b *box) carried(weight *big.Rat) bool {
	if weight.Sign() <= 0 {
		return false
	}
	compared := weight.Cmp(new(big.Rat).Mul(b.Rule.Majority.rat(), b.whole))
	return compared > 0 || (compared == 0 && b.Rule.AtLeast)
}

// line tells an option with its exact share of the whole.
func (b *box) line(option string, voters, sum per, weight *big.Rat) Line {
	l := Line{Option: option, Voters: b.sum(voters), Sum: b.sum(sum), Weight: weight.RatString(), Share: "0"}
	if b.whole.Sign() > 0 {
		l.Share = new(big.Rat).Quo(weight, b.whole).RatString()
	}
	return l
}

// yesNo asks whether yes has its majority.
func (b *box) yesNo(r *Result) {
	counts := map[Choice]per{}
	for _, c := range []Choice{Yes, No, Abstain} {
		counts[c] = make(per, len(b.cast))
	}
	for _, v := range b.Votes {
		counts[v.Choice][b.college[v.College]]++
	}
	weights := map[Choice]*big.Rat{}
	for _, c := range []Choice{Yes, No, Abstain} {
		weights[c] = b.weigh(counts[c])
	}
	if b.Rule.Report == ByMajority || b.Rule.Report == ByThreshold {
		weights[Yes], weights[No] = b.report(counts[Yes]), b.report(counts[No])
	}
	for _, c := range []Choice{Yes, No, Abstain} {
		r.Lines = append(r.Lines, b.line(string(c), counts[c], counts[c], weights[c]))
	}
	r.Verdict = Rejected
	switch {
	case b.carried(weights[Yes]):
		r.Verdict, r.Chosen, r.Lines[0].Chosen = Adopted, []string{string(Yes)}, true
	case weights[Yes].Sign() > 0 && weights[Yes].Cmp(weights[No]) == 0:
		r.Verdict = Tied
	}
}

// report gives each college's weight to one side, where the rule says so.
func (b *box) report(side per) *big.Rat {
	sum := new(big.Rat)
	for i, n := range side {
		if len(b.Colleges) == 0 || b.denominators[i] == 0 {
			continue
		}
		part := big.NewRat(n, b.denominators[i])
		whole, none := part.Cmp(big.NewRat(1, 2)) > 0, true
		if b.Rule.Report == ByThreshold {
			t := b.Rule.Threshold.rat()
			whole, none = part.Cmp(t) >= 0, new(big.Rat).Sub(big.NewRat(1, 1), part).Cmp(t) >= 0
		}
		switch {
		case whole:
			sum.Add(sum, b.weights[i])
		case !none:
			sum.Add(sum, new(big.Rat).Mul(part, b.weights[i]))
		}
	}
	return sum
}

// bodies tells what each college said, by ballots.
func (b *box) bodies(r *Result) {
	line := map[string]int{}
	for i, l := range r.Lines {
		line[l.Option] = i
	}
	for i, c := range b.Colleges {
		body := Body{College: c.ID, Weight: b.weights[i].RatString(), Entitled: c.Entitled, Turnout: b.cast[i], Lines: make([]Line, len(r.Lines))}
		for j, l := range r.Lines {
			body.Lines[j].Option = l.Option
		}
		r.Colleges = append(r.Colleges, body)
	}
	for _, v := range b.Votes {
		if len(b.Colleges) == 0 {
			return
		}
		lines := r.Colleges[b.college[v.College]].Lines
		if b.Rule.Ballot == YesNoAbstain {
			lines[line[string(v.Choice)]].Voters++
			lines[line[string(v.Choice)]].Sum++
		}
		for _, m := range v.Marks {
			voters, sum := m.supports(b.Rule.Ballot)
			lines[line[m.Option]].Voters += voters
			lines[line[m.Option]].Sum += sum
		}
	}
}

// supports says whether a mark stands for its option (1 or 0), and by how much:
// of a ranking, only the first place does.
func (m Mark) supports(kind Ballot) (voters, sum int64) {
	switch {
	case kind == Ranked && m.Value != 1:
		return 0, 0
	case m.Value > 0:
		return 1, m.Value
	}
	return 0, m.Value
}
