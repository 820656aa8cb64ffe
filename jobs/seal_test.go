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
	"github.com/hora-coop/hora/jobs"
)

// sealedTo are the positions that a community's seals cover, in order.
func (b *testBundle) sealedTo(community domain.ID) (sizes []int64) {
	b.t.Helper()
	return ask[[]int64](b, `SELECT coalesce(array_agg(size ORDER BY size), '{}') FROM journal.seal WHERE community_id = $1`, community)
}

func (b *testBundle) headOf(community domain.ID) int64 {
	b.t.Helper()
	return ask[int64](b, `SELECT pos FROM journal.head WHERE community_id = $1`, community)
}

func TestEachEventIsSealedOnceByTwoNodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	nodes := []*node{b.home.start(), b.node().start()}
	var both sync.WaitGroup
	for range 5 {
		x := b.gave(b.eloise, b.bruno)
		for _, n := range nodes {
			both.Go(func() {
				if err := n.ClockMoved(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		sizes := b.sealedTo(b.community)
		same(t, "sealed up to", sizes[len(sizes)-1], b.headOf(b.community))
		same(t, "the exchange", string(b.state(x)), "DONE")
	}
	before := len(b.sealedTo(b.community))
	nodes[0].advance(time.Minute)
	nodes[1].advance(time.Minute)
	same(t, "seals while nothing happens", len(b.sealedTo(b.community)), before)
	same(t, "differences in the books", b.differences(), 0)
}

func TestTheJournalIsSealedByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.home.start()
	b.eventually("it is sealed", func() bool {
		sizes := b.sealedTo(b.community)
		return len(sizes) > 0 && sizes[len(sizes)-1] == b.headOf(b.community)
	})
}

// tired is a notary who fails in one community.
type tired struct {
	jobs.Seals
	at domain.ID
}

func (s tired) Seal(ctx context.Context, community domain.ID) error {
	if community == s.at {
		panic(errors.New("it is tired"))
	}
	return s.Seals.Seal(ctx, community)
}

func TestOneJournalUnsealedKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := b.home.start(func(c *jobs.Config) { c.Seals = tired{c.Seals, b.community} })
	south, _ := b.found("sud", b.chloe.actor)
	err := n.ClockMoved(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it is tired") || strings.Contains(err.Error(), south.String()) {
		t.Errorf("moving the clock says %v", err)
	}
	same(t, "seals where it failed", len(b.sealedTo(b.community)), 0)
	sizes := b.sealedTo(south)
	same(t, "sealed elsewhere", sizes[len(sizes)-1], b.headOf(south))
	b.eventually("the failure is told", func() bool { return b.log.says("it is tired") })
}
