// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/progression"
	"github.com/hora-coop/hora/persistence"
)

// populate gives a village members of every participation, some in households of
// two, and for each twenty contributions of the last 240 days, always the same: nine
// of ten are exchanges with one of few neighbours, and one of fifty was undone.
func (v *village) populate(t *testing.T, members int) {
	t.Helper()
	now := v.clock.Now()
	v.breaks(t, `
		INSERT INTO member (community_id, id, number, kind, display_name, participation, capital, governance, applied_at, admitted_at)
		SELECT $1, md5('member' || i)::uuid, 1000 + i, 'PERSON', 'Membre ' || i,
		       (ARRAY['NEWCOMER', 'NEWCOMER', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT'])[1 + i % 8],
		       'NONE', (ARRAY['GUEST', 'VOTER', 'VOTER'])[1 + i % 3], $3, $3
		  FROM generate_series(0, $2 - 1) i`, v.id, members, now.AddDate(-1, 0, 0))
	v.breaks(t, `
		INSERT INTO household (community_id, member_id, household_id, since)
		SELECT $1, md5('member' || i)::uuid, md5('household' || i / 2)::uuid, $3
		  FROM generate_series(0, $2 - 1) i
		 WHERE i / 2 % 10 = 0`, v.id, members, now)
	v.breaks(t, `
		INSERT INTO notice (community_id, id, member_id, was, becomes, policy_version, given_at, due_at, state)
		SELECT $1, md5('notice' || i)::uuid, md5('member' || i)::uuid, 'ACTIVE', 'DORMANT', 1, $3, $3::timestamptz + (1 + i % 40) * interval '1 day', 'PENDING'
		  FROM generate_series(0, $2 - 1) i
		 WHERE i % 8 = 6`, v.id, members, now.AddDate(0, 0, -20))
	v.breaks(t, `
		INSERT INTO contribution (community_id, id, member_id, partner_id, kind, minutes, at, noted_at, pos, source_id)
		SELECT $1, md5('contribution' || i)::uuid, md5('member' || m)::uuid,
		       CASE kind WHEN 'ACTIVITY' THEN NULL ELSE md5('member' || (m + 1 + r / 7 % 5) % $2)::uuid END, kind,
		       CASE kind WHEN 'ENDORSEMENT' THEN 0 ELSE r % 2 * (15 + r / 100 % 100) END, at, at, 1 + i, md5('source' || i)::uuid
		  FROM (SELECT i, i % $2 AS m, abs(hashint8(i)::bigint) AS r FROM generate_series(0, 20 * $2::bigint - 1) i) d,
		       LATERAL (SELECT (ARRAY['ACTIVITY', 'ENDORSEMENT', 'EXCHANGE'])[least(3, 1 + r / 3 % 20)] AS kind,
		                       $3::timestamptz - (r / 11 % (m % 12 * 20 + 20)) * interval '1 day' - (r % 86000) * interval '1 second' AS at) k`, v.id, members, now)
	v.breaks(t, `
		INSERT INTO contribution (community_id, id, member_id, partner_id, kind, minutes, at, noted_at, pos, source_id, undoes)
		SELECT community_id, md5('undone' || pos)::uuid, member_id, partner_id, kind, minutes, at, $2, pos, source_id, id
		  FROM contribution
		 WHERE community_id = $1 AND pos % 50 = 0`, v.id, now.Add(-time.Hour))
	v.breaks(t, `ANALYZE`)
}

func (v *village) ways(store progression.Store) *progression.Service {
	standing := persistence.MemberStore{}
	return progression.New(v.db, store, standing, v.communities, v.members, v.hours,
		activity.New(v.db, persistence.ActivityStore{}, standing, v.communities, v.members,
			duty.New(v.db, persistence.DutyStore{}, persistence.JobStore{}, standing, v.communities, v.members), v.hours))
}

func (v *village) lookBack(t *testing.T) progression.Look {
	t.Helper()
	charter, err := v.communities.Charter(v.ctx, v.id)
	if err != nil {
		t.Fatal(err)
	}
	until := v.clock.Now()
	return progression.Look{
		Community: v.id, Zone: "America/Montreal", Since: until.AddDate(0, 0, -charter.Progression.WindowDays), Until: until, Policy: charter.Progression,
	}
}

