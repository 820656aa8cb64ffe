// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"testing"
	"time"
)

// participation is where somebody stands, in two words.
func (p *person) participation() string {
	p.t.Helper()
	p.settle()
	m := p.sees(p.member, "Member { participation stage }")
	return m.text("participation") + " " + m.text("stage")
}

const whyNotFields = `reached next criteria { code way days required actual met text next evidence { kind minutes at sourceId partner { displayName } } }`

// missing is what a stage asks for that somebody has not done, with how much they have.
func (p *person) missing(stage string) map[string]int {
	p.t.Helper()
	p.settle()
	short := map[string]int{}
	for _, c := range p.sees(p.member, "Member { whyNot(stage: "+stage+") { "+whyNotFields+" } }").list("whyNot.criteria") {
		if c["met"] != true {
			short[c.text("code")] = c.int("actual")
		}
	}
	return short
}

// heard counts how often somebody was told something.
func (p *person) heard(kind string) (n int) {
	p.t.Helper()
	for _, news := range p.told() {
		if news.text("kind") == kind {
			n++
		}
	}
	return n
}

// becomesActive lets Anna exchange with three others in two months.
func becomesActive(t *testing.T) (w *town, anna *person, others []*person) {
	t.Helper()
	w = newTown(t)
	w.into(10)
	anna = w.welcome("Anna", "fr")
	for _, name := range []string{"Bruno", "Clara", "Dario"} {
		others = append(others, w.welcome(name, "en"))
	}
	anna.helped(others[0])
	anna.helped(others[1])
	w.into(10)
	anna.helped(others[2])
	w.advance(day)
	return w, anna, others
}

func TestTheWayOfAMember(t *testing.T) {
	t.Parallel()
	town, anna, others := becomesActive(t)
	bruno := others[0]
	same(t, "three exchanges, three partners, two months", anna.participation(), "ACTIVE ACTIVE_USER")
	same(t, "Bruno had one", bruno.participation(), "NEWCOMER USER")
	same(t, "Anna is told", anna.heard("MEMBER_ACTIVE"), 1)
	town.advance(day)
	same(t, "once", anna.heard("MEMBER_ACTIVE"), 1)

	town.advance(160 * day)
	same(t, "the first two are long ago", anna.participation(), "AT_RISK USER")
	notice := about(anna.told(), "kind", "MEMBER_AT_RISK")
	same(t, "it is announced 28 days before", notice.time("due").Sub(notice.time("createdAt")).Round(time.Hour), 28*day)
	town.advance(27 * day)
	same(t, "a day before", anna.participation(), "AT_RISK USER")

	anna.helped(bruno)
	same(t, "one exchange restores, at once", anna.participation(), "ACTIVE ACTIVE_USER")
	town.advance(5 * day)
	same(t, "what was announced is off", anna.participation(), "ACTIVE ACTIVE_USER")
	same(t, "told once", []int{anna.heard("MEMBER_RESTORED"), anna.heard("MEMBER_AT_RISK"), anna.heard("MEMBER_DORMANT")}, []int{1, 1, 0})

	town.advance(24 * day)
	same(t, "the grace is over", anna.participation(), "AT_RISK USER")
	town.advance(29 * day)
	same(t, "and the notice too", anna.participation(), "DORMANT USER")
	same(t, "Anna is told of both", []int{anna.heard("MEMBER_AT_RISK"), anna.heard("MEMBER_DORMANT")}, []int{2, 1})
	same(t, "her hours stay hers", anna.sees(anna.member, "Member { account { balance } }").int("account.balance"), 900+4*15)

	bruno.helped(anna) // receiving is exchanging
	same(t, "back", anna.participation(), "ACTIVE ACTIVE_USER")
	town.advance(2 * day)
	same(t, "told once more", anna.heard("MEMBER_RESTORED"), 2)
	same(t, "nobody’s vote was touched", ask[string](town.program, `SELECT string_agg(DISTINCT governance || ' ' || capital, ', ') FROM member`), "GUEST NONE")
	town.booksAreRight()
}

