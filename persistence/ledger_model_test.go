// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// books is what a child with a pencil would keep beside the ledger: it must
// always say the same, down to the figures of each refusal.
type books struct {
	*village
	order    []domain.ID // accounts, the community's own first
	accounts map[domain.ID]*ledger.Account
	lines    map[domain.ID][]ledger.Entry
	holds    map[domain.ID]*promise
	promises []domain.ID
	moved    []ledger.Transfer
	undone   map[domain.ID]bool
	keys     map[string]written
	keyOrder []string
	events   int64
}

// promise is a hold as the model keeps it.
type promise struct {
	account domain.ID
	minutes domain.Minutes
	open    bool
}

// written is a posting that a key stands for.
type written struct {
	posting domain.ID
	legs    []ledger.Transfer
	crossed bool
}

// TestTheLedgerAgreesWithAPencil runs about 3,000 operations at random against
// the model; HORA_PROVE multiplies them. It says with which seed it began, so that
// -rapid.seed with that number runs the same operations again.
func TestTheLedgerAgreesWithAPencil(t *testing.T) {
	seed := flag.Lookup("rapid.seed").Value
	first, err := strconv.ParseUint(seed.String(), 10, 64)
	if first == 0 {
		first = 1 + uint64(rand.Uint32())
		err = errors.Join(err, seed.Set(strconv.FormatUint(first, 10)))
	}
	if err != nil {
		t.Fatal(err)
	}
	c := aCountry(t) // from here on with other tests, which read the seed
	var operations int
	for round := range uint64(prove()) {
		if round > 0 {
			if err := seed.Set(strconv.FormatUint(first+round, 10)); err != nil {
				t.Fatal(err)
			}
		}
		rapid.Check(t, func(rt *rapid.T) { operations += againstAPencil(rt, c) })
	}
	t.Logf("%d operations, seeds %d to %d", operations, first, first+uint64(prove())-1)
}

// againstAPencil is one attempt, in a village of its own; it says how much was done.
func againstAPencil(rt *rapid.T, c *country) (operations int) {
	b := newBooks(rt, c.village(rt))
	does := map[string]func(*rapid.T){
		"open":            b.open,
		"post":            func(t *rapid.T) { b.post(t, b.someLegs(t, 1), nil) },
		"post many legs":  func(t *rapid.T) { b.post(t, b.someLegs(t, rapid.IntRange(2, 4).Draw(t, "legs")), nil) },
		"post again":      b.postAgain,
		"promise":         b.promise,
		"promise anew":    b.promiseAnew,
		"give back":       b.giveBack,
		"keep a promise":  b.keep,
		"undo":            b.undo,
		"change limits":   b.limit,
		"allow once":      b.allow,
		"close":           b.close,
		"an hour goes by": func(*rapid.T) { c.clock.advance(time.Hour) },
	}
	for name, act := range does {
		does[name] = func(t *rapid.T) {
			act(t)
			operations++ // not when there was nothing to do, which skips what follows
		}
	}
	does[""] = func(t *rapid.T) { b.agree(t) }
	rt.Repeat(does)
	b.agreeOnEveryLine(rt)
	b.clean(rt)
	return operations
}

// newBooks starts with three accounts that have never seen an hour, beside the
// community's own.
func newBooks(t *rapid.T, v *village) *books {
	b := &books{
		village: v, accounts: map[domain.ID]*ledger.Account{}, lines: map[domain.ID][]ledger.Entry{},
		holds: map[domain.ID]*promise{}, undone: map[domain.ID]bool{}, keys: map[string]written{},
	}
	b.events = v.count(t, `SELECT pos FROM journal.head WHERE community_id = $1`, v.id)
	whole := v.account(t, v.whole)
	b.accounts[v.whole], b.order = &whole, []domain.ID{v.whole}
	for range 3 {
		b.open(t)
	}
	return b
}

var (
	amounts = rapid.Custom(func(t *rapid.T) domain.Minutes {
		return domain.Minutes(rapid.IntRange(1, 90).Draw(t, "minutes"))
	})
	limits = rapid.Custom(func(t *rapid.T) ledger.Limits {
		if rapid.IntRange(0, 4).Draw(t, "no floor") == 0 {
			return ledger.Limits{}
		}
		f := domain.Minutes(rapid.IntRange(-120, 30).Draw(t, "floor"))
		return ledger.Limits{Floor: &f, SoftFloor: new(f + 10), Ceiling: new(f + 100)}
	})
)

