// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// short fails unless hours were refused with exactly these figures.
func short(t failer, err error, account domain.ID, available, required domain.Minutes) {
	t.Helper()
	e, is := errors.AsType[*domain.Error](err)
	if !is || e.Code != ledger.InsufficientHours {
		t.Errorf("answered %v, want %s", err, ledger.InsufficientHours)
		return
	}
	want := map[string]any{"account": account, "available": available, "required": required}
	if diff := cmp.Diff(want, e.Args); diff != "" {
		t.Errorf("refused with other figures (-want +got):\n%s", diff)
	}
}

func (v *village) balances(t failer, want map[domain.ID]domain.Minutes) {
	t.Helper()
	for id, m := range want {
		if got := v.account(t, id).Balance; got != m {
			t.Errorf("account %s has %v, want %v", id, got, m)
		}
	}
}

func TestStartingHoursAreGivenOnceAndOwedByTheWhole(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 900, v.eloise.account: 900, v.whole: -1800})
	_, err := v.members.Admit(v.ctx, v.eloise.Actor, v.id, marie.member, "")
	if err == nil {
		t.Error("Marie is admitted twice")
	}
	again := v.posting("opening/"+marie.member.String(), ledger.Transfer{
		ID: domain.NewID(), Kind: ledger.Opening, Minutes: 900, Debit: v.whole, Credit: marie.account,
	})
	if posted, err := v.post(again); err != nil || !posted.Replayed {
		t.Errorf("the opening posted again answers %+v, %v", posted, err)
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 900, v.whole: -1800})
	v.clean(t)
}

func TestALegRefusedLeavesNothingOfTheOthers(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 4, floor(-60))
	before := v.accounts(t, ids...)
	p := v.posting("levy", leg(30, ids[0], ids[1]), leg(90, ids[1], ids[2]), leg(61, ids[3], ids[0]))
	_, err := v.post(p)
	short(t, err, ids[3], 60, 61)
	p.Legs[2].Minutes, p.Legs[2].Credit = 10, domain.NewID()
	_, err = v.post(p)
	wants(t, err, ledger.AccountClosed)
	if diff := cmp.Diff(before, v.accounts(t, ids...)); diff != "" {
		t.Errorf("something of it stayed (-before +after):\n%s", diff)
	}
	for _, l := range p.Legs {
		if n := v.count(t, `SELECT count(*) FROM ledger.transfer WHERE id = $1`, l.ID); n != 0 {
			t.Errorf("leg %s stayed", l.ID)
		}
	}
	// The key is still free, and sequential: what a leg brings the next may use.
	p.Legs[2].Credit = ids[0]
	if posted, err := v.post(p); err != nil || posted.Replayed {
		t.Errorf("put right, it answers %+v, %v", posted, err)
	}
	v.balances(t, map[domain.ID]domain.Minutes{ids[0]: -20, ids[1]: -60, ids[2]: 90, ids[3]: -10})
	v.clean(t)
}

func TestARepeatedPostingIsAnsweredWithTheFirst(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-60))
	first, err := v.post(v.posting("gift", leg(45, ids[0], ids[1])))
	if err != nil {
		t.Fatal(err)
	}
	known := len(v.events(t))
	for range 3 { // a retry mints other ids
		again, err := v.post(v.posting("gift", leg(45, ids[0], ids[1])))
		if want := (ledger.Posted{Posting: first.Posting, Replayed: true}); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("repeated, it answers %+v, %v; want %+v", again, err, want)
		}
	}
	_, err = v.post(v.posting("gift", leg(46, ids[0], ids[1])))
	wants(t, err, domain.IdempotencyKeyReused)
	_, err = v.post(v.posting("gift", leg(45, ids[1], ids[0])))
	wants(t, err, domain.IdempotencyKeyReused)
	v.balances(t, map[domain.ID]domain.Minutes{ids[0]: -45, ids[1]: 45})
	if n := len(v.events(t)); n != known {
		t.Errorf("%d events were told again", n-known)
	}
	v.clean(t)
}

// Paul has spent what he was given by mistake: undoing it takes him below his
// floor, which a coordinator should see.
func TestAMistakeIsUndoneOnceAlsoAcrossAFloor(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	mistake := v.gives(t, 300, marie.account, paul.account)
	v.gives(t, 1800, paul.account, v.eloise.account) // 900 to start, 300 given, −600 the floor
	undo := ledger.Reverse{Community: v.id, Transfer: mistake, Reason: "mauvaise personne", Key: "undo"}
	_, err := v.hours.Reverse(v.ctx, marie.Actor, undo)
	wants(t, err, domain.Forbidden)
	undone, err := v.hours.Reverse(v.ctx, v.eloise.Actor, undo)
	if err != nil {
		t.Fatal(err)
	}
	if undone.Kind != ledger.Reversal || undone.Minutes != 300 || undone.Debit != paul.account || undone.Credit != marie.account || undone.Reverses != mistake {
		t.Errorf("undone by %+v", undone)
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 900, paul.account: -900})
	if again, err := v.hours.Reverse(v.ctx, v.eloise.Actor, undo); err != nil || again != undone {
		t.Errorf("the same act again answers %+v, %v", again, err)
	}
	undo.Key = "undo, again"
	_, err = v.hours.Reverse(v.ctx, v.eloise.Actor, undo)
	wants(t, err, ledger.AlreadyReversed)
	undo.Transfer = undone.ID
	_, err = v.hours.Reverse(v.ctx, v.eloise.Actor, undo)
	wants(t, err, ledger.AlreadyReversed)
	// Even a posting that did not look: the database itself refuses.
	forced := v.posting("undo behind its back", ledger.Transfer{
		ID: domain.NewID(), Kind: ledger.Reversal, Minutes: 300, Debit: paul.account, Credit: marie.account, Reverses: mistake,
	})
	forced.Force = true
	_, err = v.post(forced)
	wants(t, err, ledger.AlreadyReversed)
	v.clean(t)
}

