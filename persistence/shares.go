// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/shares"
)

// ShareStore implements shares.Store.
type ShareStore struct{}

var _ shares.Store = ShareStore{}

type operationRow struct {
	CommunityID, ID domain.ID
	Number          int
	Kind            string
	OrderID         *domain.ID
	Part            *int
	FromID, ToID    *domain.ID
	Shares          int
	Amount          int64
	Currency        string
	Reference       string
	PersonID        *domain.ID
	At              time.Time
}

const operationColumns = `community_id, id, number, kind, order_id, part, from_id, to_id, shares, amount, currency, reference, person_id, at`

func (r operationRow) value() shares.Operation {
	return shares.Operation{
		Community: r.CommunityID, ID: r.ID, Number: r.Number, Kind: shares.Kind(r.Kind), Order: orNowhere(r.OrderID), Part: deref(r.Part),
		From: orNowhere(r.FromID), To: orNowhere(r.ToID), Shares: r.Shares, Amount: domain.Money{Minor: r.Amount, Currency: r.Currency},
		Reference: r.Reference, Person: orNowhere(r.PersonID), At: r.At.UTC(),
	}
}

// Hold implements shares.Store.
func (ShareStore) Hold(ctx context.Context, community domain.ID) (shares.Total, error) {
	var t shares.Total
	if _, err := query(ctx).Exec(ctx, `
		INSERT INTO share_register (community_id, last, shares, capital, highest) VALUES ($1, 0, 0, 0, 0)
		ON CONFLICT DO NOTHING`, community); err != nil {
		return t, err
	}
	err := query(ctx).QueryRow(ctx, `
		SELECT last, shares, capital, highest FROM share_register WHERE community_id = $1 FOR UPDATE`, community).
		Scan(&t.Last, &t.Shares, &t.Capital, &t.Highest)
	return t, err
}

// AddOperation implements shares.Store.
func (ShareStore) AddOperation(ctx context.Context, op shares.Operation, then shares.Total) error {
	if _, err := query(ctx).Exec(ctx, `
		INSERT INTO share_operation (`+operationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		op.Community, op.ID, op.Number, string(op.Kind), optional(op.Order), orNil(op.Part), optional(op.From), optional(op.To),
		op.Shares, op.Amount.Minor, op.Amount.Currency, op.Reference, optional(op.Person), op.At); err != nil {
		return err
	}
	_, err := query(ctx).Exec(ctx, `
		UPDATE share_register SET last = $2, shares = $3, capital = $4, highest = $5 WHERE community_id = $1`,
		op.Community, then.Last, then.Shares, then.Capital, then.Highest)
	return err
}

