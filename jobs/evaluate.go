// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Ways is what members' doings lead to.
type Ways interface {
	// Derive keeps what events say of members, inside the relay's transaction.
	Derive(ctx context.Context, events []domain.RecordedEvent) error
	// Evaluate moves participation by what is known until a moment, inside the
	// caller's transaction; day is the one it is done for.
	Evaluate(ctx context.Context, community domain.ID, day, until time.Time) error
}

type evaluateArgs struct{}

// Kind implements river.JobArgs.
func (evaluateArgs) Kind() string { return "evaluate-members" }

// evaluateLimit is generous: a hundred thousand members take seconds.
const evaluateLimit = 10 * time.Minute

// Nights differ from community to community, so it asks often; each has one
// evaluation per night.
func evaluateSchedule() *river.PeriodicJob { return every(10*time.Minute, evaluateArgs{}) }

// evaluate looks at the members of every community where the current day's
// evaluation is missing.
func (r *Runner) evaluate(ctx context.Context, _ evaluateArgs) error {
	return r.everywhere(ctx, r.evaluateOnce)
}

// evaluateOnce evaluates a community's members as of the beginning of its day,
// once: the note of the day commits with all that follows, so that a server that
// dies half-way has done nothing, and two that begin at once do it one time.
func (r *Runner) evaluateOnce(ctx context.Context, c community.Community) error {
	job, day, until, done := evaluateArgs{}.Kind(), time.Time{}, time.Time{}, false
	err := r.cfg.Tx.InTx(ctx, c.ID, func(ctx context.Context, now time.Time) (err error) {
		day, until = daysWork(now, c.Zone())
		done, err = r.cfg.Store.Done(ctx, c.ID, job, day.Format(time.DateOnly))
		return err
	})
	if err != nil || done {
		return err
	}
	// All that happened before the day began must have been derived.
	if err := r.relay.forward(ctx, ctx, c.ID); err != nil {
		return err
	}
	return r.cfg.Tx.InTx(ctx, c.ID, func(ctx context.Context, now time.Time) error {
		first, err := r.cfg.Store.Keep(ctx, c.ID, job, day.Format(time.DateOnly), now, struct {
			Until time.Time `json:"until"`
		}{until})
		if err != nil || !first {
			return err
		}
		return r.cfg.Ways.Evaluate(ctx, c.ID, day, until)
	})
}

// daysWork is the day to which a moment belongs for what is done at night, at
// midnight UTC, and the moment when it began there.
func daysWork(now time.Time, zone *time.Location) (day, began time.Time) {
	day, _ = time.Parse(time.DateOnly, booksDay(now, zone)) // just written
	return day, domain.OnTheWall(day, quietHour, zone)
}
