// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"slices"
)

// rankings are the ballots as places of options; 0 is unranked, below all others.
func (b *box) rankings() (ranks [][]int64, colleges []int) {
	place := map[string]int{}
	for i, o := range b.Options {
		place[o.ID] = i
	}
	for _, v := range b.Votes {
		rank := make([]int64, len(b.Options))
		for _, m := range v.Marks {
			rank[place[m.Option]] = m.Value
		}
		ranks, colleges = append(ranks, rank), append(colleges, b.college[v.College])
	}
	return ranks, colleges
}

// runoff lets the option with the fewest first places leave until one has more
// than half of what is left. A ballot that has several options in its first place
// is divided equally among them. Of options with equally few, the one with fewer
// in an earlier round leaves; if there is none, the seed, committed to before the
// vote, decides.
func (b *box) runoff(r *Result) {
	ranks, colleges := b.rankings()
	there := make([]bool, len(b.Options))
	for i := range there {
		there[i] = true
	}
	var history [][]*big.Rat
	r.Verdict = Rejected
	for left := len(there); left > 0; left-- {
		weights, spent := b.firsts(ranks, colleges, there)
		history = append(history, weights)
		round := Round{Exhausted: spent.RatString(), Out: []string{}}
		best, total := -1, new(big.Rat)
		for i, w := range weights {
			if !there[i] {
				continue
			}
			total.Add(total, w)
			round.Weights = append(round.Weights, Line{Option: b.Options[i].ID, Weight: w.RatString()})
			if best < 0 || w.Cmp(weights[best]) > 0 {
				best = i
			}
		}
		if total.Sign() == 0 {
			r.Rounds = append(r.Rounds, round)
			break
		}
		if new(big.Rat).Add(weights[best], weights[best]).Cmp(total) > 0 {
			r.Rounds = append(r.Rounds, round)
			b.elect(r, best, history)
			return
		}
		if left == 2 { // exactly half each
			r.Verdict = Tied
			r.Rounds = append(r.Rounds, round)
			break
		}
		out := b.leaves(history, there)
		there[out] = false
		round.Out = append(round.Out, b.Options[out].ID)
		r.Rounds = append(r.Rounds, round)
	}
	r.Lines = b.firstLines(history)
}

// elect: whoever wins a runoff must also have the majority that the rule asks
// for, of what they hold in the last round.
func (b *box) elect(r *Result, best int, history [][]*big.Rat) {
	r.Lines = b.firstLines(history)
	if b.carried(history[len(history)-1][best]) {
		r.Verdict = Adopted
		b.take(r, best)
	}
}

// firstLines tells each option by the weight of its last round.
func (b *box) firstLines(history [][]*big.Rat) []Line {
	all := make([]standing, len(b.Options))
	place := map[string]int{}
	for i, o := range b.Options {
		place[o.ID] = i
		all[i] = standing{option: i, voters: make(per, len(b.cast)), sum: make(per, len(b.cast)), weight: new(big.Rat)}
		for _, round := range history {
			if round[i] != nil {
				all[i].weight = round[i]
			}
		}
	}
	for _, v := range b.Votes {
		for _, m := range v.Marks {
			voters, sum := m.supports(Ranked)
			all[place[m.Option]].voters[b.college[v.College]] += voters
			all[place[m.Option]].sum[b.college[v.College]] += sum
		}
	}
	return b.ordered(all)
}

// firsts adds up first places among the options still there; who left has nil.
func (b *box) firsts(ranks [][]int64, colleges []int, there []bool) (weights []*big.Rat, exhausted *big.Rat) {
	n := len(there)
	// Ballots with one, two, … options in first place, counted apart, so that only
	// whole ballots are added.
	counts := make([][]per, n)
	for i := range counts {
		counts[i] = make([]per, n+1)
	}
	spent := make(per, len(b.cast))
	first := make([]int, 0, n)
	for k, rank := range ranks {
		first = first[:0]
		for i, place := range rank {
			if !there[i] || place == 0 {
				continue
			}
			if len(first) > 0 && place < rank[first[0]] {
				first = first[:0]
			}
			if len(first) == 0 || place == rank[first[0]] {
				first = append(first, i)
			}
		}
		if len(first) == 0 {
			spent[colleges[k]]++
		}
		for _, i := range first {
			if counts[i][len(first)] == nil {
				counts[i][len(first)] = make(per, len(b.cast))
			}
			counts[i][len(first)][colleges[k]]++
		}
	}
	weights = make([]*big.Rat, n)
	for i := range weights {
		if !there[i] {
			continue
		}
		weights[i] = new(big.Rat)
		for parts, count := range counts[i] {
			if count != nil {
				weights[i].Add(weights[i], new(big.Rat).Quo(b.weigh(count), big.NewRat(int64(parts), 1)))
			}
		}
	}
	return weights, b.weigh(spent)
}

