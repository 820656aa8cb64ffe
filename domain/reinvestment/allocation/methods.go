// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// fixedKey divides the envelope by the one ballot's basis points.
func fixedKey(r *run) {
	weights := make([]int64, len(r.in.Projects))
	for i, line := range r.result.Lines {
		weights[i] = line.Support
	}
	for i, part := range Split(r.in.Envelope, weights, r.rank) {
		if weights[i] > 0 {
			r.grant(i, part, ByKey)
		}
	}
}

// Split divides minutes in proportion to weights by largest remainder; equal
// remainders go to the lower rank. The parts always add up, and no part is
// given where the weight is 0.
func Split(total domain.Minutes, weights []int64, rank []int) []domain.Minutes {
	parts := make([]domain.Minutes, len(weights))
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	if sum.Sign() == 0 {
		return parts
	}
	rests, left := make([]*big.Int, len(weights)), total
	var order []int
	for i, w := range weights {
		whole, rest := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(int64(total)), big.NewInt(w)), sum, new(big.Int))
		parts[i], rests[i] = domain.Minutes(whole.Int64()), rest
		left -= parts[i]
		if w > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(rests[b].Cmp(rests[a]), cmp.Compare(rank[a], rank[b])) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// proposalVote funds what has its quorum and more yes than no, the widest
// margin first.
func proposalVote(r *run) {
	quorum := (r.in.Rule.Quorum*r.in.Rule.Roll + 9_999) / 10_000
	for i, line := range r.result.Lines {
		switch {
		case line.Voters == 0:
		case line.Voters < quorum:
			r.refuse(i, QuorumMissed, 0)
		case line.Support <= 0:
			r.refuse(i, NoMajority, 0)
		}
	}
	r.voteDown(Voted)
}

// directEnvelopes grants what was given, where it reaches the minimum; above
// the maximum it goes back.
func directEnvelopes(r *run) {
	order := make([]int, len(r.rank))
	for i, place := range r.rank {
		order[place] = i
	}
	for _, i := range order {
		p, given := r.in.Projects[i], domain.Minutes(r.result.Lines[i].Support)
		switch {
		case given == 0:
		case given < p.Minimum:
			r.refuse(i, MinimumMissed, p.Minimum-given)
		default:
			r.grant(i, min(given, p.Maximum), Given)
		}
	}
}

// quadratic ranks, and pays nothing.
func quadratic(r *run) {
	order := make([]int, len(r.rank))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(r.result.Lines[b].Support, r.result.Lines[a].Support), cmp.Compare(r.rank[a], r.rank[b]))
	})
	for place, i := range order {
		if line := &r.result.Lines[i]; line.Voters > 0 {
			line.Place, line.Cause = place+1, Ranked
		}
	}
}

// solidarityDraw serves requests in their order: first what each needs at least,
// then towards what they asked for. Nobody passes the yearly maximum, and the
// pool keeps its floor.
func solidarityDraw(r *run) {
	order := make([]int, len(r.rank))
	for i, place := range r.rank {
		order[place] = i
	}
	drawn := map[string]domain.Minutes{}
	free := func() domain.Minutes { return r.left() - r.in.Rule.Floor }
	mayDraw := func(p Project) domain.Minutes {
		if r.in.Rule.PersonMaximum == 0 {
			return p.Maximum
		}
		return r.in.Rule.PersonMaximum - p.Given - drawn[p.Owner]
	}
	for _, i := range order {
		switch p := r.in.Projects[i]; {
		case mayDraw(p) < p.Minimum:
			r.refuse(i, YearlyMaximum, p.Minimum-max(mayDraw(p), 0))
		case free() < p.Minimum:
			r.refuse(i, PoolAtItsFloor, p.Minimum-max(free(), 0))
		default:
			r.grant(i, p.Minimum, Served)
			drawn[p.Owner] += p.Minimum
		}
	}
	for _, i := range order {
		if line := &r.result.Lines[i]; line.Minutes > 0 {
			p := r.in.Projects[i]
			more := max(0, min(p.Maximum-line.Minutes, mayDraw(p), free())) // what is said of one person may differ by request
			line.Minutes += more
			r.result.Spent += more
			drawn[p.Owner] += more
		}
	}
}

// peerEpoch gives each peer what the others gave them. When all gifts together
// are more than the envelope, each is cut in proportion.
func peerEpoch(r *run) {
	weights := make([]int64, len(r.in.Projects))
	total := domain.Minutes(0)
	for i, line := range r.result.Lines {
		weights[i] = line.Support
		total += domain.Minutes(line.Support)
	}
	for i, part := range Split(min(total, r.in.Envelope), weights, r.rank) {
		if weights[i] > 0 {
			r.grant(i, part, Given)
		}
	}
}
