// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
)

// Household implements membership.Store, by household_idx.
func (MemberStore) Household(ctx context.Context, community, member domain.ID) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT h.member_id
		  FROM household h
		 WHERE h.community_id = $1
		   AND h.household_id = (SELECT o.household_id FROM household o WHERE o.community_id = $1 AND o.member_id = $2)
		 ORDER BY h.member_id`, community, member)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Together implements ledger.Store, by household_idx.
func (LedgerStore) Together(ctx context.Context, community, one, other domain.ID) (together bool, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM household a JOIN household b ON b.community_id = a.community_id AND b.household_id = a.household_id
		                WHERE a.community_id = $1 AND a.member_id = $2 AND b.member_id = $3)`, community, one, other).Scan(&together)
	return together, err
}

// NoteHousehold implements membership.Store.
func (MemberStore) NoteHousehold(ctx context.Context, community, household domain.ID, members []domain.ID, at time.Time) error {
	for _, member := range members { // a handful
		_, err := query(ctx).Exec(ctx, `
			INSERT INTO household (community_id, member_id, household_id, since) VALUES ($1, $2, $3, $4)
			ON CONFLICT (community_id, member_id) DO UPDATE SET household_id = EXCLUDED.household_id, since = EXCLUDED.since`,
			community, member, household, at)
		if err != nil {
			return err
		}
	}
	return nil
}
