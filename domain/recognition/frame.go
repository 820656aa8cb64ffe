// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// give is the frame of everything that is given: who may, once per key, one after
// the other for each giver, and what came of it.
func give[T any](ctx context.Context, s *Service, actor domain.Actor, community domain.ID, p domain.Permission, once domain.Once,
	load func(context.Context, domain.ID, []domain.ID) ([]T, error),
	do func(ctx context.Context, giver domain.ID, now time.Time) (domain.ID, error),
) (T, error) {
	var given T
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, p)
		if err != nil {
			return err
		}
		once.Person = actor.Person
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := s.store.Hold(ctx, community, standing.Member); err != nil {
				return domain.Nowhere, err
			}
			return do(ctx, standing.Member, now)
		})
		if err == nil {
			given, err = one(load(ctx, community, []domain.ID{id}))
		}
		return err
	})
	return given, err
}

func one[T any](found []T, err error) (T, error) {
	if err != nil || len(found) == 0 {
		var none T
		if err == nil {
			err = domain.NotFound
		}
		return none, err
	}
	return found[0], nil
}

// beside finds a member whom a giver may recognise: another one, who belongs, of
// another household. An application is not shown to members, so it is not found,
// nor is whom a block hides.
func (s *Service) beside(ctx context.Context, actor domain.Actor, giver, community, member domain.ID, field string) (membership.Member, error) {
	found, err := s.members.Load(ctx, community, member)
	hidden := false
	if err == nil {
		hidden, err = s.members.Strangers(ctx, actor, community, giver, member)
	}
	if err != nil || hidden || found[0].AdmittedAt.IsZero() {
		return membership.Member{}, domain.NewError(domain.NotFound, field).Because(err)
	}
	m := found[0]
	if m.ID == giver {
		return m, domain.NewError(Oneself, field)
	}
	if !m.Participation.Admitted() {
		return m, domain.NewError(membership.MemberInactive, field, "name", m.DisplayName, "state", string(m.Participation))
	}
	return m, s.apart(ctx, community, giver, m.ID, field)
}

// apart refuses recognition inside a household.
func (s *Service) apart(ctx context.Context, community, giver, member domain.ID, field string) error {
	together, err := s.members.Together(ctx, community, giver, member)
	if err == nil && together {
		err = domain.NewError(OwnHousehold, field)
	}
	return err
}
