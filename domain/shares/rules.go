// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// plan parts a subscription into instalments thirty days apart, the first at once.
// What does not divide goes to the first ones; a share is paid when the money for
// it is whole.
func plan(o Order, instalments int, where community.Community) []Part {
	whole := int64(o.Shares) * o.Nominal.Minor
	parts := make([]Part, instalments)
	sum := int64(0)
	for i := range parts {
		amount := whole / int64(instalments)
		if int64(i) < whole%int64(instalments) {
			amount++
		}
		parts[i] = Part{
			Order: o.ID, Number: i + 1, Amount: domain.Money{Minor: amount, Currency: o.Nominal.Currency}, Due: where.After(o.At, 30*i),
			Shares: int((sum+amount)/o.Nominal.Minor - sum/o.Nominal.Minor),
		}
		sum += amount
	}
	return parts
}

// schedule parts a redemption by the charter's steps into whole shares, by largest
// remainder, ties to the earlier step; a step for which no share is left is none.
func schedule(o Order, steps []community.Repayment, where community.Community) []Part {
	if len(steps) == 0 {
		steps = []community.Repayment{{BasisPoints: 10_000}}
	}
	all := 0
	for _, s := range steps {
		all += s.BasisPoints
	}
	shares, rest := make([]int, len(steps)), o.Shares
	order := make([]int, len(steps))
	for i, s := range steps {
		shares[i] = o.Shares * s.BasisPoints / all
		rest -= shares[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return o.Shares*steps[b].BasisPoints%all - o.Shares*steps[a].BasisPoints%all
	})
	for _, i := range order[:rest] {
		shares[i]++
	}
	var parts []Part
	for i, s := range steps {
		if shares[i] > 0 {
			parts = append(parts, Part{
				Order: o.ID, Number: len(parts) + 1, Shares: shares[i], Due: where.After(o.At, s.AfterDays),
				Amount: domain.Money{Minor: int64(shares[i]) * o.Nominal.Minor, Currency: o.Nominal.Currency},
			})
		}
	}
	return parts
}

// State is derived from what followed.
func (o Order) State() OrderState {
	if o.Withdrawn {
		return Withdrawn
	}
	if _, open := o.Next(); open {
		return Open
	}
	return Done
}

// Next is the part that is to be confirmed next.
func (o Order) Next() (Part, bool) {
	for _, p := range o.Parts {
		if p.DoneAt.IsZero() {
			return p, !o.Withdrawn
		}
	}
	return Part{}, false
}

// open is how many shares an order still waits for.
func (o Order) open() (shares int) {
	for _, p := range o.Parts {
		if p.DoneAt.IsZero() {
			shares += p.Shares
		}
	}
	return shares
}

// Complete says whether enough people confirmed a part: a treasurer, and above the
// charter's limit a second person.
func (p Part) Complete(second *int64) bool {
	wanted := 1
	if second != nil && p.Amount.Minor > *second {
		wanted = 2
	}
	return len(p.Confirmed) >= wanted && slices.ContainsFunc(p.Confirmed, func(c Confirmation) bool { return c.Treasurer })
}

// Facet is where a holding puts somebody.
func (h Holding) Facet(minimum int) membership.Capital {
	switch {
	case h.Free() >= max(minimum, 1):
		return membership.Full
	case h.Free() >= 1:
		return membership.Investor
	case h.Leaving > 0:
		return membership.Redeeming
	case h.Subscribed > 0:
		return membership.Pending
	case h.Ever:
		return membership.Redeemed
	}
	return membership.NoCapital
}

// After is the holding of a member after one more operation.
func (h Holding) After(op Operation) Holding {
	switch op.Kind {
	case Subscribe:
		h.Subscribed += op.Shares
	case Withdraw:
		h.Subscribed -= op.Shares
	case Request:
		h.Leaving += op.Shares
	case Keep:
		h.Leaving -= op.Shares
	case Pay:
		h.Subscribed -= op.Shares
		h = h.gains(op)
	case Redeem:
		h.Leaving -= op.Shares
		h = h.loses(op)
	case Transfer, Gift:
		if op.To == h.Member {
			h = h.gains(op)
		} else {
			h = h.loses(op)
		}
	}
	return h
}

func (h Holding) gains(op Operation) Holding {
	h.Paid, h.Capital, h.Ever = h.Paid+op.Shares, h.Capital+op.Amount.Minor, h.Ever || op.Shares > 0
	return h
}

func (h Holding) loses(op Operation) Holding {
	h.Paid, h.Capital = h.Paid-op.Shares, h.Capital-op.Amount.Minor
	return h
}

// After is the register's total after one more operation.
func (t Total) After(op Operation) Total {
	t.Last = op.Number
	switch op.Kind {
	case Pay:
		t.Shares, t.Capital = t.Shares+op.Shares, t.Capital+op.Amount.Minor
	case Redeem:
		t.Shares, t.Capital = t.Shares-op.Shares, t.Capital-op.Amount.Minor
	case Subscribe, Withdraw, Transfer, Gift, Request, Keep:
	}
	t.Highest = max(t.Highest, t.Capital)
	return t
}

// room says whether a part may be paid out: nothing takes the capital below its
// floor, and what was asked for earlier and is due comes first.
func (t Total) room(p Part, earlier int64, rules community.Shares) error {
	available := t.Capital - rules.FloorOf(t.Highest) - earlier
	if p.Amount.Minor > available {
		return domain.NewError(BelowFloor, "redemptionId",
			"available", domain.Money{Minor: max(available, 0), Currency: p.Amount.Currency}, "required", p.Amount)
	}
	return nil
}

// agreed says which of the charter's texts somebody has not agreed to.
func agreed(texts, to []community.SharesText, field string) error {
	for _, t := range texts {
		if !slices.ContainsFunc(to, func(a community.SharesText) bool { return a.Code == t.Code && a.Version == t.Version }) {
			return domain.NewError(ConsentMissing, field, "about", t.Code+" "+t.Version)
		}
	}
	return nil
}

func (cmd Wish) check(rules community.Shares) error {
	var c domain.Check
	c.Also(quantity(cmd.Quantity))
	most := max(rules.Instalments, 1)
	if whole := rules.Of(cmd.Quantity).Minor; whole < int64(most) {
		most = max(int(whole), 1)
	}
	c.That(cmd.Instalments >= 1 && cmd.Instalments <= most, domain.OutOfRange, "instalments", "min", 1, "max", most)
	return c.Err()
}

func quantity(shares int) error {
	var c domain.Check
	c.That(shares >= 1 && shares <= MostShares, domain.OutOfRange, "quantity", "min", 1, "max", MostShares)
	return c.Err()
}

func (cmd Confirm) check() (Confirm, error) {
	var c domain.Check
	cmd.Reference = c.Line("reference", cmd.Reference, 1, 100)
	return cmd, c.Err()
}

// liable is until when somebody answers for debts of their time; zero for not.
func liable(h Holding, rules community.Shares, where community.Community) time.Time {
	if h.Reduced.IsZero() || rules.TailDays == 0 {
		return time.Time{}
	}
	return where.After(h.Reduced, rules.TailDays)
}

func tidy(texts []community.SharesText) []community.SharesText {
	for i := range texts {
		texts[i] = community.SharesText{Code: strings.TrimSpace(texts[i].Code), Version: strings.TrimSpace(texts[i].Version)}
	}
	return texts
}
