// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/shares"
)

type holdingRow struct {
	CommunityID, MemberID     domain.ID
	Paid, Leaving, Subscribed int
	Capital                   int64
	Ever                      bool
	First                     int
	Since                     time.Time
	Reduced                   *time.Time
}

func (r holdingRow) value() shares.Holding {
	return shares.Holding{
		Community: r.CommunityID, Member: r.MemberID, Paid: r.Paid, Leaving: r.Leaving, Subscribed: r.Subscribed,
		Capital: r.Capital, Ever: r.Ever, First: r.First, Since: r.Since.UTC(), Reduced: moment(r.Reduced),
	}
}

// sidesSQL takes the register's lines apart by member: what each brought to the
// holdings of whoever stands on a side of it, until $2.
const sidesSQL = `
SELECT o.community_id, s.member_id, o.number, o.at, o.kind, o.shares, o.amount,
       CASE WHEN o.kind IN ('PAY', 'REDEEM', 'TRANSFER', 'GIFT') THEN s.sign ELSE 0 END AS sign
  FROM share_operation o
  CROSS JOIN LATERAL (VALUES (o.from_id, -1), (o.to_id, 1)) AS s (member_id, sign)
 WHERE o.community_id = $1 AND o.at <= $2 AND s.member_id IS NOT NULL`

const holdingSQL = `
SELECT community_id, member_id,
       sum(sign * shares)::integer AS paid,
       sum(CASE kind WHEN 'REQUEST' THEN shares WHEN 'KEEP' THEN -shares WHEN 'REDEEM' THEN -shares ELSE 0 END)::integer AS leaving,
       sum(CASE kind WHEN 'SUBSCRIBE' THEN shares WHEN 'WITHDRAW' THEN -shares WHEN 'PAY' THEN -shares ELSE 0 END)::integer AS subscribed,
       sum(sign * amount)::bigint AS capital,
       bool_or(sign > 0 AND shares > 0) AS ever,
       coalesce(min(number) FILTER (WHERE sign > 0), 0) AS first,
       coalesce(min(at) FILTER (WHERE sign > 0), min(at)) AS since,
       max(at) FILTER (WHERE sign < 0) AS reduced
  FROM (` + sidesSQL + `%s) lines
 GROUP BY community_id, member_id`

// HoldingOf implements shares.Store, by the indexes of the two sides.
func (ShareStore) HoldingOf(ctx context.Context, community, member domain.ID) (shares.Holding, error) {
	found, err := query(ctx).Query(ctx, fmt.Sprintf(holdingSQL, ` AND (o.from_id = $3 OR o.to_id = $3) AND s.member_id = $3`),
		community, until(time.Time{}), member)
	list, err := collect(found, err, holdingRow.value)
	if err != nil || len(list) == 0 {
		return shares.Holding{Community: community, Member: member}, err
	}
	return list[0], nil
}

// until is the end of a stretch of the register; the zero time is no end. Another
// server's clock may be a little ahead, and what it entered counts.
func until(at time.Time) time.Time {
	if at.IsZero() {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return at
}

type firstKey struct{ First int }

// Holders implements shares.Store.
func (ShareStore) Holders(ctx context.Context, community domain.ID, at time.Time, page domain.Page) (domain.Slice[shares.Holding], error) {
	var none domain.Slice[shares.Holding]
	key, compare, direction, err := keyset[firstKey](page, false)
	if err != nil {
		return none, err
	}
	var after *int
	if key != nil {
		after = &key.First
	}
	found, err := query(ctx).Query(ctx, fmt.Sprintf(`
		SELECT * FROM (`+fmt.Sprintf(holdingSQL, ``)+`) h
		 WHERE capital > 0 AND ($3::integer IS NULL OR first %s $3)
		 ORDER BY first %s
		 LIMIT $4`, compare, direction), community, until(at), after, page.Limit+1)
	list, err := collect(found, err, holdingRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(h shares.Holding) string { return encodeKey(firstKey{h.First}) }), nil
}

// TotalAt implements shares.Store.
func (ShareStore) TotalAt(ctx context.Context, community domain.ID, at time.Time) (shares.Total, error) {
	var t shares.Total
	err := query(ctx).QueryRow(ctx, `
		SELECT coalesce(max(number), 0), coalesce(sum(sign * shares), 0)::integer, coalesce(sum(sign * amount), 0)::bigint, coalesce(max(capital), 0)::bigint
		  FROM (SELECT number, shares, amount, sign, sum(sign * amount) OVER (ORDER BY number) AS capital
		          FROM (SELECT *, CASE kind WHEN 'PAY' THEN 1 WHEN 'REDEEM' THEN -1 ELSE 0 END AS sign
		                  FROM share_operation WHERE community_id = $1 AND at <= $2) o) lines`, community, until(at)).
		Scan(&t.Last, &t.Shares, &t.Capital, &t.Highest)
	return t, err
}

// Composition implements shares.Store.
func (ShareStore) Composition(ctx context.Context, community domain.ID, at time.Time) (shares.Composition, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT coalesce(h.category, 'USER') AS category, sum(l.sign * l.amount)::bigint AS capital
		  FROM (`+sidesSQL+`) l
		  LEFT JOIN share_holder h ON h.community_id = l.community_id AND h.member_id = l.member_id
		 GROUP BY 1`, community, until(at))
	type part struct {
		Category shares.Category
		Capital  int64
	}
	parts, err := collect(found, err, func(p part) part { return p })
	c := shares.Composition{}
	for _, p := range parts {
		c[p.Category] = p.Capital
	}
	return c, err
}
