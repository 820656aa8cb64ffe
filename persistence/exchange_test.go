// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

func (v *village) exchange(t failer, id domain.ID) (x exchange.Exchange) {
	t.Helper()
	v.in(t, func(ctx context.Context, _ time.Time) error {
		found, err := v.exchanges.LoadAll(ctx, v.id, []domain.ID{id})
		if err == nil && len(found) == 1 {
			x = found[0]
		}
		return err
	})
	return x
}

// done is an exchange that its provider marked done.
func (v *village) done(t failer, provider, receiver resident, minutes domain.Minutes) exchange.Exchange {
	t.Helper()
	x := v.proposed(t, provider, receiver, minutes)
	act := exchange.Act{Community: v.id, Exchange: x.ID, Minutes: minutes}
	_, err := v.exchanges.Accept(v.ctx, provider.Actor, act)
	if err == nil {
		x, err = v.exchanges.Complete(v.ctx, provider.Actor, act)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAnExchangeIsKeptWhole(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	var want exchange.Exchange
	v.in(t, func(ctx context.Context, now time.Time) (err error) {
		id := domain.NewID()
		want, err = persistence.ExchangeStore{}.Add(ctx, exchange.Exchange{
			Community: v.id, ID: id, State: exchange.Disputed, Provider: paul.member, Receiver: marie.member,
			ServiceType: "102-A-2", Level: "INDIVIDUAL",
			Terms: exchange.Terms{
				Estimated: 60, Travel: 20, Preparation: 5, ScheduledAt: now.Add(time.Hour), Place: "chez Marie", Costs: "5 $", Message: "Bonjour",
			},
			TermsVersion: 3, TermsBy: paul.member, Typed: 61, Actual: 60, DoneBy: paul.member, DoneAt: now, Answered: 10,
			Hold: domain.NewID(), ConfirmAt: now.AddDate(0, 0, 14), Reminded: 1, CreatedAt: now, UpdatedAt: now, Version: 1,
		}, exchange.Step{Community: v.id, Exchange: id, State: exchange.Disputed, Action: exchange.Propose, At: now})
		return err
	})
	if want.Number != 1 {
		t.Errorf("the first exchange is number %d", want.Number)
	}
	if diff := cmp.Diff(want, v.exchange(t, want.ID)); diff != "" {
		t.Errorf("kept otherwise (-want +got):\n%s", diff)
	}
	moved := want
	moved.State, moved.Settled, moved.ConfirmAt, moved.Terms.Costs, moved.Reminded = exchange.Confirmed, 60, time.Time{}, "", 0
	moved.UpdatedAt = dawn.Add(time.Minute)
	v.in(t, func(ctx context.Context, _ time.Time) (err error) {
		moved, err = persistence.ExchangeStore{}.Move(ctx, exchange.Disputed, moved, exchange.Step{
			Community: v.id, Exchange: want.ID, State: exchange.Confirmed, Action: exchange.Resolve, Member: v.eloise.member, Person: v.eloise.Person,
			Minutes: 60, Note: "décidé", At: dawn.Add(time.Minute),
		})
		return err
	})
	if diff := cmp.Diff(moved, v.exchange(t, want.ID)); diff != "" || moved.Version != 2 {
		t.Errorf("moved otherwise (-want +got):\n%s", diff)
	}
	steps, err := v.exchanges.History(v.ctx, v.id, []domain.ID{want.ID})
	if err != nil || len(steps) != 2 || steps[1].Step != 2 || steps[1].Note != "décidé" || steps[1].Minutes != 60 || steps[0].Member != domain.Nowhere {
		t.Errorf("its steps are %+v, %v", steps, err)
	}
}

func TestWhoComesLateLearnsTheStateItHasNow(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.proposed(t, paul, marie, 60)
	move := func(from exchange.State, x exchange.Exchange) error {
		return v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			_, err := persistence.ExchangeStore{}.Move(ctx, from, x, exchange.Step{Community: v.id, Exchange: x.ID, State: x.State, Action: exchange.Revise, At: dawn})
			return err
		})
	}
	late := func(err error, state exchange.State) {
		t.Helper()
		if e, is := errors.AsType[*domain.Error](err); !is || e.Code != exchange.WrongState || e.Args["state"] != string(state) {
			t.Errorf("answered %v, want %s with %s", err, exchange.WrongState, state)
		}
	}
	if err := move(exchange.Proposed, x); err != nil { // revised: the state is the same, the version is not
		t.Fatal(err)
	}
	late(move(exchange.Proposed, x), exchange.Proposed)
	if _, err := v.exchanges.Decline(v.ctx, paul.Actor, exchange.Act{Community: v.id, Exchange: x.ID}); err != nil {
		t.Fatal(err)
	}
	x.Version = 3
	late(move(exchange.Proposed, x), exchange.Declined)
	if steps := v.count(t, `SELECT count(*) FROM exchange_step`); steps != 3 || v.exchange(t, x.ID).Version != 3 {
		t.Errorf("%d steps to version %d", steps, v.exchange(t, x.ID).Version)
	}
}

