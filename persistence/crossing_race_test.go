// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// traffic is two villages with a few accounts each, between which hours cross
// both ways, with limits so tight that many crossings are refused on either side.
type traffic struct {
	*neighbours
	ours, theirs []domain.ID
}

func (c *country) traffic(t failer) *traffic {
	t.Helper()
	n := c.neighbours(t, trust(60, 300), trust(60, 300))
	return &traffic{n, n.north.opens(t, 5, floor(-400)), n.south.opens(t, 5, floor(-400))}
}

// some is a crossing one way or the other; now and then to nobody.
func (f *traffic) some() ledger.Crossing {
	c := f.northward(domain.Minutes(1 + rand.IntN(60)))
	c.Receiver.Account, c.Provider.Account = f.ours[rand.IntN(5)], f.theirs[rand.IntN(5)]
	if rand.IntN(20) == 0 {
		c.Provider.Account = domain.NewID()
	}
	if rand.IntN(2) == 0 {
		c.Receiver, c.Provider = c.Provider, c.Receiver
	}
	return c
}

// server is one more server, whose clock may go ahead.
func (c *country) server(t *testing.T, ahead time.Duration, o persistence.Options) *ledger.Service {
	t.Helper()
	clock := &turnedClock{}
	clock.now.Store(c.clock.Now().Add(ahead).UnixMicro())
	o.Clock = clock
	return ledger.New(c.open(t, o), persistence.LedgerStore{}, persistence.MemberStore{})
}

// settled fails unless all pairs ended, alike on both sides, and the members'
// hours are exactly what the pairs that completed say.
func (f *traffic) settled(t *testing.T) (completed, undone int64) {
	t.Helper()
	if open := f.count(t, `SELECT count(*) FROM ledger.pair WHERE state = 'OPEN'`); open != 0 {
		t.Errorf("%d pairs are still open", open)
	}
	if unlike := f.count(t, `
		SELECT count(*)
		  FROM (SELECT * FROM ledger.pair WHERE side = 'RECEIVER') r
		  FULL JOIN (SELECT * FROM ledger.pair WHERE side = 'PROVIDER') p ON p.id = r.id
		 WHERE (p.state, p.minutes, p.account_id, p.reason) IS DISTINCT FROM (r.state, r.minutes, r.partner_account_id, r.reason)`); unlike != 0 {
		t.Errorf("%d pairs ended differently on their two sides", unlike)
	}
	if wrong := f.count(t, `
		SELECT count(*)
		  FROM ledger.account a
		 WHERE a.id = ANY ($1)
		   AND a.balance <> (SELECT coalesce(sum(CASE p.side WHEN 'RECEIVER' THEN -p.minutes ELSE p.minutes END), 0)
		                       FROM ledger.pair p WHERE p.account_id = a.id AND p.state = 'COMPLETED')`, append(f.ours, f.theirs...)); wrong != 0 {
		t.Errorf("%d accounts have hours that no pair explains", wrong)
	}
	if twice := f.count(t, `
		SELECT count(*) FROM (SELECT 1 FROM ledger.transfer WHERE kind = 'INTERCOMMUNITY' AND reverses_id IS NULL
		                       GROUP BY community_id, posting_id HAVING count(*) > 1) x`); twice != 0 {
		t.Errorf("%d postings moved twice", twice)
	}
	found := f.compare(t)
	f.stand(t, found.A.Balance)
	return f.count(t, `SELECT count(*) FROM ledger.pair WHERE side = 'RECEIVER' AND state = 'COMPLETED'`),
		f.count(t, `SELECT count(*) FROM ledger.pair WHERE side = 'RECEIVER' AND state = 'UNDONE'`)
}

// TestCrossingsBothWaysAtOnce has eight callers on two servers cross hours both
// ways, every id sent twice, while two other servers with clocks an hour ahead
// finish whatever they see open, under the callers' hands. HORA_PROVE makes it longer.
func TestCrossingsBothWaysAtOnce(t *testing.T) {
	f := aCountry(t).traffic(t)
	met := &collisions{}
	callers := []*ledger.Service{f.server(t, 0, persistence.Options{Tracer: met}), f.server(t, 0, persistence.Options{Tracer: met})}
	settlers := []*ledger.Service{f.server(t, time.Hour, persistence.Options{Tracer: met}), f.server(t, time.Hour, persistence.Options{Tracer: met})}
	ctx, stop := context.WithTimeout(f.ctx, time.Duration(prove())*3*time.Second)
	defer stop()
	var all sync.WaitGroup
	var sent, compared atomic.Int64
	check := func(err error) {
		if err != nil && ctx.Err() == nil && !errors.Is(err, ledger.InsufficientHours) && !errors.Is(err, ledger.AccountClosed) {
			t.Error(err)
		}
	}
	for i := range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				c := f.some()
				var twice sync.WaitGroup
				for _, at := range []*ledger.Service{callers[i%2], callers[(i+1)%2]} {
					twice.Go(func() { _, err := at.Cross(ctx, c); check(err) })
				}
				twice.Wait()
				sent.Add(1)
			}
		})
	}
	for i, at := range settlers {
		all.Go(func() {
			for ctx.Err() == nil {
				check(errors.Join(at.SettlePairs(ctx, f.north.id), at.SettlePairs(ctx, f.south.id)))
				if i == 0 { // whatever moves, what is seen always adds up
					if found, err := f.hours.MirrorsAgree(ctx, f.north.id, f.south.id); err == nil {
						compared.Add(1)
						for _, d := range found.Differences {
							t.Error(d)
						}
					}
				}
			}
		})
	}
	all.Wait()
	f.settle(t)
	if met.n.Load() != 0 {
		t.Errorf("%d deadlocks or serialization failures", met.n.Load())
	}
	completed, undone := f.settled(t)
	if completed == 0 || undone == 0 || compared.Load() == 0 {
		t.Errorf("the test saw too little: %d completed, %d undone, %d compared", completed, undone, compared.Load())
	}
	t.Logf("%d crossings sent twice: %d completed, %d undone; compared %d times meanwhile", sent.Load(), completed, undone, compared.Load())
}

