// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// problem is one thing that an answer says went wrong: what a person can put
// right, or an error at the top.
type problem struct {
	Type           string `json:"__typename"` // empty at the top
	Code           string
	Field          []string
	Message        string
	Retryable      bool
	Available      *int
	Required       *int
	CurrentVersion *int
}

// problems are all of them; those at the top stand alone.
func (a answer) problems() []problem {
	var all []problem
	for _, e := range a.Errors {
		code, _ := e.Extensions["code"].(string)
		p := problem{Code: code, Message: e.Message}
		if field, ok := e.Extensions["field"].(string); ok {
			p.Field = strings.Split(field, ".")
		}
		if len(e.Path) > 2 && e.Path[1] == "input" { // a value that cannot be read at all
			for _, step := range e.Path[2:] {
				p.Field = append(p.Field, fmt.Sprint(step))
			}
		}
		all = append(all, p)
	}
	if len(all) > 0 {
		return all
	}
	raw, err := json.Marshal(payloadOf(a)["userErrors"])
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		panic(fmt.Sprintf("%v: %s", err, a.raw))
	}
	return all
}

// anyField is for refusals whose code alone matters.
const anyField = "*"

// cannot tries a mutation that must be refused, and nothing may have changed.
func (p *person) cannot(mutation string, in input, code, field string) problem {
	p.t.Helper()
	var said problem
	p.unchanged(p.name+" tries to "+mutation, func() { said = p.isRefused(mutation, in, code, field) })
	return said
}

// isRefused tries a mutation in French and in English. Each time it must be
// refused with this code, about this field (a path, or "" for the whole), with a
// text in the language asked for.
func (p *person) isRefused(mutation string, in input, code, field string) problem {
	p.t.Helper()
	what := fmt.Sprintf("%s cannot %s %v", p.name, mutation, brief(in))
	said := map[string]problem{}
	for _, language := range []string{"fr", "en"} {
		a := p.tries(mutation, in, "Accept-Language", language)
		found := a.problems()
		if len(found) != 1 || found[0].Code != code {
			p.t.Errorf("%s: wanted %s, got %.1000s", what, code, a.raw)
			return problem{}
		}
		said[language] = found[0]
	}
	if field != anyField {
		same(p.t, what+": the field", strings.Join(said["fr"].Field, "."), field)
	}
	if fr, en := said["fr"].Message, said["en"].Message; fr == "" || en == "" || fr == en || strings.Contains(fr+en, "error.") {
		p.t.Errorf("%s: it says %q in French and %q in English", what, fr, en)
	}
	knownField(p.t, mutation, said["en"])
	return said["en"]
}

// knownField checks that a problem speaks of something that the input has.
func knownField(t *testing.T, mutation string, said problem) {
	t.Helper()
	of := contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()]
	for i, name := range said.Field {
		if _, err := strconv.Atoi(name); err == nil {
			continue // one of a list
		}
		var field *ast.FieldDefinition
		if of != nil {
			field = of.Fields.ForName(name)
		}
		if field == nil {
			t.Errorf("%s: %s speaks of %v, but there is no %s in the input", mutation, said.Code, said.Field, strings.Join(said.Field[:i+1], "."))
			return
		}
		of = contract().Types[field.Type.Name()]
	}
}

// brief shows an input without its longest texts.
func brief(in input) string {
	var parts []string
	for name, value := range in {
		text := fmt.Sprint(value)
		if len(text) > 40 {
			text = fmt.Sprintf("%.20s… (%d bytes)", text, len(text))
		}
		parts = append(parts, name+"="+text)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}
