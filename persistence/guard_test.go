// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// state is the SQLSTATE of an error, or "none".
func state(err error) string {
	if pg, is := errors.AsType[*pgconn.PgError](err); is {
		return pg.Code
	}
	if err != nil {
		return err.Error()
	}
	return "none"
}

// asServer runs SQL as hora_server inside the village, as a thief of the
// server's password would.
func (v *village) asServer(sql string, args ...any) error {
	return v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
		_, err := persistence.PgxTx(ctx).Exec(ctx, sql, args...)
		return err
	})
}

const forbidden = "42501"

func TestNobodyWhoServesRequestsMayRewriteTheBooks(t *testing.T) {
	v := aCountry(t).village(t)
	tables, err := v.asked(v.id, `
		SELECT c.oid::regclass::text
		  FROM pg_class c
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE c.relkind = 'r' AND n.nspname IN ('ledger', 'journal') AND c.oid NOT IN ('ledger.note'::regclass, 'journal.cursor'::regclass)
		 ORDER BY 1`)
	if err != nil || !slices.Contains(tables, "ledger.entry") || !slices.Contains(tables, "journal.event") {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		for _, sql := range []string{
			"INSERT INTO %s DEFAULT VALUES", "UPDATE %s SET community_id = community_id", "DELETE FROM %s", "TRUNCATE %s",
			"ALTER TABLE %s DISABLE ROW LEVEL SECURITY", "ALTER TABLE %s ADD COLUMN extra text", "DROP TABLE %s",
			"CREATE POLICY wide ON %s USING (true)", "GRANT UPDATE ON %s TO PUBLIC", "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE",
			"CREATE INDEX ON %s (community_id)", "COPY %s FROM STDIN",
		} {
			sql = fmt.Sprintf(sql, table)
			// GRANT without the right to is only a warning, and grants nothing.
			if got := state(v.asServer(sql)); got != forbidden && !strings.HasPrefix(sql, "GRANT") {
				t.Errorf("%s answers %s", sql, got)
			}
		}
	}
	if err := v.asServer("DELETE FROM ledger.note"); state(err) != forbidden {
		t.Errorf("the notes answer %s", state(err))
	}
	if n := v.count(t, `SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_schema IN ('ledger', 'journal', 'public')
		AND table_name NOT LIKE 'pg\_%'`); n != 0 {
		t.Errorf("%d rights are anybody's", n)
	}
	for name, sql := range map[string]string{
		"a way round the functions": "CREATE FUNCTION ledger.evil() RETURNS void LANGUAGE sql AS 'SELECT 1'",
		"another function's body":   "CREATE OR REPLACE FUNCTION ledger.close_account(uuid, uuid, timestamptz) RETURNS void LANGUAGE sql AS 'SELECT 1'",
		"an inner function":         "SELECT ledger.refuse_beyond_floor(gen_random_uuid(), 1, 2)",
		"a trigger":                 "CREATE TRIGGER t BEFORE INSERT ON ledger.entry EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		"a rule":                    "CREATE RULE r AS ON INSERT TO ledger.entry DO INSTEAD NOTHING",
		"replication's way":         "SET session_replication_role = replica",
		"another schema":            "CREATE SCHEMA mine",
	} {
		if got := state(v.asServer(sql)); got != forbidden {
			t.Errorf("%s answers %s", name, got)
		}
	}
	mayCall, err := v.asked(v.id, `
		SELECT p.oid::regprocedure::text
		  FROM pg_proc p
		  JOIN pg_namespace n ON n.oid = p.pronamespace
		 WHERE n.nspname IN ('ledger', 'journal') AND NOT p.prosecdef AND has_function_privilege('hora_server', p.oid, 'EXECUTE')`)
	if err != nil || len(mayCall) > 0 {
		t.Errorf("inner functions that the server may call: %v, %v", mayCall, err)
	}
	v.clean(t)
}

