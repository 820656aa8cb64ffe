// SPDX-License-Identifier: AGPL-3.0-or-later

package activity

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// Store is what activities need kept. Every call runs inside InTx of the community.
type Store interface {
	Add(ctx context.Context, a Activity) error
	// Decide saves the answer to an activity that is still LOGGED. Error: WrongState,
	// when somebody was quicker.
	Decide(ctx context.Context, a Activity) error
	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Activity, error)
	List(ctx context.Context, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Activity], error)
}
