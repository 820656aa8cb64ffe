// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/internal/blob"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
	"github.com/hora-coop/hora/server/picture"
	"github.com/hora-coop/hora/server/token"
)

// country is a database of its own with the rooms on it, a clock that the test
// turns, and a superuser who sees and may break everything.
type country struct {
	ctx         context.Context
	url         string
	clock       *turnedClock
	db          *persistence.DB
	root        *pgxpool.Pool
	hours       *ledger.Service
	communities *community.Service
	members     *membership.Service
	listings    *listing.Service
	exchanges   *exchange.Service
	founded     atomic.Int64
}

// dawn is when stories begin.
var dawn = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// aCountry makes one; its test runs beside others.
func aCountry(t *testing.T) *country {
	t.Helper()
	t.Parallel()
	c := &country{ctx: t.Context(), url: pgtest.URL(t), clock: &turnedClock{}}
	c.clock.now.Store(dawn.UnixMicro())
	c.db = c.open(t, persistence.Options{Clock: c.clock})
	var err error
	if c.root, err = pgxpool.New(c.ctx, c.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.root.Close)
	standing := persistence.MemberStore{}
	c.hours = ledger.New(c.db, persistence.LedgerStore{}, standing)
	c.communities = community.New(c.db, persistence.CommunityStore{}, persistence.MemberStore{}, c.hours)
	c.members = membership.New(c.db, standing, c.communities, c.hours)
	files, err := blob.Open("") // in memory
	if err != nil {
		t.Fatal(err)
	}
	tickets := token.NewTickets(identity.NewKeyring(c.db, persistence.IdentityStore{}, c.clock))
	photos := media.New(c.db, persistence.MediaStore{}, standing, c.members, files, picture.New(), tickets)
	c.listings = listing.New(c.db, persistence.ListingStore{}, standing, c.communities, c.members, photos)
	c.exchanges = exchange.New(c.db, persistence.ExchangeStore{}, standing, c.communities, c.members, c.listings, c.hours)
	return c
}

