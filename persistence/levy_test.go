// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
)

// levies has the village's charter take a part of exchanges for its projects.
func (v *village) levies(t *testing.T, basisPoints int) (pool domain.ID) {
	t.Helper()
	v.breaks(t, `UPDATE charter SET body = body || jsonb_build_object('levy', jsonb_build_object('basisPoints', $2::int, 'pool', 'PROJECTS')) WHERE community_id = $1`,
		v.id, basisPoints)
	if err := v.root.QueryRow(v.ctx, `SELECT id FROM ledger.account WHERE community_id = $1 AND purpose = 'PROJECTS'`, v.id).Scan(&pool); err != nil {
		t.Fatal(err)
	}
	return pool
}

// moved are the transfers of an exchange, its own first.
func (v *village) moved(t *testing.T, x exchange.Exchange) []ledger.Transfer {
	t.Helper()
	moved, err := v.hours.TransfersOf(v.ctx, v.id, []domain.ID{x.ID})
	if err != nil || len(moved) == 0 {
		t.Fatalf("%v, %v", moved, err)
	}
	if moved[0].Kind == ledger.Levy {
		moved[0], moved[1] = moved[1], moved[0]
	}
	return moved
}

func TestALevyIsTakenOfWhatTheGiverReceives(t *testing.T) {
	v := aCountry(t).village(t)
	pool := v.levies(t, 500)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.settled(t, paul, marie, 90) // 4.5 of it
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 810, paul.account: 986, pool: 4})
	moved := v.moved(t, x)
	if len(moved) != 2 || moved[0].Minutes != 90 || moved[1].Kind != ledger.Levy || moved[1].Debit != paul.account || moved[1].Posting != moved[0].Posting {
		t.Errorf("it moved %+v", moved)
	}
	v.settled(t, paul, marie, 15) // less than a minute of it: rounded down to nothing
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 795, paul.account: 1001, pool: 4})

	undo := ledger.Reverse{Community: v.id, Transfer: moved[0].ID, Reason: "erreur", Key: "undo"}
	if _, err := v.hours.Reverse(v.ctx, v.eloise.Actor, undo); err != nil {
		t.Fatal(err)
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 885, paul.account: 915, pool: 0})
	v.clean(t)
}

func TestALevyFollowsACorrection(t *testing.T) {
	v := aCountry(t).village(t)
	pool := v.levies(t, 1000)
	marie, paul, nadia := v.joins(t, "Marie"), v.joins(t, "Paul"), v.joins(t, "Nadia")
	mistake := v.moved(t, v.settled(t, paul, marie, 120))[0]
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 780, paul.account: 1008, pool: 12})
	_, err := v.hours.Correct(v.ctx, v.eloise.Actor, ledger.Correction{
		Community: v.id, Transfer: mistake.ID, Credit: nadia.account, Minutes: 45, Reason: "C’était Nadia, et moins long.", Key: "c1",
	})
	if err != nil {
		t.Fatal(err)
	}
	v.balances(t, map[domain.ID]domain.Minutes{marie.account: 855, paul.account: 900, nadia.account: 941, pool: 4})
	v.clean(t)
}

// Whoever stands far below a floor that was raised is not kept from giving.
func TestALevyNeverTakesAnybodyBelowTheirFloor(t *testing.T) {
	v := aCountry(t).village(t)
	pool := v.levies(t, 1000)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	for _, c := range []struct{ floor, levy domain.Minutes }{{1200, 0}, {1017, 3}} {
		raised := ledger.LimitChange{Community: v.id, Account: paul.account, Limits: floor(c.floor), Reason: "Pour l’essai."}
		if _, err := v.hours.SetLimits(v.ctx, v.eloise.Actor, raised); err != nil {
			t.Fatal(err)
		}
		before, after := v.account(t, paul.account).Balance, v.account(t, pool).Balance
		v.settled(t, paul, marie, 60)
		v.balances(t, map[domain.ID]domain.Minutes{paul.account: before + 60 - c.levy, pool: after + c.levy})
	}
	v.clean(t)
}

func TestALevyIsNeverMoreThanTenPercent(t *testing.T) {
	v := aCountry(t).village(t)
	pool := v.levies(t, 9999)
	v.settled(t, v.joins(t, "Paul"), v.joins(t, "Marie"), 60)
	v.balances(t, map[domain.ID]domain.Minutes{pool: 6})
}

// What was promised beyond the actual time is given back when it is settled.
func TestALongPromiseIsGivenBackInPart(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.proposed(t, paul, marie, 90)
	act := exchange.Act{Community: v.id, Exchange: x.ID}
	if _, err := v.exchanges.Accept(v.ctx, paul.Actor, act); err != nil {
		t.Fatal(err)
	}
	if held := v.account(t, marie.account).Held; held != 90 {
		t.Errorf("%d minutes are promised", held)
	}
	act.Minutes = 45
	if _, err := v.exchanges.Complete(v.ctx, paul.Actor, act); err != nil {
		t.Fatal(err)
	}
	if _, err := v.exchanges.Confirm(v.ctx, marie.Actor, exchange.Act{Community: v.id, Exchange: x.ID, Key: "c"}); err != nil {
		t.Fatal(err)
	}
	if a := v.account(t, marie.account); a.Held != 0 || a.Balance != 855 {
		t.Errorf("Marie has %d minutes, %d of them promised", a.Balance, a.Held)
	}
	v.clean(t)
}

func TestAnAccountTellsHowItsLimitsCameToBe(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	for i, reason := range []string{"Premier.", "Deuxième.", "Troisième."} {
		v.clock.advance(time.Second)
		change := ledger.LimitChange{Community: v.id, Account: marie.account, Limits: floor(domain.Minutes(-60 * i)), Reason: reason}
		if _, err := v.hours.SetLimits(v.ctx, v.eloise.Actor, change); err != nil {
			t.Fatal(err)
		}
	}
	v.clock.advance(time.Second)
	if _, err := v.hours.AllowOnce(v.ctx, v.eloise.Actor, ledger.Allowance{Community: v.id, Account: marie.account, Minutes: 30, Reason: "Un déménagement."}); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []domain.Actor{marie.Actor, v.eloise.Actor} {
		all := walk(t, 3, false, func(p domain.Page) (domain.Slice[ledger.PastLimits], error) {
			return v.hours.LimitChanges(v.ctx, reader, v.id, marie.account, p)
		})
		if len(all) != 4 || all[0].AllowedOnce == nil || *all[0].AllowedOnce != 30 || *all[0].Floor != -120 || all[0].Member != v.eloise.member {
			t.Errorf("newest first: %+v", all)
		}
		if all[3].Reason != "Premier." || all[3].AllowedOnce != nil {
			t.Errorf("the oldest: %+v", all[3])
		}
	}
	_, err := v.hours.LimitChanges(v.ctx, paul.Actor, v.id, marie.account, domain.Page{Limit: 5})
	wants(t, err, domain.Forbidden)
}
