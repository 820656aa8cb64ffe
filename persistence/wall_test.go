// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/persistence/pgtest"
)

// everybodysTables hold what belongs to no community. Any other table is a
// community's: it has a community_id, and is walled.
var everybodysTables = []string{
	"card", "ceremony", "community", "field_usage", "goose_db_version", "passkey", "person", "person_community", "refresh_token", "session", "sign_in_link",
	"signing_key", "throttle",
}

// Every table of every schema is either walled or known to be everybody's. The
// first half is asked by migrations/*_check.sql after each migration, everywhere.
func TestEveryTableIsWalledOrEverybodys(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	found, err := conn.Query(t.Context(), `
		SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
		  FROM pg_class c
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('information_schema', 'river') AND n.nspname NOT LIKE 'pg\_%'
		   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'community_id')
		    OR c.oid = 'person_community'::regclass
		 ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	unwalled, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range unwalled {
		if !slices.Contains(everybodysTables, table) {
			t.Errorf("%s has no community_id. If its rows are a community’s, give it one, first in its key, with ENABLE and FORCE "+
				"ROW LEVEL SECURITY and the policy tenant; else add it to everybodysTables", table)
		}
	}
	for _, table := range everybodysTables {
		if !slices.Contains(unwalled, table) {
			t.Errorf("everybodysTables speaks of %s, which is no more or is walled", table)
		}
	}
}

// The check finds each way in which a later migration may forget the wall.
func TestTheCheckFindsAHoleInTheWall(t *testing.T) {
	t.Parallel()
	check, err := os.ReadFile("migrations/00015_check.sql")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const tenant = `USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)`
	for sql, complaint := range map[string]string{
		``: "",
		`CREATE SCHEMA later; CREATE TABLE later.bare (community_id uuid)`:                                                                "later.bare: row-level security is not forced",
		`CREATE TABLE half (community_id uuid); ALTER TABLE half ENABLE ROW LEVEL SECURITY; CREATE POLICY tenant ON half ` + tenant:       "half: row-level security is not forced",
		`CREATE TABLE empty (community_id uuid); ALTER TABLE empty ENABLE ROW LEVEL SECURITY; ALTER TABLE empty FORCE ROW LEVEL SECURITY`: "empty: row-level security is not forced, or no policy",
		`CREATE TABLE parts (community_id uuid) PARTITION BY HASH (community_id)`:                                                         "parts: row-level security is not forced",
		`ALTER TABLE listing NO FORCE ROW LEVEL SECURITY`:                                                                                 "listing: row-level security is not forced",
		`DROP POLICY tenant ON listing; CREATE POLICY tenant ON listing USING (community_id IS NOT NULL)`:                                 "listing: the policy tenant asks for no tenant",
		`CREATE POLICY wide ON member FOR SELECT USING (true)`:                                                                            "member: the policy wide asks for no tenant",
		`CREATE POLICY positions ON journal.event FOR SELECT USING (true)`:                                                                "journal.event: the policy positions",
		`CREATE POLICY more ON journal.head FOR UPDATE USING (true)`:                                                                      "journal.head: the policy more",
		`CREATE MATERIALIZED VIEW kept AS SELECT * FROM listing`:                                                                          "kept: a materialized view",
		`CREATE VIEW seen AS SELECT * FROM listing`:                                                                                       "seen: a view shows",
		`CREATE VIEW seen WITH (security_invoker = true) AS SELECT * FROM listing`:                                                        "",
		`CREATE TABLE good (community_id uuid PRIMARY KEY); ALTER TABLE good ENABLE ROW LEVEL SECURITY; ALTER TABLE good FORCE ROW LEVEL SECURITY; CREATE POLICY tenant ON good ` + tenant: "",
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		found, err := tx.Query(t.Context(), string(check))
		if err != nil {
			t.Fatal(err)
		}
		complaints, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(complaints, "; "); (complaint == "") != (all == "") || !strings.Contains(all, complaint) {
			t.Errorf("after %q it says %q, want %q", sql, all, complaint)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
