// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

type sealArgs struct{}

// Kind implements river.JobArgs.
func (sealArgs) Kind() string { return "seal" }

// sealLimit leaves time to seal a large journal for the first time; where it did
// not come to the end, the next tour goes on.
const sealLimit = 10 * time.Minute

func sealSchedule() *river.PeriodicJob { return every(time.Minute, sealArgs{}) }

// seal puts what happened since the last seal under a new one, in the communities
// where something did. The notary sees to it that two tours at once do it once.
func (r *Runner) seal(ctx context.Context, _ sealArgs) error {
	var unsealed []domain.ID
	err := r.cfg.Tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		unsealed, err = r.cfg.Journal.Behind(ctx, ledger.SealReader)
		return err
	})
	errs, told := []error{err}, progressOf(ctx)
	for i, id := range unsealed {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		told.reached(i, len(unsealed))
		if err := guarded(func() error { return r.cfg.Seals.Seal(ctx, id) }); err != nil {
			errs = append(errs, fmt.Errorf("community %s: %w", id, err))
		}
	}
	told.reached(len(unsealed), len(unsealed))
	return errors.Join(errs...)
}
