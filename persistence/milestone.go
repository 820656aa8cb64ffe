// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/recognition"
)

type milestoneRow struct {
	CommunityID, ID, MemberID domain.ID
	Reached                   string
	Hidden                    bool
	CreatedAt                 time.Time
}

const milestoneSQL = `SELECT community_id, id, member_id, reached, hidden, created_at FROM milestone`

func (r milestoneRow) value() recognition.Milestone {
	return recognition.Milestone{
		Given:   recognition.Given{Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Hidden: r.Hidden, At: r.CreatedAt.UTC()},
		Reached: recognition.Reached(r.Reached),
	}
}

// exchangedSQL counts a member's confirmed exchanges with other households, by
// exchange_provider_idx and exchange_receiver_idx.
const exchangedSQL = `
SELECT count(*) FILTER (WHERE x.provider_id = $2),
       count(DISTINCT CASE x.provider_id WHEN $2 THEN x.receiver_id ELSE x.provider_id END)
  FROM exchange x
 WHERE x.community_id = $1 AND x.state = 'CONFIRMED' AND (x.provider_id = $2 OR x.receiver_id = $2)
   AND NOT EXISTS (SELECT FROM household a
                     JOIN household b ON b.community_id = $1 AND b.household_id = a.household_id
                    WHERE a.community_id = $1 AND a.member_id = x.provider_id AND b.member_id = x.receiver_id)`

// Exchanged implements recognition.Store.
func (RecognitionStore) Exchanged(ctx context.Context, community, member domain.ID) (gave, partners int, err error) {
	err = query(ctx).QueryRow(ctx, exchangedSQL, community, member).Scan(&gave, &partners)
	return gave, partners, err
}

// AddMilestone implements recognition.Store.
func (RecognitionStore) AddMilestone(ctx context.Context, m recognition.Milestone) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO milestone (community_id, id, member_id, reached, hidden, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (community_id, member_id, reached) DO NOTHING`,
		m.Community, m.ID, m.Member, string(m.Reached), m.Hidden, m.At)
	return tag.RowsAffected() == 1, err
}

// Anniversaries implements recognition.Store, by member_admitted_idx and milestone_once.
func (RecognitionStore) Anniversaries(ctx context.Context, community domain.ID, admitted time.Time, limit int) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT m.id
		  FROM member m
		 WHERE m.community_id = $1 AND m.admitted_at <= $2 AND m.participation <> 'LEFT'
		   AND NOT EXISTS (SELECT FROM milestone s WHERE s.community_id = $1 AND s.member_id = m.id AND s.reached = 'A_YEAR')
		 ORDER BY m.admitted_at
		 LIMIT $3`, community, admitted, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Milestones implements recognition.Store.
func (RecognitionStore) Milestones(ctx context.Context, community domain.ID, ids []domain.ID) ([]recognition.Milestone, error) {
	found, err := query(ctx).Query(ctx, milestoneSQL+byIDsSQL, community, ids)
	return collect(found, err, milestoneRow.value)
}

// MilestonesOf implements recognition.Store, by milestone_once.
func (RecognitionStore) MilestonesOf(ctx context.Context, look recognition.Look) ([]recognition.Milestone, error) {
	found, err := query(ctx).Query(ctx, milestoneSQL+`
		 WHERE community_id = $1 AND member_id = $2 AND ($3 = member_id OR NOT hidden)
		 ORDER BY created_at, reached`, look.Community, look.Member, look.Viewer)
	return collect(found, err, milestoneRow.value)
}
