// SPDX-License-Identifier: AGPL-3.0-or-later

package telemetry

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// agreeable speaks just enough of PostgreSQL's simple protocol to say yes to
// every statement.
func agreeable(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	backend := pgproto3.NewBackend(conn, conn)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return
	}
	status := byte('I')
	backend.Send(&pgproto3.AuthenticationOk{})
	backend.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
	backend.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
	for {
		backend.Send(&pgproto3.ReadyForQuery{TxStatus: status})
		if backend.Flush() != nil {
			return
		}
		message, err := backend.Receive()
		if err != nil {
			return
		}
		query, ok := message.(*pgproto3.Query)
		if !ok {
			return
		}
		for statement := range strings.SplitSeq(strings.Trim(query.String, ";"), ";") {
			tag := "UPDATE 1"
			switch word, _, _ := strings.Cut(strings.ToUpper(statement), " "); word {
			case "BEGIN":
				tag, status = word, 'T'
			case "COMMIT":
				tag, status = word, 'I'
			}
			backend.Send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
		}
	}
}

// openTraced gives one pool, and GORM's view of it, as persistence opens them.
func openTraced(t *testing.T) (*pgxpool.Pool, *gorm.DB) {
	t.Helper()
	config, err := pgxpool.ParseConfig("postgres://hora@db.invalid/hora?sslmode=disable&default_query_exec_mode=simple_protocol")
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = Tracer{}
	config.ConnConfig.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	config.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go agreeable(server)
		return client, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	db := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { _ = db.Close() })
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return pool, g
}

func TestTracerSeesWhoeverWroteIt(t *testing.T) {
	pool, g := openTraced(t)
	ctx, all := CountStatements(t.Context())

	inner, byPgx := CountStatements(ctx)
	tx, err := pool.BeginTx(inner, pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL hora.community = ''"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(inner, "UPDATE a SET b = 1"); err != nil {
		t.Fatal(err)
	}
	batch := &pgx.Batch{}
	batch.Queue("UPDATE c SET d = 1")
	batch.Queue("UPDATE e SET f = 1")
	if err := tx.SendBatch(inner, batch).Close(); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(inner); err != nil {
		t.Fatal(err)
	}

	inner, byGORM := CountStatements(ctx)
	err = g.WithContext(inner).Transaction(func(tx *gorm.DB) error {
		return tx.Exec("UPDATE g SET h = ?", 1).Error
	})
	if err != nil {
		t.Fatal(err)
	}

	if byPgx.Statements() != 3 || byPgx.Boundaries() != 2 {
		t.Errorf("pgx: %d statements, %d boundaries", byPgx.Statements(), byPgx.Boundaries())
	}
	if byGORM.Statements() != 1 || byGORM.Boundaries() != 2 {
		t.Errorf("GORM: %d statements, %d boundaries", byGORM.Statements(), byGORM.Boundaries())
	}
	if all.Statements() != 4 || all.Boundaries() != 4 {
		t.Errorf("together: %d statements, %d boundaries", all.Statements(), all.Boundaries())
	}
}

func TestBoundaries(t *testing.T) {
	for sql, want := range map[string]bool{
		"BEGIN; SET LOCAL x = ''": true, "begin": true, "commit": true, " ROLLBACK": true, "rollback to savepoint sp_1": true,
		"savepoint sp_1": true, "release savepoint sp_1": true, "START TRANSACTION": true,
		"SELECT 1": false, "-- name: JobInsert\nINSERT": false, "WITH beginning AS (SELECT 1) SELECT 2": false, "": false,
	} {
		if isBoundary(sql) != want {
			t.Errorf("%q: %t", sql, !want)
		}
	}
}

func TestCopyIsOneStatement(t *testing.T) {
	ctx, counter := CountStatements(t.Context())
	Tracer{}.TraceCopyFromStart(ctx, nil, pgx.TraceCopyFromStartData{})
	if counter.Statements() != 1 {
		t.Errorf("%d statements", counter.Statements())
	}
}

func TestNobodyCounts(t *testing.T) {
	Tracer{}.TraceQueryStart(t.Context(), nil, pgx.TraceQueryStartData{SQL: "SELECT 1"}) // must not panic
}
