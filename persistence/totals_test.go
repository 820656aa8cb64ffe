// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/persistence"
)

// statements is the room where they are made.
func (c *country) statements() *statement.Service {
	return statement.New(c.db, persistence.StatementStore{}, c.hours, c.communities, c.members)
}

// totals are those of a period, as Éloïse reads them.
func (v *village) totals(t failer, account domain.ID, period ledger.Period) statement.Totals {
	t.Helper()
	found, err := v.statements().Totals(v.ctx, v.eloise.Actor, v.id, account, period)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// settles is an exchange from the first word to the posting.
func (v *village) settles(t failer, giver, taker resident, code string, minutes domain.Minutes) exchange.Exchange {
	t.Helper()
	x, err := v.exchanges.Propose(v.ctx, taker.Actor, exchange.Proposal{
		Community: v.id, Provider: giver.member, Receiver: taker.member, ServiceType: code, Terms: exchange.Terms{Estimated: minutes},
	})
	act := exchange.Act{Community: v.id, Exchange: x.ID, Minutes: minutes}
	if err == nil {
		_, err = v.exchanges.Accept(v.ctx, giver.Actor, act)
	}
	if err == nil {
		_, err = v.exchanges.Complete(v.ctx, giver.Actor, act)
	}
	if err == nil {
		act.Key = x.ID.String()
		x, err = v.exchanges.Confirm(v.ctx, taker.Actor, act)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (v *village) transferOf(t failer, x exchange.Exchange) domain.ID {
	t.Helper()
	found, err := v.hours.TransfersOf(v.ctx, v.id, []domain.ID{x.ID})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d transfers, %v", len(found), err)
	}
	return found[0].ID
}

func TestAYearOfAMemberAddedUp(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	january := v.clock.Now().Add(time.Hour)
	v.clock.advance(2 * time.Hour)
	v.settles(t, marie, paul, "102-A-1", 90)
	v.settles(t, paul, marie, "102-A-2", 60)
	mistake := v.settles(t, marie, paul, "100-A-1", 600)
	february := v.clock.Now().Add(time.Hour)
	v.clock.advance(2 * time.Hour)
	_, err := v.hours.Reverse(v.ctx, v.eloise.Actor, ledger.Reverse{Community: v.id, Transfer: v.transferOf(t, mistake), Reason: "60, not 600", Key: "r"})
	if err != nil {
		t.Fatal(err)
	}
	v.gives(t, 30, marie.account, paul.account)

	first := v.totals(t, marie.account, ledger.Period{From: january, Until: february})
	want := statement.Totals{
		Span: ledger.Span{After: 1, Last: 4}, Opening: 900, Closing: 1530, Moved: statement.Moved{Given: 690, Received: 60, Lines: 3},
		ByKind: []statement.KindTotal{{Kind: ledger.Exchange, Moved: statement.Moved{Given: 690, Received: 60, Lines: 3}}},
		Types: []statement.TypeTotal{
			{Code: "100-A-1", Moved: statement.Moved{Given: 600, Lines: 1}},
			{Code: "102-A-1", Moved: statement.Moved{Given: 90, Lines: 1}},
			{Code: "102-A-2", Moved: statement.Moved{Received: 60, Lines: 1}},
		},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("until February (-want +got):\n%s", diff)
	}
	families := []statement.TypeTotal{
		{Code: "100", Moved: statement.Moved{Given: 600, Lines: 1}}, {Code: "102", Moved: statement.Moved{Given: 90, Received: 60, Lines: 2}},
	}
	if diff := cmp.Diff(families, first.ByServiceType(true)); diff != "" {
		t.Errorf("by family (-want +got):\n%s", diff)
	}
	// What a later period undoes is below zero there, and gone from the whole.
	second := v.totals(t, marie.account, ledger.Period{From: february})
	want = statement.Totals{
		Span: ledger.Span{After: 4, Last: 6}, Opening: 1530, Closing: 900, Moved: statement.Moved{Given: -600, Received: 30, Lines: 2},
		ByKind: []statement.KindTotal{
			{Kind: ledger.Gift, Moved: statement.Moved{Received: 30, Lines: 1}},
			{Kind: ledger.Reversal, Moved: statement.Moved{Given: -600, Lines: 1}},
		},
		Types: []statement.TypeTotal{{Code: "100-A-1", Moved: statement.Moved{Given: -600, Lines: 1}}},
	}
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("from February (-want +got):\n%s", diff)
	}
	whole := v.totals(t, marie.account, ledger.Period{})
	if whole.Given != 990 || whole.Received != 90 || whole.Closing != 900 {
		t.Errorf("the whole is %+v", whole)
	}
}

func TestAPeriodIsInsideOutOrNotForEverybody(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	read := func(actor domain.Actor, account domain.ID, p ledger.Period) error {
		_, err := v.statements().Totals(v.ctx, actor, v.id, account, p)
		return err
	}
	wants(t, read(marie.Actor, marie.account, ledger.Period{From: dawn, Until: dawn.Add(-time.Hour)}), statement.PeriodInvalid)
	wants(t, read(paul.Actor, marie.account, ledger.Period{}), domain.Forbidden)
	wants(t, read(v.person(t, "X"), marie.account, ledger.Period{}), domain.NotFound)
	wants(t, read(marie.Actor, domain.NewID(), ledger.Period{}), domain.NotFound)
	wants(t, read(domain.Actor{}, marie.account, ledger.Period{}), domain.Unauthenticated)
	far := ledger.Period{From: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), Until: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	if got := v.totals(t, marie.account, far); got.Opening != 0 || got.Given != 900 || got.Closing != 900 {
		t.Errorf("ten thousand years are %+v", got)
	}
	v.breaks(t, `UPDATE ledger.account SET seq = $2 WHERE id = $1`, paul.account, statement.MaxLines+1)
	_, err := v.statements().Open(v.ctx, paul.Actor, v.id, paul.account, "", "")
	wants(t, err, statement.TooLong)
	if got := v.totals(t, v.opens(t, 1, ledger.Limits{})[0], ledger.Period{}); !cmp.Equal(statement.Totals{}, got, cmpopts.EquateEmpty()) {
		t.Errorf("an empty account adds up to %+v", got)
	}
}

// Any history, under clocks that jump back a little as those of two servers do:
// what went in less what went out is the difference of the balances, periods
// that meet tile the whole, and a statement's lines are its totals.
func TestTotalsAlwaysAgreeWithTheBalances(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	var services []domain.ID
	for _, code := range []string{"100-A-1", "102-A-1", "102-A-2"} {
		services = append(services, v.settles(t, marie, paul, code, 15).ID)
	}
	kinds := []ledger.TransferKind{ledger.GroupShare, ledger.Gift, ledger.Levy, ledger.Corrected, ledger.Dues}
	v.clock.advance(24 * time.Hour) // a clock that jumps back stays after the village's founding
	rapid.Check(t, func(t *rapid.T) {
		h := history{t: t, village: v, accounts: []domain.ID{v.joins(t, "Anne").account, v.whole}, began: v.clock.Now(), skewed: rapid.Bool().Draw(t, "skewed")}
		for range rapid.IntRange(0, 40).Draw(t, "postings") {
			h.post(rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom(append(services, domain.Nowhere)).Draw(t, "service"))
		}
		bounds := []time.Time{{}}
		for range rapid.IntRange(0, 4).Draw(t, "bounds") {
			bounds = append(bounds, h.began.Add(time.Duration(rapid.IntRange(-10, 600).Draw(t, "bound"))*time.Second))
		}
		slices.SortFunc(bounds, time.Time.Compare)
		bounds = append(slices.CompactFunc(bounds, time.Time.Equal), time.Time{})
		var end domain.Minutes
		var position int64
		for i := range len(bounds) - 1 {
			p := ledger.Period{From: bounds[i], Until: bounds[i+1]}
			got := h.checked(p)
			if got.Opening != end || got.Span.After != position {
				t.Fatalf("%v begins with %d after %d, the one before ended with %d at %d", p, got.Opening, got.Span.After, end, position)
			}
			end, position = got.Closing, got.Span.Last
		}
		if last := v.account(t, h.accounts[0]); last.Balance != end || last.Entries != position {
			t.Fatalf("the periods end with %d at %d, the account with %d at %d", end, position, last.Balance, last.Entries)
		}
	})
}

// history is a member's account, that of the whole, and all that passed between them.
type history struct {
	*village
	t         *rapid.T
	accounts  []domain.ID
	began     time.Time
	skewed    bool
	transfers []ledger.Transfer
}

func (h *history) post(kind ledger.TransferKind, service domain.ID) {
	forward := rapid.IntRange(0, 30).Draw(h.t, "seconds")
	if h.skewed {
		forward -= 3
	}
	h.clock.advance(time.Duration(forward) * time.Second)
	from, to := h.accounts[0], h.accounts[1]
	if rapid.Bool().Draw(h.t, "back") {
		from, to = to, from
	}
	l := leg(domain.Minutes(rapid.IntRange(1, 30).Draw(h.t, "minutes")), from, to)
	l.Kind, l.Exchange = kind, service
	if len(h.transfers) > 0 && rapid.IntRange(0, 3).Draw(h.t, "undo") == 0 {
		l, h.transfers = h.transfers[0].Undo(), h.transfers[1:]
		l.ID = domain.NewID()
	} else {
		h.transfers = append(h.transfers, l)
	}
	if _, err := h.village.post(h.posting(l.ID.String(), l)); err != nil {
		h.t.Fatal(err)
	}
}

// checked reads a period's totals and lines, and compares the two.
func (h *history) checked(p ledger.Period) statement.Totals {
	t := h.t
	got := h.totals(t, h.accounts[0], p)
	if got.Opening+got.Given-got.Received != got.Closing {
		t.Fatalf("%d + %d − %d is not %d", got.Opening, got.Given, got.Received, got.Closing)
	}
	var kinds, types, families statement.Moved
	for _, k := range got.ByKind {
		kinds = sum(kinds, k.Moved)
	}
	for _, one := range got.Types {
		types = sum(types, one.Moved)
	}
	for _, one := range got.ByServiceType(true) {
		families = sum(families, one.Moved)
	}
	if kinds != got.Moved || types != families {
		t.Fatalf("kinds add up to %v of %v, families to %v of %v", kinds, got.Moved, families, types)
	}
	text := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.Format(time.RFC3339Nano)
	}
	st, err := h.statements().Open(h.ctx, h.eloise.Actor, h.id, h.accounts[0], text(p.From), text(p.Until))
	if err != nil {
		t.Fatal(err)
	}
	balance, n := st.Totals.Opening, int64(0)
	for l, err := range h.statements().Lines(h.ctx, st) {
		n++
		balance += l.Minutes
		if err != nil || l.Position != got.Span.After+n || l.BalanceAfter != balance {
			t.Fatalf("line %d is %+v, %v", n, l, err)
		}
		inside := (p.From.IsZero() || !l.At.Before(p.From)) && (p.Until.IsZero() || l.At.Before(p.Until))
		if !h.skewed && !inside {
			t.Fatalf("the entry of %v is no part of %v", l.At, p)
		}
	}
	if n != int64(got.Lines) || balance != got.Closing {
		t.Fatalf("%d lines of %d end with %d, not %d", n, got.Lines, balance, got.Closing)
	}
	return got
}

