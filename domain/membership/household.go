// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// HouseholdNoted says who lives together from now on; its payload is MembersTold.
const HouseholdNoted domain.EventKind = "HOUSEHOLD_NOTED"

// MembersTold is the payload of an event about several members.
type MembersTold struct {
	Members []domain.ID `json:"members"`
}

// LargestHousehold bounds how many members live together.
const LargestHousehold = 20

// NoteHousehold notes that members live together, and with nobody else. What they
// give one another recognises nobody and proves nothing. One member alone lives alone.
//
// Errors: NotFound, Forbidden, Required, domain.PageSize.
func (s *Service) NoteHousehold(ctx context.Context, actor domain.Actor, community domain.ID, ids []domain.ID) ([]Member, error) {
	ids = slices.Compact(slices.SortedFunc(slices.Values(ids), func(a, b domain.ID) int { return bytes.Compare(a[:], b[:]) }))
	var members []Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		if _, err := s.authorise(ctx, actor, community, domain.AdmitMembers); err != nil {
			return err
		}
		if len(ids) > LargestHousehold {
			return domain.NewError(domain.PageSize, "memberIds", "max", LargestHousehold, "actual", len(ids))
		}
		var err error
		if members, err = s.Load(ctx, community, ids...); err != nil {
			return err
		}
		together, err := s.store.Household(ctx, community, ids[0])
		if err != nil || slices.Equal(together, ids) {
			return err
		}
		household := domain.NewID()
		s.tx.Record(ctx, domain.Event{
			ID: domain.NewID(), Kind: HouseholdNoted, Actor: actor.Person, Subject: household, Payload: MembersTold{ids},
		})
		return s.store.NoteHousehold(ctx, community, household, ids, now)
	})
	return members, err
}

// Household reads with whom a member lives, themselves among them, for them and
// for those who admit; nobody for everybody else.
func (s *Service) Household(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]Member, error) {
	var members []Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity)
		if err != nil || (standing.Member != member && !standing.May(domain.AdmitMembers)) {
			return err
		}
		ids, err := s.store.Household(ctx, community, member)
		if err == nil && len(ids) > 0 {
			members, err = s.Load(ctx, community, ids...)
		}
		return err
	})
	return members, err
}

// Together says whether two members live in one household, inside the caller's transaction.
func (s *Service) Together(ctx context.Context, community, one, other domain.ID) (bool, error) {
	ids, err := s.store.Household(ctx, community, one)
	return slices.Contains(ids, other), err
}

// LivesWith lists who lives in one household with a member, the member among them,
// inside the caller's transaction; empty when nobody noted one.
func (s *Service) LivesWith(ctx context.Context, community, member domain.ID) ([]domain.ID, error) {
	return s.store.Household(ctx, community, member)
}