// pick draws one of a list by its place, which reads better than an id when it fails.
func pick[T any](t *rapid.T, name string, list []T) T {
	return list[rapid.IntRange(0, len(list)-1).Draw(t, name)]
}

func (b *books) open(t *rapid.T) {
	a := ledger.Account{
		Community: b.id, ID: domain.NewID(), Kind: ledger.Member, Owner: domain.NewID(), Limits: limits.Draw(t, "limits"), OpenedAt: b.clock.Now(),
	}
	b.in(t, func(ctx context.Context, _ time.Time) error { return persistence.LedgerStore{}.OpenAccount(ctx, a) })
	b.accounts[a.ID], b.order = &a, append(b.order, a.ID)
}

func (b *books) someLegs(t *rapid.T, n int) []ledger.Transfer {
	legs := make([]ledger.Transfer, n)
	for i := range legs {
		from := pick(t, "from", b.order)
		to := pick(t, "to", slices.DeleteFunc(slices.Clone(b.order), func(id domain.ID) bool { return id == from }))
		legs[i] = leg(amounts.Draw(t, "minutes"), from, to)
	}
	return legs
}

// outcome is what the model foresees of a posting: the accounts and lines after
// it, and of whom people are warned; or how it must be refused.
type outcome struct {
	after     map[domain.ID]ledger.Account
	lines     []ledger.Entry
	crossed   bool
	low, high []domain.ID
	refused   func(*rapid.T, error)
}

func (b *books) foresee(legs []ledger.Transfer, kept []domain.ID, force bool) outcome {
	o := outcome{after: map[domain.ID]ledger.Account{}}
	for id, a := range b.accounts {
		o.after[id] = *a
	}
	for _, id := range kept {
		if p := b.holds[id]; p.open {
			a := o.after[p.account]
			a.Held -= p.minutes
			o.after[p.account] = a
		}
	}
	for _, l := range legs {
		for _, side := range []struct {
			id      domain.ID
			minutes domain.Minutes
		}{{l.Debit, -l.Minutes}, {l.Credit, l.Minutes}} {
			a := o.after[side.id]
			if !a.ClosedAt.IsZero() {
				return outcome{refused: func(t *rapid.T, err error) { must(t, err, ledger.AccountClosed) }}
			}
			available, limited := a.Available()
			below := l.Minutes - (available - a.Allowance) // the floor itself
			crosses := limited && side.minutes < 0 && below > 0
			if crosses {
				if available < l.Minutes && !force {
					return outcome{refused: func(t *rapid.T, err error) { short(t, err, side.id, available, l.Minutes) }}
				}
				o.crossed = true
				if a.Held == 0 { // else what is still promised keeps its part
					below = 0
				}
				a.Allowance = min(a.Allowance, below)
			}
			a.Balance += side.minutes
			a.Entries++
			o.after[side.id] = a
			o.lines = append(o.lines, ledger.Entry{
				Community: b.id, Account: a.ID, Position: a.Entries, Transfer: l.ID, Minutes: side.minutes, BalanceAfter: a.Balance, At: b.clock.Now(),
			})
		}
	}
	// Of whom people are told is judged once, as the posting leaves them.
	for _, id := range b.order {
		a, before := o.after[id], b.accounts[id].Balance
		beyond := func(limit *domain.Minutes, at domain.Minutes) bool { return limit != nil && at < *limit }
		switch {
		case a.Balance < before && (beyond(a.Limits.SoftFloor, a.Balance) || beyond(a.Limits.Floor, a.Balance-a.Held)):
			o.low = append(o.low, id)
		case a.Balance > before && a.Limits.Ceiling != nil && a.Balance > *a.Limits.Ceiling:
			o.high = append(o.high, id)
		}
	}
	return o
}

func must(t *rapid.T, err error, code domain.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("answered %v, want %s", err, code)
	}
}

// post posts legs under a new key, keeping promises, and takes the model along.
func (b *books) post(t *rapid.T, legs []ledger.Transfer, kept []domain.ID) {
	b.postAs(t, fmt.Sprintf("key %d", len(b.keys)+1), legs, kept, false)
}

