// SPDX-License-Identifier: AGPL-3.0-or-later

package statement

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Store is what a statement reads. Every call runs inside InTx of the community.
type Store interface {
	// Totals finds a period's span and balances, and what moved in it per reason
	// and type of service, all at one moment. Error: NotFound.
	Totals(ctx context.Context, community, account domain.ID, period ledger.Period) (Totals, []Sum, error)
	// Lines reads a span's first lines, oldest first.
	Lines(ctx context.Context, community, account domain.ID, span ledger.Span, limit int) ([]Line, error)
}
