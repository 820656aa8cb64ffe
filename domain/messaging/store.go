// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what messaging needs kept. Calls run inside InTx of the community.
type Store interface {
	// Add keeps notifications; one that is already there for the same event,
	// person and kind is left out of what it returns.
	Add(ctx context.Context, notifications []Notification) ([]Notification, error)
	List(ctx context.Context, community, person domain.ID, page domain.Page) (domain.Slice[Notification], error)
	ByID(ctx context.Context, community, person, id domain.ID) (Notification, error)
	// After lists what a person was told of events after a position, in their order.
	After(ctx context.Context, community, person domain.ID, position int64, limit int) ([]Notification, error)
	Unread(ctx context.Context, community, person domain.ID) (int, error)
	// MarkRead says how many of them are the person's.
	MarkRead(ctx context.Context, community, person domain.ID, ids []domain.ID, at time.Time) (int, error)
	// Letters adds the names and addresses that texts need.
	Letters(ctx context.Context, community domain.ID, ids []domain.ID) ([]Letter, error)
}
