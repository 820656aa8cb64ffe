// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/persistence"
)

// seen is how many notes of a name the reader is shown of any community.
func (c *country) seen(ctx context.Context, in domain.ID, name string) (n int, err error) {
	err = c.db.InTx(ctx, in, func(ctx context.Context, _ time.Time) error {
		return persistence.PgxTx(ctx).QueryRow(ctx, `SELECT count(*) FROM counter WHERE name = $1`, name).Scan(&n)
	})
	return n, err
}

// All that a query reads is of one moment, each piece of its own community, and
// what goes wrong with one piece does not keep the others from being read.
func TestAQueryReadsOneMoment(t *testing.T) {
	c := aCountry(t)
	v, other := c.village(t), c.village(t)
	v.in(t, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "first") })
	ctx, done := c.db.Reading(c.ctx)
	expect := func(about string, in domain.ID, name string, want int) {
		t.Helper()
		if n, err := c.seen(ctx, in, name); err != nil || n != want {
			t.Errorf("%s: %d, %v", about, n, err)
		}
	}
	expect("before", v.id, "first", 1)
	v.in(t, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "second") })
	expect("what was written meanwhile", v.id, "second", 0)
	expect("another community", other.id, "first", 0)
	expect("no community", domain.Nowhere, "first", 0)
	expect("the first again", v.id, "first", 1)

	err := c.db.InTx(ctx, v.id, func(ctx context.Context, _ time.Time) error { return raise(ctx, "P0001") })
	if err == nil {
		t.Error("what the database refuses passes")
	}
	expect("after what was refused another moment begins", v.id, "second", 1)
	err = c.db.InTx(ctx, v.id, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "third") })
	if err != nil || !v.scratched(t, "third") {
		t.Errorf("what must be written when it is first read is not: %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = c.db.InTx(ctx, v.id, func(ctx context.Context, _ time.Time) error {
			_, _ = persistence.PgxTx(ctx).Query(ctx, `SELECT generate_series(1, 100000)`) //nolint:sqlclosecheck // left half read
			panic("a mistake")
		})
	}()
	expect("after a panic", v.id, "first", 1)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.seen(gone, v.id, "first"); err == nil {
		t.Error("somebody who went away is answered")
	}
	expect("after somebody went away", v.id, "first", 1)
	done()
	done()
}

// A query takes one connection however much it asks for at once, and gives it back.
func TestAQueryTakesOneConnection(t *testing.T) {
	c := aCountry(t)
	villages := []*village{c.village(t), c.village(t), c.village(t)}
	for i, v := range villages {
		v.in(t, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, fmt.Sprint(i)) })
	}
	c.db = c.open(t, persistence.Options{Clock: c.clock, Connections: 2})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			ctx, done := c.db.Reading(c.ctx)
			defer done()
			var fields sync.WaitGroup
			for i := range 30 {
				fields.Go(func() {
					for j := range villages {
						want := 0
						if i%3 == j {
							want = 1
						}
						if n, err := c.seen(ctx, villages[i%3].id, fmt.Sprint(j)); err != nil || n != want {
							t.Errorf("of village %d, in village %d: %d, %v", j, i%3, n, err)
						}
					}
				})
			}
			fields.Wait()
		})
	}
	all.Wait()
	if n := c.db.Pool().Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are not given back", n)
	}
}