func TestAForcedPostingSaysThatItCrossedAFloor(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 3, floor(0))
	for _, c := range []struct {
		minutes  domain.Minutes
		from, to domain.ID
		crossed  bool
	}{{60, v.whole, ids[0], false}, {60, ids[0], ids[1], false}, {1, ids[0], ids[1], true}} {
		p := v.posting(domain.NewID().String(), leg(c.minutes, c.from, c.to))
		p.Force = true
		if posted, err := v.post(p); err != nil || posted.CrossedFloor != c.crossed {
			t.Errorf("%v: %+v, %v", c.minutes, posted, err)
		}
	}
	v.clean(t)
}

func TestARaisedFloorNeverFreezesAnAccount(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	v.gives(t, 1200, marie.account, paul.account) // −300 now
	zero := domain.Minutes(0)
	change := ledger.LimitChange{Community: v.id, Account: marie.account, Limits: ledger.Limits{Floor: &zero}, Reason: "décidé ensemble"}
	_, err := v.hours.SetLimits(v.ctx, marie.Actor, change)
	wants(t, err, domain.Forbidden)
	change.Limits.Ceiling = new(domain.Minutes(-1))
	_, err = v.hours.SetLimits(v.ctx, v.eloise.Actor, change)
	wants(t, err, ledger.LimitsInvalid)
	change.Limits.Ceiling = nil
	changed, err := v.hours.SetLimits(v.ctx, v.eloise.Actor, change)
	if err != nil || *changed.Limits.Floor != 0 || changed.Balance != -300 {
		t.Fatalf("changed to %+v, %v", changed, err)
	}
	_, err = v.post(v.posting("further down", leg(1, marie.account, paul.account)))
	short(t, err, marie.account, -300, 1)
	short(t, v.hold(domain.NewID(), marie.account, 1), marie.account, -300, 1)
	v.gives(t, 120, paul.account, marie.account) // still below, and yet received
	v.gives(t, 240, paul.account, marie.account)
	v.gives(t, 60, marie.account, paul.account)
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 0})
	kept, err := v.asked(v.id, `SELECT reason FROM ledger.limit_change WHERE account_id = $1 AND actor_id = $2`, marie.account, v.eloise.Person)
	if err != nil || len(kept) != 1 || kept[0] != change.Reason {
		t.Errorf("why it changed is kept as %v, %v", kept, err)
	}
	v.clean(t)
}

func TestAPromiseIsNobodyElsesAndEndsWhenItIsKept(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-60))
	marie, paul, promise := ids[0], ids[1], domain.NewID()
	held := func(want domain.Minutes) {
		t.Helper()
		if got := v.account(t, marie).Held; got != want {
			t.Errorf("%v held, want %v", got, want)
		}
	}
	short(t, v.hold(promise, marie, 61), marie, 60, 61)
	for _, m := range []domain.Minutes{40, 60, 25, 50} { // the terms change
		if err := v.hold(promise, marie, m); err != nil {
			t.Errorf("promise %v: %v", m, err)
		}
		held(m)
	}
	short(t, v.hold(promise, marie, 61), marie, 60, 61)
	short(t, v.hold(domain.NewID(), marie, 11), marie, 10, 11)
	_, err := v.post(v.posting("spend it twice", leg(11, marie, paul)))
	short(t, err, marie, 10, 11)
	wants(t, v.hold(promise, paul, 5), ledger.AccountInUse) // a promise is of one account
	keep := v.posting("keep it", leg(55, marie, paul))
	keep.Holds = []domain.ID{promise}
	if _, err := v.post(keep); err != nil {
		t.Errorf("keeping it with five minutes more: %v", err)
	}
	held(0)
	wants(t, v.hold(promise, marie, 5), ledger.AccountInUse) // it is over
	v.balances(t, map[domain.ID]domain.Minutes{marie: -55, paul: 55})
	v.clean(t)
}

