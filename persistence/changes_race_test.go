// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/persistence"
)

// bustle is a village where transactions begin in one order and commit in
// another, while phones ask all the time what changed.
type bustle struct {
	*village
	changes  *changes.Service
	people   []resident
	marc     resident // moderates, now and then
	listings sync.Map // number → domain.ID
	kept     atomic.Int64
	stars    sync.Map // number → domain.ID
	honours  atomic.Int64
	begun    atomic.Int64
	acts     sync.Map // event → act
}

// act is a change of a listing as it was committed, if it was.
type act struct {
	began int64
	listing.Listing
}

// phone keeps what it was told, as apps do.
type phone struct {
	resident
	hours  bool // keeps accounts, transfers and stars too
	cursor changes.Cursor
	has    map[domain.ID]uint64
	sum    uint64 // of all that it has
	looks  []look
	resets int
}

// look is a moment at which a phone believed it knew everything.
type look struct {
	position int64
	sum      uint64
}

// trace is an object at a version, for comparing many at once.
func trace(id domain.ID, version int64) uint64 {
	h := fnv.New64a()
	h.Write(id[:])
	h.Write([]byte{byte(version), byte(version >> 8), byte(version >> 16)})
	return h.Sum64()
}

func (p *phone) keep(id domain.ID, version int64) {
	p.forget(id)
	p.has[id] = trace(id, version)
	p.sum ^= p.has[id]
}

func (p *phone) forget(id domain.ID) {
	p.sum ^= p.has[id]
	delete(p.has, id)
}

