// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import "fmt"

// Minutes is an amount of time. One hour is worth one hour whatever the
// service, so this is the only amount the hours ledger knows; it is always whole.
type Minutes int64

// MaxMinutes bounds one movement (10,000 hours), so that sums stay far from
// overflow and a slip of the finger is refused.
const MaxMinutes Minutes = 600_000

// Round brings an actual time to the charter's unit, half up. It happens once,
// on what was typed, which is kept beside the result.
func (m Minutes) Round(unit Minutes) Minutes {
	if unit <= 1 {
		return m
	}
	return (m + unit/2) / unit * unit
}

// String shows hours and minutes as "2 h 05" or "−1 h 30".
func (m Minutes) String() string {
	sign := ""
	if m < 0 {
		sign, m = "−", -m
	}
	return fmt.Sprintf("%s%d h %02d", sign, m/60, m%60)
}
