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

// connect turns a slice into the parts of a connection.
func connect[T, E any](s domain.Slice[T], p domain.Page, edge func(cursor string, node *T) *E) ([]*E, []*T, *model.PageInfo) {
	nodes := pointers(s.Items)
	edges := make([]*E, len(nodes))
	for i, node := range nodes {
		edges[i] = edge(s.Cursors[i], node)
	}
	info := &model.PageInfo{HasNextPage: s.HasMore, HasPreviousPage: p.After != ""}
	if p.Backward {
		info.HasNextPage, info.HasPreviousPage = p.Before != "", s.HasMore
	}
	if len(s.Cursors) > 0 {
		info.StartCursor, info.EndCursor = &s.Cursors[0], &s.Cursors[len(s.Cursors)-1]
	}
	return edges, nodes, info
}

// counted says whether the caller asked for totalCount; counting costs a
// statement, so nobody counts unasked.
func counted(ctx context.Context) bool {
	return slices.Contains(graphql.CollectAllFields(ctx), "totalCount")
}

func total(ctx context.Context, n int) *int {
	if !counted(ctx) {
		return nil
	}
	return &n
}
