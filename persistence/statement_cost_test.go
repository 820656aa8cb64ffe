// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/persistence"
)

const tenThousand = 10_000

// longLived is an account with 10,000 exchanges, a minute apart, every tenth with a
// word, among others as long in the same tables.
func (v *village) longLived(t *testing.T) resident {
	t.Helper()
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	for i, pair := range [][2]resident{{marie, paul}, {v.joins(t, "Anne"), v.joins(t, "Luc")}, {v.joins(t, "Zoé"), v.joins(t, "Ali")}} {
		v.breaks(t, `
			WITH agreed AS (
			  INSERT INTO exchange (community_id, id, number, state, provider_id, receiver_id, service_type, level, terms_version, terms_by,
			    estimated, travel, preparation, place, costs, message, settled, created_at, updated_at)
			  SELECT $1, gen_random_uuid(), $5::int * $6::int + n, 'CONFIRMED', $8, $7, (ARRAY['100-A-1', '102-A-1', '102-A-2'])[1 + n % 3],
			         'INDIVIDUAL', 1, $7, 1, 0, 0, '', '', '', 1, at, at
			    FROM (SELECT n, $4::timestamptz + make_interval(mins => n) AS at FROM generate_series(1, $5) n) minutes
			  RETURNING id, number, created_at AS at
			), moved AS (
			  INSERT INTO ledger.transfer (community_id, id, posting_id, kind, minutes, debit_id, credit_id, exchange_id, at)
			  SELECT $1, gen_random_uuid(), gen_random_uuid(), 'EXCHANGE', 1, $2, $3, id, at
			    FROM agreed
			  RETURNING id, at
			), numbered AS (
			  SELECT id, at, row_number() OVER (ORDER BY at) AS n FROM moved
			), told AS (
			  INSERT INTO ledger.note (community_id, transfer_id, person_id, body, at)
			  SELECT $1, id, $9, 'Merci pour le coup de main', at FROM numbered WHERE n % 10 = 0
			), entered AS (
			  INSERT INTO ledger.entry (community_id, account_id, seq, transfer_id, minutes, balance_after, at)
			  SELECT $1, side.account, 1 + n, id, side.sign, 900 + side.sign * n, at
			    FROM numbered CROSS JOIN (VALUES ($2::uuid, -1), ($3::uuid, 1)) AS side (account, sign)
			)
			UPDATE ledger.account a SET seq = 1 + $5, balance = 900 + $5 * CASE a.id WHEN $2 THEN -1 ELSE 1 END
			 WHERE a.community_id = $1 AND a.id IN ($2, $3)`,
			v.id, pair[0].account, pair[1].account, dawn, tenThousand, i, pair[0].member, pair[1].member, marie.Person)
	}
	for _, table := range []string{"ledger.entry", "ledger.transfer", "ledger.note", "ledger.account", "exchange", "member"} {
		v.breaks(t, "VACUUM ANALYZE "+table)
	}
	return marie
}

// listener counts the statements that speak of some words, and keeps the last.
type listener struct {
	about string
	mu    sync.Mutex
	count int
	sql   string
	args  []any
}

func (l *listener) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Contains(data.SQL, l.about) {
		l.count++
		l.sql, l.args = data.SQL, data.Args
	}
	return ctx
}

func (*listener) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// plan is a node of EXPLAIN (FORMAT JSON), with all below it.
type plan struct {
	Type      string  `json:"Node Type"`
	Direction string  `json:"Scan Direction"`
	Relation  string  `json:"Relation Name"`
	Index     string  `json:"Index Name"`
	Cond      string  `json:"Index Cond"`
	Rows      float64 `json:"Actual Rows"`
	Loops     float64 `json:"Actual Loops"`
	Removed   float64 `json:"Rows Removed by Filter"`
	Hit       int     `json:"Shared Hit Blocks"`
	Read      int     `json:"Shared Read Blocks"`
	Plans     []plan  `json:"Plans"`
}

func (p plan) nodes() []plan {
	all := []plan{p}
	for _, inner := range p.Plans {
		all = append(all, inner.nodes()...)
	}
	return all
}

// searched fails if one of these tables is read whole. A village's accounts and
// members fit on a page, where looking for one is no gain.
func (p plan) searched(t *testing.T, what string, tables ...string) {
	t.Helper()
	for _, node := range p.nodes() {
		if node.Type == "Seq Scan" && slices.Contains(tables, node.Relation) {
			t.Errorf("%s: all of %s is read", what, node.Relation)
		}
	}
}

