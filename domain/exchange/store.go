// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what exchanges need kept. Every call runs inside InTx of the community.
type Store interface {
	// Add keeps a new exchange with its first step, and gives it the community's next number.
	Add(ctx context.Context, x Exchange, first Step) (Exchange, error)
	// AddAll keeps many at once, each with its first step, and numbers them in order.
	AddAll(ctx context.Context, all []Exchange, first []Step) ([]Exchange, error)
	// Move saves an exchange that was still in the state it was read in and at
	// its version, which it raises, and notes the step. Error: WrongState, when
	// somebody was quicker.
	Move(ctx context.Context, from State, x Exchange, s Step) (Exchange, error)

	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Exchange, error)
	List(ctx context.Context, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Exchange], error)
	Count(ctx context.Context, community domain.ID, filter Filter) (int, error)
	Steps(ctx context.Context, community domain.ID, exchanges []domain.ID) ([]Step, error)

	// Prolong lets a member's proposals, made and received, wait until a moment at least.
	Prolong(ctx context.Context, community, member domain.ID, until time.Time) error

	// What time has made due, oldest first. Unanswered are none of who is suspended.
	Unanswered(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Exchange, error)
	Unconfirmed(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Exchange, error)
	// Unreminded are done exchanges whose confirmation is near: half the delay
	// gone (none told yet) or one day left (one told).
	Unreminded(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Exchange, error)
}
