// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"strings"
	"testing"
)

// withoutEmail is a neighbour whom a coordinator entered.
func (s *scene) withoutEmail() string { return s.town.registers(s.another("Mme Roy")) }

func (w *town) registers(name string) string {
	w.t.Helper()
	return w.founder.does("registerMember", input{"communityId": w.id, "displayName": name, "kind": "PERSON"}).text("member.id")
}

func (s *scene) withCard() thing {
	s.t.Helper()
	return s.founder.does("giveCard", input{"memberId": s.withoutEmail()})
}

func TestANamedHelperActsForAMember(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "fr-CA"), town.welcome("Clara", "fr-CA")
	x := bruno.asks(anna, 60)
	accept := input{"exchangeId": x, "onBehalfOf": anna.member}
	clara.cannot("acceptExchange", accept, forbidden, anyField)
	name := input{"communityId": town.id, "helperId": clara.member, "until": town.now().Add(30 * day)}
	clara.cannot("nameHelper", with(with(name, "onBehalfOf", anna.member), "consent", "Elle l’a dit."), forbidden, anyField)
	anna.cannot("nameHelper", with(name, "helperId", anna.member), "OWN_HELPER", "helperId")
	anna.cannot("nameHelper", with(name, "until", town.now().Add(-day)), "DATE_INVALID", "until")
	anna.does("nameHelper", name)
	same(t, "Clara is told", clara.told()[0].text("kind"), "HELPER_NAMED")
	same(t, "who helps Anna", texts(anna.sees(anna.member, "Member { helpers { by { displayName } } }").list("helpers"), "by.displayName"), []string{"Clara"})
	same(t, "for Bruno", len(bruno.sees(anna.member, "Member { helpers { until } }").list("helpers")), 0)

	done := clara.does("acceptExchange", accept).thing("exchange")
	same(t, "the history says so", []any{done.find("history.1.onBehalf"), done.find("history.1.member.displayName")}, []any{true, "Anna"})
	same(t, "both sides are told", []string{anna.told()[0].text("kind"), bruno.told()[0].text("kind")}, []string{"ACTED_FOR_YOU", "EXCHANGE_ACCEPTED"})
	// A helper does not pass it on, nor gives their hours away.
	clara.cannot("nameHelper", with(with(name, "onBehalfOf", anna.member), "helperId", bruno.member), forbidden, anyField)
	clara.cannot("giveHours", input{"from": anna.account(), "to": clara.account(), "minutes": 60, "idempotencyKey": newKey()}, forbidden, anyField)

	anna.does("withdrawHelper", input{"memberId": anna.member, "helperId": clara.member})
	same(t, "Clara is told again", clara.told()[0].text("kind"), "HELPER_ENDED")
	clara.cannot("completeExchange", input{"exchangeId": x, "minutes": 60, "onBehalfOf": anna.member}, forbidden, anyField)

	anna.does("nameHelper", name) // for thirty days
	town.advance(31 * day)
	clara.cannot("completeExchange", input{"exchangeId": x, "minutes": 60, "onBehalfOf": anna.member}, forbidden, anyField)

	// A coordinator notes what Mme Roy said, and how.
	roy := town.registers("Mme Roy")
	forRoy := with(with(name, "onBehalfOf", roy), "until", town.now().Add(day))
	town.founder.cannot("nameHelper", forRoy, "REQUIRED", "consent")
	town.founder.does("nameHelper", with(forRoy, "consent", "Signé sur papier le 3 mars."))
	clara.does("writeTimeCheque", input{
		"communityId": town.id, "providerId": anna.member, "minutes": 60, "serviceTypeId": town.types()["102-A-1"], "onBehalfOf": roy, "idempotencyKey": newKey(),
	})
	same(t, "consents are kept", ask[int](town.program, `SELECT count(*)::int FROM helper`), 3)
	town.booksAreRight()
}