func TestEightConfirmationsMoveTheHoursOnce(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.done(t, paul, marie, 90)
	confirmed := 0
	for _, err := range together(8, func(i int) error {
		_, err := v.exchanges.Confirm(v.ctx, marie.Actor, exchange.Act{Community: v.id, Exchange: x.ID, Minutes: 90, Key: fmt.Sprint("tap ", i)})
		return err
	}) {
		if err == nil {
			confirmed++
		} else {
			wants(t, err, exchange.WrongState)
		}
	}
	if confirmed != 1 {
		t.Errorf("confirmed %d times", confirmed)
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 810, paul.account: 990})
	if a := v.account(t, marie.account); a.Held != 0 {
		t.Errorf("%v is still promised", a.Held)
	}
	x = v.done(t, paul, marie, 30)
	for _, err := range together(8, func(int) error { // one key, eight times: all are answered
		_, err := v.exchanges.Confirm(v.ctx, marie.Actor, exchange.Act{Community: v.id, Exchange: x.ID, Minutes: 30, Key: "one"})
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 780, paul.account: 1020})
	v.clean(t)
}

func TestASettlementThatIsRefusedChangesNothing(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.done(t, paul, marie, 60)
	v.gives(t, 1400, marie.account, v.eloise.account) // what is left beside the promise: 40 min
	act := exchange.Act{Community: v.id, Exchange: x.ID, Minutes: 60, Key: "a"}
	undone, err := v.hours.SetLimits(v.ctx, v.eloise.Actor, ledger.LimitChange{Community: v.id, Account: marie.account, Limits: floor(-500), Reason: "moins"})
	if err != nil || undone.Held != 60 {
		t.Fatal(undone, err)
	}
	_, err = v.exchanges.Confirm(v.ctx, marie.Actor, act)
	short(t, err, marie.account, 0, 60)
	if now := v.exchange(t, x.ID); now.State != exchange.Done || now.Version != x.Version || now.Settled != 0 {
		t.Errorf("refused, it is %+v", now)
	}
	if a := v.account(t, marie.account); a.Held != 60 || a.Balance != -500 {
		t.Errorf("refused, the account is %+v", a)
	}
	v.gives(t, 60, v.eloise.account, marie.account)
	if _, err := v.exchanges.Confirm(v.ctx, marie.Actor, act); err != nil { // with the key that was refused
		t.Error(err)
	}
	v.clean(t)
}

func TestTwentyProposalsAtOnceAreNumberedWithoutAGap(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	for i, err := range together(20, func(i int) error {
		minutes := domain.Minutes(60)
		if i%5 == 0 {
			minutes = -60
		}
		_, err := v.exchanges.Propose(v.ctx, marie.Actor, exchange.Proposal{
			Community: v.id, Provider: paul.member, Receiver: marie.member, ServiceType: "102-A-2", Terms: exchange.Terms{Estimated: minutes},
		})
		return err
	}) {
		if (err != nil) != (i%5 == 0) {
			t.Error(err)
		}
	}
	if n := v.count(t, `SELECT CASE WHEN count(*) = max(number) AND min(number) = 1 THEN max(number) ELSE -max(number) END FROM exchange`); n != 16 {
		t.Errorf("sixteen exchanges are numbered up to %d", n)
	}
}

