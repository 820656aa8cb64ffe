// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
)

// An app that is newer than the server, or that guessed, sends a value that an
// enum does not have. It learns which argument it was, and what is known here.

// exactValues refuses the values of enums in variables that differ from the known
// ones in case alone: the parser lets them through, and nobody behind it would
// know them.
type exactValues struct{ schema *ast.Schema }

// ExtensionName implements graphql.HandlerExtension.
func (*exactValues) ExtensionName() string { return "ExactValues" }

// Validate implements graphql.HandlerExtension.
func (e *exactValues) Validate(schema graphql.ExecutableSchema) error {
	e.schema = schema.Schema()
	return nil
}

// MutateOperationContext implements graphql.OperationContextMutator.
func (e *exactValues) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	for _, v := range op.Operation.VariableDefinitions {
		if err := e.check(v.Type, op.Variables[v.Variable], nil, v.Variable); err != nil {
			return gqlerror.Wrap(err)
		}
	}
	return nil
}

func (e *exactValues) check(of *ast.Type, value any, path []string, name string) error {
	path = append(path, name)
	def := e.schema.Types[of.Name()]
	switch value := value.(type) {
	case []any:
		for i, one := range value {
			if err := e.check(of, one, path, fmt.Sprint(i)); err != nil {
				return err
			}
		}
	case map[string]any:
		if def.Kind != ast.InputObject {
			return nil // JSON
		}
		for _, f := range def.Fields {
			if err := e.check(f.Type, value[f.Name], path, f.Name); err != nil {
				return err
			}
		}
	case string:
		if def.Kind == ast.Enum && def.EnumValues.ForName(value) == nil {
			return notOneOf(def, fieldAt(path))
		}
	}
	return nil
}

var (
	nameOfEnum     = regexp.MustCompile(`(?:Enum "|in ")\W*(\w+)\W*"`)
	nameOfArgument = regexp.MustCompile(`(\w+)\s*:[\s\[]*[^:{}()]*$`)
)

// unknownValue reads a refusal of the parser's; nil when it is about anything else
// than a value that an enum does not have.
func unknownValue(ctx context.Context, err error) *domain.Error {
	refused, ok := errors.AsType[*gqlerror.Error](err)
	if !ok || !graphql.HasOperationContext(ctx) || isExecution(ctx) {
		return nil
	}
	schema := contract()
	op := graphql.GetOperationContext(ctx)
	if found := nameOfEnum.FindStringSubmatch(refused.Message); found != nil && len(refused.Locations) > 0 {
		def, field := schema.Types[found[1]], ""
		if before := nameOfArgument.FindStringSubmatch(last(lookBack, until(op.RawQuery, refused.Locations[0]))); before != nil {
			field = before[1]
		}
		if def != nil && def.Kind == ast.Enum {
			return notOneOf(def, field)
		}
	}
	if len(refused.Path) < 2 || refused.Path[0] != ast.PathName("variable") || op.Operation == nil ||
		!strings.Contains(refused.Message, " is not a valid ") {
		return nil
	}
	var path []string
	for _, step := range refused.Path[1:] {
		path = append(path, fmt.Sprint(step))
	}
	if def := typeAt(schema, op.Operation, refused.Path[1:]); def != nil && def.Kind == ast.Enum {
		return notOneOf(def, fieldAt(path))
	}
	return nil
}

// typeAt follows a variable's path to the type of what stands there.
func typeAt(schema *ast.Schema, op *ast.OperationDefinition, path ast.Path) *ast.Definition {
	var def *ast.Definition
	for i, step := range path {
		name, named := step.(ast.PathName)
		switch {
		case !named: // one of a list
		case i == 0:
			if v := op.VariableDefinitions.ForName(string(name)); v != nil {
				def = schema.Types[v.Type.Name()]
			}
		case def != nil:
			if f := def.Fields.ForName(string(name)); f != nil {
				def = schema.Types[f.Type.Name()]
			}
		}
	}
	return def
}

// lookBack is how far before a value its argument's name is looked for, in bytes: a
// document of many wrong values must not be read whole for each.
const lookBack = 512

func last(bytes int, text string) string { return text[max(0, len(text)-bytes):] }

// until is the document before a place in it.
func until(document string, at gqlerror.Location) string {
	lines := strings.Split(document, "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	here := lines[at.Line-1]
	return strings.Join(append(lines[:at.Line-1:at.Line-1], here[:min(max(at.Column-1, 0), len(here))]), "\n")
}

// fieldAt names what stands at a variable's path as errors do: from the input's root.
func fieldAt(path []string) string {
	if len(path) > 1 && path[0] == "input" {
		path = path[1:]
	}
	return strings.Join(path, ".")
}

func notOneOf(def *ast.Definition, field string) *domain.Error {
	known := make([]string, len(def.EnumValues))
	for i, v := range def.EnumValues {
		known[i] = v.Name
	}
	return domain.NewError(domain.ValueUnknown, field, "known", strings.Join(known, ", "))
}
