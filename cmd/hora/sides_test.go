// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"strings"
	"testing"
)

// Fatou coordinates, helps Mme Roy at home, and may act for her: but not against
// herself. Another coordinator speaks for Mme Roy then.
func TestNobodyIsBothSides(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	fatou, anna := town.founder, town.welcome("Anna", "fr")
	roy := fatou.does("registerMember", input{"communityId": town.id, "displayName": "Mme Roy"}).text("member.id")
	proposal := input{
		"communityId": town.id, "providerId": fatou.member, "receiverId": roy, "minutes": 60, "serviceTypeId": town.types()["102-A-1"],
	}
	said := fatou.cannot("proposeExchange", with(proposal, "onBehalfOf", roy), "BOTH_SIDES", "onBehalfOf")
	if !strings.Contains(said.Message, "coordinator") || said.Retryable {
		t.Errorf("the way out is not told: %+v", said)
	}
	fatou.does("grantRole", input{"memberId": anna.member, "role": "COORDINATOR"})

	x := fatou.does("proposeExchange", proposal).text("exchange.id")
	for mutation, in := range map[string]input{
		"acceptExchange": {}, "declineExchange": {}, "reviseExchange": {"minutes": 30}, "cancelExchange": {"reason": "Autrement."},
	} {
		in["exchangeId"], in["onBehalfOf"] = x, roy
		fatou.cannot(mutation, in, "BOTH_SIDES", "onBehalfOf")
	}
	anna.does("acceptExchange", input{"exchangeId": x, "onBehalfOf": roy})
	fatou.completes(x, 60)
	fatou.cannot("confirmExchange", input{"exchangeId": x, "onBehalfOf": roy, "idempotencyKey": newKey()}, "BOTH_SIDES", "onBehalfOf")
	fatou.cannot("disputeExchange", input{"exchangeId": x, "onBehalfOf": roy, "reason": "Non."}, "BOTH_SIDES", "onBehalfOf")
	anna.does("confirmExchange", input{"exchangeId": x, "onBehalfOf": roy, "idempotencyKey": newKey()})

	hers := fatou.sees(roy, "Member { account { id } }").text("account.id")
	gift := input{"from": hers, "to": fatou.account(), "minutes": 15, "idempotencyKey": newKey()}
	fatou.cannot("giveHours", gift, "BOTH_SIDES", "from")
	dora := town.welcome("Dora", "fr")
	fatou.does("noteHousehold", input{"memberIds": []string{fatou.member, dora.member}})
	fatou.cannot("giveHours", with(gift, "to", dora.account()), "BOTH_SIDES", "from") // nor to who lives with her
	anna.does("giveHours", gift)
	same(t, "balances", town.balances(), map[string]int{"Anna": 900, "Fatou": 975, "Mme Roy": 825, "Dora": 900, "the community": -3600})
	town.booksAreRight()
}

// A term that ends must not leave a community with nobody to open its door.
func TestSomebodyCoordinatesUntilRevoked(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	fatou, anna := town.founder, town.welcome("Anna", "fr")
	soon, later := town.now().Add(30*day), town.now().Add(60*day)
	term := func(p *person, until any) input {
		return input{"memberId": p.member, "role": "COORDINATOR", "until": until}
	}

	fatou.cannot("grantRole", term(fatou, soon), "LAST_COORDINATOR", "until")
	fatou.does("grantRole", term(anna, later)) // beside Fatou, for a time
	fatou.cannot("grantRole", term(fatou, soon), "LAST_COORDINATOR", "until")
	fatou.cannot("revokeRole", input{"memberId": fatou.member, "role": "COORDINATOR"}, "LAST_COORDINATOR", "memberId")
	fatou.cannot("leaveCommunity", input{"communityId": town.id}, "LAST_COORDINATOR", "")
	fatou.does("grantRole", term(fatou, nil)) // as it is
	fatou.does("grantRole", term(anna, nil))
	fatou.does("grantRole", term(fatou, soon))
	anna.cannot("grantRole", term(anna, soon), "LAST_COORDINATOR", "until")

	town.advance(31 * day)
	fatou.cannot("admitMember", input{"memberId": anna.member}, "FORBIDDEN", "")
	same(t, "who coordinates", texts(anna.sees(anna.member, "Member { roles { role } }").list("roles"), "role"), []string{"COORDINATOR"})
}

func TestAnAddressOfARegisteredMemberIsOne(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	roy := input{"communityId": town.id, "displayName": "Mme Roy"}
	for _, wrong := range []string{"roy", "roy@", "roy@example", "Mme Roy <roy@example.org>", "a b@example.org"} {
		town.founder.cannot("registerMember", with(roy, "email", wrong), "EMAIL_INVALID", "email")
	}
	for _, none := range []any{nil, "", "   "} {
		same(t, "an address left out", town.founder.does("registerMember", with(roy, "email", none)).find("member.id") != nil, true)
	}
	entered := town.founder.does("registerMember", with(roy, "email", " Roy@Example.org ")).text("member.id")
	same(t, "her address", town.founder.sees(entered, "Member { email }").text("email"), "roy@example.org")
}