func TestExchangesAreListedNewestFirstAndNarrowed(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul, aicha := v.joins(t, "Marie"), v.joins(t, "Paul"), v.joins(t, "Aïcha")
	for i := range 25 {
		if i%10 == 9 {
			v.clock.advance(24 * time.Hour)
		}
		x := v.proposed(t, []resident{paul, aicha}[i%2], marie, 60)
		if i%5 == 0 {
			if _, err := v.exchanges.Cancel(v.ctx, marie.Actor, exchange.Act{Community: v.id, Exchange: x.ID, Reason: "fini"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		filter exchange.Filter
		want   int
	}{
		"all":           {exchange.Filter{}, 25},
		"cancelled":     {exchange.Filter{States: []exchange.State{exchange.Cancelled}}, 5},
		"open or not":   {exchange.Filter{States: []exchange.State{exchange.Cancelled, exchange.Proposed}}, 25},
		"Aïcha's":       {exchange.Filter{Member: aicha.member}, 12},
		"Marie's":       {exchange.Filter{Member: marie.member}, 25},
		"nobody's":      {exchange.Filter{Member: v.eloise.member}, 0},
		"computing":     {exchange.Filter{ServiceType: "102"}, 25},
		"of one type":   {exchange.Filter{ServiceType: "102-A-2"}, 25},
		"of its sister": {exchange.Filter{ServiceType: "102-A-1"}, 0},
		"no such code":  {exchange.Filter{ServiceType: "10"}, 0},
		"the first day": {exchange.Filter{Until: dawn.Add(24 * time.Hour)}, 9},
		"the second":    {exchange.Filter{From: dawn.Add(24 * time.Hour), Until: dawn.Add(48 * time.Hour)}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(p domain.Page) (domain.Slice[exchange.Exchange], error) {
				found, total, err := v.exchanges.List(v.ctx, v.eloise.Actor, v.id, c.filter, p, true)
				if total != c.want {
					t.Errorf("%d counted, want %d", total, c.want)
				}
				return found, err
			}
			whole := walk(t, 100, false, read)
			if len(whole) != c.want || !slices.IsSortedFunc(whole, func(a, b exchange.Exchange) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
				t.Errorf("%d are listed, want %d, newest first", len(whole), c.want)
			}
			for _, backward := range []bool{false, true} {
				if diff := cmp.Diff(whole, walk(t, 4, backward, read), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("by pages of 4, backward %v:\n%s", backward, diff)
				}
			}
		})
	}
	if own, _, err := v.exchanges.List(v.ctx, paul.Actor, v.id, exchange.Filter{}, domain.Page{Limit: 50}, false); err != nil || len(own.Items) != 13 {
		t.Errorf("Paul sees %d, %v; his own are 13", len(own.Items), err)
	}
}

func TestWhatTimeMakesDueIsFoundOnItsDay(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	asked, marked := v.proposed(t, paul, marie, 60), v.done(t, paul, marie, 60)
	store := persistence.ExchangeStore{}
	due := func(day float64, find func(context.Context, domain.ID, time.Time, int) ([]exchange.Exchange, error)) (found []domain.ID) {
		v.in(t, func(ctx context.Context, _ time.Time) error {
			list, err := find(ctx, v.id, dawn.Add(time.Duration(day*24)*time.Hour), 10)
			for _, x := range list {
				found = append(found, x.ID)
			}
			return err
		})
		return found
	}
	for _, c := range []struct {
		what string
		find func(context.Context, domain.ID, time.Time, int) ([]exchange.Exchange, error)
		day  float64
		want []domain.ID
	}{
		{"unanswered", store.Unanswered, 13.5, nil},
		{"unanswered", store.Unanswered, 14, []domain.ID{asked.ID}},
		{"unconfirmed", store.Unconfirmed, 13.5, nil},
		{"unconfirmed", store.Unconfirmed, 14, []domain.ID{marked.ID}},
		{"unreminded", store.Unreminded, 6.5, nil},
		{"unreminded", store.Unreminded, 7.5, []domain.ID{marked.ID}},
		{"unreminded", store.Unreminded, 14, nil},
	} {
		if got := due(c.day, c.find); !slices.Equal(got, c.want) {
			t.Errorf("%s on day %v: %v, want %v", c.what, c.day, got, c.want)
		}
	}
	v.breaks(t, `UPDATE member SET participation = 'SUSPENDED', resumes_as = 'ACTIVE' WHERE id = $1`, marie.member)
	if got := due(30, store.Unanswered); len(got) != 0 {
		t.Errorf("what waits for somebody suspended expires: %v", got)
	}
	v.in(t, func(ctx context.Context, _ time.Time) error { return v.exchanges.WaitAnew(ctx, v.id, marie.member) })
	v.breaks(t, `UPDATE member SET participation = 'ACTIVE', resumes_as = NULL WHERE id = $1`, marie.member)
	for day, want := range map[float64]int{13.5: 0, 14.5: 1} {
		if got := due(day, store.Unanswered); len(got) != want {
			t.Errorf("back, on day %v: %d unanswered, want %d", day, len(got), want)
		}
	}
	v.breaks(t, `UPDATE exchange SET reminded = 1 WHERE id = $1`, marked.ID)
	for day, want := range map[float64]int{12.5: 0, 13.5: 1} {
		if got := due(day, store.Unreminded); len(got) != want {
			t.Errorf("reminded once, on day %v: %d to remind, want %d", day, len(got), want)
		}
	}
}
