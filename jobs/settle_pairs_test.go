// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// bridge is another community that Chloe founded, with mirrors both ways: ten
// hours for us, and whatever theirs lets us owe.
func (b *testBundle) bridge(weMayOwe domain.Minutes) (south domain.ID, chloe ledger.Party) {
	b.t.Helper()
	south, member := b.found("sud", b.chloe.actor)
	wide := domain.Minutes(600)
	_, err := b.home.hours.OpenMirror(b.t.Context(), b.community, south, ledger.Bilateral{TheyMayOwe: &wide, WeMayOwe: &wide})
	if err == nil {
		_, err = b.home.hours.OpenMirror(b.t.Context(), south, b.community, ledger.Bilateral{TheyMayOwe: &weMayOwe, WeMayOwe: &wide})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return south, b.party(south, member)
}

func (b *testBundle) party(community, member domain.ID) ledger.Party {
	b.t.Helper()
	return ledger.Party{Community: community, Account: ask[domain.ID](b, `SELECT id FROM ledger.account WHERE owner_id = $1`, member)}
}

// halfway is an hour for Bruno whose server died before the south could answer.
func (b *testBundle) halfway(provider ledger.Party) {
	b.t.Helper()
	_, err := b.home.hours.OpenPair(b.t.Context(), ledger.Crossing{
		ID: domain.NewID(), Receiver: b.party(b.community, b.bruno.id), Provider: provider, Minutes: 60, Actor: b.bruno.actor.Person,
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *testBundle) pairs(state ledger.PairState) int64 {
	return ask[int64](b, `SELECT count(*) FROM ledger.pair WHERE state = $1`, string(state))
}

func TestCrossingsLeftHalfwayAreFinishedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	south, chloe := b.bridge(240) // four hours, of which five are asked
	for range 5 {
		b.halfway(chloe)
	}
	nodes := []*node{b.home.start(), b.node().start()}
	same(t, "open while their server may live", b.pairs(ledger.PairOpen), 5)
	b.clock.advance(time.Minute)
	var both sync.WaitGroup
	for _, n := range nodes {
		both.Go(func() {
			if err := n.ClockMoved(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	same(t, "open", b.pairs(ledger.PairOpen), 0)
	same(t, "halves completed", b.pairs(ledger.PairCompleted), 8)
	same(t, "halves undone", b.pairs(ledger.PairUndone), 2)
	same(t, "why", ask[string](b, `SELECT DISTINCT reason FROM ledger.pair WHERE state = 'UNDONE'`), string(ledger.PartnerLimit))
	same(t, "transfers", ask[int64](b, `SELECT count(*) FROM ledger.transfer WHERE kind = 'INTERCOMMUNITY'`), 9)
	same(t, "Bruno’s balance", b.balance(b.bruno), 900-240)
	same(t, "Chloe’s balance there", ask[int64](b, `SELECT balance FROM ledger.account WHERE id = $1`, chloe.Account), 900+240)
	found, err := b.home.hours.MirrorsAgree(context.Background(), b.community, south)
	if err != nil || len(found.Differences)+len(found.Open) > 0 || found.A.Balance != 240 {
		t.Errorf("the mirrors: %+v, %v", found, err)
	}
	same(t, "differences in the books", b.differences(), 0)
	same(t, "coordinators told that hours came back", ask[string](b, `
		SELECT string_agg(n.minutes || ' of ' || m.display_name, ', ')
		  FROM notification n JOIN member m ON m.id = n.member_id WHERE n.kind = 'CROSSING_UNDONE'`), "60 of Bruno")
}

// What neither community's own books can tell, the night finds.
func TestTheNightComparesMirrors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	south, chloe := b.bridge(600)
	b.halfway(chloe)
	node := b.home.start()
	node.advance(time.Minute)
	same(t, "differences in the books", b.differences(), 0)
	// All that the south knows of the crossing is gone.
	b.exec(`DELETE FROM ledger.pair WHERE community_id = $1`, south)
	b.exec(`UPDATE ledger.account SET balance = 0, seq = 0 WHERE community_id = $1 AND kind = 'MIRROR'`, south)
	node.advance(24 * time.Hour)
	same(t, "communities whose mirrors are said to differ", ask[int64](b, `
		SELECT count(DISTINCT community_id) FROM job_period WHERE job = 'verify-books' AND result::text LIKE '%the mirror of community%'`), 2)
}

func TestACrossingIsFinishedWithoutAnybodyAsking(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, chloe := b.bridge(600)
	b.halfway(chloe)
	b.clock.advance(time.Minute)
	b.home.start()
	b.eventually("the crossing is finished", func() bool { return b.pairs(ledger.PairCompleted) == 2 })
	same(t, "Bruno’s balance", b.balance(b.bruno), 840)
}