// Whatever a room forgets to check, the functions and constraints still refuse.
func TestTheDatabaseItselfRefusesWhatCannotBe(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, ledger.Limits{})
	good := leg(60, ids[0], ids[1])
	first := v.gives(t, 5, ids[0], ids[1])
	before := v.accounts(t, ids...)
	for name, change := range map[string]func(*ledger.Transfer){
		"no minutes":                      func(l *ledger.Transfer) { l.Minutes = 0 },
		"minutes below nothing":           func(l *ledger.Transfer) { l.Minutes = -60 },
		"more than all hours of a planet": func(l *ledger.Transfer) { l.Minutes = 1 << 50 },
		"to oneself":                      func(l *ledger.Transfer) { l.Credit = l.Debit },
		"a kind unheard of":               func(l *ledger.Transfer) { l.Kind = "THEFT" },
		"an undoing of nothing":           func(l *ledger.Transfer) { l.Kind = ledger.Reversal },
		"an undoing of what never was":    func(l *ledger.Transfer) { l.Kind, l.Reverses = ledger.Reversal, domain.NewID() },
		"a gift that undoes":              func(l *ledger.Transfer) { l.Reverses = first },
		"a transfer that is there":        func(l *ledger.Transfer) { l.ID = first },
		"from nobody":                     func(l *ledger.Transfer) { l.Debit = domain.Nowhere },
	} {
		bad := good
		bad.ID = domain.NewID()
		change(&bad)
		err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			p := v.posting(name, leg(1, ids[1], ids[0]), bad)
			p.Force = true
			_, err := persistence.LedgerStore{}.Post(ctx, p)
			return err
		})
		if err == nil {
			t.Errorf("%s is written", name)
		}
	}
	for _, minutes := range []domain.Minutes{0, -5} {
		if err := v.hold(domain.NewID(), ids[0], minutes); err == nil {
			t.Errorf("a promise of %d minutes is written", minutes)
		}
	}
	if diff := cmp.Diff(before, v.accounts(t, ids...)); diff != "" {
		t.Errorf("something of it stayed (-before +after):\n%s", diff)
	}
	v.clean(t)
}

