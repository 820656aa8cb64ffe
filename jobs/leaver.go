// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"

	"github.com/hora-coop/hora/domain"
)

// leaverArgs names a member who left.
type leaverArgs struct {
	Community domain.ID `json:"community"`
	Member    domain.ID `json:"member"`
}

// Kind implements river.JobArgs.
func (leaverArgs) Kind() string { return "leaver" }

// seeOff takes a leaver's listings away, withdraws their proposals, so that nobody
// waits for them, and asks for their shares to be bought back. What is already gone
// stays gone: it may run again.
func (r *Runner) seeOff(ctx context.Context, args leaverArgs) error {
	return errors.Join(
		r.cfg.Listings.ArchiveOf(ctx, args.Community, args.Member),
		r.cfg.Exchanges.CancelProposalsOf(ctx, args.Community, args.Member),
		r.cfg.Shares.SeeOff(ctx, args.Community, args.Member),
	)
}

// wardArgs names a minor whose guardian withdrew their consent.
type wardArgs struct {
	Community domain.ID `json:"community"`
	Member    domain.ID `json:"member"`
}

// Kind implements river.JobArgs.
func (wardArgs) Kind() string { return "ward" }

// callOff calls off what a minor may not do for now. What is off already stays so: it
// may run again.
func (r *Runner) callOff(ctx context.Context, args wardArgs) error {
	return errors.Join(r.cfg.Exchanges.CallOffOf(ctx, args.Community, args.Member), r.cfg.Duties.CallOffOf(ctx, args.Community, args.Member))
}
