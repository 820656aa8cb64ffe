// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs_test

import (
	"context"
	"sync"
	"testing"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/jobs"
)

// slow takes its time in one community, until it may go on.
type slow struct {
	jobs.Exchanges
	at domain.ID
	on chan struct{}
}

func (s slow) PassTime(ctx context.Context, community domain.ID) error {
	if community == s.at {
		<-s.on
	}
	return s.Exchanges.PassTime(ctx, community)
}

// Whoever looks at a long job sees where it is, though the one thing that it is at
// takes long; when it has run, where it came to.
func TestALongJobTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	south, _ := b.found("sud", b.chloe.actor)
	goOn, parts := make(chan struct{}), &shown{}
	n := b.home.start(func(c *jobs.Config) {
		c.Exchanges, c.Progress = slow{c.Exchanges, south, goOn}, parts.note
	})
	look := func(states string) (said string) {
		t.Helper()
		all, err := n.Tried(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range all {
			if j.Kind == "pass-time" && j.State == states {
				said = j.Progress.String()
			}
		}
		return said
	}
	b.eventually("one of two is done", func() bool { return look("running") == "1 of 2 communities" })
	same(t, "the figure", parts.of("pass-time"), .5)
	close(goOn)
	b.eventually("both are done", func() bool { return look("completed") == "2 of 2 communities" })
	same(t, "the figure", parts.of("pass-time"), 1)
}

// shown is the last part of each job that was said to be done.
type shown struct {
	mu    sync.Mutex
	parts map[string]float64
}

func (s *shown) note(job string, part float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == nil {
		s.parts = map[string]float64{}
	}
	s.parts[job] = part
}

func (s *shown) of(job string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parts[job]
}
