// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
)

// usageKept is how long uses are remembered: a year, and the month in which
// somebody notices.
const usageKept = 400 * 24 * time.Hour

// UsageStore keeps which app uses what of the contract.
type UsageStore struct{}

// Rows are taken in the order of the key, so two nodes never wait in a ring.
const addUsageSQL = `
INSERT INTO field_usage (field, day, client, release, uses)
SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::bigint[])
ON CONFLICT (field, day, client, release) DO UPDATE SET uses = field_usage.uses + excluded.uses`

// Add adds counts to those of the day, and forgets what is too old. It is called
// in a transaction of the platform.
func (UsageStore) Add(ctx context.Context, counts map[domain.FieldUse]int64, now time.Time) error {
	uses := slices.SortedFunc(maps.Keys(counts), func(a, b domain.FieldUse) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Release, b.Release))
	})
	fields, days, clients, releases := make([]string, len(uses)), make([]string, len(uses)), make([]string, len(uses)), make([]string, len(uses))
	times := make([]int64, len(uses))
	for i, u := range uses {
		fields[i], days[i], clients[i], releases[i], times[i] = u.Field, u.Day, u.Client, u.Release, counts[u]
	}
	if _, err := query(ctx).Exec(ctx, addUsageSQL, fields, days, clients, releases, times); err != nil {
		return fmt.Errorf("add usage: %w", err)
	}
	_, err := query(ctx).Exec(ctx, `DELETE FROM field_usage WHERE day < $1::date`, now.Add(-usageKept)) // field_usage_day_idx
	return err
}

// By the primary key, or, without a field, by field_usage_day_idx.
const usageSinceSQL = `
SELECT field, client, release, to_char(max(day), 'YYYY-MM-DD'), sum(uses)::bigint
  FROM field_usage
 WHERE day >= $2::date
   AND ($1 = '' OR field = $1 OR starts_with(field, $1 || '(') OR starts_with(field, $1 || '.'))
 GROUP BY field, client, release
 ORDER BY field, max(day) DESC, client, release`

// Since tells who used a field (and its arguments), everything of a type, or
// anything at all when it is empty. Day is the last one; uses are added up.
func (UsageStore) Since(ctx context.Context, field string, since time.Time, tell func(last domain.FieldUse, uses int64)) error {
	found, err := query(ctx).Query(ctx, usageSinceSQL, field, since)
	if err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	var u domain.FieldUse
	var uses int64
	_, err = pgx.ForEachRow(found, []any{&u.Field, &u.Client, &u.Release, &u.Day, &uses}, func() error {
		tell(u, uses)
		return nil
	})
	return err
}
