// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// A subscription over plain HTTP would never be answered.
func TestPlainHTTPRefusesSubscriptions(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	a := town.founder.gql(town.founder.bearer(), followExchanges, input{"c": town.id})
	if len(a.Errors) != 1 || a.problems()[0].Code != "BAD_USER_INPUT" {
		t.Errorf("a subscription over plain HTTP: %s", a.raw)
	}
	both := "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
	a = town.founder.gql(town.founder.bearer(), "{ serverInfo { version } }", nil, "Accept", both)
	if len(a.Errors) > 0 {
		t.Errorf("a client that accepts everything: %s", a.raw)
	}
}

// events is an app's event stream.
type events struct {
	t    *testing.T
	read *bufio.Reader
}

// listen opens one for an operation.
func (p *person) listen(document string, variables input) *events {
	p.t.Helper()
	body, err := json.Marshal(input{"query": document, "variables": variables})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(p.t.Context(), longest)
	p.t.Cleanup(stop)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+p.bearer())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		p.t.Fatalf("no event stream: HTTP %d %s", response.StatusCode, kind)
	}
	return &events{p.t, bufio.NewReader(response.Body)}
}

// begins waits until nothing can be missed any more.
func (e *events) begins() *events {
	e.t.Helper()
	if line, err := e.read.ReadString('\n'); err != nil || line != ":\n" {
		e.t.Fatalf("the stream does not begin: %q %v", line, err)
	}
	return e
}

// hears is the next event's name and data; the end of the stream has neither.
func (e *events) hears() (event string, data thing) {
	e.t.Helper()
	for {
		line, err := e.read.ReadString('\n')
		if err != nil {
			return "", nil
		}
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = name
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(text), &data); err != nil {
				e.t.Fatal(err)
			}
		}
		if line == "" && event != "" {
			return event, data
		}
	}
}

func TestServerSentEventsTellTheSame(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	once := anna.listen("{ viewer { person { displayName } } }", nil)
	event, data := once.hears()
	same(t, "a query", []string{event, data.text("data.viewer.person.displayName")}, []string{"next", "Anna"})
	event, _ = once.hears()
	same(t, "and then", event, "complete")
	wrong := anna.listen("{ nothing }", nil)
	event, data = wrong.hears()
	same(t, "a document that cannot be", []string{event, data.text("errors.0.extensions.code")}, []string{"next", "BAD_USER_INPUT"})
	event, _ = wrong.hears()
	same(t, "and then", event, "complete")

	s := anna.listen(followExchanges, input{"c": town.id}).begins()
	x := bruno.asks(anna, 60)
	event, data = s.hears()
	same(t, "it happens", []string{event, data.text("data.exchangeUpdated.exchange.id")}, []string{"next", x})
	anna.onAnotherDevice().does("revokeSession", input{"sessionId": anna.session()})
	event, data = s.hears()
	same(t, "signed out", []string{event, data.text("errors.0.extensions.code")}, []string{"next", "UNAUTHENTICATED"})
	event, _ = s.hears()
	same(t, "and then", event, "complete")

	status, raw := town.http(http.MethodPost, "/graphql", []byte(`{"query": "secret`), "Content-Type", "application/json", "Accept", "text/event-stream")
	if status != http.StatusBadRequest || strings.Contains(string(raw), "secret") || !strings.Contains(string(raw), "BAD_USER_INPUT") {
		t.Errorf("a body that is none: HTTP %d %s", status, raw)
	}
}

// A server that stops says so, and nobody misses anything at the next one.
func TestAServerThatStopsTakesLeave(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	s, e := anna.open(), anna.listen(followExchanges, input{"c": town.id}).begins()
	s.subscribes("x", followExchanges, input{"c": town.id})
	bruno.asks(anna, 60)
	cursor := s.hears("next", "x").text("data.exchangeUpdated.cursor")
	e.hears()
	go town.app.live.Close(t.Context())
	same(t, "closed with", s.closes(), websocket.StatusServiceRestart)
	event, _ := e.hears()
	same(t, "the event stream breaks off, so that the app comes back", event, "")
	y := bruno.asks(anna, 15)
	same(t, "what was missed", anna.reads(syncing, input{"c": town.id, "since": cursor}).text("changes.items.0.objectId"), y)
	if _, status, err := town.handshake([]string{"graphql-transport-ws"}, nil); err == nil || status != http.StatusServiceUnavailable {
		t.Errorf("a server that stops takes a connection: HTTP %d %v", status, err)
	}
}
