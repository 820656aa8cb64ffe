// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import "github.com/hora-coop/hora/domain"

// Reserve is the part of what comes into the common pools that the reserve receives
// first, until it holds enough. The zero value is none, as in the charters that were
// written before there was such a rule.
type Reserve struct {
	BasisPoints int `json:"basisPoints"` // hundredths of a percent of a month's inflows
	Target      int `json:"target"`      // hundredths of a percent of all members' positive balances
}

// On says whether it receives anything at all.
func (r Reserve) On() bool { return r.BasisPoints > 0 && r.Target > 0 }

// Of is the reserve's part of what came in, rounded down to whole minutes.
func (r Reserve) Of(inflow domain.Minutes) domain.Minutes {
	if !r.On() {
		return 0
	}
	return max(0, inflow) * domain.Minutes(r.BasisPoints) / 10_000
}

// Room is what the reserve may still receive while members hold so much above zero,
// the target rounded down.
func (r Reserve) Room(holds, positive domain.Minutes) domain.Minutes {
	return max(0, positive*domain.Minutes(r.Target)/10_000-holds)
}
