// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/jobs"
	"github.com/hora-coop/hora/persistence"
)

func applyTo(community domain.ID) membership.Apply { return membership.Apply{Community: community} }

func TestAProposalWithoutAnswerExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	x := b.asks(b.bruno, b.eloise)

	n.advance(14*day - time.Minute)
	same(t, "state before the fourteenth day", b.state(x), exchange.Proposed)
	n.advance(time.Minute)
	same(t, "state", b.state(x), exchange.Expired)
	for _, m := range []member{b.eloise, b.bruno} {
		same(t, "told that it expired", b.told(m, messaging.ExchangeExpired), 1)
	}
	if !b.post.got("bruno@example.org", subject(i18n.English, messaging.ExchangeExpired, "Éloïse")) ||
		!b.post.got("eloise@example.org", subject(i18n.French, messaging.ExchangeExpired, "Bruno")) {
		t.Errorf("letters: %v and %v", b.post.to("bruno@example.org"), b.post.to("eloise@example.org"))
	}
	n.advance(30 * day)
	same(t, "told a month later", b.told(b.bruno, messaging.ExchangeExpired), 1)
}

func TestADoneExchangeRemindsThenConfirmsItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	x := b.gave(b.eloise, b.bruno)
	reminded := func() int64 { return b.told(b.bruno, messaging.ExchangeReminder) }

	n.advance(7*day - time.Minute)
	same(t, "reminders before half time", reminded(), 0)
	n.advance(time.Minute)
	same(t, "reminders at half time", reminded(), 1)
	n.advance(6*day - time.Minute)
	same(t, "reminders before the last day", reminded(), 1)
	n.advance(time.Minute)
	same(t, "reminders one day before", reminded(), 2)
	same(t, "Bruno’s balance", b.balance(b.bruno), 900)
	n.advance(day)
	same(t, "state", b.state(x), exchange.Confirmed)
	same(t, "Bruno’s balance", b.balance(b.bruno), 810)
	same(t, "Éloïse’s balance", b.balance(b.eloise), 990)
	same(t, "held of Bruno", ask[int64](b, `SELECT held FROM ledger.account WHERE owner_id = $1`, b.bruno.id), 0)
	for _, m := range []member{b.eloise, b.bruno} {
		same(t, "told that it is confirmed", b.told(m, messaging.ExchangeConfirmed), 1)
	}
	same(t, "differences in the books", b.differences(), 0)
}

