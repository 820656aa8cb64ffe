// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import "github.com/hora-coop/hora/domain"

// Levy is the part of each exchange that goes to a common pool. The zero value
// is none, which is how every community starts (domain.md, section 9).
type Levy struct {
	BasisPoints int    `json:"basisPoints"` // hundredths of a percent of what moves
	Pool        string `json:"pool"`        // the purpose of the pool, as the ledger names it
}

// HighestLevy caps a levy at ten percent, in basis points.
const HighestLevy = 1000

// Of is the levy on minutes that move, rounded down to whole minutes.
func (l Levy) Of(moved domain.Minutes) domain.Minutes {
	return moved * domain.Minutes(min(max(l.BasisPoints, 0), HighestLevy)) / 10_000
}
