// SPDX-License-Identifier: AGPL-3.0-or-later

package vitality

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/statement"
)

// zones are where clocks change at night, at midnight, and never.
var zones = []string{"America/Toronto", "Europe/Paris", "America/Asuncion", "Asia/Beirut", "Asia/Kathmandu", "UTC"}

func zoneOf(t *rapid.T) *time.Location {
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func momentOf(t *rapid.T, name string) time.Time {
	return time.Unix(rapid.Int64Range(1_500_000_000, 1_900_000_000).Draw(t, name), 0).UTC()
}

// Whoever knows the total and reads what is told learns nothing about fewer than five.
func TestWhatIsHeldBackSpeaksOfFivePeopleOrMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.IntRange(0, 12), 0, 8).Draw(t, "people")
		hide := hidden(people)
		few, told, enough, least, held := false, 0, 0, 13, 0
		for i, n := range people {
			few = few || (n > 0 && n < leastPeople)
			switch {
			case !hide[i] && n < leastPeople:
				t.Fatalf("%v: %d is told", people, n)
			case !hide[i]:
				told, least = told+1, min(least, n)
			case n >= leastPeople:
				enough, held = enough+1, n
			}
		}
		if held > least {
			t.Fatalf("%v: %d is held back, and %d told", people, held, least)
		}
		if want := few && told+enough > 0; (enough == 1) != want || enough > 1 {
			t.Fatalf("%v: %v", people, hide)
		}
	})
}

func TestPartsAreOfTheActive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 30)
		s := Sides{count.Draw(t, "gave"), count.Draw(t, "received"), count.Draw(t, "both")}
		r, sum, told := s.spread(), 0.0, 0
		for i, part := range []Part{r.GaveOnly, r.ReceivedOnly, r.Both} {
			if (part.Members == nil) != (part.Share == nil) {
				t.Fatalf("half told: %+v", part)
			}
			if part.Members == nil {
				continue
			}
			if want := []int{s.GaveOnly, s.ReceivedOnly, s.Both}[i]; *part.Members != want {
				t.Fatalf("part %d of %+v is told as %d", i, s, *part.Members)
			}
			sum, told = sum+*part.Share, told+*part.Members
		}
		if diff := sum*float64(s.active()) - float64(told); diff > 1e-9 || diff < -1e-9 {
			t.Fatalf("shares of %+v add up to %v", s, sum)
		}
	})
}

// The period before ends where the period begins, and is as long by the calendar.
func TestThePeriodBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, at := zoneOf(t), momentOf(t, "at")
		n := rapid.IntRange(1, mostMonths).Draw(t, "months")
		whole := ledger.Period{From: monthOf(at, zone, 0), Until: monthOf(at, zone, n)}
		if got := before(whole, zone); !got.Until.Equal(whole.From) || !got.From.Equal(monthOf(at, zone, -n)) {
			t.Fatalf("%d months from %v in %v: %v", n, whole.From, zone, got)
		}
		first := day(at, zone)
		days := ledger.Period{From: domain.OnTheWall(first, 0, zone), Until: domain.OnTheWall(first.AddDate(0, 0, n), 0, zone)}
		got := before(days, zone)
		wholeMonths := days.From.Equal(monthOf(days.From, zone, 0)) && days.Until.Equal(monthOf(days.Until, zone, 0))
		if !got.Until.Equal(days.From) || (!wholeMonths && !got.From.Equal(domain.OnTheWall(first.AddDate(0, 0, -n), 0, zone))) {
			t.Fatalf("%d days from %v in %v: %v", n, days.From, zone, got)
		}
		any := ledger.Period{From: at, Until: at.Add(time.Duration(rapid.Int64Range(1, 1<<50).Draw(t, "long")))}
		if got := before(any, zone); !got.Until.Equal(any.From) || !got.From.Before(got.Until) {
			t.Fatalf("before %v in %v: %v", any, zone, got)
		}
	})
}

