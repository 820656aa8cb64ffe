// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// wish is what somebody asks of the ledger by themselves: where, what it takes to
// be allowed it, what makes it happen once, and what is wrong with what they typed.
type wish struct {
	community  domain.ID
	permission domain.Permission
	once       domain.Once
	wrong      error
}

// moves is the frame of every movement that somebody asks for: who may, what is
// wrong with the input, the posting once per key, and the transfer as it is now.
func (s *Service) moves(ctx context.Context, actor domain.Actor, w wish,
	post func(ctx context.Context, standing domain.Standing, now time.Time) (domain.ID, error),
) (Transfer, error) {
	var result Transfer
	err := s.tx.InTx(ctx, w.community, func(ctx context.Context, now time.Time) error {
		id, err := s.fulfil(ctx, actor, w, func(standing domain.Standing) (domain.ID, error) { return post(ctx, standing, now) })
		if err == nil {
			result, err = s.transfer(ctx, w.community, id)
		}
		return err
	})
	return result, err
}

// bounds is the frame of what staff changes about an account's limits.
func (s *Service) bounds(ctx context.Context, actor domain.Actor, w wish, account domain.ID, told domain.EventKind,
	change func(ctx context.Context, now time.Time) error,
) (Account, error) {
	var result Account
	err := s.tx.InTx(ctx, w.community, func(ctx context.Context, now time.Time) error {
		_, err := s.fulfil(ctx, actor, w, func(domain.Standing) (domain.ID, error) {
			if _, err := s.account(ctx, w.community, account); err != nil {
				return domain.Nowhere, err
			}
			s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: told, Actor: actor.Person, Subject: account})
			return account, change(ctx, now)
		})
		if err == nil {
			result, err = s.account(ctx, w.community, account)
		}
		return err
	})
	return result, err
}

// fulfil says no to whoever may not and to what cannot be, and else does it once.
func (s *Service) fulfil(ctx context.Context, actor domain.Actor, w wish, effect func(domain.Standing) (domain.ID, error)) (domain.ID, error) {
	standing, err := domain.Authorise(ctx, s.access, actor, w.community, w.permission)
	if err != nil {
		return domain.Nowhere, err
	}
	if w.wrong != nil {
		return domain.Nowhere, w.wrong
	}
	w.once.Person = actor.Person
	id, _, err := s.tx.Once(ctx, w.once, func() (domain.ID, error) { return effect(standing) })
	return id, err
}
