// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/simulation"
)

// SimulationStore implements simulation.Store.
type SimulationStore struct{}

var _ simulation.Store = SimulationStore{}

// Still implements simulation.Store.
func (SimulationStore) Still(ctx context.Context) error { return ChangesStore{}.Still(ctx) }

// Accounts implements simulation.Store.
func (SimulationStore) Accounts(ctx context.Context, community domain.ID) ([]simulation.Account, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT id, kind::text, coalesce(purpose, ''), balance::bigint, floor, closed_at IS NULL
		  FROM ledger.account
		 WHERE community_id = $1`, community)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (a simulation.Account, err error) {
		var kind string
		err = row.Scan(&a.ID, &kind, &a.Purpose, &a.Balance, &a.Floor, &a.Open)
		a.Kind = ledger.AccountKind(kind)
		return a, err
	})
}

// Moves implements simulation.Store. It reads a community's transfers once through:
// there is no index on their time, which would cost every posting a write.
func (SimulationStore) Moves(ctx context.Context, community domain.ID, from time.Time) ([]simulation.Move, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT id, kind::text, minutes, debit_id, credit_id, exchange_id, reverses_id, at
		  FROM ledger.transfer
		 WHERE community_id = $1 AND at >= $2
		 ORDER BY at, id`, community, from)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (m simulation.Move, err error) {
		var kind string
		var exchange, reverses *domain.ID
		err = row.Scan(&m.ID, &kind, &m.Minutes, &m.Debit, &m.Credit, &exchange, &reverses, &m.At)
		m.Kind, m.Exchange, m.Reverses = ledger.TransferKind(kind), deref(exchange), deref(reverses)
		return m, err
	})
}

// Holdings implements simulation.Store.
func (SimulationStore) Holdings(ctx context.Context, community domain.ID, role domain.Role) ([]simulation.Holding, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT a.id AS account, g.role, g.from_at AS "from", least(g.until_at, g.revoked_at) AS until
		  FROM role_grant g
		  JOIN ledger.account a ON a.community_id = g.community_id AND a.owner_id = g.member_id
		 WHERE g.community_id = $1 AND g.role = $2
		 ORDER BY a.id, g.from_at`, community, string(role))
	type row struct {
		Account domain.ID
		Role    string
		From    time.Time
		Until   *time.Time
	}
	return collect(found, err, func(r row) simulation.Holding {
		return simulation.Holding{Account: r.Account, Role: domain.Role(r.Role), From: r.From.UTC(), Until: moment(r.Until)}
	})
}
