// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import "github.com/hora-coop/hora/domain"

// Levy is the part of each exchange that goes to a common pool. The zero value
// is none, which is how every community starts (domain.md, section 9).
type Levy struct {
	BasisPoints int    `json:"basisPoints"` // hundredths of a percent of what moves
	Pool        string `json:"pool"`        // the purpose of the pool, as the ledger names it
	// RoleShare is the part of the levy that goes to whoever holds Role, in basis
	// points of the levy, in the same posting; the rest goes to the pool.
	RoleShare int         `json:"roleShare,omitempty"`
	Role      domain.Role `json:"role,omitempty"`
}

// Shared divides a levy between those who hold the role and the pool: each holder
// has the same, rounded down, and the pool the rest.
func (l Levy) Shared(levy domain.Minutes, holders int) (each, pool domain.Minutes) {
	if holders > 0 {
		each = levy * domain.Minutes(min(max(l.RoleShare, 0), 10_000)) / 10_000 / domain.Minutes(holders)
	}
	return each, levy - each*domain.Minutes(holders)
}

// HighestLevy caps a levy at ten percent, in basis points.
const HighestLevy = 1000

// Of is the levy on minutes that move, rounded down to whole minutes.
func (l Levy) Of(moved domain.Minutes) domain.Minutes {
	return moved * domain.Minutes(min(max(l.BasisPoints, 0), HighestLevy)) / 10_000
}
