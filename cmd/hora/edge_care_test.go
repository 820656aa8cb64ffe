// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/hora-coop/hora/graph"
)

// An app asks before anybody is signed in.
func TestTheServerSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	told := town.stranger().reads(`{ serverInfo { version featureLevel minSupportedAppVersion } }`, nil).thing("serverInfo")
	same(t, "featureLevel", told.int("featureLevel"), graph.FeatureLevel)
	same(t, "version", told.text("version"), version)
	same(t, "minSupportedAppVersion", told["minSupportedAppVersion"], nil)

	town.app.cfg.MinAppVersion = "2.4.0"
	parts, err := town.app.serverParts()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "minSupportedAppVersion, once it is set", parts.Resolver.MinAppVersion, "2.4.0")
	for asked, good := range map[string]bool{"": true, "2.4.0": true, "2.4": true, "new": false, "v2.4.0": false} {
		if err := (&serverConfig{Listen: "localhost:0", MinAppVersion: asked}).check(); (err == nil) != good {
			t.Errorf("--min-app-version %q: %v", asked, err)
		}
	}
}

func TestTheContractIsServedWhole(t *testing.T) {
	t.Parallel()
	p := boot(t)
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.address+"/schema.graphqls", http.NoBody)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	status, sdl := p.http(http.MethodGet, "/schema.graphqls", nil)
	same(t, "status", status, http.StatusOK)
	same(t, "the contract", string(sdl), graph.SDL())
	parsed := gqlparser.MustLoadSchema(&ast.Source{Name: "served", Input: string(sdl)})
	if parsed.Description == "" || !strings.Contains(parsed.Description, "one `input`") {
		t.Errorf("the contract says of itself %q", parsed.Description)
	}
	same(t, "types", len(parsed.Types), len(contract().Types))
	status, _ = p.http(http.MethodGet, "/schema.graphqls", nil, "If-None-Match", response.Header.Get("ETag"))
	same(t, "asked again", status, http.StatusNotModified)
	status, _ = p.http(http.MethodGet, "/schema.graphqls", nil, graph.SchemaHeader, "next")
	same(t, "the next release’s", status, http.StatusOK)
}

// The page to try the API comes whole from this server, and nothing is written
// into it that a policy would have to excuse.
func TestGraphiQLNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	p := boot(t)
	for lang, word := range map[string]string{"fr-CA": "a besoin de JavaScript", "en": "needs JavaScript"} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.address+"/graphiql", http.NoBody)
		request.Header.Set("Accept-Language", lang)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		policy := response.Header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("the policy is %s", policy)
		}
		_, page := p.http(http.MethodGet, "/graphiql", nil, "Accept-Language", lang)
		if !strings.Contains(string(page), word) {
			t.Errorf("in %s: %s", lang, page)
		}
		if inline := regexp.MustCompile(`<script>|<style|style=|\son[a-z]+=|https?://`).FindString(string(page)); inline != "" {
			t.Errorf("the page holds %q", inline)
		}
		for _, file := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(page), -1) {
			if status, content := p.http(http.MethodGet, file[1], nil); status != http.StatusOK || len(content) < 10_000 {
				t.Errorf("%s: %d, %d bytes", file[1], status, len(content))
			}
		}
	}
	p.app.cfg.Dev, p.app.cfg.GraphiQL = false, false
	parts, err := p.app.serverParts()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "served unasked", parts.GraphiQL, false)
}

// Every example is a document of the contract.
func TestGraphiQLsExamplesHold(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../web/graphiql/src/examples.js")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)`(#.*?)`").FindAllStringSubmatch(string(source), -1)
	if len(examples) != 10 {
		t.Fatalf("%d examples were found", len(examples))
	}
	for _, e := range examples {
		if _, err := gqlparser.LoadQueryWithRules(contract(), e[1], rules.NewDefaultRules()); err != nil {
			t.Errorf("%v:\n%s", err, e[1])
		}
	}
}
