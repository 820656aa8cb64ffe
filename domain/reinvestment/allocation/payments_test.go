// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// Ana and Ben share a bench at 30 each; of what is left Ben and Chloé share a tree,
// to which Ben can give only his last 20.
func TestWhatEachShareGave(t *testing.T) {
	t.Parallel()
	in := allocation.Instance{
		Method: allocation.EqualShares, Cycle: "c", Seed: "s", Envelope: 150, Rule: allocation.Rule{Utility: allocation.PerProject},
		Projects: costing("bench 60", "tree 70"), Ballots: approving("1 bench", "1 bench tree", "1 tree"),
	}
	in.Ballots[0].Voter = "=1+1" // a stranger's file may be opened in a spreadsheet
	var out strings.Builder
	if err := allocation.WritePayments(&out, allocation.Payments(in, allocate(t, in))); err != nil {
		t.Fatal(err)
	}
	const want = "voter,project,minutes\n'=1+1,bench,30\nv001,bench,30\nv001,tree,20\nv002,tree,50\n"
	if out.String() != want {
		t.Errorf("%s, wants %s", out.String(), want)
	}
}

func TestPaymentsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInstance(t)
		r := allocate(t, in)
		virtual, _ := new(big.Rat).SetString(r.Virtual)
		gave, got := map[string]*big.Rat{}, map[string]*big.Rat{}
		add := func(to map[string]*big.Rat, key string, minutes *big.Rat) {
			if to[key] == nil {
				to[key] = new(big.Rat)
			}
			to[key].Add(to[key], minutes)
		}
		for _, p := range allocation.Payments(in, r) {
			minutes, ok := new(big.Rat).SetString(p.Minutes)
			if !ok || minutes.Sign() <= 0 {
				t.Fatalf("%+v", p)
			}
			add(gave, p.Voter, minutes)
			add(got, p.Project, minutes)
		}
		for voter, sum := range gave {
			if sum.Cmp(virtual) > 0 {
				t.Fatalf("%s gave %s of %s", voter, sum.RatString(), r.Virtual)
			}
		}
		for i, line := range r.Lines {
			cost := new(big.Rat).SetInt64(int64(in.Projects[i].Minimum))
			switch paid := got[line.Project]; {
			case line.Cause == allocation.Shared && (paid == nil || paid.Cmp(cost) != 0):
				t.Fatalf("%s takes %s and got %v", line.Project, cost.RatString(), paid)
			case line.Cause != allocation.Shared && paid != nil:
				t.Fatalf("%s is %s and got %s", line.Project, line.Cause, paid.RatString())
			}
		}
	})
}
