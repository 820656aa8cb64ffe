// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/internal/i18n"
)

const day = 24 * time.Hour

// The whole main job: people register, a community is founded from a preset, they
// apply and are admitted, one offers, the other finds it, and an hour moves.
func TestTwoMembersExchangeAService(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.register("Anna", "fr-CA"), town.register("Bruno", "en-CA")
	anna.applies()
	bruno.applies()
	town.admit(anna, bruno)
	same(t, "balances at the start", town.balances(), map[string]int{"Anna": 900, "Bruno": 900, "Fatou": 900, "the community": -2700})

	help := anna.offers("Premiers pas à l’ordinateur")
	found := bruno.reads(`query($slug: String!) { community(slug: $slug) { listings(filter: { text: "ordinatuer" }) {
		totalCount nodes { id title member { displayName } serviceType { label } } } } }`, input{"slug": town.slug}).thing("community.listings")
	same(t, "found in spite of a slip of the finger", texts(found.list("nodes"), "id"), []string{help})
	same(t, "the kind of service, in English", found.text("nodes.0.serviceType.label"), "Getting started with a computer")

	x := bruno.answers(help, 60)
	same(t, "proposed", bruno.sees(x, "Exchange { state provider { displayName } receiver { displayName } }"), thing{
		"state": "PROPOSED", "provider": map[string]any{"displayName": "Anna"}, "receiver": map[string]any{"displayName": "Bruno"},
	})
	same(t, "accepted", anna.accepts(x).text("state"), "ACCEPTED")
	same(t, "Bruno’s hours", bruno.hours(), map[string]int{"balance": 900, "held": 60, "available": 1440})
	same(t, "marked done", anna.completes(x, 60).text("state"), "DONE")
	confirmed := bruno.confirms(x, 60)
	same(t, "confirmed", confirmed.text("state"), "CONFIRMED")
	same(t, "settled minutes", confirmed.int("minutes.settled"), 60)

	same(t, "balances", town.balances(), map[string]int{"Anna": 960, "Bruno": 840, "Fatou": 900, "the community": -2700})
	same(t, "Bruno’s hours at the end", bruno.hours(), map[string]int{"balance": 840, "held": 0, "available": 1440})
	same(t, "the exchange’s life", texts(confirmed.list("history"), "action"), []string{"PROPOSE", "ACCEPT", "COMPLETE", "CONFIRM"})
	same(t, "Anna’s statement", anna.statement(), []line{{2, 60, 960, "EXCHANGE"}, {1, 900, 900, "OPENING"}})
	same(t, "Bruno’s statement", bruno.statement(), []line{{2, -60, 840, "EXCHANGE"}, {1, 900, 900, "OPENING"}})
	town.booksAreRight()
}

// hours are a member's own.
func (p *person) hours() map[string]int {
	p.t.Helper()
	account := p.sees(p.member, "Member { account { balance held available } }").thing("account")
	return map[string]int{"balance": account.int("balance"), "held": account.int("held"), "available": account.int("available")}
}

// line is one of a statement, newest first.
type line struct {
	Position, Minutes, BalanceAfter int
	Kind                            string
}

func (p *person) statement() []line {
	p.t.Helper()
	var lines []line
	for _, e := range p.sees(p.member, "Member { account { entries { nodes { position minutes balanceAfter transfer { kind } } } } }").list("account.entries.nodes") {
		lines = append(lines, line{e.int("position"), e.int("minutes"), e.int("balanceAfter"), e.text("transfer.kind")})
	}
	return lines
}

// booksAreRight recomputes them, as hora verify does.
func (w *town) booksAreRight() {
	w.t.Helper()
	v, err := w.app.rooms.ledger.Verify(w.t.Context(), ask[[16]byte](w.program, `SELECT id FROM community WHERE slug = $1`, w.slug))
	if err != nil {
		w.t.Fatal(err)
	}
	same(w.t, "differences in the books", v.Differences, nil)
	same(w.t, "Σ", v.Sum, 0)
}

func TestARetriedConfirmationPostsOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	x := anna.gave(bruno, 60)
	confirmation := input{"exchangeId": x, "minutes": 60, "idempotencyKey": "bruno-s-phone-1"}

	first := bruno.tries("confirmExchange", confirmation)
	town.unchanged("the same confirmation again", func() {
		same(t, "the second answer", bruno.tries("confirmExchange", confirmation).Data, first.Data)
	})
	same(t, "what moved", texts(payloadOf(first).list("exchange.transfers"), "kind"), []string{"EXCHANGE"})
	same(t, "balances", town.balances(), map[string]int{"Anna": 960, "Bruno": 840, "Fatou": 900, "the community": -2700})
	bruno.cannot("confirmExchange", input{"exchangeId": x, "minutes": 45, "idempotencyKey": "bruno-s-phone-1"}, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
}

func TestEverybodyIsToldInTheirLanguage(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	x := anna.gave(bruno, 60)
	bruno.confirms(x, 60)

	for _, news := range []struct {
		to      *person
		kind    messaging.Kind
		of      string
		letters i18n.Language // what they read
	}{
		{town.founder, messaging.MemberApplied, "Bruno", i18n.French},
		{anna, messaging.MemberAdmitted, "", i18n.French},
		{bruno, messaging.MemberAdmitted, "", i18n.English},
		{anna, messaging.ExchangeProposed, "Bruno", i18n.French},
		{bruno, messaging.ExchangeAccepted, "Anna", i18n.English},
		{bruno, messaging.ExchangeDone, "Anna", i18n.English},
		{anna, messaging.ExchangeConfirmed, "Bruno", i18n.French},
		{anna, messaging.FirstHelp, "", i18n.French},
	} {
		what := string(news.kind) + " to " + news.to.name
		said := map[i18n.Language]thing{}
		for _, lang := range []i18n.Language{i18n.French, i18n.English} {
			said[lang] = about(news.to.told("Accept-Language", string(lang)), "kind", string(news.kind))
			title := i18n.Text(lang, "notification."+string(news.kind)+".title", map[string]any{"member": news.of, "community": "Accorderie du Port"})
			same(t, what+", in the app", said[lang].text("title"), title)
		}
		if said["fr"].text("title") == said["en"].text("title") || said["fr"].text("body") == said["en"].text("body") || said["en"].text("body") == "" {
			t.Errorf("%s says the same in both languages: %v", what, said)
		}
		own := about(news.to.told(), "kind", string(news.kind))
		same(t, what+", in the app without a wish", own, said[news.letters])
		sent := town.letters(news.to.email, own.text("title"))
		if len(sent) != 1 || !strings.Contains(sent[0].Text, own.text("body")) {
			t.Errorf("%s: the letters say %q, the app %q", what, sent, own.text("body"))
		}
	}
	same(t, "letters to Anna", len(town.letters(anna.email, "")), 4)
	same(t, "letters to Bruno", len(town.letters(bruno.email, "")), 3)
	same(t, "news that Bruno has not read", bruno.reads(`{ viewer { unreadNotifications } }`, nil).int("viewer.unreadNotifications"), 3)
	read := bruno.does("markRead", input{"notificationIds": texts(bruno.told(), "id")[:2]})
	same(t, "news left to read", read.int("unreadNotifications"), 1)
}

func TestErrorsSpeakTheCallersLanguage(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	says := func(p *person, headers ...string) string {
		return p.tries("declineExchange", input{"exchangeId": "nothing"}, headers...).problems()[0].Message
	}
	french, english := says(anna), says(bruno)
	if french == english {
		t.Errorf("Anna and Bruno both read %q", french)
	}
	same(t, "Anna’s phone is set to English", says(anna, "Accept-Language", "en-GB,en;q=0.9"), english)
	same(t, "Bruno’s phone is set to French", says(bruno, "Accept-Language", "fr"), french)
	same(t, "Bruno’s phone is set to a language we do not speak", says(bruno, "Accept-Language", "de-DE,de;q=0.9"), english)
	same(t, "Bruno’s phone takes any", says(bruno, "Accept-Language", "*"), english)
	same(t, "a header that cannot be read", says(bruno, "Accept-Language", ";;q=x"), english)
}

