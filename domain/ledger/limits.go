// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// PastLimits is one line of how an account's limits came to be.
type PastLimits struct {
	Community   domain.ID
	ID          domain.ID
	Limits                      // from then on
	AllowedOnce *domain.Minutes // below the floor; nil when the limits themselves were set
	Reason      string
	Member      domain.ID // who did it; Nowhere when they are no member any more
	At          time.Time
}

// LimitChanges is the history of an account's limits, newest first, for its owner
// and those who keep the books.
//
// Errors: NotFound, Forbidden.
func (s *Service) LimitChanges(ctx context.Context, actor domain.Actor, community, account domain.ID, page domain.Page) (domain.Slice[PastLimits], error) {
	var past domain.Slice[PastLimits]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := s.visible(ctx, actor, community, account)
		if err == nil {
			past, err = s.store.LimitChanges(ctx, community, account, page)
		}
		return err
	})
	return past, err
}
