// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/internal/password"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
	"github.com/hora-coop/hora/server/token"
)

var visit = time.Date(2026, 11, 20, 16, 40, 0, 0, time.UTC)

// cheap keeps tests about stories from being about passwords.
var cheap = password.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}

// opener wires the rooms as the program does.
func opener(url string, cost password.Cost) func(context.Context, domain.Clock) (Rooms, error) {
	return func(ctx context.Context, clock domain.Clock) (Rooms, error) {
		db, err := persistence.Open(ctx, url, persistence.Options{Clock: clock, Connections: 2})
		if err != nil {
			return Rooms{}, err
		}
		standing := persistence.MemberStore{}
		hours := ledger.New(db, persistence.LedgerStore{}, standing)
		communities := community.New(db, persistence.CommunityStore{}, hours)
		members := membership.New(db, standing, communities, hours)
		listings := listing.New(db, persistence.ListingStore{}, standing, communities, members)
		keys := identity.NewKeyring(db, persistence.IdentityStore{}, clock)
		return Rooms{
			Tx: db, Journal: persistence.JournalStore{}, Messages: messaging.New(db, persistence.NotificationStore{}, members), Reader: "relay",
			Members: members, Listings: listings, Ledger: hours, Close: db.Close,
			Exchanges: exchange.New(db, persistence.ExchangeStore{}, standing, communities, members, listings, hours),
			Identity: identity.New(db, persistence.IdentityStore{}, keys, password.New(cost, 2),
				token.New(keys, "https://demo.example.org", clock), token.NewMemory(clock)),
		}, nil
	}
}

// told is a database with a story in it.
type told struct {
	t   testing.TB
	sum Summary
	sql *pgx.Conn
	url string
}

func tell(t testing.TB, scale int, seed uint64, cost password.Cost) told {
	t.Helper()
	url := pgtest.URL(t)
	begun := time.Now()
	sum, err := Fill(t.Context(), Config{Open: opener(url, cost), Until: visit, Seed: seed, Scale: scale, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("told in %v", time.Since(begun).Round(10*time.Millisecond))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return told{t, sum, conn, url}
}

// column is the one column that a query finds.
func column[T any](s told, sql string) []T {
	s.t.Helper()
	found, err := s.sql.Query(s.t.Context(), sql)
	if err != nil {
		s.t.Fatal(err)
	}
	values, err := pgx.CollectRows(found, pgx.RowTo[T])
	if err != nil {
		s.t.Fatal(err)
	}
	return values
}

func one[T any](s told, sql string) T {
	s.t.Helper()
	values := column[T](s, sql)
	if len(values) != 1 {
		s.t.Fatalf("%d rows: %s", len(values), sql)
	}
	return values[0]
}

func TestScratch(t *testing.T) {
	s := tell(t, 20, 1, cheap)
	t.Logf("%+v", s.sum)
	s.figures()
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		s := tell(b, 100, 1, password.Recommended)
		s.figures()
	}
}

func (s told) figures() {
	s.t.Helper()
	for _, q := range []string{
		`SELECT 'exchanges ' || state || ' ' || count(*) FROM exchange GROUP BY state ORDER BY 1`,
		`SELECT 'members ' || participation || ' ' || count(*) FROM member GROUP BY participation ORDER BY 1`,
		`SELECT 'listings ' || kind || ' ' || state || ' ' || count(*) FROM listing GROUP BY kind, state ORDER BY 1`,
		`SELECT 'mean ' || avg(settled) FROM exchange WHERE state = 'CONFIRMED'`,
		`SELECT 'notifications ' || count(*) || ' unread ' || count(*) FILTER (WHERE read_at IS NULL) FROM notification`,
		`SELECT 'unread of ' || p.display_name || ' ' || count(*) || ' ' || string_agg(n.kind, ',') FROM notification n JOIN person p ON p.id = n.person_id WHERE read_at IS NULL AND p.email LIKE '%@example.org' GROUP BY p.display_name`,
		`SELECT 'with a listing ' || (listing_id IS NOT NULL)::text || ' ' || count(*) FROM exchange GROUP BY listing_id IS NOT NULL`,
		`SELECT 'persons ' || count(*) FROM person`,
		`SELECT 'events ' || count(*) FROM journal.event`,
		`SELECT 'balance ' || min(balance) || ' ' || percentile_cont(array[.1,.25,.5,.75,.9]) within group (order by balance)::text || ' ' || max(balance) || ' debit ' || count(*) FILTER (WHERE balance < 0) FROM ledger.account WHERE kind = 'MEMBER' AND closed_at IS NULL`,
		`WITH side AS (SELECT community_id, id, created_at, unnest(array[provider_id, receiver_id]) AS m FROM exchange), per AS (
		  SELECT m.id, count(s.m) n, count(s.m) FILTER (WHERE s.created_at > timestamptz '2026-11-20 16:40Z' - interval '6 months') recent FROM member m LEFT JOIN side s ON s.m = m.id WHERE m.participation NOT IN ('APPLICANT','DECLINED','LEFT') GROUP BY 1),
		  r AS (SELECT *, row_number() over (order by n desc) rk, count(*) over () c from per)
		 SELECT format('top fifth has %s of the sides, max %s, active %s, none %s', round(sum(n) filter (where rk <= c*0.2)/sum(n),3), max(n), round(count(*) filter (where recent>0)::numeric/count(*),3), count(*) filter (where n=0)) from r`,
		`SELECT 'month ' || to_char(created_at, 'YYYY-MM') || ' ' || count(*) FROM exchange GROUP BY to_char(created_at, 'YYYY-MM') ORDER BY 1`,
	} {
		for _, line := range column[string](s, q) {
			s.t.Log(line)
		}
	}
	_ = slices.Sorted[int]
}
