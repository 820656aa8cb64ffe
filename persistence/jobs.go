// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// JobStore keeps what the program's own work needs to know from one run to the
// next. Calls run inside InTx of the community they name.
type JobStore struct{}

var _ domain.Periods = JobStore{}

// Communities lists every community, for work that goes round them all. It runs
// inside InPlatform.
func (JobStore) Communities(ctx context.Context) ([]community.Community, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+communityColumns+` FROM community ORDER BY id`)
	return collect(found, err, communityRow.value)
}

// Done implements domain.Periods.
func (JobStore) Done(ctx context.Context, community domain.ID, job, period string) (bool, error) {
	var done bool
	err := query(ctx).QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM job_period WHERE community_id = $1 AND job = $2 AND period = $3)`,
		community, job, period).Scan(&done)
	return done, err
}

// Keep implements domain.Periods.
func (JobStore) Keep(ctx context.Context, community domain.ID, job, period string, at time.Time, result any) (bool, error) {
	body, err := json.Marshal(result)
	if err != nil {
		return false, fmt.Errorf("encode the result of %s: %w", job, err)
	}
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO job_period (community_id, job, period, done_at, result)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, community, job, period, at, body)
	if err != nil {
		return false, err
	}
	return tag.RowsAffected() == 1, nil
}

type periodicRow struct {
	What, Period string
	At           time.Time
}

func (r periodicRow) value() domain.Periodic {
	return domain.Periodic{What: r.What, Period: r.Period, At: r.At.UTC()}
}

// Coming lists the cycles, the plans and the hours of whom nobody hears that are due next,
// by their indexes.
func (JobStore) Coming(ctx context.Context, community domain.ID, limit int) ([]domain.Periodic, error) {
	found, err := query(ctx).Query(ctx, `
		(SELECT 'cycle/' || id AS what,
		        title || CASE WHEN state = 'CHALLENGE' AND NOT coalesce((
		          SELECT a.same FROM allocation_contest a WHERE (a.community_id, a.cycle_id) = (c.community_id, c.id) ORDER BY a.at DESC, a.id DESC LIMIT 1), true)
		        THEN ': payouts held, the last count came out otherwise' ELSE '' END AS period, next_at AS at
		   FROM cycle c WHERE community_id = $1 AND next_at IS NOT NULL ORDER BY next_at LIMIT $2)
		UNION ALL
		(SELECT 'plan/' || id, title, next_at FROM plan WHERE community_id = $1 AND next_at IS NOT NULL ORDER BY next_at LIMIT $2)
		UNION ALL
		(SELECT 'dormant/' || id, state, next_at FROM dormant WHERE community_id = $1 AND next_at IS NOT NULL ORDER BY next_at LIMIT $2)
		ORDER BY at LIMIT $2`, community, limit)
	return collect(found, err, periodicRow.value)
}

// Kept lists what was done for which period, the latest first.
func (JobStore) Kept(ctx context.Context, community domain.ID, limit int) ([]domain.Periodic, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT job AS what, period, done_at AS at FROM job_period WHERE community_id = $1 ORDER BY done_at DESC, job, period LIMIT $2`, community, limit)
	return collect(found, err, periodicRow.value)
}

// ForgetKeys removes the notes of idempotency keys made before a time, by
// idempotency_age_idx, and what became of many members under them, by
// bulk_outcome_age_idx.
func (JobStore) ForgetKeys(ctx context.Context, community domain.ID, before time.Time) error {
	_, err := query(ctx).Exec(ctx, `DELETE FROM idempotency WHERE community_id = $1 AND created_at < $2`, community, before)
	if err == nil {
		_, err = query(ctx).Exec(ctx, `DELETE FROM bulk_outcome WHERE community_id = $1 AND noted_at < $2`, community, before)
	}
	return err
}
