// SPDX-License-Identifier: AGPL-3.0-or-later

// Package persistence keeps the cooperative's registers in PostgreSQL: one
// transaction per use case, one file per area, SQL where SQL is the point.
package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/hora-coop/hora/domain"
)

// DB is the one database, used as the role hora_server, which owns nothing:
// row-level security binds it, and the ledger is read-only to it but for the
// ledger's own functions.
type DB struct {
	pool  *pgxpool.Pool
	sql   *sql.DB // GORM's view of the same pool
	gorm  *gorm.DB
	clock domain.Clock

	// Committed is called after a transaction that recorded events is durable,
	// with the community; the relay listens. It may be nil.
	Committed func(community domain.ID)
}

// Options tunes a DB; its zero value is what a small server needs.
type Options struct {
	Clock       domain.Clock    // required
	Connections int32           // 0 means 16
	Tracer      pgx.QueryTracer // sees every statement; nil for none
}

// Open connects as the server's role. The address may be that of the owner or
// of a login that was granted hora_server.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	cfg.MaxConns = 16
	if o.Connections > 0 {
		cfg.MaxConns = o.Connections
	}
	cfg.ConnConfig.Tracer = o.Tracer
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = "hora"
	params["timezone"] = "UTC"
	params["statement_timeout"] = "30s"
	params["lock_timeout"] = "10s"
	params["idle_in_transaction_session_timeout"] = "60s"
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerIDs(conn.TypeMap())
		_, err := conn.Exec(ctx, "SET ROLE hora_server")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: sqlDB}), &gorm.Config{
		SkipDefaultTransaction:   true,
		DisableNestedTransaction: true,
		DisableAutomaticPing:     true,
		Logger:                   logger.Discard, // errors are returned, values never logged
		NowFunc:                  o.Clock.Now,
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open GORM on the pool: %w", err)
	}
	return &DB{pool: pool, sql: sqlDB, gorm: g, clock: o.Clock}, nil
}

// Close gives all connections back.
func (db *DB) Close() {
	_ = db.sql.Close() // nothing is open in it once the pool is idle
	db.pool.Close()
}

// Pool is the one pool, for the job runner.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Ready says whether the database answers.
func (db *DB) Ready(ctx context.Context) error { return db.pool.Ping(ctx) }

// tx is one running transaction, carried by the context.
type tx struct {
	community domain.ID
	now       time.Time
	conn      *sql.Conn
	pgx       pgx.Tx
	gorm      *gorm.DB // which rows puts on the same connection
	events    []domain.Event
	appended  bool
}

type txKey struct{}

// current finds the running transaction. Its absence is a mistake in the
// program, never of a user, hence the panic (which InTx of the next room and the
// edge both survive).
func current(ctx context.Context) *tx {
	t, ok := ctx.Value(txKey{}).(*tx)
	if !ok {
		panic("persistence: used outside a transaction")
	}
	return t
}

// rows is GORM on the running transaction, for reading and writing rows.
func rows(ctx context.Context) *gorm.DB {
	t := current(ctx)
	g := t.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	g.Statement.ConnPool = t.conn
	return g
}

// query is the running transaction itself, for SQL that is the point.
func query(ctx context.Context) pgx.Tx { return current(ctx).pgx }

// PgxTx is the running transaction, so that a job can be inserted with its cause.
func PgxTx(ctx context.Context) pgx.Tx { return query(ctx) }

// InPlatform implements domain.Tx.
func (db *DB) InPlatform(ctx context.Context, fn func(context.Context, time.Time) error) error {
	return db.InTx(ctx, domain.Nowhere, fn)
}

// InTx implements domain.Tx.
func (db *DB) InTx(ctx context.Context, community domain.ID, fn func(context.Context, time.Time) error) error {
	if outer, ok := ctx.Value(txKey{}).(*tx); ok {
		if community != outer.community && community != domain.Nowhere {
			return fmt.Errorf("persistence: a transaction of community %s cannot enter %s", outer.community, community)
		}
		return fn(ctx, outer.now)
	}
	try := db.once
	r, reads := ctx.Value(readingKey{}).(*reading)
	if reads {
		try = r.turn
	}
	for attempt := 0; ; attempt++ {
		err := try(ctx, community, fn)
		if reads && writes(err) { // a key, say, that is made when it is first needed
			try, reads = db.once, false
			continue
		}
		if err == nil || attempt == maxRetries || !retryable(err) {
			return translate(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// begin opens a transaction of a community; whoever asks gives its connection back.
func (db *DB) begin(ctx context.Context, community domain.ID, how string) (*tx, error) {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a connection: %w", err)
	}
	t := &tx{community: community, now: db.clock.Now().UTC().Truncate(time.Microsecond), conn: conn, gorm: db.gorm}
	// The pgx connection stays pinned by conn until Close; the use case is the
	// only one that speaks on it.
	err = conn.Raw(func(driver any) (err error) {
		// BEGIN and the tenant travel in one flight.
		t.pgx, err = driver.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: how + "; " + setCommunity(community)})
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin: %w", err), conn.Close())
	}
	return t, nil
}

// setCommunity makes one tenant's rows visible until the transaction ends. The value
// is a formatted UUID, the only thing that can stand there.
func setCommunity(id domain.ID) string { return "SET LOCAL hora.community = '" + id.String() + "'" }

// once runs one attempt. Named results let the deferred rollback and the commit
// speak: a commit that failed must never look like one that did not.
func (db *DB) once(ctx context.Context, community domain.ID, fn func(context.Context, time.Time) error) (err error) {
	t, err := db.begin(ctx, community, "BEGIN")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.conn.Close()) }()

	done := false
	defer func() {
		if !done { // an error, or a panic passing through
			// The request may be cancelled; the rollback must still be said.
			_ = t.pgx.Rollback(context.WithoutCancel(ctx))
		}
	}()
	inner := context.WithValue(ctx, txKey{}, t)
	if err := fn(inner, t.now); err != nil {
		return err
	}
	if err := appendEvents(inner); err != nil {
		return err
	}
	if err := t.pgx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	if t.appended && db.Committed != nil {
		db.Committed(community)
	}
	return nil
}
