// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"cmp"
	"context"
	"errors"
	"math/big"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// Run allocates. It answers the same for equal instances on every machine.
//
// Errors: everything Check names, joined.
func Run(in Instance) (Result, error) { return Count(context.Background(), in) }

// Count is Run for whoever may have to stop: when the context is done it ends within one
// look at one project, with the context's error and no result.
func Count(ctx context.Context, in Instance) (Result, error) {
	if err := errors.Join(in.Check(), ctx.Err()); err != nil {
		return Result{}, err
	}
	r := newRun(in)
	r.quit = ctx.Done()
	switch in.Method {
	case EqualShares:
		equalShares(in, r)
	case FixedKey:
		fixedKey(r)
	case ProposalVote:
		proposalVote(r)
	case DirectEnvelopes:
		directEnvelopes(r)
	case Knapsack:
		r.voteDown(Voted)
	case Quadratic:
		quadratic(r)
	case SolidarityDraw:
		solidarityDraw(r)
	case PeerEpoch:
		peerEpoch(r)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	r.result.Left = in.Envelope - r.result.Spent
	return r.result, nil
}

// run is an allocation in the making.
type run struct {
	in     Instance
	index  map[string]int
	rank   []int
	result Result
	quit   <-chan struct{} // closed when nobody waits for the result any more
}

func newRun(in Instance) *run {
	r := &run{in: in, index: make(map[string]int, len(in.Projects)), rank: in.before()}
	r.result = Result{InputHash: in.Hash(), Lines: make([]Line, len(in.Projects))}
	for i, p := range in.Projects {
		r.index[p.ID] = i
		r.result.Lines[i] = Line{Project: p.ID, Cause: NoSupport}
	}
	for _, b := range in.Ballots {
		for _, c := range b.Choices {
			if c.Value == 0 && in.Method != ProposalVote {
				continue
			}
			line := &r.result.Lines[r.index[c.Project]]
			line.Support += c.Value
			line.Voters++
		}
	}
	return r
}

func (r *run) left() domain.Minutes { return r.in.Envelope - r.result.Spent }

// fund grants a project its minimum, next in order.
func (r *run) fund(project int, cause Cause) { r.grant(project, r.in.Projects[project].Minimum, cause) }

func (r *run) grant(project int, minutes domain.Minutes, cause Cause) {
	line := &r.result.Lines[project]
	line.Minutes, line.Cause, line.Place, line.Missing = minutes, cause, r.placed()+1, 0
	r.result.Spent += minutes
}

func (r *run) placed() (last int) {
	for _, line := range r.result.Lines {
		last = max(last, line.Place)
	}
	return last
}

// refuse says why a project gets nothing.
func (r *run) refuse(project int, cause Cause, missing domain.Minutes) {
	line := &r.result.Lines[project]
	line.Cause, line.Missing = cause, missing
}

// bySupport orders the projects that somebody chose: the most utility for a
// minute first, then the order among equals.
func (r *run) bySupport(utility Utility) []int {
	var order []int
	for i := range r.in.Projects {
		if r.result.Lines[i].Support > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := big.NewInt(r.result.Lines[a].Support), big.NewInt(r.result.Lines[b].Support)
		if utility == PerProject {
			x.Mul(x, big.NewInt(int64(r.in.Projects[b].Minimum)))
			y.Mul(y, big.NewInt(int64(r.in.Projects[a].Minimum)))
		}
		return cmp.Or(y.Cmp(x), cmp.Compare(r.rank[a], r.rank[b]))
	})
	return order
}

// complete funds what still fits, in the order given.
func (r *run) complete(order []int) {
	for _, i := range order {
		if r.result.Lines[i].Place > 0 {
			continue
		}
		if p := r.in.Projects[i]; p.Minimum > r.left() {
			r.refuse(i, EnvelopeSpent, p.Minimum-r.left())
			continue
		}
		r.fund(i, Completed)
	}
}

// topUp raises funded projects towards their maximum, in the order in which
// they were funded.
func (r *run) topUp() {
	order := make([]int, 0, len(r.in.Projects))
	for i, line := range r.result.Lines {
		if line.Place > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(r.result.Lines[a].Place, r.result.Lines[b].Place) })
	for _, i := range order {
		line := &r.result.Lines[i]
		more := min(r.in.Projects[i].Maximum-line.Minutes, r.left())
		line.Minutes += more
		r.result.Spent += more
	}
}

// voteDown funds by number of votes, skipping what does not fit any more.
func (r *run) voteDown(cause Cause) {
	for _, i := range r.bySupport(PerMinute) {
		if r.result.Lines[i].Cause != NoSupport {
			continue
		}
		if p := r.in.Projects[i]; p.Minimum > r.left() {
			r.refuse(i, EnvelopeSpent, p.Minimum-r.left())
			continue
		}
		r.fund(i, cause)
	}
	r.topUp()
}
