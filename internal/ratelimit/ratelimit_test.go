// SPDX-License-Identifier: AGPL-3.0-or-later

package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/internal/ratelimit"
)

var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

var (
	minute = ratelimit.Limit{Name: "minute", Points: 60, Per: time.Minute}
	hour   = ratelimit.Limit{Name: "hour", Points: 600, Per: time.Hour}
)

func TestABucketEmptiesAndFills(t *testing.T) {
	t.Parallel()
	budget, now := ratelimit.NewBudget(10, minute, hour), noon
	for _, step := range []struct {
		after, wait, reset time.Duration
		points, remaining  int
	}{
		{points: 50, remaining: 10, reset: 50 * time.Second},
		{points: 11, remaining: 10, reset: 50 * time.Second, wait: time.Second}, // refused, and nothing is taken
		{points: 10, remaining: 0, reset: time.Minute},
		{points: 1, remaining: 0, reset: time.Minute, wait: time.Second},
		{after: 30 * time.Second, points: 30, remaining: 0, reset: time.Minute},
		{after: time.Minute, points: 0, remaining: 60},
	} {
		now = now.Add(step.after)
		got := ratelimit.Tightest(budget.Spend("anna", step.points, now))
		if got.Remaining != step.remaining || got.Wait != step.wait || got.Reset != step.reset {
			t.Errorf("after %s, %d points: %+v", step.after, step.points, got)
		}
	}
	if other := ratelimit.Tightest(budget.Spend("bruno", 0, now)); other.Remaining != 60 {
		t.Errorf("Bruno pays for Anna: %+v", other)
	}
}

func TestTheHourRefusesWhenTheMinuteWouldNot(t *testing.T) {
	t.Parallel()
	now := noon
	budget := ratelimit.NewBudget(10, minute, hour)
	for range 10 {
		budget.Spend("anna", 60, now)
		now = now.Add(time.Minute)
	}
	for range 60 {
		if left := ratelimit.Tightest(budget.Spend("anna", 60, now)); left.Wait > 0 {
			if left.Limit.Name != "hour" {
				t.Errorf("refused by %+v", left)
			}
			return
		}
		now = now.Add(time.Minute)
	}
	t.Error("an hour gives out more than its points")
}

func TestWorkAlreadyDoneEmptiesTheBucketAtWorst(t *testing.T) {
	t.Parallel()
	budget := ratelimit.NewBudget(10, minute)
	budget.Charge("anna", 1_000_000, noon)
	if left := ratelimit.Tightest(budget.Spend("anna", 0, noon)); left.Remaining != 0 || left.Reset != time.Minute {
		t.Errorf("charged: %+v", left)
	}
}

// Whatever is asked and whenever, no stretch of time gives out more than what
// stood in the bucket and what came back meanwhile; and whoever waits as told passes.
func TestNobodySpendsMoreThanComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := ratelimit.Limit{Points: rapid.IntRange(1, 1000).Draw(t, "points"), Per: time.Duration(rapid.IntRange(1, 3600).Draw(t, "seconds")) * time.Second}
		budget, now, spent := ratelimit.NewBudget(1, l), noon, 0
		for i := range rapid.IntRange(1, 50).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(l.Per)).Draw(t, fmt.Sprint("pause ", i))))
			points := rapid.IntRange(0, l.Points).Draw(t, fmt.Sprint("points ", i))
			left := budget.Spend("anna", points, now)[0]
			if left.Wait > 0 {
				now = now.Add(left.Wait)
				if again := budget.Spend("anna", points, now)[0]; again.Wait > 0 {
					t.Fatalf("told to wait %s, then %s", left.Wait, again.Wait)
				}
			}
			spent += points
			if most := l.Points + int(now.Sub(noon)/(l.Per/time.Duration(l.Points))); spent > most+1 {
				t.Fatalf("%d points in %s; at most %d", spent, now.Sub(noon), most)
			}
		}
	})
}
