// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// longest is how long a story waits for what must come; nothing waits for it to pass.
const longest = 30 * time.Second

// socket is an app's WebSocket, as a library for graphql-transport-ws opens it.
type socket struct {
	t    *testing.T
	wire *websocket.Conn
}

// frame is a message of the protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// dial opens one; headers come in pairs of name and value.
func (p *program) dial(subprotocols []string, headers ...string) *socket {
	p.t.Helper()
	header := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	wire, status, err := p.handshake(subprotocols, header)
	if err != nil {
		p.t.Fatalf("no WebSocket: HTTP %d %v", status, err)
	}
	p.t.Cleanup(func() { _ = wire.CloseNow() })
	return &socket{p.t, wire}
}

// handshake asks for one, and says what HTTP answered.
func (p *program) handshake(subprotocols []string, header http.Header) (wire *websocket.Conn, status int, err error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), longest)
	defer cancel()
	wire, response, err := websocket.Dial(ctx, p.address+"/graphql", &websocket.DialOptions{ //nolint:bodyclose // the library does
		Subprotocols: subprotocols, HTTPHeader: header,
	})
	if response != nil {
		status = response.StatusCode
	}
	return wire, status, err
}

// open opens one that has been acknowledged, for somebody who is signed in.
func (p *person) open() *socket {
	p.t.Helper()
	s := p.dial([]string{"graphql-transport-ws"})
	s.says("connection_init", "", input{"Authorization": "Bearer " + p.bearer()})
	s.hears("connection_ack", "")
	return s
}

// says sends a message; a nil payload is left out.
func (s *socket) says(kind, id string, payload any) {
	s.t.Helper()
	f := frame{ID: id, Type: kind}
	if payload != nil {
		raw, err := json.Marshal(payload)
		if err != nil {
			s.t.Fatal(err)
		}
		f.Payload = raw
	}
	raw, err := json.Marshal(f)
	if err != nil {
		s.t.Fatal(err)
	}
	s.writes(string(raw))
}

func (s *socket) writes(text string) {
	s.t.Helper()
	if err := s.wire.Write(s.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// subscribes begins, and waits until nothing can be missed any more.
func (s *socket) subscribes(id, document string, variables input) {
	s.t.Helper()
	s.says("subscribe", id, input{"query": document, "variables": variables})
	s.says("ping", "", nil)
	s.hears("pong", "")
}

// next is the next message, whatever it is.
func (s *socket) next() (frame, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), longest)
	defer cancel()
	var f frame
	_, raw, err := s.wire.Read(ctx)
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	return f, err
}

// hears takes the next message, which must be of a kind, and answers its payload.
func (s *socket) hears(kind, id string) thing {
	s.t.Helper()
	f, err := s.next()
	if err != nil || f.Type != kind || f.ID != id {
		s.t.Fatalf("%s %s is expected, but %s %s %s %v comes", kind, id, f.Type, f.ID, f.Payload, err)
	}
	var payload thing
	if kind == "next" {
		if err := json.Unmarshal(f.Payload, &payload); err != nil {
			s.t.Fatal(err)
		}
	}
	return payload
}

// refused takes an error message and answers its first code.
func (s *socket) refused(id string) string {
	s.t.Helper()
	f, err := s.next()
	var problems []struct {
		Extensions map[string]any `json:"extensions"`
	}
	if err == nil {
		err = json.Unmarshal(f.Payload, &problems)
	}
	if err != nil || f.Type != "error" || f.ID != id || len(problems) == 0 {
		s.t.Fatalf("an error of %s is expected, but %s %s %s %v comes", id, f.Type, f.ID, f.Payload, err)
	}
	code, _ := problems[0].Extensions["code"].(string)
	return code
}

// closes waits for the connection's end and answers its code; nothing may come before.
func (s *socket) closes() websocket.StatusCode {
	s.t.Helper()
	f, err := s.next()
	if err == nil {
		s.t.Fatalf("the connection goes on with %s %s %s", f.Type, f.ID, f.Payload)
	}
	return websocket.CloseStatus(err)
}

const (
	followExchanges = `subscription($c: ID!, $since: Cursor) { exchangeUpdated(communityId: $c, since: $since) { cursor exchange { id state } } }`
	followAll       = `subscription($c: ID!, $since: Cursor) { communityActivity(communityId: $c, since: $since) { cursor kind objectId node { __typename
		... on Listing { title is: state } ... on Exchange { state } ... on Account { balance } ... on Transfer { minutes } ... on Member { displayName } } } }`
	followNews = `subscription { notificationReceived { cursor notification { kind title exchange { id } } } }`
)

