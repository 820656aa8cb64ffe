// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import "github.com/hora-coop/hora/domain"

// MostApprovals is how many people a charter may ask to look at one claim.
const MostApprovals = 7

// Payouts is how many people look at a claim on what a cycle granted. The zero value
// asks for none beyond what each cycle says itself, as in the charters that were written
// before there was such a rule.
type Payouts struct {
	Above     domain.Minutes `json:"above"`     // a claim of more needs so many approvals
	Approvals int            `json:"approvals"` // 0: what the cycle says
}

// Of is how many approvals a claim needs, at least.
func (p Payouts) Of(minutes domain.Minutes) int {
	if minutes > p.Above {
		return max(1, p.Approvals)
	}
	return 1
}

func (p Payouts) check(check *domain.Check) {
	least := domain.Minutes(0)
	if p.Approvals > 0 {
		least = 1
	}
	check.That(p.Above >= least && p.Above <= domain.MaxMinutes, domain.MinutesOutOfRange, "payouts.above", "min", least, "max", domain.MaxMinutes)
	between(check, "payouts.approvals", p.Approvals, 0, MostApprovals)
}
