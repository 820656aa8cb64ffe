// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Reclaim says that somebody is still there.
type Reclaim struct {
	Community  domain.ID
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// Reclaim answers for a member nobody heard of: what they were asked about stays, what
// lies apart comes back to their account.
//
// Errors: NotFound, Forbidden, NothingDormant, Required, IdempotencyKeyReused.
func (s *Service) Reclaim(ctx context.Context, actor domain.Actor, cmd Reclaim) (Dormant, error) {
	var d Dormant
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		member, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		var c domain.Check
		c.That(cmd.Key != "", domain.Required, "idempotencyKey")
		if err := c.Err(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "reclaimDormantHours", Input: cmd}, func() (domain.ID, error) {
			return s.reclaim(ctx, actor, cmd.Community, member, now)
		})
		if err != nil {
			return err
		}
		found, err := s.store.Dormants(ctx, cmd.Community, []domain.ID{id})
		if err == nil && len(found) == 1 {
			d = found[0]
		}
		return err
	})
	return d, err
}

func (s *Service) reclaim(ctx context.Context, actor domain.Actor, where, member domain.ID, now time.Time) (domain.ID, error) {
	found, err := s.store.DormantOf(ctx, where, []domain.ID{member})
	if err != nil {
		return domain.Nowhere, err
	}
	if len(found) == 0 || found[0].State != Contacted && found[0].State != Held {
		return domain.Nowhere, domain.NewError(NothingDormant, "")
	}
	_, charter, err := s.communities.Rules(ctx, where, now)
	if err != nil {
		return domain.Nowhere, err
	}
	d, to := found[0], Kept
	if d.State == Held {
		to = Returned
	}
	return d.ID, s.settle(ctx, actor, d, to, charter, now)
}

// UseDormant is what somebody says to use hours that lie apart.
type UseDormant struct {
	Community domain.ID
	Pool      domain.ID // that they go to
	Minutes   domain.Minutes
	Key       string `json:"-"`
}

// UseDormant lends a pool a part of what lies apart, never more than the charter calls
// safe: it is still owed to those whose it is, and the reserve answers for it.
//
// Errors: NotFound, Forbidden, BeyondSafePart, EarmarkedHours, MinutesOutOfRange, Required, IdempotencyKeyReused.
func (s *Service) UseDormant(ctx context.Context, actor domain.Actor, cmd UseDormant) (DormantBook, error) {
	var book DormantBook
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.GiveFromCommunity); err != nil {
			return err
		}
		var c domain.Check
		c.Minutes("minutes", cmd.Minutes)
		c.That(cmd.Key != "", domain.Required, "idempotencyKey")
		if err := c.Err(); err != nil {
			return err
		}
		_, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "useDormantHours", Input: cmd}, func() (domain.ID, error) {
			return s.useDormant(ctx, actor, cmd, now)
		})
		if err != nil {
			return err
		}
		book, err = s.dormantBook(ctx, cmd.Community, now)
		return err
	})
	return book, err
}

func (s *Service) useDormant(ctx context.Context, actor domain.Actor, cmd UseDormant, now time.Time) (domain.ID, error) {
	pool, err := s.account(ctx, cmd.Community, cmd.Pool, "poolId")
	if err == nil {
		err = divisible(pool, "poolId") // the reserve answers for what is lent, and borrows none of it
	}
	if err == nil {
		err = pool.Unearmarked("poolId") // it could not be given back
	}
	if err != nil {
		return domain.Nowhere, err
	}
	_, charter, err := s.communities.Rules(ctx, cmd.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	before, err := s.dormantBook(ctx, cmd.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	beyond := domain.NewError(BeyondSafePart, "minutes", "available", before.Usable, "required", cmd.Minutes)
	if cmd.Minutes > before.Usable {
		return domain.Nowhere, beyond
	}
	leg := grant(cmd.Minutes, before.Account, pool.ID)
	_, err = s.hours.Post(ctx, ledger.Posting{
		Community: cmd.Community, Key: "dormant/used/" + leg.ID.String(), Legs: []ledger.Transfer{leg},
		Event: domain.Event{ID: domain.NewID(), Kind: DormantUsed, Actor: actor.Person, Subject: leg.ID, Payload: Told{Minutes: cmd.Minutes}},
	})
	if err != nil {
		return domain.Nowhere, err
	}
	// Now nobody else moves any of it: what others did meanwhile counts.
	after, err := s.dormantBook(ctx, cmd.Community, now)
	if err == nil && (after.On < 0 || after.InUse > charter.Dormancy.Usable(after.Owed, 0)) {
		err = beyond
	}
	return leg.ID, err
}

// dormantBook adds up what lies apart.
func (s *Service) dormantBook(ctx context.Context, where domain.ID, now time.Time) (DormantBook, error) {
	book := DormantBook{Community: where}
	_, charter, err := s.communities.Rules(ctx, where, now)
	if err != nil {
		return book, err
	}
	if book.Members, book.Owed, err = s.store.DormantOwed(ctx, where); err != nil {
		return book, err
	}
	own, err := s.hours.CommunityAccounts(ctx, where)
	if i := slices.IndexFunc(own, func(a ledger.Account) bool { return a.Kind == ledger.Pool && a.Purpose == ledger.Dormant }); i >= 0 {
		book = book.add(own[i], charter.Dormancy)
	}
	return book, err
}

// DormantBook adds up for a member what lies apart: whose hours they are is nobody's
// business.
//
// Errors: NotFound, Unauthenticated.
func (s *Service) DormantBook(ctx context.Context, actor domain.Actor, where domain.ID) (book DormantBook, err error) {
	err = s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, where, domain.SeeCommunity)
		if err == nil {
			book, err = s.dormantBook(ctx, where, now)
		}
		return err
	})
	return book, err
}

// DormantOf reads what members have that lies apart, or are asked about, or had last,
// as far as somebody may see it: their own, or everybody's for those who keep the books.
func (s *Service) DormantOf(ctx context.Context, actor domain.Actor, where domain.ID, members []domain.ID) (found []Dormant, err error) {
	err = s.tx.InTx(ctx, where, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, where, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if found, err = s.store.DormantOf(ctx, where, members); err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(d Dormant) bool { return d.Member != standing.Member && !standing.May(domain.SeeEveryAccount) })
		return nil
	})
	return found, err
}