func sum(a, b statement.Moved) statement.Moved {
	return statement.Moved{Given: a.Given + b.Given, Received: a.Received + b.Received, Lines: a.Lines + b.Lines}
}

func TestAStatementTellsWhatItsReaderMayKnow(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.settles(t, marie, paul, "102-A-1", 90)
	_, err := v.hours.Give(v.ctx, v.eloise.Actor, ledger.Give{
		Community: v.id, From: v.whole, To: paul.account, Minutes: 30, Message: "Merci\npour la fête", Key: "g",
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := func(actor domain.Actor, account domain.ID) (all []statement.Line) {
		t.Helper()
		st, err := v.statements().Open(v.ctx, actor, v.id, account, "", "")
		if err != nil {
			t.Fatal(err)
		}
		for l, err := range v.statements().Lines(v.ctx, st) {
			if err != nil {
				t.Fatal(err)
			}
			l.At = time.Time{}
			all = append(all, l)
		}
		return all
	}
	want := []statement.Line{
		{Position: 1, Kind: ledger.Opening, Minutes: 900, BalanceAfter: 900, Other: statement.Side{Kind: ledger.Community}},
		{
			Position: 2, Kind: ledger.Exchange, Minutes: -90, BalanceAfter: 810, Other: statement.Side{Kind: ledger.Member, Name: "Marie"},
			ServiceType: "102-A-1", Exchange: x.Number,
		},
		{Position: 3, Kind: ledger.Gift, Minutes: 30, BalanceAfter: 840, Other: statement.Side{Kind: ledger.Community}, Note: "Merci\npour la fête"},
	}
	for name, actor := range map[string]domain.Actor{"Paul": paul.Actor, "the coordinator": v.eloise.Actor} {
		if diff := cmp.Diff(want, lines(actor, paul.account)); diff != "" {
			t.Errorf("%s reads (-want +got):\n%s", name, diff)
		}
	}
	// Anybody sees what the whole gave, and to whom; what was said is theirs.
	last := func(all []statement.Line) statement.Line { return all[len(all)-1] }
	if said := last(lines(marie.Actor, v.whole)); said.Note != "" || said.Other.Name != "Paul" || said.Minutes != -30 {
		t.Errorf("Marie reads %+v", said)
	}
	if said := last(lines(v.eloise.Actor, v.whole)); said.Note == "" {
		t.Errorf("the coordinator reads %+v", said)
	}
}

func TestHoursBetweenCommunitiesNameThePartner(t *testing.T) {
	v := aCountry(t).village(t)
	far := v.country.village(t)
	v.breaks(t, `UPDATE community SET name = 'Accorderie du Sud' WHERE id = $1`, far.id)
	mirror, err := v.hours.OpenMirror(v.ctx, v.id, far.id, ledger.Bilateral{})
	if err != nil {
		t.Fatal(err)
	}
	marie := v.joins(t, "Marie")
	v.movesAMirror(t, 45, marie.account, mirror.Account)
	ours, err := v.statements().Open(v.ctx, marie.Actor, v.id, marie.account, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var last statement.Line
	for l, err := range v.statements().Lines(v.ctx, ours) {
		if last = l; err != nil {
			t.Fatal(err)
		}
	}
	if want := (statement.Side{Kind: ledger.Mirror, Name: "Accorderie du Sud"}); last.Other != want {
		t.Errorf("the other side is %v, want %v", last.Other, want)
	}
	theirs, err := v.statements().Open(v.ctx, marie.Actor, v.id, mirror.Account, "", "")
	if err != nil || theirs.Partner.Name != "Accorderie du Sud" || theirs.Totals.Closing != 45 {
		t.Errorf("the mirror’s statement is %+v, %v", theirs, err)
	}
}

func TestALeaversStatementStaysWithThoseWhoKeepTheBooks(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	if _, err := v.members.Leave(v.ctx, marie.Actor, v.id, ""); err != nil {
		t.Fatal(err)
	}
	open := func(actor domain.Actor) (statement.Statement, error) {
		return v.statements().Open(v.ctx, actor, v.id, marie.account, "", "")
	}
	st, err := open(v.eloise.Actor)
	if err != nil || st.Holder.DisplayName != "Marie" || st.Totals.Closing != 0 || st.Totals.Lines != 2 {
		t.Errorf("the coordinator reads %+v, %v", st, err)
	}
	if _, err = open(marie.Actor); err == nil {
		t.Error("who left still reads")
	}
	if _, err = open(v.joins(t, "Paul").Actor); !cmp.Equal(fmt.Sprint(err), string(domain.Forbidden)) {
		t.Errorf("another member is told %v", err)
	}
}
