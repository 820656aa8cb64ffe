// SPDX-License-Identifier: AGPL-3.0-or-later

// Package plainly writes objects, and lists one item after the other where no item waits for
// anything. gqlgen starts a goroutine for each item, and for a page of which everything
// was read before, growing their stacks costs more than all they do.
package plainly

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Reading knows, for one request, which fields wait.
type Reading struct {
	resolved map[string]bool // "Type.field": what a resolver answers
	mu       sync.Mutex
	foreseen map[string]bool // of these, what a loader was told to read before it is asked
}

type readingKey struct{}

// With lets the lists of a request be written plainly; resolved are the fields, as
// "Type.field", that a resolver answers.
func With(ctx context.Context, resolved map[string]bool) context.Context {
	return context.WithValue(ctx, readingKey{}, &Reading{resolved: resolved, foreseen: map[string]bool{}})
}

// Foresee says that a field's objects are being read for all items at once.
func Foresee(ctx context.Context, field string) {
	if r, ok := ctx.Value(readingKey{}).(*Reading); ok {
		r.mu.Lock()
		r.foreseen[field] = true
		r.mu.Unlock()
	}
}

// MarshalSlice is graphql.MarshalSliceConcurrently, without goroutines where no item
// waits for anything of its own.
func MarshalSlice(ctx context.Context, length int, workers int64, omitPanicHandler bool,
	marshal func(context.Context, int) graphql.Marshaler,
) graphql.Array {
	r, ok := ctx.Value(readingKey{}).(*Reading)
	if !ok || length < 2 || r.waits(graphql.GetFieldContext(ctx).Field.Selections) {
		return graphql.MarshalSliceConcurrently(ctx, length, workers, omitPanicHandler, marshal)
	}
	items := make(graphql.Array, length)
	for i := range length {
		items[i] = one(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), i, marshal)
	}
	return items
}

// one writes an item; what goes wrong in it is its own.
func one(ctx context.Context, i int, marshal func(context.Context, int) graphql.Marshaler) (item graphql.Marshaler) {
	defer func() {
		if r := recover(); r != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, r))
			item = graphql.Null
		}
	}()
	return marshal(ctx, i)
}

// waits says whether something is asked for, however deep, that is still to be read. Of
// an interface it is not known what its types do.
func (r *Reading) waits(set ast.SelectionSet) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.anyWaits(set)
}

func (r *Reading) anyWaits(set ast.SelectionSet) bool {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "__typename" {
				continue
			}
			if s.ObjectDefinition.Kind != ast.Object && s.Name != "id" {
				return true
			}
			field := s.ObjectDefinition.Name + "." + s.Name
			if s.Name != "id" && r.resolved[field] && !r.foreseen[field] || r.anyWaits(s.SelectionSet) {
				return true
			}
		case *ast.InlineFragment:
			if r.anyWaits(s.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if r.anyWaits(s.Definition.SelectionSet) {
				return true
			}
		}
	}
	return false
}
