// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/recognition"
)

// Flows implements recognition.Store.
func (RecognitionStore) Flows(ctx context.Context, community domain.ID, since time.Time) ([]recognition.Flow, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT giver_id, member_id, count(*)
		  FROM (SELECT giver_id, member_id FROM thanks WHERE community_id = $1 AND created_at >= $2
		        UNION ALL
		        SELECT giver_id, member_id FROM star WHERE community_id = $1 AND created_at >= $2
		        UNION ALL
		        SELECT giver_id, member_id FROM endorsement WHERE community_id = $1 AND created_at >= $2) given
		 GROUP BY giver_id, member_id`, community, since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[recognition.Flow])
}

// Spread implements recognition.Store.
func (RecognitionStore) Spread(ctx context.Context, community domain.ID, from, until time.Time) (recognition.Spread, error) {
	var s recognition.Spread
	err := query(ctx).QueryRow(ctx, `
		WITH given AS (
		  SELECT 'THANKS' AS kind, giver_id, member_id FROM thanks WHERE community_id = $1 AND created_at >= $2 AND created_at < $3
		  UNION ALL
		  SELECT 'STAR', giver_id, member_id FROM star WHERE community_id = $1 AND created_at >= $2 AND created_at < $3
		), each AS (
		  SELECT kind, member_id, count(*) AS n FROM given GROUP BY kind, member_id
		)
		SELECT coalesce((SELECT array_agg(n) FROM each WHERE kind = 'THANKS'), '{}'),
		       coalesce((SELECT array_agg(n) FROM each WHERE kind = 'STAR'), '{}'),
		       (SELECT count(DISTINCT giver_id) FROM given),
		       (SELECT count(DISTINCT member_id) FROM given)`, community, from, until).Scan(&s.Thanks, &s.Stars, &s.Givers, &s.Members)
	return s, err
}
