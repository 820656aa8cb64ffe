// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/vitality"
)

// VitalityStore implements vitality.Store. It reads a community's exchanges through:
// an index on the time of transfers would cost every posting a write, and this is
// asked for now and then.
type VitalityStore struct{}

var _ vitality.Store = VitalityStore{}

// dealtCTE is every exchange whose hours moved, as it stands: by its last correction,
// at the moment of the first transfer, and none that was reversed. An exchange has
// one transfer of kind EXCHANGE, between two members (transfer_exchange_key);
// corrections are few (transfer_beside_exchange_idx), and may lead elsewhere.
const dealtCTE = `
WITH dealt AS (
  SELECT t.exchange_id, t.at, t.minutes, t.credit_id AS giver, t.debit_id AS receiver
    FROM ledger.transfer t
   WHERE t.community_id = $1 AND t.kind = 'EXCHANGE' AND t.exchange_id IS NOT NULL
     AND NOT EXISTS (SELECT FROM ledger.transfer u WHERE u.community_id = $1 AND u.reverses_id = t.id)
   UNION ALL
  SELECT t.exchange_id, settled.at, t.minutes, t.credit_id, t.debit_id
    FROM ledger.transfer t
    JOIN ledger.transfer settled ON settled.community_id = $1 AND settled.exchange_id = t.exchange_id AND settled.kind = 'EXCHANGE'
    JOIN ledger.account giver ON giver.community_id = $1 AND giver.id = t.credit_id AND giver.kind = 'MEMBER'
    JOIN ledger.account receiver ON receiver.community_id = $1 AND receiver.id = t.debit_id AND receiver.kind = 'MEMBER'
   WHERE t.community_id = $1 AND t.kind = 'CORRECTION' AND t.exchange_id IS NOT NULL
     AND NOT EXISTS (SELECT FROM ledger.transfer u WHERE u.community_id = $1 AND u.reverses_id = t.id)
)`

// Exchanges are gone through once: each member's part in each stretch, numbered from
// 1, is added up, and the rest is made of those sums. Line 0 is the period, line 1
// the one before, line n + 1 the nth month.
const flowsSQL = dealtCTE + `, part AS MATERIALIZED (
  SELECT width_bucket(d.at, $2::timestamptz[]) AS stretch, side.account_id,
         count(*) FILTER (WHERE side.gave) AS given, count(*) FILTER (WHERE NOT side.gave) AS received,
         coalesce(sum(d.minutes) FILTER (WHERE side.gave), 0)::bigint AS minutes, min(d.at) AS first_at
    FROM dealt d
   CROSS JOIN LATERAL (VALUES (d.giver, true), (d.receiver, false)) AS side (account_id, gave)
   GROUP BY 1, 2
), line AS (
  SELECT stretch AS line, given, received, minutes
    FROM part
   WHERE stretch > 0
   UNION ALL
  SELECT 0, sum(given), sum(received), sum(minutes)
    FROM part
   WHERE stretch BETWEEN 2 AND cardinality($2::timestamptz[]) - 1
   GROUP BY account_id
), summed AS (
  SELECT line, sum(given)::bigint AS exchanges, sum(minutes)::bigint AS minutes,
         count(*) FILTER (WHERE received = 0) AS gave_only,
         count(*) FILTER (WHERE given = 0) AS received_only,
         count(*) FILTER (WHERE given > 0 AND received > 0) AS gave_and_received
    FROM line
   GROUP BY line
), begun AS (
  SELECT width_bucket(f.first_at, ($2::timestamptz[])[1:2] || ($2::timestamptz[])[cardinality($2::timestamptz[]):]) AS span,
         (f.first_at AT TIME ZONE $3)::date - (m.admitted_at AT TIME ZONE $3)::date AS days
    FROM (SELECT account_id, min(first_at) AS first_at FROM part GROUP BY account_id) f
    JOIN ledger.account a ON a.community_id = $1 AND a.id = f.account_id
    JOIN member m ON m.community_id = $1 AND m.id = a.owner_id
), firsts AS (
  SELECT CASE span WHEN 1 THEN 1 ELSE 0 END AS line, count(*) AS members, percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS days
    FROM begun
   WHERE span IN (1, 2)
   GROUP BY span
)
SELECT coalesce(s.exchanges, 0), coalesce(s.minutes, 0),
       coalesce(s.gave_only, 0), coalesce(s.received_only, 0), coalesce(s.gave_and_received, 0), coalesce(f.members, 0), coalesce(f.days, 0)
  FROM generate_series(0, cardinality($2::timestamptz[]) - 1) AS line
  LEFT JOIN summed s USING (line)
  LEFT JOIN firsts f USING (line)
 ORDER BY line`

