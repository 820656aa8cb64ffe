// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/persistence"
)

// raise makes the database break a statement off with an SQLSTATE.
func raise(ctx context.Context, state string) error {
	_, err := persistence.PgxTx(ctx).Exec(ctx, fmt.Sprintf(`DO $$ BEGIN RAISE EXCEPTION 'broken off' USING ERRCODE = '%s'; END $$`, state))
	return err
}

// scratch writes something that can be counted.
func scratch(ctx context.Context, community domain.ID, name string) error {
	_, err := persistence.PgxTx(ctx).Exec(ctx, `INSERT INTO counter (community_id, name, value) VALUES ($1, $2, 1)`, community, name)
	return err
}

func (v *village) scratched(t failer, name string) bool {
	t.Helper()
	return v.count(t, `SELECT count(*) FROM counter WHERE community_id = $1 AND name = $2`, v.id, name) == 1
}

func happening(subject domain.ID) domain.Event {
	return domain.Event{ID: domain.NewID(), Kind: "SOMETHING_HAPPENED", Subject: subject}
}

func TestACommitThatFailedIsToldAndNothingStays(t *testing.T) {
	v := aCountry(t).village(t)
	var told atomic.Int64
	v.db.Committed = func(domain.ID) { told.Add(1) }
	err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
		if err := scratch(ctx, v.id, "swallowed"); err != nil {
			return err
		}
		_ = raise(ctx, "P0001") // a use case that overlooks an error
		return nil
	})
	if err == nil || v.scratched(t, "swallowed") {
		t.Errorf("an overlooked error commits: %v", err)
	}
	err = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
		var pid int
		if err := persistence.PgxTx(ctx).QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			return err
		}
		v.db.Record(ctx, happening(v.id))
		v.breaks(t, `SELECT pg_terminate_backend($1, 5000)`, pid)
		return scratch(ctx, v.id, "cut off")
	})
	if err == nil || v.scratched(t, "cut off") || told.Load() != 0 {
		t.Errorf("a transaction whose connection was cut answers %v, told %d times", err, told.Load())
	}
	v.in(t, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "afterwards") })
}

func TestCrossedTransactionsAreTriedAgainThreeTimesAtMost(t *testing.T) {
	v := aCountry(t).village(t)
	for _, c := range []struct {
		state        string
		breaks, want int // how often it breaks, how often it must be tried
		passes       bool
	}{
		{"40001", 0, 1, true},
		{"40001", 1, 2, true},
		{"40P01", 3, 4, true},
		{"40001", 100, 4, false},
		{"40P01", 100, 4, false},
		{"23505", 1, 1, false},
		{"55P03", 1, 1, false},
		{"LD402", 1, 1, false},
	} {
		name, before, tries := fmt.Sprintf("%s, %d times", c.state, c.breaks), len(v.events(t)), 0
		err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			tries++
			v.db.Record(ctx, happening(v.id))
			if err := scratch(ctx, v.id, name); err != nil {
				return err
			}
			if tries <= c.breaks {
				return fmt.Errorf("deep inside: %w", raise(ctx, c.state))
			}
			return nil
		})
		if tries != c.want || (err == nil) != c.passes || v.scratched(t, name) != c.passes {
			t.Errorf("%s: tried %d times, %v", name, tries, err)
		}
		told := len(v.events(t)) - before
		if (c.passes && told != 1) || (!c.passes && told != 0) {
			t.Errorf("%s: %d events of one act", name, told)
		}
	}
	ctx, cancel := context.WithCancel(v.ctx)
	tries := 0
	err := v.db.InTx(ctx, v.id, func(ctx context.Context, _ time.Time) error {
		tries++
		err := raise(ctx, "40001")
		cancel()
		return err
	})
	if err == nil || tries != 1 {
		t.Errorf("somebody who went away is tried %d times more: %v", tries-1, err)
	}
}

