// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// collisions counts the statements that the database broke off because two
// transactions crossed. InTx would hide them by trying again.
type collisions struct{ n atomic.Int64 }

func (*collisions) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (c *collisions) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if pg, is := errors.AsType[*pgconn.PgError](data.Err); is && (pg.Code == "40P01" || pg.Code == "40001") {
		c.n.Add(1)
	}
}

// crowd is a village where everybody acts at once: what passed is tallied on the
// side, with the accounts' own floors.
type crowd struct {
	*village
	accounts []domain.ID
	pool     domain.ID
	tally    sync.Map // account → *atomic.Int64
	moved    sync.Map // transfer → ledger.Transfer, not undone yet
	undone   sync.Map // account that the undoing of a mistake was to take from
	passed   atomic.Int64
	batches  atomic.Int64
}

func (v *village) crowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{village: v, accounts: v.opens(t, 20, floor(-60))}
	v.in(t, func(ctx context.Context, _ time.Time) error {
		pool, err := v.hours.CommunityAccount(ctx, v.id, ledger.Pool, ledger.Projects)
		c.pool = pool.ID
		return err
	})
	for _, id := range append(c.accounts, c.pool) {
		c.tally.Store(id, new(atomic.Int64))
	}
	return c
}

func (c *crowd) someone() domain.ID { return c.accounts[rand.IntN(len(c.accounts))] }

// written adds what passed to the tally.
func (c *crowd) written(legs ...ledger.Transfer) {
	add := func(id domain.ID, m domain.Minutes) {
		n, _ := c.tally.Load(id)
		n.(*atomic.Int64).Add(int64(m))
	}
	for _, l := range legs {
		add(l.Debit, -l.Minutes)
		add(l.Credit, l.Minutes)
		c.moved.Store(l.ID, l)
	}
	c.passed.Add(1)
}

// act does one thing at random; only a lack of hours, or somebody quicker, may refuse it.
func (c *crowd) act() error {
	from, to := c.someone(), c.someone()
	if from == to {
		return nil
	}
	minutes := domain.Minutes(1 + rand.IntN(40))
	switch what := rand.IntN(10); {
	case what < 4:
		return c.posts(leg(minutes, from, to))
	case what < 6: // with a levy for the projects
		return c.posts(leg(minutes, from, to), leg(1+minutes/10, to, c.pool))
	case what < 7:
		return c.promisesAndKeeps(minutes, from, to)
	case what < 8:
		return c.postsABatch(minutes, from, to)
	case what < 9:
		return c.undoes()
	}
	return c.looks()
}

func (c *crowd) posts(legs ...ledger.Transfer) error {
	_, err := c.post(c.posting(legs[0].ID.String(), legs...))
	if err == nil {
		c.written(legs...)
	}
	if errors.Is(err, ledger.InsufficientHours) {
		return nil
	}
	return err
}

// postsABatch has three postings stand or fall together.
func (c *crowd) postsABatch(minutes domain.Minutes, from, to domain.ID) error {
	legs := []ledger.Transfer{leg(minutes, from, to), leg(1+minutes/2, to, c.pool), leg(1+minutes/3, c.pool, from)}
	lines := make([]ledger.Posting, len(legs))
	for i, l := range legs {
		lines[i] = c.posting(l.ID.String(), l)
	}
	err := c.db.InTx(c.ctx, c.id, func(ctx context.Context, _ time.Time) error {
		_, err := c.hours.PostBatch(ctx, c.id, lines)
		return err
	})
	if err == nil {
		c.written(legs...)
		c.batches.Add(1)
	}
	if errors.Is(err, ledger.InsufficientHours) {
		return nil
	}
	return err
}

