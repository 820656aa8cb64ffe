// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestBooksDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, now, day string }{
		{"America/Montreal", "2026-11-23T06:59:00Z", "2026-11-22"}, // 01:59
		{"America/Montreal", "2026-11-23T07:00:00Z", "2026-11-23"}, // 02:00
		{"Europe/Paris", "2026-11-23T01:00:00Z", "2026-11-23"},
		{"Pacific/Auckland", "2026-11-22T13:00:00Z", "2026-11-23"},
		{"UTC", "2026-01-01T00:30:00Z", "2025-12-31"},
		// Put forward: 02:00 does not exist, 03:00 follows 01:59.
		{"America/Montreal", "2026-03-08T06:59:00Z", "2026-03-07"},
		{"America/Montreal", "2026-03-08T07:00:00Z", "2026-03-08"},
		// Put back: 01:59 comes twice.
		{"America/Montreal", "2026-11-01T05:59:00Z", "2026-10-31"},
		{"America/Montreal", "2026-11-01T06:59:00Z", "2026-10-31"},
		{"America/Montreal", "2026-11-01T07:00:00Z", "2026-11-01"},
		// Where midnight itself is skipped.
		{"Africa/Cairo", "2026-04-23T22:30:00Z", "2026-04-23"}, // 01:30, an hour after 23:59
		{"Africa/Cairo", "2026-04-24T22:00:00Z", "2026-04-24"}, // 01:00
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := booksDay(now, zone); got != c.day {
			t.Errorf("%s in %s is of %s, wants %s", c.now, c.zone, got, c.day)
		}
	}
}
