// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what listings need kept. Every call runs inside InTx of the community.
type Store interface {
	Add(ctx context.Context, l Listing) error
	// Save changes a listing whose version is still l.Version, which it raises.
	// Error: StaleVersion.
	Save(ctx context.Context, l Listing) (Listing, error)
	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Listing, error)
	// Search finds listings of members in good standing.
	Search(ctx context.Context, community domain.ID, filter Filter, order Order, page domain.Page) (domain.Slice[Listing], error)
	Count(ctx context.Context, community domain.ID, filter Filter) (int, error)
	// Due are published listings whose time has passed, oldest first.
	Due(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Listing, error)
	// Of are a member's listings that are not archived.
	Of(ctx context.Context, community, member domain.ID) ([]Listing, error)

	AddReview(ctx context.Context, r Review) error
	Reviews(ctx context.Context, community domain.ID, ids []domain.ID) ([]Review, error)
	// ReviewsOf are the steps of some listings' reviews, oldest first; of one owner's
	// alone, unless that is Nowhere.
	ReviewsOf(ctx context.Context, community domain.ID, listings []domain.ID, owner domain.ID) ([]Review, error)
}
