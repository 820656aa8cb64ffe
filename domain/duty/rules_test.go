// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

func someRules(t *rapid.T) community.Duty {
	excused := rapid.IntRange(-8, 0).Draw(t, "excused")
	return community.Duty{
		On: true, CycleWeeks: rapid.IntRange(1, 12).Draw(t, "weeks"), Attended: rapid.IntRange(0, 4).Draw(t, "attended"), Excused: excused,
		Missed: rapid.IntRange(-8, excused).Draw(t, "missed"), MakeUp: rapid.IntRange(1, 4).Draw(t, "makeUp"), AlertDays: 28,
		ExcuseHours: rapid.IntRange(0, 336).Draw(t, "hours"), AheadWeeks: 8,
	}
}

func aDay(t *rapid.T, name string) time.Time {
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 6000).Draw(t, name))
}

// Whoever books freely and whoever has a standing place come to the same over a cycle,
// however it goes.
func TestBothPatternsAreWorthTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := someRules(t)
		outcome := rapid.SampledFrom([]Outcome{Attended, Excused, Missed}).Draw(t, "outcome")
		if standing, free := points(rules, outcome, true), points(rules, outcome, false)-rules.MakeUp; standing != free {
			t.Fatalf("%s: standing %d, free %d", outcome, standing, free)
		}
		for _, none := range []Outcome{Booked, CalledOff, Swapped} {
			if points(rules, none, rapid.Bool().Draw(t, "owed")) != 0 {
				t.Fatalf("%s counts", none)
			}
		}
	})
}

// A counter is the sum of its entries, and whoever is behind has a day: it does not move
// by what follows, and is gone as soon as the counter is at zero.
func TestACounterIsTheSumOfItsEntries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, sum, now := Account{}, 0, time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
		var due time.Time
		for i, p := range rapid.SliceOfN(rapid.IntRange(-4, 4), 0, 30).Draw(t, "points") {
			now = now.Add(time.Duration(rapid.IntRange(1, 500).Draw(t, "hours")) * time.Hour)
			a, sum = a.with(p, now, now.AddDate(0, 0, 28)), sum+p
			switch {
			case sum >= 0:
				due = time.Time{}
			case due.IsZero():
				due = now.AddDate(0, 0, 28)
			}
			if a.Balance != sum || a.Entries != i+1 || !a.DueAt.Equal(due) || a.AlertAt.IsZero() != due.IsZero() {
				t.Fatalf("after %d: %+v, wanted %d, due %s", i, a, sum, due)
			}
			if a.Suspended(now) && due.After(now) {
				t.Fatal("suspended before the day")
			}
		}
	})
}

// Every day lies in one cycle, which begins on a Monday, and a template comes round
// once in each.
func TestATemplateComesRoundOnceInEachCycle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weeks, day := rapid.IntRange(1, 12).Draw(t, "weeks"), aDay(t, "day")
		first := cycleOf(day, weeks)
		if first.Weekday() != time.Monday || first.After(day) || !after(first, weeks).After(day) || !cycleOf(first, weeks).Equal(first) {
			t.Fatalf("%s lies in the cycle of %s", day, first)
		}
		template := Template{Week: rapid.IntRange(1, weeks).Draw(t, "week"), Weekday: rapid.IntRange(1, 7).Draw(t, "weekday")}
		found := template.days(first, after(first, weeks).AddDate(0, 0, -1), weeks)
		if len(found) != 1 || (int(found[0].Weekday())+6)%7+1 != template.Weekday {
			t.Fatalf("%+v comes on %v", template, found)
		}
		few := rapid.IntRange(1, 200).Draw(t, "days") // whatever the nights on which one looks
		all := template.days(first, first.AddDate(0, 0, 400), weeks)
		seen := map[string]bool{}
		for n := range 400 {
			for _, d := range template.days(first.AddDate(0, 0, n), first.AddDate(0, 0, min(400, n+few)), weeks) {
				seen[d.Format(time.DateOnly)] = true
			}
		}
		if len(seen) != len(all) {
			t.Fatalf("%d of %d", len(seen), len(all))
		}
	})
}

