// SPDX-License-Identifier: AGPL-3.0-or-later

package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func place(t interface{ Fatal(...any) }, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestWhatComesRound(t *testing.T) {
	paris, montreal := place(t, "Europe/Paris"), place(t, "America/Montreal")
	for _, c := range []struct {
		what         string
		turns        domain.Turns
		n            int
		period, when string
	}{
		{"the first", domain.Turns{First: day("2026-12-31"), Rhythm: domain.Monthly, Hour: 9, Zone: paris}, 0, "2026-12-31", "2026-12-31T08:00:00Z"},
		{"a short month", domain.Turns{First: day("2026-12-31"), Rhythm: domain.Monthly, Hour: 9, Zone: paris}, 2, "2027-02-28", "2027-02-28T08:00:00Z"},
		{"and back to the 31st, in summer", domain.Turns{First: day("2026-12-31"), Rhythm: domain.Monthly, Hour: 9, Zone: paris}, 3, "2027-03-31", "2027-03-31T07:00:00Z"},
		{"a leap day", domain.Turns{First: day("2027-11-30"), Rhythm: domain.Quarterly, Hour: 0, Zone: paris}, 1, "2028-02-29", "2028-02-28T23:00:00Z"},
		{"a year after a leap day", domain.Turns{First: day("2028-02-29"), Rhythm: domain.Yearly, Hour: 12, Zone: paris}, 1, "2029-02-28", "2029-02-28T11:00:00Z"},
		{"and the next leap year", domain.Turns{First: day("2028-02-29"), Rhythm: domain.Yearly, Hour: 12, Zone: paris}, 4, "2032-02-29", "2032-02-29T11:00:00Z"},
		{"the clocks skip two o’clock", domain.Turns{First: day("2027-03-27"), Rhythm: domain.Daily, Hour: 2, Zone: paris}, 1, "2027-03-28", "2027-03-28T01:00:00Z"},
		{"the clocks show two o’clock twice", domain.Turns{First: day("2026-10-18"), Rhythm: domain.Weekly, Hour: 2, Zone: paris}, 1, "2026-10-25", "2026-10-25T00:00:00Z"},
		{"the same across the ocean", domain.Turns{First: day("2026-05-01"), Rhythm: domain.HalfYearly, Hour: 1, Zone: montreal}, 1, "2026-11-01", "2026-11-01T05:00:00Z"},
	} {
		turn := c.turns.Turn(c.n)
		if turn.Period != c.period || turn.At.Format(time.RFC3339) != c.when {
			t.Errorf("%s: %s at %s, wants %s at %s", c.what, turn.Period, turn.At.Format(time.RFC3339), c.period, c.when)
		}
	}
}

// Whatever comes round comes later each time, on a day of its own, at its hour
// wherever the clocks show it, and never further than a turn away.
func TestNoTurnIsMissedOrComesTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		turns := domain.Turns{
			First:  day("2020-01-01").AddDate(0, 0, rapid.IntRange(0, 4000).Draw(t, "first")),
			Rhythm: rapid.SampledFrom(domain.Rhythms()).Draw(t, "rhythm"),
			Hour:   rapid.IntRange(0, 23).Draw(t, "hour"),
			Zone:   place(t, rapid.SampledFrom([]string{"Europe/Paris", "America/Montreal", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"}).Draw(t, "zone")),
		}
		n := rapid.IntRange(0, 800).Draw(t, "n")
		one, next := turns.Turn(n), turns.Turn(n+1)
		if !next.At.After(one.At) || next.Period <= one.Period {
			t.Fatalf("%v is followed by %v", one, next)
		}
		if local := one.At.In(turns.Zone); local.Format(time.DateOnly) != one.Period || local.Hour() != turns.Hour && local.Hour() != turns.Hour+1 {
			t.Fatalf("%v is at %v", one, local)
		}
		longest := map[domain.Rhythm]int{domain.Daily: 1, domain.Weekly: 7, domain.Monthly: 31, domain.Quarterly: 92, domain.HalfYearly: 184, domain.Yearly: 366}
		if next.At.Sub(one.At) > time.Duration(longest[turns.Rhythm]*24+2)*time.Hour {
			t.Fatalf("from %v to %v", one, next)
		}
	})
}
