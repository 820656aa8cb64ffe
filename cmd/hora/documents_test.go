// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hora-coop/hora/persistence/pgtest"
)

const (
	versionQuery = "query Version { serverInfo { version } }"
	nowQuery     = "query Now { serverInfo { now } }"
	signInQuery  = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { code } } }"
)

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

// manifests are those of two releases, each as another tool writes it.
func manifests(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, content any) {
		raw, err := json.Marshal(content)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("members-app/1.4.0.json", map[string]string{"sha256:" + sum(versionQuery): versionQuery, "sign-in": signInQuery})
	write("members-app/1.5.0.json", map[string]any{
		"format": "apollo-persisted-query-manifest", "version": 1,
		"operations": []any{
			map[string]string{"id": sum(nowQuery), "name": "Now", "type": "query", "body": nowQuery},
			map[string]string{"id": "old", "name": "Old", "type": "query", "body": "query Old { gone }"},
		},
	})
	write("members-app/README.md", "not a manifest")
	return folder
}

// named asks for a document by its name, or by its hash as Apollo does.
func (p *program) named(request map[string]any, headers ...string) answer {
	p.t.Helper()
	raw, err := json.Marshal(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_, said := p.http(http.MethodPost, "/graphql", raw, append(headers, "Content-Type", "application/json")...)
	a := answer{raw: string(said)}
	if err := json.Unmarshal(said, &a); err != nil {
		p.t.Fatalf("%v: %s", err, said)
	}
	return a
}

func persisted(hash string) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
}

func TestOnlyTrustedDocumentsAreRun(t *testing.T) {
	t.Parallel()
	p := bootWith(t, edgeConfig{Documents: "trusted", TrustedDocuments: manifests(t)})
	for what, request := range map[string]map[string]any{
		"by its id":            {"documentId": "sha256:" + sum(versionQuery)},
		"by another’s id":      {"documentId": sum(nowQuery)},
		"by its hash as an id": {"documentId": "sha256:" + sum(nowQuery)},
		"as Apollo does":       {"extensions": persisted(sum(versionQuery))},
		"by both":              {"extensions": persisted(sum(versionQuery)), "query": versionQuery},
		"in full":              {"query": nowQuery},
		"a mutation": {"documentId": "sign-in", "variables": map[string]any{
			"input": map[string]any{"email": "a@example.org", "password": "nobody’s"},
		}},
	} {
		if a := p.named(request); len(a.Errors) > 0 {
			t.Errorf("%s: %s", what, a.raw)
		}
	}
	for what, c := range map[string]struct {
		request map[string]any
		reason  string
	}{
		"one that nobody trusts":  {map[string]any{"query": "{ __typename }"}, "DOCUMENT_NOT_TRUSTED"},
		"all types":               {map[string]any{"query": "{ __schema { types { name } } }"}, "DOCUMENT_NOT_TRUSTED"},
		"a trusted one, changed":  {map[string]any{"query": versionQuery + " "}, "DOCUMENT_NOT_TRUSTED"},
		"sent with its own hash":  {map[string]any{"query": "{ __typename }", "extensions": persisted(sum("{ __typename }"))}, "DOCUMENT_NOT_TRUSTED"},
		"under another’s id":      {map[string]any{"query": "{ __typename }", "documentId": "sign-in"}, "PERSISTED_QUERY_NOT_FOUND"},
		"under another’s hash":    {map[string]any{"query": "{ __typename }", "extensions": persisted(sum(nowQuery))}, "REQUEST_UNREADABLE"},
		"an unknown id":           {map[string]any{"documentId": "sign-out"}, "PERSISTED_QUERY_NOT_FOUND"},
		"an unknown hash":         {map[string]any{"extensions": persisted(sum("{ __typename }"))}, "PERSISTED_QUERY_NOT_FOUND"},
		"a hash that is none":     {map[string]any{"extensions": persisted("")}, "REQUEST_UNREADABLE"},
		"another way of hashing":  {map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 2, "sha256Hash": sum(nowQuery)}}}, "REQUEST_UNREADABLE"},
		"what the contract lacks": {map[string]any{"documentId": "old"}, "BAD_USER_INPUT"},
	} {
		a := p.named(c.request)
		if len(a.Errors) != 1 || a.Data != nil || a.Errors[0].Extensions["reason"] != any(c.reason) && a.Errors[0].Extensions["code"] != any(c.reason) {
			t.Errorf("%s: wanted %s, got %s", what, c.reason, a.raw)
		}
	}
	_, streamed := p.exchangeHTTP("POST", "/graphql", `{"documentId":"sha256:`+sum(versionQuery)+`"}`, "Content-Type", "application/json", "Accept", "text/event-stream")
	same(t, "by its id, as a stream", strings.Contains(string(streamed), `"version":`), true)
	response, _ := p.exchangeHTTP("POST", "/graphql", `{"documentId":"nobody's"}`, "Content-Type", "application/json", "Accept", "application/graphql-response+json")
	same(t, "an unknown id", response.StatusCode, http.StatusNotFound)
}