// The clocks on the wall show the same hour in winter and in summer, and a shift lasts
// as long as it says.
func TestAShiftKeepsItsHour(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Paris", "America/Toronto", "Pacific/Apia", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			template := Template{
				ID: domain.NewID(), Hour: rapid.IntRange(4, 22).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"),
				Length: domain.Minutes(rapid.IntRange(1, 720).Draw(t, "length")),
			}
			s := template.shift(aDay(t, "day"), zone)
			local := s.StartsAt.In(zone)
			if local.Hour() != template.Hour || local.Minute() != template.Minute || s.EndsAt.Sub(s.StartsAt) != time.Duration(template.Length)*time.Minute {
				t.Fatalf("%v: %s", template, local)
			}
		})
	}
}

// Saying it in time is never worse than saying it late, and what was shown is what
// happens.
func TestWhatIsShownHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := someRules(t)
		starts := time.Date(2026, 3, 29, 9, 0, 0, 0, time.UTC)
		shift := Shift{StartsAt: starts}
		b := Booking{State: Booked, Owed: rapid.Bool().Draw(t, "owed")}
		a := Account{Balance: rapid.IntRange(-5, 5).Draw(t, "balance")}
		if a.Balance < 0 {
			a.AlertAt, a.DueAt = starts.AddDate(0, 0, -40), starts.AddDate(0, 0, -12)
		}
		early := starts.Add(-time.Duration(rules.ExcuseHours) * time.Hour)
		late := early.Add(time.Second)
		in, out := consequence(a, shift, b, rules, early, early.AddDate(0, 0, 28)), consequence(a, shift, b, rules, late, late.AddDate(0, 0, 28))
		if in.Outcome != Excused || out.Outcome != Missed || in.Points < out.Points {
			t.Fatalf("in time %+v, late %+v", in, out)
		}
		if in.Balance != a.Balance+in.Points || (in.Balance < 0) != !in.DueAt.IsZero() {
			t.Fatalf("%+v", in)
		}
	})
}

// Leave takes no days from who is behind, and at least half a cycle of it spares the
// cycle.
func TestLeaveStopsTheClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := aDay(t, "now")
		from := now.AddDate(0, 0, rapid.IntRange(-5, 30).Draw(t, "from"))
		l := Leave{StartsAt: from, EndsAt: from.AddDate(0, 0, rapid.IntRange(1, 60).Draw(t, "days"))}
		due := now.AddDate(0, 0, rapid.IntRange(1, 40).Draw(t, "due"))
		moved := postponed(due, l, now)
		if moved.Before(due) || (!due.After(from) && !moved.Equal(due)) || moved.Sub(due) > l.EndsAt.Sub(l.StartsAt) {
			t.Fatalf("due %s, leave %s to %s: %s", due, l.StartsAt, l.EndsAt, moved)
		}
		l.At = now
		ended := from.AddDate(0, 0, rapid.IntRange(0, int(l.EndsAt.Sub(from).Hours())/24).Draw(t, "ended"))
		again := resumed(Account{AlertAt: now.AddDate(0, 0, -1), DueAt: moved}, l, ended, nil)
		if again.Before(due) || again.After(moved) || (!ended.After(now) && !ended.After(from) && !again.Equal(due)) {
			t.Fatalf("due %s, then %s, and after the leave ended on %s: %s", due, moved, ended, again)
		}
		if promised := resumed(Account{AlertAt: now.AddDate(0, 0, -1), DueAt: moved}, l, ended, []Extension{{At: now, Until: moved}}); !promised.Equal(moved) {
			t.Fatalf("until %s was promised, and after the leave ended on %s it is %s", moved, ended, promised)
		}
		begins, ends := now, now.AddDate(0, 0, 28)
		days := rapid.IntRange(0, 28).Draw(t, "of the cycle")
		if got := spared([]Leave{{StartsAt: begins.AddDate(0, 0, -9), EndsAt: begins.AddDate(0, 0, days)}}, begins, ends); got != (days >= 14) {
			t.Fatalf("%d days: %t", days, got)
		}
		if spared(nil, begins, ends) {
			t.Fatal("without leave")
		}
	})
}
