// SPDX-License-Identifier: AGPL-3.0-or-later

// Command rewrite takes goroutines out of the code that gqlgen writes, where nothing is
// waited for. gqlgen resolves each field that has a resolver beside the others, and each
// item of a list too. But an id is only written differently, and of most lists
// everything was read before; starting and ending a goroutine, and growing its stack,
// then costs more than all it does.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

	graphql = []byte(`"github.com/99designs/gqlgen/graphql"`)
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
	var ids, pages int
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		ids += len(beside.FindAllIndex(code, -1))
		pages += bytes.Count(code, lists)
		made := bytes.ReplaceAll(beside.ReplaceAll(code, inline), lists, plain)
		if bytes.Contains(made, plain) {
			made = bytes.Replace(made, graphql, slices.Concat(graphql, []byte("\n\t\"github.com/hora-coop/hora/graph/plainly\"")), 1)
		}
		if made, err = format.Source(made); err != nil { // its imports in their order
			return err
		}
		if err := os.WriteFile(file, made, 0o644); err != nil {
			return err
		}
	}
	if ids == 0 || pages == 0 {
		return fmt.Errorf("%d ids and %d lists found in %s: gqlgen writes them differently now", ids, pages, dir)
	}
	return nil
}