func TestWhyNotYet(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.into(10)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "en")
	same(t, "at first", anna.missing("ACTIVE_USER"), map[string]int{"EXCHANGES": 0, "PARTNERS": 0, "MONTHS": 0})
	x := anna.helped(bruno)
	town.settle()

	why := anna.sees(anna.member, "Member { whyNot(stage: ACTIVE_USER) { "+whyNotFields+" } }").thing("whyNot")
	same(t, "reached", why.find("reached"), any(false))
	same(t, "the smallest step, in words", why.text("next"), "Échangez encore au cours de 1 autre mois.")
	exchanges := about(why.list("criteria"), "code", "EXCHANGES")
	same(t, "in words", exchanges.text("text"), "Échanges confirmés en 180 jours\u00a0: 1 sur 3.")
	same(t, "what counts", []string{exchanges.text("evidence.0.sourceId"), exchanges.text("evidence.0.partner.displayName")}, []string{x, "Bruno"})
	same(t, "what Anna gave", exchanges.int("evidence.0.minutes"), 15)
	same(t, "Bruno reads his own in English", bruno.sees(bruno.member, "Member { whyNot(stage: ACTIVE_USER) { next } }").text("whyNot.next"), "Exchange again in 1 other month.")
	same(t, "it is nobody else’s to know", clara.sees(anna.member, "Member { whyNot(stage: ACTIVE_USER) { next } whyNotEngaged { next } }").find("whyNot"), nil)
	same(t, "but for who admits", town.founder.sees(anna.member, "Member { whyNot(stage: ACTIVE_USER) { reached } }").find("whyNot.reached"), any(false))

	for range 3 {
		anna.helped(bruno)
	}
	same(t, "of four with one partner in a month three count", anna.missing("ACTIVE_USER"), map[string]int{"PARTNERS": 1, "MONTHS": 1})
	town.founder.does("noteHousehold", input{"memberIds": []string{anna.member, bruno.member}})
	same(t, "and of a household none", anna.missing("ACTIVE_USER"), map[string]int{"EXCHANGES": 0, "PARTNERS": 0, "MONTHS": 0})

	gave := anna.gave(clara, 30)
	transfer := clara.confirms(gave, 30).text("transfers.0.id")
	same(t, "with Clara", anna.missing("ACTIVE_USER")["EXCHANGES"], 1)
	corrected := town.founder.does("correctTransfer", input{"transferId": transfer, "minutes": 45, "reason": "Un quart d’heure de trop peu.", "idempotencyKey": newKey()}).text("transfer.id")
	engaged := func() thing {
		town.settle()
		return anna.sees(anna.member, "Member { whyNotEngaged { "+whyNotFields+" } }").thing("whyNotEngaged")
	}
	same(t, "what is right counts instead", about(engaged().list("criteria"), "code", "HOURS_GIVEN").int("actual"), 45)
	same(t, "and once", anna.missing("ACTIVE_USER")["EXCHANGES"], 1)
	town.founder.does("reverseTransfer", input{"transferId": corrected, "reason": "Il n’a pas eu lieu.", "idempotencyKey": newKey()})
	same(t, "what was reversed does not count", anna.missing("ACTIVE_USER")["EXCHANGES"], 0)

	work := anna.logs("FRONT_DESK", 60)
	town.founder.does("approveActivity", input{"activityId": work})
	audit := anna.logs("AUDIT", 60)
	town.founder.does("approveActivity", input{"activityId": audit})
	turn := anna.logs("SHARED_TURN", 120)
	town.founder.does("approveActivity", input{"activityId": turn})
	found := engaged().list("criteria")
	same(t, "work for the whole, but not what brings recognition only", about(found, "code", "HOURS_ASSOCIATIVE").int("actual"), 180)
	var kinds []string
	for _, c := range about(found, "code", "HOURS_ASSOCIATIVE").list("evidence") {
		kinds = append(kinds, c.text("kind")+" "+c.text("sourceId"))
	}
	slices.Sort(kinds)
	same(t, "its evidence", kinds, []string{"ACTIVITY " + work, "DUTY " + turn})
	same(t, "what a co-owner is asked for", anna.missing("CO_OWNER"), map[string]int{"SHARES": 0, "ORIENTATION": 0, "STATUTES": 0, "VOTE": 0})
}
