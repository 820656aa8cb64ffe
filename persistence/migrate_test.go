// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
)

// empty is the address of a database with nothing in it, on the server of another.
func empty(t *testing.T, beside, name string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), beside)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	address, err := url.Parse(beside)
	if err != nil {
		t.Fatal(err)
	}
	name = strings.TrimPrefix(address.Path, "/") + "_" + name
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.WithoutCancel(t.Context()), beside)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	address.Path = "/" + name
	return address.String()
}

func TestMigrationsGoUpDownAndUpToTheSameSchema(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	first := schemaOf(t, address)
	if err := persistence.Migrate(t.Context(), address); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	same(t, "migrated twice", first, schemaOf(t, address))
	if err := persistence.MigrateDown(t.Context(), address); err != nil {
		t.Fatalf("down: %v", err)
	}
	if left := schemaOf(t, address); strings.Contains(left, "CREATE TABLE") || strings.Contains(left, "CREATE FUNCTION") {
		t.Errorf("going down leaves:\n%s", left)
	}
	if err := persistence.Migrate(t.Context(), address); err != nil {
		t.Fatalf("up again: %v", err)
	}
	same(t, "up again", first, schemaOf(t, address))
}

// Several servers of one cooperative start at the same moment on a new database.
func TestFourServersMigrateAtOnce(t *testing.T) {
	t.Parallel()
	beside := pgtest.URL(t)
	want := schemaOf(t, beside)
	for _, name := range []string{"a", "b"} {
		address := empty(t, beside, name)
		for _, err := range together(4, func(int) error { return persistence.Migrate(t.Context(), address) }) {
			if err != nil {
				t.Error(err)
			}
		}
		same(t, "migrated by four", want, schemaOf(t, address))
	}
}

// same compares two schemas line by line, and tells the first difference.
func same(t *testing.T, what, want, got string) {
	t.Helper()
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wanted), len(gotten)) {
		if wanted[i] != gotten[i] {
			t.Errorf("%s: line %d is\n%s\nwant\n%s", what, i+1, gotten[i], wanted[i])
			return
		}
	}
	if len(wanted) != len(gotten) {
		t.Errorf("%s: %d lines, want %d", what, len(gotten), len(wanted))
	}
}
