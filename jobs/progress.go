// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/hora-coop/hora/domain/ledger"
)

// Progress is how far a job is that goes from one thing to the next. It is kept with
// the job, as its output.
type Progress struct {
	Done int64  `json:"done"`
	All  int64  `json:"all"`
	Unit string `json:"unit"` // what is counted: communities, rows
	// Within is how far the thing is that the job is at, where that is known.
	Within *Progress `json:"within,omitempty"`
}

// String says it in a few words; nothing of a job that does not tell.
func (p *Progress) String() string {
	if p == nil {
		return ""
	}
	said := fmt.Sprintf("%d of %d %s", p.Done, p.All, p.Unit)
	if p.Within != nil {
		said += ", " + p.Within.String()
	}
	return said
}

// part is what is done of all, from 0 to 1.
func (p *Progress) part() float64 {
	if p == nil || p.All <= 0 {
		return 0
	}
	return min(1, (float64(p.Done)+p.Within.part())/float64(p.All))
}

const (
	// communities is the unit of whatever goes round them.
	communities = "communities"
	// progressPause is how often a job's progress is kept, however fast it gets on. What
	// takes less than one needs no statement.
	progressPause = time.Second
)

// run is one try of a job that tells how far it is. Without one nobody listens.
type run struct {
	keep func(Progress) error
	show func(part float64)

	mu      sync.Mutex
	now     Progress
	changed bool
	quit    chan struct{} // nil until it says anything
	ended   chan struct{}
}

type runKey struct{}

// progressOf is how a job tells how far it is; nobody listens outside of a job.
func progressOf(ctx context.Context) *run {
	r, _ := ctx.Value(runKey{}).(*run)
	return r
}

// follow lets a job tell how far it is; over says that it has run.
func (r *Runner) follow(ctx context.Context, job *rivertype.JobRow) (following context.Context, over func()) {
	one := &run{show: func(float64) {}}
	one.keep = func(p Progress) error {
		_, err := r.client.JobUpdate(ctx, job.ID, &river.JobUpdateParams{Output: p})
		return err
	}
	if r.cfg.Progress != nil {
		one.show = func(part float64) { r.cfg.Progress(job.Kind, part) }
	}
	return context.WithValue(ctx, runKey{}, one), func() {
		if last, told := one.end(); told {
			// It is kept with the job's end, which needs no statement of its own.
			if err := river.RecordOutput(ctx, last); err != nil {
				r.cfg.Logger.WarnContext(ctx, "how far a job came is not kept", "job", job.Kind, "id", job.ID, "error", err)
			}
		}
	}
}

// reached says in how many of all communities the work is done.
func (r *run) reached(done, all int) {
	if all > 0 {
		r.tell(func(p *Progress) { *p = Progress{Done: int64(done), All: int64(all), Unit: communities} })
	}
}

// within follows the thing that the job is at.
func (r *run) within(unit string) ledger.Watch {
	return func(done, all int64) {
		r.tell(func(p *Progress) { p.Within = &Progress{Done: done, All: all, Unit: unit} })
	}
}

func (r *run) tell(change func(*Progress)) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.now)
	r.changed = true
	r.show(r.now.part())
	if r.quit == nil {
		r.quit, r.ended = make(chan struct{}), make(chan struct{})
		go r.keepUp()
	}
}

// keepUp keeps what is new at each tick, beside the job, which may be long at one thing.
func (r *run) keepUp() {
	defer close(r.ended)
	tick := time.NewTicker(progressPause)
	defer tick.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-tick.C:
			r.mu.Lock()
			now, changed := r.now, r.changed
			r.changed = false
			r.mu.Unlock()
			if changed {
				_ = r.keep(now) // the next tick, or the end, says more
			}
		}
	}
}

// end stops keeping, and answers where it came to, if it told anything.
func (r *run) end() (last Progress, told bool) {
	r.mu.Lock()
	quit := r.quit
	r.mu.Unlock()
	if quit == nil {
		return last, false
	}
	close(quit)
	<-r.ended
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, true
}
