// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// somebody is an adult or a minor, whose guardian may be another one.
func somebody(t *rapid.T, name string, guardian domain.ID, now time.Time) Member {
	m := Member{ID: domain.NewID()}
	if rapid.Bool().Draw(t, name+" was noted as a minor") {
		m.Guarded = &Guarded{
			Until:     now.Add(time.Duration(rapid.IntRange(-48, 48).Draw(t, name+" comes of age in hours")) * time.Hour),
			Consented: rapid.Bool().Draw(t, name+" has a consent"),
		}
		if m.Guarded.Consented && rapid.Bool().Draw(t, name+"'s guardian is the other") {
			m.Guarded.Guardian = guardian
		}
	}
	return m
}

// Whoever asks first, the rule answers the same. Without a minor it asks nothing; with
// one who waits nobody deals; else only an adult who is neither guardian nor of the
// household needs a check, and it is the adult.
func TestWhoDealsWithAMinor(t *testing.T) {
	now := time.Date(2026, time.March, 31, 16, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		one := somebody(t, "one", domain.Nowhere, now)
		other := somebody(t, "other", one.ID, now)
		together := rapid.Bool().Draw(t, "they live together")
		d, adult := deal(one, other, together, now)
		if back, same := deal(other, one, together, now); back != d || same.ID != adult.ID {
			t.Fatalf("%v and %v from one side, %v and %v from the other", d, adult.ID, back, same.ID)
		}
		minors := 0
		for _, m := range []Member{one, other} {
			if m.UnderAge(now) {
				minors++
			}
			if m.Awaits(now) && d != Barred {
				t.Fatalf("%v with a minor who waits for a consent", d)
			}
		}
		switch waits := one.Awaits(now) || other.Awaits(now); {
		case waits:
		case minors != 1 && d != Free:
			t.Fatalf("%v between %d minors", d, minors)
		case minors == 1 && (d == Free) != (together || other.UnderAge(now) && other.Guarded.Guardian == one.ID):
			t.Fatalf("%v: together %v", d, together)
		}
		if d == Checked && adult.UnderAge(now) {
			t.Fatal("a minor needs a check")
		}
		if later, _ := deal(one, other, together, now.Add(49*time.Hour)); later != Free {
			t.Fatalf("%v when both are of age", later)
		}
	})
}

// A minor comes of age at midnight of the day where the community is; no day is noted
// that has begun, or that nobody alive can wait for so long; and the age that a charter
// asks for is reached on a birthday.
func TestTheDayOfComingOfAge(t *testing.T) {
	where := community.Community{TimeZone: "America/Toronto"}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, time.March, 7, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "hour")) * time.Hour)
		here := today(where, now)
		day := here.AddDate(rapid.IntRange(-1, 19).Draw(t, "years"), 0, rapid.IntRange(-2, 2).Draw(t, "days"))
		m, err := minor(where, domain.NewID(), day, "comesOfAgeOn", now)
		if good := day.After(here) && !day.After(here.AddDate(18, 0, 0)); (err == nil) != good {
			t.Fatalf("%s on %s: %v", day, here, err)
		}
		if err != nil {
			return
		}
		if local := m.OfAgeAt.In(where.Zone()); local.Hour() != 0 || local.Format(time.DateOnly) != day.Format(time.DateOnly) || !now.Before(m.OfAgeAt) {
			t.Fatalf("of age at %s for %s", local, day)
		}
		admitted := true
		for age := 1; age <= community.AgeOfMajority; age++ { // a stricter charter never admits more
			admits := community.Minors{FromAge: age}.Admits(day, here)
			if admits && !admitted {
				t.Fatalf("from %d, and not from less", age)
			}
			admitted = admits
		}
		if admitted {
			t.Fatal("a charter from the age of majority admits a minor")
		}
		if years := day.AddDate(-3, 0, 0); !(community.Minors{FromAge: 15}).Admits(day, years) || (community.Minors{FromAge: 15}).Admits(day, years.AddDate(0, 0, -1)) {
			t.Fatalf("15 is not reached on %s", years)
		}
	})
}

// A minor stands on no role, and takes part with a consent.
func TestAMinorsStanding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Member{ID: domain.NewID(), Participation: Active}
		if rapid.Bool().Draw(t, "under age") {
			m.Guarded = &Guarded{Consented: rapid.Bool().Draw(t, "consented")}
		}
		standing := m.Standing([]domain.Role{domain.Coordinator})
		if standing.Has(domain.Coordinator) != (m.Guarded == nil) || standing.UnderAge != (m.Guarded != nil) {
			t.Fatalf("%+v", standing)
		}
		if standing.May(domain.TakePart) != (m.Guarded == nil || m.Guarded.Consented) || !standing.May(domain.SeeCommunity) {
			t.Fatalf("%+v", standing)
		}
	})
}
