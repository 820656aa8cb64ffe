// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"
)

// beside is one more server on the program's database, with a memory, a relay and
// a hub of its own.
func (p *program) beside() *program {
	p.t.Helper()
	app, err := Open(p.t.Context(), p.app.cfg, p.app.url, slog.New(slog.NewTextHandler(io.Discard, nil)), &clock{})
	if err != nil {
		p.t.Fatal(err)
	}
	front := httptest.NewServer(app.Handler)
	p.t.Cleanup(func() {
		front.Close()
		app.Close()
	})
	return &program{t: p.t, app: app, address: front.URL, owner: p.owner}
}

// at is the same person at another server.
func (p *person) at(there *program) *person {
	moved := *p
	town := *p.town
	town.program, moved.town = there, &town
	return &moved
}

// What one server does, those hear who follow at another, and whoever signs out
// at one is out at both.
func TestServersHearOfEachOther(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	there := anna.at(town.beside())
	s := there.open()
	s.subscribes("x", followExchanges, input{"c": town.id})
	s.subscribes("n", followNews, nil)
	x := bruno.asks(anna, 60)
	heard := map[string]string{}
	for range 2 {
		f, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		heard[f.ID] = string(f.Payload)
	}
	for _, id := range []string{"x", "n"} {
		if !strings.Contains(heard[id], x) {
			t.Errorf("%s: %s", id, heard[id])
		}
	}
	begun := time.Now()
	anna.does("signOut", nil)
	same(t, "closed with", s.closes(), 4403)
	took := time.Since(begun)
	t.Logf("a stream at another server ended %v after the sign-out", took.Round(time.Millisecond))
	same(t, "within five seconds", took < 5*time.Second, true)
}

// A reader who takes nothing does not make the server keep anything for them: it
// cuts them off.
func TestAReaderWhoTakesNothingIsCutOff(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	long := strings.Repeat("Au levain, comme autrefois. ", 140)
	bread := anna.does("createListing", input{
		"communityId": town.id, "kind": "OFFER", "title": "Pain", "description": long, "serviceTypeId": town.types()["102-A-1"],
	}).text("listing.id")
	s := anna.open()
	var often strings.Builder
	for i := range 30 {
		fmt.Fprintf(&often, "a%d: description ", i)
	}
	document := `subscription($c: ID!) { communityActivity(communityId: $c) { node { ... on Listing { ` + often.String() + ` } } } }`
	for i := range 50 {
		s.subscribes(strconv.Itoa(i), document, input{"c": town.id})
	}
	s.says("subscribe", "51", input{"query": "{ serverInfo { version } }"})
	same(t, "more at once than one connection may do", s.refused("51"), "RATE_LIMITED")
	// Each renewal is told in fifty messages of 160 kB: soon the network holds no more.
	here := town.app.live.Connections()
	for range 4 {
		anna.does("renewListing", input{"listingId": bread})
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for tries := 0; town.app.live.Connections() == here; tries++ {
		if tries == 2000 {
			t.Fatal("the server waits for somebody who takes nothing")
		}
		<-again.C
	}
}

// A burst is told as one event with the last state.
func TestABurstIsToldOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	start := anna.reads(syncing, input{"c": town.id}).text("changes.nextCursor")
	x := anna.gave(bruno, 60)
	bruno.confirms(x, 60)
	y := bruno.asks(anna, 15)
	s := anna.open()
	s.says("subscribe", "x", input{"query": followExchanges, "variables": input{"c": town.id, "since": start}})
	first, second := s.hears("next", "x").thing("data.exchangeUpdated.exchange"), s.hears("next", "x").thing("data.exchangeUpdated.exchange")
	same(t, "the first", []string{first.text("id"), first.text("state")}, []string{x, "CONFIRMED"})
	same(t, "the second", []string{second.text("id"), second.text("state")}, []string{y, "PROPOSED"})
}

