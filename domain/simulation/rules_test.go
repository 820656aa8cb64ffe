// SPDX-License-Identifier: AGPL-3.0-or-later

package simulation

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// village is some members and their bank, with a past by a charter's own rules.
type village struct {
	accounts []Account
	moves    []Move
	rules    community.Charter
	holdings []Holding
}

func (v *village) do(m Move) domain.ID {
	m.ID, m.At = domain.NewID(), time.Unix(int64(len(v.moves)), 0)
	v.moves = append(v.moves, m)
	for i := range v.accounts {
		switch v.accounts[i].ID {
		case m.Debit:
			v.accounts[i].Balance -= m.Minutes
		case m.Credit:
			v.accounts[i].Balance += m.Minutes
		}
	}
	return m.ID
}

func (v *village) at(id domain.ID) *Account {
	for i := range v.accounts {
		if v.accounts[i].ID == id {
			return &v.accounts[i]
		}
	}
	return nil
}

const bank, pool, members = 0, 1, 2

func newVillage(rules community.Charter, people int) *village {
	v := &village{rules: rules, accounts: []Account{
		{ID: domain.NewID(), Kind: ledger.Community, Open: true}, {ID: domain.NewID(), Kind: ledger.Pool, Purpose: ledger.Projects, Open: true},
	}}
	for range people {
		v.accounts = append(v.accounts, Account{ID: domain.NewID(), Kind: ledger.Member, Floor: rules.Floor, Open: true})
		v.do(Move{Kind: ledger.Opening, Minutes: rules.Starting, Debit: v.accounts[bank].ID, Credit: v.accounts[len(v.accounts)-1].ID})
	}
	return v
}

// exchange settles as the exchange room does: refused at the floor, the levy out of
// what was credited, those who hold the role before the pool.
func (v *village) exchange(giver, receiver domain.ID, minutes domain.Minutes) (exchange domain.ID, levies []Move) {
	if to := v.at(receiver); to.Floor != nil && to.Balance-minutes < *to.Floor {
		return domain.Nowhere, nil
	}
	var holders []domain.ID
	now := time.Unix(int64(len(v.moves)), 0)
	for _, h := range v.holdings {
		if !now.Before(h.From) && (h.Until.IsZero() || now.Before(h.Until)) {
			holders = append(holders, h.Account)
		}
	}
	exchange = v.do(Move{Kind: ledger.Exchange, Minutes: minutes, Debit: receiver, Credit: giver, Exchange: domain.NewID()})
	part := v.rules.Levy.Of(minutes)
	if from := v.at(giver); from.Floor != nil {
		part = min(part, max(0, from.Balance-*from.Floor))
	}
	each, rest := v.rules.Levy.Shared(part, len(holders))
	for _, to := range append(holders, v.accounts[pool].ID) {
		m := Move{Kind: ledger.Levy, Minutes: each, Debit: giver, Credit: to}
		if to == v.accounts[pool].ID {
			m.Minutes = rest
		}
		if m.Minutes > 0 && to != giver {
			m.ID = v.do(m)
			levies = append(levies, m)
		}
	}
	return exchange, levies
}

func charter(t interface{ Fatal(...any) }, changes string) community.Charter {
	c, err := community.Default().With(community.Changes(changes))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Under the rules that were in force, the past comes out as it was; under any
// others nothing is made or lost; and looking leaves the accounts as they are.
func TestThePastUnderItsOwnRulesIsThePast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := charter(t, `{"levy":{"basisPoints":700,"pool":"PROJECTS","roleShare":4000,"role":"COORDINATOR"}}`)
		v := newVillage(rules, rapid.IntRange(2, 6).Draw(t, "people"))
		for _, a := range v.accounts[members:] {
			h := Holding{Account: a.ID, Role: domain.Coordinator, From: time.Unix(rapid.Int64Range(0, 60).Draw(t, "from"), 0)}
			if rapid.Bool().Draw(t, "ends") {
				h.Until = h.From.Add(30 * time.Second)
			}
			v.holdings = append(v.holdings, h)
		}
		who := func(name string) domain.ID {
			return v.accounts[members+rapid.IntRange(0, len(v.accounts)-members-1).Draw(t, name)].ID
		}
		for range rapid.IntRange(0, 30).Draw(t, "exchanges") {
			giver, receiver := who("giver"), who("receiver")
			if giver == receiver {
				continue
			}
			minutes := domain.Minutes(rapid.IntRange(1, 600).Draw(t, "minutes"))
			x, levies := v.exchange(giver, receiver, minutes)
			if x != domain.Nowhere && rapid.IntRange(0, 4).Draw(t, "undone") == 0 {
				v.do(Move{Kind: ledger.Reversal, Minutes: minutes, Debit: giver, Credit: receiver, Reverses: x})
				for _, levy := range levies {
					v.do(Move{Kind: ledger.Reversal, Minutes: levy.Minutes, Debit: levy.Credit, Credit: levy.Debit, Reverses: levy.ID})
				}
			}
		}
		before := append([]Account(nil), v.accounts...)
		o := compare(v.accounts, v.moves, v.holdings, rules, rules)
		if !reflect.DeepEqual(o.Before, o.After) || o.Refused != 0 {
			t.Fatalf("was %+v, comes out as %+v, %d refused", o.Before, o.After, o.Refused)
		}
		other := charter(t, `{"hours":{"starting":300,"floor":-120,"softFloor":-60},"levy":{"basisPoints":300,"pool":"PROJECTS","roleShare":10000,"role":"COORDINATOR"}}`)
		r := rewind(v.accounts, v.moves, rules, other)
		r.holdings = v.holdings
		for _, m := range v.moves {
			r.move(m)
		}
		var sum domain.Minutes
		for _, a := range r.accounts {
			sum += a.Balance
		}
		if sum != 0 {
			t.Fatalf("%d minutes came from nowhere", sum)
		}
		if !reflect.DeepEqual(before, v.accounts) {
			t.Fatal("looking changed what was")
		}
	})
}

