// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// NoteBulk implements membership.Store, by the primary key. Inserting first makes a
// second call wait for the first one to commit or fail.
func (MemberStore) NoteBulk(ctx context.Context, community, run domain.ID, o membership.BulkOutcome, at time.Time) (*membership.BulkOutcome, error) {
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO bulk_outcome (community_id, run_id, member_id, code, state, noted_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, community, run, o.Member, string(o.Code), o.State, at)
	if err != nil || tag.RowsAffected() == 1 {
		return nil, err
	}
	known := membership.BulkOutcome{Member: o.Member}
	err = query(ctx).QueryRow(ctx, `
		SELECT code, state
		  FROM bulk_outcome
		 WHERE community_id = $1 AND run_id = $2 AND member_id = $3`, community, run, o.Member).Scan(&known.Code, &known.State)
	return &known, err
}
