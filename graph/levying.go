// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
)

func (r *Resolver) limitChanges(ctx context.Context, a *view.Account, first *int, after *string, last *int, before *string) (*model.LimitChangeConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Ledger.LimitChanges(ctx, actor(ctx), a.Community, a.ID, p)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, l *ledger.PastLimits) *model.LimitChangeEdge {
		return &model.LimitChangeEdge{Cursor: c, Node: l}
	})
	return &model.LimitChangeConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

// levy is what an exchange would give to the pool by today's charter, or what it
// gave; nil when no hours move.
func (r *Resolver) levy(ctx context.Context, x *exchange.Exchange) (*domain.Minutes, error) {
	var levy domain.Minutes
	if x.State == exchange.Confirmed {
		moved, err := of(ctx).loaders.transfersFor.Load(ctx, at{x.Community, x.ID})
		for _, t := range moved {
			if t.Kind == ledger.Levy && t.ReversedBy == domain.Nowhere {
				levy += t.Minutes
			}
		}
		return &levy, err
	}
	rules, err := of(ctx).loaders.charters.Load(ctx, x.Community)
	if err != nil {
		return nil, err
	}
	levy, expected := x.ExpectedLevy(rules.Levy)
	if !expected {
		return nil, nil
	}
	return &levy, nil
}