func TestAMemberWithoutEmailSignsInByNumber(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	roy := town.registers("Mme Roy")
	town.founder.cannot("giveCard", input{"memberId": anna.member}, "CARD_NOT_NEEDED", "memberId")
	given := town.founder.does("giveCard", input{"memberId": roy})
	kiosk := &person{town: town, name: "Mme Roy", member: roy}
	in := input{"communitySlug": town.slug, "number": given.int("member.number"), "pin": given.text("pin"), "deviceName": "Kiosque"}
	kiosk.take(kiosk.does("signInWithNumber", in))
	same(t, "her hours", kiosk.hours()["balance"], 900)
	kiosk.asks(anna, 60)
	byCard := &person{town: town, name: "Mme Roy", member: roy}
	byCard.take(byCard.does("signInWithCard", input{"card": given.text("card")}))
	same(t, "her exchanges", len(byCard.reads(`query($slug: String!) { community(slug: $slug) { exchanges { nodes { id } } } }`, input{"slug": town.slug}).list("community.exchanges.nodes")), 1)

	stranger := town.stranger()
	for what, wrong := range map[string]input{
		"another number": with(in, "number", 99), "another town": with(in, "communitySlug", "ailleurs"), "no PIN": with(in, "pin", ""),
		"an address": with(in, "pin", secret),
	} {
		a := stranger.tries("signInWithNumber", wrong)
		if found := a.problems(); len(found) != 1 || found[0].Code != "INVALID_CREDENTIALS" {
			t.Errorf("%s: %s", what, a.raw)
		}
	}
	stranger.cannot("signInWithCard", input{"card": strings.ToLower(given.text("card"))}, "INVALID_CREDENTIALS", "")

	// The card is lost: a new one, and the old is worth nothing any more.
	again := town.founder.does("giveCard", input{"memberId": roy})
	stranger.cannot("signInWithCard", input{"card": given.text("card")}, "INVALID_CREDENTIALS", "")
	if a := kiosk.gql(kiosk.tokens.AccessToken, `{ viewer { person { id } } }`, nil); thing(a.Data).find("viewer.person.id") != nil {
		t.Errorf("the old session lives: %s", a.raw)
	}
	stranger.does("signInWithCard", input{"card": again.text("card")})
	town.founder.does("revokeCard", input{"memberId": roy})
	stranger.cannot("signInWithCard", input{"card": again.text("card")}, "INVALID_CREDENTIALS", "")
}

// Those who act for members see who holds a card, and whether it is locked: never
// what opens it.
func TestWhoHoldsACardIsSeenByThoseWhoActForMembers(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	roy := town.registers("Mme Roy")
	const card = "Member { card { givenAt locked } }"
	same(t, "nobody holds one", []any{town.founder.sees(roy, card).find("card"), town.founder.sees(anna.member, card).find("card")}, []any{nil, nil})
	given := town.founder.does("giveCard", input{"memberId": roy})
	held := town.founder.sees(roy, card).thing("card")
	same(t, "Mme Roy does", []any{held.text("givenAt") != "", held.find("locked")}, []any{true, false})
	same(t, "Anna cannot see it", anna.sees(roy, card).find("card"), nil)
	kiosk := &person{town: town, name: "Mme Roy", member: roy}
	kiosk.take(kiosk.does("signInWithCard", input{"card": given.text("card")}))
	same(t, "she herself does", kiosk.sees(roy, card).find("card.locked"), any(false))
	ask[int](town.program, `WITH w AS (UPDATE card SET failures = 10 RETURNING 1) SELECT count(*)::int FROM w`)
	same(t, "the PIN is locked", town.founder.sees(roy, card).find("card.locked"), any(true))
	seen := town.founder.reads(`{ community(slug: "port") { members { nodes { displayName card { locked } } } } }`, nil)
	holders := 0
	for _, m := range seen.list("community.members.nodes") {
		if m.find("card") != nil {
			holders++
		}
	}
	same(t, "of a whole page", holders, 1)
	town.founder.does("revokeCard", input{"memberId": roy})
	same(t, "it is gone", town.founder.sees(roy, card).find("card"), nil)
}

// Whoever guesses is slowed down, then the PIN is locked; the card itself and the
// coordinator are ways out.
func TestGuessingAPIN(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	given := town.founder.does("giveCard", input{"memberId": town.registers("Mme Roy")})
	in := input{"communitySlug": town.slug, "number": given.int("member.number"), "pin": given.text("pin")}
	wrong := func(i int) string { return fmt.Sprintf("%06d", i) }
	stranger := town.stranger()
	codes := map[string]int{}
	for i := range 12 {
		pin := wrong(i)
		if pin == given.text("pin") {
			pin = wrong(999_999)
		}
		codes[stranger.tries("signInWithNumber", with(in, "pin", pin)).problems()[0].Code]++
	}
	same(t, "what a guesser hears", codes, map[string]int{"INVALID_CREDENTIALS": 9, "CARD_LOCKED": 1, "RATE_LIMITED": 2})
	town.advance(day)
	stranger.cannot("signInWithNumber", in, "CARD_LOCKED", "")
	stranger.does("signInWithCard", input{"card": given.text("card")}) // which proves its holder
	stranger.does("signInWithNumber", in)
	again := town.founder.does("giveCard", input{"memberId": given.text("member.id")})
	stranger.does("signInWithNumber", with(in, "pin", again.text("pin")))
}
