// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// LegalRule is a cap that a legal form puts on who holds the capital.
type LegalRule string

// The rules that are checked. Sources: loi n° 47-1775 of 10 September 1947, articles
// 19 quinquies to 19 septies (SCIC); loi n° 78-763 of 19 July 1978 (SCOP).
const (
	PublicHalf                = LegalRule(PublicBodiesCap) // public bodies hold at most half
	ThreeCategories LegalRule = "SCIC_CATEGORIES"          // three kinds of holders, users and workers (or producers) among them
	WorkersMajority           = LegalRule(WorkersCap)      // workers hold at least 51 %
)

// LegalCheck says whether a rule holds.
type LegalCheck struct {
	Rule  LegalRule
	Holds bool
}

// Composition is the capital by category, in the currency's smallest unit.
type Composition map[Category]int64

func (c Composition) whole() (all int64) {
	for _, part := range c {
		all += part
	}
	return all
}

// with is the composition after capital came to, or went from, a category.
func (c Composition) with(category Category, amount int64) Composition {
	next := Composition{category: amount}
	for k, v := range c {
		next[k] += v
	}
	return next
}

// Law checks what a legal form asks of the capital. With no capital there is
// nothing to ask.
func Law(form community.LegalForm, c Composition) []LegalCheck {
	all := c.whole()
	switch form {
	case community.SCIC:
		kinds := 0
		for _, part := range c {
			if part > 0 {
				kinds++
			}
		}
		return []LegalCheck{
			{PublicHalf, 2*c[PublicBody] <= all},
			{ThreeCategories, all == 0 || (kinds >= 3 && c[User] > 0 && c[Worker]+c[Producer] > 0)},
		}
	case community.SCOP:
		return []LegalCheck{{WorkersMajority, 100*c[Worker] >= 51*all}}
	case community.NoLegalForm:
	}
	return nil
}

// capped refuses capital of a category that takes a cap too far. How many kinds of
// holders there are grows with time, and is only reported.
func capped(form community.LegalForm, c Composition, gains Category, amount int64) error {
	for _, check := range Law(form, c.with(gains, amount)) {
		burdens := check.Rule == PublicHalf && gains == PublicBody || check.Rule == WorkersMajority && gains != Worker
		if !check.Holds && burdens {
			return domain.NewError(domain.Code(check.Rule), "")
		}
	}
	return nil
}
