// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSomebodyLeavesWithACredit(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	bread := anna.offers("Pain au levain")
	waiting := anna.asks(bruno, 60)
	x := anna.gave(bruno, 60)

	anna.cannot("leaveCommunity", input{"communityId": town.id}, "OPEN_COMMITMENTS", "")
	bruno.confirms(x, 60)
	same(t, "gone", anna.does("leaveCommunity", input{"communityId": town.id}).text("member.participation"), "LEFT")
	same(t, "balances", town.balances(), map[string]int{"SOLIDARITY": 960, "Bruno": 840, "Fatou": 900, "the community": -2700})

	town.settle()
	same(t, "what Anna offered", ask[string](town.program, `SELECT state FROM listing WHERE title = 'Pain au levain'`), "ARCHIVED")
	same(t, "what Anna asked of Bruno", bruno.sees(waiting, "Exchange { state }").text("state"), "CANCELLED")
	bruno.cannot("proposeExchange", input{"communityId": town.id, "listingId": bread, "minutes": 30}, "LISTING_UNAVAILABLE", "listingId")
	anna.cannot("createListing", input{"communityId": town.id, "kind": "OFFER", "title": "Encore du pain", "serviceTypeId": town.types()["102-A-1"]}, "NOT_FOUND", "")

	again := anna.in(town)
	again.applies()
	town.admit(again)
	same(t, "balances when Anna is back", town.balances(), map[string]int{"SOLIDARITY": 960, "Anna": 900, "Bruno": 840, "Fatou": 900, "the community": -3600})
	town.booksAreRight()
}

func TestSomebodyLeavesWithADebt(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := anna.gave(bruno, 1200)
	bruno.confirms(x, 1200)
	bruno.does("leaveCommunity", input{"communityId": town.id})
	same(t, "balances", town.balances(), map[string]int{"RESERVE": -300, "Anna": 2100, "Fatou": 900, "the community": -2700})
	town.booksAreRight()
}

func TestTheLastCoordinatorStays(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, fatou := town.welcome("Anna", "fr"), town.founder
	fatou.cannot("leaveCommunity", input{"communityId": town.id}, "LAST_COORDINATOR", "")
	fatou.cannot("revokeRole", input{"memberId": fatou.member, "role": "COORDINATOR"}, "LAST_COORDINATOR", "memberId")
	fatou.does("grantRole", input{"memberId": anna.member, "role": "COORDINATOR"})
	same(t, "gone", fatou.does("leaveCommunity", input{"communityId": town.id}).text("member.participation"), "LEFT")
	same(t, "who coordinates now", texts(anna.sees(anna.member, "Member { roles { role } }").list("roles"), "role"), []string{"COORDINATOR"})
	same(t, "Fatou’s roles", anna.sees(fatou.member, "Member { roles { role } }").list("roles"), []thing{})

	town.register("Bruno", "en").applies()
	same(t, "Anna is told", anna.told()[0].text("kind"), "MEMBER_APPLIED")
	for _, news := range fatou.told() {
		if news.text("member.displayName") == "Bruno" {
			t.Errorf("Fatou, who left, is told of Bruno: %v", news)
		}
	}
}

func TestTwoCoordinatorsLeaveAtOnce(t *testing.T) {
	t.Parallel()
	p := boot(t)
	for i := range 8 {
		town := p.town("Accorderie", fmt.Sprintf("ville-%d", i))
		anna := town.welcome(fmt.Sprintf("Anna %d", i), "fr")
		town.founder.does("grantRole", input{"memberId": anna.member, "role": "COORDINATOR"})
		leave := input{"communityId": town.id}
		outcomes := map[string]int{}
		var both sync.WaitGroup
		answers := make([]answer, 2)
		for j, who := range []*person{anna, town.founder} {
			both.Go(func() { answers[j] = who.atOnce("leaveCommunity", leave)[0] })
		}
		both.Wait()
		for _, a := range answers {
			for _, problem := range a.problems() {
				outcomes[problem.Code]++
			}
			outcomes[payloadOf(a).text("member.participation")]++
		}
		same(t, "outcomes", outcomes, map[string]int{"LEFT": 1, "LAST_COORDINATOR": 1, "": 1})
	}
}

func TestAPauseAndAReturn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	bread := anna.offers("Pain au levain")
	agreed := anna.gave(bruno, 60)
	found := func() int {
		return bruno.reads(`query($slug: String!) { community(slug: $slug) { listings { totalCount } } }`, input{"slug": town.slug}).int("community.listings.totalCount")
	}

	same(t, "resting", anna.does("pauseMembership", input{"communityId": town.id}).text("member.participation"), "PAUSED")
	same(t, "offers to be found", found(), 0)
	bruno.cannot("proposeExchange", input{"communityId": town.id, "listingId": bread, "minutes": 30}, "MEMBER_INACTIVE", "providerId")
	anna.cannot("pauseMembership", input{"communityId": town.id}, "MEMBER_STATE", "")
	anna.cannot("proposeExchange", input{"communityId": town.id, "providerId": bruno.member, "receiverId": anna.member, "minutes": 30, "serviceTypeId": town.types()["102-A-1"]}, "FORBIDDEN", "")
	same(t, "what was agreed is finished", bruno.confirms(agreed, 60).text("state"), "CONFIRMED")

	same(t, "back as before", anna.does("resumeMembership", input{"communityId": town.id}).text("member.participation"), "NEWCOMER")
	same(t, "offers to be found again", found(), 1)
	anna.cannot("resumeMembership", input{"communityId": town.id}, "MEMBER_STATE", "")
}

