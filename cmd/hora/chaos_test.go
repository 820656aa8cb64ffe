// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
)

// The test binary run with this variable is a worker: the variable holds the file
// that says how far the clock is ahead, a space, and the database's address.
const workerVariable = "HORA_TEST_WORKER"

// work does what the clock asks for, as the program does it, until it is killed.
func work(place string) {
	file, url, _ := strings.Cut(place, " ")
	cfg := quiet()
	cfg.Jobs = true
	c := &clock{}
	follow(c, file)
	a, err := Open(context.Background(), cfg, url, newLogger("error"), c)
	if err == nil {
		err = a.jobs.Start(context.Background())
	}
	for err == nil {
		follow(c, file)
		err = a.tour(context.Background())
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// tour is what the scheduled job does with cycles; it comes each minute, and here
// there are no minutes.
func (a *App) tour(ctx context.Context) error {
	var all []community.Community
	err := a.db.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		all, err = persistence.JobStore{}.Communities(ctx)
		return err
	})
	for _, c := range all {
		err = errors.Join(err, a.rooms.cycles.PassTime(ctx, c.ID))
	}
	return err
}

// follow moves a clock to where the file says.
func follow(c *clock, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	ahead, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		panic(err)
	}
	c.Advance(time.Duration(ahead - c.ahead.Load()))
}

// chaos is a year of towns whose servers keep dying.
type chaos struct {
	t     *testing.T
	luck  *rand.Rand
	url   string
	file  string
	clock *clock
	db    *persistence.DB
	owner *pgxpool.Pool
	rooms rooms
	towns []*chaosTown

	mu      sync.Mutex
	workers [2]*exec.Cmd
	kills   int
}

type chaosTown struct {
	id             domain.ID
	founder, other domain.Actor
	zone           *time.Location
	plans          []reinvestment.Plan
}