// promisesAndKeeps holds in one transaction and keeps or gives back in the next.
func (c *crowd) promisesAndKeeps(minutes domain.Minutes, from, to domain.ID) error {
	promise := domain.NewID()
	if err := c.hold(promise, from, minutes); err != nil {
		if errors.Is(err, ledger.InsufficientHours) {
			return nil
		}
		return err
	}
	if rand.IntN(3) == 0 {
		return c.db.InTx(c.ctx, c.id, func(ctx context.Context, now time.Time) error {
			return c.hours.Release(ctx, c.id, now, promise)
		})
	}
	l := leg(minutes, from, to)
	p := c.posting(l.ID.String(), l)
	p.Holds = []domain.ID{promise}
	_, err := c.post(p)
	if _, undone := c.undone.Load(from); undone && errors.Is(err, ledger.InsufficientHours) {
		return nil // the undoing of a mistake took what was promised
	}
	if err != nil {
		return fmt.Errorf("what was promised could not be given: %w", err)
	}
	c.written(l)
	return nil
}

// undoes reverses some transfer; another may be quicker.
func (c *crowd) undoes() error {
	var mistake ledger.Transfer
	c.moved.Range(func(_, value any) bool {
		mistake = value.(ledger.Transfer)
		return rand.IntN(3) > 0
	})
	if mistake.ID == domain.Nowhere {
		return nil
	}
	back := mistake.Undo()
	back.ID = domain.NewID()
	p := c.posting(back.ID.String(), back)
	p.Force = true
	c.undone.Store(back.Debit, true)
	_, err := c.post(p)
	if errors.Is(err, ledger.AlreadyReversed) {
		return nil
	}
	if err == nil {
		c.moved.Delete(mistake.ID)
		c.written(back)
		c.moved.Delete(back.ID)
	}
	return err
}

// looks adds all accounts up: whatever moves, nothing is made and nothing lost.
func (c *crowd) looks() error {
	texts, err := c.asked(c.id, `SELECT sum(balance)::text FROM ledger.account WHERE community_id = $1`, c.id)
	if err == nil && texts[0] != "0" {
		err = fmt.Errorf("all accounts together have %s minutes", texts[0])
	}
	return err
}

// right fails unless every account has what was tallied, nobody was taken below
// their floor but by the undoing of a mistake, and the books are clean.
func (c *crowd) right(t *testing.T) {
	t.Helper()
	for _, id := range append(c.accounts, c.pool) {
		n, _ := c.tally.Load(id)
		if got, want := int64(c.account(t, id).Balance), n.(*atomic.Int64).Load(); got != want {
			t.Errorf("account %s has %d minutes, %d were moved", id, got, want)
		}
	}
	below := c.count(t, `
		SELECT count(*)
		  FROM ledger.entry e
		  JOIN ledger.account a USING (community_id)
		  JOIN ledger.transfer t USING (community_id)
		 WHERE community_id = $1 AND a.id = e.account_id AND t.id = e.transfer_id
		   AND e.minutes < 0 AND e.balance_after < a.floor AND t.kind <> 'REVERSAL'`, c.id)
	if below != 0 {
		t.Errorf("%d times somebody was taken below their floor", below)
	}
	c.clean(t)
}

// TestEightAtOnceNeitherDeadlockNorCrossAFloor races 8 sessions on 20 accounts of
// each of 1 and of 8 villages for some seconds; HORA_PROVE_FOR makes them minutes.
func TestEightAtOnceNeitherDeadlockNorCrossAFloor(t *testing.T) {
	for _, villages := range []int{1, 8} {
		t.Run(fmt.Sprintf("in %d", villages), func(t *testing.T) {
			c := aCountry(t)
			met := &collisions{}
			c.db = c.open(t, persistence.Options{Clock: c.clock, Tracer: met})
			c.hours = ledger.New(c.db, persistence.LedgerStore{}, persistence.MemberStore{})
			crowds := make([]*crowd, villages)
			for i := range crowds {
				crowds[i] = c.village(t).crowd(t)
			}
			ctx, cancel := context.WithTimeout(c.ctx, proveFor(t))
			defer cancel()
			var all sync.WaitGroup
			var acts atomic.Int64
			for range 8 {
				all.Go(func() {
					for i := 0; i < 250 || ctx.Err() == nil; i++ {
						if err := crowds[rand.IntN(villages)].act(); err != nil {
							t.Error(err)
							return
						}
						acts.Add(1)
					}
				})
			}
			all.Wait()
			var passed, batches int64
			for _, crowd := range crowds {
				crowd.right(t)
				passed += crowd.passed.Load()
				batches += crowd.batches.Load()
			}
			t.Logf("%d acts of 8 sessions in %d villages: %d postings and batches passed, %d of them batches, %d deadlocks",
				acts.Load(), villages, passed, batches, met.n.Load())
			if n := met.n.Load(); n != 0 {
				t.Errorf("%d deadlocks or serialization failures", n)
			}
			if passed < 300 || batches == 0 {
				t.Errorf("only %d postings passed, %d batches", passed, batches)
			}
		})
	}
}

