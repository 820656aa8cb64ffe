// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/partner"
	"github.com/hora-coop/hora/graph/model"
)

// onWebhook decodes a webhook's id and does something with it.
func onWebhook[T any](ctx context.Context, id string, do func(ctx context.Context, actor domain.Actor, community, id domain.ID) (T, error),
) (*T, []model.UserError, error) {
	w, err := want(webhookID, id, "webhookId")
	if err != nil {
		return nil, nil, err
	}
	done, err := do(ctx, actor(ctx), w.community, w.key)
	return answer(ctx, done, err)
}

// withSecret presents a webhook and what verifies its deliveries.
func withSecret(ctx context.Context, made partner.Webhook, err error) (*partner.Webhook, *string, []model.UserError, error) {
	w, problems, err := answer(ctx, made, err)
	if w == nil {
		return nil, nil, problems, err
	}
	secret := w.SecretText()
	return w, &secret, problems, nil
}

func (r *Resolver) deliveries(ctx context.Context, of *partner.Webhook, first *int, after *string, last *int, before *string) (*model.WebhookDeliveryConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Partners.Log(ctx, actor(ctx), of.Community, of.ID, p)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, n *partner.Delivery) *model.WebhookDeliveryEdge {
		return &model.WebhookDeliveryEdge{Cursor: c, Node: n}
	})
	return &model.WebhookDeliveryConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

// orNull shows a value that is empty as none.
func orNull[T comparable](value T) *T {
	var empty T
	if value == empty {
		return nil
	}
	return &value
}
