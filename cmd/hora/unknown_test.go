// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// enums are those of the contract that values of some kind of type use.
func enums(used func(*ast.Definition) bool) []*ast.Definition {
	found := map[string]*ast.Definition{}
	note := func(of *ast.Type) {
		if def := contract().Types[of.Name()]; def.Kind == ast.Enum && !def.BuiltIn {
			found[def.Name] = def
		}
	}
	for _, def := range contract().Types {
		if def.BuiltIn {
			continue
		}
		output := def.Kind != ast.InputObject
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if used(def) {
				note(f.Type)
			}
			for _, a := range f.Arguments {
				if output && used(&ast.Definition{Kind: ast.InputObject}) {
					note(a.Type)
				}
			}
		}
	}
	all := []*ast.Definition{}
	for _, def := range found {
		all = append(all, def)
	}
	return all
}

// A value that is added must not break an app of last year, so each enum that the
// server answers says what to do with one that an app does not know.
func TestEnumsSayWhatToDoWithValuesToCome(t *testing.T) {
	t.Parallel()
	answered := enums(func(def *ast.Definition) bool { return def.Kind == ast.Object || def.Kind == ast.Interface })
	for _, def := range answered {
		if !strings.Contains(strings.Join(strings.Fields(def.Description), " "), "you do not know") {
			t.Errorf("%s may get new values: its description must say what to do with “a value you do not know”, but says %q", def.Name, def.Description)
		}
	}
	if len(answered) < 10 {
		t.Errorf("only %d enums were looked at", len(answered))
	}
}

// refusesValue checks the answer to a value that an enum does not have: it names
// the argument and what is known, in the caller's language.
func refusesValue(t *testing.T, what string, a answer, field string, def *ast.Definition) {
	t.Helper()
	var known []string
	for _, v := range def.EnumValues {
		known = append(known, v.Name)
	}
	if len(a.Errors) != 1 || a.Data != nil {
		t.Errorf("%s: %s", what, a.raw)
		return
	}
	said := a.Errors[0]
	same(t, what+": the code", said.Extensions["code"], any("BAD_USER_INPUT"))
	same(t, what+": the reason", said.Extensions["reason"], any("VALUE_UNKNOWN"))
	same(t, what+": the field", said.Extensions["field"], any(field))
	same(t, what+": the known values", fmt.Sprint(said.Extensions["known"]), fmt.Sprint(known))
	if !strings.Contains(said.Message, known[0]) || strings.Contains(said.Message, "enum") {
		t.Errorf("%s: it says %q", what, said.Message)
	}
}

// enumInside is a value of an enum somewhere in an input, and the input around it.
type enumInside struct {
	of   *ast.Definition
	with func(value any) input
}

// enumsInside finds all in an input, however deep, by their paths.
func enumsInside(def *ast.Definition) map[string]enumInside {
	all := map[string]enumInside{}
	for _, f := range def.Fields {
		at, of := f.Name, contract().Types[f.Type.Name()]
		if f.Type.Elem != nil {
			at += ".0"
		}
		around := func(value any) input {
			if f.Type.Elem != nil {
				value = []any{value}
			}
			return with(needed(def), f.Name, value)
		}
		switch {
		case of.Kind == ast.Enum && !of.BuiltIn:
			all[at] = enumInside{of, around}
		case of.Kind == ast.InputObject:
			for path, found := range enumsInside(of) {
				all[at+"."+path] = enumInside{found.of, func(value any) input { return around(found.with(value)) }}
			}
		}
	}
	return all
}

// needed fills in what an input cannot be read without.
func needed(def *ast.Definition) input {
	in := input{}
	for _, f := range def.Fields {
		of := contract().Types[f.Type.Name()]
		switch {
		case !f.Type.NonNull || f.DefaultValue != nil:
		case f.Type.Elem != nil:
			in[f.Name] = []any{}
		case of.Kind == ast.InputObject:
			in[f.Name] = needed(of)
		case of.Kind == ast.Enum:
			in[f.Name] = of.EnumValues[0].Name
		case of.Name == "Boolean":
			in[f.Name] = true
		case of.Name == "Int" || of.Name == "Minutes":
			in[f.Name] = 1
		default:
			in[f.Name] = "A"
		}
	}
	return in
}

