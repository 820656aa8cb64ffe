// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"maps"
	"sync"
	"testing"
)

// proposal is one without a listing.
func (w *town) proposal(giver, receiver *person, minutes int) input {
	return input{
		"communityId": w.id, "providerId": giver.member, "receiverId": receiver.member, "minutes": minutes, "serviceTypeId": w.types()["102-A-1"],
	}
}

func TestTwoMembersAreNeeded(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	bread := anna.offers("Pain au levain")
	fromListing := input{"communityId": town.id, "listingId": bread, "minutes": 60}

	anna.cannot("proposeExchange", fromListing, "OWN_LISTING", "listingId")
	anna.cannot("proposeExchange", town.proposal(anna, anna, 60), "SAME_MEMBER", "receiverId")
	town.founder.cannot("proposeExchange", town.proposal(anna, bruno, 60), "NOT_A_PARTY", "")
	bruno.cannot("proposeExchange", with(fromListing, "providerId", clara.member), "VALUE_UNKNOWN", "providerId")
	bruno.cannot("proposeExchange", with(fromListing, "receiverId", clara.member), "NOT_A_PARTY", "receiverId")
	bruno.cannot("proposeExchange", input{"communityId": town.id, "receiverId": bruno.member, "minutes": 60, "serviceTypeId": town.types()["102-A-1"]}, "REQUIRED", "providerId")
	anna.does("archiveListing", input{"listingId": bread})
	bruno.cannot("proposeExchange", fromListing, "LISTING_UNAVAILABLE", "listingId")
}

func TestEachSideInItsTurn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	x := bruno.asks(anna, 60)
	the := input{"exchangeId": x}
	confirmation := input{"exchangeId": x, "minutes": 60, "idempotencyKey": newKey()}
	is := func(state, code string, acts map[string]input) {
		t.Helper()
		same(t, "state", anna.sees(x, "Exchange { state }").text("state"), state)
		for mutation, in := range acts {
			for _, p := range []*person{anna, bruno} {
				p.cannot(mutation, in, code, "exchangeId")
			}
			clara.cannot(mutation, in, "NOT_FOUND", anyField)
			town.stranger().cannot(mutation, in, "UNAUTHENTICATED", "")
		}
	}
	accept, cancel := map[string]input{"acceptExchange": the}, map[string]input{"cancelExchange": with(the, "reason", "Grippe.")}
	done := map[string]input{"completeExchange": with(the, "minutes", 60)}
	dispute := map[string]input{"disputeExchange": with(the, "reason", "Pas fini.")}
	confirm := map[string]input{"confirmExchange": confirmation}
	all := func(acts ...map[string]input) map[string]input {
		together := map[string]input{}
		for _, a := range acts {
			maps.Copy(together, a)
		}
		return together
	}

	bruno.cannot("acceptExchange", the, "NOT_YOUR_TURN", "exchangeId")
	is("PROPOSED", "EXCHANGE_STATE", all(done, dispute, confirm))
	anna.accepts(x)
	is("ACCEPTED", "EXCHANGE_STATE", all(accept, dispute, confirm))
	anna.completes(x, 60)
	anna.cannot("confirmExchange", confirmation, "NOT_YOUR_TURN", "exchangeId")
	is("DONE", "EXCHANGE_STATE", all(accept, cancel, done))
	bruno.confirms(x, 60)
	is("CONFIRMED", "EXCHANGE_STATE", all(accept, cancel, done, dispute, map[string]input{"confirmExchange": with(confirmation, "idempotencyKey", newKey())}))
	town.founder.cannot("resolveDispute", input{"exchangeId": x, "outcome": "CANCEL", "reason": "Assez."}, "EXCHANGE_STATE", "exchangeId")
}

func TestAPartyDoesNotJudge(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	x := town.founder.gave(anna, 60)
	anna.does("disputeExchange", input{"exchangeId": x, "reason": "Pas fini."})
	town.founder.cannot("resolveDispute", input{"exchangeId": x, "outcome": "CONFIRM", "minutes": 60, "reason": "C’était bien."}, "FORBIDDEN", "")
}

