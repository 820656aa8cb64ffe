// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/persistence/pgtest"
)

var update = flag.Bool("update", false, "rewrite schema.sql from the migrations")

const schemaFile = "schema.sql"

// TestSchemaDump keeps schema.sql what the migrations make, so that a reviewer
// reads what becomes of the database beside the steps that lead there.
func TestSchemaDump(t *testing.T) {
	t.Parallel()
	got := schemaHeader + schemaOf(t, pgtest.URL(t))
	if *update {
		if err := os.WriteFile(schemaFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != got {
		t.Error("the migrations make another schema; look at it after: go test ./persistence -run TestSchemaDump -update")
		same(t, schemaFile, string(committed), got)
	}
}

const schemaHeader = `-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What the migrations make of an empty database, to read and review; it is never
-- run. What functions do stands in their migrations, the job runner's own schema
-- is River's. Made by: go test ./persistence -run TestSchemaDump -update

`

// schemaOf writes down the schemas public, journal and ledger: tables with their
// constraints, policies, indexes and grants, and the functions' signatures. With
// no search_path every name is said in full, whoever asks.
func schemaOf(t *testing.T, address string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `SET search_path = ''`); err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, sql := range []string{schemasSQL, tablesSQL, functionsSQL} {
		found, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		some, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, some...)
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// grants reads an access list as GRANT lines, the owner's own left out.
const grants = `
  (SELECT string_agg(format(E'\nGRANT %s ON %s TO %s;', rights, what, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END), '' ORDER BY grantee::regrole::text)
     FROM (SELECT grantee, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS rights
             FROM aclexplode(acl) WHERE grantee <> owner GROUP BY grantee) g)`

const schemasSQL = `
SELECT 'CREATE SCHEMA ' || name || ' AUTHORIZATION ' || pg_get_userbyid(owner) || ';' || coalesce(` + grants + `, '')
  FROM (SELECT nspname AS name, 'SCHEMA ' || nspname AS what, nspowner AS owner, nspacl AS acl
          FROM pg_namespace WHERE nspname IN ('journal', 'ledger')) s
 ORDER BY name`

const tablesSQL = `
SELECT CASE relpersistence WHEN 'u' THEN 'CREATE UNLOGGED TABLE ' ELSE 'CREATE TABLE ' END || what || E' (\n'
       || (SELECT string_agg(line, E',\n' ORDER BY part, place)
             FROM (SELECT 1 AS part, to_char(a.attnum, '000') AS place,
                          format('  %s %s', a.attname, format_type(a.atttypid, a.atttypmod))
                          || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                          || CASE WHEN a.attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
                                  WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
                                  ELSE '' END AS line
                     FROM pg_attribute a
                     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                    WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
                   UNION ALL
                   SELECT 2, position(contype::text IN 'pucf') || conname, format('  CONSTRAINT %s %s', conname, pg_get_constraintdef(oid))
                     FROM pg_constraint
                    WHERE conrelid = t.oid AND contype IN ('p', 'u', 'c', 'f', 'x')) lines)
       || E'\n)' || coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', '') || ';'
       || CASE WHEN pg_get_userbyid(owner) <> 'hora_owner' THEN format(E'\nALTER TABLE %s OWNER TO %s;', what, pg_get_userbyid(owner)) ELSE '' END
       || CASE WHEN relrowsecurity THEN format(E'\nALTER TABLE %s ENABLE ROW LEVEL SECURITY;', what) ELSE '' END
       || CASE WHEN relforcerowsecurity THEN format(E'\nALTER TABLE %s FORCE ROW LEVEL SECURITY;', what) ELSE '' END
       || coalesce((SELECT string_agg(format(E'\nCREATE POLICY %s ON %s%s TO %s USING (%s)%s;', polname, what,
                             CASE polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' ELSE '' END,
                             CASE WHEN polroles = '{0}' THEN 'PUBLIC' ELSE (SELECT string_agg(pg_get_userbyid(r), ', ') FROM unnest(polroles) r) END,
                             pg_get_expr(polqual, polrelid), ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')'), '' ORDER BY polname)
                      FROM pg_policy WHERE polrelid = t.oid), '')
       || coalesce((SELECT string_agg(E'\n' || pg_get_indexdef(i.indexrelid) || ';', '' ORDER BY i.indexrelid::regclass::text)
                      FROM pg_index i
                     WHERE i.indrelid = t.oid AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))), '')
       || coalesce((SELECT string_agg(E'\n' || pg_get_triggerdef(oid) || ';', '' ORDER BY tgname)
                      FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal), '')
       || coalesce(` + grants + `, '')
  FROM (SELECT c.*, c.oid::regclass::text AS what, c.relowner AS owner, c.relacl AS acl
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname IN ('public', 'journal', 'ledger') AND c.relname <> 'goose_db_version') t
 ORDER BY what`

const functionsSQL = `
SELECT format(E'CREATE FUNCTION %s(%s)\n  RETURNS %s LANGUAGE %s %s%s%s%s;', name, pg_get_function_arguments(oid), pg_get_function_result(oid),
              (SELECT lanname FROM pg_language l WHERE l.oid = prolang),
              CASE provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
              CASE proparallel WHEN 's' THEN ' PARALLEL SAFE' ELSE '' END,
              CASE WHEN prosecdef THEN ' SECURITY DEFINER' ELSE '' END,
              (SELECT string_agg(' SET ' || s, '' ORDER BY s) FROM unnest(proconfig) s))
       || CASE WHEN pg_get_userbyid(owner) <> 'hora_owner' THEN format(E'\nALTER FUNCTION %s OWNER TO %s;', name, pg_get_userbyid(owner)) ELSE '' END
       || coalesce(` + grants + `, '')
  FROM (SELECT p.*, n.nspname || '.' || p.proname AS name, 'FUNCTION ' || n.nspname || '.' || p.proname AS what,
               p.proowner AS owner, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname IN ('public', 'journal', 'ledger')
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')) f
 ORDER BY name, pg_get_function_arguments(oid)`
