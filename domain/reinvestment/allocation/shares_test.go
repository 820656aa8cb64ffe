// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// approving makes ballots from words: "3 c d" is three voters who approve c and d.
func approving(groups ...string) (ballots []allocation.Ballot) {
	for _, group := range groups {
		var times int
		words := strings.Fields(group)
		_, _ = fmt.Sscan(words[0], &times)
		for range times {
			b := allocation.Ballot{Voter: fmt.Sprintf("v%03d", len(ballots))}
			for _, project := range words[1:] {
				b.Choices = append(b.Choices, allocation.Choice{Project: project, Value: 1})
			}
			ballots = append(ballots, b)
		}
	}
	return ballots
}

// costing makes projects filed in the order given: "a 40".
func costing(list ...string) (projects []allocation.Project) {
	for i, entry := range list {
		p := allocation.Project{Filed: int64(i)}
		_, _ = fmt.Sscan(entry, &p.ID, &p.Minimum)
		p.Maximum = p.Minimum
		projects = append(projects, p)
	}
	return projects
}

func funded(r allocation.Result) string {
	lines := slices.Clone(r.Lines)
	slices.SortFunc(lines, func(a, b allocation.Line) int { return a.Place - b.Place })
	var out []string
	for _, line := range lines {
		if line.Minutes > 0 {
			out = append(out, line.Project)
		}
	}
	return strings.Join(out, " ")
}

func allocate(t interface {
	Helper()
	Fatal(...any)
}, in allocation.Instance,
) allocation.Result {
	t.Helper()
	r, err := allocation.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	tens := func(prefix string, n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("%s%d", prefix, i))
		}
		return names
	}
	red, blue := tens("r", 10), tens("b", 10)
	var town []string
	for _, p := range slices.Concat(red, blue) {
		town = append(town, p+" 10")
	}
	for _, c := range []struct {
		name   string
		in     allocation.Instance
		funded string
		prices map[string]string
	}{
		{
			// A seat is 40 minutes here, a voter's 3/8 of a seat is 15: c for 1/5 of a seat, then a
			// for 13/40. The completion by rising shares finds d, as the survey's own completion does.
			name: "Lackner and Skowron, Multi-Winner Voting with Approval Preferences (2023), example 2.12",
			in: allocation.Instance{
				Envelope: 120, Rule: allocation.Rule{Raise: 1},
				Projects: costing("a 40", "b 40", "c 40", "d 40"), Ballots: approving("3 c d", "2 a b", "2 a c", "1 b d"),
			},
			funded: "c a d", prices: map[string]string{"c": "8", "a": "12", "d": "16"},
		},
		{
			name: "the same without room for the third: the prices of the survey's first phase",
			in: allocation.Instance{
				Envelope: 120, Rule: allocation.Rule{Raise: 1000},
				Projects: costing("a 40", "b 41", "c 40", "d 41"), Ballots: approving("3 c d", "2 a b", "2 a c", "1 b d"),
			},
			funded: "c a", prices: map[string]string{"c": "8", "a": "13"},
		},
		{
			name: "Wikipedia, Method of Equal Shares, motivation: 51 % and 49 %, ten projects fit: five and four are bought, and what is left goes to the most supported",
			in: allocation.Instance{
				Envelope: 100, Rule: allocation.Rule{Raise: 1000},
				Projects: costing(town...), Ballots: approving("51 "+strings.Join(red, " "), "49 "+strings.Join(blue, " ")),
			},
			funded: "r0 r1 r2 r3 r4 b0 b1 b2 b3 r5",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.in.Method = allocation.EqualShares
			r := allocate(t, c.in)
			if got := funded(r); got != c.funded {
				t.Errorf("funded %q, want %q\n%+v", got, c.funded, r)
			}
			for _, line := range r.Lines {
				if want, ok := c.prices[line.Project]; ok && line.PerPoint != want {
					t.Errorf("%s at %s a point, want %s", line.Project, line.PerPoint, want)
				}
			}
		})
	}
}

