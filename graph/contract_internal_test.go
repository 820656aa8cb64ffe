// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/hora-coop/hora/internal/telemetry"
)

// The contract as it may be one day: things of each kind are on their way out.
func ageing(t *testing.T) *ast.Schema {
	t.Helper()
	sdl := SDL()
	for _, old := range []struct{ in, line, reason string }{
		{"type ServerInfo {", "version: String!", "Use `featureLevel`. Since 2026-11-01, gone from 2027-11-01."},
		{"\tcommunities(", "text: String", "Use `near`. Since 2026-12-01, gone from 2027-06-01."},
		{"input ListingFilter {", "level: ServiceLevel", "Use `kind`. Since 2026-12-01, gone from 2027-12-01."},
		{"enum ListingOrder {", "NEAREST", "Use `NEWEST`. Since 2026-12-01, gone from 2027-12-01."},
	} {
		before, rest, found := strings.Cut(sdl, old.in)
		head, tail, is := strings.Cut(rest, "\t"+old.line+"\n")
		if !found || !is {
			t.Fatalf("the contract has no %s %s", old.in, old.line)
		}
		sdl = before + old.in + head + "\t" + old.line + " @deprecated(reason: " + strconv.Quote(old.reason) + ")\n" + tail
	}
	return gqlparser.MustLoadSchema(&ast.Source{Name: "ageing", Input: sdl})
}

type clockAt time.Time

func (c clockAt) Now() time.Time { return time.Time(c) }

// edge serves a contract to somebody who is not signed in.
func edge(t *testing.T, schema *ast.Schema) func(document string, variables any, headers ...string) (answer map[string]any, head http.Header) {
	t.Helper()
	clock := clockAt(time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC))
	documents, err := OpenDocuments("", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(ctx context.Context) (context.Context, func()) { // no database is asked
		if until, bounded := ctx.Deadline(); !bounded || time.Until(until) > deadline {
			t.Errorf("an operation may take until %v", until)
		}
		return ctx, func() {}
	}
	r := &Resolver{Version: "1.4.0", Clock: clock, Documents: documents, Budgets: NewBudgets(0), Usage: NewUsage(clock), Reading: nothing}
	handler := r.handler(schema, without(schema), slog.New(slog.DiscardHandler), telemetry.NewMetrics())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		handler.ServeHTTP(w, req.WithContext(r.WithRequest(req.Context(), Request{AcceptLanguage: "en", Answer: w.Header()})))
	}))
	t.Cleanup(srv.Close)
	return func(document string, variables any, headers ...string) (map[string]any, http.Header) {
		t.Helper()
		body, _ := json.Marshal(map[string]any{"query": document, "variables": variables})
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader(string(body)))
		request.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var answer map[string]any
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return answer, response.Header
	}
}

func TestAnAnswerSaysWhatItsDocumentUsedThatWillGo(t *testing.T) {
	t.Parallel()
	ask := edge(t, ageing(t))

	answer, head := ask(`{ serverInfo { ...Told } } fragment Told on ServerInfo { version }`, nil)
	if cmp.Diff(answer["data"], map[string]any{"serverInfo": map[string]any{"version": "1.4.0"}}) != "" {
		t.Errorf("answered %v", answer)
	}
	told := answer["extensions"].(map[string]any)["deprecations"]
	if diff := cmp.Diff([]any{map[string]any{
		"coordinate": "ServerInfo.version", "since": "2026-11-01", "goneFrom": "2027-11-01",
		"reason": "Use `featureLevel`. Since 2026-11-01, gone from 2027-11-01.",
	}}, told); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"Deprecation": "@1793491200", "Sunset": "Mon, 01 Nov 2027 00:00:00 GMT", "Link": `</schema.graphqls>; rel="deprecation"; type="text/plain"`,
	} {
		if got := head.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	answer, head = ask(`{ serverInfo { featureLevel } }`, nil)
	if head.Get("Deprecation")+head.Get("Sunset") != "" || strings.Contains(asText(answer), "deprecations") {
		t.Errorf("what stays is said to go: %v %v", head, answer)
	}
}

