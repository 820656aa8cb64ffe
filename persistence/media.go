// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/media"
)

// MediaStore implements media.Store.
type MediaStore struct{}

var _ media.Store = MediaStore{}

type photoRow struct {
	CommunityID, ID, MemberID, PersonID domain.ID
	State, Type                         string
	Bytes                               int
	Address                             *string
	Alt                                 string
	Width, Height                       int
	Placeholder                         string
	ListingID, ClaimID                  *domain.ID
	ExpiresAt                           time.Time
	UnusedSince                         *time.Time
	CreatedAt                           time.Time
}

const photoColumns = `p.community_id, p.id, p.member_id, p.person_id, p.state, p.type, p.bytes, p.address, p.alt, p.width, p.height,
       p.placeholder, p.listing_id, p.claim_id, p.expires_at, p.unused_since, p.created_at`

func (r photoRow) value() media.Photo {
	return media.Photo{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Person: r.PersonID, State: media.State(r.State),
		Type: r.Type, Bytes: r.Bytes, Address: deref(r.Address), Alt: r.Alt, Width: r.Width, Height: r.Height,
		Placeholder: r.Placeholder, Listing: deref(r.ListingID), Claim: deref(r.ClaimID), ExpiresAt: r.ExpiresAt.UTC(),
		UnusedSince: moment(r.UnusedSince), CreatedAt: r.CreatedAt.UTC(),
	}
}

// Add implements media.Store.
func (MediaStore) Add(ctx context.Context, p media.Photo) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO photo (community_id, id, member_id, person_id, state, type, bytes, expires_at, unused_since, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.Community, p.ID, p.Member, p.Person, string(p.State), p.Type, p.Bytes, p.ExpiresAt, p.UnusedSince, p.CreatedAt)
	return err
}

// ByIDs implements media.Store.
func (MediaStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]media.Photo, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+photoColumns+` FROM photo p WHERE p.community_id = $1 AND p.id = ANY ($2)`, community, ids)
	return collect(found, err, photoRow.value)
}

// Of implements media.Store, by photo_listing_idx.
func (MediaStore) Of(ctx context.Context, community domain.ID, listings []domain.ID) ([]media.Photo, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+photoColumns+`
		  FROM photo p
		 WHERE p.community_id = $1 AND p.listing_id = ANY ($2)
		 ORDER BY p.listing_id, p.place`, community, listings)
	return collect(found, err, photoRow.value)
}

// Unused implements media.Store, by photo_unused_idx.
func (MediaStore) Unused(ctx context.Context, community, person domain.ID) (n int, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT count(*) FROM photo WHERE community_id = $1 AND person_id = $2 AND unused_since IS NOT NULL`, community, person).Scan(&n)
	return n, err
}

// Move implements media.Store.
func (MediaStore) Move(ctx context.Context, p media.Photo, from media.State) error {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE photo
		   SET state = $4, address = NULLIF($5, ''), alt = $6, width = $7, height = $8, placeholder = $9
		 WHERE community_id = $1 AND id = $2 AND state = $3`,
		p.Community, p.ID, string(from), string(p.State), p.Address, p.Alt, p.Width, p.Height, p.Placeholder)
	if err == nil && tag.RowsAffected() == 0 {
		err = domain.NewError(media.WrongState, "", "state", string(media.Claimed))
	}
	return err
}

// Show implements media.Store, by photo_listing_idx and the primary key.
func (MediaStore) Show(ctx context.Context, community, listing domain.ID, photos []domain.ID, now time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE photo
		   SET listing_id = NULL, place = NULL, unused_since = $4
		 WHERE community_id = $1 AND listing_id = $2 AND NOT id = ANY ($3)`, community, listing, photos, now)
	if err != nil || len(photos) == 0 {
		return err
	}
	tag, err := query(ctx).Exec(ctx, `
		UPDATE photo
		   SET listing_id = $2, place = array_position($3, id), unused_since = NULL
		 WHERE community_id = $1 AND id = ANY ($3) AND state = 'READY' AND claim_id IS NULL AND (listing_id IS NULL OR listing_id = $2)`, community, listing, photos)
	if err == nil && int(tag.RowsAffected()) < len(photos) {
		err = domain.NewError(media.InUse, "photoIds")
	}
	return err
}

// Prove implements media.Store, by the primary key.
func (MediaStore) Prove(ctx context.Context, community, claim domain.ID, photos []domain.ID) error {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE photo
		   SET claim_id = $2, place = array_position($3, id), unused_since = NULL
		 WHERE community_id = $1 AND id = ANY ($3) AND state = 'READY' AND listing_id IS NULL AND claim_id IS NULL`, community, claim, photos)
	if err == nil && int(tag.RowsAffected()) < len(photos) {
		err = domain.NewError(media.InUse, "photoIds")
	}
	return err
}

// ProofsOf implements media.Store, by photo_claim_idx.
func (MediaStore) ProofsOf(ctx context.Context, community domain.ID, claims []domain.ID) ([]media.Photo, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+photoColumns+`
		  FROM photo p
		 WHERE p.community_id = $1 AND p.claim_id = ANY ($2)
		 ORDER BY p.claim_id, p.place`, community, claims)
	return collect(found, err, photoRow.value)
}

// Doom implements media.Store, by photo_unused_idx.
func (MediaStore) Doom(ctx context.Context, community domain.ID, before time.Time, limit int) ([]media.Photo, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE photo p
		   SET state = 'ERASING'
		 WHERE p.community_id = $1 AND p.id IN (
		       SELECT id FROM photo WHERE community_id = $1 AND unused_since <= $2 ORDER BY unused_since LIMIT $3)
		   AND p.unused_since <= $2
		RETURNING `+photoColumns, community, before, limit)
	return collect(found, err, photoRow.value)
}

// Forget implements media.Store.
func (MediaStore) Forget(ctx context.Context, community, id domain.ID) error {
	_, err := query(ctx).Exec(ctx, `DELETE FROM photo WHERE community_id = $1 AND id = $2 AND state = 'ERASING'`, community, id)
	return err
}
