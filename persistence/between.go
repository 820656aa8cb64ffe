// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// OpenMirror implements ledger.PairStore.
func (LedgerStore) OpenMirror(ctx context.Context, m ledger.MirrorAccount) (account domain.ID, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT ledger.open_mirror($1, $2, $3, $4, $5, $6)`,
		m.Community, m.Account, m.Partner, floorOf(m.Limits), m.Limits.WeMayOwe, m.OpenedAt).Scan(&account)
	return account, translate(err)
}

// LimitMirror implements ledger.PairStore.
func (LedgerStore) LimitMirror(ctx context.Context, c ledger.MirrorChange) error {
	_, err := query(ctx).Exec(ctx, `SELECT ledger.limit_mirror($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.Community, c.ID, c.Partner, floorOf(c.Limits), c.Limits.WeMayOwe, c.Reason, c.Actor, c.At)
	return translate(err)
}

// floorOf is where a partner who receives more than it gives is stopped.
func floorOf(l ledger.Bilateral) *domain.Minutes {
	if l.TheyMayOwe == nil {
		return nil
	}
	return new(-*l.TheyMayOwe)
}

// Mirrors implements ledger.PairStore, by account_partner_key.
func (LedgerStore) Mirrors(ctx context.Context, community domain.ID, partners ...domain.ID) ([]ledger.MirrorAccount, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, partner_id, id, balance, seq, floor, cap, opened_at
		  FROM ledger.account
		 WHERE community_id = $1 AND partner_id IS NOT NULL AND ($2::uuid[] IS NULL OR partner_id = ANY ($2))
		 ORDER BY partner_id`, community, partners)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (ledger.MirrorAccount, error) {
		var m ledger.MirrorAccount
		var floor *domain.Minutes
		err := row.Scan(&m.Community, &m.Partner, &m.Account, &m.Balance, &m.Entries, &floor, &m.Limits.WeMayOwe, &m.OpenedAt)
		if floor != nil {
			m.Limits.TheyMayOwe = new(-*floor)
		}
		return m, err
	})
}

// KeepPair implements ledger.PairStore.
func (LedgerStore) KeepPair(ctx context.Context, p ledger.Pair) (kept bool, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT ledger.keep_pair($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		p.Community, p.ID, p.Partner, string(p.Side), string(p.State), p.Account, p.PartnerAccount,
		int64(p.Minutes), optional(p.Transfer), reasonOrNull(p), p.Actor, p.OpenedAt).Scan(&kept)
	return kept, translate(err)
}

// ClosePair implements ledger.PairStore.
func (LedgerStore) ClosePair(ctx context.Context, p ledger.Pair) (closed bool, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT ledger.close_pair($1, $2, $3, $4, $5, $6)`,
		p.Community, p.ID, string(p.State), optional(p.Undo), reasonOrNull(p), p.ClosedAt).Scan(&closed)
	return closed, translate(err)
}

func reasonOrNull(p ledger.Pair) *string {
	if p.Reason == "" {
		return nil
	}
	return new(string(p.Reason))
}

const pairColumns = `
SELECT community_id, id, partner_id, side, state, account_id, partner_account_id, minutes, transfer_id, undo_id, reason,
       actor_id, opened_at, closed_at
  FROM ledger.pair`

func pairs(ctx context.Context, where string, args ...any) ([]ledger.Pair, error) {
	found, err := query(ctx).Query(ctx, pairColumns+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (ledger.Pair, error) {
		var p ledger.Pair
		var transfer, undo *domain.ID
		var reason *ledger.PairReason
		var closed *time.Time
		err := row.Scan(&p.Community, &p.ID, &p.Partner, &p.Side, &p.State, &p.Account, &p.PartnerAccount, &p.Minutes,
			&transfer, &undo, &reason, &p.Actor, &p.OpenedAt, &closed)
		p.Transfer, p.Undo, p.OpenedAt, p.ClosedAt = orNowhere(transfer), orNowhere(undo), p.OpenedAt.UTC(), moment(closed)
		if reason != nil {
			p.Reason = *reason
		}
		return p, err
	})
}

