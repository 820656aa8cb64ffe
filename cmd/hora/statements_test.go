// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hora-coop/hora/internal/telemetry"
)

// counted lets each request's statements be counted, one request at a time.
type counted struct{ last *telemetry.Counter }

func (c *counted) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, counter := telemetry.CountStatements(r.Context())
		next.ServeHTTP(w, r.WithContext(ctx))
		c.last = counter
	})
}

// cost is what a request asks of the database: statements, and those that only
// begin or end a transaction.
type cost struct{ statements, boundaries int64 }

func (c cost) String() string {
	return fmt.Sprintf("%d statements in %d transactions", c.statements, c.boundaries/2)
}

const (
	exchangesPage = `query($first: Int) { community(slug: "port") { exchanges(first: $first) { totalCount pageInfo { hasNextPage endCursor } nodes {
		number state minutes { estimated actual settled } serviceType { code label parent { label } } listing { title member { displayName } }
		provider { number displayName roles { role } account { balance available } } receiver { number displayName roles { role } account { balance available } }
		proposedBy { displayName } doneBy { displayName }
		history { at action onBehalf member { displayName } note }
		transfers { kind minutes note debit { owner { displayName } balance } credit { owner { displayName } balance } } } } } }`
	feed = `query($first: Int) { community(slug: "port") { listings(first: $first) { totalCount pageInfo { hasNextPage endCursor } nodes {
		kind title serviceType { code label } member { number displayName account { balance } roles { role } } community { name } photos { url alt } } } } }`
	oneExchange = `query($id: ID!) { node(id: $id) { ... on Exchange { number state minutes { estimated actual settled } serviceType { label }
		provider { displayName account { balance } } receiver { displayName account { balance } } history { action onBehalf member { displayName } }
		transfers { minutes debit { balance } credit { balance } } } } }`
	news = `{ viewer { person { displayName } unreadNotifications notifications(first: 50) { nodes { kind title body exchange { number state } } } } }`
)

// cheapest is the least that a page costs when it is asked for often: a busy machine
// may part what is asked for together, but it never joins what is asked for one by one.
func (c *counted) cheapest(p *person, query string, variables input) cost {
	p.t.Helper()
	var least cost
	for try := range 12 {
		a := p.gql(p.bearer(), query, variables)
		if len(a.Errors) > 0 {
			p.t.Fatalf("%s: %s", query, a.raw)
		}
		if this := (cost{c.last.Statements(), c.last.Boundaries()}); try == 0 || this.statements < least.statements {
			least = this
		}
	}
	return least
}

// fiftyExchanges are between fifty members whom the founder acts for; the last is answered.
func (w *town) fiftyExchanges() (last string) {
	w.t.Helper()
	fatou := w.founder
	var members []string
	for i := range 50 {
		members = append(members, fatou.does("registerMember", input{"communityId": w.id, "displayName": fmt.Sprintf("Membre %d", i)}).text("member.id"))
	}
	kinds := []string{"102-A-1", "102-A-2", "101-A-1", "103-A-1"}
	for i := range 50 {
		giver, receiver := members[i], members[(i+7)%50]
		offer := fatou.does("createListing", input{
			"communityId": w.id, "kind": "OFFER", "title": fmt.Sprintf("Service %d", i), "serviceTypeId": w.types()[kinds[i%len(kinds)]], "onBehalfOf": giver,
		}).text("listing.id")
		last = fatou.does("proposeExchange", input{"communityId": w.id, "listingId": offer, "minutes": 15, "onBehalfOf": receiver}).text("exchange.id")
		fatou.does("acceptExchange", input{"exchangeId": last, "onBehalfOf": giver})
		fatou.does("completeExchange", input{"exchangeId": last, "minutes": 15, "onBehalfOf": giver})
		fatou.does("confirmExchange", input{"exchangeId": last, "onBehalfOf": receiver, "idempotencyKey": newKey()})
	}
	w.settle()
	return last
}

// A statement for each item would make 45 more. A batch that is parted once makes one
// more: who took part in an exchange is known before who only signed a step of it.
func TestAPageCostsTheSameWhateverItsLength(t *testing.T) {
	count := &counted{}
	town := boot(t, count.wrap).town("Accorderie du Port", "port")
	last := town.fiftyExchanges()
	for page, query := range map[string]string{"exchanges with their parties, accounts, history and transfers": exchangesPage, "the feed of offers": feed} {
		few, many := count.cheapest(town.founder, query, input{"first": 5}), count.cheapest(town.founder, query, input{"first": 50})
		t.Logf("%s: 5 cost %s, 50 cost %s", page, few, many)
		if more := many.statements - few.statements; more > 3 {
			t.Errorf("%s: 50 cost %d statements more than 5", page, more)
		}
	}
	t.Logf("one exchange: %s", count.cheapest(town.founder, oneExchange, input{"id": last}))
	t.Logf("the newest news: %s", count.cheapest(town.founder, news, input{}))
}
