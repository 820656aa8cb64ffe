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
