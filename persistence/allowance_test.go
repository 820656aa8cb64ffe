// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
)

// A coordinator lets somebody go further below their floor, once: what was
// promised under it is kept, whatever else passes meanwhile, and then it ends.
func TestWhatWasAllowedOnceEndsWithItsUse(t *testing.T) {
	v := aCountry(t).village(t)
	a := v.opens(t, 2, floor(0))
	if _, err := v.hours.AllowOnce(v.ctx, v.joins(t, "Paul").Actor, ledger.Allowance{Community: v.id, Account: a[0], Minutes: 60, Reason: "pour lui-même"}); !errors.Is(err, domain.Forbidden) {
		t.Errorf("a member allows it: %v", err)
	}
	allowed, err := v.hours.AllowOnce(v.ctx, v.eloise.Actor, ledger.Allowance{Community: v.id, Account: a[0], Minutes: 60, Reason: "déménagement après un incendie"})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := allowed.Available(); left != 60 {
		t.Errorf("%d may be promised, want 60", left)
	}
	promise := domain.NewID()
	if err := v.hold(promise, a[0], 50); err != nil {
		t.Fatal(err)
	}
	v.gives(t, 5, a[0], a[1])
	settlement := v.posting("exchange", leg(50, a[0], a[1]))
	settlement.Holds = []domain.ID{promise}
	posted, err := v.post(settlement)
	if err != nil {
		t.Fatalf("what was promised is refused: %v", err)
	}
	if !posted.CrossedFloor || len(posted.Low) != 1 {
		t.Errorf("nobody is told: %+v", posted)
	}
	if _, err := v.post(v.posting("again", leg(1, a[0], a[1]))); !errors.Is(err, ledger.InsufficientHours) {
		t.Errorf("it serves a second time: %v", err)
	}
	v.clean(t)
}

// A slip that named the wrong provider is put right in one posting, also when
// the wrong one has spent the hours meanwhile.
func TestAWrongProviderIsCorrectedAsOne(t *testing.T) {
	v := aCountry(t).village(t)
	anna, wrong, right := v.joins(t, "Anna"), v.joins(t, "Paul"), v.joins(t, "Paule")
	mistake := v.gives(t, 90, anna.account, wrong.account)
	v.gives(t, 1500, wrong.account, v.whole)
	cmd := ledger.Correction{Community: v.id, Transfer: mistake, Credit: right.account, Reason: "le chèque nommait Paule", Key: "c1"}
	put, err := v.hours.Correct(v.ctx, v.eloise.Actor, cmd)
	if err != nil {
		t.Fatal(err)
	}
	if put.Kind != ledger.Corrected || put.Minutes != 90 || put.Debit != anna.account || put.Credit != right.account {
		t.Errorf("put right as %+v", put)
	}
	for who, want := range map[domain.ID]domain.Minutes{anna.account: 810, wrong.account: -600, right.account: 990} {
		if got := v.account(t, who).Balance; got != want {
			t.Errorf("account %s stands at %d, want %d", who, got, want)
		}
	}
	if again, err := v.hours.Correct(v.ctx, v.eloise.Actor, cmd); err != nil || again.ID != put.ID {
		t.Errorf("the same again: %v, %v", again, err)
	}
	cmd.Key = "c2"
	if _, err := v.hours.Correct(v.ctx, v.eloise.Actor, cmd); !errors.Is(err, ledger.AlreadyReversed) {
		t.Errorf("a mistake is put right twice: %v", err)
	}
	var notes []ledger.Note
	v.in(t, func(ctx context.Context, _ time.Time) (err error) {
		notes, err = v.hours.Notes(ctx, v.id, []domain.ID{put.ID})
		return err
	})
	if len(notes) != 1 || notes[0].Body != cmd.Reason {
		t.Errorf("the reason is not kept: %v", notes)
	}
	v.clean(t)
}

// Nobody came back to an agreement and its promise expired; new terms promise anew.
func TestNewTermsPromiseAnewWhatExpired(t *testing.T) {
	v := aCountry(t).village(t)
	anna, bruno := v.joins(t, "Anna"), v.joins(t, "Bruno")
	x := v.proposed(t, anna, bruno, 60)
	act := exchange.Act{Community: v.id, Exchange: x.ID}
	if _, err := v.exchanges.Accept(v.ctx, anna.Actor, act); err != nil {
		t.Fatal(err)
	}
	v.clock.advance(61 * 24 * time.Hour)
	if err := v.hours.ExpireHolds(v.ctx, v.id); err != nil {
		t.Fatal(err)
	}
	for _, minutes := range []domain.Minutes{90, 45} { // once expired, once still promised
		if _, err := v.exchanges.Revise(v.ctx, bruno.Actor, act, exchange.Terms{Estimated: minutes}); err != nil {
			t.Fatal(err)
		}
		if _, err := v.exchanges.Accept(v.ctx, anna.Actor, act); err != nil {
			t.Fatalf("new terms of %d minutes: %v", minutes, err)
		}
		if held := v.account(t, bruno.account).Held; held != minutes {
			t.Errorf("%d minutes are promised, want %d", held, minutes)
		}
	}
	v.clean(t)
}
