// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
)

var (
	toronto = community.Community{TimeZone: "America/Toronto"}
	noon    = time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC)
)

func TestThanksNeedAConfirmedExchangeOfTheLastThirtyDays(t *testing.T) {
	for _, c := range []struct {
		state exchange.State
		days  int
		more  time.Duration
		want  domain.Code
	}{
		{exchange.Confirmed, 0, 0, ""},
		{exchange.Confirmed, 30, 0, ""}, // on the thirtieth day at the same hour, though the clocks changed on 8 March
		{exchange.Confirmed, 30, time.Second, TooLate},
		{exchange.Confirmed, 31, 0, TooLate},
		{exchange.Done, 0, 0, exchange.WrongState},
		{exchange.Cancelled, 0, 0, exchange.WrongState},
	} {
		confirmed := noon.In(toronto.Zone()).AddDate(0, 0, -c.days).Add(-c.more)
		err := thankable(exchange.Exchange{State: c.state, UpdatedAt: confirmed}, toronto, noon)
		if (c.want == "" && err != nil) || (c.want != "" && !errors.Is(err, c.want)) {
			t.Errorf("%s %d days and %s ago: %v, want %s", c.state, c.days, c.more, err, c.want)
		}
	}
}

// Whoever waits as long as they are told, and gives as soon as they may, never
// exceeds a limit, and is never kept waiting without one being reached.
func TestPatienceKeepsTheMeasure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var given []time.Time
		now := noon
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(90*time.Minute)).Draw(t, "pause")) / time.Duration(rapid.SampledFrom([]int{1, 1000}).Draw(t, "hurry")))
			wait := patience(given, now)
			reached := within(given, now, time.Minute) >= ThanksAMinute || within(given, now, 24*time.Hour) >= ThanksADay
			if (wait > 0) != reached {
				t.Fatalf("waits %s, and a limit is reached: %v", wait, reached)
			}
			now = now.Add(wait)
			if patience(given, now) > 0 {
				t.Fatalf("waited %s, and must wait again", wait)
			}
			given = append(given, now)
			if within(given, now, time.Minute) > ThanksAMinute || within(given, now, 24*time.Hour) > ThanksADay {
				t.Fatal("more than the measure")
			}
		}
	})
}

func within(given []time.Time, now time.Time, window time.Duration) int {
	n := 0
	for _, at := range given {
		if at.After(now.Add(-window)) {
			n++
		}
	}
	return n
}

func TestStarsFollowTheCommunitysCalendar(t *testing.T) {
	anna, bruno := domain.NewID(), domain.NewID()
	star := func(to domain.ID, at time.Time) Star { return Star{Given: Given{Member: to, At: at}} }
	midnight := time.Date(2026, 5, 1, 0, 0, 0, 0, toronto.Zone()) // 4 in the morning in UTC
	three := []Star{star(domain.NewID(), midnight.AddDate(0, -1, 0)), star(domain.NewID(), midnight.AddDate(0, 0, -9)), star(domain.NewID(), midnight.Add(-time.Second))}
	for _, c := range []struct {
		what  string
		given []Star
		at    time.Time
		want  domain.Code
	}{
		{"the first", nil, noon, ""},
		{"a fourth in April", three, midnight.Add(-time.Nanosecond), StarsSpent},
		{"the first in May", three, midnight, ""},
		{"to Anna again after 89 days", []Star{star(anna, noon)}, noon.AddDate(0, 0, 89), StarredRecently},
		{"to Anna again after 90 days", []Star{star(anna, noon)}, noon.AddDate(0, 0, 90), ""},
		{"to Anna after one to Bruno", []Star{star(bruno, noon)}, noon, ""},
		{"in the same month of last year", []Star{star(bruno, noon.AddDate(-1, 0, 0)), three[0], three[1]}, noon.AddDate(0, 0, 30), ""},
	} {
		err := another(c.given, anna, toronto, c.at)
		if (c.want == "" && err != nil) || (c.want != "" && !errors.Is(err, c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func TestAStarHasAReason(t *testing.T) {
	for reason, fine := range map[string]bool{
		"":      false,
		"Merci": false,
		"  " + "éééééééééééééééééééééééééééééééééééééé" + "é ": false, // 39, white space aside
		"éééééééééééééééééééééééééééééééééééééééé":             true,
	} {
		if _, err := (Award{Category: Care, Reason: reason}).check(); (err == nil) != fine {
			t.Errorf("%q: %v", reason, err)
		}
	}
	if _, err := (Award{Category: "BEST_OF_ALL", Reason: "éééééééééééééééééééééééééééééééééééééééé"}).check(); !errors.Is(err, domain.ValueUnknown) {
		t.Errorf("an unknown category: %v", err)
	}
}
