// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what communities need kept.
type Store interface {
	// Create keeps a new community and starts its journal. Error: SlugTaken.
	Create(ctx context.Context, c Community) error
	ByIDs(ctx context.Context, ids []domain.ID) ([]Community, error)
	BySlug(ctx context.Context, slug string) (Community, error)
	List(ctx context.Context, filter Filter, page domain.Page) (domain.Slice[Community], error)

	// AddCharter keeps a new version; the effective one is the newest not in the future.
	AddCharter(ctx context.Context, community domain.ID, c Charter, by domain.ID, now time.Time) error
	Charter(ctx context.Context, community domain.ID, now time.Time) (Charter, error)
	// Rules reads both together, inside the caller's transaction. Error: NotFound.
	Rules(ctx context.Context, community domain.ID, now time.Time) (Community, Charter, error)
}
