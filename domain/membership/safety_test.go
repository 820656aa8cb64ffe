// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Something is kept from a member as long as the last limit that names it, and never
// something that none names; taking one back leaves what the others say.
func TestLimitsOverlapAndEndByTheClock(t *testing.T) {
	now := time.Date(2026, time.March, 31, 16, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var m Member
		for range rapid.IntRange(0, 5).Draw(t, "limits") {
			m.Limits = append(m.Limits, Limit{
				Cause: domain.NewID(), Until: now.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "hours")) * time.Hour),
				What: rapid.SliceOfNDistinct(rapid.SampledFrom(Abilities()), 1, 4, rapid.ID[Ability]).Draw(t, "what"),
			})
		}
		for _, a := range Abilities() {
			until := m.LimitedUntil(a, now)
			if !until.IsZero() && !until.After(now) {
				t.Fatalf("%s is kept until %s, which is over", a, until)
			}
			for _, l := range m.Limits {
				if slices.Contains(l.What, a) && l.Until.After(now) && l.Until.After(until) {
					t.Fatalf("%s is kept until %s, and %s says %s", a, until, l.Cause, l.Until)
				}
			}
			if !until.IsZero() && !slices.ContainsFunc(m.Limits, func(l Limit) bool { return l.Until.Equal(until) && slices.Contains(l.What, a) }) {
				t.Fatalf("%s is kept until %s, which nothing says", a, until)
			}
			if !m.LimitedUntil(a, now.Add(101*time.Hour)).IsZero() {
				t.Fatalf("%s is kept for ever", a)
			}
		}
	})
}

// No attestation is of a day to come, none holds longer than the charter lets it, and
// each holds through the whole of its last day where the community is.
func TestAnAttestationIsBounded(t *testing.T) {
	where := community.Community{TimeZone: "America/Toronto"}
	rules := community.Safety{NoticeDays: 30, Vetting: []community.VettingKind{{Code: "RECORD_CHECK", Months: 6}}}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, time.March, 7, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hour")) * time.Hour)
		here := today(where, now)
		cmd := RecordVetting{Member: domain.NewID(), Kind: "RECORD_CHECK"}
		if rapid.Bool().Draw(t, "says when") {
			cmd.SeenOn = here.AddDate(0, 0, rapid.IntRange(-400, 5).Draw(t, "seen"))
		}
		if rapid.Bool().Draw(t, "says until when") {
			cmd.ExpiresOn = here.AddDate(0, 0, rapid.IntRange(-5, 400).Draw(t, "expires"))
		}
		v, err := cmd.vetting(where, rules, domain.NewID(), now)
		seen := cmd.SeenOn
		if seen.IsZero() {
			seen = here
		}
		longest := seen.AddDate(0, 6, 0)
		good := !seen.After(here) && !longest.Before(here)
		if !cmd.ExpiresOn.IsZero() {
			good = !seen.After(here) && !cmd.ExpiresOn.After(longest) && !cmd.ExpiresOn.Before(here)
		}
		if (err == nil) != good {
			t.Fatalf("seen on %s until %s: %v", cmd.SeenOn, cmd.ExpiresOn, err)
		}
		if err != nil {
			return
		}
		if v.ExpiresOn.After(longest) || v.SeenOn.After(here) || !v.ValidAt(now) || v.ValidAt(v.EndsAt) {
			t.Fatalf("%+v", v)
		}
		if last := v.EndsAt.Add(-time.Minute).In(where.Zone()); last.Format(time.DateOnly) != v.ExpiresOn.Format(time.DateOnly) {
			t.Fatalf("it holds on %s until %s", v.ExpiresOn, last)
		}
	})
}
