// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain/community"
)

type passTimeArgs struct{}

// Kind implements river.JobArgs.
func (passTimeArgs) Kind() string { return "pass-time" }

// passTimeLimit bounds one tour; what it did not reach, the next one does.
const passTimeLimit = 5 * time.Minute

func passTimeSchedule() *river.PeriodicJob { return every(time.Minute, passTimeArgs{}) }

// passTime does what time has made due in every community. Each effect is guarded
// by the state it starts from, so two tours at once do it once.
func (r *Runner) passTime(ctx context.Context, _ passTimeArgs) error {
	return r.everywhere(ctx, func(ctx context.Context, c community.Community) error {
		return errors.Join(
			r.cfg.Members.PassTime(ctx, c.ID), // who comes of age today is on today's rolls
			r.cfg.Exchanges.PassTime(ctx, c.ID),
			r.cfg.Listings.PassTime(ctx, c.ID),
			r.cfg.Decisions.PassTime(ctx, c.ID),
			r.cfg.Cycles.PassTime(ctx, c.ID),
			r.cfg.Holds.ExpireHolds(ctx, c.ID),
			r.cfg.Milestones.PassTime(ctx, c.ID),
			r.cfg.Moderation.PassTime(ctx, c.ID),
			r.cfg.Duties.PassTime(ctx, c.ID),
		)
	})
}
