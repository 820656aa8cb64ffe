// SPDX-License-Identifier: AGPL-3.0-or-later

// Command rewrite takes out of the code that gqlgen writes what costs more than all it
// does. gqlgen resolves each field that has a resolver beside the others, and each item of
// a list too, in goroutines, where an id is only written differently and of most lists
// everything was read before. And it surrounds each value of a struct with what a resolver
// needs: a place for its errors, a context, a net for panics.
//
// Values of structs are written here without being seen by graphql.FieldInterceptor, of
// which the server has none; and no object prepares for @defer, which the contract is
// without.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"golang.org/x/tools/go/ast/astutil"
)

// beside is how gqlgen resolves an id beside other fields; inline is how it resolves
// what has no resolver.
var (
	beside = regexp.MustCompile(`(?m)^\t\t\tout\.ResolveConcurrently\(ec\.OperationContext, &deferred, i,
\t\t\t\ttrue, true,
\t\t\t\tfunc\(ctx context\.Context\) graphql\.Marshaler \{
\t\t\t\t\treturn (ec\._\w+_id\(ctx, field, obj\))
\t\t\t\t\}\)$`)
	inline = []byte("\t\t\tout.Values[i] = $1\n\t\t\tif out.Values[i] == graphql.Null {\n\t\t\t\tatomic.AddUint32(&out.Invalids, 1)\n\t\t\t}")

	// ready is a scalar or an enum that an object has, and an id, which is written from
	// what the object has.
	ready = regexp.MustCompile(`(?m)^(func \(ec \*executionContext\) _\w+\(ctx context\.Context, field graphql\.CollectedField, obj \S+\) \(ret graphql\.Marshaler\) \{
)(\treturn graphql\.ResolveField\(
\t\tctx,
\t\tec\.OperationContext,
\t\tfield,
\t\tfunc\(ctx context\.Context, field graphql\.CollectedField\) \(\*graphql\.FieldContext, error\) \{
\t\t\treturn ec\.fieldContext_\w+\(ctx, field\)
\t\t\},
\t\tfunc\(ctx context\.Context\) \(any, error\) \{
\t\t\treturn (?:(obj\.[\w.]+(?:\(\))?), nil|(ec\.Resolvers\.\w+\(\)\.ID\(ctx, obj\)))
\t\t\},
\t\tnil,
\t\tfunc\(ctx context\.Context, selections ast\.SelectionSet, v (\*?[\w.]+)\) graphql\.Marshaler \{
\t\t\treturn (ec\.marshal(\w)\S+)\(ctx, selections, v\)
\t\t\},
\t\ttrue,
\t\t(?:true|false),
\t\)
)\}
func \(ec \*executionContext\) fieldContext_\w+\(_ context\.Context, field graphql\.CollectedField\) \(fc \*graphql\.FieldContext, err error\) \{
\treturn graphql\.NewScalarFieldContext`)

	graphql = []byte(`"github.com/99designs/gqlgen/graphql"`)
	later   = []byte("\tdeferred := graphql.NewDeferredGroup(ctx)\n")
	never   = []byte("\tvar deferred graphql.DeferredGroup\n")
	lists   = []byte("graphql.MarshalSliceConcurrently(")
	plain   = []byte("plainly.MarshalSlice(")
)

func main() {
	if err := rewrite(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "plainly:", err)
		os.Exit(1)
	}
}

// rewrite says when gqlgen writes other code than this knows.
func rewrite(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.generated.go"))
	if err != nil {
		return err
	}
	var ids, pages, values, objects int
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		ids += len(beside.FindAllIndex(code, -1))
		pages += bytes.Count(code, lists)
		objects += bytes.Count(code, later)
		values += len(ready.FindAllIndex(code, -1))
		made := bytes.ReplaceAll(beside.ReplaceAll(code, inline), lists, plain)
		made = bytes.ReplaceAll(ready.ReplaceAllFunc(made, straight), later, never)
		if bytes.Contains(made, plain) {
			made = bytes.Replace(made, graphql, slices.Concat(graphql, []byte("\n\t\"github.com/hora-coop/hora/graph/plainly\"")), 1)
		}
		if made, err = tidy(made); err != nil {
			return err
		}
		if err := os.WriteFile(file, made, 0o644); err != nil {
			return err
		}
	}
	if ids == 0 || pages == 0 || values == 0 || objects == 0 {
		return fmt.Errorf("%d ids, %d lists, %d values and %d objects found in %s: gqlgen writes them differently now", ids, pages, values, objects, dir)
	}
	return nil
}

// tidy leaves out imports that nothing needs any more, and puts the others in their order.
func tidy(code []byte) ([]byte, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", code, 0)
	if err != nil {
		return nil, err
	}
	for _, spec := range slices.Backward(file.Imports) {
		if path, err := strconv.Unquote(spec.Path.Value); err != nil || !astutil.UsesImport(file, path) {
			code = slices.Delete(code, int(spec.Pos())-1, int(spec.End())-1)
		}
	}
	return format.Source(code)
}

// straight writes a value at once. What gqlgen does stays where something can be wrong
// that it tells with its place: an id that cannot be made, a value that must not be null.
func straight(code []byte) []byte {
	part := ready.FindSubmatchIndex(code)
	of := func(n int) string {
		if part[2*n] < 0 {
			return ""
		}
		return string(code[part[2*n]:part[2*n+1]])
	}
	value, id, kind, marshal, required := of(3), of(4), of(5), of(6), of(7) == "N"
	var fast string
	switch {
	case required && kind[0] == '*':
		return code
	case id != "":
		fast = fmt.Sprintf("\tif v, err := %s; err == nil {\n\t\treturn %s(ctx, field.Selections, v)\n\t}\n%s", id, marshal, of(2))
	case required && kind == "time.Time":
		fast = fmt.Sprintf("\tif v := %s; !v.IsZero() {\n\t\treturn %s(ctx, field.Selections, v)\n\t}\n%s", value, marshal, of(2))
	default:
		fast = fmt.Sprintf("\treturn %s(ctx, field.Selections, %s)\n", marshal, value)
	}
	return slices.Concat(code[:part[3]], []byte(fast), code[part[5]:])
}
