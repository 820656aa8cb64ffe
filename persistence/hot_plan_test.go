// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/persistence"
)

// inside are the statements that the ledger's functions run, with their plans, as
// PostgreSQL itself tells them.
type inside struct {
	Text string `json:"Query Text"`
	Plan plan   `json:"Plan"`
}

// look runs a call of a function as the server would, takes it back, and tells
// what went on in it.
func (v *village) look(t *testing.T, call string, args ...any) []inside {
	t.Helper()
	var all []inside
	cfg, err := pgx.ParseConfig(v.url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		var one inside
		if _, body, ok := strings.Cut(n.Message, "plan:\n"); ok && json.Unmarshal([]byte(body), &one) == nil {
			all = append(all, one)
		}
	}
	conn, err := pgx.ConnectConfig(v.ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(v.ctx))
	for _, sql := range []string{
		"LOAD 'auto_explain'", "SET auto_explain.log_min_duration = 0", "SET auto_explain.log_nested_statements = on",
		"SET auto_explain.log_analyze = on", "SET auto_explain.log_buffers = on", "SET auto_explain.log_format = json",
		"SET client_min_messages = log", "SET plan_cache_mode = force_generic_plan", "SET ROLE hora_server",
		"BEGIN", "SET LOCAL hora.community = '" + v.id.String() + "'",
	} {
		_, err := conn.Exec(v.ctx, sql)
		if err != nil && strings.HasPrefix(sql, "LOAD") {
			t.Skipf("this PostgreSQL came without its contributed modules: %v", err)
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	all = nil
	if _, err := conn.Exec(v.ctx, call, args...); err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	return all
}

// large are the tables that grow with a community's life.
var large = []string{"account", "posting", "transfer", "entry", "hold", "limit_change", "note", "event", "exchange", "seal"}

// tell says which index a plan used, and fails where one of the large tables was
// read whole, or more blocks were looked at than a few.
func (p plan) tell(t *testing.T, what string, blocks int) {
	t.Helper()
	p.searched(t, what, large...)
	var used []string
	for _, node := range p.nodes() {
		if node.Index != "" && !slices.Contains(used, node.Index) {
			used = append(used, node.Index)
		}
	}
	if p.Hit+p.Read > blocks {
		t.Errorf("%s: %d blocks", what, p.Hit+p.Read)
	}
	if os.Getenv("HORA_SHOW_PLANS") != "" {
		t.Logf("%-60s %s, %d blocks", what, strings.Join(used, ", "), p.Hit+p.Read)
	}
}

// aged is a village of 20,000 accounts, gifts, promises and exchanges, with changed
// limits, and Marie.
func (v *village) aged(t *testing.T) (marie resident, promise domain.ID) {
	t.Helper()
	v.ages(t, 20_000)
	marie, promise = v.joins(t, "Marie"), domain.NewID()
	v.breaks(t, `
		INSERT INTO ledger.account (community_id, id, kind, owner_id, opened_at)
		SELECT $1, gen_random_uuid(), 'MEMBER', gen_random_uuid(), $2 FROM generate_series(1, 20000)`, v.id, dawn)
	v.breaks(t, `
		INSERT INTO ledger.hold (community_id, id, account_id, minutes, exchange_id, state, placed_at, expires_at, closed_at)
		SELECT $1, gen_random_uuid(), $2, 5, gen_random_uuid(), CASE WHEN n % 10 = 0 THEN 'OPEN' ELSE 'RELEASED' END, $3,
		       $3::timestamptz + make_interval(mins => n), CASE WHEN n % 10 > 0 THEN $3 END
		  FROM generate_series(1, 20000) n`, v.id, v.whole, dawn)
	v.breaks(t, `
		INSERT INTO ledger.limit_change (community_id, id, account_id, reason, actor_id, at)
		SELECT a.community_id, gen_random_uuid(), a.id, 'Convenu.', a.id, $2::timestamptz + make_interval(mins => n)
		  FROM ledger.account a, generate_series(1, 50) n
		 WHERE a.community_id = $1 AND a.seq > 0`, v.id, dawn)
	v.breaks(t, `
		INSERT INTO ledger.transfer (community_id, id, posting_id, kind, minutes, debit_id, credit_id, exchange_id, at)
		SELECT $1, gen_random_uuid(), gen_random_uuid(), (ARRAY['EXCHANGE', 'LEVY'])[1 + n % 2], 5, $2, $3, md5((n / 2)::text)::uuid, $4
		  FROM generate_series(1, 20000) n`, v.id, marie.account, v.whole, dawn)
	if err := v.hold(promise, marie.account, 30); err != nil {
		t.Fatal(err)
	}
	v.seals(t, v.office(v.db))
	for _, table := range []string{"ledger.account", "ledger.posting", "ledger.transfer", "ledger.entry", "ledger.hold", "ledger.limit_change", "journal.event"} {
		v.breaks(t, "VACUUM ANALYZE "+table)
	}
	return marie, promise
}

// Every statement on the way of a posting, a promise or a change of limits looks up
// what it needs, also with the plan that does without the values. HORA_SHOW_PLANS=1
// tells the table of docs/performance.md.
func TestWhatTheLedgerDoesOftenIsLookedUp(t *testing.T) {
	v := aCountry(t).village(t)
	marie, promise := v.aged(t)
	const event = `ARRAY[gen_random_uuid()], ARRAY['HOURS_GIVEN'], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], ARRAY['\x7b7d'::bytea]`
	for _, c := range []struct {
		name, call string
		args       []any
		statements int
	}{
		{"post", `SELECT ledger.post($1, gen_random_uuid(), 'once', '\x01', false, now(), ARRAY[gen_random_uuid()], ARRAY['GIFT'], ARRAY[5::bigint],
			ARRAY[$2::uuid], ARRAY[$3::uuid], ARRAY[NULL::uuid], ARRAY[NULL::uuid], ARRAY[$4::uuid], ` + event + `)`, []any{v.id, marie.account, v.whole, promise}, 5},
		{"post_batch", `SELECT ledger.post_batch($1, now(), ARRAY[gen_random_uuid()], ARRAY['once'], ARRAY['\x01'::bytea], ARRAY[1], ARRAY[gen_random_uuid()],
			ARRAY['GIFT'], ARRAY[5::bigint], ARRAY[$2::uuid], ARRAY[$3::uuid], ARRAY[NULL::uuid], ` + event + `)`, []any{v.id, marie.account, v.whole}, 5},
		{"place_hold", `SELECT ledger.place_hold($1, $3, $2, 40, $3, now(), now())`, []any{v.id, marie.account, promise}, 3},
		{"close_holds", `SELECT ledger.close_holds($1, ARRAY[$2::uuid], 'RELEASED', now())`, []any{v.id, promise}, 3},
		{"set_limits", `SELECT ledger.set_limits($1, gen_random_uuid(), $2, -60, NULL, NULL, 'Convenu.', $2, now())`, []any{v.id, marie.account}, 3},
		{"allow", `SELECT ledger.allow($1, gen_random_uuid(), $2, 60, 'Convenu.', $2, now())`, []any{v.id, marie.account}, 3},
		{"append", `SELECT journal.append($1, now(), ` + event + `)`, []any{v.id}, 3},
	} {
		seen := v.look(t, c.call, c.args...)
		if len(seen) < c.statements {
			t.Errorf("%s: only %d statements were told", c.name, len(seen))
		}
		for _, s := range seen {
			if calls := strings.HasPrefix(s.Text, "SELECT ledger.") || strings.HasPrefix(s.Text, "SELECT journal."); !calls { // what is called is told too
				s.Plan.tell(t, c.name+": "+firstLine(s.Text), 120)
			}
		}
	}
}

func firstLine(sql string) string {
	words := strings.Fields(sql)
	return strings.Join(words[:min(len(words), 7)], " ")
}

// So does what the program asks besides: of accounts, promises, exchanges, limits,
// and of the journal what the relay and the notary ask.
func TestWhatTheProgramAsksOfTheLedgerOftenIsLookedUp(t *testing.T) {
	v := aCountry(t).village(t)
	marie, _ := v.aged(t)
	var exchange domain.ID
	if err := v.root.QueryRow(v.ctx, `SELECT exchange_id FROM ledger.transfer WHERE kind = 'LEVY' ORDER BY id LIMIT 1`).Scan(&exchange); err != nil {
		t.Fatal(err)
	}
	store := persistence.LedgerStore{}
	for _, c := range []struct {
		name, about string
		asks        func(context.Context) error
		blocks      int
	}{
		{"a member's account", "owner_id = ANY", func(ctx context.Context) error {
			_, err := store.AccountsOf(ctx, v.id, []domain.ID{marie.member})
			return err
		}, 10},
		{"what settled an exchange, levy and correction", "exchange_id = ANY", func(ctx context.Context) error {
			found, err := store.TransfersOf(ctx, v.id, []domain.ID{exchange})
			if err == nil && len(found) == 0 {
				err = fmt.Errorf("nothing settled %s", exchange)
			}
			return err
		}, 40},
		{"promises that expired", "ledger.hold", func(ctx context.Context) error {
			_, err := store.ExpiredHolds(ctx, v.id, dawn, 500)
			return err
		}, 10},
		{"how limits came to be", "limit_change", func(ctx context.Context) error {
			_, err := store.LimitChanges(ctx, v.id, marie.account, domain.Page{Limit: 20})
			return err
		}, 40},
		{"the relay's next events", "FROM journal.event", func(ctx context.Context) error {
			_, err := persistence.JournalStore{}.Next(ctx, v.id, "nobody", 200)
			return err
		}, 60},
		{"the last seal", "journal.seal", func(ctx context.Context) error {
			_, err := persistence.SealStore{}.Last(ctx, v.id)
			return err
		}, 10},
	} {
		there := v.heard(t, c.about)
		if err := there.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error { return c.asks(ctx) }); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, mode := range planModes {
			v.explain(t, &there.listener, mode).tell(t, c.name+", "+mode, c.blocks)
		}
	}
}
