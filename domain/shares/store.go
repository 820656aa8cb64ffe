// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Store is what the share register needs kept. Every call runs inside InTx of the
// community. Operations, orders, confirmations and consents are only ever added.
type Store interface {
	// Hold reads the register's total and keeps other operations of the community
	// waiting until the transaction ends.
	Hold(ctx context.Context, community domain.ID) (Total, error)
	// AddOperation keeps the next operation with the total that follows from it.
	AddOperation(ctx context.Context, op Operation, then Total) error
	Operations(ctx context.Context, community domain.ID, ids []domain.ID) ([]Operation, error)
	// ListOperations reads the register newest first: all of it, or one member's.
	ListOperations(ctx context.Context, community, member domain.ID, page domain.Page) (domain.Slice[Operation], error)
	// EveryOperation reads the register in its order, until a moment; the zero time,
	// here and below, is no end.
	EveryOperation(ctx context.Context, community domain.ID, until time.Time) ([]Operation, error)

	AddOrder(ctx context.Context, o Order) error
	Orders(ctx context.Context, community domain.ID, ids []domain.ID) ([]Order, error)
	// OrdersOf reads a member's, the oldest first.
	OrdersOf(ctx context.Context, community, member domain.ID) ([]Order, error)
	// Confirm keeps one person's word on a part. Error: ConfirmedBefore.
	Confirm(ctx context.Context, p Part, community domain.ID, c Confirmation) error
	// Earlier adds up what is due by then of redemptions asked for before this one,
	// and counts those that are not paid out.
	Earlier(ctx context.Context, o Order, due time.Time) (amount int64, orders int, err error)

	// HoldingOf is what follows for a member of all operations until now.
	HoldingOf(ctx context.Context, community, member domain.ID) (Holding, error)
	// Holders reads, in the order in which they came, who held shares at a moment.
	Holders(ctx context.Context, community domain.ID, until time.Time, page domain.Page) (domain.Slice[Holding], error)
	// TotalAt is the register's total at a moment.
	TotalAt(ctx context.Context, community domain.ID, until time.Time) (Total, error)
	// Composition is the capital by category at a moment.
	Composition(ctx context.Context, community domain.ID, until time.Time) (Composition, error)

	// Holder reads a member's quality; that of an ordinary user when none was noted.
	Holder(ctx context.Context, community, member domain.ID) (Holder, error)
	SaveHolder(ctx context.Context, h Holder) error

	// Agree keeps that a member agreed to versions of texts; those agreed to before stay.
	Agree(ctx context.Context, community, member domain.ID, texts []community.SharesText, by domain.ID, at time.Time) error
	Agreed(ctx context.Context, community, member domain.ID) ([]community.SharesText, error)
}
