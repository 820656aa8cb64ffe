// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "testing"

// A charter may have a part of each exchange go to a pool; both sides see how much
// before anybody confirms, and one posting moves it.
func TestALevyIsShownBeforeConfirming(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := bruno.asks(anna, 50)
	levy := func(p *person) any { return p.sees(x, "Exchange { minutes { levy } }").find("minutes.levy") }
	same(t, "without a levy", levy(anna), any(0.0))
	if _, err := town.owner.Exec(t.Context(), `UPDATE charter SET body = body || '{"levy": {"basisPoints": 500, "pool": "SOLIDARITY"}}'`); err != nil {
		t.Fatal(err)
	}
	same(t, "the charter", anna.reads(`query($slug: String!) { community(slug: $slug) { charter { levy { basisPoints pool } } } }`,
		input{"slug": town.slug}).thing("community.charter.levy"), thing{"basisPoints": 500.0, "pool": "SOLIDARITY"})
	same(t, "of what was agreed", levy(bruno), any(2.0))
	anna.accepts(x)
	anna.completes(x, 62)
	same(t, "of what was done", levy(bruno), any(3.0))
	bruno.confirms(x, 62)
	same(t, "what went", levy(anna), any(3.0))
	same(t, "Anna’s statement", anna.statement(), []line{{3, -3, 957, "LEVY"}, {2, 60, 960, "EXCHANGE"}, {1, 900, 900, "OPENING"}})
	same(t, "Bruno’s statement", bruno.statement(), []line{{2, -60, 840, "EXCHANGE"}, {1, 900, 900, "OPENING"}})
	y := bruno.asks(anna, 60)
	anna.does("declineExchange", input{"exchangeId": y})
	same(t, "where no hours move", anna.sees(y, "Exchange { minutes { levy } }").find("minutes.levy"), nil)
	town.booksAreRight()
}

// Where a hub has a host, a levy of ten percent is divided in the posting of the
// exchange itself: a part to the host's account, the rest to the pool. The host who
// gives keeps that part; undoing gives all of it back.
func TestALevyIsSharedWithWhoHoldsTheRole(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, host := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Hélène", "fr")
	if _, err := town.owner.Exec(t.Context(), `UPDATE charter SET body = body || '{"levy": {"basisPoints": 1000, "pool": "PROJECTS", "roleShare": 2000, "role": "FACILITATOR"}}'`); err != nil {
		t.Fatal(err)
	}
	bruno.confirms(anna.gave(bruno, 105), 105)
	same(t, "without a host all goes to the pool", town.balances()["PROJECTS"], 10)
	town.founder.does("grantRole", input{"memberId": host.member, "role": "FACILITATOR"})
	x := anna.gave(bruno, 135)
	bruno.confirms(x, 135)
	now := town.balances()
	same(t, "13 minutes of levy: 2 for the host, 11 for the pool", []int{now["Hélène"], now["PROJECTS"], now["Anna"]}, []int{902, 21, 900 + 105 - 10 + 135 - 13})
	moved := anna.sees(x, `Exchange { minutes { levy } transfers { kind minutes } }`)
	same(t, "one posting of three movements", texts(moved.list("transfers"), "kind"), []string{"EXCHANGE", "LEVY", "LEVY"})
	same(t, "what both sides read", moved.find("minutes.levy"), any(13.0))
	bruno.confirms(host.gave(bruno, 60), 60)
	same(t, "the host keeps their own part", []int{town.balances()["Hélène"], town.balances()["PROJECTS"]}, []int{902 + 60 - 5, 26})
	town.founder.does("reverseTransfer", input{"transferId": anna.sees(x, `Exchange { transfers { id kind } }`).text("transfers.0.id"), "reason": "Par erreur.", "idempotencyKey": newKey()})
	same(t, "all of it came back", []int{town.balances()["Hélène"], town.balances()["PROJECTS"], town.balances()["Anna"]}, []int{900 + 60 - 5, 15, 995})
	town.booksAreRight()
}

func TestWhoeverSeesAnAccountSeesHowItsLimitsCameToBe(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	account := anna.account()
	town.founder.does("setAccountLimits", input{"accountId": account, "floor": -120, "reason": "Convenu avec Anna."})
	town.founder.does("allowBelowFloor", input{"accountId": account, "minutes": 30, "reason": "Un déménagement."})
	const query = `query($id: ID!) { node(id: $id) { ... on Account { limitChanges(first: 1) {
		nodes { reason floor softFloor allowedOnce by { displayName } } pageInfo { hasNextPage } } } } }`
	for _, p := range []*person{anna, town.founder} {
		same(t, "what "+p.name+" reads", p.reads(query, input{"id": account}).thing("node.limitChanges"), thing{
			"nodes": []any{map[string]any{
				"reason": "Un déménagement.", "floor": -120.0, "softFloor": nil, "allowedOnce": 30.0, "by": map[string]any{"displayName": "Fatou"},
			}},
			"pageInfo": map[string]any{"hasNextPage": true},
		})
	}
	if said := bruno.gql(bruno.bearer(), query, input{"id": account}); len(said.Errors) != 1 || said.Errors[0].Extensions["code"] != "FORBIDDEN" {
		t.Errorf("Bruno reads %s", said.raw)
	}
}
