// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// mayWrite refuses words to whom nothing was agreed with yet, by somebody whom a
// measure keeps from writing, in their own name or in another's: the terms alone may be
// proposed, place and costs among them, which the other side must know.
func (s *Service) mayWrite(ctx context.Context, actor domain.Actor, x Exchange, side domain.ID, field string, now time.Time) error {
	if x.Hold != domain.Nowhere {
		return nil
	}
	own, err := s.access.Standing(ctx, actor.Person, x.Community)
	if err != nil {
		return err
	}
	for _, hand := range []domain.ID{side, own.Member} {
		if hand == domain.Nowhere {
			continue
		}
		if err := s.members.AbleByID(ctx, x.Community, hand, membership.Messaging, field, now); err != nil {
			return err
		}
	}
	return nil
}

// endReason is why an exchange ends, in words that the other side reads. Whom a measure
// keeps from writing gives none, and may end what is only proposed all the same.
func (s *Service) endReason(ctx context.Context, actor domain.Actor, x Exchange, side domain.ID, reason string, least int, now time.Time) (string, error) {
	var c domain.Check
	reason = c.Text("reason", reason, 0, 1000)
	if err := c.Err(); err != nil {
		return "", err
	}
	err := s.mayWrite(ctx, actor, x, side, "reason", now)
	if reason == "" && errors.Is(err, membership.AbilityLimited) {
		return "", nil
	}
	if err == nil && len(reason) < least {
		err = domain.NewError(domain.Required, "reason")
	}
	return reason, err
}