// together calls fn n times at once and gives the errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

func TestOneKeyFromEightAtOncePostsOnce(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-600))
	for round := range 10 {
		key := fmt.Sprintf("key %d", round)
		posted := make([]ledger.Posted, 8)
		errs := together(8, func(i int) (err error) {
			posted[i], err = v.post(v.posting(key, leg(30, ids[0], ids[1])))
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		fresh := 0
		for _, p := range posted {
			if p.Posting != posted[0].Posting {
				t.Errorf("two postings, %s and %s", p.Posting, posted[0].Posting)
			}
			if !p.Replayed {
				fresh++
			}
		}
		if fresh != 1 {
			t.Errorf("%d of eight posted", fresh)
		}
	}
	v.balances(t, map[domain.ID]domain.Minutes{ids[0]: -300, ids[1]: 300})
	v.clean(t)
}

func TestOneKeyWithTwoMeaningsAtOncePostsOneOfThem(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-600))
	for round := range 10 {
		refused := 0
		for _, err := range together(2, func(i int) error {
			_, err := v.post(v.posting(fmt.Sprintf("key %d", round), leg(domain.Minutes(30+i), ids[0], ids[1])))
			return err
		}) {
			if err != nil {
				refused++
				wants(t, err, domain.IdempotencyKeyReused)
			}
		}
		if refused != 1 {
			t.Errorf("%d of two were refused", refused)
		}
	}
	v.clean(t)
}

func TestTheLastHourIsSpentOrPromisedOnce(t *testing.T) {
	v := aCountry(t).village(t)
	for round := range 10 {
		ids := v.opens(t, 9, floor(0))
		v.gives(t, 60, v.whole, ids[8])
		passed := 0
		for _, err := range together(8, func(i int) error {
			if i%2 == 0 {
				return v.hold(domain.NewID(), ids[8], 60)
			}
			_, err := v.post(v.posting(fmt.Sprintf("round %d, %d", round, i), leg(60, ids[8], ids[i])))
			return err
		}) {
			if err == nil {
				passed++
			} else {
				short(t, err, ids[8], 0, 60)
			}
		}
		if passed != 1 {
			t.Errorf("the same hour was spent or promised %d times", passed)
		}
	}
	v.clean(t)
}

func TestEightWhoUndoOneMistakeUndoItOnce(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 2, floor(-600))
	mistake := v.gives(t, 60, ids[0], ids[1])
	undone := 0
	for i, err := range together(8, func(i int) error {
		_, err := v.hours.Reverse(v.ctx, v.eloise.Actor, ledger.Reverse{
			Community: v.id, Transfer: mistake, Reason: "erreur", Key: fmt.Sprint("undo ", i),
		})
		return err
	}) {
		if err == nil {
			undone++
		} else if !errors.Is(err, ledger.AlreadyReversed) {
			t.Errorf("number %d was answered %v, want %s", i, err, ledger.AlreadyReversed)
		}
	}
	if undone != 1 {
		t.Errorf("undone %d times", undone)
	}
	v.balances(t, map[domain.ID]domain.Minutes{ids[0]: 0, ids[1]: 0})
	v.clean(t)
}