// naively measures members one by one, as domain.md says it in words.
func naively(all []progression.Contribution, look progression.Look, household map[domain.ID]domain.ID, votes map[domain.ID]bool) map[domain.ID]progression.Metrics {
	zone, _ := time.LoadLocation(look.Zone)
	undone := map[domain.ID]bool{}
	for _, c := range all {
		undone[c.Undoes] = true
	}
	slices.SortFunc(all, func(a, b progression.Contribution) int {
		if !a.At.Equal(b.At) {
			return a.At.Compare(b.At)
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	type pair struct{ member, partner domain.ID }
	type dealing struct {
		at    time.Time
		takes domain.Minutes
	}
	counted := map[pair][]dealing{}
	metrics := map[domain.ID]progression.Metrics{}
	partners, months, by := map[pair]bool{}, map[domain.ID]map[string]bool{}, map[pair]bool{}
	for _, c := range all {
		if c.Undoes != domain.Nowhere || undone[c.ID] || c.At.Before(look.Since) || !c.At.Before(look.Until) {
			continue
		}
		if home, known := household[c.Member]; known && home == household[c.Partner] {
			continue
		}
		m := metrics[c.Member]
		with := pair{c.Member, c.Partner}
		switch c.Kind {
		case progression.Worked:
			m.Given, m.Associative = m.Given+c.Minutes, m.Associative+c.Minutes
		case progression.Endorsed:
			who := pair{c.Member, c.Partner}
			if home, known := household[c.Partner]; known {
				who.partner = home
			}
			if votes[c.Partner] && !by[who] {
				by[who] = true
				m.Endorsements++
			}
		default:
			events, left := 0, look.Policy.Pair.Minutes
			for _, d := range counted[with] {
				if c.At.Truncate(time.Second).Sub(d.at) < time.Duration(look.Policy.Pair.Days)*24*time.Hour {
					events, left = events+1, left-d.takes
				}
			}
			if events >= look.Policy.Pair.Events || c.Minutes > 0 && left <= 0 {
				break
			}
			takes := min(c.Minutes, left)
			counted[with] = append(counted[with], dealing{c.At.Truncate(time.Second), takes})
			m.Exchanges, m.Given = m.Exchanges+1, m.Given+takes
			if !partners[with] {
				partners[with] = true
				m.Partners++
			}
			if months[c.Member] == nil {
				months[c.Member] = map[string]bool{}
			}
			if month := c.At.In(zone).Format("2006-01"); !months[c.Member][month] {
				months[c.Member][month] = true
				m.Months++
			}
		}
		metrics[c.Member] = m
	}
	return metrics
}

func TestTheDatabaseCountsAsTheRulesSay(t *testing.T) {
	v := aCountry(t).village(t)
	const members = 240
	v.populate(t, members)
	look := v.lookBack(t)
	household, votes := map[domain.ID]domain.ID{}, map[domain.ID]bool{}
	var all []progression.Contribution
	v.in(t, func(ctx context.Context, _ time.Time) error {
		rows, _ := persistence.PgxTx(ctx).Query(ctx, `
			SELECT m.id, h.household_id, m.governance IN ('VOTER', 'MANDATED')
			  FROM member m LEFT JOIN household h ON h.community_id = m.community_id AND h.member_id = m.id`)
		var member domain.ID
		var home *domain.ID
		var may bool
		if _, err := pgx.ForEachRow(rows, []any{&member, &home, &may}, func() error {
			votes[member] = may
			if home != nil {
				household[member] = *home
			}
			return nil
		}); err != nil {
			return err
		}
		rows, _ = persistence.PgxTx(ctx).Query(ctx, `SELECT id FROM contribution`)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[domain.ID])
		if err == nil {
			all, err = persistence.ProgressionStore{}.Contributions(ctx, v.id, ids)
		}
		return err
	})
	want := naively(all, look, household, votes)
	seen, capped := 0, 0
	v.in(t, func(ctx context.Context, _ time.Time) error {
		return persistence.ProgressionStore{}.Standings(ctx, look, func(s progression.Standing) {
			seen++
			if diff := cmp.Diff(want[s.Member], s.Metrics); diff != "" {
				t.Errorf("%s (− in words, + by the database):\n%s", s.Member, diff)
			}
			if s.Metrics.Exchanges < 18 {
				capped++
			}
			alone := look
			alone.Member = s.Member
			if seen%40 != 0 {
				return
			}
			// The same of one member alone, in another transaction.
			if err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
				return persistence.ProgressionStore{}.Standings(ctx, alone, func(one progression.Standing) {
					if one.Metrics != s.Metrics {
						t.Errorf("%s alone: %+v, among all %+v", s.Member, one.Metrics, s.Metrics)
					}
				})
			}); err != nil {
				t.Error(err)
			}
		})
	})
	if seen != members+1 || capped < members/4 { // Éloïse is one more
		t.Errorf("%d members measured, of %d too much did not count: the figures prove little", seen, capped)
	}
}

