// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain/community"
)

type settlePairsArgs struct{}

// Kind implements river.JobArgs.
func (settlePairsArgs) Kind() string { return "settle-pairs" }

// settlePairsLimit bounds one tour; what it did not reach, the next one does.
const settlePairsLimit = 5 * time.Minute

func settlePairsSchedule() *river.PeriodicJob { return every(time.Minute, settlePairsArgs{}) }

// settlePairs finishes the crossings between communities that a server which died
// left half done. The provider's ledger answers a pair once and for all, so
// however many servers ask, all follow the same answer.
func (r *Runner) settlePairs(ctx context.Context, _ settlePairsArgs) error {
	return r.everywhere(ctx, func(ctx context.Context, c community.Community) error {
		return r.cfg.Pairs.SettlePairs(ctx, c.ID)
	})
}