// TestPhonesMissNothingAndSeeNothingHidden compares each moment at which a phone
// was up to date with what the journal says of that position: every object that
// its owner may see is there at its version, and nothing else is.
func TestPhonesMissNothingAndSeeNothingHidden(t *testing.T) {
	c := aCountry(t)
	v := c.village(t)
	b := &bustle{village: v, changes: changes.New(c.db, persistence.ChangesStore{}, persistence.MemberStore{}, changes.Areas{
		Ledger: c.hours, Communities: c.communities, Members: c.members, Listings: c.listings, Exchanges: c.exchanges,
		Recognition: recognition.New(c.db, persistence.RecognitionStore{}, persistence.MemberStore{}, c.communities, c.members, c.exchanges, nil),
	})}
	b.people = []resident{v.joins(t, "Anna"), v.joins(t, "Bruno"), v.joins(t, "Clara")}
	b.marc = v.joins(t, "Marc")
	phones := []*phone{{resident: v.eloise, hours: true}, {resident: b.marc}}
	for _, p := range b.people {
		phones = append(phones, &phone{resident: p, hours: true})
	}
	for _, p := range phones {
		page, err := b.changes.Since(c.ctx, p.Actor, v.id, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		p.cursor, p.has = page.Next, map[domain.ID]uint64{}
	}
	start := phones[0].cursor.Position

	const each = 2000
	b.race(t, phones, each*prove())
	told := b.compare(t, phones, start)
	t.Logf("%d transactions committed, %d of them after one that began later; phones were up to date %d times at %d places and began anew %d times",
		told.events, told.late, told.looks, told.places, told.resets)
	if told.late == 0 || told.resets == 0 || told.places < int64(each)/10 {
		t.Error("too little happened at once to prove anything")
	}
}

// race lets six at a time act while each phone asks; then each asks to the end.
func (b *bustle) race(t *testing.T, phones []*phone, acts int) {
	t.Helper()
	var over atomic.Bool
	var asking, acting errgroup.Group
	for _, p := range phones {
		asking.Go(func() error {
			for {
				last := over.Load()
				if err := b.ask(p); err != nil {
					return err
				}
				if n := len(p.looks); last && n > 0 && p.looks[n-1].position == p.cursor.Position {
					return nil
				}
			}
		})
	}
	acting.SetLimit(6)
	for i := range acts {
		acting.Go(func() error {
			if i%500 == 250 && (i < 2000 || i%5000 == 250) { // seldom: everything that Marc has is read anew
				return b.entrust((i/500+i/5000)%2 == 0)
			}
			err := b.anything()
			if errors.Is(err, errChangedMind) || errors.Is(err, domain.StaleVersion) {
				return nil
			}
			return err
		})
	}
	if err := acting.Wait(); err != nil {
		t.Error(err)
	}
	over.Store(true)
	if err := asking.Wait(); err != nil {
		t.Fatal(err)
	}
}

// errChangedMind undoes a transaction that did everything but commit.
var errChangedMind = errors.New("changed their mind")

func (b *bustle) someone() resident { return b.people[rand.IntN(len(b.people))] }

func (b *bustle) entrust(moderates bool) error {
	var err error
	if moderates {
		_, err = b.members.GrantRole(b.ctx, b.eloise.Actor, membership.RoleGrant{Community: b.id, Member: b.marc.member, Role: domain.Moderator})
	} else {
		_, err = b.members.RevokeRole(b.ctx, b.eloise.Actor, b.id, b.marc.member, domain.Moderator)
	}
	return err
}

// anything does one thing at random, in a transaction that dawdles before it
// commits, or does not commit at all.
func (b *bustle) anything() error {
	return b.db.InTx(b.ctx, b.id, func(ctx context.Context, now time.Time) error {
		began := b.begun.Add(1)
		var err error
		switch n := rand.IntN(12); {
		case n < 2 && (b.kept.Load() < few || rand.IntN(20) == 0):
			err = b.offer(ctx, began, now)
		case n < 7:
			err = b.rewrite(ctx, began)
		case n < 8: // its place in the journal is taken long before it commits
			from, to := b.someone(), b.someone()
			if from.account != to.account {
				l := leg(1, from.account, to.account)
				_, err = b.hours.Post(ctx, b.posting(l.ID.String(), l))
			}
		case n < 10:
			err = b.agree(ctx)
		default:
			err = b.honour(ctx, now)
		}
		if err == nil && rand.IntN(2) == 0 {
			_, err = persistence.PgxTx(ctx).Exec(ctx, `SELECT pg_sleep($1)`, rand.Float64()/500)
		}
		if err == nil && rand.IntN(20) == 0 {
			err = errChangedMind
		}
		return err
	})
}

// offer writes a listing that is shown, or waits for review.
func (b *bustle) offer(ctx context.Context, began int64, now time.Time) error {
	l := listing.Listing{
		Community: b.id, ID: domain.NewID(), Member: b.someone().member, Kind: listing.Offer, State: listing.PendingReview, CreatedAt: now, Version: 1,
		Content: listing.Content{Title: "Pain", ServiceType: "102-A-1", Level: listing.Individual, Language: "fr", Visibility: listing.Inside},
	}
	if rand.IntN(2) == 0 {
		l.State, l.PublishedAt = listing.Published, now
	}
	err := persistence.ListingStore{}.Add(ctx, l)
	b.note(ctx, began, l)
	b.listings.Store(b.kept.Add(1)-1, l.ID)
	return err
}

// few listings are rewritten all the time.
const few = 300

// rewrite shows a listing, sends it to review, or takes it away.
func (b *bustle) rewrite(ctx context.Context, began int64) error {
	n := b.kept.Load()
	if n == 0 {
		return nil
	}
	id, _ := b.listings.Load(rand.Int64N(min(n, few)))
	found, err := persistence.ListingStore{}.ByIDs(ctx, b.id, []domain.ID{id.(domain.ID)})
	if err != nil || len(found) == 0 { // its writer dawdles still, or changed their mind
		return err
	}
	l := found[0]
	l.State = []listing.State{listing.Published, listing.Published, listing.PendingReview, listing.Removed}[rand.IntN(4)]
	if l.State == listing.Published && l.PublishedAt.IsZero() {
		l.PublishedAt = b.clock.Now()
	}
	if l, err = (persistence.ListingStore{}).Save(ctx, l); err == nil {
		b.note(ctx, began, l)
	}
	return err
}

func (b *bustle) note(ctx context.Context, began int64, l listing.Listing) {
	e := domain.Event{ID: domain.NewID(), Kind: listing.EventUpdated, Subject: l.ID, Payload: listing.Told{Member: l.Member, Kind: l.Kind, State: l.State}}
	b.acts.Store(e.ID, act{began, l})
	b.db.Record(ctx, e)
}

// agree proposes an exchange between two; half of them are called off in the same breath.
func (b *bustle) agree(ctx context.Context) error {
	giver, receiver := b.someone(), b.someone()
	if giver.member == receiver.member {
		return nil
	}
	x, err := b.exchanges.Propose(ctx, receiver.Actor, exchange.Proposal{
		Community: b.id, Provider: giver.member, Receiver: receiver.member, ServiceType: "102-A-1", Terms: exchange.Terms{Estimated: 15},
	})
	if err == nil && rand.IntN(2) == 0 {
		_, err = b.exchanges.Cancel(ctx, receiver.Actor, exchange.Act{Community: b.id, Exchange: x.ID, Reason: "Grippe, désolé."})
	}
	return err
}

// ask takes one page of changes, or begins anew.
func (b *bustle) ask(p *phone) error {
	page, err := b.changes.Since(b.ctx, p.Actor, b.id, p.cursor.String(), 1+rand.IntN(100))
	if err != nil {
		return err
	}
	if page.Next.Position < p.cursor.Position {
		return errors.New("a cursor leads back")
	}
	p.cursor = page.Next
	if page.Reset {
		p.resets++
		return b.readAnew(p)
	}
	for _, c := range page.Changes {
		switch v := c.Value.(type) {
		case nil:
			p.forget(c.ID)
		case listing.Listing:
			p.keep(v.ID, int64(v.Version))
		case exchange.Exchange:
			p.keep(v.ID, int64(v.Version))
		case recognition.Star:
			if p.hours {
				p.keep(v.ID, shade(v.Hidden))
			}
		case ledger.Transfer:
			p.keep(v.ID, 0)
		case ledger.Account:
			p.keep(v.ID, v.Entries)
		}
	}
	if !page.HasMore {
		p.looks = append(p.looks, look{page.Next.Position, p.sum})
	}
	return nil
}

// readAnew reads the lists, as an app does that was told to.
func (b *bustle) readAnew(p *phone) error {
	p.has, p.sum = map[domain.ID]uint64{}, 0
	every := []listing.State{listing.Published, listing.PendingReview, listing.Removed}
	filters := []listing.Filter{{}, {Member: p.member, States: every}}
	if p.cursor.Sight != 0 {
		filters = []listing.Filter{{States: every}}
	}
	for _, f := range filters {
		err := wholly(func(at domain.Page) (domain.Slice[listing.Listing], error) {
			found, _, err := b.village.listings.Search(b.ctx, p.Actor, b.id, f, listing.Newest, at, false)
			return found, err
		}, func(l listing.Listing) { p.keep(l.ID, int64(l.Version)) })
		if err != nil {
			return err
		}
	}
	return wholly(func(at domain.Page) (domain.Slice[exchange.Exchange], error) {
		found, _, err := b.exchanges.List(b.ctx, p.Actor, b.id, exchange.Filter{}, at, false)
		return found, err
	}, func(x exchange.Exchange) { p.keep(x.ID, int64(x.Version)) })
}

// wholly reads a list to its end.
func wholly[T any](read func(domain.Page) (domain.Slice[T], error), keep func(T)) error {
	for at := (domain.Page{Limit: domain.LargestPage}); ; {
		found, err := read(at)
		if err != nil {
			return err
		}
		for _, v := range found.Items {
			keep(v)
		}
		if !found.HasMore {
			return nil
		}
		at.After = found.Cursor(len(found.Items) - 1)
	}
}

// tally is what a race came to.
type tally struct{ events, late, looks, places, resets int64 }

// compare walks through the journal and looks, at each place, at the phones that
// stood there.
func (b *bustle) compare(t *testing.T, phones []*phone, start int64) (told tally) {
	t.Helper()
	models := make([]*model, len(phones))
	stood := map[int64]map[int]uint64{}
	for i, p := range phones {
		models[i] = &model{phone: p, versions: map[domain.ID]int64{}, has: map[domain.ID]uint64{}, exchanges: map[domain.ID]exchange.Told{}}
		told.resets += int64(p.resets)
		for _, l := range p.looks {
			told.looks++
			if stood[l.position] == nil {
				stood[l.position] = map[int]uint64{}
			}
			if sum, twice := stood[l.position][i]; twice && sum != l.sum {
				t.Fatalf("a phone stood at %d with different things", l.position)
			}
			stood[l.position][i] = l.sum
		}
	}
	told.places = int64(len(stood))
	latest := int64(0)
	var journal []changes.Event
	b.in(t, func(ctx context.Context, _ time.Time) (err error) {
		journal, err = persistence.ChangesStore{}.From(ctx, b.id, start+1, 1<<30)
		return err
	})
	delete(stood, start)
	for _, e := range journal {
		told.events++
		a, known := b.acts.Load(e.ID)
		if known {
			if began := a.(act).began; began < latest {
				told.late++
			} else {
				latest = began
			}
		}
		for i, m := range models {
			if err := m.live(b, e.RecordedEvent, a); err != nil {
				t.Fatal(err)
			}
			if sum, here := stood[e.Position][i]; here && sum != m.sum {
				t.Fatalf("phone %d was wrong about what there was at %d (%s): it had %d things", i, e.Position, e.Kind, len(m.phone.has))
			}
		}
		delete(stood, e.Position)
	}
	if len(stood) > 0 {
		t.Errorf("phones stood at %d places that the journal does not have", len(stood))
	}
	return told
}

// model is what a phone ought to have, told in the simplest way: from every
// event of the journal, with everything that there is.
type model struct {
	phone     *phone
	moderates bool
	versions  map[domain.ID]int64
	has       map[domain.ID]uint64
	sum       uint64

	listings  map[domain.ID]listing.Listing
	exchanges map[domain.ID]exchange.Told
}

func (m *model) set(id domain.ID, visible bool, version int64) {
	m.sum ^= m.has[id]
	delete(m.has, id)
	if visible {
		m.has[id] = trace(id, version)
		m.sum ^= m.has[id]
	}
}

func (m *model) live(b *bustle, e domain.RecordedEvent, a any) error {
	staff := m.phone.member == b.eloise.member || m.moderates
	switch a := a.(type) {
	case act:
		if m.listings == nil {
			m.listings = map[domain.ID]listing.Listing{}
		}
		m.listings[a.ID] = a.Listing
		m.set(a.ID, staff || a.State == listing.Published || a.Member == m.phone.member, int64(a.Version))
		return nil
	}
	switch e.Kind {
	case exchange.Propose.EventKind(), exchange.Cancel.EventKind():
		var x exchange.Told
		if err := json.Unmarshal(e.Payload, &x); err != nil {
			return err
		}
		m.versions[e.Subject]++
		m.exchanges[e.Subject] = x
		m.set(e.Subject, staff || slices.Contains([]domain.ID{x.Provider, x.Receiver}, m.phone.member), m.versions[e.Subject])
		for _, r := range b.people { // what the sides promised may have changed with it
			if r.member == x.Provider || r.member == x.Receiver {
				m.set(r.account, m.sees(b, r.account), max(1, m.versions[r.account]))
			}
		}
	case ledger.HoursGiven:
		var posted ledger.PostedLegs
		if err := json.Unmarshal(e.Payload, &posted); err != nil {
			return err
		}
		m.given(b, posted.Legs[0])
	case recognition.Starred, recognition.Showed, recognition.Hid:
		var star recognition.Told
		if err := json.Unmarshal(e.Payload, &star); err != nil {
			return err
		}
		own := slices.Contains([]domain.ID{star.Giver, star.Member}, m.phone.member)
		m.set(e.Subject, m.phone.hours && (own || e.Kind == recognition.Showed), shade(e.Kind != recognition.Showed))
	case membership.RoleGiven, membership.RoleEnded:
		if m.phone.member == e.Subject {
			m.moderates = e.Kind == membership.RoleGiven
			m.reconsider()
		}
	}
	return nil
}

func (m *model) sees(b *bustle, account domain.ID) bool {
	return m.phone.hours && (account == m.phone.account || m.phone.member == b.eloise.member)
}

// given counts the entries of accounts.
func (m *model) given(b *bustle, l ledger.Leg) {
	m.set(l.ID, m.sees(b, l.Debit) || m.sees(b, l.Credit), 0)
	for _, account := range []domain.ID{l.Debit, l.Credit} {
		if m.versions[account] == 0 {
			m.versions[account] = 1 // the starting hours
		}
		m.versions[account]++
		m.set(account, m.sees(b, account), m.versions[account])
	}
}

// reconsider begins anew with another sight.
func (m *model) reconsider() {
	for id, l := range m.listings {
		m.set(id, m.moderates || l.State == listing.Published || l.Member == m.phone.member, int64(l.Version))
	}
	for id, x := range m.exchanges {
		m.set(id, m.moderates || x.Provider == m.phone.member || x.Receiver == m.phone.member, m.versions[id])
	}
}
