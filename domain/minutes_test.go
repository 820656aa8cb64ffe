// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"testing"

	"pgregory.net/rapid"
)

// The examples are of time banks in the field: 52 and 70 minutes under the units
// that their charters set.
func TestActualTimeIsRoundedToTheChartersUnitHalfUp(t *testing.T) {
	for _, c := range []struct{ typed, unit, want Minutes }{
		{52, 15, 45},
		{52, 30, 60},
		{52, 60, 60},
		{70, 15, 75},
		{70, 30, 60},
		{70, 60, 60},
		{7, 15, 0}, // less than half a unit is nothing
		{8, 15, 15},
		{15, 30, 30}, // exactly half
		{14, 30, 0},
		{30, 60, 60},
		{89, 60, 60},
		{90, 60, 120},
		{10, 25, 0}, // an odd unit's half is between two minutes
		{12, 25, 0},
		{13, 25, 25},
		{53, 1, 53}, // a unit of a minute, or none, changes nothing
		{53, 0, 53},
	} {
		if got := c.typed.Round(c.unit); got != c.want {
			t.Errorf("%d min by units of %d is %d, want %d", c.typed, c.unit, got, c.want)
		}
	}
}

func TestRoundingLandsOnTheNearestUnitAndStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typed := Minutes(rapid.Int64Range(0, int64(MaxMinutes)).Draw(t, "typed"))
		unit := Minutes(rapid.Int64Range(1, 480).Draw(t, "unit"))
		rounded := typed.Round(unit)
		if rounded%unit != 0 {
			t.Fatalf("%d is no multiple of %d", rounded, unit)
		}
		// Half up: from half a unit below, and less than half a unit above.
		if moved := rounded - typed; 2*moved > unit || 2*moved <= -unit {
			t.Fatalf("%d moved by %d, more than half of %d", typed, moved, unit)
		}
		if again := rounded.Round(unit); again != rounded {
			t.Fatalf("rounded twice, %d became %d", rounded, again)
		}
	})
}

func TestMinutesReadAsHoursAndMinutes(t *testing.T) {
	for m, want := range map[Minutes]string{
		0: "0 h 00", 5: "0 h 05", 60: "1 h 00", 125: "2 h 05", -90: "−1 h 30", -5: "−0 h 05", 600_000: "10000 h 00",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d min reads %q, want %q", int64(m), got, want)
		}
	}
}