func TestPromisesAreGivenBackOnceAndByTime(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.opens(t, 1, floor(-120))[0]
	first, second := domain.NewID(), domain.NewID()
	if err := errors.Join(v.hold(first, marie, 45), v.hold(second, marie, 60)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		v.in(t, func(ctx context.Context, now time.Time) error {
			return v.hours.Release(ctx, v.id, now, first, domain.NewID())
		})
		if got := v.account(t, marie).Held; got != 60 {
			t.Errorf("%v held, want the second promise only", got)
		}
	}
	for _, want := range []domain.Minutes{60, 0, 0} {
		if err := v.hours.ExpireHolds(v.ctx, v.id); err != nil {
			t.Fatal(err)
		}
		if got := v.account(t, marie).Held; got != want {
			t.Errorf("at %v %v is held, want %v", v.clock.Now(), got, want)
		}
		v.clock.advance(2 * 31 * 24 * time.Hour)
	}
	states, err := v.asked(v.id, `SELECT state FROM ledger.hold WHERE account_id = $1 ORDER BY minutes`, marie)
	if fmt.Sprint(states) != "[RELEASED EXPIRED]" || err != nil {
		t.Errorf("they ended as %v, %v", states, err)
	}
	v.clean(t)
}

func TestAnAccountClosesEmptyAndThenRefuses(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-60))
	marie, paul := ids[0], ids[1]
	shut := func(id domain.ID) error {
		return v.db.InTx(v.ctx, v.id, func(ctx context.Context, now time.Time) error {
			return v.hours.Close(ctx, ledger.Account{Community: v.id, ID: id}, now)
		})
	}
	v.gives(t, 10, paul, marie)
	wants(t, shut(marie), ledger.AccountInUse)
	v.gives(t, 10, marie, paul)
	promise := domain.NewID()
	if err := v.hold(promise, marie, 5); err != nil {
		t.Fatal(err)
	}
	wants(t, shut(marie), ledger.AccountInUse)
	v.in(t, func(ctx context.Context, now time.Time) error { return v.hours.Release(ctx, v.id, now, promise) })
	if err := shut(marie); err != nil {
		t.Fatal(err)
	}
	if at := v.account(t, marie).ClosedAt; !at.Equal(v.clock.Now()) {
		t.Errorf("closed at %v", at)
	}
	wants(t, shut(marie), ledger.AccountInUse)
	wants(t, v.hold(domain.NewID(), marie, 5), ledger.AccountClosed)
	for _, l := range []ledger.Transfer{leg(5, marie, paul), leg(5, paul, marie)} {
		_, err := v.post(v.posting(l.ID.String(), l))
		wants(t, err, ledger.AccountClosed)
	}
	v.clean(t)
}

func TestAGiftIsOnesOwnOrInTheNameOfAll(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	give := func(actor domain.Actor, key string, from, to domain.ID) (ledger.Transfer, error) {
		return v.hours.Give(v.ctx, actor, ledger.Give{Community: v.id, From: from, To: to, Minutes: 30, Message: "Merci !", Key: key})
	}
	first, err := give(marie.Actor, "a", marie.account, paul.account)
	if err != nil || first.Kind != ledger.Gift {
		t.Fatal(first, err)
	}
	if again, err := give(marie.Actor, "a", marie.account, paul.account); err != nil || again != first {
		t.Errorf("twice with one key: %+v, %v", again, err)
	}
	notes, err := v.hours.Notes(v.ctx, v.id, []domain.ID{first.ID})
	if err != nil || len(notes) != 1 || notes[0].Body != "Merci !" || notes[0].Person != marie.Person {
		t.Errorf("said with it: %+v, %v", notes, err)
	}
	_, err = give(marie.Actor, "a", marie.account, v.eloise.account)
	wants(t, err, domain.IdempotencyKeyReused)
	_, err = give(marie.Actor, "b", paul.account, marie.account)
	wants(t, err, domain.Forbidden)
	_, err = give(marie.Actor, "c", v.whole, marie.account)
	wants(t, err, domain.Forbidden)
	_, err = give(marie.Actor, "d", marie.account, domain.NewID())
	wants(t, err, domain.NotFound)
	_, err = give(marie.Actor, "e", marie.account, marie.account)
	wants(t, err, ledger.SameAccount)
	_, err = give(v.person(t, "a stranger"), "f", marie.account, paul.account)
	wants(t, err, domain.NotFound)
	if _, err := give(v.eloise.Actor, "g", v.whole, paul.account); err != nil {
		t.Errorf("Éloïse gives in the name of all: %v", err)
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 870, paul.account: 960, v.whole: -2730})
	v.clean(t)
}

func TestOneExchangeIsPostedOnceWhateverTheKey(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-600))
	l := leg(60, ids[0], ids[1])
	l.Kind, l.Exchange = ledger.Exchange, domain.NewID()
	if _, err := v.post(v.posting("exchange/1", l)); err != nil {
		t.Fatal(err)
	}
	l.ID = domain.NewID()
	_, err := v.post(v.posting("another key", l))
	wants(t, err, "EXCHANGE_STATE")
	v.balances(t, map[domain.ID]domain.Minutes{ids[0]: -60})
	found := v.verify(t) // no exchange stands behind it, and verify says so
	if len(found.Differences) != 1 {
		t.Errorf("an hour without its exchange: %v", found.Differences)
	}
}
