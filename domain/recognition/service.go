// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of recognising one another.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	exchanges   *exchange.Service
	signer      Signer
}

// New makes the recognition room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service, exchanges *exchange.Service, signer Signer) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, exchanges: exchanges, signer: signer}
}

// Thank thanks the other side of an exchange, once and for good.
//
// Errors: NotFound, Forbidden, TextTooLong, Oneself, OwnHousehold, NoExchange,
// exchange.WrongState, TooLate, AlreadyThanked, RateLimited, membership.AbilityLimited,
// IdempotencyKeyReused.
func (s *Service) Thank(ctx context.Context, actor domain.Actor, cmd Thank) (Thanks, error) {
	cmd, wrong := cmd.check()
	once := domain.Once{Key: cmd.Key, Action: "giveThanks", Input: cmd}
	return give(ctx, s, actor, cmd.Community, domain.TakePart, once, s.store.Thanks, func(ctx context.Context, giver domain.ID, now time.Time) (domain.ID, error) {
		if wrong != nil {
			return domain.Nowhere, wrong
		}
		x, err := s.received(ctx, actor, giver, cmd, now)
		if err == nil && cmd.Message != "" {
			err = s.members.AbleByID(ctx, cmd.Community, giver, membership.Messaging, "message", now)
		}
		if err != nil {
			return domain.Nowhere, err
		}
		given, err := s.store.ThanksGiven(ctx, cmd.Community, giver, now.AddDate(0, 0, -1))
		if err != nil {
			return domain.Nowhere, err
		}
		if wait := patience(given, now); wait > 0 {
			return domain.Nowhere, tooOften(wait)
		}
		t := Thanks{Given: Given{Community: cmd.Community, ID: domain.NewID(), Giver: giver, Member: x.Other(giver), At: now}, Exchange: x.ID, Message: cmd.Message}
		s.tell(ctx, actor, Thanked, t.Given, x.ID)
		return t.ID, s.store.AddThanks(ctx, t)
	})
}

// received finds the exchange to give thanks for. A member alone is nothing to
// thank for, and learns why.
func (s *Service) received(ctx context.Context, actor domain.Actor, giver domain.ID, cmd Thank, now time.Time) (exchange.Exchange, error) {
	if cmd.Member != domain.Nowhere {
		if _, err := s.beside(ctx, actor, giver, cmd.Community, cmd.Member, "subjectId"); err != nil {
			return exchange.Exchange{}, err
		}
		return exchange.Exchange{}, domain.NewError(NoExchange, "subjectId")
	}
	found, err := s.exchanges.LoadAll(ctx, cmd.Community, []domain.ID{cmd.Exchange})
	if err != nil {
		return exchange.Exchange{}, err
	}
	if len(found) == 0 || !found[0].Party(giver) {
		return exchange.Exchange{}, domain.NewError(domain.NotFound, "subjectId") // it is none of their business
	}
	x := found[0]
	if hidden, err := s.members.Strangers(ctx, actor, cmd.Community, giver, x.Other(giver)); err != nil {
		return x, err
	} else if hidden {
		return x, domain.NewError(domain.NotFound, "subjectId")
	}
	where, _, err := s.communities.Rules(ctx, cmd.Community, now)
	if err != nil {
		return x, err
	}
	if err := thankable(x, where, now); err != nil {
		return x, err
	}
	return x, s.apart(ctx, cmd.Community, giver, x.Other(giver), "subjectId")
}