// The functions run as the owner, who is bound by the policies as well: with the
// wrong tenant set, another village is not there.
func TestAVillageCannotPostInAnother(t *testing.T) {
	c := aCountry(t)
	north, south := c.village(t), c.village(t)
	theirs := south.opens(t, 2, floor(-600))
	inNorth := func(fn func(context.Context, time.Time) error) error { return c.db.InTx(c.ctx, north.id, fn) }
	now := c.clock.Now()
	for name, try := range map[string]func(context.Context) error{
		"posting": func(ctx context.Context) error {
			_, err := c.hours.Post(ctx, south.posting("stolen", leg(60, theirs[0], theirs[1])))
			return err
		},
		"promising": func(ctx context.Context) error {
			return c.hours.Hold(ctx, ledger.Hold{Community: south.id, ID: domain.NewID(), Account: theirs[0], Minutes: 5, Exchange: domain.NewID(), ExpiresAt: now}, now)
		},
		"closing": func(ctx context.Context) error {
			return c.hours.Close(ctx, ledger.Account{Community: south.id, ID: theirs[0]}, now)
		},
		"changing limits": func(ctx context.Context) error {
			return persistence.LedgerStore{}.SetLimits(ctx, ledger.LimitChange{Community: south.id, ID: domain.NewID(), Account: theirs[0], At: now})
		},
		"opening an account": func(ctx context.Context) error {
			_, err := c.hours.Open(ctx, south.id, domain.NewID(), ledger.Limits{}, now)
			return err
		},
		"telling an event": func(ctx context.Context) error {
			_, err := persistence.PgxTx(ctx).Exec(ctx, `SELECT journal.append($1, $2, $3, $4, $3, $3, $5)`,
				south.id, now, []domain.ID{domain.NewID()}, []string{"FALSE"}, [][]byte{[]byte("{}")})
			return err
		},
		"keeping a member": func(ctx context.Context) error {
			_, err := persistence.PgxTx(ctx).Exec(ctx, `INSERT INTO counter (community_id, name, value) VALUES ($1, 'stolen', 1)`, south.id)
			return err
		},
	} {
		if err := inNorth(func(ctx context.Context, _ time.Time) error { return try(ctx) }); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	// An account of another village is no account here.
	mine := north.opens(t, 1, floor(-600))[0]
	for _, l := range []ledger.Transfer{leg(60, mine, theirs[0]), leg(60, theirs[0], mine)} {
		_, err := north.post(north.posting(l.ID.String(), l))
		wants(t, err, ledger.AccountClosed)
	}
	south.balances(t, map[domain.ID]domain.Minutes{theirs[0]: 0, theirs[1]: 0})
	if a := south.account(t, theirs[0]); a.Held != 0 || !a.ClosedAt.IsZero() || *a.Limits.Floor != -600 {
		t.Errorf("their account is now %+v", a)
	}
	north.clean(t)
	south.clean(t)
	if err := c.db.InTx(c.ctx, north.id, func(ctx context.Context, _ time.Time) error {
		return c.db.InTx(ctx, south.id, func(context.Context, time.Time) error { return nil })
	}); err == nil {
		t.Error("a transaction of one village enters another")
	}
}

// Every tenant table, asked without saying which community: with the right
// tenant its rows are there, with another or none they are not.
func TestWithoutTheTenantNothingIsThere(t *testing.T) {
	c := aCountry(t)
	north, south := c.village(t), c.village(t)
	marie := north.joins(t, "Marie")
	north.gives(t, 60, marie.account, north.eloise.account)
	tables, err := c.asked(north.id, `
		SELECT c.oid::regclass::text
		  FROM pg_class c
		  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'community_id' AND NOT a.attisdropped
		 WHERE c.relkind = 'r' AND c.relname NOT IN ('person_community', 'head', 'cursor')
		 ORDER BY 1`)
	if err != nil || len(tables) < 15 {
		t.Fatal(tables, err)
	}
	seen := 0
	for _, table := range tables {
		foreign := func(sql string, args ...any) (n int64) {
			t.Helper()
			if err := c.db.Pool().QueryRow(c.ctx, sql, args...).Scan(&n); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
			return n
		}
		if n := foreign("SELECT count(*) FROM " + table); n != 0 {
			t.Errorf("without a tenant, %s shows %d rows", table, n)
		}
		for _, tenant := range []domain.ID{south.id, domain.NewID(), domain.Nowhere} {
			texts, err := c.asked(tenant, "SELECT count(*)::text FROM "+table+" WHERE community_id = $1", north.id)
			if err != nil || texts[0] != "0" {
				t.Errorf("with another tenant, %s shows %v rows, %v", table, texts, err)
			}
		}
		texts, err := c.asked(north.id, "SELECT community_id::text FROM "+table)
		if err != nil {
			t.Errorf("%s: %v", table, err)
		}
		for _, id := range texts {
			if seen++; id != north.id.String() {
				t.Errorf("%s shows rows of %s", table, id)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d rows of its own; the test looks at too little", seen)
	}
}

// What effect moderators make begins with its reasons, whoever writes the SQL: the
// database takes no measure without a statement and a rule, none against whom decides
// and none that is undone without a reason.
func TestNoMeasureIsWithoutItsStatement(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	take := func(statement, rule string, by domain.ID) error {
		return v.asServer(`
			WITH filed AS (
			  INSERT INTO report (community_id, id, reporter_id, subject_kind, subject_id, accused_id, reason, details, created_at, answer_by)
			  VALUES ($1, gen_random_uuid(), $2, 'MEMBER', $3, $3, 'OTHER', '', $4, $4)
			  RETURNING *)
			INSERT INTO measure (community_id, id, report_id, member_id, subject_kind, subject_id, action, rule, statement, decided_by, created_at, before_state)
			SELECT community_id, gen_random_uuid(), id, accused_id, 'MEMBER', accused_id, 'SUSPEND', $5, $6, $7, created_at, ''
			  FROM filed`, v.id, v.eloise.member, marie.member, dawn, rule, statement, by)
	}
	for what, c := range map[string]struct {
		err        error
		constraint string
	}{
		"no statement":          {take("", "OTHER", paul.member), "measure_stated"},
		"no rule":               {take("Attention.", "", paul.member), "measure_stated"},
		"decided by themselves": {take("Attention.", "OTHER", marie.member), "measure_somebody_else"},
	} {
		if pg, is := errors.AsType[*pgconn.PgError](c.err); !is || pg.ConstraintName != c.constraint {
			t.Errorf("%s: %v, not %s", what, c.err, c.constraint)
		}
	}
	if err := take("Attention.", "OTHER", paul.member); err != nil {
		t.Fatal(err)
	}
	err := v.asServer(`UPDATE measure SET ended_at = created_at, ended_by = decided_by`)
	if pg, is := errors.AsType[*pgconn.PgError](err); !is || pg.ConstraintName != "measure_undone_for_a_reason" {
		t.Errorf("undone without a reason: %v", err)
	}
}