func TestARoleEndsOnItsDay(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	undo := func(minutes int) input {
		x := anna.gave(bruno, minutes)
		moved := bruno.confirms(x, minutes).text("transfers.0.id")
		return input{"transferId": moved, "reason": "Saisi deux fois.", "idempotencyKey": newKey()}
	}
	bruno.cannot("reverseTransfer", undo(60), "FORBIDDEN", "")
	until := town.now().Add(7 * day)
	town.founder.cannot("grantRole", input{"memberId": bruno.member, "role": "TREASURER", "until": town.now().Add(-time.Minute)}, "DATE_INVALID", "until")
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "TREASURER", "until": until})
	same(t, "undone", bruno.does("reverseTransfer", undo(45)).text("transfer.kind"), "REVERSAL")

	town.advance(6*day + 23*time.Hour)
	same(t, "undone on the last day", bruno.does("reverseTransfer", undo(30)).text("transfer.kind"), "REVERSAL")
	mistake := undo(15)
	town.advance(time.Hour + time.Second)
	bruno.cannot("reverseTransfer", mistake, "FORBIDDEN", "")
	same(t, "Bruno’s roles", bruno.sees(bruno.member, "Member { roles { role } }").list("roles"), []thing{})
	town.booksAreRight()
}

func TestAnApplicationIsDeclined(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.register("Anna", "fr")
	anna.applies()
	anna.cannot("applyToJoin", input{"communityId": town.id}, "ALREADY_MEMBER", "communityId")
	town.founder.cannot("declineApplication", input{"memberId": anna.member, "reason": "  "}, "REQUIRED", "reason")
	same(t, "declined", town.founder.does("declineApplication", input{"memberId": anna.member, "reason": "Nous sommes au complet."}).text("member.participation"), "DECLINED")
	if sent := town.letters(anna.email, "candidature"); len(sent)+len(town.letters(anna.email, "demande")) != 1 {
		t.Errorf("Anna’s letters: %v", town.letters(anna.email, ""))
	}
	town.founder.cannot("admitMember", input{"memberId": anna.member}, "MEMBER_STATE", "")
	anna.applies()
	town.admit(anna)
	same(t, "balances", town.balances(), map[string]int{"Anna": 900, "Fatou": 900, "the community": -1800})
}

func TestAnExchangeIsDeclined(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := bruno.asks(anna, 60)
	bruno.cannot("declineExchange", input{"exchangeId": x}, "NOT_YOUR_TURN", "exchangeId")
	declined := anna.does("declineExchange", input{"exchangeId": x, "reason": "Pas cette semaine."}).thing("exchange")
	same(t, "declined", declined.text("state"), "DECLINED")
	same(t, "why", declined.text("history.1.note"), "Pas cette semaine.")
	same(t, "Bruno’s hours", bruno.hours(), map[string]int{"balance": 900, "held": 0, "available": 1500})
	same(t, "Bruno is told", bruno.told()[0].text("kind"), "EXCHANGE_DECLINED")
	anna.cannot("acceptExchange", input{"exchangeId": x}, "EXCHANGE_STATE", "exchangeId")

	y := bruno.asks(anna, 60)
	anna.accepts(y)
	same(t, "called off", bruno.does("cancelExchange", input{"exchangeId": y, "reason": "Grippe."}).text("exchange.state"), "CANCELLED")
	same(t, "promised no more", bruno.hours()["held"], 0)
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	founding := input{"name": "Accorderie de la Colline", "slug": "colline", "locale": "fr-CA", "timeZone": "America/Toronto", "idempotencyKey": "found-1"}
	made := anna.does("createCommunity", founding)
	town.unchanged("founding it again", func() { same(t, "the community", anna.does("createCommunity", founding), made) })
	same(t, "communities", ask[int](town.program, `SELECT count(*)::int FROM community`), 2)
	founding["name"] = "Accorderie de la Vallée"
	anna.cannot("createCommunity", founding, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
	founding["idempotencyKey"] = "found-2"
	anna.cannot("createCommunity", founding, "SLUG_TAKEN", "slug")

	proposal := input{"communityId": town.id, "listingId": anna.offers("Pain au levain"), "minutes": 60, "idempotencyKey": "propose-1"}
	x := bruno.does("proposeExchange", proposal)
	town.unchanged("proposing it again", func() { same(t, "the exchange", bruno.does("proposeExchange", proposal), x) })
	if news := anna.told(); strings.Count(strings.Join(texts(news, "kind"), " "), "EXCHANGE_PROPOSED") != 1 {
		t.Errorf("Anna is told %v", texts(news, "kind"))
	}
	town.founder.does("proposeExchange", proposal) // another person’s key is another key
	same(t, "exchanges", ask[int](town.program, `SELECT count(*)::int FROM exchange`), 2)
}