func TestOnePersonInSeveralCommunities(t *testing.T) {
	t.Parallel()
	port := newTown(t)
	hill := port.program.town("Accorderie de la Colline", "colline")
	bruno, anna := port.welcome("Bruno", "en"), port.welcome("Anna", "fr")
	onTheHill := bruno.in(hill)
	onTheHill.applies()
	hill.admit(onTheHill)

	x := anna.gave(bruno, 120)
	bruno.confirms(x, 120)
	y := onTheHill.gave(hill.founder, 30)
	hill.founder.confirms(y, 30)

	same(t, "hours at the port", port.balances(), map[string]int{"Anna": 1020, "Bruno": 780, "Fatou": 900, "the community": -2700})
	same(t, "hours on the hill", hill.balances(), map[string]int{"Bruno": 930, "Fatou du colline": 870, "the community": -1800})
	mine := bruno.reads(`{ viewer { memberships { totalCount nodes { number community { slug } account { balance } } } } }`, nil).thing("viewer.memberships")
	same(t, "memberships", mine.int("totalCount"), 2)
	for slug, balance := range map[string]int{"port": 780, "colline": 930} {
		same(t, "balance in "+slug, about(mine.list("nodes"), "community.slug", slug).int("account.balance"), balance)
	}
	var where []string
	for _, news := range bruno.told() {
		where = append(where, news.text("community.slug")+" "+news.text("kind"))
	}
	same(t, "news of both, newest first", where, []string{
		"colline MILESTONE_FIRST_HELP", "colline EXCHANGE_CONFIRMED", "colline EXCHANGE_PROPOSED", "port EXCHANGE_DONE", "port EXCHANGE_ACCEPTED", "colline MEMBER_ADMITTED", "port MEMBER_ADMITTED",
	})
	port.booksAreRight()
	hill.booksAreRight()
}

func TestANeighbourWithoutEmail(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, fatou := town.welcome("Anna", "fr-CA"), town.founder
	entered := fatou.does("registerMember", input{"communityId": town.id, "displayName": "Mme Roy", "kind": "PERSON"}).thing("member")
	same(t, "admitted at once", entered.text("participation"), "NEWCOMER")
	roy := entered.text("id")

	x := fatou.does("proposeExchange", input{
		"communityId": town.id, "providerId": anna.member, "receiverId": roy, "minutes": 60, "serviceTypeId": town.types()["102-A-1"], "onBehalfOf": roy,
	}).text("exchange.id")
	anna.accepts(x)
	anna.completes(x, 75)
	done := fatou.does("confirmExchange", input{"exchangeId": x, "onBehalfOf": roy, "idempotencyKey": newKey()}).thing("exchange")

	same(t, "balances", town.balances(), map[string]int{"Anna": 975, "Mme Roy": 825, "Fatou": 900, "the community": -2700})
	for i, somebodyElse := range []bool{true, false, false, true} {
		step := done.list("history")[i]
		same(t, "who acted for whom: "+step.text("action"), step["onBehalf"], any(somebodyElse))
	}
	same(t, "on whose side it was confirmed", done.text("history.3.member.displayName"), "Mme Roy")
	same(t, "of whom Anna hears", about(anna.told(), "kind", "EXCHANGE_CONFIRMED").text("member.displayName"), "Mme Roy")
	same(t, "letters to nobody", ask[int](town.program, `SELECT count(*)::int FROM notification WHERE person_id NOT IN (SELECT id FROM person)`), 0)
	anna.cannot("acceptExchange", input{"exchangeId": x, "onBehalfOf": roy}, "FORBIDDEN", "")
}

