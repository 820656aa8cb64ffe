// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
)

// TakeCycle implements reinvestment.Store.
func (ReinvestmentStore) TakeCycle(ctx context.Context, community, id domain.ID) error {
	err := query(ctx).QueryRow(ctx, `SELECT 1 FROM cycle WHERE community_id = $1 AND id = $2 FOR NO KEY UPDATE`, community, id).Scan(new(int))
	if errors.Is(err, pgx.ErrNoRows) {
		return domain.NewError(domain.NotFound, "cycleId")
	}
	return err
}

// HoldCycle implements reinvestment.Store.
func (ReinvestmentStore) HoldCycle(ctx context.Context, community, id domain.ID) error {
	err := query(ctx).QueryRow(ctx, `SELECT 1 FROM cycle WHERE community_id = $1 AND id = $2 FOR SHARE`, community, id).Scan(new(int))
	if errors.Is(err, pgx.ErrNoRows) {
		return domain.NewError(domain.NotFound, "cycleId")
	}
	return err
}

// PayInFull implements reinvestment.Store.
func (ReinvestmentStore) PayInFull(ctx context.Context, community domain.ID, projects []domain.ID) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE project SET paid = granted, version = version + 1
		 WHERE community_id = $1 AND id = ANY ($2)`, community, projects)
	return err
}

// QueueDraws implements reinvestment.Store. It is taken after a cycle's row, and
// nothing that others wait for is taken after it but the journal's head.
func (ReinvestmentStore) QueueDraws(ctx context.Context, community domain.ID) error {
	_, err := query(ctx).Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('solidarity draw/' || $1::text, 0))`, community)
	return err
}

// Drawn implements reinvestment.Store, by project_draw_idx.
func (ReinvestmentStore) Drawn(ctx context.Context, community domain.ID, owners []domain.ID, without domain.ID, after time.Time) (map[domain.ID]domain.Minutes, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT p.owner_id, sum(CASE WHEN c.state IN ('TALLIED', 'CHALLENGE') THEN p.granted ELSE p.paid END)::bigint
		  FROM project p
		  JOIN cycle c ON c.community_id = p.community_id AND c.id = p.cycle_id
		 WHERE p.community_id = $1 AND p.confidential AND p.owner_id = ANY ($2) AND p.granted > 0
		   AND c.id <> $3 AND c.state <> 'CANCELLED' AND (c.calendar ->> 'tallyAt')::timestamptz > $4
		 GROUP BY p.owner_id`, community, owners, without, after)
	if err != nil {
		return nil, err
	}
	drawn := map[domain.ID]domain.Minutes{}
	var owner domain.ID
	var minutes int64
	_, err = pgx.ForEachRow(found, []any{&owner, &minutes}, func() error {
		drawn[owner] = domain.Minutes(minutes)
		return nil
	})
	return drawn, err
}
