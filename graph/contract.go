// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/hora-coop/hora/graph/generated"
	"github.com/hora-coop/hora/internal/telemetry"
)

// FeatureLevel counts the changes of the contract. Each has a fragment of that
// number in docs/changes; a test compares the two.
const FeatureLevel = 56

// An app's developer asks with this header to be served the next release's
// contract, where nothing is left that is deprecated today.
const (
	SchemaHeader = "Hora-Schema"
	nextSchema   = "next"
)

// AsksNext says whether a request wants the next release's contract.
func AsksNext(r *http.Request) bool { return r.Header.Get(SchemaHeader) == nextSchema }

// Handler serves the contract over HTTP, and the next release's to those who ask.
func (r *Resolver) Handler(logger *slog.Logger, metrics *telemetry.Metrics) http.Handler {
	today := contract()
	return r.handler(today, without(today), logger, metrics)
}

func (r *Resolver) handler(today, next *ast.Schema, logger *slog.Logger, metrics *telemetry.Metrics) http.Handler {
	present, future := r.serving(today, logger, metrics), r.serving(next, logger, metrics)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if AsksNext(req) {
			future.ServeHTTP(w, req)
			return
		}
		present.ServeHTTP(w, req)
	})
}

// contract is the schema as this program was made with, parsed once.
var contract = sync.OnceValue(func() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() })

func init() { undefer(contract()) }

// undefer takes away a directive that the parser adds by itself. An answer over HTTP is
// one here: what was deferred would be left out of it, and nobody told.
func undefer(schema *ast.Schema) { delete(schema.Directives, "defer") }

// SDL is the whole contract as one text.
func SDL() string { return written(contract()) }

// NextSDL is the contract without what is deprecated.
func NextSDL() string { return written(without(contract())) }

func written(schema *ast.Schema) string {
	var b strings.Builder
	b.WriteString("\"\"\"\n" + strings.TrimSpace(schema.Description) + "\n\"\"\"\nschema {\n")
	for _, root := range []struct {
		name string
		def  *ast.Definition
	}{{"query", schema.Query}, {"mutation", schema.Mutation}, {"subscription", schema.Subscription}} {
		if root.def != nil {
			b.WriteString("\t" + root.name + ": " + root.def.Name + "\n")
		}
	}
	b.WriteString("}\n") // which the formatter leaves out, and with it what the contract says of itself
	formatter.NewFormatter(&b).FormatSchema(schema)
	return b.String()
}

// without is a schema less everything that is deprecated in it.
func without(schema *ast.Schema) *ast.Schema {
	next := gqlparser.MustLoadSchema(&ast.Source{Name: "next", Input: written(schema)})
	undefer(next)
	old := func(d ast.DirectiveList) bool { return d.ForName("deprecated") != nil }
	for _, def := range next.Types {
		def.Fields = slices.DeleteFunc(def.Fields, func(f *ast.FieldDefinition) bool { return old(f.Directives) })
		for _, f := range def.Fields {
			f.Arguments = slices.DeleteFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return old(a.Directives) })
		}
		def.EnumValues = slices.DeleteFunc(def.EnumValues, func(v *ast.EnumValueDefinition) bool { return old(v.Directives) })
	}
	return next
}
