// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// walk reads a list page by page, forward from its beginning or backward from
// its end, and gives it in the list's own order; it stops after ever too many.
func walk[T any](t failer, size int, backward bool, read func(domain.Page) (domain.Slice[T], error)) []T {
	t.Helper()
	var all []T
	page := domain.Page{Limit: size, Backward: backward}
	for range 1000 {
		s, err := read(page)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Items) > size || (s.HasMore && len(s.Items) < size) {
			t.Fatalf("a page of %d has %d items, more: %v", size, len(s.Items), s.HasMore)
		}
		if backward {
			all = append(slices.Clone(s.Items), all...)
		} else {
			all = append(all, s.Items...)
		}
		switch {
		case !s.HasMore:
			return all
		case backward:
			page.Before = s.Cursor(0)
		default:
			page.After = s.Cursor(len(s.Items) - 1)
		}
	}
	t.Fatalf("the pages of %d never end", size)
	return nil
}

// busy is an account with 137 entries, one an hour from dawn, whose statement
// is known by heart: newest first.
func (v *village) busy(t *testing.T) (account domain.ID, statement []ledger.Entry) {
	t.Helper()
	ids := v.opens(t, 2, ledger.Limits{})
	var balance domain.Minutes
	for i := range int64(137) {
		minutes := domain.Minutes(1 + i*i%50)
		from, to := ids[1], ids[0]
		signed := minutes
		if i%3 == 0 {
			from, to, signed = to, from, -minutes
		}
		balance += signed
		statement = append(statement, ledger.Entry{
			Community: v.id, Account: ids[0], Position: i + 1, Transfer: v.gives(t, minutes, from, to),
			Minutes: signed, BalanceAfter: balance, At: v.clock.Now(),
		})
		v.clock.advance(time.Hour)
	}
	slices.Reverse(statement)
	return ids[0], statement
}

// statement reads an account's entries as the coordinator does.
func (v *village) statement(account domain.ID, period ledger.Period, page domain.Page) (s domain.Slice[ledger.Entry], err error) {
	s, err = v.hours.Statement(v.ctx, v.eloise.Actor, v.id, account, period, page)
	for i := range s.Items {
		s.Items[i].At = s.Items[i].At.UTC()
	}
	return s, err
}

func TestAStatementReadsTheSameByEveryPage(t *testing.T) {
	v := aCountry(t).village(t)
	account, want := v.busy(t)
	for _, size := range []int{1, 7, 50, 136, 137, 138, 500} {
		for _, backward := range []bool{false, true} {
			got := walk(t, size, backward, func(p domain.Page) (domain.Slice[ledger.Entry], error) {
				return v.statement(account, ledger.Period{}, p)
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("by pages of %d, backward %v (-want +got):\n%s", size, backward, diff)
			}
		}
	}
	for i := range len(want) - 1 { // across pages as within them
		if want[i].BalanceAfter != want[i+1].BalanceAfter+want[i].Minutes {
			t.Fatalf("entry %d does not follow", want[i].Position)
		}
	}
}

func TestAPageStandsStillWhileHoursMove(t *testing.T) {
	v := aCountry(t).village(t)
	account, want := v.busy(t)
	first, err := v.statement(account, ledger.Period{}, domain.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	v.gives(t, 5, account, v.whole)
	next, err := v.statement(account, ledger.Period{}, domain.Page{Limit: 10, After: first.Cursor(9)})
	if diff := cmp.Diff(want[10:20], next.Items); diff != "" || err != nil {
		t.Errorf("the second page moved: %v\n%s", err, diff)
	}
	back, err := v.statement(account, ledger.Period{}, domain.Page{Limit: 10, Before: next.Cursor(0), Backward: true})
	if diff := cmp.Diff(want[:10], back.Items); diff != "" || err != nil || !back.HasMore {
		t.Errorf("the way back leads elsewhere: %v, more: %v\n%s", err, back.HasMore, diff)
	}
}

func TestAStatementOfAPeriodBeginsWithItAndEndsBeforeTheNext(t *testing.T) {
	v := aCountry(t).village(t)
	account, all := v.busy(t)
	tenth, ninetieth := all[137-10].At, all[137-90].At
	for name, c := range map[string]struct {
		period      ledger.Period
		first, last int64 // positions
	}{
		"from the tenth":              {ledger.Period{From: tenth}, 10, 137},
		"before the ninetieth":        {ledger.Period{Until: ninetieth}, 1, 89},
		"from the tenth to it":        {ledger.Period{From: tenth, Until: ninetieth}, 10, 89},
		"an hour":                     {ledger.Period{From: tenth, Until: tenth.Add(time.Hour)}, 10, 10},
		"half an hour with nothing":   {ledger.Period{From: tenth.Add(time.Second), Until: tenth.Add(time.Minute)}, 1, 0},
		"a period that is inside out": {ledger.Period{From: ninetieth, Until: tenth}, 1, 0},
	} {
		for _, backward := range []bool{false, true} {
			got := walk(t, 25, backward, func(p domain.Page) (domain.Slice[ledger.Entry], error) {
				return v.statement(account, c.period, p)
			})
			if diff := cmp.Diff(all[137-c.last:138-c.first], got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s, backward %v (-want +got):\n%s", name, backward, diff)
			}
		}
	}
}

func TestAStatementIsForItsOwnerAndThoseWhoKeepTheBooks(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	read := func(actor domain.Actor, account domain.ID, after string) error {
		_, err := v.hours.Statement(v.ctx, actor, v.id, account, ledger.Period{}, domain.Page{Limit: 5, After: after})
		return err
	}
	for name, c := range map[string]struct {
		err  error
		want domain.Code
	}{
		"Marie's by Marie":           {read(marie.Actor, marie.account, ""), ""},
		"Marie's by the coordinator": {read(v.eloise.Actor, marie.account, ""), ""},
		"the whole's by anybody":     {read(paul.Actor, v.whole, ""), ""},
		"Marie's by Paul":            {read(paul.Actor, marie.account, ""), domain.Forbidden},
		"by a stranger":              {read(v.person(t, "X"), marie.account, ""), domain.NotFound},
		"by nobody":                  {read(domain.Actor{}, marie.account, ""), domain.Unauthenticated},
		"of no account":              {read(marie.Actor, domain.NewID(), ""), domain.NotFound},
		"after no cursor of ours":    {read(marie.Actor, marie.account, "12; DROP TABLE"), domain.CursorInvalid},
	} {
		if c.want == "" && c.err != nil {
			t.Errorf("%s: %v", name, c.err)
		} else if c.want != "" {
			wants(t, c.err, c.want)
		}
	}
	v.in(t, func(ctx context.Context, _ time.Time) error {
		found, err := v.hours.AccountsOf(ctx, v.id, []domain.ID{marie.member, paul.member, domain.NewID()})
		if len(found) != 2 {
			t.Errorf("%d accounts of two members", len(found))
		}
		return err
	})
}