func TestACounterProposalAndADispute(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := bruno.asks(anna, 30)
	anna.does("reviseExchange", input{"exchangeId": x, "minutes": 90, "message": "Plutôt une heure et demie."})
	anna.cannot("acceptExchange", input{"exchangeId": x}, "NOT_YOUR_TURN", "exchangeId")
	bruno.accepts(x)
	same(t, "promised", bruno.hours()["held"], 90)
	anna.completes(x, 90)
	same(t, "Bruno counted half of it", bruno.confirms(x, 45).text("state"), "DISPUTED")
	same(t, "nothing moved yet", town.balances()["Anna"], 900)
	for _, p := range []*person{anna, town.founder} {
		if news := p.told()[0]; news.text("exchange.id") != x || len(town.letters(p.email, news.text("title"))) != 1 {
			t.Errorf("%s was not told: %v", p.name, news)
		}
	}
	decided := town.founder.does("resolveDispute", input{"exchangeId": x, "outcome": "CONFIRM", "minutes": 60, "reason": "Entendu avec les deux."}).thing("exchange")
	same(t, "settled", decided.int("minutes.settled"), 60)
	same(t, "balances", town.balances(), map[string]int{"Anna": 960, "Bruno": 840, "Fatou": 900, "the community": -2700})

	y := anna.gave(bruno, 60)
	same(t, "within the unit the lower stands", bruno.confirms(y, 45).int("minutes.settled"), 45)
	town.booksAreRight()
}

func TestNobodyConfirms(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x, unanswered := anna.gave(bruno, 60), anna.asks(bruno, 60)
	town.advance(13 * day)
	same(t, "after thirteen days", anna.sees(x, "Exchange { state }").text("state"), "DONE")
	town.advance(day + time.Second)
	same(t, "after fourteen days", anna.sees(x, "Exchange { state }").text("state"), "CONFIRMED")
	same(t, "the proposal", anna.sees(unanswered, "Exchange { state }").text("state"), "EXPIRED")
	same(t, "balances", town.balances(), map[string]int{"Anna": 960, "Bruno": 840, "Fatou": 900, "the community": -2700})
	kinds := texts(bruno.told(), "kind")
	for _, kind := range []string{"EXCHANGE_REMINDER", "EXCHANGE_CONFIRMED", "EXCHANGE_EXPIRED"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("Bruno was not told %s: %v", kind, kinds)
		}
	}
	town.booksAreRight()
}

// A phone that was offline sends several acts in one document: each answers with
// what is true after it.
func TestSeveralActsInOneDocument(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := bruno.asks(anna, 60)
	seen := `{ exchange { state receiver { account { held } } history { action } } userErrors { message } }`
	a := anna.gql(anna.bearer(), `mutation($x: ID!) {
		accepted: acceptExchange(input: { exchangeId: $x }) `+seen+`
		done: completeExchange(input: { exchangeId: $x, minutes: 60 }) `+seen+` }`, input{"x": x})
	data := thing(a.Data)
	same(t, "after the first", texts(data.list("accepted.exchange.history"), "action"), []string{"PROPOSE", "ACCEPT"})
	same(t, "after the second", texts(data.list("done.exchange.history"), "action"), []string{"PROPOSE", "ACCEPT", "COMPLETE"})
	both := bruno.gql(bruno.bearer(), `mutation($x: ID!, $from: ID!, $to: ID!) {
		confirmed: confirmExchange(input: { exchangeId: $x, idempotencyKey: "1" }) { exchange { state transfers { minutes } receiver { account { balance held } } } }
		given: giveHours(input: { from: $from, to: $to, minutes: 15, idempotencyKey: "2" }) { transfer { debit { balance } } } }`,
		input{"x": x, "from": bruno.account(), "to": anna.account()})
	same(t, "after the confirmation", thing(both.Data).int("confirmed.exchange.receiver.account.balance"), 840)
	same(t, "after the gift", thing(both.Data).int("given.transfer.debit.balance"), 825)
}
