// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// reachingSQL says whether one of the two of the block b holds a role now, at $3, whose
// holders reach everybody; who is suspended keeps no role's power.
const reachingSQL = `EXISTS (
         SELECT FROM role_grant g
           JOIN member h ON h.community_id = g.community_id AND h.id = g.member_id AND h.participation <> 'SUSPENDED'
          WHERE g.community_id = b.community_id AND g.member_id IN (b.member_id, b.blocked_id) AND g.role IN ('COORDINATOR', 'MODERATOR', 'TREASURER')
            AND g.revoked_at IS NULL AND g.from_at <= $3 AND (g.until_at IS NULL OR g.until_at > $3))`

// apartSQL lists, as a part of a statement about the member m at $3, those between
// whom and m a block stands: by the primary key in one direction, by
// member_block_blocked_idx in the other. Nobody's blocks are two looks into an index.
const apartSQL = `
       SELECT b.blocked_id FROM member_block b WHERE b.community_id = m.community_id AND b.member_id = m.id AND NOT ` + reachingSQL + `
        UNION ALL
       SELECT b.member_id FROM member_block b WHERE b.community_id = m.community_id AND b.blocked_id = m.id AND NOT ` + reachingSQL

// ApartFrom implements membership.Store.
func (MemberStore) ApartFrom(ctx context.Context, community, member domain.ID) ([]domain.ID, error) {
	var apart []domain.ID
	err := query(ctx).QueryRow(ctx, `
		SELECT ARRAY(`+apartSQL+`)
		  FROM member m
		 WHERE m.community_id = $1 AND m.id = $2`, community, member, current(ctx).now).Scan(&apart)
	return apart, translate(err)
}

// AddBlock implements membership.Store.
func (MemberStore) AddBlock(ctx context.Context, b membership.Block) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO member_block (community_id, member_id, blocked_id, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		b.Community, b.Member, b.Blocked, b.Since)
	return err
}

// EndBlock implements membership.Store.
func (MemberStore) EndBlock(ctx context.Context, community, member, blocked domain.ID) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		DELETE FROM member_block WHERE community_id = $1 AND member_id = $2 AND blocked_id = $3`, community, member, blocked)
	return tag.RowsAffected() > 0, err
}

// BlocksBy implements membership.Store.
func (MemberStore) BlocksBy(ctx context.Context, community, member domain.ID) ([]membership.Block, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT b.community_id, b.member_id, b.blocked_id, b.since, `+reachingSQL+` AS resting
		  FROM member_block b
		 WHERE b.community_id = $1 AND b.member_id = $2
		 ORDER BY b.since DESC, b.blocked_id`, community, member, current(ctx).now)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (membership.Block, error) {
		var b membership.Block
		var since time.Time
		err := row.Scan(&b.Community, &b.Member, &b.Blocked, &since, &b.Resting)
		b.Since = since.UTC()
		return b, err
	})
}