func TestAValueThatAnEnumDoesNotHave(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	tried := map[string]bool{}
	var all []string
	for _, def := range enums(func(def *ast.Definition) bool { return def.Kind == ast.InputObject }) {
		all = append(all, def.Name)
	}
	for _, mutation := range mutations(t) {
		in := contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()]
		var c call
		for at, whole := range enumsInside(in) {
			tried[whole.of.Name] = true
			if c.by == nil {
				c = calls[mutation](s)
			}
			outer, _, _ := strings.Cut(at, ".")
			s.unchanged(mutation+" with an unknown "+at, func() {
				for _, value := range []string{"NONSENSE", strings.ToLower(whole.of.EnumValues[0].Name), ""} {
					sent := with(c.in, outer, whole.with(value)[outer])
					refusesValue(t, fmt.Sprintf("%s with %s %q", mutation, at, value), c.by.tries(mutation, sent), at, whole.of)
				}
			})
		}
	}
	for _, c := range []struct{ enum, field, query, variables string }{
		{"ListingKind", "kind", `query($s: String!) { community(slug: $s) { listings(filter: { kind: SALE }) { totalCount } } }`, ""},
		{"ListingKind", "kind", `query($s: String!) { community(slug: $s) { listings(filter: { text: "pain: au", kind: offer }) { totalCount } } }`, ""},
		{"ListingKind", "kind", `query($s: String!) { community(slug: $s) { listings(filter: { kind: "OFFER" }) { totalCount } } }`, ""},
		{"ListingKind", "kind", "query($s: String!) {\n  community(slug: $s) {\n    listings(filter: {\n      kind:\n        SALE\n    }) { totalCount } } }", ""},
		{"TimeChequeState", "states", `query($s: String!) { community(slug: $s) { timeCheques(filter: { states: [TORN] }) { nodes { id } } } }`, ""},
		{"SessionState", "states", `query($s: String!) { community(slug: $s) { groupSessions(filter: { states: [MISSED] }) { nodes { id } } } }`, ""},
		{"ActivityState", "states", `query($s: String!) { community(slug: $s) { activities(filter: { states: [DONE] }) { nodes { id } } } }`, ""},
		{"MeasureState", "states", `query($s: String!) { community(slug: $s) { measures(filter: { states: [UNDONE, FORGOTTEN] }) { nodes { id } } } }`, ""},
		{"DecisionState", "states", `query($s: String!) { community(slug: $s) { decisions(states: [OPEN, LOST]) { nodes { id } } } }`, ""},
		{"SuggestionState", "states", `query($s: String!) { community(slug: $s) { cycles { nodes { suggestions(states: [OPEN, FORGOTTEN]) { nodes { id } } } } } }`, ""},
		{"Stage", "stage", `query($s: String!) { community(slug: $s) { membership { whyNot(stage: FRIEND) { next } } } }`, ""},
		{"PhotoSize", "size", `query($s: String!) { community(slug: $s) { listings { nodes { photos { url(size: HUGE) } } } } }`, ""},
		{"ListingOrder", "orderBy", `query($s: String!) { community(slug: $s) { listings(orderBy: BEST) { totalCount } } }`, ""},
		{"ListingState", "states", `query($s: String!) { community(slug: $s) { listings(filter: { states: [PUBLISHED, GONE] }) { totalCount } } }`, ""},
		{"Participation", "participation", `query($s: String!) { community(slug: $s) { members(filter: { participation: WORKING }) { totalCount } } }`, ""},
		{"ExchangeState", "states", `query($s: String!) { community(slug: $s) { exchanges(filter: { states: [DONE, PAID] }) { totalCount } } }`, ""},
		{"ListingOrder", "order", `query($s: String!, $order: ListingOrder!) { community(slug: $s) { listings(orderBy: $order) { totalCount } } }`, `{"order": "newest"}`},
		{"ExchangeState", "f.states.1", `query($s: String!, $f: ExchangeFilter) { community(slug: $s) { exchanges(filter: $f) { totalCount } } }`, `{"f": {"states": ["DONE", "PAID"]}}`},
		{"ExchangeState", "f.states.1", `query($s: String!, $f: ExchangeFilter) { community(slug: $s) { exchanges(filter: $f) { totalCount } } }`, `{"f": {"states": ["DONE", "done"]}}`},
	} {
		variables := input{}
		if c.variables != "" {
			if err := json.Unmarshal([]byte(c.variables), &variables); err != nil {
				t.Fatal(err)
			}
		}
		variables["s"] = s.slug
		tried[c.enum] = true
		for _, language := range []string{"fr", "en"} {
			refusesValue(t, c.query+c.variables, s.anna.gql(s.anna.bearer(), c.query, variables, "Accept-Language", language), c.field, contract().Types[c.enum])
		}
	}
	for _, name := range all {
		if !tried[name] {
			t.Errorf("no argument of type %s was tried: add a query that has one", name)
		}
	}
}