// explain runs a statement of the server's once more, as the server, and tells
// its plan. A generic plan is what a prepared statement that is asked often may
// end up with: it must do without the values.
func (v *village) explain(t *testing.T, l *listener, mode string) plan {
	t.Helper()
	literals := make([]string, len(l.args))
	for i, arg := range l.args {
		literals[i] = literal(arg)
	}
	call := "EXECUTE heard(" + strings.Join(literals, ", ") + ")"
	var raw string
	v.in(t, func(ctx context.Context, _ time.Time) error {
		tx := persistence.PgxTx(ctx)
		for _, sql := range []string{"PREPARE heard AS " + l.sql, "SET LOCAL plan_cache_mode = " + mode} {
			if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				return err
			}
		}
		err := tx.QueryRow(ctx, "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT JSON) "+call, pgx.QueryExecModeSimpleProtocol).Scan(&raw)
		if os.Getenv("HORA_SHOW_PLANS") != "" && err == nil {
			v.show(t, ctx, call)
		}
		if err == nil {
			_, err = tx.Exec(ctx, "DEALLOCATE heard", pgx.QueryExecModeSimpleProtocol)
		}
		return err
	})
	var found []struct{ Plan plan }
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		t.Fatal(err)
	}
	return found[0].Plan
}

// show prints a plan as docs/performance.md has it.
func (*village) show(t *testing.T, ctx context.Context, call string) {
	t.Helper()
	found, err := persistence.PgxTx(ctx).Query(ctx, "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) "+call, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + strings.Join(lines, "\n"))
}

func literal(arg any) string {
	switch a := arg.(type) {
	case domain.ID:
		return "'" + a.String() + "'"
	case []domain.ID:
		texts := make([]string, len(a))
		for i, id := range a {
			texts[i] = id.String()
		}
		return "'{" + strings.Join(texts, ",") + "}'"
	case *domain.ID:
		if a == nil {
			return "NULL"
		}
		return "'" + a.String() + "'"
	case time.Time:
		return "'" + a.Format(time.RFC3339Nano) + "'"
	case string:
		return "'" + a + "'"
	case *time.Time:
		if a == nil {
			return "NULL"
		}
		return "'" + a.Format(time.RFC3339Nano) + "'"
	}
	return fmt.Sprint(arg)
}

// heard is a server of its own on the village's database, listened to.
type heard struct {
	listener
	db         *persistence.DB
	hours      *ledger.Service
	statements *statement.Service
}

func (v *village) heard(t *testing.T, about string) *heard {
	t.Helper()
	h := &heard{listener: listener{about: about}}
	h.db = v.open(t, persistence.Options{Clock: v.clock, Tracer: &h.listener})
	standing := persistence.MemberStore{}
	h.hours = ledger.New(h.db, persistence.LedgerStore{}, standing)
	communities := community.New(h.db, persistence.CommunityStore{}, persistence.MemberStore{}, h.hours)
	h.statements = statement.New(h.db, persistence.StatementStore{}, h.hours, communities, membership.New(h.db, standing, communities, h.hours))
	return h
}

var planModes = []string{"force_custom_plan", "force_generic_plan"}

// A year or ten of a busy account: 10,000 entries cost no more by the page, by
// the period or by the piece than a hundred do.
func TestALongStatement(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.longLived(t)
	t.Run("every page costs the same", func(t *testing.T) { v.pagesCostTheSame(t, marie) })
	t.Run("a period is found anywhere", func(t *testing.T) { v.periodsAreFound(t, marie) })
	t.Run("it is read in pieces", func(t *testing.T) { v.readInPieces(t, marie) })
	t.Run("it is added up in one statement", func(t *testing.T) { v.addedUp(t, marie) })
}

// pagesCostTheSame: every page is a stretch of the primary key, read backwards
// without a sort.
func (v *village) pagesCostTheSame(t *testing.T, marie resident) {
	t.Helper()
	there := v.heard(t, "FROM ledger.entry")
	const size = 50
	whole, within := ledger.Period{}, ledger.Period{From: dawn.Add(time.Minute), Until: dawn.Add(tenThousand * time.Minute)}
	for _, number := range []int{1, 2, 100, 200} {
		cursor := strconv.Itoa(tenThousand + 2 - (number-1)*size)
		forward, backward := domain.Page{Limit: size, After: cursor}, domain.Page{Limit: size, Before: cursor, Backward: true}
		if number == 1 {
			forward.After, backward.Before = "", ""
		}
		for _, asked := range []domain.Page{forward, backward} {
			for _, period := range []ledger.Period{whole, within} {
				what := fmt.Sprintf("page %d, backward %v, of a period %v", number, asked.Backward, period != whole)
				s, err := there.hours.Statement(v.ctx, marie.Actor, v.id, marie.account, period, asked)
				if err != nil || len(s.Items) < size-3 {
					t.Fatalf("%s: %d entries, %v", what, len(s.Items), err)
				}
				for _, mode := range planModes {
					frugal(t, what+", "+mode, v.explain(t, &there.listener, mode), asked.Backward)
				}
			}
		}
	}
}