// Months follow one another without a gap from a period's beginning to its end.
func TestAPeriodIsCutAtTheMonths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, p := zoneOf(t), ledger.Period{From: momentOf(t, "from")}
		p.Until = p.From.Add(time.Duration(rapid.Int64Range(1, 5*366*24).Draw(t, "hours")) * time.Hour)
		bounds := cut(p, zone)
		last := len(bounds) - 1
		if !bounds[0].Equal(p.From) || !bounds[last].Equal(p.Until) {
			t.Fatalf("%v is cut into %v", p, bounds)
		}
		for i, at := range bounds[:last] {
			if !at.Before(bounds[i+1]) || (i > 0 && !at.Equal(monthOf(at, zone, 0))) {
				t.Fatalf("%v is cut into %v", p, bounds)
			}
			if end := bounds[i+1].Add(-time.Second); !monthOf(at, zone, 0).Equal(monthOf(end, zone, 0)) {
				t.Fatalf("%v until %v in %v is more than a month", at, bounds[i+1], zone)
			}
		}
		all := months(bounds, zone, make([]Flow, last), make([]Movement, last))
		for i, m := range all {
			if m.Month.Day() != 1 || (i > 0 && !m.Month.Equal(all[i-1].Month.AddDate(0, 1, 0))) {
				t.Fatalf("%v in %v has the months %v", p, zone, all)
			}
		}
	})
}

// Whatever is asked for, what is counted has begun, is over, and is of a bounded length.
func TestAPeriodIsPast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := momentOf(t, "now")
		where := community.Community{TimeZone: rapid.SampledFrom(zones).Draw(t, "zone"), CreatedAt: now.Add(-time.Duration(rapid.Int64Range(0, 3000*24).Draw(t, "old")) * time.Hour)}
		var asked ledger.Period
		if rapid.Bool().Draw(t, "since") {
			asked.From = momentOf(t, "from")
		}
		if rapid.Bool().Draw(t, "till") {
			asked.Until = momentOf(t, "until")
		}
		p, err := within(asked, where, now)
		if err != nil {
			if !errors.Is(err, statement.PeriodInvalid) && !errors.Is(err, domain.OutOfRange) {
				t.Fatal(err)
			}
			return
		}
		if !p.From.Before(p.Until) || p.Until.After(now) || len(cut(p, where.Zone())) > mostMonths+2 {
			t.Fatalf("%v of %v at %v is %v", asked, where, now, p)
		}
		if !asked.From.IsZero() && !p.From.Equal(asked.From) {
			t.Fatalf("asked from %v, counted from %v", asked.From, p.From)
		}
	})
}

func TestTheUsualPeriodIsTwelveWholeMonths(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	where := community.Community{TimeZone: "Europe/Paris", CreatedAt: time.Date(2020, 1, 1, 0, 0, 0, 0, paris)}
	for _, c := range []struct{ now, from, until time.Time }{
		{time.Date(2026, 4, 1, 0, 0, 0, 0, paris), time.Date(2025, 4, 1, 0, 0, 0, 0, paris), time.Date(2026, 4, 1, 0, 0, 0, 0, paris)},
		{time.Date(2026, 3, 31, 23, 59, 0, 0, paris), time.Date(2025, 3, 1, 0, 0, 0, 0, paris), time.Date(2026, 3, 1, 0, 0, 0, 0, paris)},
	} {
		if p, err := within(ledger.Period{}, where, c.now); err != nil || !p.From.Equal(c.from) || !p.Until.Equal(c.until) {
			t.Errorf("at %v it is %v, %v", c.now, p, err)
		}
	}
}

func TestMovementsOfMonthsAreThoseOfThePeriod(t *testing.T) {
	if got := together([]Movement{{5, 5, 0}, {6, 3, 2}, {5, 0, 1}}); got != (Movement{5, 8, 3}) {
		t.Errorf("together %+v", got)
	}
	if got := told(ledger.Period{}, Flow{Firsts: leastPeople - 1, FirstDays: 3}, Movement{}); got.FirstExchangeDays != nil {
		t.Error("the days of four people are told")
	}
	if got := told(ledger.Period{}, Flow{Firsts: leastPeople, FirstDays: 3}, Movement{}); got.FirstExchangeDays == nil || *got.FirstExchangeDays != 3 {
		t.Error("the days of five people are not told")
	}
}
