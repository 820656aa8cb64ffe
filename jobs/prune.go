// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

type pruneArgs struct{}

// Kind implements river.JobArgs.
func (pruneArgs) Kind() string { return "prune" }

const (
	pruneLimit = 10 * time.Minute
	// keysKept is how long a retry of the same intention is recognised: a phone may
	// have been in a drawer for some weeks.
	keysKept = 30 * 24 * time.Hour
)

// Forgetting twice is forgetting once, so no period is kept.
func pruneSchedule() *river.PeriodicJob { return every(24*time.Hour, pruneArgs{}) }

// prune forgets what no longer matters, in the communities and on the platform.
func (r *Runner) prune(ctx context.Context, _ pruneArgs) error {
	forget := func(ctx context.Context, id domain.ID) error {
		return r.cfg.Tx.InTx(ctx, id, func(ctx context.Context, now time.Time) error {
			return r.cfg.Store.ForgetKeys(ctx, id, now.Add(-keysKept))
		})
	}
	err := r.everywhere(ctx, func(ctx context.Context, c community.Community) error {
		return errors.Join(forget(ctx, c.ID), r.cfg.Webhooks.Forget(ctx, c.ID))
	})
	if platform := errors.Join(forget(ctx, domain.Nowhere), r.cfg.Identity.Prune(ctx)); platform != nil {
		err = errors.Join(err, fmt.Errorf("platform: %w", platform))
	}
	return err
}
