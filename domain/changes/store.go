// SPDX-License-Identifier: AGPL-3.0-or-later

package changes

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// Store reads the journal. Calls run inside InTx of the community, except Heads.
type Store interface {
	// Still makes the rest of the transaction see one moment, and change nothing.
	// It comes before anything is read.
	Still(ctx context.Context) error
	// Head is the last event's place.
	Head(ctx context.Context, community domain.ID) (Place, error)
	// From reads events in order, the one at a position first.
	From(ctx context.Context, community domain.ID, position int64, limit int) ([]Event, error)
	// Heads reads how far communities have come; it runs inside InPlatform.
	Heads(ctx context.Context, communities []domain.ID, reader string) (map[domain.ID]Heads, error)
}
