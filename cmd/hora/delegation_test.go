// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// entrusts lets somebody vote in one's place; for says in which decision, or in which type.
func (p *person) entrusts(to *person, scope input) string {
	p.t.Helper()
	return p.does("delegateVote", with(with(scope, "communityId", p.id), "toId", to.member)).text("delegation.id")
}

const entrusted = `Decision { state turnout mySeat { voted delegation { to { displayName } } mandates { from { displayName } } }
	result { turnout lines { option voters } } receipts(first: 100) { nodes { receipt choice reason member { displayName } } } audit }`

// says are the choices that were counted, in order.
func says(decision thing) (choices []string) {
	choices = texts(decision.list("receipts.nodes"), "choice")
	slices.Sort(choices)
	return choices
}

// Clara cannot come to any assembly and Dario not to this one: Bruno votes for
// them. Dario comes after all, and his own ballot goes first.
func TestAVoteIsEntrusted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara, dario, elif := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Dario", "fr"), w.welcome("Elif", "fr")
	rules := input{"communityId": w.id, "type": "COMMON_RULES"}
	standing := clara.entrusts(bruno, rules)
	id := anna.poses("Une heure de ménage chacun ?", "COMMON_RULES", nil)
	this := input{"communityId": w.id, "decisionId": id}
	dario.entrusts(bruno, this)

	elif.isRefused("delegateVote", with(this, "toId", bruno.member), "MANDATES_FULL", "toId")
	bruno.isRefused("delegateVote", with(this, "toId", anna.member), "DELEGATION_CHAIN", "toId")
	elif.isRefused("delegateVote", with(rules, "toId", clara.member), "DELEGATION_CHAIN", "toId")
	elif.isRefused("delegateVote", with(this, "toId", elif.member), "DELEGATION_TO_ONESELF", "toId")
	elif.isRefused("delegateVote", input{"communityId": w.id, "toId": anna.member}, "DELEGATION_SCOPE", "type")
	elif.isRefused("delegateVote", with(with(this, "toId", anna.member), "type", "COMMON_RULES"), "DELEGATION_SCOPE", "type")
	elif.isRefused("delegateVote", input{"communityId": w.id, "toId": anna.member, "type": "BUDGET_CYCLE"}, "DELEGATION_NOT_ALLOWED", "type")
	elif.isRefused("delegateVote", input{"communityId": w.id, "toId": anna.member, "type": "DAILY_WORK"}, "WRONG_BODY", "type")
	elif.isRefused("delegateVote", input{"communityId": w.id, "toId": anna.member, "type": "NOTHING"}, "DECISION_TYPE_UNKNOWN", "type")
	elif.isRefused("delegateVote", with(with(rules, "toId", anna.member), "until", w.now().Add(-day)), "DATE_INVALID", "until")
	elif.isRefused("delegateVote", with(with(rules, "toId", anna.member), "until", w.now().Add(400*day)), "DATE_INVALID", "until")
	late := w.welcome("Tard Venue", "fr")
	late.isRefused("delegateVote", with(this, "toId", anna.member), "NOT_ON_THE_ROLL", "decisionId")
	elif.isRefused("delegateVote", with(this, "toId", late.member), "NOT_ON_THE_ROLL", "toId")
	elif.isRefused("revokeDelegation", input{"delegationId": standing}, "NOT_FOUND", "delegationId")

	bruno.yes(id)
	dario.chooses(id, "NO", "J’ai mal au dos.")
	dario.isRefused("delegateVote", with(this, "toId", anna.member), "ALREADY_VOTED", "decisionId")
	anna.chooses(id, "ABSTAIN", "")
	before := clara.sees(id, entrusted)
	same(t, "before the close", []any{before["turnout"], before.find("mySeat.voted"), before.text("mySeat.delegation.to.displayName")}, []any{3.0, false, "Bruno"})
	same(t, "whom Bruno stands for", texts(bruno.sees(id, entrusted).list("mySeat.mandates"), "from.displayName"), []string{"Dario", "Clara"})

	w.advance(14 * day)
	told := clara.sees(id, entrusted)
	same(t, "four ballots", []any{told.text("state"), told.int("result.turnout"), told.find("mySeat.voted")}, []any{"CLOSED", 4, true})
	same(t, "what they say", says(told), []string{"ABSTAIN", "NO", "YES", "YES"})
	yes := []string{}
	for _, r := range told.list("receipts.nodes") {
		if r.text("choice") == "YES" {
			yes = append(yes, r.text("member.displayName"))
		}
	}
	slices.Sort(yes)
	same(t, "in whose name", yes, []string{"Bruno", "Clara"})
	same(t, "whom Bruno stood for", texts(bruno.sees(id, entrusted).list("mySeat.mandates"), "from.displayName"), []string{"Clara"})
	same(t, "Elif sees of nobody", len(elif.sees(id, entrusted).list("mySeat.mandates")), 0)
	aStrangerRecounts(t, told["audit"], told.text("receipts.nodes.0.receipt"))

	mine := func(p *person) []thing {
		return p.reads(`{ viewer { delegations { id type decision { id } to { displayName } carried { id } until endedAt } } }`, nil).list("viewer.delegations")
	}
	same(t, "Clara's runs on", []any{len(mine(clara)), mine(clara)[0].text("type"), mine(clara)[0].text("carried.0.id")}, []any{1, "COMMON_RULES", id})
	same(t, "Dario's ended with the decision", len(mine(dario)), 0)
	same(t, "Bruno hears of both", bruno.newsAbout("DELEGATION"), []string{"DELEGATION_GIVEN", "DELEGATION_GIVEN"})

	clara.entrusts(anna, rules) // instead of Bruno
	same(t, "Bruno is told", bruno.newsAbout("DELEGATION_ENDED"), []string{"DELEGATION_ENDED"})
	bruno.does("revokeDelegation", input{"delegationId": standing}) // has ended: it stays as it is
	anna.does("revokeDelegation", input{"delegationId": mine(anna)[0].text("id")})
	same(t, "Anna hands it back, and Clara hears of it", []any{len(mine(clara)), clara.newsAbout("DELEGATION")}, []any{0, []string{"DELEGATION_ENDED"}})
}