// Operations implements shares.Store.
func (ShareStore) Operations(ctx context.Context, community domain.ID, ids []domain.ID) ([]shares.Operation, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+operationColumns+` FROM share_operation WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, operationRow.value)
}

type lineKey struct{ Number int }

// ListOperations implements shares.Store, by share_operation_number_key or the
// indexes of its two sides.
func (ShareStore) ListOperations(ctx context.Context, community, member domain.ID, page domain.Page) (domain.Slice[shares.Operation], error) {
	var none domain.Slice[shares.Operation]
	key, compare, direction, err := keyset[lineKey](page, true)
	if err != nil {
		return none, err
	}
	var after *int
	if key != nil {
		after = &key.Number
	}
	found, err := query(ctx).Query(ctx, fmt.Sprintf(`
		SELECT `+operationColumns+`
		  FROM share_operation
		 WHERE community_id = $1 AND ($2::uuid IS NULL OR $2 IN (from_id, to_id)) AND ($3::integer IS NULL OR number %s $3)
		 ORDER BY number %s
		 LIMIT $4`, compare, direction), community, optional(member), after, page.Limit+1)
	list, err := collect(found, err, operationRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(o shares.Operation) string { return encodeKey(lineKey{o.Number}) }), nil
}

// EveryOperation implements shares.Store.
func (ShareStore) EveryOperation(ctx context.Context, community domain.ID, at time.Time) ([]shares.Operation, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+operationColumns+` FROM share_operation WHERE community_id = $1 AND at <= $2 ORDER BY number`, community, until(at))
	return collect(found, err, operationRow.value)
}

// AddOrder implements shares.Store.
func (ShareStore) AddOrder(ctx context.Context, o shares.Order) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO share_order (community_id, id, kind, member_id, shares, nominal, currency, charter, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		o.Community, o.ID, string(o.Kind), o.Member, o.Shares, o.Nominal.Minor, o.Nominal.Currency, o.Charter, o.At)
	for _, p := range o.Parts {
		batch.Queue(`
			INSERT INTO share_part (community_id, order_id, part, shares, amount, due) VALUES ($1, $2, $3, $4, $5, $6)`,
			o.Community, o.ID, p.Number, p.Shares, p.Amount.Minor, p.Due)
	}
	return query(ctx).SendBatch(ctx, batch).Close()
}

// Orders implements shares.Store.
func (s ShareStore) Orders(ctx context.Context, community domain.ID, ids []domain.ID) ([]shares.Order, error) {
	return s.orders(ctx, `id = ANY ($2)`, community, ids)
}

// OrdersOf implements shares.Store, by share_order_member_idx.
func (s ShareStore) OrdersOf(ctx context.Context, community, member domain.ID) ([]shares.Order, error) {
	return s.orders(ctx, `member_id = $2`, community, member)
}

type orderRow struct {
	CommunityID, ID domain.ID
	Kind            string
	MemberID        domain.ID
	Shares          int
	Nominal         int64
	Currency        string
	Charter         int
	CreatedAt       time.Time
	Withdrawn       bool
}

func (r orderRow) value() shares.Order {
	return shares.Order{
		Community: r.CommunityID, ID: r.ID, Kind: shares.OrderKind(r.Kind), Member: r.MemberID, Shares: r.Shares,
		Nominal: domain.Money{Minor: r.Nominal, Currency: r.Currency}, Charter: r.Charter, At: r.CreatedAt.UTC(), Withdrawn: r.Withdrawn,
	}
}

// orders reads orders with their parts and what was confirmed of them.
func (s ShareStore) orders(ctx context.Context, which string, community domain.ID, arg any) ([]shares.Order, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT o.community_id, o.id, o.kind, o.member_id, o.shares, o.nominal, o.currency, o.charter, o.created_at,
		       EXISTS (SELECT FROM share_operation w
		                WHERE w.community_id = o.community_id AND w.order_id = o.id AND w.kind IN ('WITHDRAW', 'KEEP')) AS withdrawn
		  FROM share_order o
		 WHERE o.community_id = $1 AND o.`+which+`
		 ORDER BY o.created_at, o.id`, community, arg)
	list, err := collect(found, err, orderRow.value)
	if err != nil || len(list) == 0 {
		return list, err
	}
	at, ids := make(map[domain.ID]*shares.Order, len(list)), make([]domain.ID, len(list))
	for i := range list {
		at[list[i].ID], ids[i] = &list[i], list[i].ID
	}
	if err := s.parts(ctx, community, ids, at); err != nil {
		return nil, err
	}
	return list, s.confirmations(ctx, community, ids, at)
}

func (ShareStore) parts(ctx context.Context, community domain.ID, ids []domain.ID, at map[domain.ID]*shares.Order) error {
	found, err := query(ctx).Query(ctx, `
		SELECT p.order_id, p.part, p.shares, p.amount, p.due, d.at
		  FROM share_part p
		  LEFT JOIN share_operation d ON d.community_id = p.community_id AND d.order_id = p.order_id AND d.part = p.part
		 WHERE p.community_id = $1 AND p.order_id = ANY ($2)
		 ORDER BY p.order_id, p.part`, community, ids)
	if err != nil {
		return err
	}
	var p shares.Part
	var amount int64
	var done *time.Time
	_, err = pgx.ForEachRow(found, []any{&p.Order, &p.Number, &p.Shares, &amount, &p.Due, &done}, func() error {
		o := at[p.Order]
		p.Amount, p.Due, p.DoneAt = domain.Money{Minor: amount, Currency: o.Nominal.Currency}, p.Due.UTC(), moment(done)
		o.Parts = append(o.Parts, p)
		return nil
	})
	return err
}