// Monthly cycles for many towns, two workers that are killed at any moment, and a
// clock that goes through a year, once over three months at a stride with both
// dead: each month happens exactly once, and not a minute is lost.
func TestAYearOfCyclesAmidKills(t *testing.T) {
	t.Parallel()
	towns, months, kills := 4, 5, 8
	if prove := os.Getenv("HORA_PROVE"); prove != "" {
		towns, months = 50, 12
		kills, _ = strconv.Atoi(prove)
	}
	seed := rand.Uint64()
	if text := os.Getenv("HORA_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("%d towns, %d months, %d kills, HORA_SEED=%d", towns, months, kills, seed)
	b := newChaos(t, seed)
	for i := range towns {
		b.found(i)
	}
	for i := range b.workers {
		b.start(i)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go b.kill(kills, rand.New(rand.NewPCG(b.luck.Uint64(), 9)), stop, done)
	b.live(months)
	<-done // every kill happened
	close(stop)
	b.settle()
	for i := range b.workers {
		b.end(i)
	}
	b.judge(months)
}

// Servers that come back together after two years go through the months in their
// order: what a month takes finds what the month brought.
func TestServersComeBackTogether(t *testing.T) {
	t.Parallel()
	b := newChaos(t, 1)
	for i := range 2 {
		b.found(i)
	}
	b.ahead(2 * 365 * day)
	var all errgroup.Group
	for range 3 {
		for _, w := range b.towns {
			all.Go(func() error { return b.rooms.cycles.PassTime(t.Context(), w.id) })
		}
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, w := range b.towns {
		empty := list[string](b, `SELECT period FROM job_period WHERE community_id = $1 AND job LIKE 'plan/%' AND result ->> 'minutes' = '0'
			AND job <> (SELECT 'plan/' || id FROM plan WHERE community_id = $1 AND kind = 'RESERVE')`, w.id)
		if len(empty) > 0 {
			t.Errorf("%s: months that found nothing: %v", w.zone, empty)
		}
	}
}

func newChaos(t *testing.T, seed uint64) *chaos {
	t.Helper()
	b := &chaos{t: t, luck: rand.New(rand.NewPCG(seed, 8)), url: pgtest.URL(t), file: filepath.Join(t.TempDir(), "ahead"), clock: &clock{}}
	b.ahead(0)
	var err error
	if b.db, err = persistence.Open(t.Context(), b.url, persistence.Options{Clock: b.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.db.Close)
	if b.owner, err = pgxpool.New(t.Context(), b.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.owner.Close)
	b.rooms = openRooms(b.db, nil, nil, nil, nil, false)
	return b
}

// ahead moves the clock, everybody's.
func (b *chaos) ahead(by time.Duration) {
	b.t.Helper()
	b.clock.Advance(by)
	fresh := b.file + ".new"
	err := os.WriteFile(fresh, []byte(strconv.FormatInt(b.clock.ahead.Load(), 10)), 0o600)
	if err = errors.Join(err, os.Rename(fresh, b.file)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *chaos) found(i int) {
	b.t.Helper()
	ctx := b.t.Context()
	person := func(name string) domain.Actor {
		id := domain.NewID()
		b.exec(`INSERT INTO person (id, display_name, locale, created_at) VALUES ($1, $2, 'fr', $3)`, id, name, b.clock.Now())
		return domain.Actor{Person: id}
	}
	w := &chaosTown{founder: person("Fatou"), other: person("Anna")}
	zones := []string{"Europe/Paris", "America/Montreal", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"}
	made, err := b.rooms.members.Found(ctx, w.founder, community.Create{
		Name: "Ville", Slug: fmt.Sprintf("ville-%d", i), Preset: "accorderie", Locale: "fr", TimeZone: zones[i%len(zones)],
	}, "")
	if err != nil {
		b.t.Fatal(err)
	}
	w.id, w.zone = made.ID, made.Zone()
	for _, who := range []domain.Actor{w.other, person("Noé")} {
		applicant, err := b.rooms.members.Apply(ctx, who, membership.Apply{Community: w.id})
		if err == nil {
			_, err = b.rooms.members.Admit(ctx, w.founder, w.id, applicant.ID, "")
		}
		if err != nil {
			b.t.Fatal(err)
		}
		if who != w.other { // whom nobody hears of any more
			b.exec(`UPDATE member SET participation = 'DORMANT' WHERE community_id = $1 AND id = $2`, w.id, applicant.ID)
		}
	}
	b.exec(`UPDATE charter SET body = jsonb_set(body, '{dormancy}', '{"months": 1, "contacts": 2, "days": 20, "years": 5, "safePart": 0}') WHERE community_id = $1`, w.id)
	var whole, pool, solidarity ledger.Account
	err = b.db.InTx(ctx, w.id, func(ctx context.Context, _ time.Time) (err error) {
		if whole, err = b.rooms.ledger.CommunityAccount(ctx, w.id, ledger.Community, ""); err == nil {
			pool, err = b.rooms.ledger.CommunityAccount(ctx, w.id, ledger.Pool, ledger.Projects)
		}
		if err == nil {
			solidarity, err = b.rooms.ledger.CommunityAccount(ctx, w.id, ledger.Pool, ledger.Solidarity)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	// A first day late in its month, and in the night when clocks are changed.
	first := time.Date(b.clock.Now().Year(), b.clock.Now().Month()+1, 29+i%3, 0, 0, 0, 0, time.UTC)
	w.plans = append(w.plans, b.plan(w, reinvestment.MakePlan{
		Kind: reinvestment.PlanInflow, Title: "Don du mois", From: whole.ID, To: pool.ID, Minutes: domain.Minutes(300 + i), FirstOn: first, Hour: 1,
	}), b.plan(w, reinvestment.MakePlan{
		Kind: reinvestment.PlanCycle, Title: "Projets", From: pool.ID, FirstOn: first, Hour: 2,
		Terms: reinvestment.Terms{Phases: reinvestment.Phases{Call: 6, Review: 1, Vote: 5, Challenge: 2, Pay: 9, Report: 3}},
	}), b.plan(w, reinvestment.MakePlan{ // of which the reserve has its part, since no cycle takes it before
		Kind: reinvestment.PlanInflow, Title: "Don solidaire", From: whole.ID, To: solidarity.ID, Minutes: 100, FirstOn: first, Hour: 1,
	}), b.plan(w, reinvestment.MakePlan{ // whose hours are credited by themselves
		Kind: reinvestment.PlanCycle, Title: "Coup de main", From: solidarity.ID, Kept: 60, FirstOn: first, Hour: 2, Terms: reinvestment.Terms{
			Method: allocation.SolidarityDraw, Rule: allocation.Rule{PersonMaximum: 10_000}, Phases: reinvestment.Phases{Call: 6, Review: 1, Challenge: 2, Report: 3},
		},
	}), b.plan(w, reinvestment.MakePlan{
		Kind: reinvestment.PlanSplit, Title: "Partage", From: solidarity.ID, Minutes: 20, Kept: 40, FirstOn: first, Hour: 3,
		Terms: reinvestment.Terms{Key: []reinvestment.Part{{Use: reinvestment.ForProjects, BasisPoints: 5000}, {Use: reinvestment.MembersByHours, BasisPoints: 5000}}},
	}))
	b.towns = append(b.towns, w)
}

func (b *chaos) plan(w *chaosTown, cmd reinvestment.MakePlan) reinvestment.Plan {
	b.t.Helper()
	cmd.Community, cmd.Rhythm = w.id, domain.Monthly
	p, err := b.rooms.cycles.MakePlan(b.t.Context(), w.founder, cmd)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *chaos) start(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cmd := exec.Command(os.Args[0]) // #nosec G204 -- ourselves
	cmd.Env = append(os.Environ(), workerVariable+"="+b.file+" "+b.url)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.t.Error(err)
	}
	b.workers[i] = cmd
}

// end is kill −9.
func (b *chaos) end(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.workers[i].Process.Kill(); err != nil {
		b.t.Errorf("a worker died by itself: %v", err)
	}
	_ = b.workers[i].Wait() // it was killed
}

// kill kills one worker or the other, again and again, and starts it anew.
func (b *chaos) kill(kills int, luck *rand.Rand, stop, done chan struct{}) {
	defer close(done)
	for range kills {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(200+luck.IntN(1200)) * time.Millisecond):
		}
		i := luck.IntN(2)
		b.end(i)
		b.kills++
		time.Sleep(time.Duration(luck.IntN(150)) * time.Millisecond)
		b.start(i)
	}
}

// live goes through the months in strides; people do their part on the way.
func (b *chaos) live(months int) {
	b.t.Helper()
	end := b.clock.Now().AddDate(0, months+1, 0)
	leap := b.clock.Now().AddDate(0, 2, 0)
	for b.clock.Now().Before(end) {
		if !leap.IsZero() && b.clock.Now().After(leap) {
			leap = time.Time{}
			b.ahead(92 * day) // nobody was there for three months
		} else {
			b.ahead(time.Duration(12+b.luck.IntN(72)) * time.Hour)
		}
		b.settle()
		for _, w := range b.towns {
			b.takePart(w)
		}
	}
}

// settle waits until nothing is due.
func (b *chaos) settle() {
	b.t.Helper()
	for range 6000 {
		var due int
		err := b.owner.QueryRow(b.t.Context(), `
			SELECT (SELECT count(*) FROM cycle WHERE next_at <= $1) + (SELECT count(*) FROM plan WHERE next_at <= $1)
			     + (SELECT count(*) FROM dormant WHERE next_at <= $1)`, b.clock.Now()).Scan(&due)
		if err != nil {
			b.t.Fatal(err)
		}
		if due == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatal("what is due is not done in two minutes")
}

// takePart is what people do where their cycles stand: propose, vote, claim, approve.
// What the calendar overtakes meanwhile is no harm.
func (b *chaos) takePart(w *chaosTown) {
	b.t.Helper()
	ctx := b.t.Context()
	list, err := b.rooms.cycles.List(ctx, w.founder, w.id, domain.Page{Limit: 20}) // those too whose vote waited for the servers
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range list.Items {
		projects, err := b.rooms.cycles.ProjectsOf(ctx, w.id, []domain.ID{c.ID})
		if err != nil {
			b.t.Fatal(err)
		}
		switch {
		case c.State == reinvestment.OpenCall && len(projects) < 2:
			least := c.Envelope/4 + domain.Minutes(b.luck.Int64N(int64(c.Envelope/4)+1))
			_, err = b.rooms.cycles.Submit(ctx, w.other, reinvestment.Submit{Community: w.id, Cycle: c.ID, Title: "Un banc", Body: "Un banc sous le tilleul.", Minimum: least, Maximum: least * 2})
		case c.State == reinvestment.Voting && len(projects) > 0:
			entry := reinvestment.Entry{Project: projects[b.luck.IntN(len(projects))].ID, Value: 1 + b.luck.Int64N(5)}
			_, err = b.rooms.cycles.Cast(ctx, w.other, reinvestment.Cast{Community: w.id, Cycle: c.ID, Entries: []reinvestment.Entry{entry}})
		case c.State == reinvestment.Paying:
			for _, p := range projects {
				if err == nil && p.Granted-p.Paid > 2 {
					err = b.claims(ctx, w, p)
				}
			}
		}
		if err != nil {
			b.t.Fatalf("%s: %v", c.State, err)
		}
	}
}

func (b *chaos) claims(ctx context.Context, w *chaosTown, p reinvestment.Project) error {
	minutes := 1 + domain.Minutes(b.luck.Int64N(int64(p.Granted-p.Paid)/2))
	claim, err := b.rooms.cycles.Claim(ctx, w.other, reinvestment.ClaimPayout{
		Community: w.id, Project: p.ID, Minutes: minutes, Proof: "Venez voir sur place.", Key: domain.NewID().String(),
	})
	if err == nil && b.luck.IntN(4) > 0 { // some wait, and lapse
		_, err = b.rooms.cycles.Approve(ctx, w.founder, w.id, claim.ID)
	}
	if errors.Is(err, reinvestment.ClaimBeyondGrant) { // others wait already
		return nil
	}
	return err
}

// judge reads what came of it, as the database's owner.
func (b *chaos) judge(months int) {
	b.t.Helper()
	cycles, turns := 0, 0
	for _, w := range b.towns {
		for _, p := range w.plans {
			due := domain.Turns{First: p.FirstOn, Rhythm: p.Rhythm, Hour: p.Hour, Zone: w.zone}
			var want []string
			for n := 0; !due.Turn(n).At.After(b.clock.Now()); n++ {
				want = append(want, due.Turn(n).Period)
			}
			got := list[string](b, `SELECT period FROM job_period WHERE community_id = $1 AND job = 'plan/' || $2::text ORDER BY xmin::text::bigint`, w.id, p.ID)
			if !slices.Equal(got, want) || len(want) < months {
				b.t.Errorf("%s: periods %v, wants %v", p.Title, got, want)
			}
			turns += len(got)
		}
		inflow := list[int64](b, `SELECT minutes FROM ledger.transfer WHERE community_id = $1 AND debit_id = $2 AND credit_id = $3 ORDER BY at`, w.id, w.plans[0].From, w.plans[0].To)
		if n := len(inflow); n != len(list[string](b, `SELECT period FROM job_period WHERE community_id = $1 AND job = 'plan/' || $2::text`, w.id, w.plans[0].ID)) {
			b.t.Errorf("%d gifts arrived", n)
		}
		told := list[int64](b, `SELECT coalesce(sum((result ->> 'minutes')::bigint), 0)::bigint FROM job_period WHERE community_id = $1 AND job = 'plan/' || $2::text`, w.id, w.plans[4].ID)[0]
		moved := list[int64](b, `SELECT coalesce(sum(minutes), 0)::bigint FROM ledger.transfer WHERE community_id = $1 AND debit_id = $2 AND credit_id = $3`, w.id, w.plans[4].From, w.plans[0].To)[0]
		if told != moved || told == 0 {
			b.t.Errorf("a key was told to divide %d minutes, and %d moved", told, moved)
		}
		b.judgeReserve(w)
		b.judgeDormant(w)
		cycles += b.judgeCycles(w)
		v, err := b.verified(w.id)
		if err != nil || v.Sum != 0 || len(v.Differences) > 0 {
			b.t.Errorf("the books: Σ = %d, %v %v", v.Sum, v.Differences, err)
		}
	}
	paid := list[int64](b, `SELECT coalesce(sum(minutes), 0)::bigint FROM claim WHERE stage = 'PAID'`)[0]
	drawn := list[int64](b, `SELECT coalesce(sum(paid), 0)::bigint FROM project WHERE confidential`)[0]
	b.t.Logf("%d kills; %d turns of plans, %d cycles, %d minutes for work done, %d drawn; each once", b.kills, turns, cycles, paid, drawn)
	if cycles < 2*len(b.towns)*months || paid == 0 || drawn == 0 {
		b.t.Error("too little happened to prove anything")
	}
}

// judgeReserve: each month once and in order, and what the turns tell is what moved.
func (b *chaos) judgeReserve(w *chaosTown) {
	b.t.Helper()
	const turns = ` FROM job_period j JOIN plan p ON p.community_id = j.community_id AND j.job = 'plan/' || p.id WHERE p.community_id = $1 AND p.kind = 'RESERVE'`
	due := domain.Turns{Rhythm: domain.Monthly, Zone: w.zone}
	due.First = list[time.Time](b, `SELECT first_on FROM plan WHERE community_id = $1 AND kind = 'RESERVE'`, w.id)[0]
	var want []string
	for n := 0; !due.Turn(n).At.After(b.clock.Now()); n++ {
		want = append(want, due.Turn(n).Period)
	}
	if got := list[string](b, `SELECT j.period`+turns+` ORDER BY j.xmin::text::bigint`, w.id); !slices.Equal(got, want) {
		b.t.Errorf("the reserve: periods %v, wants %v", got, want)
	}
	told := list[int64](b, `SELECT coalesce(sum((j.result ->> 'minutes')::bigint), 0)::bigint`+turns, w.id)[0]
	moved := list[int64](b, `
		SELECT coalesce(sum(t.minutes), 0)::bigint FROM ledger.transfer t JOIN plan p ON p.community_id = t.community_id AND p.to_id = t.credit_id
		 WHERE p.community_id = $1 AND p.kind = 'RESERVE'`, w.id)[0]
	if told != moved || told == 0 {
		b.t.Errorf("the reserve was told %d minutes and received %d", told, moved)
	}
}

func (b *chaos) verified(id domain.ID) (v ledger.Verification, err error) {
	err = b.db.InTx(b.t.Context(), id, func(ctx context.Context, _ time.Time) error {
		v, err = persistence.LedgerStore{}.Verify(ctx, id)
		return err
	})
	return v, err
}

// judgeCycles: one cycle a month, each state once (the vote once more where nobody could
// have voted) and in order with the date it was due, and envelope = payouts + returns + rest by the ledger's own transfers.
func (b *chaos) judgeCycles(w *chaosTown) int {
	b.t.Helper()
	type told struct {
		Title, States string
		InOrder       bool
		Wrong         int64
	}
	rows, err := b.owner.Query(b.t.Context(), `
		SELECT c.title,
		       (SELECT string_agg(state, ' ' ORDER BY step) FROM cycle_step s WHERE (s.community_id, s.cycle_id) = (c.community_id, c.id)) AS states,
		       (SELECT coalesce(bool_and(due >= before), true) FROM (SELECT due, lag(due) OVER (ORDER BY step) AS before FROM cycle_step s WHERE (s.community_id, s.cycle_id) = (c.community_id, c.id)) d) AS in_order,
		       abs(c.envelope - (SELECT sum(minutes) FROM ledger.transfer t WHERE t.community_id = c.community_id AND t.credit_id = c.account_id))
		       + abs(c.envelope - a.balance
		         - (SELECT coalesce(sum(paid), 0) FROM project p WHERE p.community_id = c.community_id AND p.cycle_id = c.id)
		         - (SELECT coalesce(sum(minutes), 0) FROM ledger.transfer t WHERE t.community_id = c.community_id AND t.debit_id = c.account_id AND t.credit_id = c.pool_id)) AS wrong
		  FROM cycle c JOIN ledger.account a ON (a.community_id, a.id) = (c.community_id, c.account_id)
		 WHERE c.community_id = $1 ORDER BY c.title`, w.id)
	if err != nil {
		b.t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[told])
	if err != nil {
		b.t.Fatal(err)
	}
	if again := list[string](b, `
		SELECT kind || ' ' || convert_from(body, 'UTF8') FROM journal.event
		 WHERE community_id = $1 AND kind = $2 GROUP BY kind, subject_id, body HAVING count(*) > 1`, w.id, string(reinvestment.CycleReminds)); len(again) > 0 {
		b.t.Errorf("reminded twice: %v", again)
	}
	const way = "OPEN_CALL FEASIBILITY VOTING TALLIED CHALLENGE PAYING REPORTING CLOSED"
	for i, c := range found {
		c.States = strings.Replace(c.States, "VOTING VOTING", "VOTING", 1) // opened once more, where nobody voted before the server went away
		if !strings.HasPrefix(way, c.States) || !c.InOrder || c.Wrong != 0 || i > 0 && c.Title == found[i-1].Title {
			b.t.Errorf("%+v", c)
		}
	}
	return len(found)
}

func (b *chaos) exec(sql string, args ...any) {
	b.t.Helper()
	if _, err := b.owner.Exec(b.t.Context(), sql, args...); err != nil {
		b.t.Fatal(err)
	}
}

func list[T any](b *chaos, sql string, args ...any) []T {
	b.t.Helper()
	rows, err := b.owner.Query(b.t.Context(), sql, args...)
	if err != nil {
		b.t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}
