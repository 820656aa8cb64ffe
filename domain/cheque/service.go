// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of time cheques.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	exchanges   *exchange.Service
	ledger      *ledger.Service
}

// New makes the cheques' room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service,
	exchanges *exchange.Service, hours *ledger.Service,
) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, exchanges: exchanges, ledger: hours}
}

// Write is the receiver's cheque to whoever gave; the hours move at once.
//
// Errors: NotFound, Forbidden, Required, SameMember, MemberInactive, MinutesOutOfRange,
// ServiceTypeUnknown, membership.VettingMissing, domain.ConsentMissing, InsufficientHours,
// IdempotencyKeyReused.
func (s *Service) Write(ctx context.Context, actor domain.Actor, cmd Write) (Cheque, error) {
	return s.once(ctx, actor, cmd.Community, cmd.Key, "writeTimeCheque", cmd, func(ctx context.Context, now time.Time) (domain.ID, error) {
		side, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return domain.Nowhere, err
		}
		var c domain.Check
		cmd.Description = c.Text("description", cmd.Description, 0, 500)
		c.That(cmd.Provider != side, exchange.SameMember, "providerId")
		own, err := s.access.Standing(ctx, actor.Person, cmd.Community)
		if err != nil {
			return domain.Nowhere, err
		}
		// Nobody writes a cheque to themselves in another's name.
		c.That(own.Member == side || own.Member != cmd.Provider, domain.BothSides, "onBehalfOf")
		if err := c.Err(); err != nil {
			return domain.Nowhere, err
		}
		if hidden, err := s.members.Strangers(ctx, actor, cmd.Community, side, cmd.Provider); err != nil {
			return domain.Nowhere, err
		} else if hidden {
			return domain.Nowhere, domain.NewError(domain.NotFound, "providerId")
		}
		where, _, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return domain.Nowhere, err
		}
		written := Cheque{
			Community: cmd.Community, ID: domain.NewID(), Kind: Written, Provider: cmd.Provider, Receiver: side,
			ServiceType: cmd.ServiceType, Description: cmd.Description, Day: calendarDay(now.In(where.Zone())), Minutes: cmd.Minutes,
			EnteredBy: side, EnteredAt: now, Version: 1,
		}
		return written.ID, s.settle(ctx, actor, exchange.Write, side, written, where, now, s.addOne)
	})
}

// Deposit brings a cheque that a device signed while it was offline: whoever it
// credits, or whoever wrote it, once. When the receiver's hours are too short it
// is kept as pending, for both to see.
//
// Errors: NotFound, Forbidden, Required, Unreadable, Forged, Revoked, Expired, Postdated,
// Deposited, NotAParty, and those of Write but InsufficientHours.
func (s *Service) Deposit(ctx context.Context, actor domain.Actor, text string, onBehalfOf domain.ID, key string) (Cheque, error) {
	paper, raw, ok := Read(text)
	if !ok {
		return Cheque{}, domain.NewError(Unreadable, "cheque")
	}
	input := struct{ Cheque, For any }{raw, onBehalfOf}
	deposit := func(keep bool) (Cheque, error) {
		return s.once(ctx, actor, paper.Community, key, "depositTimeCheque", input, func(ctx context.Context, now time.Time) (domain.ID, error) {
			return s.deposit(ctx, actor, paper, raw, onBehalfOf, now, keep)
		})
	}
	done, err := deposit(false)
	if errors.Is(err, ledger.InsufficientHours) {
		done, err = deposit(true)
	}
	return done, err
}

