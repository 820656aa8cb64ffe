// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

const (
	// Reader is the relay's name in the journal. Changing it would tell everything
	// that ever happened a second time.
	Reader = "relay"
	// atOnce bounds one transaction of the relay.
	atOnce = 200
	// pulse is how often a node looks for what others committed.
	pulse = 500 * time.Millisecond
	// longestPause bounds, in pulses, how long a community that fails is left alone.
	longestPause = 64
)

// relay turns events into notifications and jobs: one per node, each at any
// community. The cursor commits with what was derived, and whoever holds it
// makes the others wait, so each event is told exactly once.
type relay struct {
	cfg    Config
	client *river.Client[pgx.Tx]

	poked chan struct{} // holds at most one
	mu    sync.Mutex
	woken map[domain.ID]bool
	late  map[domain.ID]late // communities with events that wait; Nowhere when we cannot look

	quit, cut func() // no further transaction; not even the running one
	ended     chan struct{}
}

// late is a community whose events wait.
type late struct {
	since    time.Time
	failures int
	pause    int // pulses left until the next try
}

func newRelay(cfg Config, client *river.Client[pgx.Tx]) *relay {
	return &relay{
		cfg: cfg, client: client, poked: make(chan struct{}, 1),
		woken: make(map[domain.ID]bool), late: make(map[domain.ID]late),
	}
}

func (r *relay) wake(community domain.ID) {
	r.mu.Lock()
	r.woken[community] = true
	r.mu.Unlock()
	select {
	case r.poked <- struct{}{}:
	default: // a round is coming anyway
	}
}

func (r *relay) start(ctx context.Context) {
	work, cut := context.WithCancel(ctx)
	until, quit := context.WithCancel(work)
	r.quit, r.cut, r.ended = quit, cut, make(chan struct{})
	go func() {
		defer close(r.ended)
		r.run(work, until)
	}()
}

// stop lets the running transaction finish, as long as ctx lasts.
func (r *relay) stop(ctx context.Context) error {
	if r.quit == nil {
		return nil
	}
	r.quit()
	defer r.cut()
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		r.cut()
		<-r.ended // the transaction ends with its context
		return ctx.Err()
	}
}

func (r *relay) run(work, until context.Context) {
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for until.Err() == nil {
		select {
		case <-until.Done():
		case <-r.poked:
			r.round(work, until, r.takeWoken())
		case <-tick.C:
			behind, err := r.behind(work)
			if err != nil {
				r.cfg.Logger.ErrorContext(work, "the relay cannot look for new events", "error", err)
			}
			r.round(work, until, behind)
		}
	}
}

func (r *relay) takeWoken() []domain.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	var communities []domain.ID
	for c := range r.woken {
		if r.late[c].pause == 0 { // one that fails waits for its turn
			communities = append(communities, c)
		}
	}
	clear(r.woken)
	return communities
}

// behind finds the communities with something new whose turn it is.
func (r *relay) behind(ctx context.Context) ([]domain.ID, error) {
	all, err := r.look(ctx)
	if err != nil {
		r.note(domain.Nowhere, err)
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// What another node has relayed meanwhile is late no more.
	still := make(map[domain.ID]late, len(all))
	var turn []domain.ID
	for _, c := range all {
		l, known := r.late[c]
		if !known {
			l.since = r.cfg.Clock.Now()
		}
		l.pause = max(l.pause-1, 0)
		if l.pause == 0 {
			turn = append(turn, c)
		}
		still[c] = l
	}
	r.late = still
	return turn, nil
}

func (r *relay) look(ctx context.Context) ([]domain.ID, error) {
	var all []domain.ID
	err := r.cfg.Tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		all, err = r.cfg.Journal.Behind(ctx, Reader)
		return err
	})
	return all, err
}

// round relays what each community has, and puts off those that fail.
func (r *relay) round(work, until context.Context, communities []domain.ID) {
	for _, c := range communities {
		if until.Err() != nil {
			return
		}
		err := r.forward(work, until, c)
		failures := r.note(c, err)
		if err != nil && work.Err() == nil {
			r.cfg.Logger.ErrorContext(work, "events of a community wait to be relayed", "community", c, "failures", failures, "error", err)
		}
	}
}

// note remembers how a community went.
func (r *relay) note(community domain.ID, err error) (failures int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		delete(r.late, community)
		return 0
	}
	l, known := r.late[community]
	if !known {
		l.since = r.cfg.Clock.Now()
	}
	l.failures++
	l.pause = min(1<<min(l.failures, 10), longestPause)
	r.late[community] = l
	return l.failures
}

// drain relays until no community has anything new, and says whether there was any.
func (r *relay) drain(ctx context.Context) (relayed bool, err error) {
	for {
		behind, err := r.look(ctx)
		if err != nil || len(behind) == 0 {
			return relayed, err
		}
		relayed = true
		var errs []error
		for _, c := range behind {
			err := r.forward(ctx, ctx, c)
			r.note(c, err)
			if err != nil {
				errs = append(errs, fmt.Errorf("community %s: %w", c, err))
			}
		}
		if err := errors.Join(errs...); err != nil {
			return relayed, err
		}
	}
}

// forward relays all that a community has.
func (r *relay) forward(work, until context.Context, community domain.ID) error {
	for until.Err() == nil {
		n := 0
		err := guarded(func() (err error) {
			n, err = r.batch(work, community)
			return err
		})
		if err != nil || n < atOnce {
			return err
		}
	}
	return nil
}

// batch derives a stretch of events in one transaction: notifications, jobs and
// the cursor stand or fall together.
func (r *relay) batch(ctx context.Context, community domain.ID) (n int, err error) {
	err = r.cfg.Tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		events, err := r.cfg.Journal.Next(ctx, community, Reader, atOnce)
		n = len(events)
		if err != nil || n == 0 {
			return err
		}
		if err := r.cfg.Milestones.Derive(ctx, events); err != nil {
			return err
		}
		if err := r.cfg.Ways.Derive(ctx, events); err != nil {
			return err
		}
		if err := r.cfg.Webhooks.Derive(ctx, community, events); err != nil {
			return err
		}
		notes, err := r.cfg.Messages.Derive(ctx, events)
		if err != nil {
			return err
		}
		var work []river.InsertManyParams
		for _, note := range notes {
			work = append(work, river.InsertManyParams{Args: letterArgs{Community: community, Notification: note.ID}})
		}
		for _, e := range events {
			if e.Kind == membership.Gone || e.Kind == membership.NotAdmitted {
				work = append(work, river.InsertManyParams{Args: leaverArgs{Community: community, Member: e.Subject}})
			}
			if e.Kind == membership.MinorRecorded || e.Kind == membership.ConsentWithdrawn || e.Kind == membership.GuardianWithdrew {
				work = append(work, river.InsertManyParams{Args: wardArgs{Community: community, Member: e.Subject}})
			}
		}
		if len(work) > 0 {
			if _, err := r.client.InsertManyTx(ctx, r.cfg.PgxTx(ctx), work); err != nil {
				return fmt.Errorf("insert jobs: %w", err)
			}
		}
		return r.cfg.Journal.Advance(ctx, community, Reader, events[n-1].Position)
	})
	return n, err
}

func (r *relay) lag() time.Duration {
	now := r.cfg.Clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var longest time.Duration
	for _, l := range r.late {
		longest = max(longest, now.Sub(l.since))
	}
	return longest
}
