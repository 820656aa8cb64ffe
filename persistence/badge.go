// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/recognition"
)

type badgeRow struct {
	CommunityID, ID   domain.ID
	Name, Description string
	Version           int
	Criteria          string
	ValidDays         int
	CreatedAt         time.Time
}

func (r badgeRow) value() recognition.Badge {
	return recognition.Badge{
		Community: r.CommunityID, ID: r.ID, Name: r.Name, Description: r.Description,
		Version: r.Version, Criteria: r.Criteria, ValidDays: r.ValidDays, CreatedAt: r.CreatedAt.UTC(),
	}
}

type issuedBadgeRow struct {
	givenRow
	BadgeID           domain.ID
	Name, Description string
	Version           int
	Criteria          string
	ValidDays         int
	DefinedAt         time.Time
	Evidence          string
	StatusIndex       int
	ExpiresAt         *time.Time
	RevokedAt         *time.Time
	RevokedBy         *domain.ID
	RevokeReason      string
}

func (r issuedBadgeRow) value() recognition.IssuedBadge {
	return recognition.IssuedBadge{
		Given:    r.givenRow.value(),
		Badge:    badgeRow{r.CommunityID, r.BadgeID, r.Name, r.Description, r.Version, r.Criteria, r.ValidDays, r.DefinedAt}.value(),
		Evidence: r.Evidence, Index: r.StatusIndex, ExpiresAt: moment(r.ExpiresAt),
		RevokedAt: moment(r.RevokedAt), RevokedBy: orNowhere(r.RevokedBy), Reason: r.RevokeReason,
	}
}

const (
	badgeSQL = `
		SELECT b.community_id, b.id, b.name, b.description, b.version, c.criteria, c.valid_days, b.created_at
		  FROM badge b
		  JOIN badge_criteria c ON c.community_id = b.community_id AND c.badge_id = b.id AND c.version = b.version
		 WHERE b.community_id = $1`
	issuedBadgeSQL = `
		SELECT i.community_id, i.id, i.giver_id, i.member_id, i.hidden, i.created_at, i.badge_id, b.name, b.description, i.version,
		       c.criteria, c.valid_days, b.created_at AS defined_at, i.evidence, i.status_index, i.expires_at, i.revoked_at, i.revoked_by, i.revoke_reason
		  FROM issued_badge i
		  JOIN badge b ON b.community_id = i.community_id AND b.id = i.badge_id
		  JOIN badge_criteria c ON c.community_id = i.community_id AND c.badge_id = i.badge_id AND c.version = i.version
		 WHERE i.community_id = $1`
)

// AddBadge implements recognition.Store.
func (RecognitionStore) AddBadge(ctx context.Context, b recognition.Badge, by domain.ID) error {
	if _, err := query(ctx).Exec(ctx, `
		INSERT INTO badge (community_id, id, name, description, version, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		b.Community, b.ID, b.Name, b.Description, b.Version, b.CreatedAt); err != nil {
		return err
	}
	return addCriteria(ctx, b, by, b.CreatedAt)
}

func addCriteria(ctx context.Context, b recognition.Badge, by domain.ID, now time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO badge_criteria (community_id, badge_id, version, criteria, valid_days, written_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		b.Community, b.ID, b.Version, b.Criteria, b.ValidDays, by, now)
	return err
}

// ReviseBadge implements recognition.Store.
func (RecognitionStore) ReviseBadge(ctx context.Context, b recognition.Badge, by domain.ID, now time.Time) error {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE badge SET version = $3 WHERE community_id = $1 AND id = $2 AND version = $3 - 1`, b.Community, b.ID, b.Version)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return domain.NewError(domain.StaleVersion, "version")
	}
	return addCriteria(ctx, b, by, now)
}

// Badges implements recognition.Store.
func (RecognitionStore) Badges(ctx context.Context, community domain.ID, ids []domain.ID) ([]recognition.Badge, error) {
	found, err := query(ctx).Query(ctx, badgeSQL+` AND b.id = ANY ($2)`, community, ids)
	return collect(found, err, badgeRow.value)
}

// AllBadges implements recognition.Store.
func (RecognitionStore) AllBadges(ctx context.Context, community domain.ID) ([]recognition.Badge, error) {
	found, err := query(ctx).Query(ctx, badgeSQL+` ORDER BY b.name, b.id`, community)
	return collect(found, err, badgeRow.value)
}

// NextIndex implements recognition.Store: whoever issues takes the community's
// badges, the oldest first.
func (RecognitionStore) NextIndex(ctx context.Context, community domain.ID) (int, error) {
	if _, err := query(ctx).Exec(ctx, `SELECT FROM badge WHERE community_id = $1 ORDER BY id FOR NO KEY UPDATE`, community); err != nil {
		return 0, err
	}
	var next int
	err := query(ctx).QueryRow(ctx, `SELECT coalesce(max(status_index) + 1, 0) FROM issued_badge WHERE community_id = $1`, community).Scan(&next)
	return next, err
}

// AddIssuedBadge implements recognition.Store.
func (RecognitionStore) AddIssuedBadge(ctx context.Context, b recognition.IssuedBadge) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO issued_badge (`+givenColumns+`, badge_id, version, evidence, status_index, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		b.Community, b.ID, b.Giver, b.Member, b.Hidden, b.At, b.Badge.ID, b.Badge.Version, b.Evidence, b.Index, orNil(b.ExpiresAt))
	return err
}

// RevokeBadge implements recognition.Store.
func (RecognitionStore) RevokeBadge(ctx context.Context, b recognition.IssuedBadge) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE issued_badge SET revoked_at = $3, revoked_by = $4, revoke_reason = $5
		 WHERE community_id = $1 AND id = $2 AND revoked_at IS NULL`, b.Community, b.ID, b.RevokedAt, b.RevokedBy, b.Reason)
	return tag.RowsAffected() == 1, err
}

// IssuedBadges implements recognition.Store.
func (RecognitionStore) IssuedBadges(ctx context.Context, community domain.ID, ids []domain.ID) ([]recognition.IssuedBadge, error) {
	found, err := query(ctx).Query(ctx, issuedBadgeSQL+` AND i.id = ANY ($2)`, community, ids)
	return collect(found, err, issuedBadgeRow.value)
}

// BadgesOf implements recognition.Store, by issued_badge_member_idx.
func (RecognitionStore) BadgesOf(ctx context.Context, look recognition.Look) ([]recognition.IssuedBadge, error) {
	found, err := query(ctx).Query(ctx, issuedBadgeSQL+`
		   AND i.member_id = $2 AND ($3::uuid IN (i.member_id, i.giver_id) OR (NOT i.hidden AND i.revoked_at IS NULL))
		 ORDER BY i.created_at DESC, i.id DESC`, look.Community, look.Member, look.Viewer)
	return collect(found, err, issuedBadgeRow.value)
}

// Revoked implements recognition.Store, by issued_badge_status_key.
func (RecognitionStore) Revoked(ctx context.Context, community domain.ID) (bits []int, length int, err error) {
	found, err := query(ctx).Query(ctx, `
		SELECT status_index FROM issued_badge WHERE community_id = $1 AND revoked_at IS NOT NULL ORDER BY status_index`, community)
	if err != nil {
		return nil, 0, err
	}
	if bits, err = pgx.CollectRows(found, pgx.RowTo[int]); err != nil {
		return nil, 0, err
	}
	err = query(ctx).QueryRow(ctx, `SELECT coalesce(max(status_index) + 1, 0) FROM issued_badge WHERE community_id = $1`, community).Scan(&length)
	return bits, length, err
}
