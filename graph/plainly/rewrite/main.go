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
	// made is how an object ends: what was put off is looked for, and it writes itself with
	// a map of the names that it has written, and a copy of each field.
	made = []byte(`	if n := len(deferred.Defers); n > 0 {
		atomic.AddInt32(&ec.Deferred, int32(min(n, math.MaxInt32)))
		ec.ProcessDeferredGroup(deferred)
	}

	return out
`)
	object = []byte("\treturn plainly.Object{Fields: fields, Values: out.Values}\n")

	// empty is where the answer is written, which grows to some kilobytes each time.
	empty = []byte("\t\t\tvar buf bytes.Buffer\n\t\t\tdata.MarshalGQL(&buf)\n\t\t\tresponse.Data")
	roomy = []byte("\t\t\tvar buf bytes.Buffer\n\t\t\tbuf.Grow(4 << 10)\n\t\t\tdata.MarshalGQL(&buf)\n\t\t\tresponse.Data")

	later = []byte("\tdeferred := graphql.NewDeferredGroup(ctx)\n")
	group = []byte("out.ResolveConcurrently(ec.OperationContext, &deferred, i,")
	none  = []byte("out.ResolveConcurrently(ec.OperationContext, nil, i,")
	lists = []byte("graphql.MarshalSliceConcurrently(")
	plain = []byte("plainly.MarshalSlice(")
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
	found := map[string]int{}
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		found["ids"] += len(beside.FindAllIndex(code, -1))
		found["values"] += len(ready.FindAllIndex(code, -1))
		code = ready.ReplaceAllFunc(beside.ReplaceAll(code, inline), straight)
		for _, change := range []struct {
			what     string
			from, to []byte
		}{{"lists", lists, plain}, {"objects that begin", later, nil}, {"fields beside others", group, none}, {"objects that end", made, object}, {"answers", empty, roomy}} {
			found[change.what] += bytes.Count(code, change.from)
			code = bytes.ReplaceAll(code, change.from, change.to)
		}
		if bytes.Contains(code, []byte("plainly.")) {
			code = bytes.Replace(code, graphql, slices.Concat(graphql, []byte("\n\t\"github.com/hora-coop/hora/graph/plainly\"")), 1)
		}
		if code, err = tidy(code); err != nil {
			return err
		}
		if err := os.WriteFile(file, code, 0o644); err != nil {
			return err
		}
	}
	for what, n := range found {
		if n == 0 {
			return fmt.Errorf("no %s found in %s: gqlgen writes them differently now", what, dir)
		}
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