// What is done in common comes too: a session to everybody, work to whoever did it
// and to those who approve it.
func TestChangesTellSessionsAndWork(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	begin := func(p *person) string { return p.reads(syncing, input{"c": town.id}).text("changes.nextCursor") }
	annas, brunos, fatous := begin(anna), begin(bruno), begin(town.founder)

	session := anna.hosts(8, 15)
	bruno.joins(session)
	work := anna.does("logActivity", input{"communityId": town.id, "activityKind": "FRONT_DESK", "minutes": 30, "description": "Permanence", "date": town.date(0)}).text("activity.id")
	told := func(p *person, since string) []string {
		items := p.reads(syncing, input{"c": town.id, "since": since, "first": 100}).thing("changes").list("items")
		var all []string
		for _, c := range items {
			all = append(all, c.text("kind")+" "+c.text("node.__typename")+" "+c.text("objectId"))
		}
		return all
	}
	same(t, "Anna", told(anna, annas), []string{"UPSERT GroupSession " + session, "UPSERT Activity " + work})
	same(t, "Bruno", told(bruno, brunos), []string{"UPSERT GroupSession " + session})
	same(t, "Fatou, who approves", told(town.founder, fatous), []string{"UPSERT GroupSession " + session, "UPSERT Activity " + work})
}

// crowd is how many sit at one server of the test below, and must fit the budget
// that 2,000 have; HORA_CROWD=2000 seats them all.
func crowd() int {
	if n, err := strconv.Atoi(os.Getenv("HORA_CROWD")); err == nil && n > 0 {
		return n
	}
	return 300
}

// Many who only listen cost little, and a server that is asked to stop takes
// leave of all of them.
func TestACrowdThatListens(t *testing.T) {
	t.Parallel()
	const budget, all = 150 << 20, 2000
	running := serve(t, dataFolder(t))
	p := &program{t: t, address: running.address}
	fatou := &person{town: &town{program: p}, name: "Fatou"}
	fatou.take(payloadOf(p.gql("", document("register"), input{"input": input{
		"email": "fatou@example.org", "password": secret, "displayName": "Fatou", "locale": "fr",
	}})))
	bearer := fatou.tokens.AccessToken
	town := payloadOf(p.gql(bearer, document("createCommunity"), input{"input": input{
		"name": "Port", "slug": "port", "preset": "accorderie", "locale": "fr", "timeZone": "Europe/Paris",
	}})).text("community.id")
	const each = 100 // is what one person may have open
	bearers := []string{bearer}
	for i := each; i < crowd(); i += each {
		more := payloadOf(p.gql("", document("register"), input{"input": input{
			"email": fmt.Sprintf("m%d@example.org", i), "password": secret, "displayName": "Marie", "locale": "fr",
		}})).text("session.accessToken")
		member := payloadOf(p.gql(more, document("applyToJoin"), input{"input": input{"communityId": town, "message": "Bonjour !"}})).text("member.id")
		payloadOf(p.gql(bearer, document("admitMember"), input{"input": input{"memberId": member}}))
		bearers = append(bearers, more)
	}
	before := running.memory(t)
	sockets := make([]*socket, crowd())
	var opening errgroup.Group
	opening.SetLimit(16)
	for i := range sockets {
		opening.Go(func() error {
			sockets[i] = p.dial([]string{"graphql-transport-ws"})
			sockets[i].says("connection_init", "", input{"Authorization": "Bearer " + bearers[i/each]})
			sockets[i].hears("connection_ack", "")
			sockets[i].subscribes("x", followExchanges, input{"c": town})
			return nil
		})
	}
	_ = opening.Wait() // none returns an error
	after := running.memory(t)
	one := max(0, after-before) / int64(len(sockets))
	t.Logf("%d listen: %d MB before, %d MB after, %d kB each", len(sockets), before>>20, after>>20, one>>10)
	if needed := before + one*all; len(sockets) >= 1000 && needed > budget {
		t.Errorf("%d listeners would need %d MB", all, needed>>20)
	}
	running.stop(t)
	for _, s := range sockets {
		if code := s.closes(); code != websocket.StatusServiceRestart {
			t.Fatalf("the server went with %d", code)
		}
	}
}

// memory is what the program holds, as the system sees it.
func (p *process) memory(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell what a process holds")
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	line, _, _ := bytes.Cut(rest, []byte("kB"))
	kB, err := strconv.ParseInt(strings.TrimSpace(string(line)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
