// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment"
)

// AddReservePlan implements reinvestment.Store, by plan_reserve_key.
func (ReinvestmentStore) AddReservePlan(ctx context.Context, p reinvestment.Plan) (bool, error) {
	done, err := query(ctx).Exec(ctx, `
		INSERT INTO plan (community_id, id, kind, title, from_id, to_id, minutes, kept, terms, first_on, rhythm, hour, next_at, made_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '{}', $7, $8, $9, $10, $11, $12)
		ON CONFLICT (community_id) WHERE kind = 'RESERVE' DO NOTHING`,
		p.Community, p.ID, string(p.Kind), p.Title, p.From, p.To, p.FirstOn, string(p.Rhythm), p.Hour, p.NextAt, p.MadeBy, p.CreatedAt)
	return done.RowsAffected() == 1, err
}

// HasReservePlan implements reinvestment.Store, by plan_reserve_key.
func (ReinvestmentStore) HasReservePlan(ctx context.Context, community domain.ID) (there bool, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT EXISTS (SELECT FROM plan WHERE community_id = $1 AND kind = 'RESERVE')`, community).Scan(&there)
	return there, err
}

// CameIn implements reinvestment.Store, by the keys of entry and transfer. What an
// undoing takes out of a pool is taken off in the month of the undoing.
func (ReinvestmentStore) CameIn(ctx context.Context, community domain.ID, pools []domain.ID, from, until time.Time) (map[domain.ID]domain.Minutes, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT e.account_id AS pool, sum(e.minutes)::bigint AS minutes
		  FROM ledger.entry e
		  JOIN ledger.transfer t ON t.community_id = e.community_id AND t.id = e.transfer_id
		  LEFT JOIN ledger.transfer u ON u.community_id = t.community_id AND u.id = t.reverses_id
		  JOIN ledger.account a ON a.community_id = t.community_id AND a.id = CASE WHEN u.id IS NULL THEN t.debit_id ELSE u.debit_id END
		 WHERE e.community_id = $1 AND e.account_id = ANY ($2) AND e.at >= $3 AND e.at < $4
		   AND CASE WHEN u.id IS NULL THEN t.credit_id ELSE u.credit_id END = e.account_id
		   AND a.kind NOT IN ('POOL', 'PROJECT', 'MIRROR')
		 GROUP BY e.account_id`, community, pools, from, until)
	sums, err := collect(found, err, func(r cameInRow) cameInRow { return r })
	came := make(map[domain.ID]domain.Minutes, len(sums))
	for _, sum := range sums {
		came[sum.Pool] = domain.Minutes(sum.Minutes)
	}
	return came, err
}

type cameInRow struct {
	Pool    domain.ID
	Minutes int64
}

// PositiveBalances implements reinvestment.Store.
func (ReinvestmentStore) PositiveBalances(ctx context.Context, community domain.ID) (sum domain.Minutes, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT coalesce(sum(balance), 0)::bigint FROM ledger.account WHERE community_id = $1 AND kind = 'MEMBER' AND balance > 0`, community).Scan(&sum)
	return sum, err
}

// KeepSponsor implements ledger.Store.
func (LedgerStore) KeepSponsor(ctx context.Context, s ledger.Sponsored) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO sponsored (community_id, transfer_id, sponsor) VALUES ($1, $2, $3)`, s.Community, s.Transfer, s.Sponsor)
	return err
}

// Sponsors implements ledger.Store, by the primary key.
func (LedgerStore) Sponsors(ctx context.Context, community domain.ID, transfers []domain.ID) ([]ledger.Sponsored, error) {
	found, err := query(ctx).Query(ctx, `SELECT community_id, transfer_id, sponsor FROM sponsored WHERE community_id = $1 AND transfer_id = ANY ($2)`, community, transfers)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[ledger.Sponsored])
}

// PoolSources implements reinvestment.Store, as PoolFlows does.
func (ReinvestmentStore) PoolSources(ctx context.Context, community, account domain.ID, from, until time.Time) ([]reinvestment.SourceFlow, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT CASE WHEN s.sponsor IS NOT NULL THEN 'SPONSOR'
		            WHEN t.kind IN ('REVERSAL', 'CORRECTION') THEN 'OTHER'
		            WHEN a.kind = 'PROJECT' THEN 'RETURN'
		            WHEN a.kind = 'POOL' THEN 'POOL'
		            WHEN a.kind = 'MIRROR' THEN 'COMMUNITY'
		            WHEN t.kind = 'LEVY' THEN 'LEVY'
		            WHEN t.kind = 'CLOSING' THEN 'LEAVER'
		            WHEN t.kind IN ('GIFT', 'GRANT', 'DUES') THEN 'GIFT'
		            ELSE 'OTHER' END AS source,
		       coalesce(s.sponsor, '') AS sponsor, sum(e.minutes)::bigint AS minutes, count(*) AS times
		  FROM ledger.entry e
		  JOIN ledger.transfer t ON t.community_id = e.community_id AND t.id = e.transfer_id
		  JOIN ledger.account a ON a.community_id = t.community_id AND a.id = t.debit_id
		  LEFT JOIN sponsored s ON s.community_id = t.community_id AND s.transfer_id = t.id
		 WHERE e.community_id = $1 AND e.account_id = $2 AND e.at >= $3 AND e.at < $4 AND e.minutes > 0
		 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`, community, account, from, until)
	return collect(found, err, sourceRow.value)
}

type sourceRow struct {
	Source, Sponsor string
	Minutes, Times  int64
}

func (r sourceRow) value() reinvestment.SourceFlow {
	return reinvestment.SourceFlow{Source: reinvestment.Source(r.Source), Sponsor: r.Sponsor, Minutes: domain.Minutes(r.Minutes), Times: r.Times}
}
