// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Five people each have a part of an envelope to give. A helper votes for whom they were
// asked to, is told of, and never votes over a voter's own ballot; who may do everything
// else in a member's name may not vote in it. Somebody who was suspended when the roll was
// written down is not on it when they are back.
func TestOnlyWhoWasAskedVotesForAnother(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara, dora := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Dora", "fr")
	roy := w.registers("Mme Roy")
	cycle := w.founder.opens(w, 600, input{"method": "DIRECT_ENVELOPES"})
	submit := func(p *person, title string) string {
		return p.does("submitProject", input{"cycleId": cycle, "title": title, "body": "Pour tout le quartier, ensemble.", "minimumMinutes": 100, "maximumMinutes": 600}).text("project.id")
	}
	oven, garden := submit(anna, "Four"), submit(bruno, "Jardin")
	is := func(state string) {
		ask[int](w.program, `WITH w AS (UPDATE member SET participation = $2 WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(dora.member), state)
	}
	is("SUSPENDED")
	w.advance(15 * day)
	is("NEWCOMER")
	same(t, "five are on the roll", anna.sees(cycle, `Cycle { roll }`).int("roll"), 5)
	ballot := func(project, onBehalfOf string) input {
		return input{"cycleId": cycle, "entries": []input{{"projectId": project, "value": 120}}, "onBehalfOf": onBehalfOf}
	}
	dora.cannot("castBudgetBallot", with(ballot(oven, ""), "onBehalfOf", nil), "NOT_ON_THE_ROLL", "cycleId")

	w.founder.cannot("castBudgetBallot", ballot(oven, anna.member), "NOT_THEIR_HELPER", "onBehalfOf")
	anna.votes(cycle, input{"projectId": oven, "value": 120})
	name := input{"communityId": w.id, "helperId": clara.member, "until": w.now().Add(30 * day)}
	anna.does("nameHelper", name)
	clara.cannot("castBudgetBallot", ballot(oven, anna.member), "VOTED_IN_PERSON", "onBehalfOf")

	noted := with(with(name, "onBehalfOf", roy), "consent", "Signé sur papier le 3 mars.")
	w.founder.does("nameHelper", with(noted, "helperId", w.founder.member))
	w.founder.cannot("castBudgetBallot", ballot(oven, roy), "NOT_THEIR_HELPER", "onBehalfOf") // by their own word alone
	w.founder.does("nameHelper", noted)
	w.founder.does("grantRole", input{"memberId": clara.member, "role": "COORDINATOR"})
	gagnon := w.registers("M. Gagnon")
	each := with(with(noted, "onBehalfOf", gagnon), "helperId", w.founder.member)
	clara.does("nameHelper", each)
	clara.cannot("castBudgetBallot", ballot(oven, roy), "NOT_THEIR_HELPER", "onBehalfOf") // each by the other's word
	w.founder.cannot("castBudgetBallot", ballot(oven, gagnon), "NOT_THEIR_HELPER", "onBehalfOf")
	clara.does("withdrawHelper", input{"memberId": gagnon, "helperId": w.founder.member})
	clara.does("castBudgetBallot", ballot(oven, roy))

	bruno.does("nameHelper", name)
	helped := clara.does("castBudgetBallot", ballot(garden, bruno.member)).text("ballot.receipt")
	same(t, "Bruno is told", bruno.heard("ACTED_FOR_YOU"), 1)
	own := bruno.votes(cycle, input{"projectId": garden, "value": 120})
	clara.cannot("castBudgetBallot", ballot(oven, bruno.member), "VOTED_IN_PERSON", "onBehalfOf")

	w.advance(14 * day)
	counted := anna.sees(cycle, cycleInFull)
	receipts := texts(counted.list("ballots.nodes"), "receipt")
	same(t, "his ballot is under a receipt that only he knows", []bool{slices.Contains(receipts, own), slices.Contains(receipts, helped)}, []bool{true, false})
	same(t, "three of five gave their part", []int{counted.int("report.voters"), counted.int("allocation.spent"), counted.int("allocation.left")}, []int{3, 360, 240})
}

// Somebody touches a ballot in the database after the count. The first who challenges it
// finds another count: those who run the cycle are told, and nothing is paid until a
// count gives the same again.
func TestACountThatDiffersIsNotPaid(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna := w.welcome("Anna", "fr")
	cycle := w.founder.opens(w, 100, nil)
	bench := anna.does("submitProject", input{"cycleId": cycle, "title": "Banc", "body": "Un banc sous le tilleul.", "minimumMinutes": 50}).text("project.id")
	w.advance(15 * day)
	late := w.welcome("Tard Venue", "fr")
	// A server of before the roll was written down opened the vote: who could vote then may.
	if _, err := w.owner.Exec(t.Context(), `DELETE FROM cycle_seat WHERE cycle_id = $1`, keyOf(cycle)); err != nil {
		t.Fatal(err)
	}
	late.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{}}, "NOT_ON_THE_ROLL", "cycleId")
	anna.votes(cycle, input{"projectId": bench, "value": 5})
	w.advance(14 * day)
	touch := func(value int) {
		ask[int](w.program, `WITH w AS (UPDATE budget_ballot SET choices = jsonb_set(choices, '{0,value}', to_jsonb($2::int)) WHERE cycle_id = $1 RETURNING 1)
			SELECT count(*)::int FROM w`, keyOf(cycle), value)
	}
	doubts := func(reason string) any {
		return anna.does("challengeAllocation", input{"cycleId": cycle, "reason": reason}).thing("challenge")["same"]
	}
	touch(1)
	same(t, "a second count gives something else", doubts("Ma voix n’y est plus."), any(false))
	same(t, "those who run the cycle are told", w.founder.heard("ALLOCATION_DIFFERS"), 1)
	w.advance(30 * day)
	same(t, "nothing is paid", anna.sees(cycle, `Cycle { state }`).text("state"), "CHALLENGE")
	same(t, "and they are told again", w.founder.heard("ALLOCATION_DIFFERS"), 2)
	w.twoServersCome(2 * day) // for each of them
	same(t, "each three days, until somebody does something", w.founder.heard("ALLOCATION_DIFFERS"), 3)
	coming, _, err := w.app.jobs.Calendar(t.Context(), 10)
	if err != nil || !slices.ContainsFunc(coming, func(p domain.Periodic) bool { return strings.Contains(p.Period, "payouts held") }) {
		t.Errorf("the calendar says %+v (%v)", coming, err)
	}
	touch(5)
	same(t, "what was touched is put right", doubts("Et maintenant ?"), any(true))
	w.advance(time.Minute)
	same(t, "it goes on", anna.sees(cycle, `Cycle { state }`).text("state"), "PAYING")
}

// overtaken has somebody try something while the calendar moves a cycle on: they come second.
func (w *town) overtaken(cycle, state string, try func() answer) {
	w.t.Helper()
	before := ask[string](w.program, `SELECT state FROM cycle WHERE id = $1`, keyOf(cycle))
	moves, err := w.owner.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := moves.Exec(w.t.Context(), `UPDATE cycle SET state = $2 WHERE id = $1`, keyOf(cycle), state); err != nil {
		w.t.Fatal(err)
	}
	came := make(chan answer, 1)
	go func() { came <- try() }()
	w.untilSomebodyWaits(func() bool { return len(came) > 0 })
	if err := moves.Commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	tried := <-came
	if found := tried.problems(); len(found) != 1 || found[0].Code != "CYCLE_STATE" {
		w.t.Errorf("while the cycle became %s: %s", state, tried.raw)
	}
	ask[int](w.program, `WITH w AS (UPDATE cycle SET state = $2 WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(cycle), before)
}

// untilSomebodyWaits returns when a transaction waits for another's lock, or when nobody
// will any more.
func (w *town) untilSomebodyWaits(over func() bool) {
	w.t.Helper()
	for !over() && !ask[bool](w.program, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`) {
		time.Sleep(5 * time.Millisecond)
	}
}

// Whoever reviews, votes or claims in the moment in which that ends, does so before it ends
// or not at all; and a pool from which two take at once gives what it has, and no more.
func TestWhoComesInTheMomentItEnds(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	paid := w.paying(anna, 100, nil)
	w.overtaken(anna.sees(paid, `Project { cycle { id } }`).text("cycle.id"), "REPORTING", func() answer {
		return anna.tries("claimPayout", input{"projectId": paid, "minutes": 10, "proof": "Venez voir sur place.", "idempotencyKey": newKey()})
	})
	cycle := w.founder.opens(w, 100, nil)
	bench := anna.does("submitProject", input{"cycleId": cycle, "title": "Banc", "body": "Un banc sous le tilleul.", "minimumMinutes": 50}).text("project.id")
	w.advance(8 * day)
	w.founder.does("reviewProject", input{"projectId": bench, "feasible": true})
	w.overtaken(cycle, "VOTING", func() answer {
		return w.founder.tries("reviewProject", input{"projectId": bench, "feasible": false, "reason": "Tout compte fait, non."})
	})
	w.overtaken(cycle, "VOTING", func() answer { return anna.tries("withdrawProject", input{"projectId": bench}) })
	w.advance(7 * day)
	w.overtaken(cycle, "TALLIED", func() answer {
		return anna.tries("castBudgetBallot", input{"cycleId": cycle, "entries": []input{{"projectId": bench, "value": 5}}})
	})

	w.gives("SOLIDARITY", 100)
	w.founder.does("planInflow", input{
		"communityId": w.id, "fromId": w.poolFor("SOLIDARITY"), "poolId": w.poolFor("PROJECTS"), "title": "Pour les projets", "minutes": 80, "firstOn": w.inDays(1), "rhythm": "YEARLY", "hour": 8,
	})
	w.takenMeanwhile("SOLIDARITY", 70, func() { w.advance(2 * day) })
	same(t, "of what was left", w.holds("SOLIDARITY"), 0)
	w.booksAreRight()
}

// takenMeanwhile has minutes of a pool go to the reserve while something else happens.
func (w *town) takenMeanwhile(purpose string, minutes domain.Minutes, other func()) {
	w.t.Helper()
	leg := ledger.Transfer{ID: domain.NewID(), Kind: ledger.Grant, Minutes: minutes, Debit: keyOf(w.poolFor(purpose)), Credit: keyOf(w.poolFor("RESERVE"))}
	taking, done := make(chan struct{}), make(chan struct{})
	go func() {
		<-taking
		other()
		close(done)
	}()
	err := w.app.db.InTx(w.t.Context(), keyOf(w.id), func(ctx context.Context, _ time.Time) error {
		_, err := w.app.rooms.ledger.Post(ctx, ledger.Posting{
			Community: keyOf(w.id), Key: "taken/" + leg.ID.String(), Legs: []ledger.Transfer{leg},
			Event: domain.Event{ID: domain.NewID(), Kind: ledger.HoursGiven, Subject: leg.ID},
		})
		close(taking)
		w.untilSomebodyWaits(func() bool { return err != nil })
		return err
	})
	<-done
	if err != nil {
		w.t.Fatal(err)
	}
}