// found is all that a night may leave, but for the notices' own ids.
const foundSQL = `
SELECT md5(concat(
  (SELECT string_agg(concat_ws(' ', id, participation, capital, governance, grace_until, version), ',' ORDER BY id) FROM member WHERE community_id = $1),
  (SELECT string_agg(concat_ws(' ', member_id, was, becomes, given_at, due_at, state, ended_at), ',' ORDER BY member_id, given_at, becomes) FROM notice WHERE community_id = $1),
  (SELECT string_agg(concat_ws(' ', e.*), ',' ORDER BY member_id, day) FROM evaluation e WHERE community_id = $1)))`

// failing breaks down before the nth time that evaluations are to be kept.
type failing struct {
	persistence.ProgressionStore
	after *int
}

var errBroken = errors.New("the power went")

func (f failing) Keep(ctx context.Context, all []progression.Evaluation) error {
	if *f.after--; *f.after < 0 {
		return errBroken
	}
	return f.ProgressionStore.Keep(ctx, all)
}

// TestANightIsTheSameHoweverOftenItBegins evaluates 2,400 members; with
// HORA_EVALUATE_MEMBERS=100000 as many, twenty contributions each, and looks at time
// and memory: run it alone.
func TestANightIsTheSameHoweverOftenItBegins(t *testing.T) {
	members, alone := 2_400, false
	if n, err := strconv.Atoi(os.Getenv("HORA_EVALUATE_MEMBERS")); err == nil && n > 0 {
		members, alone = n, true
	}
	v := aCountry(t).village(t)
	begun := time.Now()
	v.populate(t, members)
	t.Logf("%d members and their contributions made in %v", members, time.Since(begun).Round(time.Millisecond))
	day := v.clock.Now().Truncate(24 * time.Hour)
	night := func(store progression.Store, then func(ctx context.Context) error) error {
		return v.db.InTx(v.ctx, v.id, func(ctx context.Context, now time.Time) error {
			first, err := persistence.JobStore{}.Keep(ctx, v.id, "evaluate-members", day.Format(time.DateOnly), now, nil)
			if err != nil || !first {
				return errors.Join(err, then(ctx))
			}
			return errors.Join(v.ways(store).Evaluate(ctx, v.id, day, now), then(ctx))
		})
	}
	digest := func(ctx context.Context) (sum string, err error) {
		err = persistence.PgxTx(ctx).QueryRow(ctx, foundSQL, v.id).Scan(&sum)
		return sum, err
	}
	asFound := func() (sum string) {
		v.in(t, func(ctx context.Context, _ time.Time) (err error) {
			sum, err = digest(ctx)
			return err
		})
		return sum
	}
	before := asFound()

	var rehearsed string
	err := night(persistence.ProgressionStore{}, func(ctx context.Context) (err error) {
		rehearsed, err = digest(ctx)
		return errors.Join(err, errBroken) // and is taken back
	})
	if !errors.Is(err, errBroken) || asFound() != before || rehearsed == before {
		t.Fatalf("a rehearsal: %v", err)
	}
	// The power goes half-way; then the database closes the connection.
	half := 1
	if err := night(failing{after: &half}, func(context.Context) error { return nil }); !errors.Is(err, errBroken) || asFound() != before {
		t.Fatalf("half of a night stays: %v", err)
	}
	err = night(persistence.ProgressionStore{}, func(ctx context.Context) error {
		v.breaks(t, `SELECT pg_terminate_backend($1)`, int64(persistence.PgxTx(ctx).Conn().PgConn().PID()))
		return nil
	})
	if err == nil || asFound() != before {
		t.Fatalf("a night that was not committed stays: %v", err)
	}

	var heap, backend atomic.Uint64
	runtime.GC()
	begun = time.Now()
	err = night(persistence.ProgressionStore{}, func(ctx context.Context) error { return nil })
	took := time.Since(begun)
	if err != nil {
		t.Fatal(err)
	}
	if got := asFound(); got != rehearsed {
		t.Error("begun anew, the night finds something else")
	}
	if err := night(persistence.ProgressionStore{}, func(context.Context) error { return nil }); err != nil || asFound() != rehearsed {
		t.Errorf("a second server does it again: %v", err)
	}
	if alone { // once more, weighed, and taken back
		day = day.AddDate(0, 0, 1)
		err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, now time.Time) error {
			stop := make(chan struct{})
			defer close(stop)
			go weigh(persistence.PgxTx(ctx).Conn().PgConn().PID(), stop, &heap, &backend)
			return errors.Join(v.ways(persistence.ProgressionStore{}).Evaluate(ctx, v.id, day, now), errBroken)
		})
		if !errors.Is(err, errBroken) {
			t.Error(err)
		}
	}
	kept, moved := 0, 0
	if err := v.root.QueryRow(v.ctx, `SELECT count(*), count(*) FILTER (WHERE was <> became) FROM evaluation`).Scan(&kept, &moved); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d members, %d contributions: evaluated in %v, %d moved, %d evaluations kept; the program's heap was at most %d MiB, PostgreSQL's own memory %d MiB",
		members, 20*members, took.Round(time.Millisecond), moved, kept, heap.Load()>>20, backend.Load()>>20)
	if alone && (took > 30*time.Second || heap.Load()+backend.Load() > 500<<20) {
		t.Error("too long, or too much memory")
	}
	if moved < members/20 || kept <= moved {
		t.Errorf("of %d members %d moved and %d were kept: the figures prove little", members, moved, kept)
	}
}

