// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// withLevies adds to the undoing of an exchange's transfer that of the levies
// taken with it, and, where a right transfer takes its place, the same part of
// that one, rounded down.
func (s *Service) withLevies(ctx context.Context, mistake, right Transfer, legs ...Transfer) ([]Transfer, error) {
	if mistake.Exchange == domain.Nowhere || mistake.Kind == Levy {
		return legs, nil
	}
	moved, err := s.store.TransfersOf(ctx, mistake.Community, []domain.ID{mistake.Exchange})
	for _, levy := range moved {
		if levy.Kind != Levy || levy.Posting != mistake.Posting || levy.ReversedBy != domain.Nowhere {
			continue
		}
		undo := levy.Undo()
		undo.ID = domain.NewID()
		legs = append(legs, undo)
		if anew := levy.Minutes * right.Minutes / mistake.Minutes; anew > 0 {
			levy.ID, levy.Minutes, levy.Debit = domain.NewID(), anew, right.Credit
			legs = append(legs, levy)
		}
	}
	return legs, err
}
