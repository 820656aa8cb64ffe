// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/community"
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
	"github.com/hora-coop/hora/domain/partner"
	"github.com/hora-coop/hora/domain/progression"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/internal/blob"
	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/internal/mail"
	"github.com/hora-coop/hora/internal/telemetry"
	"github.com/hora-coop/hora/jobs"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
	"github.com/hora-coop/hora/server/picture"
	"github.com/hora-coop/hora/server/token"
)

// testBundle is a community of three on a database of its own: Éloïse founded it
// and speaks French, Bruno and Chloe speak English.
type testBundle struct {
	t                    *testing.T
	url                  string
	owner                *pgxpool.Pool // sees and may break everything
	clock                *clock
	post                 *post
	log                  *journal
	pruned               *counter
	measures             *measures
	home                 *node // where people act
	community            domain.ID
	eloise, bruno, chloe member
}

type member struct {
	id    domain.ID
	actor domain.Actor
}

// monday is 9 in the morning in Montréal.
var monday = time.Date(2026, time.March, 16, 13, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{t: t, url: pgtest.URL(t), clock: &clock{now: monday}, post: &post{}, log: &journal{}, pruned: &counter{}, measures: &measures{}}
	var err error
	if b.owner, err = pgxpool.New(t.Context(), b.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.owner.Close)
	b.home = b.node()
	b.eloise.actor = b.person("Éloïse", "eloise@example.org", "fr-CA")
	b.community, b.eloise.id = b.found("nord", b.eloise.actor)
	b.bruno = b.joins("Bruno", "bruno@example.org")
	b.chloe = b.joins("Chloe", "chloe@example.org")
	// Everybody was told of their arrival; what follows starts from there.
	b.exec(`DELETE FROM notification`)
	b.exec(`INSERT INTO journal.cursor (community_id, reader, pos) SELECT community_id, 'relay', pos FROM journal.head`)
	return b
}

// node is one server on the bundle's database.
type node struct {
	b         *testBundle
	db        *persistence.DB
	hours     *ledger.Service
	members   *membership.Service
	listings  *listing.Service
	cycles    *reinvestment.Service
	exchanges *exchange.Service
	messages  *messaging.Service
	cfg       jobs.Config
	*jobs.Runner
}

// node wires the rooms as cmd/hora does.
func (b *testBundle) node() *node {
	b.t.Helper()
	db, err := persistence.Open(b.t.Context(), b.url, persistence.Options{Clock: b.clock})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(db.Close)
	standing := persistence.MemberStore{}
	n := &node{b: b, db: db}
	n.hours = ledger.New(db, persistence.LedgerStore{}, standing)
	communities := community.New(db, persistence.CommunityStore{}, persistence.MemberStore{}, n.hours)
	n.members = membership.New(db, standing, communities, n.hours)
	keys := identity.NewKeyring(db, persistence.IdentityStore{}, b.clock)
	files, err := blob.Open("") // in memory
	if err != nil {
		b.t.Fatal(err)
	}
	photos := media.New(db, persistence.MediaStore{}, standing, n.members, files, picture.New(), token.NewTickets(keys))
	n.listings = listing.New(db, persistence.ListingStore{}, standing, communities, n.members, photos)
	n.cycles = reinvestment.New(db, persistence.ReinvestmentStore{}, persistence.JobStore{}, standing, communities, n.members, n.hours, photos)
	n.exchanges = exchange.New(db, persistence.ExchangeStore{}, standing, communities, n.members, n.listings, n.hours)
	decisions := governance.New(db, persistence.GovernanceStore{}, standing, communities, n.members, nil) // nothing here is decided
	n.messages = messaging.New(db, persistence.NotificationStore{}, n.members, decisions, n.cycles)
	duties := duty.New(db, persistence.DutyStore{}, persistence.JobStore{}, standing, communities, n.members)
	n.cfg = jobs.Config{
		Pool: db.Pool(), Schema: persistence.RiverSchema,
		Tx: db, PgxTx: persistence.PgxTx, Journal: persistence.JournalStore{}, Store: persistence.JobStore{}, Clock: b.clock,
		Exchanges: n.exchanges, Listings: n.listings, Decisions: decisions, Cycles: n.cycles, Photos: photos, Holds: n.hours, Pairs: n.hours, Books: persistence.LedgerStore{},
		Seals:      ledger.NewNotary(db, persistence.SealStore{}, token.NewSealer(keys), n.hours),
		Shares:     shares.New(db, persistence.ShareStore{}, standing, communities, n.members),
		Milestones: recognition.New(db, persistence.RecognitionStore{}, standing, communities, n.members, n.exchanges, nil),
		Members:    n.members,
		Ways: progression.New(db, persistence.ProgressionStore{}, standing, communities, n.members, n.hours,
			activity.New(db, persistence.ActivityStore{}, standing, communities, n.members, duties, n.hours)),
		Duties:     duties,
		Moderation: moderation.New(db, persistence.ModerationStore{}, standing, communities, n.members, n.listings, n.exchanges, moderation.Said{}), // nobody reports anything
		Messages:   n.messages, Identity: b.pruned, Mail: b.post,
		Link:     func(l messaging.Letter) string { return "https://hora.example/" + l.CommunitySlug },
		Webhooks: partner.New(db, persistence.PartnerStore{}, standing, nil, false),
		Logger:   slog.New(slog.NewTextHandler(b.log, nil)),
		Measure:  b.measures.start,
	}
	return n
}

