// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

const postBatchSQL = `
SELECT posting_ids, replayed, low, high
  FROM ledger.post_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

// PostBatch implements ledger.Store: one round trip for all the lines.
func (LedgerStore) PostBatch(ctx context.Context, community domain.ID, lines []ledger.Posting) (posted []ledger.Posted, low, high []domain.ID, err error) {
	// What was recorded before belongs before the first line.
	if err := appendEvents(ctx); err != nil {
		return nil, nil, nil, err
	}
	t := current(ctx)
	n := len(lines)
	ids, keys, fingerprints := make([]domain.ID, n), make([]string, n), make([][]byte, n)
	var legs struct {
		line            []int32
		ids             []domain.ID
		kinds           []string
		minutes         []int64
		debits, credits []domain.ID
		exchanges       []*domain.ID
	}
	for i, p := range lines {
		ids[i], keys[i], fingerprints[i] = domain.NewID(), p.Key, p.Fingerprint()
		for _, leg := range p.Legs {
			legs.line = append(legs.line, int32(i+1))
			legs.ids = append(legs.ids, leg.ID)
			legs.kinds = append(legs.kinds, string(leg.Kind))
			legs.minutes = append(legs.minutes, int64(leg.Minutes))
			legs.debits, legs.credits = append(legs.debits, leg.Debit), append(legs.credits, leg.Credit)
			legs.exchanges = append(legs.exchanges, optional(leg.Exchange))
		}
		t.events = append(t.events, postedEvent(p, ids[i]))
	}
	c, err := takeEvents(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	var replayed []bool
	err = t.pgx.QueryRow(ctx, postBatchSQL, community, t.now, ids, keys, fingerprints,
		legs.line, legs.ids, legs.kinds, legs.minutes, legs.debits, legs.credits, legs.exchanges,
		c.ids, c.kinds, c.actors, c.subjects, c.bodies,
	).Scan(&ids, &replayed, &low, &high)
	if err != nil {
		return nil, nil, nil, batchError(err)
	}
	posted = make([]ledger.Posted, n)
	for i := range posted {
		posted[i] = ledger.Posted{Posting: ids[i], Replayed: replayed[i]}
	}
	return posted, low, high, nil
}

// batchError says at which line a batch was refused.
func batchError(err error) error {
	var at struct{ Line int }
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || json.Unmarshal([]byte(pg.Detail), &at) != nil || at.Line == 0 {
		return translate(err)
	}
	return ledger.AtLine(at.Line-1, translate(err))
}