func TestMembersWhoAreNotThere(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	pending, gone, resting := town.register("Dario", "fr"), town.welcome("Gaston", "fr"), town.welcome("Rita", "fr")
	asked := map[*person]string{gone: bruno.asks(gone, 30), resting: bruno.asks(resting, 30)}
	accounts := map[*person]string{gone: gone.account(), resting: resting.account()}
	pending.applies()
	gone.does("leaveCommunity", input{"communityId": town.id})
	resting.does("pauseMembership", input{"communityId": town.id})

	for p, code := range map[*person]string{pending: "FORBIDDEN", gone: "NOT_FOUND", resting: "FORBIDDEN"} {
		p.cannot("proposeExchange", town.proposal(anna, p, 30), code, anyField)
		p.cannot("createListing", input{"communityId": town.id, "kind": "REQUEST", "title": "Du pain", "serviceTypeId": town.types()["102-A-1"]}, code, "")
		bruno.cannot("proposeExchange", town.proposal(p, bruno, 30), "MEMBER_INACTIVE", "providerId")
		anna.cannot("proposeExchange", town.proposal(anna, p, 30), "MEMBER_INACTIVE", "receiverId")
		town.founder.cannot("proposeExchange", with(town.proposal(p, anna, 30), "onBehalfOf", p.member), "MEMBER_STATE", "onBehalfOf")
		town.founder.cannot("grantRole", input{"memberId": p.member, "role": "TREASURER"}, "MEMBER_STATE", "memberId")
		if account := accounts[p]; account != "" {
			p.cannot("giveHours", input{"from": account, "to": anna.account(), "minutes": 5, "idempotencyKey": newKey()}, code, "")
		}
	}
	gone.cannot("acceptExchange", input{"exchangeId": asked[gone]}, "NOT_FOUND", "")
	resting.cannot("acceptExchange", input{"exchangeId": asked[resting]}, "MEMBER_INACTIVE", "exchangeId")
	anna.cannot("giveHours", input{"from": anna.account(), "to": accounts[gone], "minutes": 5, "idempotencyKey": newKey()}, "ACCOUNT_CLOSED", "")
	pending.cannot("pauseMembership", input{"communityId": town.id}, "MEMBER_STATE", "")
	town.founder.cannot("admitMember", input{"memberId": anna.member}, "MEMBER_STATE", "")
	town.founder.cannot("admitMember", input{"memberId": gone.member}, "MEMBER_STATE", "")
	for _, p := range []*person{pending, gone} {
		a := p.gql(p.bearer(), `{ community(slug: "port") { members { nodes { id } } } }`, nil)
		if len(a.Errors) != 1 {
			t.Errorf("%s reads the members: %s", p.name, a.raw)
		}
	}
}

func TestAFloorIsNotCrossed(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := bruno.asks(anna, 1501) // 900 + 600 is as far as it goes
	said := anna.cannot("acceptExchange", input{"exchangeId": x}, "INSUFFICIENT_HOURS", "exchangeId")
	if said.Type != "InsufficientHours" || said.Available != nil || said.Required != nil || !said.Retryable {
		t.Errorf("Anna learns of Bruno’s hours: %+v", said)
	}
	y := anna.does("proposeExchange", town.proposal(anna, bruno, 1501)).text("exchange.id")
	said = bruno.cannot("acceptExchange", input{"exchangeId": y}, "INSUFFICIENT_HOURS", "exchangeId")
	if said.Available == nil || *said.Available != 1500 || said.Required == nil || *said.Required != 1501 {
		t.Errorf("Bruno is told %+v", said)
	}

	z := bruno.asks(anna, 1500)
	anna.accepts(z)
	same(t, "what Bruno may still promise", bruno.hours(), map[string]int{"balance": 900, "held": 1500, "available": 0})
	last := bruno.asks(anna, 1)
	anna.cannot("acceptExchange", input{"exchangeId": last}, "INSUFFICIENT_HOURS", "exchangeId")
	said = bruno.cannot("giveHours", input{"from": bruno.account(), "to": anna.account(), "minutes": 1, "idempotencyKey": newKey()}, "INSUFFICIENT_HOURS", "minutes")
	if said.Available == nil || *said.Available != 0 || *said.Required != 1 {
		t.Errorf("Bruno is told %+v", said)
	}

	anna.completes(z, 1515) // it took longer than was promised
	bruno.cannot("confirmExchange", input{"exchangeId": z, "minutes": 1515, "idempotencyKey": newKey()}, "INSUFFICIENT_HOURS", "minutes")
	same(t, "Bruno says what he counted", bruno.confirms(z, 1500).int("minutes.settled"), 1500)
	same(t, "at the floor", bruno.hours(), map[string]int{"balance": -600, "held": 0, "available": 0})
	town.booksAreRight()
}

// atOnce sends mutations side by side, and answers each one’s answer.
func (p *person) atOnce(mutation string, inputs ...input) []answer {
	p.t.Helper()
	token, answers := p.bearer(), make([]answer, len(inputs))
	var all sync.WaitGroup
	for i, in := range inputs {
		all.Go(func() { answers[i] = p.gql(token, document(mutation), input{"input": in}, "Accept-Language", "en") })
	}
	all.Wait()
	p.settled.Store(false)
	return answers
}

func TestTwoConfirmationsRace(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	for range 10 {
		x := anna.gave(bruno, 15)
		outcomes := map[string]int{}
		for _, a := range bruno.atOnce("confirmExchange",
			input{"exchangeId": x, "minutes": 15, "idempotencyKey": newKey()}, input{"exchangeId": x, "minutes": 15, "idempotencyKey": newKey()}) {
			for _, p := range a.problems() {
				outcomes[p.Code]++
				same(t, "the loser is told of", p.Field, []string{"exchangeId"})
			}
			outcomes[payloadOf(a).text("exchange.state")]++
		}
		same(t, "outcomes", outcomes, map[string]int{"CONFIRMED": 1, "": 1, "EXCHANGE_STATE": 1})
	}
	same(t, "balances", town.balances(), map[string]int{"Anna": 1050, "Bruno": 750, "Fatou": 900, "the community": -2700})
	town.booksAreRight()
}
