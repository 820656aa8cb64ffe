// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of an exchange's life.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	listings    *listing.Service
	ledger      *ledger.Service
}

// New makes the exchanges' room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service,
	listings *listing.Service, hours *ledger.Service,
) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, listings: listings, ledger: hours}
}

// Propose starts an exchange. Either side may; the other answers.
//
// Errors: NotFound, Forbidden, Required, SameMember, OwnListing, NotAvailable,
// membership.MemberInactive, NotAParty, BothSides, MinutesOutOfRange, ServiceTypeUnknown,
// membership.AbilityLimited, membership.VettingMissing, domain.ConsentMissing,
// IdempotencyKeyReused.
func (s *Service) Propose(ctx context.Context, actor domain.Actor, cmd Proposal) (Exchange, error) {
	var x Exchange
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		side, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		terms, err := cmd.Terms.check()
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "proposeExchange", Input: cmd}, func() (domain.ID, error) {
			where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
			if err != nil {
				return domain.Nowhere, err
			}
			x, err := s.agree(ctx, actor, side, cmd, now)
			if err == nil {
				err = s.oneSide(ctx, actor, x, side)
			}
			if err == nil && terms.Message != "" {
				err = s.mayWrite(ctx, actor, x, side, "message", now)
			}
			if err == nil {
				x.ScheduledAt = terms.ScheduledAt
				err = s.vetted(ctx, x, rules.Safety, "serviceTypeId", now)
			}
			if err != nil {
				return domain.Nowhere, err
			}
			x.Terms, x.TermsVersion, x.TermsBy = terms, 1, side
			x.ID, x.State, x.CreatedAt, x.UpdatedAt, x.Version = domain.NewID(), Proposed, now, now, 1
			x.ExpiresAt = where.After(now, rules.Exchanges.AnswerDays)
			s.tell(ctx, actor, x, Propose, side, terms.Estimated)
			_, err = s.store.Add(ctx, x, stepOf(x, Propose, actor, side, terms.Estimated, "", now))
			return x.ID, err
		})
		if err != nil {
			return err
		}
		x, err = s.byID(ctx, cmd.Community, id)
		return err
	})
	return x, err
}

// agree works out who gives and who receives, and refuses what cannot be.
func (s *Service) agree(ctx context.Context, actor domain.Actor, side domain.ID, cmd Proposal, now time.Time) (Exchange, error) {
	x := Exchange{Community: cmd.Community, Provider: cmd.Provider, Receiver: cmd.Receiver, ServiceType: cmd.ServiceType, Level: listing.Individual}
	if cmd.Listing != domain.Nowhere {
		l, err := s.listings.Load(ctx, cmd.Community, cmd.Listing)
		if err != nil {
			return x, err
		}
		if err := s.strangers(ctx, actor, cmd.Community, side, l.Member); err != nil {
			return x, err
		}
		if l.State != listing.Published {
			return x, domain.NewError(NotAvailable, "listingId", "state", string(l.State))
		}
		if l.Member == side {
			return x, domain.NewError(OwnListing, "listingId")
		}
		x.Listing, x.Level = l.ID, l.Content.Level
		if x.ServiceType == "" {
			x.ServiceType = l.Content.ServiceType
		}
		owner, other, ownerField, otherField := &x.Provider, &x.Receiver, "providerId", "receiverId"
		if l.Kind == listing.Request {
			owner, other, ownerField, otherField = other, owner, otherField, ownerField
		}
		if *owner == domain.Nowhere {
			*owner = l.Member
		}
		if *other == domain.Nowhere {
			*other = side
		}
		var c domain.Check
		c.That(*owner == l.Member, domain.ValueUnknown, ownerField)
		c.That(*other == side, NotAParty, otherField)
		if err := c.Err(); err != nil {
			return x, err
		}
	}
	var c domain.Check
	c.That(x.Provider != domain.Nowhere, domain.Required, "providerId")
	c.That(x.Receiver != domain.Nowhere, domain.Required, "receiverId")
	if err := c.Err(); err != nil {
		return x, err
	}
	c.That(x.Provider != x.Receiver, SameMember, "receiverId")
	c.That(x.Party(side), NotAParty, "")
	t, known := listing.TypeByCode(x.ServiceType)
	c.That(known && t.Leaf(), listing.ServiceTypeUnknown, "serviceTypeId")
	if err := c.Err(); err != nil {
		return x, err
	}
	if err := s.strangers(ctx, actor, cmd.Community, side, x.Other(side)); err != nil {
		return x, err
	}
	return x, s.bothAble(ctx, x, side, "", now)
}

