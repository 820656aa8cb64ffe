// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong when somebody is blocked.
const (
	BlockOneself domain.Code = "BLOCK_ONESELF"
	BlockRole    domain.Code = "BLOCK_ROLE" // one of the two holds a role whose holders reach everybody
)

// Block is a member's wish to have nothing to do with another one. It is nobody
// else's: no event tells of it, and it goes without a trace when it is undone.
type Block struct {
	Community domain.ID
	Member    domain.ID // who blocked
	Blocked   domain.ID
	Since     time.Time
	Resting   bool // one of the two holds a role whose holders reach everybody
}

// Block keeps two members from each other, in both directions. Whom it concerns is
// never told: to them, who blocked is as good as nobody.
//
// Errors: NotFound, Forbidden, BlockOneself, BlockRole.
func (s *Service) Block(ctx context.Context, actor domain.Actor, community, member domain.ID) (Block, error) {
	var b Block
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if member == standing.Member {
			return domain.NewError(BlockOneself, "memberId")
		}
		own := func() (found bool, err error) {
			mine, err := s.store.BlocksBy(ctx, community, standing.Member)
			if i := slices.IndexFunc(mine, func(b Block) bool { return b.Blocked == member }); i >= 0 {
				b, found = mine[i], true
			}
			return found, err
		}
		if known, err := own(); err != nil || known {
			return err
		}
		m, err := s.byID(ctx, community, member)
		if err != nil || m.AdmittedAt.IsZero() || !standing.Sees(member) {
			return domain.NewError(domain.NotFound, "memberId").Because(err)
		}
		if err := s.store.AddBlock(ctx, Block{Community: community, Member: standing.Member, Blocked: member, Since: now}); err != nil {
			return err
		}
		if _, err := own(); err != nil || !b.Resting {
			return err
		}
		return domain.NewError(BlockRole, "memberId") // and the row goes with it
	})
	return b, err
}

// Unblock ends a block of one's own. Error: NotFound.
func (s *Service) Unblock(ctx context.Context, actor domain.Actor, community, member domain.ID) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		ended, err := s.store.EndBlock(ctx, community, standing.Member, member)
		if err != nil {
			return err
		}
		if !ended {
			return domain.NewError(domain.NotFound, "memberId")
		}
		m, err = s.byID(ctx, community, member)
		return err
	})
	return m, err
}

// Blocks lists whom the actor blocked, the last first.
func (s *Service) Blocks(ctx context.Context, actor domain.Actor, community domain.ID) ([]Block, error) {
	var all []Block
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity)
		if err == nil {
			all, err = s.store.BlocksBy(ctx, community, standing.Member)
		}
		return err
	})
	return all, err
}

// Blocked says whether a member blocked another one, inside the caller's transaction.
func (s *Service) Blocked(ctx context.Context, community, member, other domain.ID) (bool, error) {
	all, err := s.store.BlocksBy(ctx, community, member)
	return slices.ContainsFunc(all, func(b Block) bool { return b.Blocked == other }), err
}

// ApartFrom lists the members whom a block hides from one for whom somebody acts,
// inside the caller's transaction: nobody where a coordinator acts.
func (s *Service) ApartFrom(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]domain.ID, error) {
	standing, err := s.store.Standing(ctx, actor.Person, community)
	switch {
	case err != nil || standing.Has(domain.ReachEverybody...):
		return nil, err
	case standing.Member == member:
		return standing.Apart, nil
	}
	return s.store.ApartFrom(ctx, community, member)
}

// Strangers says whether a block hides two members from each other, inside the
// caller's transaction and in the eyes of who acts for the first of them.
func (s *Service) Strangers(ctx context.Context, actor domain.Actor, community, one, other domain.ID) (bool, error) {
	apart, err := s.ApartFrom(ctx, actor, community, one)
	return slices.Contains(apart, other), err
}
