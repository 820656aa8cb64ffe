// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// lab is everything that stands while it is measured.
type lab struct {
	o        Options
	cpu      cpuMeter
	main     *arena // the usual size, and everything but the next two
	many     *arena // many accounts
	bare     *arena // the chain is off
	program  *Program
	phones   *phones
	teardown []func(context.Context) error
}

// openLab makes three ledgers in databases of their own and fills them.
func openLab(ctx context.Context, o Options) (*lab, error) {
	l := &lab{o: o}
	err := l.build(ctx)
	if err != nil {
		return nil, errors.Join(err, l.close(context.WithoutCancel(ctx)))
	}
	return l, nil
}

func (l *lab) build(ctx context.Context) (err error) {
	l.say("preparing the databases")
	if l.main, err = l.openArena(ctx, "usual", ""); err != nil {
		return err
	}
	if l.many, err = l.openArena(ctx, "many", l.main.name); err != nil {
		return err
	}
	if l.bare, err = l.openArena(ctx, "bare", l.main.name); err != nil {
		return err
	}
	for _, a := range []*arena{l.main, l.many, l.bare} {
		if err := l.connect(ctx, a); err != nil {
			return err
		}
	}
	l.say("filling the ledgers")
	for _, fill := range []func(context.Context) error{
		func(ctx context.Context) error { return l.main.fill(ctx, l.o.Communities, l.o.Accounts) },
		func(ctx context.Context) error { return l.bare.fill(ctx, l.o.Communities, l.o.Accounts) },
		func(ctx context.Context) error { return l.many.fill(ctx, l.o.Communities, l.o.Many) },
		l.bare.unchain, l.main.openBaselines,
	} {
		if err := fill(ctx); err != nil {
			return err
		}
	}
	if l.program, err = l.o.Open(ctx, l.main.url); err != nil {
		return fmt.Errorf("open the program: %w", err)
	}
	l.teardown = append(l.teardown, func(context.Context) error { l.program.Close(); return nil })
	if l.phones, err = openPhones(ctx, l.main, l.program, l.o.Clients); err != nil {
		return err
	}
	l.teardown = append(l.teardown, l.phones.close)
	l.cpu, err = openMeter(ctx, l.main.root)
	return err
}

// close takes everything down again, last first.
func (l *lab) close(ctx context.Context) error {
	var all error
	for _, step := range slices.Backward(l.teardown) {
		all = errors.Join(all, step(ctx))
	}
	return all
}

// arena is one ledger in a database of its own.
type arena struct {
	name      string
	url       string
	db        *persistence.DB
	root      *pgxpool.Pool // a superuser's
	gorm      *gorm.DB
	towns     []*town
	unchained bool
}

// openArena makes a database as this program migrates it, or as another's copy.
func (l *lab) openArena(ctx context.Context, name, like string) (*arena, error) {
	a := &arena{name: "hora_bench_" + name + "_" + strings.ReplaceAll(domain.NewID().String(), "-", "")}
	address, err := url.Parse(l.o.DatabaseURL)
	if err != nil || !strings.HasPrefix(address.Scheme, "postgres") {
		return nil, errors.New("the database's address should be like postgres://user:password@host/database")
	}
	address.Path = "/" + a.name
	a.url = address.String()
	create := "CREATE DATABASE " + a.name
	if like != "" {
		create += " TEMPLATE " + like
	}
	if err := l.administer(ctx, create); err != nil {
		return nil, fmt.Errorf("make a database to measure in: %w", err)
	}
	l.teardown = append(l.teardown, func(ctx context.Context) error {
		return l.administer(ctx, "DROP DATABASE "+a.name+" WITH (FORCE)")
	})
	if like == "" {
		return a, persistence.Migrate(ctx, a.url)
	}
	return a, nil
}

// connect opens the arena as the server does, and as a superuser. Until then
// nobody is in its database, which can be copied.
func (l *lab) connect(ctx context.Context, a *arena) (err error) {
	cfg, err := pgxpool.ParseConfig(a.url)
	if err != nil {
		return err
	}
	cfg.MaxConns = int32(l.o.Clients)
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgxuuid.Register(conn.TypeMap())
		return nil
	}
	if a.root, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	l.teardown = append(l.teardown, func(context.Context) error { a.root.Close(); return nil })
	a.db, err = persistence.Open(ctx, a.url, persistence.Options{Clock: wallClock{}, Connections: cfg.MaxConns})
	if err != nil {
		return err
	}
	l.teardown = append(l.teardown, func(context.Context) error { a.db.Close(); return nil })
	return nil
}

// wallClock is real time, which is what is measured.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (l *lab) administer(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, l.o.DatabaseURL)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// verify recomputes the books of every community of every ledger.
func (l *lab) verify(ctx context.Context) error {
	for _, a := range []*arena{l.main, l.many, l.bare} {
		if err := a.verify(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (a *arena) verify(ctx context.Context) error {
	hours := ledger.New(a.db, persistence.LedgerStore{}, persistence.MemberStore{})
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(runtime.NumCPU())
	for _, t := range a.towns {
		all.Go(func() error {
			found, err := hours.Verify(ctx, t.id)
			if err != nil {
				return err
			}
			for _, d := range found.Differences {
				// Without hashes the journal's own check fails, and only that may.
				if !a.unchained || !strings.HasPrefix(d, "position ") {
					return fmt.Errorf("%w: %s", ErrBooksDiffer, d)
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// ErrBooksDiffer is a ledger that was wrong after it was written to.
var ErrBooksDiffer = errors.New("the ledger is wrong, so no number is told")