func (ShareStore) confirmations(ctx context.Context, community domain.ID, ids []domain.ID, at map[domain.ID]*shares.Order) error {
	found, err := query(ctx).Query(ctx, `
		SELECT order_id, part, person_id, treasurer, reference, at
		  FROM share_confirmation
		 WHERE community_id = $1 AND order_id = ANY ($2)
		 ORDER BY at, person_id`, community, ids)
	if err != nil {
		return err
	}
	var order domain.ID
	var part int
	var c shares.Confirmation
	_, err = pgx.ForEachRow(found, []any{&order, &part, &c.Person, &c.Treasurer, &c.Reference, &c.At}, func() error {
		p := &at[order].Parts[part-1]
		p.Confirmed = append(p.Confirmed, c)
		return nil
	})
	return err
}

// Confirm implements shares.Store.
func (ShareStore) Confirm(ctx context.Context, p shares.Part, community domain.ID, c shares.Confirmation) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO share_confirmation (community_id, order_id, part, person_id, treasurer, reference, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		community, p.Order, p.Number, c.Person, c.Treasurer, c.Reference, c.At)
	return err
}

// Earlier implements shares.Store, by share_order_queue_idx.
func (ShareStore) Earlier(ctx context.Context, o shares.Order, due time.Time) (amount int64, orders int, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT coalesce(sum(p.amount) FILTER (WHERE p.due <= $4), 0)::bigint, count(DISTINCT p.order_id)
		  FROM share_order e
		  JOIN share_part p ON p.community_id = e.community_id AND p.order_id = e.id
		 WHERE e.community_id = $1 AND e.kind = 'REDEMPTION' AND (e.created_at, e.id) < ($2, $3)
		   AND NOT EXISTS (SELECT FROM share_operation d
		                    WHERE d.community_id = e.community_id AND d.order_id = e.id AND (d.part = p.part OR d.kind = 'KEEP'))`,
		o.Community, o.At, o.ID, due).Scan(&amount, &orders)
	return amount, orders, err
}

// Holder implements shares.Store.
func (ShareStore) Holder(ctx context.Context, community, member domain.ID) (shares.Holder, error) {
	h := shares.Holder{Community: community, Member: member, Category: shares.User}
	err := query(ctx).QueryRow(ctx, `
		SELECT category, low_income FROM share_holder WHERE community_id = $1 AND member_id = $2`, community, member).Scan(&h.Category, &h.LowIncome)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return h, err
}

// SaveHolder implements shares.Store.
func (ShareStore) SaveHolder(ctx context.Context, h shares.Holder) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO share_holder (community_id, member_id, category, low_income) VALUES ($1, $2, $3, $4)
		ON CONFLICT (community_id, member_id) DO UPDATE SET category = EXCLUDED.category, low_income = EXCLUDED.low_income`,
		h.Community, h.Member, string(h.Category), h.LowIncome)
	return err
}

// Agree implements shares.Store.
func (ShareStore) Agree(ctx context.Context, where, member domain.ID, texts []community.SharesText, by domain.ID, at time.Time) error {
	for _, t := range texts { // two or three
		if _, err := query(ctx).Exec(ctx, `
			INSERT INTO share_consent (community_id, member_id, code, version, person_id, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, where, member, t.Code, t.Version, by, at); err != nil {
			return err
		}
	}
	return nil
}

// Agreed implements shares.Store.
func (ShareStore) Agreed(ctx context.Context, where, member domain.ID) ([]community.SharesText, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT code, version FROM share_consent WHERE community_id = $1 AND member_id = $2 ORDER BY at, code, version`, where, member)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (t community.SharesText, err error) {
		return t, row.Scan(&t.Code, &t.Version)
	})
}