// deposit checks a cheque and settles it, or keeps it until that can be.
func (s *Service) deposit(ctx context.Context, actor domain.Actor, p Paper, raw []byte, onBehalfOf domain.ID, now time.Time, keep bool) (domain.ID, error) {
	side, err := s.members.ActingAs(ctx, actor, p.Community, onBehalfOf, domain.SeeCommunity)
	if err != nil {
		return domain.Nowhere, err
	}
	devices, err := s.store.Devices(ctx, p.Community, []domain.ID{p.Device})
	if err != nil {
		return domain.Nowhere, err
	}
	if len(devices) == 0 {
		return domain.Nowhere, domain.NewError(Forged, "cheque")
	}
	if err := trust(devices[0], raw); err != nil {
		return domain.Nowhere, err
	}
	known, err := s.store.Known(ctx, p.Community, Signed, []string{p.serial()})
	if err != nil {
		return domain.Nowhere, err
	}
	if len(known) > 0 {
		return domain.Nowhere, domain.NewError(Deposited, "cheque", "at", known[0].EnteredAt)
	}
	where, rules, err := s.communities.Rules(ctx, p.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	provider, err := s.members.Numbered(ctx, p.Community, p.Provider)
	if err != nil && !errors.Is(err, domain.NotFound) {
		return domain.Nowhere, err
	}
	var c domain.Check
	p.Description = c.Text("cheque", p.Description, 0, longestOf)
	dated(&c, "cheque", p.Day, where, now, rules.Cheques.DepositDays)
	c.That(provider.ID != domain.Nowhere, exchange.MemberUnknown, "cheque")
	brought := Cheque{
		Community: p.Community, ID: domain.NewID(), Kind: Signed, Number: p.serial(), Provider: provider.ID, Receiver: devices[0].Member,
		ServiceType: p.ServiceType, Description: p.Description, Day: p.Day, Minutes: p.Minutes, Device: p.Device, Raw: raw,
		EnteredBy: side, EnteredAt: now, Version: 1,
	}
	c.That(provider.ID == domain.Nowhere || brought.Party(side), exchange.NotAParty, "cheque")
	if err := c.Err(); err != nil {
		return domain.Nowhere, err
	}
	if keep {
		brought.State = Pending
		s.tell(ctx, actor, Waits, brought, side)
		return brought.ID, s.store.Add(ctx, []Cheque{brought})
	}
	err = s.settle(ctx, actor, exchange.Deposit, side, brought, where, now, s.addOne)
	if problems, ok := domain.Problems(err); ok {
		for _, problem := range problems {
			problem.Field = "cheque"
		}
	}
	return brought.ID, err
}

// Settle tries once more to settle a pending cheque; either side may.
//
// Errors: NotFound, Forbidden, Required, WrongState, MemberInactive, InsufficientHours,
// membership.VettingMissing, domain.ConsentMissing.
func (s *Service) Settle(ctx context.Context, actor domain.Actor, act Act) (Cheque, error) {
	return s.once(ctx, actor, act.Community, act.Key, "settleTimeCheque", act, func(ctx context.Context, now time.Time) (domain.ID, error) {
		c, side, err := s.pending(ctx, actor, act)
		if err != nil {
			return domain.Nowhere, err
		}
		where, _, err := s.communities.Rules(ctx, act.Community, now)
		if err != nil {
			return domain.Nowhere, err
		}
		err = s.settle(ctx, actor, exchange.Deposit, side, c, where, now, func(ctx context.Context, c Cheque) error {
			_, err := s.store.Move(ctx, c)
			return err
		})
		return c.ID, about(err)
	})
}

// Withdraw gives a pending cheque up: only whoever it would credit may.
//
// Errors: NotFound, Forbidden, WrongState, NotAParty.
func (s *Service) Withdraw(ctx context.Context, actor domain.Actor, act Act) (Cheque, error) {
	return s.once(ctx, actor, act.Community, act.Key, "withdrawTimeCheque", act, func(ctx context.Context, _ time.Time) (domain.ID, error) {
		c, side, err := s.pending(ctx, actor, act)
		if err != nil {
			return domain.Nowhere, err
		}
		if side != c.Provider {
			return domain.Nowhere, domain.NewError(exchange.NotAParty, "timeChequeId")
		}
		c.State = Withdrawn
		s.tell(ctx, actor, GivenUp, c, side)
		_, err = s.store.Move(ctx, c)
		return c.ID, err
	})
}

// Act names a cheque and on whose side one acts.
type Act struct {
	Community  domain.ID
	Cheque     domain.ID
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// pending loads a cheque that waits, for one of its sides.
func (s *Service) pending(ctx context.Context, actor domain.Actor, act Act) (Cheque, domain.ID, error) {
	side, err := s.members.ActingAs(ctx, actor, act.Community, act.OnBehalfOf, domain.SeeCommunity)
	if err != nil {
		return Cheque{}, side, err
	}
	c, err := s.byID(ctx, act.Community, act.Cheque)
	switch {
	case err != nil:
		return c, side, err
	case !c.Party(side):
		return c, side, domain.NotFound // it is none of their business
	case c.State != Pending:
		return c, side, domain.NewError(WrongState, "timeChequeId", "state", string(c.State))
	}
	return c, side, nil
}

// settle makes an exchange of a cheque; keep saves the cheque before the hours
// move, which comes last.
func (s *Service) settle(ctx context.Context, actor domain.Actor, a exchange.Action, side domain.ID, c Cheque, where community.Community, now time.Time,
	keep func(context.Context, Cheque) error,
) error {
	_, err := s.exchanges.SettleOne(ctx, actor, c.Community, a, side, c.given(where), now, func(ctx context.Context, x exchange.Exchange) error {
		return keep(ctx, c.settledBy(x, now))
	})
	return err
}

func (c Cheque) given(where community.Community) exchange.Given {
	return exchange.Given{
		Provider: c.Provider, Receiver: c.Receiver, ServiceType: c.ServiceType, Minutes: c.Minutes,
		On: noon(c.Day, where), Message: c.Description, Reference: c.Number,
	}
}

func (c Cheque) settledBy(x exchange.Exchange, now time.Time) Cheque {
	c.State, c.Exchange, c.Settled, c.SettledAt = Settled, x.ID, x.Settled, now
	return c
}

func (s *Service) addOne(ctx context.Context, c Cheque) error { return s.store.Add(ctx, []Cheque{c}) }

// once is the frame of what somebody does with one cheque: once per key.
func (s *Service) once(ctx context.Context, actor domain.Actor, where domain.ID, key, action string, in any,
	do func(context.Context, time.Time) (domain.ID, error),
) (Cheque, error) {
	var c Cheque
	err := s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, where, domain.SeeCommunity); err != nil {
			return err
		}
		if key == "" {
			return domain.NewError(domain.Required, "idempotencyKey")
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: key, Action: action, Input: in}, func() (domain.ID, error) {
			return do(ctx, now)
		})
		if err == nil {
			c, err = s.byID(ctx, where, id)
		}
		return err
	})
	return c, err
}

func (s *Service) byID(ctx context.Context, community, id domain.ID) (Cheque, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err != nil {
		return Cheque{}, err
	}
	if len(found) == 0 {
		return Cheque{}, domain.NotFound
	}
	return found[0], nil
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, c Cheque, side domain.ID) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: c.ID,
		Payload: Told{Member: side, Provider: c.Provider, Receiver: c.Receiver, Minutes: c.Minutes},
	})
}

// about makes problems a matter of the cheque that was named.
func about(err error) error {
	problems, _ := domain.Problems(err)
	for _, p := range problems {
		p.Field = "timeChequeId"
	}
	return err
}