// Arguments, input fields and values are used in the document or by its variables.
func TestWhatWillGoIsFoundWhereverItIsUsed(t *testing.T) {
	t.Parallel()
	known := newFarewells(ageing(t))
	for document, c := range map[string]struct {
		variables map[string]any
		want      []string
	}{
		`{ communities(first: 1) { totalCount } }`:                                                            {nil, nil},
		`{ communities(first: 1, text: "a") { totalCount } }`:                                                 {nil, []string{"Query.communities(text:)"}},
		`{ community(slug: "a") { listings(filter: {level: INDIVIDUAL}, orderBy: NEAREST) { totalCount } } }`: {nil, []string{"ListingFilter.level", "ListingOrder.NEAREST"}},
		`query($f: ListingFilter, $o: ListingOrder! = NEWEST) { community(slug: "a") { ...C } } fragment C on Community { listings(filter: $f, orderBy: $o) { totalCount } }`: {
			map[string]any{"f": map[string]any{"level": "INDIVIDUAL"}, "o": "NEAREST"}, []string{"ListingFilter.level", "ListingOrder.NEAREST"},
		},
		`query($f: ListingFilter) { community(slug: "a") { listings(filter: $f) { totalCount } } }`: {map[string]any{"f": map[string]any{"kind": "OFFER"}}, nil},
	} {
		parsed, err := gqlparser.LoadQueryWithRules(known.schema, document, rules.NewDefaultRules())
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, gone := range known.used(&graphql.OperationContext{Operation: parsed.Operations[0], Variables: c.variables}) {
			found = append(found, gone.Coordinate)
		}
		if diff := cmp.Diff(c.want, found); diff != "" {
			t.Errorf("%s:\n%s", document, diff)
		}
	}
}

func TestWhoAsksForTheNextContractIsServedIt(t *testing.T) {
	t.Parallel()
	ask := edge(t, ageing(t))
	answer, _ := ask(`{ serverInfo { version } }`, nil, SchemaHeader, "next")
	if said := asText(answer); !strings.Contains(said, `Cannot query field \"version\"`) || !strings.Contains(said, "BAD_USER_INPUT") {
		t.Errorf("what will be gone is answered: %s", said)
	}
	answer, _ = ask(`{ serverInfo { featureLevel } __type(name: "ServerInfo") { fields(includeDeprecated: true) { name } } }`, nil, SchemaHeader, "next")
	if said := asText(answer); strings.Contains(said, `"version"`) || !strings.Contains(said, `"featureLevel"`) || strings.Contains(said, "errors") {
		t.Errorf("introspection tells of another contract: %s", said)
	}
	next := written(without(ageing(t)))
	if strings.Contains(next, "@deprecated(") {
		t.Error("something deprecated is left")
	}
	if SDL() != written(contract()) || NextSDL() == "" {
		t.Error("the contract is written otherwise than it is served")
	}
}

func asText(answer any) string {
	text, _ := json.Marshal(answer)
	return string(text)
}

// What is deprecated says what to use, since when, and the day it goes.
func TestADeprecationNamesItsDay(t *testing.T) {
	t.Parallel()
	for _, gone := range newFarewells(contract()).known {
		if gone.GoneFrom == "" || gone.GoneFrom <= gone.Since || !strings.HasPrefix(gone.Reason, "Use ") {
			t.Errorf("%s: write \"Use `…`. Since YYYY-MM-DD, gone from YYYY-MM-DD.\", not %q", gone.Coordinate, gone.Reason)
		}
	}
}

func TestTheFeatureLevelIsThatOfTheLastChange(t *testing.T) {
	t.Parallel()
	released, err := os.ReadFile("../docs/contract/released.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	level, err := strconv.Atoi(regexp.MustCompile(`^# Hora [0-9.]+, feature level (\d+)\n`).FindStringSubmatch(string(released))[1])
	if err != nil {
		t.Fatal(err)
	}
	changes, err := filepath.Glob("../docs/changes/[0-9][0-9][0-9][0-9]-*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range changes {
		if n, _ := strconv.Atoi(filepath.Base(path)[:4]); n > level {
			level = n
		}
	}
	if FeatureLevel != level {
		t.Errorf("FeatureLevel is %d, docs/changes is at %d", FeatureLevel, level)
	}
}