// Pairs implements ledger.PairStore.
func (LedgerStore) Pairs(ctx context.Context, community domain.ID, ids []domain.ID) ([]ledger.Pair, error) {
	return pairs(ctx, ` WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
}

// OpenPairs implements ledger.PairStore, by pair_open_idx.
func (LedgerStore) OpenPairs(ctx context.Context, community domain.ID, before time.Time, after ledger.Pair, limit int) ([]ledger.Pair, error) {
	return pairs(ctx, `
		 WHERE community_id = $1 AND state = 'OPEN' AND opened_at <= $2 AND (opened_at, id) > ($3, $4)
		 ORDER BY opened_at, id
		 LIMIT $5`, community, before, after.OpenedAt, after.ID, limit)
}

// PairsWith implements ledger.PairStore, by pair_partner_idx.
func (LedgerStore) PairsWith(ctx context.Context, community, partner, after domain.ID, limit int) ([]ledger.Pair, error) {
	return pairs(ctx, `
		 WHERE community_id = $1 AND partner_id = $2 AND id > $3
		 ORDER BY id
		 LIMIT $4`, community, partner, after, limit)
}

// Reflect implements ledger.PairStore: several statements, one snapshot.
func (s LedgerStore) Reflect(ctx context.Context, community, partner domain.ID, ids []domain.ID) (ledger.Reflection, error) {
	var r ledger.Reflection
	if _, err := query(ctx).Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
		return r, err
	}
	mirrors, err := s.Mirrors(ctx, community, partner)
	if err != nil {
		return r, err
	}
	if len(mirrors) == 1 {
		r.Mirror = mirrors[0]
	}
	r.Open, err = pairs(ctx, ` WHERE community_id = $1 AND partner_id = $2 AND state = 'OPEN' ORDER BY id`, community, partner)
	if err != nil {
		return r, err
	}
	r.Halves, err = s.Pairs(ctx, community, ids)
	return r, err
}

// pairChecks are bookChecks of hours between communities, as far as one
// community's books can tell; whether the partner's agree is MirrorsAgree's.
var pairChecks = []string{
	// Each half has the transfer that it names, and gave back what it says it gave back.
	`SELECT format('pair %s: %s, which its transfers do not show', p.id, p.state)
	   FROM ledger.pair p
	   LEFT JOIN ledger.account m ON m.community_id = p.community_id AND m.partner_id = p.partner_id
	   LEFT JOIN ledger.transfer t ON t.community_id = p.community_id AND t.id = p.transfer_id
	   LEFT JOIN ledger.transfer u ON u.community_id = p.community_id AND u.id = p.undo_id
	  WHERE p.community_id = $1
	    AND NOT (p.transfer_id IS NULL
	             OR coalesce(t.kind = 'INTERCOMMUNITY' AND t.minutes = p.minutes
	                         AND t.debit_id  = CASE p.side WHEN 'RECEIVER' THEN p.account_id ELSE m.id END
	                         AND t.credit_id = CASE p.side WHEN 'RECEIVER' THEN m.id ELSE p.account_id END
	                         AND (p.undo_id IS NULL OR (u.debit_id = m.id AND u.minutes = p.minutes)), false))`,
	// Nothing else moves a mirror.
	`SELECT format('account %s, entry %s: on a mirror, and of no pair', e.account_id, e.seq)
	   FROM ledger.account m
	   JOIN ledger.entry e ON e.community_id = m.community_id AND e.account_id = m.id
	   LEFT JOIN (SELECT transfer_id FROM ledger.pair WHERE community_id = $1
	              UNION ALL
	              SELECT undo_id FROM ledger.pair WHERE community_id = $1 AND undo_id IS NOT NULL) p ON p.transfer_id = e.transfer_id
	  WHERE m.community_id = $1 AND m.kind = 'MIRROR' AND p.transfer_id IS NULL`,
}
