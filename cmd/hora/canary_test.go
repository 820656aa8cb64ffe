// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/hora-coop/hora/internal/telemetry"
	"github.com/hora-coop/hora/persistence/pgtest"
)

// canary is a secret that somebody put in the wrong place.
const canary = "hunter2canary"

// What somebody sent is neither told back to them by an error nor written down:
// not as a value, not as a name that the contract does not know.
func TestNobodysSecretIsEchoedOrLogged(t *testing.T) {
	t.Parallel()
	running <- struct{}{}
	t.Cleanup(func() { <-running })
	said := &complaints{}
	app, err := Open(t.Context(), serverConfig{Listen: "localhost:0", Dev: true}, pgtest.URL(t), telemetry.NewLogger(said, slog.LevelDebug), &clock{})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(app.Handler)
	t.Cleanup(func() {
		front.Close()
		app.Close()
		if strings.Contains(said.String(), canary) {
			t.Errorf("the log tells it:\n%s", said)
		}
	})
	p := &program{t: t, app: app, address: front.URL}
	check := func(what string, status int, raw []byte) {
		t.Helper()
		var a answer
		if err := json.Unmarshal(raw, &a); err != nil || len(a.Errors) == 0 && !strings.Contains(a.raw, "userErrors") && a.Data == nil {
			t.Errorf("%s: HTTP %d, no error: %s", what, status, raw)
		}
		if strings.Contains(string(raw), canary) {
			t.Errorf("%s: the answer tells it: %s", what, raw)
		}
	}
	streamed := func(sent string) {
		t.Helper()
		if status, raw := p.http(http.MethodPost, "/graphql", []byte(sent), "Content-Type", "application/json", "Accept", "text/event-stream"); strings.Contains(string(raw), canary) {
			t.Errorf("%s, as a stream: HTTP %d, the answer tells it: %s", sent, status, raw)
		}
	}
	socket := p.dial([]string{"graphql-transport-ws"})
	socket.says("connection_init", "", nil)
	socket.hears("connection_ack", "")
	overSocket := func(payload string) {
		t.Helper()
		socket.writes(`{"type":"subscribe","id":"1","payload":` + payload + `}`)
		for {
			f, err := socket.next()
			if err != nil || strings.Contains(string(f.Payload), canary) {
				t.Fatalf("%s, over the socket: %v, the answer tells it: %s", payload, err, f.Payload)
			}
			if f.Type != "next" {
				return
			}
		}
	}
	for what, sent := range map[string]string{
		"a body cut off": `{"query":"mutation { signIn(input: {email: \"a@b.org\", password: \"` + canary,
		"no JSON":        canary, "a list": `["` + canary + `"]`, "a text": `"` + canary + `"`,
		"a query that is an object": `{"query":{"` + canary + `":1}}`, "variables that are a text": `{"query":"{ __typename }","variables":"` + canary + `"}`,
		"extensions that are a text": `{"query":"{ __typename }","extensions":"` + canary + `"}`,
		"a hash":                     `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + canary + `"}}}`,
		"an id":                      `{"documentId":"` + canary + `"}`, "an operation's name": `{"query":"query a { __typename } query b { __typename }","operationName":"` + canary + `"}`,
	} {
		status, raw := p.http(http.MethodPost, "/graphql", []byte(sent), "Content-Type", "application/json")
		check(what, status, raw)
		streamed(sent)
	}
	for _, document := range []string{
		"X", "{ X }", "{ X", `{ "X" }`, "{ serverInfo { X } }", "{ serverInfo(X: 1) { version } }", "{ serverInfo { version(a: \"X\") } }",
		`mutation { signIn(input: {email: "a@b.org", password: X}) { userErrors { code } } }`,
		`mutation { signIn(input: {email: "a@b.org", password: $X}) { userErrors { code } } }`,
		`mutation { signIn(input: {email: "a@b.org", password: "X" "X"}) { userErrors { code } } }`,
		`mutation { signIn(input: {email: "a@b.org", password: ["X"]}) { userErrors { code } } }`,
		`mutation { signIn(input: {email: "a@b.org", password: {X: "X"}}) { userErrors { code } } }`,
		`mutation { signIn(input: {email: "a@b.org", passwort: "X"}) { userErrors { code } } }`,
		`mutation { signIn(input: {email: "a@b.org", X: "a"}) { userErrors { code } } }`,
		`mutation { signIn(input: "X") { userErrors { code } } }`, `mutation { signIn(input: X) { userErrors { code } } }`,
		`{ communities(first: "X") { totalCount } }`, `{ communities(first: X) { totalCount } }`, `{ communities(near: "X") { totalCount } }`,
		`{ communities(near: {latitude: "X", longitude: 1}) { totalCount } }`, `{ communities(text: X) { totalCount } }`,
		`{ community(slug: "a") { listings(orderBy: X) { totalCount } } }`, `{ community(slug: "a") { listings(orderBy: "X") { totalCount } } }`,
		`{ nodes(ids: [true, "X"]) { id } }`, `query X { __typename } query X { __typename }`, `query($X: Int) { __typename }`,
		`query($X: Nothing) { nodes(ids: $X) { id } }`, `query($a: X) { nodes(ids: $a) { id } }`, `query($a: Int = "X") { communities(first: $a) { totalCount } }`,
		`{ ...X }`, `{ ... on X { a } }`, `fragment X on Query { __typename } { __typename }`, `{ a: serverInfo { X: version } a: serverInfo { X: now } }`,
		`{ __typename @X }`, `{ __typename @include(if: "X") }`, `{ __typename @include(X: true) }`, `{ __typename @skip(if: X) }`,
		`# X` + "\n{", `{ communities(text: "X`, `{ communities(text: """X`, "{ communities(text: \"\\u00zzX\") { totalCount } }", `{ __type(name: X) { name } }`,
		`subscription X { X }`, `schema X`, `type X { a: Int }`, `{ serverInfo { version { X } } }`, `{ serverInfo }` + "#X",
		`mutation($i: SignInInput!) { signIn(input: $i) { X } }`,
	} {
		sent := strings.ReplaceAll(document, "X", canary)
		status, raw := p.http(http.MethodPost, "/graphql", []byte(body(sent, nil)), "Content-Type", "application/json", "Accept-Language", "en")
		check(document, status, raw)
		status, raw = p.http(http.MethodGet, inquiry(sent), nil, "Accept", "application/graphql-response+json")
		check(document+" by GET", status, raw)
		streamed(body(sent, nil))
		overSocket(body(sent, nil))
	}
	const signIn, list = `mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code message } } }`,
		`query($near: PlaceInput, $first: Int, $filter: ListingFilter, $order: ListingOrder) { communities(near: $near, first: $first) { totalCount }
		  community(slug: "a") { listings(filter: $filter, orderBy: $order) { totalCount } } }`
	for _, c := range [][2]string{
		{signIn, `{"input": "X"}`},
		{signIn, `{"input": {"X": 1}}`},
		{signIn, `{"input": {"email": ["X"], "password": "a"}}`},
		{signIn, `{"input": ["X"]}`},
		{signIn, `{"input": {"email": {"X": "X"}, "password": "a"}}`},
		{signIn, `{"X": 1}`},
		{signIn, `{"input": {"email": "X", "password": "X"}}`},
		{signIn, `{"input": {"email": "X@example.org", "password": "X", "deviceName": "\u0000X"}}`},
		{list, `{"first": "X"}`},
		{list, `{"near": "X"}`},
		{list, `{"near": {"latitude": "X", "longitude": 1}}`},
		{list, `{"order": "X"}`},
		{list, `{"filter": {"kind": "X"}}`},
		{list, `{"filter": {"X": "X"}}`},
		{list, `{"filter": {"serviceTypeId": "X"}}`},
	} {
		sent := strings.ReplaceAll(c[1], "X", canary)
		status, raw := p.http(http.MethodPost, "/graphql", []byte(`{"query":`+quoted(c[0])+`,"variables":`+sent+`}`), "Content-Type", "application/json")
		if strings.Contains(string(raw), canary) {
			t.Errorf("%s: HTTP %d, the answer tells it: %s", c[1], status, raw)
		}
		status, raw = p.http(http.MethodGet, "/graphql?query="+url.QueryEscape(c[0])+"&variables="+url.QueryEscape(sent), nil)
		if strings.Contains(string(raw), canary) {
			t.Errorf("%s by GET: HTTP %d, the answer tells it: %s", c[1], status, raw)
		}
		streamed(`{"query":` + quoted(c[0]) + `,"variables":` + sent + `}`)
		overSocket(`{"query":` + quoted(c[0]) + `,"variables":` + sent + `}`)
	}
	for _, sent := range []string{canary, `{"type":"` + canary + `"}`, `{"type":"subscribe","id":"1","payload":"` + canary + `"}`} {
		broken := p.dial([]string{"graphql-transport-ws"})
		broken.says("connection_init", "", nil)
		broken.hears("connection_ack", "")
		broken.writes(sent)
		if f, err := broken.next(); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s, over the socket: %v %v", sent, f, err)
		}
	}
	status, raw := p.http(http.MethodGet, "/graphql?query=%zz"+canary, nil)
	check("an address", status, raw)
	status, raw = p.http(http.MethodPost, "/graphql", []byte(body(`{ viewer { person { id } } nothing }`, nil)), "Content-Type", "application/json",
		"Authorization", "Bearer "+canary, "Accept-Language", canary, "Hora-Client-Name", canary, "X-Forwarded-For", canary)
	check("headers", status, raw)
}

