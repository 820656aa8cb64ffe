// SPDX-License-Identifier: AGPL-3.0-or-later

package workshop

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// Store is what sessions need kept. Every call runs inside InTx of the community.
type Store interface {
	Add(ctx context.Context, s Session) error
	// Save changes a session that is still at its version, which it raises.
	// Error: StaleVersion.
	Save(ctx context.Context, s Session) (Session, error)
	// Lock holds a session still until the transaction ends, so that its last seat
	// is given once. Error: NotFound.
	Lock(ctx context.Context, community, id domain.ID) (Session, error)
	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Session, error)
	List(ctx context.Context, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Session], error)

	// Seats lists those of some sessions, in the order of joining.
	Seats(ctx context.Context, community domain.ID, sessions []domain.ID) ([]Seat, error)
	// SaveSeats keeps seats, new or changed.
	SaveSeats(ctx context.Context, seats []Seat) error
}