// strangers answers that there is no such member where a block hides one from the other.
func (s *Service) strangers(ctx context.Context, actor domain.Actor, community, one, other domain.ID) error {
	hidden, err := s.members.Strangers(ctx, actor, community, one, other)
	if err == nil && hidden {
		err = domain.NotFound
	}
	return err
}

// bothAble refuses an agreement with somebody who is not there, or from whom a measure
// keeps it for now, but for what was promised before, and what a minor and an adult may
// not agree on. Of a measure only its own side learns; to the other one its member takes
// no part.
func (s *Service) bothAble(ctx context.Context, x Exchange, side domain.ID, about string, now time.Time) error {
	found, err := s.members.Load(ctx, x.Community, x.Provider, x.Receiver)
	if err != nil {
		return err
	}
	var c domain.Check
	var own, other membership.Member
	for _, m := range found {
		if m.ID == side {
			own = m
		} else {
			other = m
		}
		field, ability := "providerId", membership.Offering
		if m.ID == x.Receiver {
			field, ability = "receiverId", membership.Requesting
		}
		c.That(m.Participation.InGoodStanding(), membership.MemberInactive, field, "name", m.DisplayName, "state", string(m.Participation))
		if x.Hold != domain.Nowhere || !m.Limited(ability, now) {
			continue
		}
		if m.ID == side {
			return s.members.Able(ctx, m, ability, about, now)
		}
		c.That(!m.Participation.InGoodStanding(), membership.MemberInactive, field, "name", m.DisplayName)
	}
	if err := c.Err(); err != nil {
		return err
	}
	if x.Hold != domain.Nowhere { // what was agreed stays agreed
		return nil
	}
	if about == "" {
		about = "serviceTypeId" // as a service that asks for an attestation
	}
	return s.members.Meet(ctx, own, other, about, x.fieldOf(other.ID), now)
}

// fieldOf is how the input of a proposal calls one of the two sides.
func (x Exchange) fieldOf(side domain.ID) string {
	if side == x.Provider {
		return "providerId"
	}
	return "receiverId"
}

// vetted refuses a service that asks for an attestation of who gives it, by somebody
// who has none that holds on its day. What it is called here counts, and what the
// listing calls it.
func (s *Service) vetted(ctx context.Context, x Exchange, rules community.Safety, field string, now time.Time) error {
	if len(rules.Gates) == 0 {
		return nil
	}
	types := []string{x.ServiceType}
	if x.Listing != domain.Nowhere {
		l, err := s.listings.Load(ctx, x.Community, x.Listing)
		if err != nil {
			return err
		}
		types = append(types, l.Content.ServiceType)
	}
	on := now
	if x.ScheduledAt.After(now) {
		on = x.ScheduledAt
	}
	return s.members.Vetted(ctx, x.Community, x.Provider, rules.Asks(types...), field, on)
}

// Revise proposes other terms; the other side then answers. What was already
// promised stays promised until it does.
//
// Errors: NotFound, WrongState, MinutesOutOfRange, membership.AbilityLimited,
// membership.VettingMissing, domain.ConsentMissing, IdempotencyKeyReused.
func (s *Service) Revise(ctx context.Context, actor domain.Actor, act Act, terms Terms) (Exchange, error) {
	act.Terms = terms
	return s.act(ctx, actor, Revise, act, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error) {
		terms, err := terms.check()
		if err != nil {
			return x, Step{}, err
		}
		if x, err = x.step(Revise); err != nil {
			return x, Step{}, err
		}
		if terms.Message != "" {
			if err := s.mayWrite(ctx, actor, x, side, "message", now); err != nil {
				return x, Step{}, err
			}
		}
		if err := s.meet(ctx, x, side, now); err != nil {
			return x, Step{}, err
		}
		where, rules, err := s.communities.Rules(ctx, x.Community, now)
		if err != nil {
			return x, Step{}, err
		}
		x.Terms, x.TermsBy = terms, side
		x.TermsVersion++
		x.ExpiresAt = where.After(now, rules.Exchanges.AnswerDays)
		s.tell(ctx, actor, x, Revise, side, terms.Estimated)
		return x, stepOf(x, Revise, actor, side, terms.Estimated, terms.Message, now), nil
	})
}

