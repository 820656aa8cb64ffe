// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// LedgerStore implements ledger.Store on the ledger's own functions.
type LedgerStore struct{}

var _ ledger.Store = LedgerStore{}

// optional stores Nowhere as NULL.
func optional(id domain.ID) *domain.ID {
	if id == domain.Nowhere {
		return nil
	}
	return &id
}

// orNowhere reads NULL as Nowhere.
func orNowhere(id *domain.ID) domain.ID {
	if id == nil {
		return domain.Nowhere
	}
	return *id
}

// moment reads NULL as the zero time.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// OpenAccount implements ledger.Store.
func (LedgerStore) OpenAccount(ctx context.Context, a ledger.Account) error {
	var purpose *string
	if a.Purpose != "" {
		purpose = &a.Purpose
	}
	_, err := query(ctx).Exec(ctx, `SELECT ledger.open_account($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.Community, a.ID, string(a.Kind), optional(a.Owner), purpose,
		a.Limits.Floor, a.Limits.SoftFloor, a.Limits.Ceiling, a.OpenedAt)
	return err
}

// QueueEarmarks implements ledger.Store. A unique index over small letters would refuse
// the same, and fail where two pools were opened in different capitals before.
func (LedgerStore) QueueEarmarks(ctx context.Context, community domain.ID) error {
	_, err := query(ctx).Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('earmark/' || $1::text, 0))`, community)
	return err
}

// CloseAccount implements ledger.Store.
func (LedgerStore) CloseAccount(ctx context.Context, community, id domain.ID, at time.Time) error {
	_, err := query(ctx).Exec(ctx, `SELECT ledger.close_account($1, $2, $3)`, community, id, at)
	return err
}

// SetLimits implements ledger.Store.
func (LedgerStore) SetLimits(ctx context.Context, c ledger.LimitChange) error {
	_, err := query(ctx).Exec(ctx, `SELECT ledger.set_limits($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.Community, c.ID, c.Account, c.Limits.Floor, c.Limits.SoftFloor, c.Limits.Ceiling, c.Reason, c.Actor, c.At)
	return err
}

const postSQL = `
SELECT posting_id, replayed, crossed, low, high
  FROM ledger.%s($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`

var (
	postAlone    = fmt.Sprintf(postSQL, "post")
	postCrossing = fmt.Sprintf(postSQL, "post_crossing") // which alone may move a mirror
)

// Post implements ledger.Store: one round trip for the legs, their entries,
// the balances, the holds and the events.
func (LedgerStore) Post(ctx context.Context, p ledger.Posting) (ledger.Posted, error) {
	t := current(ctx)
	posting := domain.NewID()
	n := len(p.Legs)
	ids, kinds, minutes := make([]domain.ID, n), make([]string, n), make([]int64, n)
	debits, credits := make([]domain.ID, n), make([]domain.ID, n)
	exchanges, reverses := make([]*domain.ID, n), make([]*domain.ID, n)
	for i, leg := range p.Legs {
		ids[i], kinds[i], minutes[i] = leg.ID, string(leg.Kind), int64(leg.Minutes)
		debits[i], credits[i] = leg.Debit, leg.Credit
		exchanges[i], reverses[i] = optional(leg.Exchange), optional(leg.Reverses)
	}
	t.events = append(t.events, postedEvent(p, posting)) // last: the posting's position is its event's
	c, err := takeEvents(ctx)
	if err != nil {
		return ledger.Posted{}, err
	}
	holds := p.Holds
	if holds == nil {
		holds = []domain.ID{}
	}
	sql := postAlone
	if p.Crossing {
		sql = postCrossing
	}
	var done ledger.Posted
	err = t.pgx.QueryRow(ctx, sql,
		p.Community, posting, p.Key, p.Fingerprint(), p.Force, t.now,
		ids, kinds, minutes, debits, credits, exchanges, reverses, holds,
		c.ids, c.kinds, c.actors, c.subjects, c.bodies,
	).Scan(&done.Posting, &done.Replayed, &done.CrossedFloor, &done.Low, &done.High)
	return done, translate(err)
}

// Allow implements ledger.Store.
func (LedgerStore) Allow(ctx context.Context, a ledger.Allowance) error {
	_, err := query(ctx).Exec(ctx, `SELECT ledger.allow($1, $2, $3, $4, $5, $6, $7)`,
		a.Community, a.ID, a.Account, int64(a.Minutes), a.Reason, a.Actor, a.At)
	return translate(err)
}

// postedEvent is a posting's event, whose digest covers the legs.
func postedEvent(p ledger.Posting, id domain.ID) domain.Event {
	told := make([]ledger.Leg, len(p.Legs))
	for i, leg := range p.Legs {
		told[i] = ledger.Leg{ID: leg.ID, Kind: leg.Kind, Minutes: leg.Minutes, Debit: leg.Debit, Credit: leg.Credit}
	}
	event := p.Event
	event.Payload = ledger.PostedLegs{Posting: id, Legs: told, About: p.Event.Payload}
	return event
}

// PlaceHold implements ledger.Store.
func (LedgerStore) PlaceHold(ctx context.Context, h ledger.Hold, at time.Time) error {
	_, err := query(ctx).Exec(ctx, `SELECT ledger.place_hold($1, $2, $3, $4, $5, $6, $7)`,
		h.Community, h.ID, h.Account, int64(h.Minutes), h.Exchange, h.ExpiresAt, at)
	return translate(err)
}

// CloseHolds implements ledger.Store.
func (LedgerStore) CloseHolds(ctx context.Context, community domain.ID, ids []domain.ID, expired bool, at time.Time) error {
	state := "RELEASED"
	if expired {
		state = "EXPIRED"
	}
	_, err := query(ctx).Exec(ctx, `SELECT ledger.close_holds($1, $2, $3, $4)`, community, ids, state, at)
	return err
}

// ExpiredHolds implements ledger.Store, by hold_expiry_idx.
func (LedgerStore) ExpiredHolds(ctx context.Context, community domain.ID, at time.Time, limit int) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT id
		  FROM ledger.hold
		 WHERE community_id = $1 AND state = 'OPEN' AND expires_at <= $2
		 ORDER BY expires_at
		 LIMIT $3`, community, at, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Note implements ledger.Store.
func (LedgerStore) Note(ctx context.Context, n ledger.Note) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO ledger.note (community_id, transfer_id, person_id, body, at)
		VALUES ($1, $2, $3, $4, $5)`, n.Community, n.Transfer, n.Person, n.Body, n.At)
	return err
}

// Notes implements ledger.Store.
func (LedgerStore) Notes(ctx context.Context, community domain.ID, transfers []domain.ID) ([]ledger.Note, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, transfer_id, person_id, body, at
		  FROM ledger.note
		 WHERE community_id = $1 AND transfer_id = ANY ($2)`, community, transfers)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[ledger.Note])
}