// differences verifies the books here and now.
func (b *testBundle) differences() int {
	b.t.Helper()
	found := 0
	err := b.home.db.InTx(b.t.Context(), b.community, func(ctx context.Context, _ time.Time) error {
		v, err := persistence.LedgerStore{}.Verify(ctx, b.community)
		found = len(v.Differences)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

func TestAMonthInOneStep(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	waiting, done := b.asks(b.bruno, b.chloe), b.gave(b.eloise, b.bruno)
	offer := b.offers(b.eloise)
	b.clock.advance(160 * day)
	accepted := b.asks(b.chloe, b.eloise)
	if _, err := n.exchanges.Accept(t.Context(), b.eloise.actor, exchange.Act{Community: b.community, Exchange: accepted.ID}); err != nil {
		t.Fatal(err)
	}
	n.advance(672 * time.Hour)
	same(t, "proposal", b.state(waiting), exchange.Expired)
	same(t, "done exchange", b.state(done), exchange.Confirmed)
	same(t, "offer", ask[string](b, `SELECT state FROM listing WHERE id = $1`, offer), "EXPIRED")
	same(t, "letters", b.post.count(), ask[int](b, `SELECT count(*)::int FROM notification`))
	n.advance(672 * time.Hour)
	n.advance(672 * time.Hour)
	same(t, "promise that nobody came back to", ask[string](b, `SELECT state FROM ledger.hold WHERE exchange_id = $1`, accepted.ID), "EXPIRED")
	same(t, "differences in the books", b.differences(), 0)
}

func (b *testBundle) offers(m member) domain.ID {
	b.t.Helper()
	l, err := b.home.listings.Create(b.t.Context(), m.actor, listing.Create{Community: b.community, Kind: listing.Offer, Content: listing.Content{
		Title: "Bread at home", ServiceType: aType(), Level: listing.Individual, Language: "en", Visibility: listing.Inside,
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return l.ID
}

func TestTwoNodesConfirmOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	nodes := []*node{b.home.start(), b.node().start()}
	const exchanges = 8
	for range exchanges {
		b.gave(b.eloise, b.bruno)
	}
	b.clock.advance(14 * day)
	var both sync.WaitGroup
	for _, n := range nodes {
		both.Go(func() {
			if err := n.ClockMoved(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	same(t, "transfers", ask[int64](b, `SELECT count(*) FROM ledger.transfer WHERE kind = 'EXCHANGE'`), exchanges)
	same(t, "Bruno’s balance", b.balance(b.bruno), 900-exchanges*90)
	same(t, "times that Bruno was told", b.told(b.bruno, messaging.ExchangeConfirmed), exchanges)
	same(t, "differences in the books", b.differences(), 0)
}

func TestDaylightSavingKeepsTheLocalHour(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	// Montréal puts its clocks back on 1 November: fourteen days later at noon is
	// an hour more than fourteen times 24.
	noon := time.Date(2026, time.October, 25, 16, 0, 0, 0, time.UTC)
	b.clock.advance(noon.Sub(monday))
	x := b.gave(b.eloise, b.bruno)
	n.advance(14*day + time.Hour - time.Minute)
	same(t, "state at 11:59", b.state(x), exchange.Done)
	n.advance(time.Minute)
	same(t, "state at noon", b.state(x), exchange.Confirmed)
}

func TestALeaverLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	offer, kept := b.offers(b.bruno), b.offers(b.eloise)
	asked, asks, others := b.asks(b.eloise, b.bruno), b.asks(b.bruno, b.chloe), b.asks(b.chloe, b.eloise)
	if _, err := n.members.Leave(t.Context(), b.bruno.actor, b.community, ""); err != nil {
		t.Fatal(err)
	}
	n.advance(0)
	state := func(l domain.ID) string { return ask[string](b, `SELECT state FROM listing WHERE id = $1`, l) }
	same(t, "the leaver’s offer", state(offer), "ARCHIVED")
	same(t, "another’s offer", state(kept), "PUBLISHED")
	same(t, "what was asked of the leaver", b.state(asked), exchange.Cancelled)
	same(t, "what the leaver asked", b.state(asks), exchange.Cancelled)
	same(t, "what others agree", b.state(others), exchange.Proposed)
	same(t, "Éloïse is told", b.told(b.eloise, messaging.ExchangeCancelled), 1)
	same(t, "Chloe is told", b.told(b.chloe, messaging.ExchangeCancelled), 1)
	if !b.post.got("chloe@example.org", subject(i18n.English, messaging.ExchangeCancelled, "Bruno")) {
		t.Errorf("Chloe’s letters: %v", b.post.to("chloe@example.org"))
	}
	same(t, "differences in the books", b.differences(), 0)
}

func TestTheBooksAreVerifiedOncePerNight(t *testing.T) {
	t.Parallel()
	b := setup(t)
	nodes := []*node{b.home.start(), b.node().start()}
	night := func() {
		t.Helper()
		var both sync.WaitGroup
		for _, n := range nodes {
			both.Go(func() {
				if err := n.ClockMoved(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	kept := func() string {
		t.Helper()
		return ask[string](b, `SELECT string_agg(period || ' ' || (result ->> 'entries') || ' ' || (result ->> 'sum') || ' ' || jsonb_array_length(result -> 'differences'), ', ' ORDER BY period)
			FROM job_period WHERE community_id = $1 AND job = 'verify-books'`, b.community)
	}
	night()
	same(t, "kept", kept(), "2026-03-16 6 0 0")
	b.clock.advance(16*time.Hour + 59*time.Minute) // 01:59 in Montréal
	night()
	same(t, "kept before two in the morning", kept(), "2026-03-16 6 0 0")
	b.clock.advance(time.Minute)
	night()
	same(t, "kept at two", kept(), "2026-03-16 6 0 0, 2026-03-17 6 0 0")

	b.exec(`UPDATE ledger.account SET balance = balance + 30 WHERE owner_id = $1`, b.bruno.id)
	b.clock.advance(3 * day) // nights that nobody looked at are gone
	night()
	same(t, "kept after a slip", kept(), "2026-03-16 6 0 0, 2026-03-17 6 0 0, 2026-03-20 6 30 2")
	same(t, "told who watches over the server", strings.Count(b.log.String(), "the books do not add up"), 2)
	last, err := b.home.hours.LastCheck(t.Context(), b.community)
	if err != nil || last == nil || last.Differences != 2 || !last.At.Equal(b.clock.Now()) {
		t.Errorf("whoever keeps the books reads %+v (%v)", last, err)
	}
}

func TestBooksThatDifferWakeSomebody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(`UPDATE ledger.account SET balance = balance + 30 WHERE owner_id = $1`, b.bruno.id)
	b.home.start()
	b.eventually("the job failed", func() bool { return b.measures.of("verify-books") == "failed" })
	if !b.log.says("the books do not add up") || !b.log.says("the balances sum to 30 minutes") {
		t.Errorf("the log does not say why:\n%s", b.log)
	}
}

// stumbling fails in one community.
type stumbling struct {
	jobs.Exchanges
	at domain.ID
}

func (s stumbling) PassTime(ctx context.Context, community domain.ID) error {
	if community == s.at {
		panic(errors.New("it stumbled"))
	}
	return s.Exchanges.PassTime(ctx, community)
}

func TestTimePassesEverywhereElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := ask[domain.ID](b, `SELECT id FROM community`)
	x := b.asks(b.bruno, b.eloise)
	n := b.home.start(func(c *jobs.Config) { c.Exchanges = stumbling{c.Exchanges, first} })
	south, _ := b.found("sud", b.chloe.actor)
	same(t, "communities after the first", ask[int64](b, `SELECT count(*) FROM community WHERE id > $1`, first), 1)
	b.clock.advance(14 * day)
	err := n.ClockMoved(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it stumbled") || strings.Contains(err.Error(), south.String()) {
		t.Errorf("moving the clock says %v", err)
	}
	same(t, "state where it stumbled", b.state(x), exchange.Proposed)
	same(t, "nights verified", ask[int64](b, `SELECT count(*) FROM job_period WHERE job = 'verify-books' AND period = '2026-03-30'`), 2)
}

func TestOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	note := func(community domain.ID, key string, age time.Duration) {
		b.exec(`INSERT INTO idempotency (community_id, person_id, key, fingerprint, created_at) VALUES ($1, $2, $3, '', $4)`,
			community, b.bruno.actor.Person, key, b.clock.Now().Add(-age))
	}
	for _, community := range []domain.ID{b.community, domain.Nowhere} {
		note(community, "old", 31*day)
		note(community, "young", 29*day)
	}
	before := b.pruned.count()
	n.advance(0)
	same(t, "kept", ask[string](b, `SELECT string_agg(DISTINCT key, ',') FROM idempotency`), "young")
	same(t, "in both", ask[int64](b, `SELECT count(*) FROM idempotency`), 2)
	if b.pruned.count() <= before {
		t.Error("the identity room was not asked")
	}
}

func TestTheCalendarRunsByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	x := b.asks(b.bruno, b.eloise)
	b.clock.advance(14 * day)
	b.home.start()
	b.eventually("the proposal expired", func() bool { return b.state(x) == exchange.Expired })
	b.eventually("both were told", func() bool { return b.post.count() == 3 })
	b.eventually("the night is verified", func() bool {
		return ask[int64](b, `SELECT count(*) FROM job_period WHERE job = 'verify-books'`) == 1
	})
	b.eventually("what is old is forgotten", func() bool { return b.pruned.count() == 1 })
}
