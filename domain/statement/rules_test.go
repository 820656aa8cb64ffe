// SPDX-License-Identifier: AGPL-3.0-or-later

package statement

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

func TestBoundsAreDaysOfTheCommunityOrMoments(t *testing.T) {
	for name, c := range map[string]struct {
		zone, from, until string
		want              [2]string // the first moment in it, and the first after it
	}{
		"nothing":                        {"Europe/Paris", "", "", [2]string{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"}},
		"a quarter in Montréal":          {"America/Montreal", "2026-01-01", "2026-03-31", [2]string{"2026-01-01T05:00:00Z", "2026-04-01T04:00:00Z"}},
		"one day":                        {"Europe/Paris", "2026-07-14", "2026-07-14", [2]string{"2026-07-13T22:00:00Z", "2026-07-14T22:00:00Z"}},
		"the last day of a year":         {"UTC", "2026-12-31", "2026-12-31", [2]string{"2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"}},
		"the day when clocks go forward": {"Europe/Paris", "2026-03-29", "2026-03-29", [2]string{"2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}},
		"a day without midnight":         {"America/Havana", "2026-03-08", "2026-03-08", [2]string{"2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"}},
		"moments":                        {"Europe/Paris", "2026-01-01T12:00:00Z", "2026-01-01T14:30:00+01:00", [2]string{"2026-01-01T12:00:00Z", "2026-01-01T13:30:00Z"}},
		"a moment whose plus is a space": {"Europe/Paris", "2026-01-01T12:00:00 02:00", "", [2]string{"2026-01-01T10:00:00Z", "0001-01-01T00:00:00Z"}},
		"a moment and a day":             {"UTC", "2026-01-01T12:00:00.5Z", "2026-01-02", [2]string{"2026-01-01T12:00:00.5Z", "2026-01-03T00:00:00Z"}},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		p, err := within(c.from, c.until, zone)
		got := [2]string{p.From.Format(time.RFC3339Nano), p.Until.Format(time.RFC3339Nano)}
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}

func TestBoundsThatCannotBe(t *testing.T) {
	for name, c := range map[string][2]string{
		"no date":              {"hier", ""},
		"a day that never was": {"", "2026-02-30"},
		"another order":        {"31-12-2026", ""},
		"a time without zone":  {"2026-01-01T12:00:00", ""},
		"too far a year":       {"", "12026-01-01"},
		"inside out":           {"2026-01-02", "2026-01-01"},
		"nothing between":      {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
	} {
		if p, err := within(c[0], c[1], time.UTC); !errors.Is(err, PeriodInvalid) {
			t.Errorf("%s is taken for %v, %v", name, p, err)
		}
	}
}

func TestSumsAddUpInEveryDirection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all Moved
		var sums []Sum
		for range rapid.IntRange(0, 20).Draw(t, "sums") {
			s := Sum{
				Kind:        rapid.SampledFrom([]ledger.TransferKind{ledger.Exchange, ledger.Gift, ledger.Reversal}).Draw(t, "kind"),
				ServiceType: rapid.SampledFrom([]string{"", "100-A-1", "100-B-1", "102-A-1"}).Draw(t, "type"),
				Moved: Moved{
					Given:    domain.Minutes(rapid.Int64Range(-500, 500).Draw(t, "given")),
					Received: domain.Minutes(rapid.Int64Range(-500, 500).Draw(t, "received")), Lines: 1,
				},
			}
			sums, all = append(sums, s), all.plus(s.Moved)
		}
		got := Totals{}.add(sums)
		var kinds, types, families Moved
		for _, k := range got.ByKind {
			kinds = kinds.plus(k.Moved)
		}
		for _, one := range got.ByServiceType(false) {
			types = types.plus(one.Moved)
		}
		for _, one := range got.ByServiceType(true) {
			families = families.plus(one.Moved)
		}
		if diff := cmp.Diff([]Moved{all, all, types}, []Moved{got.Moved, kinds, families}); diff != "" {
			t.Fatalf("they do not (-want +got):\n%s", diff)
		}
	})
}
