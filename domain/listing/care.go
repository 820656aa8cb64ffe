// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// The events of moderation on a listing.
const (
	EventRemoved  domain.EventKind = "LISTING_REMOVED"
	EventRestored domain.EventKind = "LISTING_RESTORED"
)

// TakeDown removes a listing from everybody's sight but its owner's and the
// moderators', inside the caller's transaction, and answers what it was. Its
// pictures stay with it, or putting it back would not be whole.
//
// Errors: NotFound, WrongState.
func (s *Service) TakeDown(ctx context.Context, actor domain.Actor, community, id domain.ID) (Listing, error) {
	var before Listing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		if before, err = s.Load(ctx, community, id); err != nil {
			return err
		}
		l, err := before.step(remove)
		if err != nil {
			return err
		}
		s.tell(ctx, actor, EventRemoved, l)
		_, err = s.store.Save(ctx, l)
		return err
	})
	return before, err
}

// PutBack shows a removed listing as what it was, inside the caller's transaction;
// if its term ended meanwhile, time lets it expire. One that is no more removed
// stays as it is.
func (s *Service) PutBack(ctx context.Context, actor domain.Actor, community, id domain.ID, as State) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		l, err := s.Load(ctx, community, id)
		if err != nil || l.State != Removed {
			return err
		}
		l.State = as
		s.tell(ctx, actor, EventRestored, l)
		_, err = s.store.Save(ctx, l)
		return err
	})
}
