// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/internal/mail"
	"github.com/hora-coop/hora/jobs"
)

func TestAProposalIsToldOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.home.start(), b.node().start()

	const proposals = 30
	var busy sync.WaitGroup
	stop := make(chan struct{})
	for _, n := range []*node{here, there} {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					n.Wake(b.community)
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	for range proposals {
		b.asks(b.bruno, b.eloise)
	}
	b.eventually("all letters are there", func() bool { return b.post.count() >= proposals })
	close(stop)
	busy.Wait()
	if err := here.ClockMoved(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "Éloïse’s notifications", b.told(b.eloise, messaging.ExchangeProposed), proposals)
	same(t, "Éloïse’s letters", len(b.post.to("eloise@example.org")), proposals)
	same(t, "Bruno’s letters", len(b.post.to("bruno@example.org")), 0)
	same(t, "waiting time", here.RelayLag(), 0)
	if b.log.String() != "" {
		t.Errorf("something was logged: %s", b.log)
	}
	args := ask[string](b, `SELECT string_agg(DISTINCT k, ',') FROM river.river_job, jsonb_object_keys(args) k WHERE kind = 'letter'`)
	same(t, "what a job says", args, "community,notification")
}

func TestLettersSpeakTheirReadersLanguage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start()
	x := b.asks(b.bruno, b.eloise)
	b.asks(b.eloise, b.bruno)
	n.advance(0)
	same(t, "letters", b.post.count(), 2)
	service, _ := listing.TypeByCode(x.ServiceType)
	texts := map[string]string{}
	for _, m := range b.post.letters {
		texts[m.To] = m.Subject + "\n" + m.Text
	}
	for address, parts := range map[string][]string{
		"eloise@example.org": {subject(i18n.French, messaging.ExchangeProposed, "Bruno") + "\n", "Bonjour Éloïse,\n\n", service.French, "1\u00a0h", "https://hora.example/nord\n\n"},
		"bruno@example.org":  {subject(i18n.English, messaging.ExchangeProposed, "Éloïse") + "\n", "Hello Bruno,\n\n", service.English, "1 h", "https://hora.example/nord\n\n"},
	} {
		for _, part := range parts {
			if !strings.Contains(texts[address], part) {
				t.Errorf("%s: %q lacks %q", address, texts[address], part)
			}
		}
		if strings.Contains(texts[address], "<no value>") || strings.Contains(texts[address], x.ServiceType) {
			t.Errorf("%s: %q", address, texts[address])
		}
	}
}

// dyingTx loses its transactions at the last moment: all is written, and the
// server is gone before it commits.
type dyingTx struct {
	domain.Tx
	deaths  atomic.Int32
	written atomic.Int32
}

func (d *dyingTx) InTx(ctx context.Context, community domain.ID, fn func(context.Context, time.Time) error) error {
	ctx, die := context.WithCancel(ctx)
	defer die()
	return d.Tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		err := fn(ctx, now)
		d.written.Add(1)
		if community != domain.Nowhere && d.deaths.Add(-1) >= 0 {
			die()
		}
		return err
	})
}

func TestARelayThatDiesNeitherLosesNorDoubles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 5 {
		b.asks(b.bruno, b.eloise)
	}
	dying := &dyingTx{Tx: b.home.db}
	dying.deaths.Store(2)
	n := b.home.start(func(c *jobs.Config) { c.Tx, c.InsertOnly = dying, true })
	b.eventually("it died twice", func() bool { return dying.deaths.Load() <= 0 })
	b.eventually("the events waited", func() bool { return strings.Count(b.log.String(), "wait to be relayed") == 2 })

	b.node().start()
	b.eventually("the letters are there", func() bool { return b.post.count() == 5 })
	b.eventually("nothing waits any more", func() bool { return n.RelayLag() == 0 })
	if err := n.ClockMoved(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "notifications", b.told(b.eloise, messaging.ExchangeProposed), 5)
	same(t, "letters", len(b.post.to("eloise@example.org")), 5)
}

// Of letters there may be thousands: what somebody waits for goes before them.
func TestWhatSomebodyWaitsForGoesBeforeLetters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 40 {
		b.asks(b.chloe, b.eloise)
	}
	b.asks(b.eloise, b.bruno)
	n := b.home.start(func(c *jobs.Config) { c.InsertOnly = true })
	b.eventually("the letters wait", func() bool { return ask[int64](b, `SELECT count(*) FROM river.river_job WHERE kind = 'letter'`) == 41 })
	if _, err := n.members.Leave(t.Context(), b.bruno.actor, b.community, ""); err != nil {
		t.Fatal(err)
	}
	b.eventually("the leaver waits behind them", func() bool { return ask[int64](b, `SELECT count(*) FROM river.river_job WHERE kind = 'leaver'`) == 1 })

	b.node().start()
	b.eventually("all was done", func() bool {
		return ask[bool](b, `SELECT bool_and(state = 'completed') AND count(*) > 41 FROM river.river_job WHERE queue = 'default'`)
	})
	same(t, "letters that went before", ask[int64](b, `
		SELECT count(*) FROM river.river_job letter JOIN river.river_job leaver ON leaver.kind = 'leaver'
		 WHERE letter.kind = 'letter' AND letter.attempted_at < leaver.attempted_at`), 0)
}

func TestOneCommunitysTroubleIsNotTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.asks(b.bruno, b.eloise)
	// An event that nobody can read, in a community that comes first.
	good := ask[[]byte](b, `SELECT body FROM journal.event WHERE kind = 'EXCHANGE_PROPOSED'`)
	b.exec(`UPDATE journal.event SET body = '{"payload":[]}' WHERE kind = 'EXCHANGE_PROPOSED'`)
	south, _ := b.found("sud", b.chloe.actor)
	if _, err := b.home.members.Apply(t.Context(), b.bruno.actor, applyTo(south)); err != nil {
		t.Fatal(err)
	}
	n := b.home.start()
	b.eventually("the south is told", func() bool { return b.told(b.chloe, messaging.MemberApplied) == 1 })
	b.eventually("it is logged", func() bool { return b.log.says("wait to be relayed") })
	b.clock.advance(time.Hour)
	same(t, "waiting time", n.RelayLag(), time.Hour)
	if err := n.ClockMoved(t.Context()); err == nil || !strings.Contains(err.Error(), b.community.String()) {
		t.Errorf("moving the clock says %v", err)
	}
	same(t, "Éloïse’s notifications", b.told(b.eloise, messaging.ExchangeProposed), 0)

	b.exec(`UPDATE journal.event SET body = $1 WHERE kind = 'EXCHANGE_PROPOSED'`, good)
	b.eventually("the north goes on", func() bool { return n.RelayLag() == 0 })
	same(t, "Éloïse’s notifications once it can be read", b.told(b.eloise, messaging.ExchangeProposed), 1)
}

func TestALetterIsTriedAgainUnlessRefusedForGood(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var once atomic.Bool
	b.post.trouble = func(_ context.Context, m mail.Message) error {
		switch {
		case m.To == "chloe@example.org":
			return mail.ErrRefused
		case once.CompareAndSwap(false, true):
			return errors.New("the mail server is asleep")
		}
		return nil
	}
	b.home.start()
	b.asks(b.bruno, b.eloise)
	b.asks(b.bruno, b.chloe)
	b.eventually("Éloïse got hers", func() bool {
		return b.post.got("eloise@example.org", subject(i18n.French, messaging.ExchangeProposed, "Bruno"))
	})
	same(t, "tries", b.post.tried(), 3)
	b.eventually("the other is given up", func() bool {
		return ask[string](b, `SELECT string_agg(state::text, ',' ORDER BY id) FROM river.river_job WHERE kind = 'letter'`) == "completed,cancelled"
	})
	same(t, "measured", b.measures.of("letter"), "failed,ok,refused")
	for _, line := range []string{"level=ERROR msg=\"a job failed\"", "level=WARN msg=\"a job refused\""} {
		if strings.Count(b.log.String(), line) != 1 {
			t.Errorf("the log has not one %q:\n%s", line, b.log)
		}
	}
	if strings.Contains(b.log.String(), "example.org") {
		t.Errorf("the log names somebody:\n%s", b.log)
	}
}

func TestWhoHasNoAddressGetsNoLetter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(`UPDATE person SET email = NULL WHERE id = $1`, b.eloise.actor.Person)
	n := b.home.start()
	b.asks(b.bruno, b.eloise)
	n.advance(0)
	same(t, "notifications", b.told(b.eloise, messaging.ExchangeProposed), 1)
	same(t, "letters tried", b.post.tried(), 0)
}

func TestANodeWithoutWorkersOnlyInserts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start(func(c *jobs.Config) { c.InsertOnly = true })
	b.asks(b.bruno, b.eloise)
	n.advance(0)
	same(t, "notifications", b.told(b.eloise, messaging.ExchangeProposed), 1)
	same(t, "letters", b.post.count(), 0)
	same(t, "jobs", ask[int64](b, `SELECT count(*) FROM river.river_job WHERE state = 'available'`), 1)

	b.node().start()
	b.eventually("a worker sends it", func() bool { return b.post.count() == 1 })
}

func TestStoppingLetsARunningJobFinish(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun, end := make(chan struct{}), make(chan struct{})
	b.post.trouble = func(context.Context, mail.Message) error {
		close(begun)
		<-end
		return nil
	}
	n := b.home.start()
	b.asks(b.bruno, b.eloise)
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- n.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(end)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	same(t, "letters", b.post.count(), 1)
	same(t, "finished", ask[int64](b, `SELECT count(*) FROM river.river_job WHERE kind = 'letter' AND state = 'completed'`), 1)

	b.asks(b.bruno, b.eloise)
	n.Wake(b.community)
	time.Sleep(2 * 500 * time.Millisecond)
	same(t, "notifications after the end", b.told(b.eloise, messaging.ExchangeProposed), 1)
}

func TestStoppingCutsOffWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := make(chan struct{}, 1)
	b.post.trouble = func(ctx context.Context, _ mail.Message) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	n := b.home.start()
	b.asks(b.bruno, b.eloise)
	<-begun
	patience, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := n.Stop(patience); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stop says %v", err)
	}
	b.post.trouble = nil
	b.node().start()
	b.eventually("another server sends it", func() bool { return b.post.count() == 1 })
}
