// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/statement"
)

// StatementStore implements statement.Store.
type StatementStore struct{}

var _ statement.Store = StatementStore{}

// spanCTE finds the positions of a period from $3 until before $4; NULL is no
// bound. Entries have no index on their time, which would cost every posting two
// more writes: it climbs to the last position before each bound in steps that
// halve, each a look by the primary key, 14 of them among 10,000 entries.
//
// Two servers' clocks may differ by a hair, so an entry may be a little older
// than the one before it. Whichever side of a bound such an entry falls, the same
// climb finds it there every time: a period is always whole positions in a row,
// and its end is the next one's beginning.
const spanCTE = `
WITH RECURSIVE climb (bound, pos, step) AS (
  SELECT b.bound, 0::bigint, power(2, ceil(log(2, a.seq + 1)))::bigint
    FROM ledger.account a
   CROSS JOIN (VALUES ($3::timestamptz), ($4::timestamptz)) AS b (bound)
   WHERE a.community_id = $1 AND a.id = $2 AND b.bound IS NOT NULL
   UNION ALL
  SELECT c.bound,
         CASE WHEN (SELECT e.at
                      FROM ledger.entry e
                     WHERE e.community_id = $1 AND e.account_id = $2 AND e.seq = c.pos + c.step) < c.bound
              THEN c.pos + c.step
              ELSE c.pos
         END,
         c.step / 2
    FROM climb c
   WHERE c.step > 0
), span AS (
  SELECT b.after, greatest(b.after, b.last) AS last
    FROM (SELECT coalesce((SELECT max(c.pos) FROM climb c WHERE c.bound = $3), 0) AS after,
                 coalesce((SELECT max(c.pos) FROM climb c WHERE c.bound = $4), a.seq) AS last
            FROM ledger.account a
           WHERE a.community_id = $1 AND a.id = $2) b
)`

const spanSQL = spanCTE + `
SELECT s.after, s.last
  FROM span s`

// Span implements ledger.Store.
func (LedgerStore) Span(ctx context.Context, community, account domain.ID, period ledger.Period) (ledger.Span, error) {
	var s ledger.Span
	err := query(ctx).QueryRow(ctx, spanSQL, community, account, orNull(period.From), orNull(period.Until)).Scan(&s.After, &s.Last)
	return s, translate(err)
}

// A page of entries is a stretch of the primary key, read backwards for newest
// first: it costs the same wherever it is, also when the plan is a generic one,
// because both bounds are always there.
const entriesSQL = `
SELECT community_id, account_id, seq, transfer_id, minutes, balance_after, at
  FROM ledger.entry
 WHERE community_id = $1 AND account_id = $2 AND seq > $3 AND seq < $4
 ORDER BY seq `

const (
	newestFirst = entriesSQL + `DESC`
	oldestFirst = entriesSQL + `ASC`
)

// Entries implements ledger.Store.
func (LedgerStore) Entries(ctx context.Context, community, account domain.ID, span ledger.Span, page domain.Page) (domain.Slice[ledger.Entry], error) {
	var none domain.Slice[ledger.Entry]
	above, below := span.After, span.Last+1
	if err := narrow(&below, page.After, "after", func(cursor int64) bool { return cursor < below }); err != nil {
		return none, err
	}
	if err := narrow(&above, page.Before, "before", func(cursor int64) bool { return cursor > above }); err != nil {
		return none, err
	}
	sql := newestFirst
	if page.Backward {
		sql = oldestFirst
	}
	found, err := query(ctx).Query(ctx, sql+limit(page), community, account, above, below)
	if err != nil {
		return none, err
	}
	entries, err := pgx.CollectRows(found, pgx.RowToStructByPos[ledger.Entry])
	if err != nil {
		return none, err
	}
	return slice(entries, page, func(e ledger.Entry) string { return strconv.FormatInt(e.Position, 10) }), nil
}

// narrow moves a bound to a cursor, if there is one and it narrows the span.
func narrow(bound *int64, cursor, field string, narrower func(int64) bool) error {
	if cursor == "" {
		return nil
	}
	position, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return domain.NewError(domain.CursorInvalid, field)
	}
	if narrower(position) {
		*bound = position
	}
	return nil
}

// A reversal is counted on the side that it undoes, below zero, and belongs to
// the type of service of what it undoes. Entries are read by their primary key,
// transfers and exchanges by theirs, or whole where that is less work.
const totalsSQL = spanCTE + `, moved AS (
  SELECT t.kind,
         coalesce(x.service_type, '') AS service_type,
         CASE WHEN (e.minutes > 0) <> (t.kind = 'REVERSAL') THEN e.minutes ELSE 0 END AS given,
         CASE WHEN (e.minutes > 0) <> (t.kind = 'REVERSAL') THEN 0 ELSE -e.minutes END AS received
    FROM span s
    JOIN ledger.entry e ON e.community_id = $1 AND e.account_id = $2 AND e.seq > s.after AND e.seq <= s.last
    JOIN ledger.transfer t ON t.community_id = $1 AND t.id = e.transfer_id
    LEFT JOIN ledger.transfer undone ON undone.community_id = $1 AND undone.id = t.reverses_id
    LEFT JOIN exchange x
           ON x.community_id = $1 AND x.id = CASE WHEN undone.id IS NULL THEN t.exchange_id ELSE undone.exchange_id END
          AND CASE WHEN undone.id IS NULL THEN t.kind ELSE undone.kind END <> 'LEVY'
), summed AS (
  SELECT kind, service_type, sum(given)::bigint AS given, sum(received)::bigint AS received, count(*) AS lines
    FROM moved
   GROUP BY kind, service_type
)
SELECT s.after, s.last, coalesce(opening.balance_after, 0), coalesce(closing.balance_after, 0),
       m.kind, m.service_type, m.given, m.received, m.lines
  FROM span s
  LEFT JOIN ledger.entry opening ON opening.community_id = $1 AND opening.account_id = $2 AND opening.seq = s.after
  LEFT JOIN ledger.entry closing ON closing.community_id = $1 AND closing.account_id = $2 AND closing.seq = s.last
  LEFT JOIN summed m ON true`