func (b *books) postAs(t *rapid.T, key string, legs []ledger.Transfer, kept []domain.ID, force bool) {
	o := b.foresee(legs, kept, force)
	p := b.posting(key, legs...)
	p.Holds, p.Force = kept, force
	posted, err := b.village.post(p)
	if o.refused != nil {
		o.refused(t, err)
		return
	}
	want := ledger.Posted{Posting: posted.Posting, CrossedFloor: o.crossed, Low: o.low, High: o.high}
	if diff := cmp.Diff(want, posted, cmpopts.EquateEmpty(), inAnyOrder); err != nil || diff != "" {
		t.Fatalf("posted: %v (-want +got):\n%s", err, diff)
	}
	for id, a := range o.after {
		*b.accounts[id] = a
	}
	for _, l := range o.lines {
		b.lines[l.Account] = append(b.lines[l.Account], l)
	}
	for _, id := range kept {
		b.holds[id].open = false
	}
	b.keys[key] = written{posted.Posting, legs, o.crossed}
	b.keyOrder = append(b.keyOrder, key)
	b.moved = append(b.moved, legs...)
	b.events += 1 + int64(len(o.low)+len(o.high)) // each is told once
}

// inAnyOrder compares lists of accounts as sets.
var inAnyOrder = cmpopts.SortSlices(func(x, y domain.ID) bool { return bytes.Compare(x[:], y[:]) < 0 })

// postAgain uses a known key: with the same legs it answers the first, with others it is refused.
func (b *books) postAgain(t *rapid.T) {
	if len(b.keys) == 0 {
		t.Skip("nothing posted yet")
	}
	key := pick(t, "key", b.keyOrder)
	first := b.keys[key]
	legs := slices.Clone(first.legs)
	for i := range legs {
		legs[i].ID = domain.NewID()
	}
	if rapid.Bool().Draw(t, "changed") {
		legs[rapid.IntRange(0, len(legs)-1).Draw(t, "which")].Minutes++
		_, err := b.village.post(b.posting(key, legs...))
		must(t, err, domain.IdempotencyKeyReused)
		return
	}
	again, err := b.village.post(b.posting(key, legs...))
	want := ledger.Posted{Posting: first.posting, Replayed: true, CrossedFloor: first.crossed}
	if diff := cmp.Diff(want, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Fatalf("repeated, it answers %+v, %v; want %+v", again, err, want)
	}
}

func (b *books) promise(t *rapid.T) { b.promiseAs(t, domain.NewID(), pick(t, "account", b.order)) }

// promiseAnew changes a promise, open or over, mostly on its own account.
func (b *books) promiseAnew(t *rapid.T) {
	if len(b.promises) == 0 {
		t.Skip("nothing promised yet")
	}
	id := pick(t, "promise", b.promises)
	account := b.holds[id].account
	if rapid.IntRange(0, 5).Draw(t, "elsewhere") == 0 {
		account = pick(t, "account", b.order)
	}
	b.promiseAs(t, id, account)
}

func (b *books) promiseAs(t *rapid.T, id, account domain.ID) {
	a, known, minutes := b.accounts[account], b.holds[id], amounts.Draw(t, "minutes")
	var before domain.Minutes
	if known != nil && known.open && known.account == account {
		before = known.minutes
	}
	err := b.hold(id, account, minutes)
	available, limited := a.Available()
	switch available += before; {
	case !a.ClosedAt.IsZero():
		must(t, err, ledger.AccountClosed)
	case limited && minutes > before && minutes > available:
		short(t, err, account, available, minutes)
	case known != nil && (!known.open || known.account != account):
		must(t, err, ledger.AccountInUse)
	case err != nil:
		t.Fatalf("promise %v of %v: %v", minutes, available, err)
	default:
		a.Held += minutes - before
		if known == nil {
			b.promises = append(b.promises, id)
		}
		b.holds[id] = &promise{account, minutes, true}
	}
}

// giveBack ends promises, some of them over already.
func (b *books) giveBack(t *rapid.T) {
	if len(b.promises) == 0 {
		t.Skip("nothing promised yet")
	}
	ids := []domain.ID{pick(t, "promise", b.promises), pick(t, "another, or the same", b.promises)}
	b.in(t, func(ctx context.Context, now time.Time) error { return b.hours.Release(ctx, b.id, now, ids...) })
	for _, id := range ids {
		if p := b.holds[id]; p.open {
			b.accounts[p.account].Held -= p.minutes
			p.open = false
		}
	}
}

