// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// Shares divides minutes by weights so that the parts always add up: each gets
// the whole part of its share, what remains goes one by one to the largest
// remainders, ties to the lowest position (callers order by account id).
func Shares(total domain.Minutes, weights []int64) []domain.Minutes {
	var sum int64
	for _, w := range weights {
		sum += w
	}
	parts := make([]domain.Minutes, len(weights))
	if sum <= 0 {
		return parts
	}
	rest := int64(total)
	order := make([]int, len(weights))
	remainders := make([]int64, len(weights))
	for i, w := range weights {
		product := int64(total) * w
		parts[i] = domain.Minutes(product / sum)
		remainders[i] = product % sum
		rest -= product / sum
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(remainders[b] - remainders[a]) })
	for _, i := range order[:rest] {
		parts[i]++
	}
	return parts
}

// Valid says whether a posting could be written at all: at least one leg, each
// a positive amount between two accounts.
func (p Posting) Valid() error {
	var c domain.Check
	c.That(len(p.Legs) > 0, domain.Required, "legs")
	for _, leg := range p.Legs {
		c.Minutes("minutes", leg.Minutes)
		c.That(leg.Debit != leg.Credit, SameAccount, "to")
	}
	return c.Err()
}

// Fingerprint is the hash of what a posting would do. Ids minted for this
// attempt do not count, so a retry has the same fingerprint.
func (p Posting) Fingerprint() []byte {
	type leg struct {
		Kind             TransferKind
		Minutes          domain.Minutes
		Debit, Credit    domain.ID
		Exchange, Undoes domain.ID
	}
	legs := make([]leg, len(p.Legs))
	for i, l := range p.Legs {
		legs[i] = leg{l.Kind, l.Minutes, l.Debit, l.Credit, l.Exchange, l.Reverses}
	}
	encoded, err := json.Marshal(legs)
	if err != nil {
		panic(err) // plain values always encode
	}
	sum := sha256.Sum256(encoded)
	return sum[:]
}

// Undo is the equal and opposite of a transfer.
func (t Transfer) Undo() Transfer {
	return Transfer{
		Community: t.Community, Kind: Reversal, Minutes: t.Minutes,
		Debit: t.Credit, Credit: t.Debit, Reverses: t.ID,
	}
}

// Valid says whether limits make sense together.
func (l Limits) Valid() bool {
	ordered := func(a, b *domain.Minutes) bool { return a == nil || b == nil || *a <= *b }
	return ordered(l.Floor, l.SoftFloor) && ordered(l.SoftFloor, l.Ceiling) && ordered(l.Floor, l.Ceiling)
}

// furthest is beyond what any account comes to: a limit there is a slip of the finger.
const furthest = 100 * domain.MaxMinutes

// Check says all that is wrong with limits.
func (l Limits) Check(c *domain.Check) {
	for _, limit := range []struct {
		field string
		at    *domain.Minutes
	}{{"floor", l.Floor}, {"softFloor", l.SoftFloor}, {"ceiling", l.Ceiling}} {
		c.That(limit.at == nil || (*limit.at >= -furthest && *limit.at <= furthest), domain.MinutesOutOfRange, limit.field,
			"min", -furthest, "max", furthest)
	}
	c.That(l.Valid(), LimitsInvalid, "floor")
}