// Accept agrees to the terms that stand, and promises the receiver's hours.
//
// Errors: NotFound, WrongState, NotYourTurn, membership.MemberInactive, InsufficientHours,
// membership.AbilityLimited, membership.VettingMissing, domain.ConsentMissing.
func (s *Service) Accept(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	var promise ledger.Hold
	var former domain.ID // what was promised before a counter-proposal, perhaps expired since
	return s.act(ctx, actor, Accept, act, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error) {
		proposer := x.TermsBy
		x, err := x.step(Accept)
		if err != nil {
			return x, Step{}, err
		}
		if err := x.answer(side, proposer); err != nil {
			return x, Step{}, err
		}
		if err := s.bothAble(ctx, x, side, "exchangeId", now); err != nil {
			return x, Step{}, aboutExchange(err)
		}
		where, rules, err := s.communities.Rules(ctx, x.Community, now)
		if err == nil {
			err = s.vetted(ctx, x, rules.Safety, "exchangeId", now)
		}
		if err != nil {
			return x, Step{}, err
		}
		account, err := s.ledger.AccountOf(ctx, x.Community, x.Receiver)
		if err != nil {
			return x, Step{}, err
		}
		former, x.Hold = x.Hold, domain.NewID()
		from := now
		if x.Terms.ScheduledAt.After(now) {
			from = x.Terms.ScheduledAt
		}
		promise = ledger.Hold{
			Community: x.Community, ID: x.Hold, Account: account.ID, Minutes: x.Terms.Promised(), Exchange: x.ID,
			ExpiresAt: where.After(from, rules.Exchanges.HoldDays),
		}
		x.ExpiresAt = time.Time{}
		s.tell(ctx, actor, x, Accept, side, x.Terms.Estimated)
		return x, stepOf(x, Accept, actor, side, x.Terms.Estimated, "", now), nil
	}, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) error {
		if former != domain.Nowhere {
			if err := s.ledger.Release(ctx, x.Community, now, former); err != nil {
				return err
			}
		}
		return aboutExchange(discreet(s.ledger.Hold(ctx, promise, now), side == x.Receiver))
	})
}

// Decline says no to a proposal. Errors: NotFound, WrongState, NotYourTurn,
// membership.AbilityLimited.
func (s *Service) Decline(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	return s.end(ctx, actor, Decline, act, 0)
}

// Cancel calls off what is proposed or agreed, with a reason.
// Errors: NotFound, WrongState, Required, membership.AbilityLimited.
func (s *Service) Cancel(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	return s.end(ctx, actor, Cancel, act, 1)
}

// end ends an exchange without hours and gives back what it promised.
func (s *Service) end(ctx context.Context, actor domain.Actor, a Action, act Act, reasonAtLeast int) (Exchange, error) {
	return s.act(ctx, actor, a, act, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error) {
		reason, err := s.endReason(ctx, actor, x, side, act.Reason, reasonAtLeast, now)
		if err != nil {
			return x, Step{}, err
		}
		x, err = x.step(a)
		if err != nil {
			return x, Step{}, err
		}
		if a == Decline {
			if err := x.answer(side, x.TermsBy); err != nil {
				return x, Step{}, err
			}
		}
		x.ExpiresAt = time.Time{}
		s.tell(ctx, actor, x, a, side, x.Terms.Estimated)
		return x, stepOf(x, a, actor, side, 0, reason, now), nil
	}, s.release)
}

// Complete marks it done with the actual minutes; the other side then confirms.
//
// Errors: NotFound, WrongState, MinutesOutOfRange.
func (s *Service) Complete(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	return s.act(ctx, actor, Complete, act, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error) {
		where, rules, err := s.communities.Rules(ctx, x.Community, now)
		if err != nil {
			return x, Step{}, err
		}
		if x, err = x.complete(side, act.Minutes, rules); err != nil {
			return x, Step{}, err
		}
		x.DoneAt, x.ConfirmAt = now, where.After(now, rules.Exchanges.AutoConfirmDays)
		s.tell(ctx, actor, x, Complete, side, x.Actual)
		return x, stepOf(x, Complete, actor, side, act.Minutes, "", now), nil
	})
}

