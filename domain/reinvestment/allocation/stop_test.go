// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"context"
	"errors"
	"math/big"
	"testing"
)

// longCount is a vote whose shares rise through a great many steps, since a voter wants two
// projects and has a share for one.
func longCount() Instance {
	in := Instance{Version: Version, Method: EqualShares, Envelope: 10_000_000, Rule: Rule{Raise: 1}}
	for _, id := range []string{"a", "b", "c"} {
		in.Projects = append(in.Projects, Project{ID: id, Minimum: 3_000_000, Maximum: 3_000_000})
	}
	in.Ballots = []Ballot{
		{Voter: "both", Choices: []Choice{{Project: "a", Value: 5}, {Project: "b", Value: 5}}},
		{Voter: "one", Choices: []Choice{{Project: "c", Value: 1}}},
		{Voter: "none"},
	}
	return in
}

// A count that somebody stops ends in the middle, says so, and has no result: also between
// two purchases of one round.
func TestACountThatIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for name, count := range map[string]func() (Result, error){
		"begun too late": func() (Result, error) { return Count(ctx, longCount()) },
		"a record":       func() (Result, error) { return Result{}, Record{Instance: longCount()}.VerifyWithin(ctx) },
	} {
		if r, err := count(); !errors.Is(err, context.Canceled) || r.Lines != nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	in := longCount()
	r := newRun(in)
	r.quit = ctx.Done()
	equalShares(in, r) // would else take millions of rounds
	if r.result.Virtual != r.result.Share {
		t.Errorf("%+v", r.result)
	}
	m := newMarket(in)
	m.quit = ctx.Done()
	if bought := m.open(big.NewRat(int64(in.Envelope), 3)).buy(); len(bought) != 0 {
		t.Errorf("%+v was bought after the end", bought)
	}
}