// keep posts about what was promised, fulfilling the promise, also one that is over.
func (b *books) keep(t *rapid.T) {
	if len(b.promises) == 0 {
		t.Skip("nothing promised yet")
	}
	id := pick(t, "promise", b.promises)
	legs := b.someLegs(t, rapid.IntRange(1, 2).Draw(t, "legs"))
	if from := b.holds[id].account; from != legs[0].Credit {
		legs[0].Debit = from
	}
	legs[0].Minutes = max(1, b.holds[id].minutes+domain.Minutes(rapid.IntRange(-15, 15).Draw(t, "off by")))
	b.post(t, legs, []domain.ID{id})
}

// undo reverses a transfer, perhaps for the second time.
func (b *books) undo(t *rapid.T) {
	if len(b.moved) == 0 {
		t.Skip("nothing moved yet")
	}
	mistake := pick(t, "mistake", b.moved)
	back := mistake.Undo()
	back.ID = domain.NewID()
	if b.undone[mistake.ID] {
		p := b.posting("undo again "+back.ID.String(), back)
		p.Force = true
		if _, err := b.village.post(p); !errors.Is(err, ledger.AlreadyReversed) && (b.bothOpen(back) || !errors.Is(err, ledger.AccountClosed)) {
			t.Fatalf("undone twice: %v", err)
		}
		return
	}
	before := len(b.keys)
	b.postAs(t, "undo "+mistake.ID.String(), []ledger.Transfer{back}, nil, true)
	b.undone[mistake.ID] = len(b.keys) > before
}

func (b *books) bothOpen(l ledger.Transfer) bool {
	return b.accounts[l.Debit].ClosedAt.IsZero() && b.accounts[l.Credit].ClosedAt.IsZero()
}

func (b *books) limit(t *rapid.T) {
	change := ledger.LimitChange{
		Community: b.id, ID: domain.NewID(), Account: pick(t, "account", b.order), Limits: limits.Draw(t, "limits"), Reason: "a test", At: b.clock.Now(),
	}
	b.in(t, func(ctx context.Context, _ time.Time) error { return persistence.LedgerStore{}.SetLimits(ctx, change) })
	b.accounts[change.Account].Limits = change.Limits
}

// allow lets an account go below its floor once; only an open one can.
func (b *books) allow(t *rapid.T) {
	a, minutes := b.accounts[pick(t, "account", b.order)], amounts.Draw(t, "minutes")
	err := b.db.InTx(b.ctx, b.id, func(ctx context.Context, now time.Time) error {
		return persistence.LedgerStore{}.Allow(ctx, ledger.Allowance{
			Community: b.id, ID: domain.NewID(), Account: a.ID, Minutes: minutes, Reason: "a test", At: now,
		})
	})
	if !a.ClosedAt.IsZero() {
		must(t, err, ledger.AccountClosed)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	a.Allowance = minutes
}

func (b *books) close(t *rapid.T) {
	a := b.accounts[pick(t, "account", b.order[1:])]
	err := b.db.InTx(b.ctx, b.id, func(ctx context.Context, now time.Time) error { return b.hours.Close(ctx, *a, now) })
	if a.Balance != 0 || a.Held != 0 || !a.ClosedAt.IsZero() {
		must(t, err, ledger.AccountInUse)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	a.ClosedAt = b.clock.Now()
}

// agree compares every account with the model's.
func (b *books) agree(t *rapid.T) {
	got := map[domain.ID]ledger.Account{}
	for _, a := range b.village.accounts(t, b.order...) {
		a.OpenedAt = a.OpenedAt.UTC()
		got[a.ID] = a
	}
	want := map[domain.ID]ledger.Account{}
	for id, a := range b.accounts {
		w := *a
		w.OpenedAt = w.OpenedAt.UTC()
		want[id] = w
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the ledger and the pencil disagree (-pencil +ledger):\n%s", diff)
	}
	if pos := b.count(t, `SELECT pos FROM journal.head WHERE community_id = $1`, b.id); pos != b.events {
		t.Fatalf("%d events, want %d", pos, b.events)
	}
}

// agreeOnEveryLine compares the statements, by pages.
func (b *books) agreeOnEveryLine(t *rapid.T) {
	for _, id := range b.order[1:] {
		got := walk(t, 7, false, func(p domain.Page) (domain.Slice[ledger.Entry], error) {
			return b.statement(id, ledger.Period{}, p)
		})
		slices.Reverse(got)
		if want := b.lines[id]; len(want)+len(got) > 0 && !cmp.Equal(want, got) {
			t.Fatalf("account %s (-pencil +ledger):\n%s", id, cmp.Diff(want, got))
		}
	}
}
