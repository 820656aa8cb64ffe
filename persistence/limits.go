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

// By limit_change_account_idx; who did it by member_person_key, where a person
// has one membership that has not ended.
const limitChangesSQL = `
SELECT c.community_id, c.id, c.floor, c.soft_floor, c.ceiling, c.allowance, c.reason, m.id, c.at
  FROM ledger.limit_change c
  LEFT JOIN LATERAL (SELECT m.id
                       FROM member m
                      WHERE m.community_id = $1 AND m.person_id = c.actor_id AND m.participation NOT IN ('LEFT', 'DECLINED')
                      LIMIT 1) m ON true
 WHERE c.community_id = $1 AND c.account_id = $2
   AND ($3::timestamptz IS NULL OR (c.at, c.id) %[1]s ($3, $4))
 ORDER BY c.at %[2]s, c.id %[2]s
 LIMIT $5`

// LimitChanges implements ledger.Store.
func (LedgerStore) LimitChanges(ctx context.Context, community, account domain.ID, page domain.Page) (domain.Slice[ledger.PastLimits], error) {
	var none domain.Slice[ledger.PastLimits]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(limitChangesSQL, compare, direction), community, account, at, id, page.Limit+1)
	if err != nil {
		return none, err
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (ledger.PastLimits, error) {
		var c ledger.PastLimits
		var member *domain.ID
		var at time.Time
		err := row.Scan(&c.Community, &c.ID, &c.Floor, &c.SoftFloor, &c.Ceiling, &c.AllowedOnce, &c.Reason, &member, &at)
		c.Member, c.At = orNowhere(member), at.UTC()
		return c, err
	})
	if err != nil {
		return none, err
	}
	return slice(list, page, func(c ledger.PastLimits) string { return encodeKey(timeKey{c.At, c.ID}) }), nil
}
