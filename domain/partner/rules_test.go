// SPDX-License-Identifier: AGPL-3.0-or-later

package partner

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
)

var update = flag.Bool("update", false, "write the catalogue of events anew")

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// kinds reads the constants of the areas that name events, with what they say.
func kinds(t *testing.T) (all []Described) {
	t.Helper()
	for _, a := range []exchange.Action{ // an action names its event
		exchange.Propose, exchange.Revise, exchange.Accept, exchange.Decline, exchange.Cancel, exchange.Complete,
		exchange.Confirm, exchange.Dispute, exchange.Resolve, exchange.Expire, exchange.Remind,
	} {
		all = append(all, Described{a.EventKind(), "exchange", inWords(a.EventKind())})
	}
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, ok := spec.Type.(*ast.SelectorExpr)
			value, isText := spec.Values[0].(*ast.BasicLit)
			if !ok || !isText || kind.Sel.Name != "EventKind" {
				return true
			}
			name, _ := strconv.Unquote(value.Value)
			says := strings.TrimSpace(spec.Comment.Text())
			if says == "" {
				says = inWords(domain.EventKind(name))
			}
			all = append(all, Described{domain.EventKind(name), filepath.Base(filepath.Dir(file)), strings.ReplaceAll(says, "\n", " ")})
			return true
		})
	}
	slices.SortFunc(all, func(a, b Described) int { return strings.Compare(a.Area+string(a.Kind), b.Area+string(b.Kind)) })
	return all
}

func inWords(kind domain.EventKind) string {
	return strings.ToLower(strings.ReplaceAll(string(kind), "_", " "))
}

// The catalogue is what the areas record, no more and no less.
func TestTheCatalogueOfEvents(t *testing.T) {
	var want bytes.Buffer
	for _, d := range kinds(t) {
		fmt.Fprintf(&want, "%s;%s;%s\n", d.Kind, d.Area, d.Says)
	}
	if *update {
		if err := os.WriteFile("events.csv", want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if eventsCSV != want.String() {
		t.Errorf("events.csv is not what the areas record: go test ./domain/partner -run TestTheCatalogueOfEvents -update")
	}
	if len(catalogue) < 60 {
		t.Errorf("only %d events", len(catalogue))
	}
}

func TestWhereAWebhookMayBe(t *testing.T) {
	for url, fine := range map[string]struct{ outside, local bool }{
		"https://app.example.org/hook?x=1": {true, true}, "https://app.example.org:8443/": {true, true},
		"http://app.example.org/": {false, false}, "http://localhost:9000/hook": {false, true}, "http://127.0.0.1:9000": {false, true},
		"http://10.0.0.1/": {false, false}, "ftp://app.example.org/": {false, false}, "https://": {false, false}, "https://a:b@app.example.org/": {false, false},
		"//app.example.org": {false, false}, "https://app.example.org/#part": {false, false}, "javascript:alert(1)": {false, false},
	} {
		for _, local := range []bool{false, true} {
			want := fine.outside
			if local {
				want = fine.local
			}
			err := Create{URL: url, Events: []domain.EventKind{Everything}}.check(local)
			if (err == nil) != want {
				t.Errorf("%s, local %t: %v", url, local, err)
			}
		}
	}
	if err := (Create{URL: "https://a.example.org", Events: []domain.EventKind{"NOTHING"}}).check(false); err == nil {
		t.Error("an event that does not exist is accepted")
	}
}

func TestTriesLastAboutThreeDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all time.Duration
		last := time.Duration(0)
		for tries := 1; tries < MostTries; tries++ {
			pause := Pause(tries, rapid.Float64Range(0, 1).Draw(t, "chance"))
			if pause < last/2 {
				t.Fatalf("after %d tries it waits %s, after %s", tries, pause, last)
			}
			all, last = all+pause, pause
		}
		if all < 60*time.Hour || all > 93*time.Hour {
			t.Fatalf("in all %s", all)
		}
	})
}

func TestBothSecretsSignUntilTheFormerEnds(t *testing.T) {
	w := Webhook{Secret: []byte("new"), Former: []byte("old"), FormerEnd: noon.Add(SecretOverlap)}
	if n := len(strings.Fields(w.Sign("id", noon, []byte("{}")))); n != 2 {
		t.Errorf("%d signatures before the former ends", n)
	}
	if n := len(strings.Fields(w.Sign("id", w.FormerEnd, []byte("{}")))); n != 1 {
		t.Errorf("%d signatures after", n)
	}
	if !strings.HasPrefix(w.SecretText(), "whsec_") {
		t.Error(w.SecretText())
	}
}

func TestWhatBecomesOfADelivery(t *testing.T) {
	for _, c := range []struct {
		tries int
		said  Answered
		want  Outcome
		gone  bool
	}{
		{0, Answered{Status: 200}, Delivered, false},
		{3, Answered{Status: 204}, Delivered, false},
		{0, Answered{Status: 302}, Waiting, false},
		{0, Answered{Status: 500}, Waiting, false},
		{0, Answered{Failure: "TIMEOUT"}, Waiting, false},
		{0, Answered{Status: 410}, GivenUp, true},
		{MostTries - 1, Answered{Status: 503}, GivenUp, false},
		{MostTries - 1, Answered{Status: 200}, Delivered, false},
	} {
		next, gone := Delivery{Outcome: Waiting, Tries: c.tries}.after(c.said, noon)
		if next.Outcome != c.want || gone != c.gone || next.Tries != c.tries+1 {
			t.Errorf("%d tries, then %+v: %s, gone %t", c.tries, c.said, next.Outcome, gone)
		}
	}
}

func TestWhoIsTold(t *testing.T) {
	w := Webhook{State: Active, Events: []domain.EventKind{"EXCHANGE_CONFIRMED"}}
	if !w.Wants("EXCHANGE_CONFIRMED") || w.Wants("EXCHANGE_PROPOSED") {
		t.Error("it is told of something else")
	}
	w.Events = []domain.EventKind{Everything}
	if !w.Wants("EXCHANGE_PROPOSED") {
		t.Error("it is not told of everything")
	}
	w.State = Disabled
	if w.Wants("EXCHANGE_PROPOSED") {
		t.Error("it is told although it is switched off")
	}
}
