// SPDX-License-Identifier: AGPL-3.0-or-later

package simulation

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store reads the past.
type Store interface {
	// Still makes the transaction see one moment, and write nothing.
	Still(ctx context.Context) error
	Accounts(ctx context.Context, community domain.ID) ([]Account, error)
	// Moves lists every transfer from a moment on, the oldest first.
	Moves(ctx context.Context, community domain.ID, from time.Time) ([]Move, error)
	// Holdings lists who held a role, and when.
	Holdings(ctx context.Context, community domain.ID, role domain.Role) ([]Holding, error)
}