// frugal fails unless a page was read from the primary key alone, in its order,
// and no further than it had to be.
func frugal(t *testing.T, what string, p plan, backward bool) {
	t.Helper()
	direction := "Backward"
	if backward {
		direction = "Forward"
	}
	scans := 0
	for _, node := range p.nodes() {
		switch {
		case strings.Contains(node.Type, "Sort"), strings.Contains(node.Type, "Bitmap"), node.Type == "Seq Scan":
			t.Errorf("%s: the plan has a %s", what, node.Type)
		case node.Index != "":
			scans++
			if node.Index != "entry_pkey" || node.Direction != direction || !strings.Contains(node.Cond, "seq") || node.Removed > 0 {
				t.Errorf("%s: %s %s of %s by %s removes %v", what, node.Type, node.Direction, node.Index, node.Cond, node.Removed)
			}
		}
	}
	if blocks := p.Hit + p.Read; scans != 1 || blocks > 8 {
		t.Errorf("%s: %d scans look at %d blocks", what, scans, blocks)
	}
}

// periodsAreFound: the bounds of a period are climbed to, wherever they lie.
func (v *village) periodsAreFound(t *testing.T, marie resident) {
	t.Helper()
	there := v.heard(t, "climb")
	for _, at := range []int{-5, 0, 1, 50, tenThousand / 2, tenThousand - 1, tenThousand, tenThousand + 5} {
		from := dawn.Add(time.Duration(at) * time.Minute)
		got, err := there.hours.Entries(v.ctx, marie.Actor, v.id, marie.account, ledger.Period{From: from, Until: from.Add(time.Hour)})
		want := v.count(t, `SELECT count(*) FROM ledger.entry WHERE account_id = $1 AND at >= $2 AND at < $2 + interval '1 hour'`, marie.account, from)
		if err != nil || int64(got) != want {
			t.Errorf("%d entries from minute %d, want %d: %v", got, at, want, err)
		}
		for _, mode := range planModes {
			what := fmt.Sprintf("from minute %d, %s", at, mode)
			p := v.explain(t, &there.listener, mode)
			p.searched(t, what, "entry")
			if blocks := p.Hit + p.Read; blocks > 150 {
				t.Errorf("%s: %d blocks", what, blocks)
			}
		}
	}
}

// readInPieces: a few hundred lines are in memory, and nobody holds the database
// while the reader takes a breath.
func (v *village) readInPieces(t *testing.T, marie resident) {
	t.Helper()
	there := v.heard(t, "WITH page AS")
	st, err := there.statements.Open(v.ctx, marie.Actor, v.id, marie.account, "", "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line, err := range there.statements.Lines(v.ctx, st) {
		n++
		if err != nil || line.Position != int64(n) {
			t.Fatalf("line %d: %+v, %v", n, line, err)
		}
		if busy := there.db.Pool().Stat().AcquiredConns(); busy > 0 {
			t.Fatalf("line %d: %d connections are held", n, busy)
		}
		if pieces := 1 + (n-1)/500; there.count != pieces {
			t.Fatalf("line %d was read with %d statements, not %d", n, there.count, pieces)
		}
	}
	if n != tenThousand+1 || st.Totals.Lines != n {
		t.Errorf("%d lines of %d", n, st.Totals.Lines)
	}
	for _, err := range there.statements.Lines(v.ctx, st) {
		if err != nil {
			t.Fatal(err)
		}
		break // a reader who has seen enough; the first piece was heard
	}
	for _, mode := range planModes {
		v.explain(t, &there.listener, mode).searched(t, mode, "entry", "transfer", "exchange", "note")
	}
}

func (v *village) addedUp(t *testing.T, marie resident) {
	t.Helper()
	there := v.heard(t, "summed")
	got, err := there.statements.Totals(v.ctx, marie.Actor, v.id, marie.account, ledger.Period{Until: dawn.AddDate(1, 0, 0)})
	if err != nil || got.Received != tenThousand || got.Closing != 900-tenThousand || len(got.Types) != 3 || there.count != 1 {
		t.Errorf("added up to %+v by %d statements, %v", got, there.count, err)
	}
	for _, mode := range planModes {
		v.explain(t, &there.listener, mode).searched(t, mode, "entry")
	}
}
