// SPDX-License-Identifier: AGPL-3.0-or-later

package partner

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what webhooks need kept. Every call runs inside InTx of the community;
// what is absent is answered as NotFound.
type Store interface {
	AddWebhook(ctx context.Context, w Webhook) error
	// LockWebhook holds one still until the transaction ends.
	LockWebhook(ctx context.Context, community, id domain.ID) (Webhook, error)
	// SaveWebhook keeps its secrets, its state and its end.
	SaveWebhook(ctx context.Context, w Webhook) error
	// Webhooks are those that were not removed, the oldest first.
	Webhooks(ctx context.Context, community domain.ID) ([]Webhook, error)

	AddDeliveries(ctx context.Context, deliveries []Delivery) error
	LockDelivery(ctx context.Context, community, id domain.ID) (Delivery, error)
	// SaveDelivery keeps how far it came.
	SaveDelivery(ctx context.Context, d Delivery) error
	// Deliveries are a webhook's, the newest first.
	Deliveries(ctx context.Context, community, webhook domain.ID, page domain.Page) (domain.Slice[Delivery], error)
	// ForgetDeliveries removes those of before a time.
	ForgetDeliveries(ctx context.Context, community domain.ID, before time.Time) error
}

// Post has deliveries made once the running transaction commits.
type Post interface {
	PostDeliveries(ctx context.Context, deliveries []Delivery) error
}