func TestTwoWhoBlockOneAnotherBothArrive(t *testing.T) {
	c := aCountry(t)
	c.breaks(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''20ms''', current_database()); END $$`)
	c.db = c.open(t, persistence.Options{Clock: c.clock}) // new connections know it
	v := c.village(t)
	names := []string{"left", "right"}
	v.in(t, func(ctx context.Context, _ time.Time) error {
		return errors.Join(scratch(ctx, v.id, names[0]), scratch(ctx, v.id, names[1]))
	})
	var met sync.WaitGroup
	met.Add(2)
	var tries atomic.Int64
	for _, err := range together(2, func(i int) error {
		first := true
		return v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			tries.Add(1)
			for step := range 2 {
				if _, err := persistence.PgxTx(ctx).Exec(ctx, `UPDATE counter SET value = value + 1 WHERE community_id = $1 AND name = $2`,
					v.id, names[(i+step)%2]); err != nil {
					return err
				}
				if first {
					first = false
					met.Done()
					met.Wait() // each holds one and wants the other's
				}
			}
			return nil
		})
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if n := v.count(t, `SELECT sum(value) FROM counter WHERE community_id = $1 AND name IN ('left', 'right')`, v.id); n != 6 || tries.Load() < 3 {
		t.Errorf("tried %d times, counted to %d; want at least 3 and 6", tries.Load(), n)
	}
}

func TestAPanicLeavesNothingAndGivesTheConnectionBack(t *testing.T) {
	c := aCountry(t)
	v := c.village(t)
	v.db = c.open(t, persistence.Options{Clock: c.clock, Connections: 1})
	backend := func() string {
		texts, err := v.asked(v.id, `SELECT pg_backend_pid()::text`)
		return fmt.Sprint(texts, err)
	}
	before := backend()
	func() {
		defer func() {
			if p := recover(); p != "a bug" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			if err := scratch(ctx, v.id, "panicked"); err != nil {
				return err
			}
			panic("a bug")
		})
	}()
	var all sync.WaitGroup
	all.Go(func() { // as a test that fails inside does
		_ = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			_ = scratch(ctx, v.id, "panicked")
			runtime.Goexit()
			return nil
		})
	})
	all.Wait()
	ctx, cancel := context.WithTimeout(v.ctx, 10*time.Second)
	defer cancel()
	if err := v.db.InTx(ctx, v.id, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "after") }); err != nil {
		t.Errorf("the only connection is lost: %v", err)
	}
	if after := backend(); after != before {
		t.Errorf("the connection was thrown away: %s, then %s", before, after)
	}
	if v.scratched(t, "panicked") {
		t.Error("what a panic broke off was kept")
	}
	defer func() {
		if recover() == nil {
			t.Error("a store is used outside a transaction, and nobody notices")
		}
	}()
	_, _ = persistence.MemberStore{}.Standing(v.ctx, domain.NewID(), v.id)
}

func TestACallInsideJoinsTheOneAround(t *testing.T) {
	v := aCountry(t).village(t)
	before := len(v.events(t))
	v.in(t, func(outer context.Context, began time.Time) error {
		v.clock.advance(time.Hour)
		for _, where := range []domain.ID{v.id, domain.Nowhere} {
			err := v.db.InTx(outer, where, func(inner context.Context, now time.Time) error {
				if !now.Equal(began) || persistence.PgxTx(inner) != persistence.PgxTx(outer) {
					t.Errorf("inside it is %v, around it %v", now, began)
				}
				v.db.Record(inner, happening(v.id))
				return nil
			})
			if err != nil {
				return err
			}
		}
		if err := v.db.InPlatform(outer, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "joined") }); err != nil {
			return err
		}
		if v.scratched(t, "joined") {
			t.Error("a call inside commits by itself")
		}
		return nil
	})
	if told := v.events(t)[before:]; len(told) != 2 || !told[0].At.Equal(dawn) || !v.scratched(t, "joined") {
		t.Errorf("told %+v", told)
	}
	failed := errors.New("no")
	err := v.db.InTx(v.ctx, v.id, func(outer context.Context, _ time.Time) error {
		_ = v.db.InTx(outer, v.id, func(ctx context.Context, _ time.Time) error { return scratch(ctx, v.id, "inside") })
		return failed
	})
	if !errors.Is(err, failed) || v.scratched(t, "inside") {
		t.Errorf("what was done inside outlives what failed around it: %v", err)
	}
}

func TestWhoListensHearsOnceAndOnlyOfWhatIsDurable(t *testing.T) {
	v := aCountry(t).village(t)
	var heard []domain.ID
	v.db.Committed = func(id domain.ID) {
		if n := v.count(t, `SELECT count(*) FROM journal.event WHERE kind = 'SOMETHING_HAPPENED'`); n == 0 {
			t.Error("heard of it before it was there")
		}
		heard = append(heard, id)
	}
	act := func(result error, events ...domain.Event) {
		err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			v.db.Record(ctx, events...)
			return result
		})
		if !errors.Is(err, result) {
			t.Error(err)
		}
	}
	act(nil)
	act(domain.NotFound, happening(v.id))
	if len(heard) != 0 {
		t.Errorf("heard %v of nothing", heard)
	}
	act(nil, happening(v.id), happening(v.id))
	if len(heard) != 1 || heard[0] != v.id {
		t.Errorf("heard %v", heard)
	}
	ids := v.opens(t, 2, floor(-60))
	v.gives(t, 5, ids[0], ids[1])
	if len(heard) != 2 {
		t.Errorf("a posting is heard of %d times", len(heard)-1)
	}
}

func TestPositionsAreGaplessAndEachActsEventsStandTogether(t *testing.T) {
	v := aCountry(t).village(t)
	first := int64(len(v.events(t)))
	const people, acts = 8, 20
	for _, err := range together(people, func(int) error {
		for i := range acts {
			subject := domain.NewID()
			err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
				for range 1 + i%3 {
					v.db.Record(ctx, happening(subject))
				}
				if i%5 == 4 {
					return domain.NotFound
				}
				return nil
			})
			if err != nil && i%5 != 4 {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	told, want := v.events(t)[first:], 0
	for i := range acts {
		if i%5 != 4 {
			want += people * (1 + i%3)
		}
	}
	if len(told) != want {
		t.Errorf("%d events, want %d", len(told), want)
	}
	ended := map[domain.ID]bool{}
	for i, e := range told {
		if e.Position != first+int64(i)+1 {
			t.Fatalf("event %d stands at position %d", i, e.Position)
		}
		if ended[e.Subject] {
			t.Errorf("position %d: others came between the events of one act", e.Position)
		}
		if i > 0 && told[i-1].Subject != e.Subject {
			ended[told[i-1].Subject] = true
		}
	}
	v.clean(t)
}

func TestFiftyAtOnceHaveOneEffect(t *testing.T) {
	v := aCountry(t).village(t)
	var effects, fresh atomic.Int64
	results := make([]domain.ID, 50)
	for _, err := range together(50, func(i int) error {
		return v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			id, replayed, err := v.db.Once(ctx, domain.Once{Person: v.eloise.Person, Key: "tap", Action: "scratch", Input: 1}, func() (domain.ID, error) {
				effects.Add(1)
				return domain.NewID(), scratch(ctx, v.id, "once")
			})
			if results[i] = id; !replayed {
				fresh.Add(1)
			}
			return err
		})
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if effects.Load() != 1 || fresh.Load() != 1 || !v.scratched(t, "once") {
		t.Errorf("%d effects, %d fresh answers", effects.Load(), fresh.Load())
	}
	for _, id := range results {
		if id != results[0] || id == domain.Nowhere {
			t.Fatalf("answered %s and %s", results[0], id)
		}
	}
}

func TestAKeyStandsForOneEffectOfOnePerson(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := domain.NewID(), domain.NewID()
	once := func(o domain.Once, fail error) (id domain.ID, replayed bool, err error) {
		err = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			id, replayed, err = v.db.Once(ctx, o, func() (domain.ID, error) { return domain.NewID(), fail })
			return err
		})
		return id, replayed, err
	}
	act := domain.Once{Person: marie, Key: "k", Action: "give", Input: map[string]int{"minutes": 5}}
	if _, _, err := once(act, domain.Forbidden); !errors.Is(err, domain.Forbidden) {
		t.Error(err)
	}
	first, replayed, err := once(act, nil) // what failed did not use the key up
	if err != nil || replayed {
		t.Fatal(replayed, err)
	}
	again, replayed, err := once(act, domain.Forbidden) // and is not run again
	if again != first || !replayed || err != nil {
		t.Errorf("again: %v, %v, %v", again, replayed, err)
	}
	for name, other := range map[string]domain.Once{
		"another input":  {Person: marie, Key: "k", Action: "give", Input: map[string]int{"minutes": 6}},
		"another action": {Person: marie, Key: "k", Action: "take", Input: act.Input},
	} {
		_, _, err := once(other, nil)
		if !errors.Is(err, domain.IdempotencyKeyReused) {
			t.Errorf("%s answers %v", name, err)
		}
	}
	for name, other := range map[string]domain.Once{
		"another person":         {Person: paul, Key: "k", Action: "give", Input: act.Input},
		"no key":                 {Person: marie, Action: "give", Input: act.Input},
		"no key, a second time":  {Person: marie, Action: "give", Input: act.Input},
		"a hundred letters long": {Person: marie, Key: strings.Repeat("é", 100), Action: "give", Input: act.Input},
	} {
		if id, replayed, err := once(other, nil); err != nil || replayed || id == first {
			t.Errorf("%s: %v, %v, %v", name, id, replayed, err)
		}
	}
	_, _, err = once(domain.Once{Person: marie, Key: strings.Repeat("a", 101), Action: "give"}, nil)
	wants(t, err, domain.TextTooLong)
	_, _, err = once(domain.Once{Person: marie, Key: "a\x00b", Action: "give"}, nil)
	wants(t, err, domain.TextUnreadable)
}
