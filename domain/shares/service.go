// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of the share register.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
}

// New makes the room of shares.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members}
}

// Subscribe notes that somebody takes shares and will pay for them, in instalments.
// Whoever does not belong here yet applies by it: they become an investor when a
// share is paid, and a user when they are admitted.
//
// Errors: Unauthenticated, NotFound, Forbidden, NotOffered, OutOfRange,
// ConsentMissing, IdempotencyKeyReused.
func (s *Service) Subscribe(ctx context.Context, actor domain.Actor, cmd Wish) (Order, error) {
	cmd.Texts = tidy(cmd.Texts)
	e := s.asMember(actor, cmd.Community, cmd.OnBehalfOf, domain.Once{Key: cmd.Key, Action: "subscribeShares", Input: cmd})
	if cmd.OnBehalfOf == domain.Nowhere {
		e.may = func(ctx context.Context) (domain.Standing, error) {
			if actor.Person == domain.Nowhere {
				return domain.Standing{}, domain.Unauthenticated
			}
			return s.access.Standing(ctx, actor.Person, cmd.Community)
		}
	}
	return act(ctx, s, e, s.store.Orders, func(ctx context.Context, d desk) (domain.ID, error) {
		if err := cmd.check(d.rules); err != nil {
			return domain.Nowhere, err
		}
		member, err := s.comes(ctx, actor, d)
		if err != nil {
			return domain.Nowhere, err
		}
		if err := s.agrees(ctx, actor, d, member, cmd.Texts, "texts"); err != nil {
			return domain.Nowhere, err
		}
		if cmd.LowIncome {
			h, err := s.store.Holder(ctx, d.ID, member)
			if err != nil {
				return domain.Nowhere, err
			}
			h.LowIncome = true
			if err := s.store.SaveHolder(ctx, h); err != nil {
				return domain.Nowhere, err
			}
		}
		o := d.order(Subscription, member, cmd.Quantity)
		o.Parts = plan(o, cmd.Instalments, d.Community)
		op := Operation{Kind: Subscribe, Order: o.ID, To: member, Shares: o.Shares, Amount: d.rules.Of(o.Shares)}
		return o.ID, s.order(ctx, actor, d, o, op, Subscribed)
	})
}

// comes finds for whom shares are subscribed; a stranger applies by it.
func (s *Service) comes(ctx context.Context, actor domain.Actor, d desk) (domain.ID, error) {
	if d.who.Member != domain.Nowhere {
		return d.who.Member, nil
	}
	m, err := s.members.Apply(ctx, actor, membership.Apply{Community: d.ID})
	return m.ID, err
}

// Transfer hands paid shares to another member, for money that moves between the
// two or as a gift.
//
// Errors: NotFound, Forbidden, NotOffered, OutOfRange, ToOneself,
// membership.MemberState, NotEnough, ConsentMissing, PublicBodiesCap, WorkersCap, IdempotencyKeyReused.
func (s *Service) Transfer(ctx context.Context, actor domain.Actor, cmd Pass) (Operation, error) {
	e := s.asMember(actor, cmd.Community, cmd.OnBehalfOf, domain.Once{Key: cmd.Key, Action: "transferShares", Input: cmd})
	return act(ctx, s, e, s.store.Operations, func(ctx context.Context, d desk) (domain.ID, error) {
		from := d.who.Member
		if err := quantity(cmd.Quantity); err != nil {
			return domain.Nowhere, err
		}
		if err := s.receives(ctx, d, from, cmd.To); err != nil {
			return domain.Nowhere, err
		}
		held, err := s.store.HoldingOf(ctx, d.ID, from)
		if err != nil {
			return domain.Nowhere, err
		}
		if held.Free() < cmd.Quantity {
			return domain.Nowhere, domain.NewError(NotEnough, "quantity", "max", held.Free())
		}
		op := Operation{ID: domain.NewID(), Kind: Transfer, From: from, To: cmd.To, Shares: cmd.Quantity, Amount: d.rules.Of(cmd.Quantity)}
		kind := Transferred
		if cmd.Gift {
			op.Kind, kind = Gift, Given
		}
		if err := s.lawful(ctx, d, op); err != nil {
			return domain.Nowhere, err
		}
		s.tell(ctx, actor, kind, op)
		return op.ID, s.enter(ctx, actor, d, op)
	})
}

