// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hora-coop/hora/domain"
)

// reading is one transaction for all that a query reads. What its fields ask for
// side by side takes turns here, each turn inside one community as always. So a page
// is of one moment, and costs one transaction and one connection however many rooms it
// comes from.
type reading struct {
	db *DB
	mu sync.Mutex
	tx *tx // nil before the first turn, and after one that failed
}

type readingKey struct{}

// Reading lets all that is read with the context share a transaction, until done.
// A use case that writes after all gets one of its own.
func (db *DB) Reading(ctx context.Context) (reads context.Context, done func()) {
	r := &reading{db: db}
	return context.WithValue(ctx, readingKey{}, r), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.tx != nil {
			_ = r.end(ctx) // all was read
		}
	}
}

// turn runs fn inside a community. After a panic, or a statement that failed, nothing
// more can be read in the transaction: the next turn begins another.
func (r *reading) turn(ctx context.Context, community domain.ID, fn func(context.Context, time.Time) error) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tx == nil {
		if r.tx, err = r.db.begin(ctx, community, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
			return err
		}
	}
	ended := false
	defer func() {
		if conn := r.tx.pgx.Conn().PgConn(); !ended || conn.IsClosed() || conn.TxStatus() != 'T' {
			err = errors.Join(err, r.end(ctx))
		}
	}()
	if community != r.tx.community {
		if _, err := r.tx.pgx.Exec(ctx, setCommunity(community)); err != nil {
			return err
		}
		r.tx.community = community
	}
	t := *r.tx
	err = fn(context.WithValue(ctx, txKey{}, &t), t.now)
	ended = true
	return err
}

// end gives the connection back. The request may be cancelled; that must still be said.
func (r *reading) end(ctx context.Context) error {
	_ = r.tx.pgx.Rollback(context.WithoutCancel(ctx)) // nothing was written
	err := r.tx.conn.Close()
	r.tx = nil
	return err
}
