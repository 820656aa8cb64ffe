// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/persistence"
)

// tenantTables are those that belong to a community each, by the columns they have.
func (p *program) tenantTables() []string {
	p.t.Helper()
	found, err := p.owner.Query(p.t.Context(), `
		SELECT a.attrelid::regclass::text
		  FROM pg_attribute a
		  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
		  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
		 WHERE a.attname = 'community_id' AND NOT a.attisdropped AND c.relname <> 'person_community' -- the directory of who belongs where
		 ORDER BY 1`)
	if err != nil {
		p.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		p.t.Fatal(err)
	}
	if len(tables) < 15 {
		p.t.Errorf("only %d tables belong to communities: %v", len(tables), tables)
	}
	return tables
}

// positions are shown across communities, to whoever asks where something is new.
var positions = []string{"journal.head", "journal.cursor"}

// asServer works as the program does, inside a community; Nowhere for none.
func (p *program) asServer(in [16]byte, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return p.app.db.InTx(p.t.Context(), in, func(ctx context.Context, _ time.Time) error { return fn(ctx, persistence.PgxTx(ctx)) })
}

// key is a community's own.
func (w *town) key() [16]byte {
	w.t.Helper()
	return ask[[16]byte](w.program, `SELECT id FROM community WHERE slug = $1`, w.slug)
}

func TestWithoutATenantThereIsNothing(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	s.objects()
	full := 0
	for _, table := range s.tenantTables() {
		if ask[int](s.program, `SELECT count(*)::int FROM `+table) > 0 {
			full++
		}
		for what, community := range map[string][16]byte{"no community": domain.Nowhere, "another": domain.NewID()} {
			var rows int
			err := s.asServer(community, func(ctx context.Context, tx pgx.Tx) error {
				return tx.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&rows)
			})
			if err != nil {
				t.Errorf("%s: %v", table, err)
			}
			if rows > 0 && !slices.Contains(positions, table) {
				t.Errorf("%s shows %d rows to %s", table, rows, what)
			}
		}
		var strange int
		err := s.asServer(hill.key(), func(ctx context.Context, tx pgx.Tx) error {
			return tx.QueryRow(ctx, `SELECT count(*) FROM `+table+` WHERE community_id <> $1`, hill.key()).Scan(&strange)
		})
		if err != nil || (strange > 0 && !slices.Contains(positions, table)) {
			t.Errorf("%s shows %d rows of others to the hill: %v", table, strange, err)
		}
	}
	if full < 15 {
		t.Errorf("only %d tables had anything to hide", full)
	}
}

// byJobs are those that background work adds to meanwhile.
var byJobs = []string{"job_period", "journal.seal", "journal.tile"}

