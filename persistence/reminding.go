// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// RemindCycle implements reinvestment.Store.
func (ReinvestmentStore) RemindCycle(ctx context.Context, c reinvestment.Cycle) error {
	done, err := query(ctx).Exec(ctx, `
		UPDATE cycle SET reminded = $4, next_at = $5
		 WHERE community_id = $1 AND id = $2 AND version = $3 AND reminded <> $4`,
		c.Community, c.ID, c.Version, string(c.Reminded), nextOf(c))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "cycleId")
	}
	return err
}

// present are the members of whom somebody may wait for something.
const present = `m.community_id = $1 AND m.admitted_at IS NOT NULL AND m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK')`

// WithoutProject implements reinvestment.Store.
func (ReinvestmentStore) WithoutProject(ctx context.Context, community, cycle domain.ID) ([]domain.ID, error) {
	return members(query(ctx).Query(ctx, `
		SELECT m.id FROM member m
		 WHERE `+present+`
		   AND NOT EXISTS (SELECT FROM project p WHERE p.community_id = $1 AND p.cycle_id = $2 AND p.owner_id = m.id AND p.stage <> 'WITHDRAWN')
		 ORDER BY m.id`, community, cycle))
}

// WithoutBallot implements reinvestment.Store.
func (ReinvestmentStore) WithoutBallot(ctx context.Context, c reinvestment.Cycle) ([]domain.ID, error) {
	return members(query(ctx).Query(ctx, `
		SELECT m.id FROM member m
		 WHERE `+present+`
		   AND NOT EXISTS (SELECT FROM minor n WHERE n.community_id = $1 AND n.member_id = m.id)
		   AND NOT EXISTS (SELECT FROM budget_ballot b WHERE b.community_id = $1 AND b.cycle_id = $2 AND b.member_id = m.id)
		   AND CASE WHEN $3 THEN EXISTS (SELECT FROM project p WHERE p.community_id = $1 AND p.cycle_id = $2 AND p.owner_id = m.id AND p.stage = 'ELIGIBLE')
		       ELSE EXISTS (SELECT FROM cycle_seat s WHERE s.community_id = $1 AND s.cycle_id = $2 AND s.member_id = m.id)
		         OR EXISTS (SELECT FROM cycle c WHERE `+unseated+` AND m.admitted_at <= (c.calendar ->> 'votingAt')::timestamptz) END
		 ORDER BY m.id`, c.Community, c.ID, c.Method == allocation.PeerEpoch))
}

// WithUnclaimed implements reinvestment.Store, by claim_project_idx.
func (ReinvestmentStore) WithUnclaimed(ctx context.Context, community, cycle domain.ID) ([]domain.ID, error) {
	return members(query(ctx).Query(ctx, `
		SELECT DISTINCT p.owner_id
		  FROM project p
		 WHERE p.community_id = $1 AND p.cycle_id = $2 AND p.stage = 'FUNDED'
		   AND p.granted > (SELECT coalesce(sum(c.minutes), 0) FROM claim c WHERE c.community_id = $1 AND c.project_id = p.id AND c.stage <> 'DECLINED')
		 ORDER BY p.owner_id`, community, cycle))
}

func members(found pgx.Rows, err error) ([]domain.ID, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}
