// SPDX-License-Identifier: AGPL-3.0-or-later

package pgtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/persistence/embedded"
)

// ask returns the first column of what a statement finds.
func ask(t *testing.T, address, sql string, args ...any) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(found, ",")
}

const tables = "SELECT count(*)::text FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"

func TestTiming(t *testing.T) {
	begun := time.Now()
	first := URL(t)
	t.Logf("server, template and first clone: %v", time.Since(begun).Round(time.Millisecond))
	if ask(t, first, tables) == "0" {
		t.Error("the database is not migrated")
	}
	const clones = 10
	begun = time.Now()
	for range clones {
		URL(t)
	}
	t.Logf("a clone: %v", (time.Since(begun) / clones).Round(time.Millisecond))
	begun = time.Now()
	t.Run("drop", func(t *testing.T) {
		URL(t)
	})
	t.Logf("a clone and its drop: %v", time.Since(begun).Round(time.Millisecond))
}

func TestEachTestIsAlone(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			address := URL(t)
			ask(t, address, "CREATE TABLE mine (id text PRIMARY KEY)")
			ask(t, address, "INSERT INTO mine VALUES ('1')")
			time.Sleep(10 * time.Millisecond)
			if got := ask(t, address, "SELECT count(*)::text FROM mine"); got != "1" {
				t.Errorf("%s rows", got)
			}
		})
	}
}

func TestDatabaseIsDroppedThoughInUse(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("test", func(t *testing.T) {
		address = URL(t)
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil { // and left open
			t.Fatal(err)
		}
	})
	if conn, err := pgx.Connect(t.Context(), address); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the database is still there")
	}
}

// TestProcessesShareAServer runs this test binary several times at once on one
// server on which a process died while it made the template.
func TestProcessesShareAServer(t *testing.T) {
	t.Parallel()
	local, err := embedded.Start(t.Context(), embedded.Options{Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin := local.URL(embedded.Superuser, "postgres")
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	ask(t, admin, "CREATE DATABASE "+s.template+"_unfinished")
	ask(t, admin, "CREATE DATABASE "+clonePrefix+"old")
	ask(t, admin, "CREATE DATABASE "+clonePrefix+"young")
	folder := ask(t, admin, "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = $1", clonePrefix+"old")
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(filepath.Join(folder, "PG_VERSION"), long, long); err != nil {
		t.Fatal(err)
	}

	results := make(chan string)
	const processes = 3
	for range processes {
		go func() {
			cmd := exec.Command(os.Args[0], "-test.run=TestEachTestIsAlone")
			cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+admin)
			said, err := cmd.CombinedOutput()
			if err != nil {
				results <- err.Error() + ": " + string(said)
			} else {
				results <- ""
			}
		}()
	}
	for range processes {
		if failure := <-results; failure != "" {
			t.Error(failure)
		}
	}
	left := ask(t, admin, "SELECT datname FROM pg_database WHERE starts_with(datname, 'hora_') ORDER BY 1")
	if want := s.template + "," + clonePrefix + "young"; left != want {
		t.Errorf("left on the server: %s, want %s", left, want)
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	t.Setenv("TEST_DATABASE_URL", "host=localhost")
	if _, err := boot(); err == nil || !strings.Contains(err.Error(), "TEST_DATABASE_URL") {
		t.Errorf("got %v", err)
	}
}