// Award honours a member with a star, in the giver's own words.
//
// Errors: NotFound, Forbidden, Required, TextTooShort, ValueUnknown, Oneself,
// OwnHousehold, membership.MemberInactive, membership.AbilityLimited, StarredRecently,
// StarsSpent, IdempotencyKeyReused.
func (s *Service) Award(ctx context.Context, actor domain.Actor, cmd Award) (Star, error) {
	cmd, wrong := cmd.check()
	once := domain.Once{Key: cmd.Key, Action: "awardStar", Input: cmd}
	return give(ctx, s, actor, cmd.Community, domain.TakePart, once, s.store.Stars, func(ctx context.Context, giver domain.ID, now time.Time) (domain.ID, error) {
		if wrong != nil {
			return domain.Nowhere, wrong
		}
		m, err := s.beside(ctx, actor, giver, cmd.Community, cmd.Member, "memberId")
		if err == nil { // a star is words
			err = s.members.AbleByID(ctx, cmd.Community, giver, membership.Messaging, "reason", now)
		}
		if err != nil {
			return domain.Nowhere, err
		}
		where, _, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return domain.Nowhere, err
		}
		given, err := s.store.StarsGiven(ctx, cmd.Community, giver, now.AddDate(0, 0, -StarDays-1))
		if err != nil {
			return domain.Nowhere, err
		}
		if err := another(given, m.ID, where, now); err != nil {
			return domain.Nowhere, err
		}
		star := Star{
			Given:    Given{Community: cmd.Community, ID: domain.NewID(), Giver: giver, Member: m.ID, Hidden: true, At: now},
			Category: cmd.Category, Reason: cmd.Reason,
		}
		s.tell(ctx, actor, Starred, star.Given, domain.Nowhere)
		return star.ID, s.store.AddStar(ctx, star)
	})
}

// Endorse says that a member does a kind of service well. It rests on a confirmed
// exchange in which the giver received it.
//
// Errors: NotFound, Forbidden, listing.ServiceTypeUnknown, Oneself, OwnHousehold,
// membership.MemberInactive, NoExchange, AlreadyEndorsed, IdempotencyKeyReused.
func (s *Service) Endorse(ctx context.Context, actor domain.Actor, cmd Endorse) (Endorsement, error) {
	once := domain.Once{Key: cmd.Key, Action: "endorseSkill", Input: cmd}
	return give(ctx, s, actor, cmd.Community, domain.TakePart, once, s.store.Endorsements, func(ctx context.Context, giver domain.ID, now time.Time) (domain.ID, error) {
		if t, known := listing.TypeByCode(cmd.ServiceType); !known || !t.Leaf() {
			return domain.Nowhere, domain.NewError(listing.ServiceTypeUnknown, "serviceTypeId")
		}
		m, err := s.beside(ctx, actor, giver, cmd.Community, cmd.Member, "memberId")
		if err != nil {
			return domain.Nowhere, err
		}
		x, err := s.store.Received(ctx, cmd.Community, giver, m.ID, cmd.ServiceType)
		if err != nil {
			return domain.Nowhere, err
		}
		if x == domain.Nowhere {
			return domain.Nowhere, domain.NewError(NoExchange, "serviceTypeId")
		}
		e := Endorsement{
			Given:       Given{Community: cmd.Community, ID: domain.NewID(), Giver: giver, Member: m.ID, At: now},
			ServiceType: cmd.ServiceType, Exchange: x,
		}
		s.tell(ctx, actor, Endorsed, e.Given, x)
		return e.ID, s.store.AddEndorsement(ctx, e)
	})
}

// Withdraw ends an endorsement that one gave; its dates stay. One that ended
// already keeps its day.
//
// Errors: NotFound, for all but who gave it.
func (s *Service) Withdraw(ctx context.Context, actor domain.Actor, community, id domain.ID) (Endorsement, error) {
	var e Endorsement
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if e, err = one(s.store.Endorsements(ctx, community, []domain.ID{id})); err != nil {
			return err
		}
		if e.Giver != standing.Member {
			return domain.NotFound
		}
		if !e.WithdrawnAt.IsZero() {
			return nil
		}
		e.WithdrawnAt = now
		s.tell(ctx, actor, Withdrawn, e.Given, e.Exchange)
		return s.store.Withdraw(ctx, e)
	})
	return e, err
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, g Given, x domain.ID) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: g.ID,
		Payload: Told{Giver: g.Giver, Member: g.Member, Exchange: x},
	})
}
