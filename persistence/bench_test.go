// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/embedded"
)

// BenchmarkPosting compares posting an hour with what any commit costs on the
// same durable server in the same run, 8 clients over 64 communities. Trust the
// ratio, not the rates.
func BenchmarkPosting(b *testing.B) {
	ctx := b.Context()
	srv, err := embedded.Start(ctx, embedded.Options{DataDir: durableDir(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = srv.Stop() })
	url := srv.URL(embedded.Superuser, embedded.Database)
	if err := persistence.Migrate(ctx, url); err != nil {
		b.Fatal(err)
	}
	db, err := persistence.Open(ctx, url, persistence.Options{Clock: wallClock{}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(db.Close)
	floor := commitFloor(ctx, b, url)
	towns := openTowns(ctx, b, url, db, 64)
	post := func(ctx context.Context, _ int) error {
		t := towns[rand.IntN(len(towns))]
		from, to := t.accounts[rand.IntN(len(t.accounts))], t.accounts[rand.IntN(len(t.accounts))]
		if from == to {
			return nil
		}
		return db.InTx(ctx, t.community, func(ctx context.Context, _ time.Time) error {
			_, err := persistence.LedgerStore{}.Post(ctx, ledger.Posting{
				Community: t.community, Key: domain.NewID().String(),
				Legs:  []ledger.Transfer{{ID: domain.NewID(), Kind: ledger.Gift, Minutes: 15, Debit: from, Credit: to}},
				Event: domain.Event{ID: domain.NewID(), Kind: ledger.HoursGiven},
			})
			return err
		})
	}
	const clients = 8
	var ratios []float64
	for b.Loop() { // each round measures both, one after the other
		base := rate(ctx, b, clients, floor)
		ratios = append(ratios, rate(ctx, b, clients, post)/base)
	}
	sum := 0.0
	for _, r := range ratios {
		sum += r
	}
	b.ReportMetric(sum/float64(len(ratios)), "of-commit-floor")
	for _, t := range towns {
		err := db.InTx(ctx, t.community, func(ctx context.Context, _ time.Time) error {
			v, err := persistence.LedgerStore{}.Verify(ctx, t.community)
			if err == nil && len(v.Differences) > 0 {
				err = fmt.Errorf("a wrong ledger reports no number: %v", v.Differences)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// rate is how often per second the clients together do it, over a second.
func rate(ctx context.Context, b *testing.B, clients int, do func(context.Context, int) error) float64 {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for client := range clients {
		all.Go(func() {
			for time.Since(began) < time.Second {
				if err := do(ctx, client); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// commitFloor is the least that any durable write costs: BEGIN, one INSERT, COMMIT.
func commitFloor(ctx context.Context, b *testing.B, url string) func(context.Context, int) error {
	b.Helper()
	conns := make([]*pgx.Conn, 8)
	for i := range conns {
		var err error
		if conns[i], err = pgx.Connect(ctx, url); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conns[i].Close(context.WithoutCancel(ctx)) })
	}
	if _, err := conns[0].Exec(ctx, `CREATE TABLE bench_floor (id uuid PRIMARY KEY, at timestamptz NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, client int) error {
		return pgx.BeginFunc(ctx, conns[client], func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO bench_floor (id, at) VALUES ($1, now())`, domain.NewID())
			return err
		})
	}
}

type benchTown struct {
	community domain.ID
	accounts  []domain.ID
}

// openTowns makes communities of twenty accounts without floors.
func openTowns(ctx context.Context, b *testing.B, url string, db *persistence.DB, n int) []benchTown {
	b.Helper()
	towns := make([]benchTown, n)
	for i := range towns {
		towns[i].community = domain.NewID()
		err := db.InTx(ctx, towns[i].community, func(ctx context.Context, now time.Time) error {
			_, err := persistence.PgxTx(ctx).Exec(ctx, `
				INSERT INTO community (id, slug, name, preset, locale, time_zone, created_at)
				VALUES ($1, $2, $2, 'accorderie', 'fr', 'Europe/Paris', $3)`, towns[i].community, fmt.Sprintf("town-%d", i), now)
			if err == nil {
				_, err = persistence.PgxTx(ctx).Exec(ctx, `SELECT journal.found($1)`, towns[i].community)
			}
			for range 20 {
				if err == nil {
					id := domain.NewID()
					towns[i].accounts = append(towns[i].accounts, id)
					err = persistence.LedgerStore{}.OpenAccount(ctx, ledger.Account{
						Community: towns[i].community, ID: id, Kind: ledger.Member, Owner: domain.NewID(), OpenedAt: now,
					})
				}
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return towns
}

// wallClock is real time: a benchmark measures it.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// durableDir is a data folder on disk that PostgreSQL's own user can reach.
func durableDir(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "hora-bench-") //nolint:usetesting // root's t.TempDir is closed to PostgreSQL's user
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	return filepath.Join(dir, "data")
}
