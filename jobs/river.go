// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/hora-coop/hora/internal/telemetry"
)

// worker makes a River worker of a function.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	work  func(context.Context, T) error
	limit time.Duration // of one try; 0: letterLimit
}

// Work implements river.Worker.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error { return w.work(ctx, job.Args) }

// Timeout implements river.Worker.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return w.limit }

// onTheCalendar is how a scheduled job is inserted: one at a time whatever the
// number of servers, and tried once, since the next one comes by itself.
var onTheCalendar = river.InsertOpts{
	Queue:       calendar,
	MaxAttempts: 1,
	UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}},
}

// every makes a schedule that also runs when a server starts: River keeps it in
// memory only, so a restart would else put it off.
func every(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) { return args, &onTheCalendar },
		&river.PeriodicJobOpts{ID: args.Kind(), RunOnStart: true})
}

// observe measures a run and tells of failures, with no more than the job's number.
func (r *Runner) observe(ctx context.Context, job *rivertype.JobRow, run func(context.Context) error) error {
	done := func(telemetry.Outcome) {}
	if r.cfg.Measure != nil {
		done = r.cfg.Measure(job.Kind)
	}
	ctx, over := r.follow(ctx, job)
	err := func() error {
		defer over() // also when it panics, of which River makes a failure
		return run(ctx)
	}()
	if _, sleeps := errors.AsType[*rivertype.JobSnoozeError](err); err == nil || sleeps {
		done(telemetry.OK)
		return err
	}
	outcome, level := telemetry.Failed, slog.LevelError
	if _, refused := errors.AsType[*rivertype.JobCancelError](err); refused {
		outcome, level = telemetry.Refused, slog.LevelWarn
	}
	done(outcome)
	r.cfg.Logger.Log(ctx, level, "a job "+string(outcome), "job", job.Kind, "id", job.ID, "attempt", job.Attempt, "error", err)
	return err
}

// warnings lets River speak when something is wrong: it would else tell each job's
// failure a second time, as mere information.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler. What a stop cuts off is no trouble.
func (w warnings) Handle(ctx context.Context, record slog.Record) error {
	if ctx.Err() == nil {
		return w.Handler.Handle(ctx, record)
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
