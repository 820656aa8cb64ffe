// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

var (
	lyon = community.Community{TimeZone: "Europe/Paris"}
	noon = time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)
)

func order(shares int, nominal int64) Order {
	return Order{ID: domain.NewID(), Shares: shares, Nominal: domain.Money{Minor: nominal, Currency: "EUR"}, At: noon}
}

func sums(parts []Part) (shares int, amount int64) {
	for _, p := range parts {
		shares, amount = shares+p.Shares, amount+p.Amount.Minor
	}
	return shares, amount
}

// However a subscription or a redemption is parted, the parts are the whole, and no
// payment is empty.
func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := order(rapid.IntRange(1, MostShares).Draw(t, "shares"), rapid.Int64Range(1, 1_000_000).Draw(t, "nominal"))
		whole := int64(o.Shares) * o.Nominal.Minor
		instalments := int(min(whole, int64(rapid.IntRange(1, 36).Draw(t, "instalments"))))
		paid := plan(o, instalments, lyon)
		if shares, amount := sums(paid); len(paid) != instalments || shares != o.Shares || amount != whole {
			t.Fatalf("%d instalments bring %d shares for %d", len(paid), shares, amount)
		}
		var steps []community.Repayment
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			steps = append(steps, community.Repayment{BasisPoints: rapid.IntRange(1, 10_000).Draw(t, "basis points"), AfterDays: 180 * len(steps)})
		}
		out := schedule(o, steps, lyon)
		if shares, amount := sums(out); shares != o.Shares || amount != whole {
			t.Fatalf("%v pay out %d shares for %d", steps, shares, amount)
		}
		for i, p := range append(paid, out...) {
			if p.Amount.Minor < 1 || p.Shares < 0 || (i > 0 && i < len(paid) && p.Amount.Minor > paid[i-1].Amount.Minor) {
				t.Fatalf("part %d: %+v", i, p)
			}
		}
	})
}

func TestHalfInSixMonthsHalfInEighteen(t *testing.T) {
	t.Parallel()
	parts := schedule(order(5, 1000), []community.Repayment{{AfterDays: 180, BasisPoints: 5000}, {AfterDays: 540, BasisPoints: 5000}}, lyon)
	var got []int
	for _, p := range parts {
		got = append(got, p.Shares, int(p.Due.Sub(noon).Round(24*time.Hour).Hours()/24))
	}
	if diff := cmp.Diff([]int{3, 180, 2, 540}, got); diff != "" {
		t.Error(diff)
	}
	if one := schedule(order(1, 1000), []community.Repayment{{BasisPoints: 5000}, {AfterDays: 540, BasisPoints: 5000}}, lyon); len(one) != 1 {
		t.Errorf("one share is paid out in %d parts", len(one))
	}
}

// A register with a few members and a floor: whatever is tried, the holdings add up
// to it, the capital stays above its floor, and every facet moves by the table.
func TestARegisterOfAnyOperations(t *testing.T) {
	t.Parallel()
	rules := community.Shares{Nominal: 100, Currency: "EUR", Minimum: 3, FloorBasisPoints: 2500, Floor: 400}
	rapid.Check(t, func(t *rapid.T) {
		var total Total
		members := make([]Holding, 4)
		facets := make([]membership.Capital, len(members))
		for i := range members {
			members[i].Member, facets[i] = domain.NewID(), membership.NoCapital
		}
		enter := func(op Operation) {
			op.Number, op.Amount = total.Last+1, rules.Of(op.Shares)
			total = total.After(op)
			for i, h := range members {
				if h.Member != op.From && h.Member != op.To {
					continue
				}
				members[i] = h.After(op)
				next := members[i].Facet(rules.MinimumFor(false))
				if next != facets[i] && !facets[i].MayBecome(next) {
					t.Fatalf("%s moves the facet from %s to %s", op.Kind, facets[i], next)
				}
				facets[i] = next
			}
		}
		some := func(most int) int { return rapid.IntRange(1, most).Draw(t, "shares") }
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			h := members[rapid.IntRange(0, len(members)-1).Draw(t, "member")]
			other := members[rapid.IntRange(0, len(members)-1).Draw(t, "other")]
			switch kind := rapid.SampledFrom([]Kind{Subscribe, Withdraw, Pay, Transfer, Gift, Request, Keep, Redeem}).Draw(t, "kind"); {
			case kind == Subscribe:
				enter(Operation{Kind: kind, To: h.Member, Shares: some(5)})
			case (kind == Withdraw || kind == Pay) && h.Subscribed > 0:
				enter(Operation{Kind: kind, To: h.Member, Shares: some(h.Subscribed)})
			case (kind == Transfer || kind == Gift) && h.Free() > 0 && other.Member != h.Member:
				enter(Operation{Kind: kind, From: h.Member, To: other.Member, Shares: some(h.Free())})
			case kind == Request && h.Free() > 0:
				enter(Operation{Kind: kind, From: h.Member, Shares: some(h.Free())})
			case (kind == Keep || kind == Redeem) && h.Leaving > 0:
				shares := some(h.Leaving)
				if kind == Redeem && total.room(Part{Amount: rules.Of(shares)}, 0, rules) != nil {
					continue
				}
				enter(Operation{Kind: kind, From: h.Member, Shares: shares})
				if floor := rules.FloorOf(total.Highest); kind == Redeem && total.Capital < floor {
					t.Fatalf("the capital is %d, its floor %d", total.Capital, floor)
				}
			}
		}
		shares, capital := 0, int64(0)
		for _, h := range members {
			shares, capital = shares+h.Paid, capital+h.Capital
			if h.Paid < 0 || h.Leaving < 0 || h.Leaving > h.Paid || h.Subscribed < 0 {
				t.Fatalf("a holding cannot be: %+v", h)
			}
		}
		if shares != total.Shares || capital != total.Capital {
			t.Fatalf("the members hold %d shares for %d, the register says %d for %d", shares, capital, total.Shares, total.Capital)
		}
	})
}

