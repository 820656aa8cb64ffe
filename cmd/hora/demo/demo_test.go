// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
	"github.com/hora-coop/hora/internal/blob"
	"github.com/hora-coop/hora/internal/password"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
	"github.com/hora-coop/hora/server/picture"
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
		communities := community.New(db, persistence.CommunityStore{}, persistence.MemberStore{}, hours)
		members := membership.New(db, standing, communities, hours)
		keys := identity.NewKeyring(db, persistence.IdentityStore{}, clock)
		files, err := blob.Open("") // in memory
		if err != nil {
			return Rooms{}, err
		}
		photos := media.New(db, persistence.MediaStore{}, standing, members, files, picture.New(), token.NewTickets(keys))
		listings := listing.New(db, persistence.ListingStore{}, standing, communities, members, photos)
		exchanges := exchange.New(db, persistence.ExchangeStore{}, standing, communities, members, listings, hours)
		cycles := reinvestment.New(db, persistence.ReinvestmentStore{}, persistence.JobStore{}, standing, communities, members, hours, photos)
		duties := duty.New(db, persistence.DutyStore{}, persistence.JobStore{}, standing, communities, members)
		decisions := governance.New(db, persistence.GovernanceStore{}, standing, communities, members, nil)
		threads := conversation.New(db, persistence.ConversationStore{}, standing, members, listings, exchanges)
		workshops := workshop.New(db, persistence.WorkshopStore{}, standing, communities, members, hours)
		return Rooms{
			Communities: communities, Duties: duties, Decisions: decisions, Cycles: cycles, Threads: threads,
			Moderation:  moderation.New(db, persistence.ModerationStore{}, standing, communities, members, listings, exchanges, moderation.Said{Threads: threads, Workshops: workshops, Cycles: cycles, Decisions: decisions}),
			Recognition: recognition.New(db, persistence.RecognitionStore{}, standing, communities, members, exchanges, token.NewBadges(keys, "https://demo.example.org")),
			Cheques:     cheque.New(db, persistence.ChequeStore{}, standing, communities, members, exchanges, hours),
			Workshops:   workshops,
			Activities:  activity.New(db, persistence.ActivityStore{}, standing, communities, members, duties, hours),
			Tx:          db, Journal: persistence.JournalStore{}, Messages: messaging.New(db, persistence.NotificationStore{}, members, decisions, cycles), Reader: "relay",
			Members: members, Listings: listings, Ledger: hours, Close: db.Close,
			Exchanges: exchanges,
			Identity: identity.New(db, persistence.IdentityStore{}, keys, password.New(cost, 2),
				token.New(keys, "https://demo.example.org", clock), token.NewMemory(clock), identity.Doors{}),
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
	sum, err := Fill(t.Context(), Config{Open: opener(url, cost), Until: visit, Seed: seed, Scale: scale})
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

// figures are what the calibration looks at.
type figures struct {
	members, exchanges, confirmed int
	mean                          float64 // minutes of a confirmed exchange
	active                        float64 // share of members with an exchange in the last six months
	topFifth                      float64 // its share of all sides of exchanges
	never                         float64 // share of members without any exchange
	debit                         int     // members below zero
	lowest                        int64
}

func (s told) figures() figures {
	s.t.Helper()
	var f figures
	err := s.sql.QueryRow(s.t.Context(), `
		WITH side AS (
		  SELECT community_id, created_at, unnest(ARRAY[provider_id, receiver_id]) AS member FROM exchange),
		per AS (
		  SELECT m.id, count(s.member) AS n, count(s.member) FILTER (WHERE s.created_at > $1::timestamptz - interval '6 months') AS recent
		    FROM member m LEFT JOIN side s ON s.community_id = m.community_id AND s.member = m.id
		   WHERE m.participation NOT IN ('APPLICANT', 'DECLINED', 'LEFT')
		   GROUP BY m.id),
		ranked AS (SELECT *, row_number() OVER (ORDER BY n DESC) AS rank, count(*) OVER () AS all FROM per),
		account AS (SELECT balance FROM ledger.account WHERE kind = 'MEMBER' AND closed_at IS NULL)
		SELECT count(*), (SELECT count(*) FROM exchange), (SELECT count(*) FROM exchange WHERE state = 'CONFIRMED'),
		       (SELECT avg(settled) FROM exchange WHERE state = 'CONFIRMED')::float8,
		       (count(*) FILTER (WHERE recent > 0))::float8 / count(*),
		       (sum(n) FILTER (WHERE rank <= 0.2 * "all"))::float8 / sum(n)::float8,
		       (count(*) FILTER (WHERE n = 0))::float8 / count(*),
		       (SELECT count(*) FROM account WHERE balance < 0), (SELECT min(balance) FROM account)
		  FROM ranked`, visit).
		Scan(&f.members, &f.exchanges, &f.confirmed, &f.mean, &f.active, &f.topFifth, &f.never, &f.debit, &f.lowest)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (f figures) check(t testing.TB, scale int) {
	t.Helper()
	t.Logf("%+v", f)
	if f.members != 600*scale/100 || f.exchanges != 2500*scale/100 {
		t.Errorf("%d members and %d exchanges", f.members, f.exchanges)
	}
	slack := 0.06 + 1.2/float64(scale) // fewer people, less of a pattern
	near := func(what string, got, want, slack float64) {
		t.Helper()
		if math.Abs(got-want) > slack {
			t.Errorf("%s: %.2f, want about %.2f", what, got, want)
		}
	}
	near("hours of an exchange", f.mean/60, 2, 0.25)
	near("share of the members who were active lately", f.active, 0.53, slack)
	near("share of all that the busiest fifth does", f.topFifth, 0.79, slack*1.5)
	if f.debit == 0 || f.lowest < -600 {
		t.Errorf("%d members in debit, the lowest at %d", f.debit, f.lowest)
	}
}

func TestTheNetworkIsAsRealOnesAre(t *testing.T) {
	t.Parallel()
	const scale = 20
	s := tell(t, scale, 1, cheap)
	s.figures().check(t, scale)
	s.looksAlive()
	s.agreesWithItsSummary()
	s.addsUp()
	s.letsIn(Visitors())
}

// looksAlive: a visitor finds something of everything.
func (s told) looksAlive() {
	t := s.t
	count := func(sql string) map[string]int {
		found := map[string]int{}
		for _, state := range column[string](s, sql) {
			found[state]++
		}
		return found
	}
	exchanges := count(`SELECT state FROM exchange`)
	for state, least := range map[exchange.State]int{
		exchange.Proposed: 3, exchange.Accepted: 3, exchange.Done: 3, exchange.Declined: 1, exchange.Cancelled: 1, exchange.Expired: 1,
	} {
		if exchanges[string(state)] < least {
			t.Errorf("%d exchanges are %s", exchanges[string(state)], state)
		}
	}
	if exchanges[string(exchange.Disputed)] != 2 {
		t.Errorf("%d disputes are open, want 2", exchanges[string(exchange.Disputed)])
	}
	steps := count(`SELECT action FROM exchange_step`)
	for _, action := range []exchange.Action{exchange.Revise, exchange.Dispute, exchange.Resolve, exchange.Remind} {
		if steps[string(action)] == 0 {
			t.Errorf("nobody ever did %s", action)
		}
	}
	members := count(`SELECT participation FROM member`)
	for _, p := range []membership.Participation{membership.Applicant, membership.Declined, membership.Paused, membership.Left} {
		if members[string(p)] < len(network) {
			t.Errorf("%d members are %s", members[string(p)], p)
		}
	}
	listings := count(`SELECT kind || ' ' || state FROM listing`)
	for _, state := range []string{"OFFER PUBLISHED", "OFFER EXPIRED", "REQUEST PUBLISHED", "REQUEST MET"} {
		if listings[state] < 3 {
			t.Errorf("%d listings are %s", listings[state], state)
		}
	}
	for what, sql := range map[string]string{
		"paper cheque": `SELECT count(*) FROM time_cheque`, "workshop that took place": `SELECT count(*) FROM group_session WHERE state = 'SETTLED'`,
		"work that was approved": `SELECT count(*) FROM activity WHERE state = 'APPROVED'`, "work that waits": `SELECT count(*) FROM activity WHERE state = 'LOGGED'`,
	} {
		if n := one[int](s, sql); n < len(network) {
			t.Errorf("%d times: a %s", n, what)
		}
	}
	for what, sql := range map[string]string{
		"question that is open": `SELECT count(*) FROM decision WHERE state = 'OPEN'`, "question that is over": `SELECT count(*) FROM decision WHERE state = 'CLOSED' AND outcome <> ''`,
		"cycle under way": `SELECT count(*) FROM cycle WHERE state IN ('OPEN_CALL', 'FEASIBILITY', 'VOTING')`, "claim to credit": `SELECT count(*) FROM claim WHERE stage = 'CLAIMED'`,
		"report to answer": `SELECT count(*) FROM report WHERE answered_at IS NULL`, "appeal to decide": `SELECT count(*) FROM appeal WHERE decided_at IS NULL`,
		"complaint to read": `SELECT count(*) FROM complaint`, "member under age": `SELECT count(*) FROM minor`, "thanks": `SELECT count(*) FROM thanks`, "badge": `SELECT count(*) FROM issued_badge`,
	} {
		if n := one[int](s, sql); n < len(network) {
			t.Errorf("%d times: a %s", n, what)
		}
	}
	for what, sql := range map[string]string{
		"turn to come":                  `SELECT count(*) FROM duty_booking b JOIN duty_shift s ON s.id = b.shift_id WHERE b.state = 'BOOKED' AND s.starts_at > '2026-11-20 16:41Z'`,
		"turn that somebody came to":    `SELECT count(*) FROM duty_booking WHERE state = 'ATTENDED'`,
		"turn to note":                  `SELECT count(*) FROM duty_booking b JOIN duty_shift s ON s.id = b.shift_id WHERE b.state = 'BOOKED' AND s.ends_at < '2026-11-20 16:40Z'`,
		"member who is behind":          `SELECT count(*) FROM duty_member WHERE due_at > '2026-11-20 16:41Z'`,
		"member suspended from service": `SELECT count(*) FROM duty_member WHERE due_at < '2026-11-20 16:40Z' AND told_at IS NOT NULL`,
		"swap":                          `SELECT count(*) FROM duty_swap WHERE state = 'OPEN'`,
		"leave to decide":               `SELECT count(*) FROM duty_leave WHERE state = 'REQUESTED'`,
	} {
		if n := one[int](s, sql); n < 1 {
			t.Errorf("there is no %s", what)
		}
	}
	if repeated := column[string](s, `SELECT title FROM listing GROUP BY community_id, title HAVING count(*) > 1`); len(repeated) > 0 {
		t.Errorf("said twice in one community: %q", repeated)
	}
	if late := one[int](s, `SELECT count(*) FROM journal.event WHERE at > '2026-11-20 16:41Z' OR at < '2025-05-20Z'`); late > 0 {
		t.Errorf("%d events lie outside the story", late)
	}
}

func (s told) agreesWithItsSummary() {
	exchanges, listings := one[int](s, `SELECT count(*) FROM exchange`), one[int](s, `SELECT count(*) FROM listing`)
	members := one[int](s, `SELECT count(*) FROM member WHERE participation NOT IN ('APPLICANT', 'DECLINED', 'LEFT')`)
	if s.sum.Members != members || s.sum.Listings != listings || s.sum.Exchanges != exchanges {
		s.t.Errorf("%d members, %d listings, %d exchanges; the summary says %+v", members, listings, exchanges, s.sum)
	}
}

// rooms are the program's, at the end of the story.
func (s told) rooms() Rooms {
	s.t.Helper()
	now := &clock{}
	now.reach(visit.Add(time.Minute))
	rooms, err := opener(s.url, cheap)(s.t.Context(), now)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(rooms.Close)
	return rooms
}

// addsUp recomputes every community's books.
func (s told) addsUp() {
	s.t.Helper()
	rooms := s.rooms()
	for _, id := range column[domain.ID](s, `SELECT id FROM community`) {
		err := rooms.Tx.InTx(s.t.Context(), id, func(ctx context.Context, _ time.Time) error {
			found, err := persistence.LedgerStore{}.Verify(ctx, id)
			if len(found.Differences) > 0 || found.Transfers == 0 {
				s.t.Errorf("%+v", found)
			}
			return err
		})
		if err != nil {
			s.t.Error(err)
		}
	}
}

// letsIn: everybody the visitor may be comes in, and finds their place and
// something to do.
func (s told) letsIn(in []SignIn) {
	s.t.Helper()
	want := map[string]struct {
		communities int
		role        domain.Role
	}{
		"lucie@example.org": {1, domain.Coordinator}, "marc@example.org": {2, ""}, "antoine@example.org": {1, domain.Treasurer},
		"ines@example.org": {1, ""}, "margaret@example.org": {1, domain.Coordinator},
	}
	rooms := s.rooms()
	for _, who := range in {
		person, _, err := rooms.Identity.SignIn(s.t.Context(), identity.SignIn{Email: who.Email, Password: who.Password})
		if err != nil {
			s.t.Errorf("%s: %v", who.Email, err)
			continue
		}
		actor := domain.Actor{Person: person.ID}
		places, err := rooms.Members.Memberships(s.t.Context(), actor)
		if err != nil {
			s.t.Fatal(err)
		}
		var standing domain.Standing
		for _, m := range places {
			if standing, err = rooms.Members.Standing(s.t.Context(), actor, m.Community); err != nil || !standing.Active {
				s.t.Errorf("%s stands as %+v, %v", who.Email, standing, err)
			}
		}
		if w := want[who.Email]; len(places) != w.communities || w.role != "" && !standing.Has(w.role) {
			s.t.Errorf("%s belongs to %d communities with the roles %v", who.Email, len(places), standing.Roles)
		}
		waiting := map[string]bool{}
		for _, state := range column[string](s, `
			SELECT x.state FROM exchange x
			  JOIN person_community p ON p.member_id IN (x.provider_id, x.receiver_id)
			  JOIN person ON person.id = p.person_id AND person.email = '`+who.Email+`'
			 WHERE x.state = 'PROPOSED' AND x.terms_by <> p.member_id OR x.state = 'DONE' AND x.done_by <> p.member_id`) {
			waiting[state] = true
		}
		if !waiting["PROPOSED"] || !waiting["DONE"] && who.Email != "ines@example.org" {
			s.t.Errorf("%s finds nothing to answer or confirm: %v", who.Email, waiting)
		}
	}
	if len(in) != len(want) {
		s.t.Errorf("%d sign-ins", len(in))
	}
}

// digest is all of a story but the ids.
func (s told) digest() string {
	return strings.Join(slices.Concat(
		column[string](s, `
			SELECT concat_ws('|', c.slug, m.number, m.display_name, m.participation, m.admitted_at, a.balance, a.held, a.seq)
			  FROM member m JOIN community c ON c.id = m.community_id
			  LEFT JOIN ledger.account a ON a.community_id = m.community_id AND a.owner_id = m.id ORDER BY 1`),
		column[string](s, `
			SELECT concat_ws('|', c.slug, m.number, l.title, l.kind, l.state, l.published_at, l.met_at)
			  FROM listing l JOIN community c ON c.id = l.community_id
			  JOIN member m ON m.community_id = l.community_id AND m.id = l.member_id ORDER BY 1`),
		column[string](s, `
			SELECT concat_ws('|', c.slug, x.number, x.state, p.number, r.number, x.service_type, x.estimated, x.typed, x.answered, x.settled, x.updated_at)
			  FROM exchange x JOIN community c ON c.id = x.community_id
			  JOIN member p ON p.community_id = x.community_id AND p.id = x.provider_id
			  JOIN member r ON r.community_id = x.community_id AND r.id = x.receiver_id ORDER BY 1`),
	), "\n")
}

func TestOneSeedTellsOneStory(t *testing.T) {
	t.Parallel()
	const scale = 10
	first, again, another := tell(t, scale, 1, cheap).digest(), tell(t, scale, 1, cheap).digest(), tell(t, scale, 2, cheap).digest()
	if first == another {
		t.Error("two seeds tell one story")
	}
	a, b := strings.Split(first, "\n"), strings.Split(again, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("told again it differs:\n%s\n%s", a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d lines, and told again %d", len(a), len(b))
	}
}

func TestWhoSettlesADisputeIsNoPartyToIt(t *testing.T) {
	t.Parallel()
	s := tell(t, 10, 2, cheap)
	own := column[int](s, `
		SELECT x.number
		  FROM exchange x
		  JOIN role_grant r ON r.community_id = x.community_id AND r.member_id IN (x.provider_id, x.receiver_id)
		 WHERE x.state = 'DISPUTED' AND r.role = 'COORDINATOR'`)
	if len(own) > 0 {
		t.Errorf("coordinators are party to the open disputes %v", own)
	}
}

func TestTheStoryIsToldOnce(t *testing.T) {
	t.Parallel()
	s := tell(t, 10, 1, cheap)
	_, err := Fill(t.Context(), Config{Open: opener(s.url, cheap), Until: visit, Seed: 2, Scale: 10})
	if !errors.Is(err, identity.EmailUnavailable) {
		t.Errorf("told again: %v", err)
	}
}

// BenchmarkFill tells the whole story; run it with -benchtime 1x.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		s := tell(b, 100, 1, password.Recommended)
		s.figures().check(b, 100)
		s.looksAlive()
		s.addsUp()
	}
}