// A pool hands its connections from one community to the next: two hundred
// readers and writers of two communities, and some who work for none, share four of
// them. Each table is asked without naming a community, so that only the database's
// own wall keeps the rows apart.
func TestConnectionsForgetTheirCommunity(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	s.objects()
	hill.objects()
	s.settle()
	db, err := persistence.Open(t.Context(), s.app.url, persistence.Options{Clock: s.app.clock, Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	towns := []domain.ID{s.key(), hill.key()}
	tables := slices.DeleteFunc(s.tenantTables(), func(name string) bool { return slices.Contains(positions, name) })
	expected := map[domain.ID]map[string]int{}
	for _, town := range towns {
		expected[town] = map[string]int{}
		for _, table := range tables {
			expected[town][table] = ask[int](s.program, `SELECT count(*)::int FROM `+table+` WHERE community_id = $1`, town)
		}
	}
	kept := slices.Index(tables, "counter")
	tables = slices.Delete(tables, kept, kept+1) // where the writers write
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			town, abandoned := towns[i%2], errors.New("somebody thought better of it")
			if i%5 == 0 { // the one before this on the connection was of a community
				err := db.InPlatform(t.Context(), func(ctx context.Context, _ time.Time) error {
					var rows int
					err := persistence.PgxTx(ctx).QueryRow(ctx, `SELECT count(*) FROM `+tables[i%len(tables)]).Scan(&rows)
					if rows > 0 {
						t.Errorf("%s shows %d rows to no community", tables[i%len(tables)], rows)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
			err := db.InTx(t.Context(), town, func(ctx context.Context, _ time.Time) error {
				for range 3 {
					table := tables[(i*7)%len(tables)]
					var rows, others int
					err := persistence.PgxTx(ctx).QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE community_id <> $1) FROM `+table, town).Scan(&rows, &others)
					if err != nil {
						return err
					}
					if others > 0 || (rows != expected[town][table] && !slices.Contains(byJobs, table)) {
						t.Errorf("%s shows %d rows, %d of them of others; it has %d", table, rows, others, expected[town][table])
					}
				}
				// Whoever wrote the town's number in words of another's would show here.
				_, err := persistence.PgxTx(ctx).Exec(ctx, `
					INSERT INTO counter (community_id, name, value)
					SELECT NULLIF(current_setting('hora.community'), '')::uuid, 'written for ' || $1::text || ' by ' || $2::int, $2::int`, town, i)
				if err != nil {
					return err
				}
				if i%3 == 0 {
					return abandoned // a rollback gives the connection back too
				}
				return nil
			})
			if err != nil && !errors.Is(err, abandoned) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, town := range towns {
		same(t, "what was written in the town", ask[int](s.program, `SELECT count(*)::int FROM counter WHERE community_id = $1 AND name LIKE 'written for %'`, town), 66+i)
		same(t, "of it, for another", ask[int](s.program, `
			SELECT count(*)::int FROM counter WHERE community_id = $1 AND name LIKE 'written for %' AND name NOT LIKE 'written for ' || $1 || '%'`, town), 0)
	}
}

// sqlstate is what PostgreSQL answers to a statement of the server's role.
func (w *town) sqlstate(sql string, args ...any) string {
	w.t.Helper()
	var state string
	err := w.asServer(w.key(), func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
			state = pg.Code
		} else if err != nil {
			return err
		} else {
			state = fmt.Sprintf("%d rows", tag.RowsAffected())
		}
		return errors.New("whatever it did is undone")
	})
	if err == nil {
		w.t.Error("it was committed")
	}
	return state
}

const insufficientPrivilege = "42501"

func TestTheServerCannotRewriteTheBooks(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	s.objects()
	guarded := 0
	for _, table := range s.tenantTables() {
		written := table == "ledger.note" || table == "journal.cursor" // what may be erased, and what a reader moves
		if written || !(strings.HasPrefix(table, "ledger.") || strings.HasPrefix(table, "journal.")) {
			continue
		}
		guarded++
		for _, sql := range []string{
			`UPDATE ` + table + ` SET community_id = community_id`, `DELETE FROM ` + table, `INSERT INTO ` + table + ` SELECT * FROM ` + table,
			`TRUNCATE ` + table, `ALTER TABLE ` + table + ` DISABLE ROW LEVEL SECURITY`, `DROP TABLE ` + table,
		} {
			same(t, sql, s.sqlstate(sql), insufficientPrivilege)
		}
	}
	if guarded < 8 {
		t.Errorf("only %d tables were tried", guarded)
	}
	for _, sql := range []string{
		`DELETE FROM exchange`, `DELETE FROM exchange_step`, `UPDATE exchange_step SET note = 'réécrit'`, `DELETE FROM member`, `DELETE FROM charter`,
	} {
		if state := s.sqlstate(sql); state != insufficientPrivilege {
			t.Errorf("%s: %s", sql, state)
		}
	}
}

// Neither a statement nor the ledger's own functions, which run as the owner,
// reach from one community into another.
func TestTheWallStandsForWritesToo(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	theirs, at := hill.key(), s.app.clock.Now()
	member, account := keyOf(hill.anna.member), keyOf(hill.anna.account())
	mine := keyOf(s.anna.account())
	no := domain.NewID()
	for sql, args := range map[string][]any{
		`UPDATE member SET display_name = 'x' WHERE community_id = $1`:                                                    {theirs},
		`UPDATE exchange SET state = 'CONFIRMED' WHERE community_id = $1`:                                                 {theirs},
		`UPDATE listing SET title = 'x' WHERE member_id = $1`:                                                             {member},
		`UPDATE notification SET read_at = now() WHERE community_id = $1`:                                                 {theirs},
		`DELETE FROM idempotency WHERE community_id = $1`:                                                                 {theirs},
		`UPDATE member SET community_id = $1`:                                                                             {theirs},
		`INSERT INTO counter (community_id, name, value) VALUES ($1, 'x', 1)`:                                             {theirs},
		`INSERT INTO idempotency (community_id, person_id, key, fingerprint, created_at) VALUES ($1, $1, 'x', '', now())`: {theirs},
		`SELECT journal.append($1, $2, ARRAY[$3::uuid], '{X}', ARRAY[$3::uuid], ARRAY[$3::uuid], ARRAY['{}'::bytea])`:     {theirs, at, no},
		`SELECT ledger.close_account($1, $2, $3)`:                                                                         {theirs, account, at},
		`SELECT ledger.open_account($1, $2, 'MEMBER', $2, NULL, NULL, NULL, NULL, $3)`:                                    {theirs, no, at},
		`SELECT ledger.place_hold($1, $2, $3, 5, $2, $4, $4)`:                                                             {theirs, no, account, at},
		`SELECT ledger.set_limits($1, $2, $3, NULL, NULL, NULL, 'x', $2, $4)`:                                             {theirs, no, account, at},
		`SELECT ledger.place_hold($1, $2, $3, 5, $2, $4, $4)` + ` -- an account of theirs, as one of ours`:                {s.key(), no, account, at},
	} {
		s.unchanged(sql, func() {
			switch state := s.sqlstate(sql, args...); state {
			case "0 rows", insufficientPrivilege, "LD404", "LD409":
			default:
				t.Errorf("%s: %s", sql, state)
			}
		})
	}
	if state := s.sqlstate(`SELECT ledger.place_hold($1, $2, $3, 5, $2, $4, $4)`, s.key(), no, mine, at); state != "1 rows" {
		t.Errorf("a hold on an account of ours: %s", state)
	}
}