// slow is the method as its authors write it, with a fraction for every voter
// and nothing clever: an independent count.
func slow(in allocation.Instance, share *big.Rat) (order []string, prices []string) {
	money := map[string]*big.Rat{}
	for _, b := range in.Ballots {
		money[b.Voter] = new(big.Rat).Set(share)
	}
	bought := map[string]bool{}
	for {
		best, bestKey, bestPrice := -1, new(big.Rat), new(big.Rat)
		for i, p := range in.Projects {
			if bought[p.ID] {
				continue
			}
			price := slowPrice(in, p, money)
			if price == nil {
				continue
			}
			key := new(big.Rat).Set(price)
			if in.Rule.Utility != allocation.PerProject {
				key.Quo(key, big.NewRat(int64(p.Minimum), 1))
			}
			if c := key.Cmp(bestKey); best < 0 || c < 0 || (c == 0 && p.Filed < in.Projects[best].Filed) {
				best, bestKey, bestPrice = i, key, price
			}
		}
		if best < 0 {
			return order, prices
		}
		p := in.Projects[best]
		bought[p.ID] = true
		order, prices = append(order, p.ID), append(prices, bestPrice.RatString())
		for _, b := range in.Ballots {
			for _, c := range b.Choices {
				if c.Project == p.ID && c.Value > 0 {
					due := new(big.Rat).Mul(bestPrice, big.NewRat(c.Value, 1))
					if due.Cmp(money[b.Voter]) > 0 {
						due.Set(money[b.Voter])
					}
					money[b.Voter].Sub(money[b.Voter], due)
				}
			}
		}
	}
}

// slowPrice tries every supporter as the last one who cannot pay in full.
func slowPrice(in allocation.Instance, p allocation.Project, money map[string]*big.Rat) *big.Rat {
	type supporter struct {
		score int64
		money *big.Rat
	}
	var all []supporter
	for _, b := range in.Ballots {
		for _, c := range b.Choices {
			if c.Project == p.ID && c.Value > 0 && money[b.Voter].Sign() > 0 {
				all = append(all, supporter{c.Value, money[b.Voter]})
			}
		}
	}
	perPoint := func(s supporter) *big.Rat { return new(big.Rat).Quo(s.money, big.NewRat(s.score, 1)) }
	slices.SortFunc(all, func(a, b supporter) int { return perPoint(a).Cmp(perPoint(b)) })
	due := big.NewRat(int64(p.Minimum), 1)
	for i := range all {
		points := int64(0)
		for _, s := range all[i:] {
			points += s.score
		}
		price := new(big.Rat).Quo(due, big.NewRat(points, 1))
		if price.Cmp(perPoint(all[i])) <= 0 {
			return price
		}
		due.Sub(due, all[i].money)
	}
	return nil
}

func anyInstance(t *rapid.T) allocation.Instance {
	in := allocation.Instance{
		Method: allocation.EqualShares, Cycle: rapid.StringMatching(`[a-z]{3}`).Draw(t, "cycle"), Seed: "s",
		Envelope: domain.Minutes(rapid.IntRange(0, 400).Draw(t, "envelope")),
		Rule: allocation.Rule{
			Raise:   domain.Minutes(rapid.IntRange(0, 5).Draw(t, "raise")),
			Utility: rapid.SampledFrom([]allocation.Utility{"", allocation.PerProject, allocation.PerMinute}).Draw(t, "utility"),
		},
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "projects") {
		cost := domain.Minutes(rapid.IntRange(1, 120).Draw(t, "cost"))
		in.Projects = append(in.Projects, allocation.Project{ID: fmt.Sprintf("p%d", i), Minimum: cost, Maximum: cost + domain.Minutes(rapid.IntRange(0, 30).Draw(t, "more")), Filed: int64(i)})
	}
	for v := range rapid.IntRange(0, 12).Draw(t, "voters") {
		b := allocation.Ballot{Voter: fmt.Sprintf("v%02d", v)}
		for _, p := range in.Projects {
			if score := rapid.Int64Range(-3, 5).Draw(t, "score"); score >= 0 {
				b.Choices = append(b.Choices, allocation.Choice{Project: p.ID, Value: score})
			}
		}
		in.Ballots = append(in.Ballots, b)
	}
	return in
}

func TestEqualSharesEqualsTheSlowCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInstance(t)
		r := allocate(t, in)
		if len(in.Ballots) == 0 {
			return
		}
		virtual, ok := new(big.Rat).SetString(r.Virtual)
		if !ok {
			t.Fatalf("virtual share %q", r.Virtual)
		}
		order, prices := slow(in, virtual)
		var gotOrder, gotPrices []string
		lines := slices.Clone(r.Lines)
		slices.SortFunc(lines, func(a, b allocation.Line) int { return a.Place - b.Place })
		for _, line := range lines {
			if line.Cause == allocation.Shared {
				gotOrder, gotPrices = append(gotOrder, line.Project), append(gotPrices, line.PerPoint)
			}
		}
		if !slices.Equal(order, gotOrder) || !slices.Equal(prices, gotPrices) {
			t.Fatalf("the slow count buys %v at %v, ours %v at %v", order, prices, gotOrder, gotPrices)
		}
	})
}

