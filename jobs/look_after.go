// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// ErrUnknown is asked for a job that is not kept, or not any more.
var ErrUnknown = errors.New("there is no such job; what is done is kept for a day, what failed for a week")

// Tried is a job as people look after it. Its arguments hold ids, and stay out.
type Tried struct {
	ID                int64      `json:"id"`
	Kind              string     `json:"kind"`
	State             string     `json:"state"` // available, running, retryable, scheduled, completed, cancelled, discarded
	Attempt, Attempts int        `json:"-"`
	Due               time.Time  `json:"due"`
	Ended             *time.Time `json:"ended,omitempty"`
	Trouble           string     `json:"trouble,omitempty"` // of the last try that failed
	Progress          *Progress  `json:"progress,omitempty"`
}

// Failed are the states of jobs that somebody should look at; Waiting of those to come.
func Failed() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateRetryable, rivertype.JobStateDiscarded, rivertype.JobStateCancelled}
}

// Waiting are the states of jobs that are to come, or run.
func Waiting() []rivertype.JobState {
	return []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStateRunning, rivertype.JobStateScheduled, rivertype.JobStatePending}
}

// Tried lists jobs, the latest first; no states are all of them.
func (r *Runner) Tried(ctx context.Context, limit int, states ...rivertype.JobState) ([]Tried, error) {
	asked := river.NewJobListParams().OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(limit)
	if len(states) > 0 {
		asked = asked.States(states...)
	}
	found, err := r.client.JobList(ctx, asked)
	if err != nil {
		return nil, fmt.Errorf("jobs: list: %w", err)
	}
	all := make([]Tried, len(found.Jobs))
	for i, j := range found.Jobs {
		all[i] = Tried{ID: j.ID, Kind: j.Kind, State: string(j.State), Attempt: j.Attempt, Attempts: j.MaxAttempts, Due: j.ScheduledAt, Ended: j.FinalizedAt}
		if n := len(j.Errors); n > 0 {
			all[i].Trouble = j.Errors[n-1].Error
		}
		if reached := new(Progress); json.Unmarshal(j.Output(), reached) == nil {
			all[i].Progress = reached
		}
	}
	return all, nil
}

// Retry has a job tried again at once, also when it was given up. Its effect happens
// once all the same.
func (r *Runner) Retry(ctx context.Context, id int64) (Tried, error) {
	j, err := r.client.JobRetry(ctx, id)
	if errors.Is(err, rivertype.ErrNotFound) {
		return Tried{}, ErrUnknown
	}
	if err != nil {
		return Tried{}, fmt.Errorf("jobs: retry: %w", err)
	}
	return Tried{ID: j.ID, Kind: j.Kind, State: string(j.State), Attempt: j.Attempt, Attempts: j.MaxAttempts, Due: j.ScheduledAt}, nil
}

// Calendar is what comes next, the earliest first, and what was done last, the latest
// first, over all communities.
func (r *Runner) Calendar(ctx context.Context, limit int) (next, last []domain.Periodic, err error) {
	err = r.everywhere(ctx, func(ctx context.Context, c community.Community) error {
		return r.cfg.Tx.InTx(ctx, c.ID, func(ctx context.Context, _ time.Time) error {
			coming, err := r.cfg.Store.Coming(ctx, c.ID, limit)
			if err != nil {
				return err
			}
			done, err := r.cfg.Store.Kept(ctx, c.ID, limit)
			for _, list := range [][]domain.Periodic{coming, done} {
				for i := range list {
					list[i].Community = c.Slug
				}
			}
			next, last = append(next, coming...), append(last, done...)
			return err
		})
	})
	slices.SortStableFunc(next, func(a, b domain.Periodic) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(last, func(a, b domain.Periodic) int { return b.At.Compare(a.At) })
	return next[:min(limit, len(next))], last[:min(limit, len(last))], err
}
