// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"math/big"
	"slices"
)

// standing is an option with what was counted for it.
type standing struct {
	option      int
	voters, sum per
	weight      *big.Rat // by which options are ordered
	support     *big.Rat // which the majority is asked of
}

// standings counts each option's support.
func (b *box) standings() []standing {
	all := make([]standing, len(b.Options))
	place := map[string]int{}
	for i, o := range b.Options {
		place[o.ID] = i
		all[i] = standing{option: i, voters: make(per, len(b.cast)), sum: make(per, len(b.cast))}
	}
	for _, v := range b.Votes {
		c := b.college[v.College]
		for _, m := range v.Marks {
			s := all[place[m.Option]]
			s.sum[c] += m.Value
			if m.Value > 0 {
				s.voters[c]++
			}
		}
	}
	for i := range all {
		all[i].weight, all[i].support = b.weigh(all[i].sum), b.weigh(all[i].voters)
	}
	return all
}

// ordered tells lines by weight; equal weights share a place and keep the order
// of the ballot.
func (b *box) ordered(all []standing) []Line {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(x, y standing) int { return y.weight.Cmp(x.weight) })
	lines := make([]Line, len(all))
	for i, s := range sorted {
		lines[i] = b.line(b.Options[s.option].ID, s.voters, s.sum, s.weight)
		lines[i].Place = i + 1
		if i > 0 && sorted[i-1].weight.Cmp(s.weight) == 0 {
			lines[i].Place = lines[i-1].Place
		}
	}
	return lines
}

// choose takes the options with the most weight, as many as there are seats, of
// those that have a majority behind them. Where the last seat is not one
// option's alone, nobody is preferred: the decision is tied.
func (b *box) choose(r *Result) {
	all := b.standings()
	r.Lines, r.Verdict = b.ordered(all), Rejected
	able := slices.DeleteFunc(all, func(s standing) bool { return s.weight.Sign() <= 0 || !b.carried(s.support) })
	slices.SortStableFunc(able, func(x, y standing) int { return y.weight.Cmp(x.weight) })
	if len(able) == 0 {
		return
	}
	if n := b.Rule.Seats; len(able) > n && able[n-1].weight.Cmp(able[n].weight) == 0 {
		r.Verdict = Tied
		return
	}
	r.Verdict = Adopted
	for _, s := range able[:min(len(able), b.Rule.Seats)] {
		b.take(r, s.option)
	}
}

func (b *box) take(r *Result, option int) {
	id := b.Options[option].ID
	r.Chosen = append(r.Chosen, id)
	for i := range r.Lines {
		r.Lines[i].Chosen = r.Lines[i].Chosen || r.Lines[i].Option == id
	}
}

// fund goes down from the most approved option and takes what still fits. Options
// with equal support are taken together or not at all: nobody is preferred by
// the order of the ballot.
func (b *box) fund(r *Result) {
	all := b.standings()
	r.Lines, r.Verdict = b.ordered(all), Rejected
	able := slices.DeleteFunc(all, func(s standing) bool { return !b.carried(s.support) })
	slices.SortStableFunc(able, func(x, y standing) int { return y.weight.Cmp(x.weight) })
	left := int64(b.Rule.Envelope)
	for i := 0; i < len(able); {
		j, asked := i, int64(0)
		for ; j < len(able) && able[j].weight.Cmp(able[i].weight) == 0; j++ {
			asked += int64(b.Options[able[j].option].Minutes)
		}
		if asked <= left {
			left -= asked
			for _, s := range able[i:j] {
				b.take(r, s.option)
			}
			r.Verdict = Adopted
		}
		i = j
	}
	r.Spent = int64(b.Rule.Envelope) - left
}
