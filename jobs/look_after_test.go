// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/internal/mail"
	"github.com/hora-coop/hora/jobs"
)

// A letter that the mail server refused is found with the reason, and tried again by
// hand; once it went, it is among what was done.
func TestAFailedJobIsSeenAndTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	b.post.trouble = func(context.Context, mail.Message) error { return errors.New("451 the mailbox is full") }
	b.asks(b.bruno, b.eloise)
	var failed []jobs.Tried
	b.eventually("a letter fails", func() bool {
		var err error
		failed, err = n.Tried(t.Context(), 10, jobs.Failed()...)
		return err == nil && len(failed) == 1
	})
	if !strings.Contains(failed[0].Trouble, "451 the mailbox is full") {
		t.Errorf("nobody says why: %+v", failed[0])
	}
	b.post.mu.Lock()
	b.post.trouble = nil
	b.post.mu.Unlock()
	if _, err := n.Retry(t.Context(), failed[0].ID); err != nil {
		t.Fatal(err)
	}
	b.eventually("the letter goes", func() bool { return b.post.count() == 1 })
	b.eventually("it is done", func() bool {
		left, err := n.Tried(t.Context(), 10, jobs.Failed()...)
		return err == nil && len(left) == 0
	})
	if _, err := n.Retry(t.Context(), 1<<40); !errors.Is(err, jobs.ErrUnknown) {
		t.Errorf("a job that nobody knows: %v", err)
	}
}

// The calendar tells what comes, and for which day what was done.
func TestTheCalendarIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	pools, err := n.hours.CommunityAccounts(t.Context(), b.community)
	if err != nil {
		t.Fatal(err)
	}
	first := b.clock.Now().Add(2 * day)
	_, err = n.cycles.MakePlan(t.Context(), b.eloise.actor, reinvestment.MakePlan{
		Community: b.community, Kind: reinvestment.PlanInflow, Title: "Le don", From: pools[0].ID, To: pools[1].ID, Minutes: 10, FirstOn: first, Rhythm: domain.Monthly, Hour: 9,
	})
	if err != nil {
		t.Fatal(err)
	}
	next, _, err := n.Calendar(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what comes", []any{len(next), next[0].Period, next[0].Community}[1], any("Le don"))
	n.advance(3 * day)
	next, last, err := n.Calendar(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(next) != 1 || next[0].At.Before(b.clock.Now().Add(20*day)) {
		t.Errorf("what comes then: %+v", next)
	}
	found := false
	for _, p := range last {
		found = found || strings.HasPrefix(p.What, "plan/") && p.Period == first.Format(time.DateOnly)
	}
	if !found {
		t.Errorf("what was done: %+v", last)
	}
}
