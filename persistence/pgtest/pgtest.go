// SPDX-License-Identifier: AGPL-3.0-or-later

// Package pgtest gives every test a PostgreSQL database of its own, so that tests
// run in parallel, may commit and never clean up after one another.
//
// The server is that of TEST_DATABASE_URL (the address of a superuser), else a
// throwaway one, booted at the first call and gone with the test binary, however
// that ends. On it a template is migrated once, and each test gets a clone.
//
// As this package imports persistence, tests inside persistence that use it are
// of package persistence_test.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/embedded"
)

const (
	templatePrefix = "hora_template_"
	clonePrefix    = "hora_test_"
	// templateLock is what processes that share a server pass one after another
	// while they look for the template; the number says nothing to anybody else.
	templateLock = 0x686f7261

	bootLimit, dropLimit = 2 * time.Minute, 30 * time.Second
)

// URL returns the owner's address of a fresh, migrated database, which is dropped
// when the test ends, whoever is still connected.
func URL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	name := clonePrefix + strings.ToLower(rand.Text())
	if err := s.clone(t.Context(), name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), dropLimit)
		defer cancel()
		if err := s.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: drop the test's database: %v", err)
		}
	})
	return s.address(name)
}

// shared is the one server of this test binary.
var shared = sync.OnceValues(boot)

// server is a PostgreSQL with a template on it.
type server struct {
	admin    url.URL // of a superuser, on any database
	template string
	// Copies pass one after another: each asks for a checkpoint, and several at once
	// take longer than in turn.
	copying sync.Mutex
}

func boot() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), bootLimit)
	defer cancel()
	admin := os.Getenv("TEST_DATABASE_URL")
	if admin == "" {
		local, err := embedded.Start(ctx, embedded.Options{Throwaway: true, Progress: os.Stderr})
		if err != nil {
			return nil, err
		}
		admin = local.URL(embedded.Superuser, "postgres")
	}
	address, err := url.Parse(admin)
	if err != nil || !strings.HasPrefix(address.Scheme, "postgres") {
		return nil, errors.New("TEST_DATABASE_URL should be like postgres://user:password@host/database")
	}
	s := &server{admin: *address, template: templatePrefix + persistence.MigrationsHash()}
	return s, s.ensureTemplate(ctx)
}

func (s *server) address(database string) string {
	u := s.admin
	u.Path = "/" + database
	return u.String()
}

// ensureTemplate migrates the template unless it is there. It gets its name last,
// so one that an interrupted process left half-made is never taken for it.
func (s *server) ensureTemplate(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return fmt.Errorf("reach the test server: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it gives the lock back, whatever it says
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return fmt.Errorf("wait for the template: %w", err)
	}
	if err := s.sweep(ctx, conn); err != nil {
		return fmt.Errorf("remove old test databases: %w", err)
	}
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", s.template).Scan(&exists)
	if err != nil || exists {
		return err
	}
	unfinished := s.template + "_unfinished"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + unfinished + " WITH (FORCE)", "CREATE DATABASE " + unfinished} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make the template: %w", err)
		}
	}
	if err := persistence.Migrate(ctx, s.address(unfinished)); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	for _, sql := range []string{
		// A database somebody is connected to cannot be copied.
		"ALTER DATABASE " + unfinished + " ALLOW_CONNECTIONS false",
		"ALTER DATABASE " + unfinished + " RENAME TO " + s.template,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("finish the template: %w", err)
		}
	}
	return nil
}

// sweep drops what tests that were killed and earlier migrations left on a server
// that outlives them. PostgreSQL does not record when a database was made, but
// the age of its first file tells.
func (s *server) sweep(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT datname
		FROM pg_database
		WHERE (starts_with(datname, $1) OR starts_with(datname, $2))
		  AND datname <> $3
		  AND (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '1 day'`,
		templatePrefix, clonePrefix, s.template)
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, err := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) clone(ctx context.Context, name string) error {
	s.copying.Lock()
	defer s.copying.Unlock()
	// Copying the files beats writing them through the log: it is a small database,
	// and nobody here waits for the disk.
	return s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+s.template+" STRATEGY file_copy")
}

func (s *server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return fmt.Errorf("reach the test server: %w", err)
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}