// Too few came, also with those whom Bruno stands for: what he carried is not kept for
// the second call. Clara votes herself there, Elif has left, and who does not vote carries nobody.
func TestWhoIsRepresentedInASecondCall(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara, elif := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Elif", "fr")
	for i := range 11 {
		w.founder.does("registerMember", input{"communityId": w.id, "displayName": fmt.Sprintf("Membre %d", i)})
	}
	id := anna.poses("Une heure de ménage chacun ?", "COMMON_RULES", nil)
	clara.entrusts(bruno, input{"decisionId": id})
	elif.entrusts(bruno, input{"decisionId": id})
	w.founder.entrusts(anna, input{"decisionId": id})
	bruno.yes(id)
	w.advance(14 * day)
	called := clara.sees(id, entrusted)
	same(t, "three of four needed", []any{called.text("state"), called.int("turnout"), called.find("mySeat.voted")}, []any{"SECOND_CALL", 1, false})
	clara.chooses(id, "NO", "")
	elif.does("leaveCommunity", input{"communityId": w.id})
	w.advance(7 * day)
	told := anna.sees(id, entrusted)
	same(t, "one against one", []any{told.text("state"), says(told)}, []any{"CLOSED", []string{"NO", "YES"}})
}

// A secret ballot that is carried looks like any other.
func TestASecretVoteIsEntrusted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	id := anna.poses("L’accueillons-nous ?", "OBJECTED_ADMISSION", nil)
	clara.entrusts(bruno, input{"decisionId": id})
	bruno.chooses(id, "NO", "Trop tôt.")
	w.advance(14 * day)
	told := anna.sees(id, entrusted)
	same(t, "two against", []any{says(told), told.list("receipts.nodes")[0]["member"], told.list("receipts.nodes")[1]["member"]}, []any{[]string{"NO", "NO"}, nil, nil})
	reasons := texts(told.list("receipts.nodes"), "reason")
	slices.Sort(reasons)
	same(t, "Bruno's words are his own", reasons, []string{"", "Trop tôt."})
	left := ask[int](w.program, `SELECT count(*)::int FROM decision_ballot`) + ask[int](w.program, `SELECT count(*)::int FROM decision_key`)
	same(t, "nothing is left in the box", left, 0)
}

// However many ask at once, one carries two.
func TestMandatesAreLimitedHoweverManyAskAtOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	bruno := w.welcome("Bruno", "fr")
	crowd := make([]*person, 6)
	for i := range crowd {
		crowd[i] = w.welcome(fmt.Sprintf("Membre %d", i), "fr")
	}
	answers := make([]answer, len(crowd))
	var all sync.WaitGroup
	for i, p := range crowd {
		all.Go(func() {
			answers[i] = p.tries("delegateVote", input{"communityId": w.id, "toId": bruno.member, "type": "STATUTES"})
		})
	}
	all.Wait()
	given := 0
	for _, a := range answers {
		if len(a.problems()) == 0 {
			given++
			continue
		}
		same(t, "the others are refused", a.problems()[0].Code, "MANDATES_FULL")
	}
	same(t, "given", given, 2)
}