// receives says whether a member may be handed shares: another one who belongs, or
// holds shares already, and agreed to the texts.
func (s *Service) receives(ctx context.Context, d desk, from, to domain.ID) error {
	found, err := s.members.Load(ctx, d.ID, to)
	if err != nil {
		return domain.NewError(domain.NotFound, "toId").Because(err)
	}
	m := found[0]
	switch {
	case m.ID == from:
		return domain.NewError(ToOneself, "toId")
	case m.Participation == membership.Left:
		return domain.NewError(membership.MemberState, "toId", "state", string(m.Participation))
	case !m.Participation.Admitted() && (m.Participation == membership.Declined || m.Capital == membership.NoCapital):
		return domain.NewError(domain.NotFound, "toId") // applications are not shown to members
	}
	consents, err := s.store.Agreed(ctx, d.ID, to)
	if err != nil {
		return err
	}
	return agreed(d.rules.Texts, consents, "toId")
}

// Redeem asks that shares be bought back, at their nominal, by the charter's steps.
//
// Errors: NotFound, Forbidden, NotOffered, OutOfRange, NotEnough, IdempotencyKeyReused.
func (s *Service) Redeem(ctx context.Context, actor domain.Actor, cmd Wish) (Order, error) {
	e := s.asMember(actor, cmd.Community, cmd.OnBehalfOf, domain.Once{Key: cmd.Key, Action: "redeemShares", Input: cmd})
	return act(ctx, s, e, s.store.Orders, func(ctx context.Context, d desk) (domain.ID, error) {
		if err := quantity(cmd.Quantity); err != nil {
			return domain.Nowhere, err
		}
		return s.asksBack(ctx, actor, d, d.who.Member, cmd.Quantity)
	})
}

func (s *Service) asksBack(ctx context.Context, actor domain.Actor, d desk, member domain.ID, quantity int) (domain.ID, error) {
	held, err := s.store.HoldingOf(ctx, d.ID, member)
	if err != nil {
		return domain.Nowhere, err
	}
	if held.Free() < quantity {
		return domain.Nowhere, domain.NewError(NotEnough, "quantity", "max", held.Free())
	}
	o := d.order(Redemption, member, quantity)
	o.Parts = schedule(o, d.rules.Redemption, d.Community)
	op := Operation{Kind: Request, Order: o.ID, From: member, Shares: quantity, Amount: d.rules.Of(quantity)}
	return o.ID, s.order(ctx, actor, d, o, op, Asked)
}

// Withdraw takes back a subscription of which nothing was paid, or what is left of
// a redemption. What was withdrawn before stays so.
//
// Errors: NotFound, Forbidden, NothingDue, PaidAlready.
func (s *Service) Withdraw(ctx context.Context, actor domain.Actor, community, id domain.ID) (Order, error) {
	e := entry{actor: actor, community: community, may: func(ctx context.Context) (domain.Standing, error) {
		return domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity)
	}}
	return act(ctx, s, e, s.store.Orders, func(ctx context.Context, d desk) (domain.ID, error) {
		o, err := s.one(ctx, community, id)
		if err == nil && o.Member != d.who.Member && !d.who.May(domain.ActForMember) {
			err = domain.NotFound
		}
		if err != nil {
			return id, err
		}
		return id, s.withdraw(ctx, actor, d, o)
	})
}

func (s *Service) withdraw(ctx context.Context, actor domain.Actor, d desk, o Order) error {
	op := Operation{ID: domain.NewID(), Kind: Withdraw, Order: o.ID, To: o.Member, Shares: o.open()}
	kind := Unsubscribed
	switch {
	case o.Withdrawn:
		return nil
	case o.State() == Done:
		return domain.NewError(NothingDue, "requestId")
	case o.Kind == Redemption:
		op.Kind, op.From, op.To, kind = Keep, o.Member, domain.Nowhere, Kept
	case !o.Parts[0].DoneAt.IsZero():
		return domain.NewError(PaidAlready, "requestId")
	}
	op.Amount = domain.Money{Minor: int64(op.Shares) * o.Nominal.Minor, Currency: o.Nominal.Currency}
	s.tell(ctx, actor, kind, op)
	return s.enter(ctx, actor, d, op)
}

// SeeOff does what follows for the shares of somebody who left: what they did not
// pay is withdrawn, what they hold is to be bought back. It may run again.
func (s *Service) SeeOff(ctx context.Context, community, member domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		held, err := s.store.HoldingOf(ctx, community, member)
		if err != nil || (held.Free() == 0 && held.Subscribed == 0) {
			return err
		}
		d, err := s.desk(ctx, community, now)
		if err != nil {
			return err
		}
		orders, err := s.store.OrdersOf(ctx, community, member)
		if err != nil {
			return err
		}
		for _, o := range orders {
			if o.Kind == Subscription && o.State() == Open && o.Parts[0].DoneAt.IsZero() {
				if err := s.withdraw(ctx, domain.System, d, o); err != nil {
					return err
				}
			}
		}
		if held, err = s.store.HoldingOf(ctx, community, member); err != nil || held.Free() == 0 {
			return err
		}
		_, err = s.asksBack(ctx, domain.System, d, member, held.Free())
		return err
	})
}
