// SPDX-License-Identifier: AGPL-3.0-or-later

package telemetry

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Counter counts what a context asked of the database.
type Counter struct {
	statements, boundaries atomic.Int64
	outer                  *Counter
}

// Statements is the number of statements that did something; each of a batch
// counts, a COPY counts once.
func (c *Counter) Statements() int64 { return c.statements.Load() }

// Boundaries is the number of statements that only opened, marked or ended a
// transaction.
func (c *Counter) Boundaries() int64 { return c.boundaries.Load() }

type counterKey struct{}

// CountStatements counts what is done with the context it returns. Counters
// nest: an outer one counts what an inner one does.
func CountStatements(ctx context.Context) (context.Context, *Counter) {
	outer, _ := ctx.Value(counterKey{}).(*Counter)
	counter := &Counter{outer: outer}
	return context.WithValue(ctx, counterKey{}, counter), counter
}

// Tracer feeds the counters. Set on a pgx pool it sees all that passes, whether
// GORM, River or pgx itself wrote it.
type Tracer struct{}

func count(ctx context.Context, sql string) {
	counter, _ := ctx.Value(counterKey{}).(*Counter)
	for ; counter != nil; counter = counter.outer {
		if isBoundary(sql) {
			counter.boundaries.Add(1)
		} else {
			counter.statements.Add(1)
		}
	}
}

func isBoundary(sql string) bool {
	word := strings.TrimSpace(sql)
	if end := strings.IndexAny(word, " ;\n\t"); end >= 0 {
		word = word[:end]
	}
	switch strings.ToUpper(word) {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE":
		return true
	}
	return false
}

// TraceQueryStart implements pgx.QueryTracer.
func (Tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	count(ctx, data.SQL)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (Tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (Tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (Tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	count(ctx, data.SQL)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (Tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (Tracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	count(ctx, "COPY")
	return ctx
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (Tracer) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}