const accountColumns = `
SELECT community_id, id, kind, owner_id, purpose, balance, held, floor, soft_floor, ceiling, allowance, seq, opened_at, closed_at
  FROM ledger.account`

func accounts(ctx context.Context, where string, args ...any) ([]ledger.Account, error) {
	found, err := query(ctx).Query(ctx, accountColumns+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (ledger.Account, error) {
		var a ledger.Account
		var owner *domain.ID
		var purpose *string
		var closed *time.Time
		err := row.Scan(&a.Community, &a.ID, &a.Kind, &owner, &purpose, &a.Balance, &a.Held,
			&a.Limits.Floor, &a.Limits.SoftFloor, &a.Limits.Ceiling, &a.Allowance, &a.Entries, &a.OpenedAt, &closed)
		a.Owner, a.ClosedAt = orNowhere(owner), moment(closed)
		if purpose != nil {
			a.Purpose = *purpose
		}
		return a, err
	})
}

// Accounts implements ledger.Store.
func (LedgerStore) Accounts(ctx context.Context, community domain.ID, ids []domain.ID) ([]ledger.Account, error) {
	return accounts(ctx, ` WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
}

// AccountsOf implements ledger.Store, by account_owner_key.
func (LedgerStore) AccountsOf(ctx context.Context, community domain.ID, owners []domain.ID) ([]ledger.Account, error) {
	return accounts(ctx, ` WHERE community_id = $1 AND owner_id = ANY ($2)`, community, owners)
}

// CommunityAccounts implements ledger.Store.
func (LedgerStore) CommunityAccounts(ctx context.Context, community domain.ID) ([]ledger.Account, error) {
	return accounts(ctx, ` WHERE community_id = $1 AND owner_id IS NULL ORDER BY kind, purpose`, community)
}

const transferColumns = `
SELECT t.community_id, t.id, t.posting_id, t.kind, t.minutes, t.debit_id, t.credit_id, t.exchange_id, t.reverses_id, r.id, t.at
  FROM ledger.transfer t
  LEFT JOIN ledger.transfer r ON r.community_id = t.community_id AND r.reverses_id = t.id`

func transfers(ctx context.Context, where string, args ...any) ([]ledger.Transfer, error) {
	found, err := query(ctx).Query(ctx, transferColumns+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (ledger.Transfer, error) {
		var t ledger.Transfer
		var exchange, reverses, reversedBy *domain.ID
		err := row.Scan(&t.Community, &t.ID, &t.Posting, &t.Kind, &t.Minutes, &t.Debit, &t.Credit,
			&exchange, &reverses, &reversedBy, &t.At)
		t.Exchange, t.Reverses, t.ReversedBy = orNowhere(exchange), orNowhere(reverses), orNowhere(reversedBy)
		return t, err
	})
}

// Transfers implements ledger.Store.
func (LedgerStore) Transfers(ctx context.Context, community domain.ID, ids []domain.ID) ([]ledger.Transfer, error) {
	return transfers(ctx, ` WHERE t.community_id = $1 AND t.id = ANY ($2)`, community, ids)
}

// TransfersOf implements ledger.Store: what settled the exchanges, with levies and
// corrections, by transfer_exchange_key and transfer_beside_exchange_idx.
func (LedgerStore) TransfersOf(ctx context.Context, community domain.ID, exchanges []domain.ID) ([]ledger.Transfer, error) {
	return transfers(ctx, `
		 WHERE t.community_id = $1
		   AND ((t.kind = 'EXCHANGE' AND t.exchange_id = ANY ($2))
		     OR (t.kind <> 'EXCHANGE' AND t.exchange_id IS NOT NULL AND t.exchange_id = ANY ($2)))
		 ORDER BY t.at, t.id`, community, exchanges)
}

// orNull stores the zero time as NULL.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