// leaves says who leaves a runoff now.
func (b *box) leaves(history [][]*big.Rat, there []bool) int {
	var last []int
	for i := range there {
		if there[i] {
			last = append(last, i)
		}
	}
	for _, round := range slices.Backward(history) {
		low := slices.MinFunc(last, func(x, y int) int { return round[x].Cmp(round[y]) })
		last = slices.DeleteFunc(last, func(i int) bool { return round[i].Cmp(round[low]) > 0 })
	}
	return slices.MinFunc(last, func(x, y int) int { return bytes.Compare(b.lot(x), b.lot(y)) })
}

// lot is where the seed puts an option: lowest first.
func (b *box) lot(option int) []byte {
	sum := sha256.Sum256([]byte(b.Seed + "/" + b.Options[option].ID))
	return sum[:]
}

// schulze compares each two options and follows the strongest paths. An option
// wins that no other has a stronger path to; where several are left, the decision
// is tied.
//
// Source: M. Schulze, "A new monotonic, clone-independent, reversal symmetric, and
// Condorcet-consistent single-winner election method", Social Choice and Welfare 36 (2011).
func (b *box) schulze(r *Result) {
	n := len(b.Options)
	duels := b.duels()
	paths := make([][]*big.Rat, n)
	for i := range paths {
		paths[i] = make([]*big.Rat, n)
		for j := range paths[i] {
			paths[i][j] = new(big.Rat)
			if i != j && duels[i][j].Cmp(duels[j][i]) > 0 {
				paths[i][j] = duels[i][j]
			}
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				if i == j || i == k || j == k {
					continue
				}
				if through := lesser(paths[i][k], paths[k][j]); through.Cmp(paths[i][j]) > 0 {
					paths[i][j] = through
				}
			}
		}
	}
	all := make([]standing, n)
	var winners []int
	for i := range n {
		beaten, beats := 0, int64(0)
		for j := range n {
			switch paths[i][j].Cmp(paths[j][i]) {
			case 1:
				beats++
			case -1:
				beaten++
			}
		}
		if beaten == 0 {
			winners = append(winners, i)
		}
		all[i] = standing{option: i, voters: make(per, len(b.cast)), sum: make(per, len(b.cast)), weight: big.NewRat(beats, 1)}
	}
	r.Lines, r.Duels, r.Paths = b.ordered(all), written(duels), written(paths)
	r.Verdict = Rejected
	switch {
	case b.sum(b.expressed) == 0:
	case len(winners) > 1:
		r.Verdict = Tied
	default:
		r.Verdict = Adopted
		b.take(r, winners[0])
	}
}

// duels says, for each two options, what prefers the first.
func (b *box) duels() [][]*big.Rat {
	n := len(b.Options)
	counts := make([][]per, n)
	for i := range counts {
		counts[i] = make([]per, n)
		for j := range counts[i] {
			counts[i][j] = make(per, len(b.cast))
		}
	}
	ranks, colleges := b.rankings()
	for k, rank := range ranks {
		for i, x := range rank {
			for j, y := range rank {
				if x != 0 && (y == 0 || x < y) {
					counts[i][j][colleges[k]]++
				}
			}
		}
	}
	duels := make([][]*big.Rat, n)
	for i := range duels {
		duels[i] = make([]*big.Rat, n)
		for j := range duels[i] {
			duels[i][j] = new(big.Rat)
			if i != j {
				duels[i][j] = b.weigh(counts[i][j])
			}
		}
	}
	return duels
}

func lesser(x, y *big.Rat) *big.Rat {
	if x.Cmp(y) < 0 {
		return x
	}
	return y
}

func written(m [][]*big.Rat) [][]string {
	out := make([][]string, len(m))
	for i, row := range m {
		for _, v := range row {
			out[i] = append(out[i], v.RatString())
		}
	}
	return out
}