// The protocol, message by message: what may be said when, and what an app is
// told that says something else.
func TestTheSocketSpeaksTheProtocol(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	protocol := []string{"graphql-transport-ws"}
	query := input{"query": "{ serverInfo { version } }"}
	forever := input{"query": followExchanges, "variables": input{"c": town.id}}

	for name, probe := range map[string]struct {
		closes websocket.StatusCode
		does   func(s *socket)
	}{
		"subscribe before connection_init": {4401, func(s *socket) { s.says("subscribe", "1", query) }},
		"connection_init twice": {4429, func(s *socket) {
			s.says("connection_init", "", nil)
			s.hears("connection_ack", "")
			s.says("connection_init", "", nil)
		}},
		"no connection_init": {4408, func(*socket) {}},
		"what is no JSON":    {4400, func(s *socket) { s.writes("{") }},
		"an unknown message": {4400, func(s *socket) { s.says("start", "1", query) }},
		"a binary message": {4400, func(s *socket) {
			if err := s.wire.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"ping"}`)); err != nil {
				t.Error(err)
			}
		}},
		"subscribe without an id": {4400, func(s *socket) {
			s.says("connection_init", "", nil)
			s.hears("connection_ack", "")
			s.says("subscribe", "", query)
		}},
		"subscribe with nothing to do": {4400, func(s *socket) {
			s.says("connection_init", "", nil)
			s.hears("connection_ack", "")
			s.says("subscribe", "1", nil)
		}},
		"one id twice": {4409, func(s *socket) {
			s.says("connection_init", "", input{"Authorization": "Bearer " + anna.bearer()})
			s.hears("connection_ack", "")
			s.says("subscribe", "1", forever)
			s.says("subscribe", "1", forever)
		}},
		"a token that is none": {4403, func(s *socket) { s.says("connection_init", "", input{"Authorization": "Bearer nonsense"}) }},
		// A little too much: of much too much the server takes too little to be heard closing.
		"a message beyond measure":  {1009, func(s *socket) { s.says("ping", "", strings.Repeat("a", 128<<10)) }},
		"connection_init of a list": {4400, func(s *socket) { s.says("connection_init", "", []int{1}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := town.dial(protocol)
			s.t = t
			probe.does(s)
			same(t, "closed with", s.closes(), probe.closes)
		})
	}
	t.Run("another subprotocol", func(t *testing.T) {
		t.Parallel()
		same(t, "closed with", town.dial([]string{"graphql-ws"}).closes(), 4406)
	})
	t.Run("a page of another site", func(t *testing.T) {
		t.Parallel()
		if _, status, err := town.handshake(protocol, http.Header{"Origin": {"https://elsewhere.example"}}); err == nil || status != http.StatusForbidden {
			t.Errorf("a page of another site opens a WebSocket: HTTP %d %v", status, err)
		}
	})
	t.Run("operations", func(t *testing.T) {
		t.Parallel()
		s := anna.open()
		s.says("ping", "", input{"any": "thing"})
		s.hears("pong", "")
		s.says("pong", "", nil)
		s.says("subscribe", "query", input{"query": "{ viewer { person { displayName } } }"})
		same(t, "a query", s.hears("next", "query").text("data.viewer.person.displayName"), "Anna")
		s.hears("complete", "query")
		s.says("subscribe", "number", input{"query": syncing, "variables": input{"c": town.id, "first": 5}})
		same(t, "a query with a number", s.hears("next", "number").thing("data.changes")["resetRequired"], any(false))
		s.hears("complete", "number")
		s.says("subscribe", "typo", input{"query": "{ viewr { person } }"})
		same(t, "a document that cannot be", s.refused("typo"), "BAD_USER_INPUT")
		// Nothing came after the error: the id is free, and the answer is the next message.
		s.says("subscribe", "typo", input{"query": "{ serverInfo { now } }"})
		s.hears("next", "typo")
		s.hears("complete", "typo")
		s.says("subscribe", "x", input{"query": followExchanges, "variables": input{"c": "nothing"}})
		same(t, "a community that is none", s.refused("x"), "NOT_FOUND")
		s.says("subscribe", "x", input{"query": followExchanges, "variables": input{"c": town.id, "since": "never"}})
		same(t, "a cursor that leads nowhere", s.refused("x"), "BAD_USER_INPUT")
		s.subscribes("x", followExchanges, input{"c": town.id})
		s.says("complete", "x", nil)
		s.says("complete", "x", nil) // they crossed on the way
		s.subscribes("x", followExchanges, input{"c": town.id})
		s.says("subscribe", "m", input{"query": document("createListing"), "variables": input{"input": input{
			"communityId": town.id, "kind": "OFFER", "title": "Pain", "serviceTypeId": town.types()["102-A-1"],
		}}})
		same(t, "a mutation", s.hears("next", "m").text("data.createListing.listing.title"), "Pain")
		s.hears("complete", "m")
	})
	t.Run("a stranger", func(t *testing.T) {
		t.Parallel()
		s := town.dial(protocol)
		s.says("connection_init", "", nil)
		s.hears("connection_ack", "")
		s.says("subscribe", "1", forever)
		same(t, "a stranger follows", s.refused("1"), "UNAUTHENTICATED")
		s.says("subscribe", "1", query)
		s.hears("next", "1")
		s.hears("complete", "1")
	})
	t.Run("the token in the request", func(t *testing.T) {
		t.Parallel()
		s := town.dial(protocol, "Authorization", "Bearer "+anna.bearer())
		s.says("connection_init", "", input{})
		s.hears("connection_ack", "")
		s.says("subscribe", "1", input{"query": "{ viewer { person { displayName } } }"})
		same(t, "who it is", s.hears("next", "1").text("data.viewer.person.displayName"), "Anna")
	})
}

// An expired token has a code of its own: the app refreshes once, and comes back.
func TestAnExpiredTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	old := anna.bearer()
	town.advance(11 * time.Minute)
	s := town.dial([]string{"graphql-transport-ws"})
	s.says("connection_init", "", input{"Authorization": "Bearer " + old})
	same(t, "closed with", s.closes(), 4401)
	anna.open() // which refreshes

	// A connection outlives the token that it was opened with, not its session.
	s = anna.open()
	town.advance(11 * time.Minute)
	s.subscribes("1", followExchanges, input{"c": town.id})
	there := anna.onAnotherDevice()
	there.does("revokeSession", input{"sessionId": anna.session()})
	same(t, "closed with", s.closes(), 4403)
}

// What happens reaches those whom it concerns, and nobody else.
func TestAnExchangeIsFollowedByItsParties(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	following := map[*person]*socket{}
	for _, p := range []*person{anna, bruno, clara, town.founder} {
		following[p] = p.open()
		following[p].subscribes("x", followExchanges, input{"c": town.id})
	}
	news := anna.open()
	news.subscribes("n", followNews, nil)

	x := bruno.asks(anna, 60)
	for _, p := range []*person{anna, bruno, town.founder} { // Fatou coordinates
		told := following[p].hears("next", "x").thing("data.exchangeUpdated")
		same(t, p.name+" hears of", told.text("exchange.id"), x)
		same(t, "its state", told.text("exchange.state"), "PROPOSED")
	}
	receipt := news.hears("next", "n").thing("data.notificationReceived")
	same(t, "Anna is told", receipt.text("notification.kind"), "EXCHANGE_PROPOSED")
	same(t, "in French", strings.HasPrefix(receipt.text("notification.title"), "Bruno"), true)
	same(t, "of", receipt.text("notification.exchange.id"), x)
	anna.accepts(x)
	same(t, "accepted", following[bruno].hears("next", "x").text("data.exchangeUpdated.exchange.state"), "ACCEPTED")
	after := anna.reads(`query($c: ID!, $since: Cursor) { changes(communityId: $c, since: $since) { resetRequired items { node { __typename } } } }`,
		input{"c": town.id, "since": receipt.text("cursor")})
	same(t, "what changed since Anna was told", texts(after.list("changes.items"), "node.__typename"), []string{"Exchange", "Account"})

	// Clara hears of her own only.
	own := clara.asks(anna, 15)
	same(t, "Clara hears first of", following[clara].hears("next", "x").text("data.exchangeUpdated.exchange.id"), own)
}

// Whoever leaves, or is entrusted with more, does not go on as before.
func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, nobody := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.register("Noa", "en")
	elsewhere := nobody.open()
	elsewhere.says("subscribe", "1", input{"query": followAll, "variables": input{"c": town.id}})
	same(t, "somebody who is no member", elsewhere.refused("1"), "NOT_FOUND")

	s, all := anna.open(), anna.open()
	s.subscribes("x", followExchanges, input{"c": town.id})
	all.subscribes("a", followAll, input{"c": town.id})
	start := anna.reads(`query($c: ID!) { changes(communityId: $c) { nextCursor } }`, input{"c": town.id}).text("changes.nextCursor")
	left := time.Now()
	anna.does("leaveCommunity", input{"communityId": town.id})
	same(t, "exchanges", s.refused("x"), "FORBIDDEN")
	same(t, "within five seconds", time.Since(left) < 5*time.Second, true)
	farewell := all.hears("next", "a").thing("data.communityActivity")
	same(t, "everything", []string{farewell.text("kind"), farewell.text("objectId")}, []string{"TOMBSTONE", town.id})
	same(t, "everything", all.refused("a"), "FORBIDDEN")
	s.says("subscribe", "q", input{"query": "{ viewer { person { displayName } } }"})
	s.hears("next", "q") // the connection is as good as ever
	gone := anna.reads(syncing, input{"c": town.id, "since": start}).thing("changes")
	same(t, "a leaver’s phone", []any{gone.text("items.0.kind"), gone.text("items.0.objectId"), gone["resetRequired"]}, []any{"TOMBSTONE", town.id, true})

	b := bruno.open()
	b.subscribes("x", followExchanges, input{"c": town.id})
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "TREASURER"})
	same(t, "who sees more now starts again", b.refused("x"), "BAD_USER_INPUT")
}

const syncing = `query($c: ID!, $since: Cursor, $first: Int) { changes(communityId: $c, since: $since, first: $first) {
	nextCursor hasMore resetRequired items { cursor kind objectId node { __typename ... on Listing { title is: state } ... on Exchange { state }
	... on Account { id balance held } ... on Transfer { minutes } ... on Member { displayName participation } } } } }`

// A phone that was away asks for what changed; a stream goes on from its cursor.
func TestAPhoneComesBackToWhatItMissed(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	sync := func(p *person, since string) thing {
		t.Helper()
		return p.reads(syncing, input{"c": town.id, "since": since, "first": 100}).thing("changes")
	}
	begin := func(p *person) string { return p.reads(syncing, input{"c": town.id}).text("changes.nextCursor") }
	start, claras := begin(bruno), begin(clara)
	same(t, "nothing yet", len(sync(bruno, start).list("items")), 0)

	help := anna.offers("Premiers pas à l’ordinateur")
	x := anna.gave(bruno, 60)
	bruno.confirms(x, 60)
	anna.does("archiveListing", input{"listingId": help})
	town.settle() // what follows from it is in the journal too

	missed := sync(bruno, start)
	same(t, "all is there", []any{missed["hasMore"], missed["resetRequired"]}, []any{false, false})
	var told []string
	for _, c := range missed.list("items") {
		told = append(told, c.text("kind")+" "+c.text("node.__typename")+" "+c.text("node.state")+c.text("node.is"))
	}
	same(t, "what Bruno missed", told, []string{"UPSERT Exchange CONFIRMED", "UPSERT Transfer ", "UPSERT Account ", "UPSERT Listing ARCHIVED"})
	same(t, "Bruno’s hours", missed.int("items.2.node.balance"), 840)
	same(t, "what Clara missed", texts(sync(clara, claras).list("items"), "node.__typename"), []string{"Listing"})

	// Page by page it is the same, however small the pages.
	cursor, seen := start, 0
	for more := true; more; {
		page := bruno.reads(syncing, input{"c": town.id, "since": cursor, "first": 1}).thing("changes")
		cursor, more = page.text("nextCursor"), page["hasMore"] == true
		seen += len(page.list("items"))
	}
	same(t, "at the end", cursor, missed.text("nextCursor"))
	same(t, "one event at a time tells each of them", seen, 11)

	// The same as a stream; wherever it is cut off, its cursor leads to all the rest.
	s := bruno.open()
	s.says("subscribe", "a", input{"query": followAll, "variables": input{"c": town.id, "since": start}})
	ids := texts(missed.list("items"), "objectId")
	for i := range ids {
		event := s.hears("next", "a").thing("data.communityActivity")
		same(t, "the stream tells", event.text("objectId"), ids[i])
		rest := texts(sync(bruno, event.text("cursor")).list("items"), "objectId")
		for _, id := range ids[i+1:] {
			same(t, "the rest is told again", slices.Contains(rest, id), true)
		}
	}

	for name, leads := range map[string]struct {
		by     *person
		cursor string
	}{
		"nonsense":         {bruno, "nonsense"},
		"somebody else’s":  {clara, start},
		"of another place": {bruno, begin(town.founder)},
	} {
		lost := sync(leads.by, leads.cursor)
		same(t, name+": reset", lost["resetRequired"], true)
		same(t, name+": goes on", sync(leads.by, lost.text("nextCursor"))["resetRequired"], false)
	}
	town.advance(91 * 24 * time.Hour)
	same(t, "after three months: reset", sync(bruno, start)["resetRequired"], true)
}
