// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/graph/model"
)

// page reads the four Relay arguments. One direction at a time.
func page(first *int, after *string, last *int, before *string) (domain.Page, error) {
	p := domain.Page{Limit: domain.DefaultPage, Backward: last != nil}
	field := "first"
	size := first
	if p.Backward {
		field, size = "last", last
	}
	if size != nil {
		p.Limit = *size
	}
	if p.Limit < 1 || p.Limit > domain.LargestPage || (first != nil && last != nil) {
		return p, domain.NewError(domain.PageSize, field, "max", domain.LargestPage)
	}
	if after != nil {
		p.After = *after
	}
	if before != nil {
		p.Before = *before
	}
	return p, nil
}

// connect turns a slice into the parts of a connection; edges only where asked for.
func connect[T, E any](ctx context.Context, s domain.Slice[T], p domain.Page, edge func(cursor string, node *T) *E) ([]*E, []*T, *model.PageInfo) {
	nodes := pointers(s.Items)
	var edges []*E
	if asked(ctx, "edges") {
		edges = make([]*E, len(nodes))
		for i, node := range nodes {
			edges[i] = edge(s.Cursor(i), node)
		}
	}
	info := &model.PageInfo{HasNextPage: s.HasMore, HasPreviousPage: p.After != ""}
	if p.Backward {
		info.HasNextPage, info.HasPreviousPage = p.Before != "", s.HasMore
	}
	if len(nodes) > 0 {
		info.StartCursor, info.EndCursor = new(s.Cursor(0)), new(s.Cursor(len(nodes)-1))
	}
	return edges, nodes, info
}

// counted says whether the caller asked for totalCount; counting costs a
// statement, so nobody counts unasked.
func counted(ctx context.Context) bool { return asked(ctx, "totalCount") }

// asked says whether a field of what is being answered was asked for.
func asked(ctx context.Context, field string) bool {
	return slices.Contains(graphql.CollectAllFields(ctx), field)
}

func total(ctx context.Context, n int) *int {
	if !counted(ctx) {
		return nil
	}
	return &n
}