// settle does as the job would in a while.
func (f *traffic) settle(t *testing.T) {
	t.Helper()
	f.clock.advance(time.Minute)
	for _, v := range []*village{f.north, f.south} {
		if err := f.hours.SettlePairs(f.ctx, v.id); err != nil {
			t.Fatal(err)
		}
	}
}

// trafficVariable makes the test binary a server to be killed: the database, the
// two villages and their accounts.
const trafficVariable = "HORA_TEST_TRAFFIC"

// TestServerToBeKilled is no test: TestAServerKilledBetweenTheHalves runs it as a
// process of its own. It says which crossing it will send, and how it ended.
func TestServerToBeKilled(t *testing.T) {
	said, ok := os.LookupEnv(trafficVariable)
	if !ok {
		t.Skip("run by TestAServerKilledBetweenTheHalves")
	}
	words := strings.Fields(said)
	read := func(i int) domain.ID {
		id, err := uuid.Parse(words[i])
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	c := &country{ctx: context.Background(), url: words[0], clock: &turnedClock{}}
	c.clock.now.Store(dawn.UnixMicro())
	c.hours = c.server(t, 0, persistence.Options{})
	f := &traffic{neighbours: &neighbours{country: c, north: &village{id: read(1)}, south: &village{id: read(2)}}}
	for i := range 5 {
		f.ours, f.theirs = append(f.ours, read(3+i)), append(f.theirs, read(8+i))
	}
	for range 4 {
		go func() {
			for {
				x := f.some()
				fmt.Printf("sends %s\n", x.ID)
				pair, err := c.hours.Cross(c.ctx, x)
				fmt.Printf("ended %s %s %v\n", x.ID, pair.State, err)
			}
		}()
	}
	select {}
}

// TestAServerKilledBetweenTheHalves kills a server with SIGKILL twenty times amid
// crossings. What it said had ended has; all else ends by the job, on both sides
// alike, and no hour is lost. HORA_PROVE multiplies the kills.
func TestAServerKilledBetweenTheHalves(t *testing.T) {
	f := aCountry(t).traffic(t)
	words := []any{f.url, f.north.id, f.south.id}
	for _, id := range append(append([]domain.ID{}, f.ours...), f.theirs...) {
		words = append(words, id)
	}
	said := strings.TrimSpace(fmt.Sprintln(words...))
	var sent, left, before int64
	ended := map[string]string{}
	for kill := range 20 * prove() {
		for id, state := range f.servedUntilKilled(t, said) {
			if sent++; state != "" {
				ended[id] = state
			}
		}
		f.quiet(t)
		open := f.count(t, `SELECT count(*) FROM ledger.pair WHERE state = 'OPEN'`)
		left, before = left+open-before, open
		if found := f.compare(t); len(found.Differences) > 0 {
			t.Errorf("after kill %d the mirrors differ and open pairs do not say why: %q", kill+1, found.Differences)
		}
		if kill%3 != 2 { // sometimes the next server dies as well before the job comes
			continue
		}
		f.settle(t)
		before = 0
	}
	f.settle(t)
	completed, undone := f.settled(t)
	for id, state := range ended {
		n := f.count(t, `SELECT count(*) FROM ledger.pair WHERE id = $1 AND side = 'RECEIVER' AND state = $2`, id, state)
		if n != 1 {
			t.Errorf("pair %s was said to be %s", id, state)
		}
	}
	if left == 0 || len(ended) == 0 {
		t.Errorf("the kills never came in between: %d left open, %d ended", left, len(ended))
	}
	t.Logf("%d crossings sent, %d said to have ended, %d found open after a kill; in the end %d completed, %d undone", sent, len(ended), left, completed, undone)
}

// servedUntilKilled runs a server for a moment, and gives the crossings that it
// sent with how it said they ended.
func (f *traffic) servedUntilKilled(t *testing.T, said string) map[string]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerToBeKilled$")
	cmd.Env = append(os.Environ(), trafficVariable+"="+said)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }) // never outlive the test
	crossings := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) == 2 && words[0] == "sends":
			if len(crossings) == 0 {
				time.AfterFunc(time.Duration(20+rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
			crossings[words[1]] = ""
		case len(words) > 3 && words[0] == "ended" && (words[2] == "COMPLETED" || words[2] == "UNDONE"):
			crossings[words[1]] = words[2]
		}
	}
	_ = cmd.Wait() // it was killed
	return crossings
}

// quiet waits until the database has noticed that the killed server is gone.
func (f *traffic) quiet(t *testing.T) {
	t.Helper()
	for range 500 {
		if f.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the killed server's transactions never ended")
}