func TestWhatEveryAllocationKeeps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInstance(t)
		r := allocate(t, in)
		var sum domain.Minutes
		for i, line := range r.Lines {
			p := in.Projects[i]
			if line.Minutes != 0 && (line.Minutes < p.Minimum || line.Minutes > p.Maximum || line.Support == 0) {
				t.Fatalf("%+v for %+v", line, p)
			}
			if line.Minutes == 0 && line.Support > 0 && p.Minimum <= r.Left {
				t.Fatalf("%s would still fit into %d", p.ID, r.Left)
			}
			sum += line.Minutes
		}
		if sum != r.Spent || r.Spent+r.Left != in.Envelope || r.Left < 0 {
			t.Fatalf("lines %d, spent %d, left %d of %d", sum, r.Spent, r.Left, in.Envelope)
		}
	})
}

func TestTheOrderOfBallotsNeverMatters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInstance(t)
		r := allocate(t, in)
		in.Ballots = rapid.Permutation(in.Ballots).Draw(t, "ballots")
		for i := range in.Ballots {
			in.Ballots[i].Choices = rapid.Permutation(in.Ballots[i].Choices).Draw(t, "choices")
		}
		again := allocate(t, in)
		if r.InputHash != again.InputHash || !slices.Equal(r.Lines, again.Lines) {
			t.Fatalf("%+v\n%+v", r, again)
		}
	})
}

// One supporter of one project that costs nearly all there is would have the shares
// rise by a minute for years, without anything being bought meanwhile.
func TestSharesRisePastWhatNobodyCanPay(t *testing.T) {
	t.Parallel()
	const billion = 1_000_000_000
	in := allocation.Instance{
		Method: allocation.EqualShares, Envelope: 100 * billion, Rule: allocation.Rule{Raise: 1},
		Projects: costing("oven 1000", "rocket 90000000000"), Ballots: approving("9 oven", "1 rocket"),
	}
	r := allocate(t, in)
	if funded(r) != "oven rocket" || r.Lines[1].Cause != allocation.Shared || r.Virtual != "90000000000" {
		t.Errorf("%+v", r)
	}
}

// Whatever is voted, the shares end where they end when each step is made.
func TestRisingSharesEndWhereEachStepLeads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInstance(t)
		in.Rule.Raise = domain.Minutes(rapid.IntRange(20, 60).Draw(t, "larger raise"))
		for i := range in.Projects {
			if rapid.Bool().Draw(t, "costly") {
				in.Projects[i].Minimum *= 4
				in.Projects[i].Maximum = in.Projects[i].Minimum
			}
		}
		if len(in.Ballots) == 0 {
			return
		}
		cost, supported := map[string]domain.Minutes{}, map[string]bool{}
		for _, p := range in.Projects {
			cost[p.ID] = p.Minimum
		}
		for _, b := range in.Ballots {
			for _, c := range b.Choices {
				supported[c.Project] = supported[c.Project] || c.Value > 0
			}
		}
		spent := func(bought []string) (sum domain.Minutes) {
			for _, id := range bought {
				sum += cost[id]
			}
			return sum
		}
		share, envelope := big.NewRat(int64(in.Envelope), int64(len(in.Ballots))), new(big.Rat).SetInt64(int64(in.Envelope))
		bought, _ := slow(in, share)
		for share.Cmp(envelope) <= 0 && slices.ContainsFunc(in.Projects, func(p allocation.Project) bool {
			return supported[p.ID] && !slices.Contains(bought, p.ID) && p.Minimum <= in.Envelope-spent(bought)
		}) {
			raised := new(big.Rat).Add(share, new(big.Rat).SetInt64(int64(in.Rule.Raise)))
			more, _ := slow(in, raised)
			if spent(more) > in.Envelope {
				break
			}
			share, bought = raised, more
		}
		if r := allocate(t, in); r.Virtual != share.RatString() {
			t.Fatalf("step by step the shares rise to %s, ours to %s", share.RatString(), r.Virtual)
		}
	})
}