func TestTheFloorKeepsWhatIsDueEarlier(t *testing.T) {
	t.Parallel()
	total, rules := Total{Capital: 1000, Highest: 1000}, community.Shares{Nominal: 100, Currency: "EUR", Floor: 400}
	part := Part{Amount: rules.Of(3)}
	if err := total.room(part, 300, rules); err != nil {
		t.Errorf("600 are free, 300 of them for others: %v", err)
	}
	err := total.room(part, 301, rules)
	var e *domain.Error
	if !errors.As(err, &e) || e.Code != BelowFloor || e.Args["available"] != (domain.Money{Minor: 299, Currency: "EUR"}) {
		t.Errorf("one cent is lacking: %v", err)
	}
}

func TestWhoConfirmsAPart(t *testing.T) {
	t.Parallel()
	limit := int64(500)
	treasurer, board := Confirmation{Treasurer: true}, Confirmation{}
	for _, c := range []struct {
		amount int64
		by     []Confirmation
		want   bool
	}{
		{500, nil, false},
		{500, []Confirmation{treasurer}, true},
		{500, []Confirmation{board}, false},
		{501, []Confirmation{treasurer}, false},
		{501, []Confirmation{treasurer, board}, true},
		{501, []Confirmation{board, board}, false},
	} {
		if got := (Part{Amount: domain.Money{Minor: c.amount}, Confirmed: c.by}).Complete(&limit); got != c.want {
			t.Errorf("%d confirmed by %v: %v", c.amount, c.by, got)
		}
	}
}

func TestWhatTheLawCaps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		form   community.LegalForm
		before Composition
		gains  Category
		amount int64
		want   error
	}{
		"half of a SCIC":             {community.SCIC, Composition{User: 500}, PublicBody, 500, nil},
		"more than half of a SCIC":   {community.SCIC, Composition{User: 500}, PublicBody, 501, PublicBodiesCap},
		"a SCIC with too much mends": {community.SCIC, Composition{User: 1, PublicBody: 500}, User, 100, nil},
		"a SCOP's first worker":      {community.SCOP, Composition{}, Worker, 100, nil},
		"a SCOP's first supporter":   {community.SCOP, Composition{}, Supporter, 100, WorkersCap},
		"49 % of a SCOP":             {community.SCOP, Composition{Worker: 51}, Supporter, 49, nil},
		"half of a SCOP":             {community.SCOP, Composition{Worker: 51}, Supporter, 50, WorkersCap},
		"no form":                    {community.NoLegalForm, Composition{}, PublicBody, 100, nil},
	} {
		if err := capped(c.form, c.before, c.gains, c.amount); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	checks := Law(community.SCIC, Composition{User: 10, Supporter: 10, Worker: 1})
	if diff := cmp.Diff([]LegalCheck{{PublicHalf, true}, {ThreeCategories, true}}, checks); diff != "" {
		t.Error(diff)
	}
}
