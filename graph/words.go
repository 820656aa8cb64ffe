// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/graph/generated"
	"github.com/hora-coop/hora/internal/i18n"
)

// words are all that the contract names. What a validator says of a document is
// shown to its developer, but of the words of the document only these: anything
// else may be a password that somebody put in the wrong place.
type words map[string]bool

func contractWords() words {
	w := words{}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	for _, def := range schema.Types {
		w[def.Name] = true
		for _, f := range def.Fields {
			w[f.Name] = true
			for _, a := range f.Arguments {
				w[a.Name] = true
			}
		}
		for _, v := range def.EnumValues {
			w[v.Name] = true
		}
	}
	for _, d := range schema.Directives {
		w[d.Name] = true
		for _, a := range d.Arguments {
			w[a.Name] = true
		}
	}
	return w
}

var (
	quotedText  = regexp.MustCompile(`"[^"]*"`)
	nameText    = regexp.MustCompile(`[_A-Za-z0-9]+`)
	longMessage = 300
	// A message of the rule about values ends with the value.
	ruleOfValues = "ValuesOfCorrectType"
	valueText    = regexp.MustCompile(`(?s)(, found | value: |Value ").*`)
)

// about shows what is wrong with a document or with its variables: a document in
// the validator's words, since they are for developers, variables in the caller's.
func (w words) about(lang i18n.Language, parsed *gqlerror.Error) *gqlerror.Error {
	shown := &gqlerror.Error{Locations: parsed.Locations, Extensions: map[string]any{"code": domain.BadInput}}
	if parsed.Rule == "" {
		shown.Message = i18n.Error(lang, domain.NewError(domain.BadInput, ""))
		shown.Path = w.path(parsed.Path)
		return shown
	}
	message := parsed.Message
	if parsed.Rule == ruleOfValues {
		message = valueText.ReplaceAllString(message, " - not a value of its type")
	}
	shown.Message = quotedText.ReplaceAllStringFunc(message, w.only)
	if len(shown.Message) > longMessage {
		shown.Message = strings.ToValidUTF8(shown.Message[:longMessage], "") + "…"
	}
	shown.Extensions["rule"] = parsed.Rule
	return shown
}

// only keeps a quoted text whose every name is of the contract.
func (w words) only(quoted string) string {
	for _, name := range nameText.FindAllString(quoted, -1) {
		if !w[name] {
			return `"…"`
		}
	}
	return quoted
}

// path leads to a variable, which the document named, and into its value, whose
// names anybody may have made up.
func (w words) path(given ast.Path) (shown ast.Path) {
	for i, step := range given {
		if name, ok := step.(ast.PathName); ok && i > 1 && !w[string(name)] {
			return append(shown, ast.PathName("…"))
		}
		shown = append(shown, step)
	}
	return shown
}
