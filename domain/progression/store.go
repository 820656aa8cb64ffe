// SPDX-License-Identifier: AGPL-3.0-or-later

package progression

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Store is what progression needs kept. Every call runs inside InTx of the community.
type Store interface {
	// Append keeps contributions; those that are there already stay as they are.
	Append(ctx context.Context, all []Contribution) error
	Contributions(ctx context.Context, community domain.ID, ids []domain.ID) ([]Contribution, error)
	// Latest reads a member's contributions of some kinds since a moment that were
	// not undone, newest first.
	Latest(ctx context.Context, community, member domain.ID, kinds []Kind, since time.Time, limit int) ([]Contribution, error)

	// Standings measures members whom the rules move, one after the other.
	Standings(ctx context.Context, look Look, each func(Standing)) error
	// Quiet reads which of these are AT_RISK or DORMANT, with the last announcement
	// that was made to each and not lifted.
	Quiet(ctx context.Context, community domain.ID, members []domain.ID) ([]Standing, error)

	// Move takes members from one state of participation to another and answers whom
	// it moved: those who still were in the first.
	Move(ctx context.Context, community domain.ID, moves []Move) ([]domain.ID, error)
	// Spare lets the rules change nothing for the worse until a moment.
	Spare(ctx context.Context, community, member domain.ID, until time.Time) error
	GiveNotices(ctx context.Context, notices []Notice) error
	// EndNotices ends those that are pending.
	EndNotices(ctx context.Context, community domain.ID, ids []domain.ID, lifted bool, at time.Time) error
	// Keep keeps evaluations.
	Keep(ctx context.Context, all []Evaluation) error
}

// Look says over what the evaluation looks: contributions that were noted before a
// moment, and are no older than the policy's window.
type Look struct {
	Community domain.ID
	Member    domain.ID // Nowhere: all
	Zone      string    // whose calendar's months count
	Since     time.Time
	Until     time.Time
	Policy    community.Progression
}