// Flows implements vitality.Store.
func (VitalityStore) Flows(ctx context.Context, community domain.ID, bounds []time.Time, zone string) (vitality.Flows, error) {
	found, err := query(ctx).Query(ctx, flowsSQL, community, bounds, zone)
	if err != nil {
		return vitality.Flows{}, err
	}
	lines, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (f vitality.Flow, err error) {
		err = row.Scan(&f.Exchanges, &f.Minutes, &f.GaveOnly, &f.ReceivedOnly, &f.Both, &f.Firsts, &f.FirstDays)
		return f, err
	})
	if err != nil {
		return vitality.Flows{}, err
	}
	return vitality.Flows{Period: lines[0], Before: lines[1], Months: lines[2:]}, nil
}

// Somebody who comes back is a member anew, with another row.
const movementsSQL = `
SELECT count(*) FILTER (WHERE m.admitted_at < b.until_at AND (m.left_at IS NULL OR m.left_at >= b.until_at)),
       count(*) FILTER (WHERE m.admitted_at >= b.from_at AND m.admitted_at < b.until_at),
       count(*) FILTER (WHERE m.left_at >= b.from_at AND m.left_at < b.until_at)
  FROM unnest(($2::timestamptz[])[:cardinality($2::timestamptz[]) - 1], ($2::timestamptz[])[2:]) WITH ORDINALITY AS b (from_at, until_at, stretch)
  LEFT JOIN member m ON m.community_id = $1 AND m.admitted_at < b.until_at
 GROUP BY b.stretch
 ORDER BY b.stretch`

// Movements implements vitality.Store.
func (VitalityStore) Movements(ctx context.Context, community domain.ID, bounds []time.Time) ([]vitality.Movement, error) {
	found, err := query(ctx).Query(ctx, movementsSQL, community, bounds)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[vitality.Movement])
}

const familiesSQL = dealtCTE + `, part AS (
  SELECT split_part(x.service_type, '-', 1) AS family, side.account_id,
         count(*) FILTER (WHERE side.gave) AS exchanges, coalesce(sum(d.minutes) FILTER (WHERE side.gave), 0)::bigint AS minutes
    FROM dealt d
    JOIN exchange x ON x.community_id = $1 AND x.id = d.exchange_id
   CROSS JOIN LATERAL (VALUES (d.giver, true), (d.receiver, false)) AS side (account_id, gave)
   WHERE d.at >= $2 AND d.at < $3
   GROUP BY 1, 2
)
SELECT family, count(*), sum(exchanges)::bigint, sum(minutes)::bigint
  FROM part
 GROUP BY family
 ORDER BY family`

// Families implements vitality.Store.
func (VitalityStore) Families(ctx context.Context, community domain.ID, period ledger.Period) ([]vitality.FamilyFlow, error) {
	found, err := query(ctx).Query(ctx, familiesSQL, community, period.From, period.Until)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[vitality.FamilyFlow])
}

// Who may take part is who is in good standing: neither resting nor suspended. What
// is looked for of each member is gathered first and joined, so that it is looked for
// once and not again for each.
const todaySQL = dealtCTE + `, lately AS (
  SELECT DISTINCT a.owner_id AS member_id
    FROM dealt d
   CROSS JOIN LATERAL (VALUES (d.giver), (d.receiver)) AS side (account_id)
    JOIN ledger.account a ON a.community_id = $1 AND a.id = side.account_id
   WHERE d.at >= $3
), showing AS (
  SELECT DISTINCT l.member_id FROM listing l WHERE l.community_id = $1 AND l.state = 'PUBLISHED'
), present AS (
  SELECT m.id AS member_id, m.admitted_at, m.participation NOT IN ('PAUSED', 'SUSPENDED') AS takes_part
    FROM member m
   WHERE m.community_id = $1 AND m.participation NOT IN ('APPLICANT', 'DECLINED', 'LEFT')
), asked AS (
  SELECT x.listing_id
    FROM exchange x
   WHERE x.community_id = $1 AND x.listing_id IS NOT NULL AND x.state IN ('ACCEPTED', 'DONE', 'DISPUTED', 'CONFIRMED')
)
SELECT count(*),
       count(*) FILTER (WHERE p.takes_part AND s.member_id IS NULL),
       count(*) FILTER (WHERE p.takes_part AND p.admitted_at < $3 AND l.member_id IS NULL),
       (SELECT count(*)
          FROM listing r
         WHERE r.community_id = $1 AND r.kind = 'REQUEST' AND r.state = 'PUBLISHED' AND r.published_at < $2
           AND NOT EXISTS (SELECT FROM asked a WHERE a.listing_id = r.id))
  FROM present p
  LEFT JOIN showing s USING (member_id)
  LEFT JOIN lately l USING (member_id)`

// Today implements vitality.Store.
func (VitalityStore) Today(ctx context.Context, community domain.ID, unmetSince, quietSince time.Time) (vitality.Today, error) {
	var t vitality.Today
	err := query(ctx).QueryRow(ctx, todaySQL, community, unmetSince, quietSince).Scan(&t.Members, &t.WithoutListing, &t.Isolated, &t.UnmetRequests)
	return t, err
}