// The language's own scalars are read as its specification says, from variables
// as from the document.
func TestScalarsAreStrict(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	const list = `query($first: Int, $text: String, $near: PlaceInput) { communities(first: $first, text: $text, near: $near) { totalCount } }`
	for _, c := range []struct {
		variables string
		right     bool
	}{
		{`{"first": 5}`, true},
		{`{"first": "5"}`, false},
		{`{"first": 5.0}`, false},
		{`{"first": 3000000000}`, false},
		{`{"first": true}`, false},
		{`{"text": "5"}`, true},
		{`{"text": 5}`, false},
		{`{"text": true}`, false},
		{`{"text": null}`, true},
		{`{"near": {"latitude": 45, "longitude": -73.5}}`, true},
		{`{"near": {"latitude": "45", "longitude": 1}}`, false},
		{`{"near": {"latitude": 1e999, "longitude": 1}}`, false},
		{`{"near": {"latitude": true, "longitude": 1}}`, false},
	} {
		a := anna.gql(anna.bearer(), list, json.RawMessage(c.variables))
		if (len(a.Errors) == 0) != c.right || !c.right && a.problems()[0].Code != "BAD_USER_INPUT" {
			t.Errorf("%s: %s", c.variables, a.raw)
		}
	}
	for _, field := range []struct{ name, value string }{{"title", "5"}, {"title", "1.5"}, {"radiusKm", `"5"`}, {"remote", `"true"`}} {
		offer := input{"communityId": town.id, "kind": "OFFER", "title": "Pain", "serviceTypeId": town.types()["102-A-1"]}
		anna.isRefused("createListing", with(offer, field.name, json.RawMessage(field.value)), "BAD_USER_INPUT", field.name)
	}
}