// What a policy never touches, whatever it finds: the other two facets.
func TestANightTouchesNoVoteAndNoShare(t *testing.T) {
	v := aCountry(t).village(t)
	v.populate(t, 240)
	votes := func() (sum string) {
		if err := v.root.QueryRow(v.ctx, `SELECT md5(string_agg(concat_ws(' ', id, capital, governance), ',' ORDER BY id)) FROM member`).Scan(&sum); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before := votes()
	for range 5 { // all fall who can
		v.clock.now.Add((40 * 24 * time.Hour).Microseconds())
		v.in(t, func(ctx context.Context, now time.Time) error {
			return v.ways(persistence.ProgressionStore{}).Evaluate(ctx, v.id, now.Truncate(24*time.Hour), now)
		})
	}
	if votes() != before {
		t.Error("an evaluation moved a share or a vote")
	}
	var asleep int
	if err := v.root.QueryRow(v.ctx, `SELECT count(*) FROM member WHERE participation = 'DORMANT'`).Scan(&asleep); err != nil || asleep < 100 {
		t.Errorf("%d are asleep, %v", asleep, err)
	}
}

// Whoever has the server's password changes no vote but by what somebody asked for
// or decided.
func TestNoVoteChangesWithoutAReference(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	const govern = `SELECT govern($1, gen_random_uuid(), $2, $3, $4, $5, gen_random_uuid(), $6, now())`
	for what, err := range map[string]error{
		"by itself":               v.asServer(`UPDATE member SET governance = 'VOTER' WHERE id = $1`, marie.member),
		"asked for":               v.asServer(govern, v.id, marie.member, "GUEST", "VOTER", "OWN_REQUEST", marie.Person),
		"asked for by nobody":     v.asServer(govern, v.id, marie.member, "GUEST", "CANDIDATE", "OWN_REQUEST", nil),
		"tacit, never listed":     v.asServer(govern, v.id, marie.member, "GUEST", "VOTER", "TACIT", nil),
		"for shares not redeemed": v.asServer(govern, v.id, marie.member, "GUEST", "FORMER", "REDEEMED", nil),
		"for no reason":           v.asServer(govern, v.id, marie.member, "GUEST", "VOTER", "", marie.Person),
	} {
		if got := state(err); got != forbidden && got != "LD403" {
			t.Errorf("%s: %s", what, got)
		}
	}
	var changed int
	if err := v.root.QueryRow(v.ctx, `SELECT count(*) FROM member WHERE governance <> 'GUEST'`).Scan(&changed); err != nil || changed > 0 {
		t.Errorf("%d votes changed, %v", changed, err)
	}
}
