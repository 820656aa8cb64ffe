// SPDX-License-Identifier: AGPL-3.0-or-later

package vitality

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Store counts. Every call runs inside InTx of the community. Bounds are moments in
// order: from the first until before the second lies the period before; those between
// any two of the others are the months, and make the period.
type Store interface {
	// Flows adds up what was exchanged; days are of a zone's calendar.
	Flows(ctx context.Context, community domain.ID, bounds []time.Time, zone string) (Flows, error)
	// Movements counts who came and went, in the period before and in each month.
	Movements(ctx context.Context, community domain.ID, bounds []time.Time) ([]Movement, error)
	// Families adds up what was exchanged in a period by family of services, in the order of their codes.
	Families(ctx context.Context, community domain.ID, period ledger.Period) ([]FamilyFlow, error)
	// Today counts, at a moment, what nobody agreed to since one, and who exchanged
	// nothing since another.
	Today(ctx context.Context, community domain.ID, unmetSince, quietSince time.Time) (Today, error)
}
