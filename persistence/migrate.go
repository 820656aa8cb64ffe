// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

//go:embed roles.sql
var rolesSQL string

// RiverSchema keeps the job runner's tables apart from the product's.
const RiverSchema = "river"

// MigrationsHash changes whenever a fresh database would turn out different;
// test templates are keyed by it.
func MigrationsHash() string {
	h := sha256.New()
	h.Write([]byte(rolesSQL))
	names, _ := fs.Glob(migrationFiles, "migrations/*.sql") // the pattern is constant and valid
	for _, name := range names {
		body, _ := migrationFiles.ReadFile(name) // embedded, so it is there
		h.Write([]byte(name))
		h.Write(body)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Migrate brings the database to this program's schema. The address must be
// that of a login that may create roles and extensions, or whose administrator
// ran persistence/roles.sql once. Running it twice changes nothing; several
// servers may run it at once.
func Migrate(ctx context.Context, ownerURL string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it gives the lock back, whatever it says
	if err := lockMigrations(ctx, conn); err != nil {
		return fmt.Errorf("wait for another server's migration: %w", err)
	}
	if _, err := conn.Exec(ctx, rolesSQL); err != nil {
		return fmt.Errorf("prepare roles and extensions: %w", err)
	}
	return asOwner(ctx, ownerURL, func(db *sql.DB, pool *pgxpool.Pool) error {
		provider, err := gooseProvider(db)
		if err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		if err := migrateRiver(ctx, pool, rivermigrate.DirectionUp); err != nil {
			return err
		}
		return assertMigrated(ctx, pool)
	})
}

// lockMigrations lets one of several servers that start at once prepare the
// roles, migrate the product's schema and the job runner's. The lock lasts as long
// as the connection. Asking again, rather than waiting inside the database, keeps
// no snapshot open that the building of an index would wait for.
func lockMigrations(ctx context.Context, conn *pgx.Conn) error {
	const number = 0x6d696772 // it says nothing to anybody else
	for {
		var ours bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", number).Scan(&ours); err != nil || ours {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// MigrateDown undoes every migration; it exists for tests of the migrations.
func MigrateDown(ctx context.Context, ownerURL string) error {
	return asOwner(ctx, ownerURL, func(db *sql.DB, pool *pgxpool.Pool) error {
		if err := migrateRiver(ctx, pool, rivermigrate.DirectionDown); err != nil {
			return err
		}
		provider, err := gooseProvider(db)
		if err != nil {
			return err
		}
		if _, err := provider.DownTo(ctx, 0); err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		return nil
	})
}

func gooseProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, onlyNumbered{files})
}

// onlyNumbered hides the assertion files (…_check.sql) from goose.
type onlyNumbered struct{ fs.FS }

func (o onlyNumbered) Glob(pattern string) ([]string, error) {
	all, err := fs.Glob(o.FS, pattern)
	var kept []string
	for _, name := range all {
		if !strings.HasSuffix(name, "_check.sql") {
			kept = append(kept, name)
		}
	}
	return kept, err
}

// assertMigrated runs the assertions that ship with the migrations: each is a
// query that must return no row; a row says what does not hold.
func assertMigrated(ctx context.Context, pool *pgxpool.Pool) error {
	checks, err := fs.Glob(migrationFiles, "migrations/*_check.sql")
	if err != nil {
		return err
	}
	var broken []error
	for _, name := range checks {
		body, err := migrationFiles.ReadFile(name)
		if err != nil {
			return err
		}
		found, err := pool.Query(ctx, string(body))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, line := range lines {
			broken = append(broken, fmt.Errorf("%s: %s", name, line))
		}
	}
	return errors.Join(broken...)
}

func migrateRiver(ctx context.Context, pool *pgxpool.Pool, direction rivermigrate.Direction) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: RiverSchema})
	if err != nil {
		return fmt.Errorf("prepare the job tables: %w", err)
	}
	opts := &rivermigrate.MigrateOpts{}
	if direction == rivermigrate.DirectionDown {
		opts.TargetVersion = -1
	} else if _, err := pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+RiverSchema); err != nil {
		return fmt.Errorf("create the job schema: %w", err)
	}
	if _, err := migrator.Migrate(ctx, direction, opts); err != nil {
		return fmt.Errorf("migrate the job tables: %w", err)
	}
	if direction == rivermigrate.DirectionUp {
		_, err = pool.Exec(ctx, `
			GRANT USAGE ON SCHEMA river TO hora_server;
			GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA river TO hora_server;
			GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA river TO hora_server;`)
	} else {
		_, err = pool.Exec(ctx, "DROP SCHEMA IF EXISTS "+RiverSchema+" CASCADE")
	}
	return err
}

// asOwner opens a small pool that acts as hora_owner, the role that owns every
// table and bypasses nothing.
func asOwner(ctx context.Context, url string, fn func(*sql.DB, *pgxpool.Pool) error) error {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("read the database address: %w", err)
	}
	cfg.MaxConns = 4
	cfg.ConnConfig.RuntimeParams["application_name"] = "hora migrate"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET ROLE hora_owner")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close() //nolint:errcheck // its connections go with the pool
	return fn(db, pool)
}
