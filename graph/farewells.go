// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// retiring is something of the contract that will go.
type retiring struct {
	Coordinate string `json:"coordinate"`
	Reason     string `json:"reason"`
	Since      string `json:"since"`
	GoneFrom   string `json:"goneFrom"`
}

// A deprecation says what to use, since when, and the day it goes; a test holds
// the contract to it.
var retirement = regexp.MustCompile(`Since (\d{4}-\d{2}-\d{2}), gone from (\d{4}-\d{2}-\d{2})\.`)

// farewells tells, with each answer, what the document used that will go.
type farewells struct {
	schema *ast.Schema
	known  map[string]retiring
}

var _ interface {
	graphql.HandlerExtension
	graphql.ResponseInterceptor
} = farewells{}

func newFarewells(schema *ast.Schema) farewells {
	f := farewells{schema: schema, known: map[string]retiring{}}
	note := func(coordinate string, directives ast.DirectiveList) {
		if d := directives.ForName("deprecated"); d != nil {
			gone := retiring{Coordinate: coordinate}
			if a := d.Arguments.ForName("reason"); a != nil {
				gone.Reason = a.Value.Raw
			}
			if dates := retirement.FindStringSubmatch(gone.Reason); dates != nil {
				gone.Since, gone.GoneFrom = dates[1], dates[2]
			}
			f.known[coordinate] = gone
		}
	}
	for _, def := range schema.Types {
		for _, field := range def.Fields {
			note(def.Name+"."+field.Name, field.Directives)
			for _, a := range field.Arguments {
				note(def.Name+"."+field.Name+"("+a.Name+":)", a.Directives)
			}
		}
		for _, v := range def.EnumValues {
			note(def.Name+"."+v.Name, v.Directives)
		}
	}
	return f
}

// ExtensionName implements graphql.HandlerExtension.
func (farewells) ExtensionName() string { return "HoraFarewells" }

// Validate implements graphql.HandlerExtension.
func (farewells) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse implements graphql.ResponseInterceptor.
func (f farewells) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil || len(f.known) == 0 || !graphql.HasOperationContext(ctx) {
		return response
	}
	used := f.used(graphql.GetOperationContext(ctx))
	if len(used) == 0 {
		return response
	}
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["deprecations"] = used
	of(ctx).announce(used)
	return response
}

// announce writes the same into the answer's head (RFC 9745 and RFC 8594): since
// the first was deprecated, until the first goes.
func (s *session) announce(used []retiring) {
	if s.Answer == nil {
		return
	}
	day := func(of func(retiring) string) (time.Time, bool) {
		first := slices.MinFunc(used, func(a, b retiring) int { return cmp.Compare(of(a), of(b)) })
		at, err := time.Parse(time.DateOnly, of(first))
		return at, err == nil
	}
	if since, ok := day(func(r retiring) string { return r.Since }); ok {
		s.Answer.Set("Deprecation", "@"+strconv.FormatInt(since.Unix(), 10))
	}
	if gone, ok := day(func(r retiring) string { return r.GoneFrom }); ok {
		s.Answer.Set("Sunset", gone.Format(http.TimeFormat))
	}
	s.Answer.Add("Link", `</schema.graphqls>; rel="deprecation"; type="text/plain"`)
}

// used are the retiring things that an operation names: its fields, arguments,
// enum values and the input fields it fills in, in the document or by variables.
func (f farewells) used(operation *graphql.OperationContext) []retiring {
	var used []retiring
	for coordinate := range names(f.schema, operation) {
		if going, ok := f.known[coordinate]; ok {
			used = append(used, going)
		}
	}
	slices.SortFunc(used, func(a, b retiring) int { return cmp.Compare(a.Coordinate, b.Coordinate) })
	return used
}

// names are what an operation names of the contract, by coordinate: "Member.number",
// "Query.nodes(ids:)", "PlaceInput.latitude", "ListingOrder.NEAREST".
func names(schema *ast.Schema, operation *graphql.OperationContext) map[string]bool {
	l := &look{schema: schema, found: map[string]bool{}, spread: map[string]bool{}}
	l.selection(operation.Operation.SelectionSet)
	for _, v := range operation.Operation.VariableDefinitions {
		l.value(v.Type, operation.Variables[v.Variable])
	}
	return l.found
}

// look goes through one document, into each fragment once.
type look struct {
	schema        *ast.Schema
	found, spread map[string]bool
}

func (l *look) note(coordinate string) { l.found[coordinate] = true }

func (l *look) selection(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			name := s.ObjectDefinition.Name + "." + s.Name
			l.note(name)
			for _, a := range s.Arguments {
				l.note(name + "(" + a.Name + ":)")
				l.literal(a.Value)
			}
			l.selection(s.SelectionSet)
		case *ast.InlineFragment:
			l.selection(s.SelectionSet)
		case *ast.FragmentSpread:
			if !l.spread[s.Name] {
				l.spread[s.Name] = true
				l.selection(s.Definition.SelectionSet)
			}
		}
	}
}

// literal is a value as the document writes it.
func (l *look) literal(v *ast.Value) {
	switch {
	case v == nil:
	case v.Kind == ast.EnumValue && v.Definition != nil:
		l.note(v.Definition.Name + "." + v.Raw)
	default:
		for _, child := range v.Children {
			if v.Kind == ast.ObjectValue && v.Definition != nil {
				l.note(v.Definition.Name + "." + child.Name)
			}
			l.literal(child.Value)
		}
	}
}

// value is what a variable holds.
func (l *look) value(of *ast.Type, given any) {
	switch v := given.(type) {
	case []any:
		for _, item := range v {
			if of.Elem != nil {
				l.value(of.Elem, item)
			}
		}
	case map[string]any:
		if def := l.schema.Types[of.Name()]; def != nil && def.Kind == ast.InputObject {
			for name, item := range v {
				if field := def.Fields.ForName(name); field != nil {
					l.note(def.Name + "." + name)
					l.value(field.Type, item)
				}
			}
		}
	case string:
		if def := l.schema.Types[of.Name()]; def != nil && def.Kind == ast.Enum {
			l.note(def.Name + "." + v)
		}
	}
}
