// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/listing"
)

type reviewRow struct {
	CommunityID, ID, ListingID domain.ID
	Step                       string
	ByID                       domain.ID
	Reason, Title, Description string
	CreatedAt                  time.Time
}

const reviewSQL = `SELECT community_id, id, listing_id, step, by_id, reason, title, description, created_at FROM listing_review`

func (r reviewRow) value() listing.Review {
	return listing.Review{
		Community: r.CommunityID, ID: r.ID, Listing: r.ListingID, Step: listing.ReviewStep(r.Step), By: r.ByID, Reason: r.Reason,
		Title: r.Title, Description: r.Description, At: r.CreatedAt.UTC(),
	}
}

// AddReview implements listing.Store.
func (ListingStore) AddReview(ctx context.Context, r listing.Review) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO listing_review (community_id, id, listing_id, step, by_id, reason, title, description, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Community, r.ID, r.Listing, string(r.Step), r.By, r.Reason, r.Title, r.Description, r.At)
	return err
}

// Reviews implements listing.Store.
func (ListingStore) Reviews(ctx context.Context, community domain.ID, ids []domain.ID) ([]listing.Review, error) {
	found, err := query(ctx).Query(ctx, reviewSQL+byIDsSQL, community, ids)
	return collect(found, err, reviewRow.value)
}

// ReviewsOf implements listing.Store, by listing_review_idx.
func (ListingStore) ReviewsOf(ctx context.Context, community domain.ID, listings []domain.ID, owner domain.ID) ([]listing.Review, error) {
	found, err := query(ctx).Query(ctx, reviewSQL+`
		 WHERE community_id = $1 AND listing_id = ANY ($2)
		   AND ($3::uuid IS NULL OR listing_id IN (SELECT l.id FROM listing l WHERE l.community_id = $1 AND l.id = ANY ($2) AND l.member_id = $3))
		 ORDER BY created_at, id`, community, listings, optional(owner))
	return collect(found, err, reviewRow.value)
}
