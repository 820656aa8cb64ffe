// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/graph/model"
)

// subscription decodes the input of subscribeShares.
func subscription(input model.SubscribeSharesInput) (shares.Wish, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return shares.Wish{}, err
	}
	cmd := shares.Wish{
		Community: c.key, Quantity: input.Quantity, Instalments: input.Instalments, LowIncome: input.LowIncome,
		Texts: shareTexts(input.Texts), Key: deref(input.IdempotencyKey),
	}
	cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf")
	return cmd, err
}

func shareTexts(inputs []*model.ShareTextInput) []community.SharesText {
	texts := make([]community.SharesText, len(inputs))
	for i, t := range inputs {
		texts[i] = community.SharesText{Code: t.Code, Version: t.Version}
	}
	return texts
}

// shares shows a member's shares to those who may see them.
func (r *Resolver) shares(ctx context.Context, m *membership.Member) (*shares.Standing, error) {
	st, err := r.ShareBook.Of(ctx, actor(ctx), m.Community, m.ID)
	if errors.Is(err, domain.Forbidden) {
		return nil, nil
	}
	return &st, err
}

// orders are a member's of one kind.
func orders[V any](st *shares.Standing, kind shares.OrderKind, show func(shares.Order) *V) []*V {
	list := []*V{}
	for _, o := range st.Orders {
		if o.Kind == kind {
			list = append(list, show(o))
		}
	}
	return list
}

// when is a moment that may be none.
func when(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func (r *Resolver) shareOperations(ctx context.Context, communityOf, member domain.ID, first *int, after *string, last *int, before *string) (*model.ShareOperationConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.ShareBook.Operations(ctx, actor(ctx), communityOf, member, p)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, n *shares.Operation) *model.ShareOperationEdge {
		return &model.ShareOperationEdge{Cursor: c, Node: n}
	})
	return &model.ShareOperationConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}