// Totals implements statement.Store.
func (StatementStore) Totals(ctx context.Context, community, account domain.ID, period ledger.Period) (statement.Totals, []statement.Sum, error) {
	var t statement.Totals
	found, err := query(ctx).Query(ctx, totalsSQL, community, account, orNull(period.From), orNull(period.Until))
	if err != nil {
		return t, nil, err
	}
	sums, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (statement.Sum, error) {
		var kind, serviceType *string // NULL when nothing moved
		var given, received, lines *int64
		err := row.Scan(&t.Span.After, &t.Span.Last, &t.Opening, &t.Closing, &kind, &serviceType, &given, &received, &lines)
		return statement.Sum{
			Kind: ledger.TransferKind(deref(kind)), ServiceType: deref(serviceType),
			Moved: statement.Moved{Given: domain.Minutes(deref(given)), Received: domain.Minutes(deref(received)), Lines: int(deref(lines))},
		}, err
	})
	switch {
	case err == nil && len(sums) == 0:
		err = domain.NewError(domain.NotFound, "")
	case err == nil && sums[0].Kind == "":
		sums = nil
	}
	return t, sums, err
}

// The page is cut by the primary key before anything is joined to it. LATERAL and
// LIMIT keep to looking up by key what belongs to a few hundred lines, where a
// planner is tempted to read a table whole; the lines are put in order at the end.
//
// Under row-level security only a CASE, not a COALESCE, can be looked up by an
// index: PostgreSQL does not know that a COALESCE leaks nothing.
const linesSQL = `
WITH page AS MATERIALIZED (
  SELECT seq, transfer_id, minutes, balance_after, at
    FROM ledger.entry
   WHERE community_id = $1 AND account_id = $2 AND seq > $3 AND seq <= $4
   ORDER BY seq
   LIMIT $5
)
SELECT p.seq, p.at, t.kind, p.minutes, p.balance_after, o.kind, coalesce(o.purpose, ''), coalesce(m.display_name, partner.name, ''),
       coalesce(x.service_type, ''), coalesce(x.number, 0), coalesce(n.body, ''), coalesce(s.sponsor, '')
  FROM page p
  JOIN LATERAL (SELECT t.kind, CASE WHEN p.minutes > 0 THEN t.debit_id ELSE t.credit_id END AS other_id,
                       CASE WHEN undone.id IS NULL THEN t.exchange_id ELSE undone.exchange_id END AS exchange_id
                  FROM ledger.transfer t
                  LEFT JOIN ledger.transfer undone ON undone.community_id = $1 AND undone.id = t.reverses_id
                 WHERE t.community_id = $1 AND t.id = p.transfer_id
                 LIMIT 1) t ON true
  JOIN ledger.account o ON o.community_id = $1 AND o.id = t.other_id
  LEFT JOIN member m ON m.community_id = $1 AND m.id = o.owner_id
  LEFT JOIN community partner ON partner.id = o.partner_id
  LEFT JOIN LATERAL (SELECT x.service_type, x.number
                       FROM exchange x
                      WHERE x.community_id = $1 AND x.id = t.exchange_id
                      LIMIT 1) x ON true
  LEFT JOIN LATERAL (SELECT n.body
                       FROM ledger.note n
                      WHERE n.community_id = $1 AND n.transfer_id = p.transfer_id
                      ORDER BY n.at
                      LIMIT 1) n ON true
  LEFT JOIN LATERAL (SELECT s.sponsor
                       FROM sponsored s
                      WHERE s.community_id = $1 AND s.transfer_id = p.transfer_id
                      LIMIT 1) s ON true
 ORDER BY p.seq`

// Lines implements statement.Store.
func (StatementStore) Lines(ctx context.Context, community, account domain.ID, span ledger.Span, limit int) ([]statement.Line, error) {
	found, err := query(ctx).Query(ctx, linesSQL, community, account, span.After, span.Last, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (statement.Line, error) {
		var l statement.Line
		err := row.Scan(&l.Position, &l.At, &l.Kind, &l.Minutes, &l.BalanceAfter, &l.Other.Kind, &l.Other.Purpose, &l.Other.Name,
			&l.ServiceType, &l.Exchange, &l.Note, &l.Sponsor)
		return l, err
	})
}
