// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain/community"
)

type sweepPhotosArgs struct{}

// Kind implements river.JobArgs.
func (sweepPhotosArgs) Kind() string { return "sweep-photos" }

const sweepPhotosLimit = 10 * time.Minute

func sweepPhotosSchedule() *river.PeriodicJob { return every(time.Hour, sweepPhotosArgs{}) }

// sweepPhotos removes pictures that nothing has shown for a day. Removing twice is
// removing once, so no period is kept.
func (r *Runner) sweepPhotos(ctx context.Context, _ sweepPhotosArgs) error {
	return r.everywhere(ctx, func(ctx context.Context, c community.Community) error { return r.cfg.Photos.Sweep(ctx, c.ID) })
}