// open is one more server on the same database.
func (c *country) open(t *testing.T, o persistence.Options) *persistence.DB {
	t.Helper()
	db, err := persistence.Open(t.Context(), c.url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// breaks does what nobody but a superuser can.
func (c *country) breaks(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := c.root.Exec(c.ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// person is somebody who can sign in.
func (c *country) person(t failer, name string) domain.Actor {
	t.Helper()
	id := domain.NewID()
	_, err := c.root.Exec(c.ctx, `INSERT INTO person (id, email, display_name, locale, created_at) VALUES ($1, $2, $3, 'fr', $4)`,
		id, id.String()+"@example.org", name, c.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return domain.Actor{Person: id}
}

// failer is a test, or one attempt of a property.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// village is a community whose coordinator, Éloïse, founded it.
type village struct {
	*country
	id     domain.ID
	whole  domain.ID // the community's own account
	eloise resident
}

// resident is a member with their account.
type resident struct {
	domain.Actor
	member, account domain.ID
}

func (c *country) village(t failer) *village {
	t.Helper()
	v := &village{country: c, eloise: resident{Actor: c.person(t, "Éloïse Gagnon")}}
	made, err := c.members.Found(c.ctx, v.eloise.Actor, community.Create{
		Name: "Accorderie du Nord", Slug: fmt.Sprintf("nord-%d", c.founded.Add(1)), Preset: "accorderie", Locale: "fr-CA", TimeZone: "America/Montreal",
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	v.id = made.ID
	own, err := c.members.Own(c.ctx, v.eloise.Actor, v.id)
	if err != nil {
		t.Fatal(err)
	}
	v.eloise.member, v.eloise.account = own.ID, v.accountOf(t, own.ID).ID
	v.in(t, func(ctx context.Context, _ time.Time) error {
		whole, err := c.hours.CommunityAccount(ctx, v.id, ledger.Community, "")
		v.whole = whole.ID
		return err
	})
	return v
}

// in works inside the village, or fails the test.
func (v *village) in(t failer, fn func(context.Context, time.Time) error) {
	t.Helper()
	if err := v.db.InTx(v.ctx, v.id, fn); err != nil {
		t.Fatal(err)
	}
}

// joins applies and is admitted, with the starting hours of everybody.
func (v *village) joins(t failer, name string) resident {
	t.Helper()
	r := resident{Actor: v.person(t, name)}
	applicant, err := v.members.Apply(v.ctx, r.Actor, membership.Apply{Community: v.id})
	if err == nil {
		_, err = v.members.Admit(v.ctx, v.eloise.Actor, v.id, applicant.ID, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	r.member, r.account = applicant.ID, v.accountOf(t, applicant.ID).ID
	return r
}

// opens opens n bare accounts with a floor and no hours, for stories of the ledger alone.
func (v *village) opens(t failer, n int, limits ledger.Limits) []domain.ID {
	t.Helper()
	ids := make([]domain.ID, n)
	v.in(t, func(ctx context.Context, now time.Time) error {
		for i := range ids {
			a, err := v.hours.Open(ctx, v.id, domain.NewID(), limits, now)
			if err != nil {
				return err
			}
			ids[i] = a.ID
		}
		return nil
	})
	return ids
}

// floor is a floor and nothing else.
func floor(m domain.Minutes) ledger.Limits { return ledger.Limits{Floor: &m} }

func (v *village) accountOf(t failer, member domain.ID) (a ledger.Account) {
	t.Helper()
	v.in(t, func(ctx context.Context, _ time.Time) (err error) {
		a, err = v.hours.AccountOf(ctx, v.id, member)
		return err
	})
	return a
}

func (v *village) account(t failer, id domain.ID) ledger.Account {
	t.Helper()
	return v.accounts(t, id)[0]
}

// accounts reads some, in the order asked for.
func (v *village) accounts(t failer, ids ...domain.ID) []ledger.Account {
	t.Helper()
	ordered := make([]ledger.Account, len(ids))
	v.in(t, func(ctx context.Context, _ time.Time) error {
		found, err := v.hours.Accounts(ctx, v.id, ids)
		for i, id := range ids {
			for _, a := range found {
				if a.ID == id {
					ordered[i] = a
				}
			}
		}
		return err
	})
	return ordered
}

// leg moves minutes as a gift.
func leg(minutes domain.Minutes, from, to domain.ID) ledger.Transfer {
	return ledger.Transfer{ID: domain.NewID(), Kind: ledger.Gift, Minutes: minutes, Debit: from, Credit: to}
}

// posting is some legs under a key, with an event of their own.
func (v *village) posting(key string, legs ...ledger.Transfer) ledger.Posting {
	return ledger.Posting{
		Community: v.id, Key: key, Legs: legs,
		Event: domain.Event{ID: domain.NewID(), Kind: ledger.HoursGiven, Actor: v.eloise.Person, Subject: domain.NewID()},
	}
}

// post posts in a transaction of its own.
func (v *village) post(p ledger.Posting) (posted ledger.Posted, err error) {
	err = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
		posted, err = v.hours.Post(ctx, p)
		return err
	})
	return posted, err
}

// gives posts one gift that must pass, and says which transfer it is.
func (v *village) gives(t failer, minutes domain.Minutes, from, to domain.ID) domain.ID {
	t.Helper()
	l := leg(minutes, from, to)
	if _, err := v.post(v.posting(l.ID.String(), l)); err != nil {
		t.Fatal(err)
	}
	return l.ID
}

// hold promises minutes of an account for two months.
func (v *village) hold(id, account domain.ID, minutes domain.Minutes) error {
	return v.db.InTx(v.ctx, v.id, func(ctx context.Context, now time.Time) error {
		return v.hours.Hold(ctx, ledger.Hold{
			Community: v.id, ID: id, Account: account, Minutes: minutes, Exchange: id, ExpiresAt: now.AddDate(0, 2, 0),
		}, now)
	})
}

func (v *village) verify(t failer) ledger.Verification {
	t.Helper()
	found, err := v.hours.Verify(v.ctx, v.id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// clean fails unless the books are right.
func (v *village) clean(t failer) {
	t.Helper()
	if found := v.verify(t); len(found.Differences) > 0 || found.Sum != 0 {
		t.Errorf("the books are wrong: %v", found.Differences)
	}
}

// events reads the village's journal as its server does.
func (v *village) events(t failer) (all []domain.RecordedEvent) {
	t.Helper()
	v.in(t, func(ctx context.Context, _ time.Time) (err error) {
		all, err = persistence.JournalStore{}.Next(ctx, v.id, "test", 100_000)
		return err
	})
	return all
}

// count reads one number as the superuser.
func (c *country) count(t failer, sql string, args ...any) (n int64) {
	t.Helper()
	if err := c.root.QueryRow(c.ctx, sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// asked is a row's one text, read as the server inside a community.
func (c *country) asked(community domain.ID, sql string, args ...any) (texts []string, err error) {
	err = c.db.InTx(c.ctx, community, func(ctx context.Context, _ time.Time) error {
		found, err := persistence.PgxTx(ctx).Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		texts, err = pgx.CollectRows(found, pgx.RowTo[string])
		return err
	})
	return texts, err
}

// prove is how many times longer the proofs run: HORA_PROVE=400 is a night's work.
func prove() int {
	if n, err := strconv.Atoi(os.Getenv("HORA_PROVE")); err == nil && n > 0 {
		return n
	}
	return 1
}

// proveFor is how long each race goes on beyond its first acts: HORA_PROVE_FOR=5m.
func proveFor(t *testing.T) time.Duration {
	t.Helper()
	said := os.Getenv("HORA_PROVE_FOR")
	if said == "" {
		return 0
	}
	d, err := time.ParseDuration(said)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
