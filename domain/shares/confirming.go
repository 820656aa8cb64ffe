// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"context"
	"slices"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// ConfirmPayment notes that the next instalment of a subscription came in. Above
// the charter's limit it waits for a second person; nobody confirms what they paid.
//
// Errors: NotFound, Forbidden, Required, OwnPayment, ConfirmedBefore, NothingDue,
// PublicBodiesCap, WorkersCap, IdempotencyKeyReused.
func (s *Service) ConfirmPayment(ctx context.Context, actor domain.Actor, cmd Confirm) (Order, error) {
	return s.confirm(ctx, actor, cmd, "confirmSharePayment", Subscription, "subscriptionId", func(context.Context, desk, Order, Part) error { return nil })
}

// ConfirmRedemption notes that the next part of a redemption was paid out, on its
// day or later, in turn, and never below the capital's floor.
//
// Errors: NotFound, Forbidden, Required, OwnPayment, ConfirmedBefore, NothingDue,
// TooEarly, BelowFloor, IdempotencyKeyReused.
func (s *Service) ConfirmRedemption(ctx context.Context, actor domain.Actor, cmd Confirm) (Order, error) {
	return s.confirm(ctx, actor, cmd, "confirmShareRedemption", Redemption, "redemptionId", func(ctx context.Context, d desk, o Order, p Part) error {
		if p.Due.After(d.now) {
			return domain.NewError(TooEarly, "redemptionId", "limit", p.Due.In(d.Zone()))
		}
		earlier, _, err := s.store.Earlier(ctx, o, d.now)
		if err != nil {
			return err
		}
		return d.total.room(p, earlier, d.rules)
	})
}

func (s *Service) confirm(ctx context.Context, actor domain.Actor, cmd Confirm, action string, kind OrderKind, field string,
	allowed func(context.Context, desk, Order, Part) error,
) (Order, error) {
	e := s.asKeeper(actor, cmd.Community, domain.Once{Key: cmd.Key, Action: action, Input: cmd})
	return act(ctx, s, e, s.store.Orders, func(ctx context.Context, d desk) (domain.ID, error) {
		cmd, err := cmd.check()
		if err != nil {
			return domain.Nowhere, err
		}
		o, err := s.one(ctx, cmd.Community, cmd.Order)
		if err != nil || o.Kind != kind {
			return domain.Nowhere, domain.NewError(domain.NotFound, field).Because(err)
		}
		if o.Member == d.who.Member {
			return domain.Nowhere, domain.NewError(OwnPayment, field)
		}
		part, open := o.Next()
		if !open {
			return domain.Nowhere, domain.NewError(NothingDue, field)
		}
		if err := allowed(ctx, d, o, part); err != nil {
			return domain.Nowhere, err
		}
		word := Confirmation{Person: actor.Person, Treasurer: d.who.Has(domain.Treasurer), Reference: cmd.Reference, At: d.now}
		return o.ID, s.moved(ctx, actor, d, o, part, word, field)
	})
}

// moved keeps a confirmation, and enters the payment once there are enough.
func (s *Service) moved(ctx context.Context, actor domain.Actor, d desk, o Order, part Part, word Confirmation, field string) error {
	for _, c := range part.Confirmed {
		if c.Person == word.Person {
			return domain.NewError(ConfirmedBefore, field)
		}
	}
	op := Operation{
		ID: domain.NewID(), Kind: Pay, Order: o.ID, Part: part.Number, To: o.Member, Shares: part.Shares, Amount: part.Amount, Reference: word.Reference,
	}
	kind := Paid
	if o.Kind == Redemption {
		op.Kind, op.From, op.To, kind = Redeem, o.Member, domain.Nowhere, PaidOut
	} else if err := s.lawful(ctx, d, op); err != nil {
		return err
	}
	if err := s.store.Confirm(ctx, part, d.ID, word); err != nil {
		return err
	}
	part.Confirmed = append(part.Confirmed, word)
	if !part.Complete(d.rules.SecondAbove) {
		s.tell(ctx, actor, SecondAwaited, op)
		return nil
	}
	s.tell(ctx, actor, kind, op)
	return s.enter(ctx, actor, d, op)
}

// Note says in what quality a member holds shares, and whether fewer of them make
// a full holder. The same word again changes nothing.
//
// Errors: NotFound, Forbidden, NotOffered, ValueUnknown.
func (s *Service) Note(ctx context.Context, actor domain.Actor, h Holder) (membership.Member, error) {
	return act(ctx, s, s.asKeeper(actor, h.Community, domain.Once{}), s.members.LoadAll, func(ctx context.Context, d desk) (domain.ID, error) {
		if !slices.Contains(Categories(), h.Category) {
			return domain.Nowhere, domain.NewError(domain.ValueUnknown, "category")
		}
		if _, err := s.members.Load(ctx, h.Community, h.Member); err != nil {
			return domain.Nowhere, domain.NewError(domain.NotFound, "memberId").Because(err)
		}
		before, err := s.store.Holder(ctx, h.Community, h.Member)
		if err != nil || before == h {
			return h.Member, err
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: HolderNoted, Actor: actor.Person, Subject: h.Member, Payload: Told{Member: h.Member}})
		if err := s.store.SaveHolder(ctx, h); err != nil {
			return domain.Nowhere, err
		}
		return h.Member, s.settle(ctx, actor, d, h.Member)
	})
}

// Accept keeps that a member agrees to versions of the charter's texts, so that
// others may hand them shares.
//
// Errors: NotFound, Forbidden, NotOffered, ConsentMissing.
func (s *Service) Accept(ctx context.Context, actor domain.Actor, id, onBehalfOf domain.ID, texts []community.SharesText) (membership.Member, error) {
	return act(ctx, s, s.asMember(actor, id, onBehalfOf, domain.Once{}), s.members.LoadAll, func(ctx context.Context, d desk) (domain.ID, error) {
		member := d.who.Member
		before, err := s.store.Agreed(ctx, id, member)
		if err != nil || agreed(d.rules.Texts, before, "texts") == nil {
			return member, err
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: TermsAccepted, Actor: actor.Person, Subject: member, Payload: Told{Member: member}})
		return member, s.agrees(ctx, actor, d, member, tidy(texts), "texts")
	})
}