// Confirm settles an exchange: the other side agrees on the minutes and the
// hours move. Minutes of 0 agree with what was marked. Minutes further apart
// than the charter's unit make it disputed. It happens once per key, and once
// per exchange whatever the key.
//
// Errors: NotFound, WrongState, NotYourTurn, MinutesOutOfRange, InsufficientHours, IdempotencyKeyReused.
func (s *Service) Confirm(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	if act.Key == "" {
		return Exchange{}, domain.NewError(domain.Required, "idempotencyKey")
	}
	var levy community.Levy
	return s.act(ctx, actor, Confirm, act, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error) {
		_, rules, err := s.communities.Rules(ctx, x.Community, now)
		if err != nil {
			return x, Step{}, err
		}
		levy = rules.Levy
		typed := act.Minutes
		if typed == 0 {
			typed = x.Actual
		}
		if x, err = x.confirm(side, typed, rules); err != nil {
			return x, Step{}, err
		}
		x.ConfirmAt = time.Time{}
		if x.State == Disputed {
			s.tell(ctx, actor, x, Dispute, side, typed)
			return x, stepOf(x, Dispute, actor, side, typed, "", now), nil
		}
		return x, stepOf(x, Confirm, actor, side, typed, "", now), nil
	}, func(ctx context.Context, x Exchange, side domain.ID, _ time.Time) error {
		if x.State != Confirmed {
			return nil
		}
		return discreet(s.settle(ctx, actor, x, Confirm, side, levy), side == x.Receiver)
	})
}

// Dispute says that what was marked done is not so. A coordinator then decides.
// Errors: NotFound, WrongState, Required.
func (s *Service) Dispute(ctx context.Context, actor domain.Actor, act Act) (Exchange, error) {
	return s.act(ctx, actor, Dispute, act, func(ctx context.Context, x Exchange, side domain.ID, now time.Time) (Exchange, Step, error) {
		var c domain.Check
		reason := c.Text("reason", act.Reason, 1, 1000)
		if err := c.Err(); err != nil {
			return x, Step{}, err
		}
		x, err := x.step(Dispute)
		if err != nil {
			return x, Step{}, err
		}
		x.ConfirmAt = time.Time{}
		s.tell(ctx, actor, x, Dispute, side, x.Actual)
		return x, stepOf(x, Dispute, actor, side, 0, reason, now), nil
	})
}

// settle moves the hours: the receiver's account goes down, the provider's up,
// and the levy with them. It comes last: from here to the commit the community's
// head is held.
func (s *Service) settle(ctx context.Context, actor domain.Actor, x Exchange, a Action, side domain.ID, levy community.Levy) error {
	legs, err := s.legs(ctx, x, levy)
	if err != nil {
		return err
	}
	_, err = s.ledger.Post(ctx, posting(actor, x, a, side, legs))
	return err
}

// posting is what settling an exchange writes, once.
func posting(actor domain.Actor, x Exchange, a Action, side domain.ID, legs []ledger.Transfer) ledger.Posting {
	var holds []domain.ID
	if x.Hold != domain.Nowhere {
		holds = []domain.ID{x.Hold}
	}
	return ledger.Posting{
		Community: x.Community,
		Key:       "exchange/" + x.ID.String(),
		Legs:      legs,
		Holds:     holds,
		Event:     eventOf(actor, x, a, side, x.Settled),
	}
}

// accounts finds both sides' accounts.
func (s *Service) accounts(ctx context.Context, x Exchange) (receiver, provider ledger.Account, err error) {
	found, err := s.ledger.AccountsOf(ctx, x.Community, []domain.ID{x.Receiver, x.Provider})
	for _, a := range found {
		if a.Owner == x.Receiver {
			receiver = a
		} else {
			provider = a
		}
	}
	if err == nil && len(found) < 2 {
		err = domain.NewError(ledger.AccountClosed, "")
	}
	return receiver, provider, err
}

// release gives back what an exchange promised.
func (s *Service) release(ctx context.Context, x Exchange, _ domain.ID, now time.Time) error {
	if x.Hold == domain.Nowhere {
		return nil
	}
	return s.ledger.Release(ctx, x.Community, now, x.Hold)
}