func TestAFloorRefusesInThePastWhatItWouldRefuseNow(t *testing.T) {
	rules := charter(t, `{}`)
	v := newVillage(rules, 2)
	anna, bruno := v.accounts[members].ID, v.accounts[members+1].ID
	v.exchange(anna, bruno, 1200) // Bruno goes to −300
	own := domain.Minutes(-600)
	wanted := charter(t, `{"hours":{"floor":-240,"softFloor":-120}}`)
	if o := compare(v.accounts, v.moves, v.holdings, rules, wanted); o.Refused != 1 || o.RefusedMembers != 1 || o.After.Warned != 0 || o.Exchanges != 1 {
		t.Errorf("%+v", o)
	}
	v.at(bruno).Floor = &own // the same figure as the charter's is the charter's
	if o := compare(v.accounts, v.moves, v.holdings, rules, wanted); o.Refused != 1 {
		t.Errorf("%+v", o)
	}
	further := domain.Minutes(-900)
	v.at(bruno).Floor = &further // agreed with a coordinator: it stays
	if o := compare(v.accounts, v.moves, v.holdings, rules, wanted); o.Refused != 0 || o.After.Warned != 1 {
		t.Errorf("%+v", o)
	}
}

// Twelve months of ten thousand members, thirty exchanges each, take well under a
// minute: the promise is for all of it, the reading too.
func TestAYearOfTenThousandMembersIsQuick(t *testing.T) {
	rules := charter(t, `{}`)
	v := newVillage(rules, 0)
	for range 10_000 {
		v.accounts = append(v.accounts, Account{ID: domain.NewID(), Kind: ledger.Member, Open: true})
	}
	for i := range 300_000 {
		giver, receiver := members+i%10_000, members+(i*7+1)%10_000
		if giver != receiver {
			v.moves = append(v.moves, Move{ID: domain.NewID(), Kind: ledger.Exchange, Minutes: domain.Minutes(1 + i%120), Debit: v.accounts[receiver].ID, Credit: v.accounts[giver].ID})
		}
	}
	begun := time.Now()
	o := compare(v.accounts, v.moves, v.holdings, rules, charter(t, `{"levy":{"basisPoints":500,"pool":"PROJECTS"}}`))
	if took := time.Since(begun); took > 20*time.Second || o.After.Levy == 0 {
		t.Errorf("%d exchanges took %v, levy %v", o.Exchanges, took, o.After.Levy)
	} else {
		t.Logf("%d exchanges of %d members in %v", o.Exchanges, o.Members, took)
	}
}

// A proposal to share a levy with whoever coordinates shows the pool's part alone in the
// pool, and takes nothing from whoever coordinates and gives.
func TestARolesShareIsNotThePools(t *testing.T) {
	rules := charter(t, `{}`)
	v := newVillage(rules, 3)
	anna, bruno, clara := v.accounts[members].ID, v.accounts[members+1].ID, v.accounts[members+2].ID
	v.holdings = []Holding{{Account: clara, Role: domain.Coordinator, From: time.Unix(4, 0)}}
	v.exchange(anna, bruno, 600) // before Clara coordinated
	v.exchange(anna, bruno, 600)
	v.exchange(clara, bruno, 300) // her own part stays with her
	wanted := charter(t, `{"hours":{"floor":null},"levy":{"basisPoints":1000,"pool":"PROJECTS","roleShare":5000,"role":"COORDINATOR"}}`)
	o := compare(v.accounts, v.moves, v.holdings, rules, wanted)
	if o.After.Levy != 60+60+15 || len(o.After.Pools) != 1 || o.After.Pools[0].Balance != 60+30+15 {
		t.Errorf("%+v", o.After)
	}
}