// start runs the node's jobs until the test ends.
func (n *node) start(change ...func(*jobs.Config)) *node {
	n.b.t.Helper()
	for _, c := range change {
		c(&n.cfg)
	}
	var err error
	if n.Runner, err = jobs.New(n.cfg); err != nil {
		n.b.t.Fatal(err)
	}
	n.db.Committed = n.Wake
	if err := n.Start(n.b.t.Context()); err != nil {
		n.b.t.Fatal(err)
	}
	n.b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			n.b.t.Errorf("stop: %v", err)
		}
	})
	return n
}

// advance moves the clock and lets the node do what is due.
func (n *node) advance(d time.Duration) {
	n.b.t.Helper()
	n.b.clock.advance(d)
	if err := n.ClockMoved(n.b.t.Context()); err != nil {
		n.b.t.Fatalf("clock moved by %s: %v", d, err)
	}
}

func (b *testBundle) person(name, email, locale string) domain.Actor {
	b.t.Helper()
	id := domain.NewID()
	b.exec(`INSERT INTO person (id, email, display_name, locale, created_at) VALUES ($1, nullif($2, ''), $3, $4, $5)`,
		id, email, name, locale, b.clock.Now())
	return domain.Actor{Person: id}
}

func (b *testBundle) found(slug string, founder domain.Actor) (id, member domain.ID) {
	b.t.Helper()
	made, err := b.home.members.Found(b.t.Context(), founder, community.Create{
		Name: "L’Accorderie du Nord", Slug: slug, Preset: "accorderie", Locale: "fr-CA", TimeZone: "America/Montreal",
	}, "")
	if err != nil {
		b.t.Fatal(err)
	}
	own, err := b.home.members.Own(b.t.Context(), founder, made.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return made.ID, own.ID
}

func (b *testBundle) joins(name, email string) member {
	b.t.Helper()
	actor := b.person(name, email, "en")
	applicant, err := b.home.members.Apply(b.t.Context(), actor, membership.Apply{Community: b.community})
	if err == nil {
		_, err = b.home.members.Admit(b.t.Context(), b.eloise.actor, b.community, applicant.ID, "")
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return member{applicant.ID, actor}
}

// asks proposes an exchange of an hour in which the other gives.
func (b *testBundle) asks(receiver, provider member) exchange.Exchange {
	b.t.Helper()
	x, err := b.home.exchanges.Propose(b.t.Context(), receiver.actor, exchange.Proposal{
		Community: b.community, Provider: provider.id, Receiver: receiver.id, ServiceType: aType(), Terms: exchange.Terms{Estimated: 60},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return x
}

// gave is an exchange that the provider marked as done.
func (b *testBundle) gave(provider, receiver member) exchange.Exchange {
	b.t.Helper()
	x := b.asks(receiver, provider)
	act := exchange.Act{Community: b.community, Exchange: x.ID, Minutes: 90}
	x, err := b.home.exchanges.Accept(b.t.Context(), provider.actor, act)
	if err == nil {
		x, err = b.home.exchanges.Complete(b.t.Context(), provider.actor, act)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return x
}

func aType() string {
	return listing.Types(listing.Types(listing.Types("")[0].Code)[0].Code)[0].Code
}

func (b *testBundle) state(x exchange.Exchange) exchange.State {
	return exchange.State(ask[string](b, `SELECT state FROM exchange WHERE id = $1`, x.ID))
}

func (b *testBundle) balance(m member) int64 {
	return ask[int64](b, `SELECT balance FROM ledger.account WHERE owner_id = $1`, m.id)
}

// told counts a person's notifications of a kind.
func (b *testBundle) told(m member, kind messaging.Kind) int64 {
	return ask[int64](b, `SELECT count(*) FROM notification WHERE person_id = $1 AND kind = $2`, m.actor.Person, string(kind))
}

func (b *testBundle) exec(sql string, args ...any) {
	b.t.Helper()
	var err error
	if len(args) == 0 {
		_, err = b.owner.Exec(b.t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	} else {
		_, err = b.owner.Exec(b.t.Context(), sql, args...)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
}

// ask reads one value as the owner.
func ask[T any](b *testBundle, sql string, args ...any) T {
	b.t.Helper()
	var value T
	if err := b.owner.QueryRow(b.t.Context(), sql, args...).Scan(&value); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// subject is what a letter's subject should be.
func subject(lang i18n.Language, kind messaging.Kind, about string) string {
	return i18n.Text(lang, "notification."+string(kind)+".title", map[string]any{"member": about})
}

// eventually waits for what other goroutines do, and fails after 15 seconds.
func (b *testBundle) eventually(what string, holds func() bool) {
	b.t.Helper()
	for range 750 {
		if holds() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatalf("still not: %s\n%s", what, b.log)
}

// same compares, and says what.
func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, wants %v", what, got, want)
	}
}

// clock is the program's, moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// post is the mail server; trouble may refuse a letter.
type post struct {
	mu      sync.Mutex
	letters []mail.Message
	tries   int
	trouble func(context.Context, mail.Message) error
}

func (p *post) Send(ctx context.Context, m mail.Message) error {
	p.mu.Lock()
	p.tries++
	trouble := p.trouble
	p.mu.Unlock()
	if trouble != nil {
		if err := trouble(ctx, m); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, m)
	return nil
}

// to are the subjects of what somebody got, in order.
func (p *post) to(address string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var subjects []string
	for _, m := range p.letters {
		if m.To == address {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

func (p *post) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.letters)
}

func (p *post) tried() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

func (p *post) got(address, subject string) bool { return slices.Contains(p.to(address), subject) }

// journal is what the program logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) says(part string) bool { return strings.Contains(j.String(), part) }

// counter counts how often the identity room was pruned.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) Prune(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return nil
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// measures is how runs of jobs ended: "letter ok".
type measures struct {
	mu    sync.Mutex
	ended []string
}

func (m *measures) start(job string) func(telemetry.Outcome) {
	return func(outcome telemetry.Outcome) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.ended = append(m.ended, job+" "+string(outcome))
	}
}

// of are the outcomes of one job, sorted.
func (m *measures) of(job string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var outcomes []string
	for _, e := range m.ended {
		if outcome, is := strings.CutPrefix(e, job+" "); is {
			outcomes = append(outcomes, outcome)
		}
	}
	slices.Sort(outcomes)
	return strings.Join(outcomes, ",")
}