func TestTrustedDocumentsAreReadAtTheStart(t *testing.T) {
	t.Parallel()
	folder := manifests(t)
	said := &complaints{}
	logger := slog.New(slog.NewTextHandler(said, nil))
	open := func(edge edgeConfig) error {
		app, err := Open(t.Context(), serverConfig{Listen: "localhost:0", edgeConfig: edge}, pgtest.URL(t), logger, &clock{})
		if err == nil {
			app.Close()
		}
		return err
	}
	if err := open(edgeConfig{TrustedDocuments: folder}); err != nil || !strings.Contains(said.String(), "document=old") {
		t.Errorf("an outdated one is not named: %v %s", err, said)
	}
	if err := os.WriteFile(filepath.Join(folder, "2.json"), []byte(`{"sign-in": "{ __typename }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, edge := range map[string]edgeConfig{
		"two under one id": {TrustedDocuments: folder}, "an empty folder": {TrustedDocuments: t.TempDir()},
		"no folder": {TrustedDocuments: filepath.Join(folder, "none")}, "no manifest": {TrustedDocuments: filepath.Join(folder, "members-app", "README.md")},
		"trusted, but none": {Documents: "trusted"},
	} {
		if err := open(edge); err == nil || !strings.Contains(err.Error(), "--trusted-documents") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// An app sends a document once and its hash from then on; what it sent is its
// person's alone, and nobody's documents push out another's.
func TestADocumentIsSentOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.register("Anna", "fr"), town.register("Bruno", "en")
	as := func(p *person) []string { return []string{"Authorization", "Bearer " + p.bearer()} }
	byHash := map[string]any{"extensions": persisted(sum(nowQuery))}
	missing := town.named(byHash, as(anna)...)
	same(t, "first", []any{missing.Errors[0].Message, missing.Errors[0].Extensions["code"]}, []any{"PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"})
	if a := town.named(map[string]any{"query": nowQuery, "extensions": persisted(sum(nowQuery))}, as(anna)...); len(a.Errors) > 0 {
		t.Fatalf("sent: %s", a.raw)
	}
	same(t, "Anna’s again", len(town.named(byHash, as(anna)...).Errors), 0)
	same(t, "Bruno’s", len(town.named(byHash, as(bruno)...).Errors), 1)
	stranger := map[string]any{"query": versionQuery, "extensions": persisted(sum(versionQuery))}
	same(t, "a stranger’s is run", len(town.named(stranger).Errors), 0)
	same(t, "but not kept", len(town.named(map[string]any{"extensions": persisted(sum(versionQuery))}).Errors), 1)
	for i := range 60 {
		text := versionQuery + strings.Repeat(" ", i)
		town.named(map[string]any{"query": text, "extensions": persisted(sum(text))}, as(bruno)...)
	}
	same(t, "Anna’s, after all of Bruno’s", len(town.named(byHash, as(anna)...).Errors), 0)
	same(t, "Bruno’s first, after sixty", len(town.named(map[string]any{"extensions": persisted(sum(versionQuery))}, as(bruno)...).Errors), 1)
}

func TestWhatDidNotChangeIsNotSentAgain(t *testing.T) {
	t.Parallel()
	p := bootWith(t, edgeConfig{TrustedDocuments: manifests(t)})
	address := "/graphql?documentId=" + url.QueryEscape("sha256:"+sum(versionQuery))
	first, _ := p.exchangeHTTP("GET", address, "")
	tag := first.Header.Get("ETag")
	same(t, "the first", []any{first.StatusCode, tag != "", first.Header.Get("Cache-Control")}, []any{200, true, "private, no-cache"})
	again, said := p.exchangeHTTP("GET", address, "", "If-None-Match", `"other", `+tag)
	same(t, "again", []any{again.StatusCode, len(said), again.Header.Get("ETag")}, []any{304, 0, tag})
	other, _ := p.exchangeHTTP("GET", address, "", "If-None-Match", `"other"`)
	same(t, "another’s", other.StatusCode, 200)
	moving := "/graphql?documentId=" + sum(nowQuery)
	before, _ := p.exchangeHTTP("GET", moving, "")
	after, _ := p.exchangeHTTP("GET", moving, "", "If-None-Match", before.Header.Get("ETag"))
	same(t, "what changed", after.StatusCode, 200)
	inFull, _ := p.exchangeHTTP("GET", inquiry(versionQuery), "")
	same(t, "in full", []string{inFull.Header.Get("ETag"), inFull.Header.Get("Cache-Control")}, []string{"", "private, no-store"})
	for _, vary := range []string{"Accept", "Accept-Encoding"} {
		if !strings.Contains(strings.Join(again.Header.Values("Vary"), ", "), vary) {
			t.Errorf("Vary %v", again.Header.Values("Vary"))
		}
	}
}

// Who still uses this field? One command tells, by release and day.
func TestFieldUsageIsKept(t *testing.T) {
	t.Parallel()
	p := boot(t)
	town := p.town("Accorderie du Port", "port")
	uses := func(client, release, query string, variables any) {
		p.gql(town.founder.bearer(), query, variables, "Hora-Client-Name", client, "Hora-Client-Version", release)
	}
	for range 3 {
		uses("members-app", "1.4.0", `query($slug: String!) { community(slug: $slug) { ...c } } fragment c on Community { name members(first: 1) { nodes { id number } } }`, input{"slug": "port"})
	}
	uses("members-app", "1.5.0", `mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }`, input{"input": input{"email": "a@b.org", "password": "x"}})
	uses("<script>", strings.Repeat("1", 50), `{ communities(near: {latitude: 45, longitude: -73}) { totalCount } }`, nil)
	p.gql("", `{ serverInfo { version } }`, nil, "Apollographql-Client-Name", "partner", "Apollographql-Client-Version", "7")
	p.gql("", `{ nothing }`, nil, "Hora-Client-Name", "members-app") // not run, not counted
	for _, order := range []string{"NEWEST", "NEAREST"} {
		uses("board", "2", `query($slug: String!, $order: ListingOrder!) { community(slug: $slug) { listings(first: 1, orderBy: $order, filter: {kind: REQUEST}) { totalCount } } }`,
			input{"slug": "port", "order": order})
	}
	uses("board", "2", `query($slug: String!, $filter: ListingFilter) { community(slug: $slug) { listings(first: 1, filter: $filter) { totalCount } } }`,
		input{"slug": "port", "filter": input{"states": []string{"PUBLISHED"}}})
	p.app.flushUsage(t.Context())
	uses("members-app", "1.4.0", `{ community(slug: "port") { name } }`, nil)
	p.app.flushUsage(t.Context()) // another minute of the same day

	kept := func(field string) string {
		return ask[string](p, `SELECT coalesce(string_agg(client || ' ' || release || ' ' || uses, ', ' ORDER BY client, release), '') FROM field_usage WHERE field = $1 AND client <> 'unnamed'`, field)
	}
	for field, want := range map[string]string{
		"Community.name": "members-app 1.4.0 4", "Member.number": "members-app 1.4.0 3", "Community.members(first:)": "members-app 1.4.0 3",
		"SignInInput.email": "members-app 1.5.0 1", "PlaceInput.latitude": "other other 1", "ServerInfo.version": "partner 7 1", "Query.nothing": "",
		"ListingOrder.NEAREST": "board 2 1", "ListingKind.REQUEST": "board 2 2", "ListingState.PUBLISHED": "board 2 1", "ListingState.ARCHIVED": "",
	} {
		same(t, field, kept(field), want)
	}
	var said strings.Builder
	if err := (&fieldUsageCmd{Field: "Member.number", Days: 90}).tell(t.Context(), p.app, &said); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[1], "members-app  1.4.0") || !strings.HasSuffix(lines[1], "3") {
		t.Errorf("the command says:\n%s", said.String())
	}
}
