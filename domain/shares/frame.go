// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// desk is where an operation is entered: the community, its rules, and its
// register, held until the transaction ends.
type desk struct {
	community.Community
	rules   community.Shares
	charter int
	total   *Total
	who     domain.Standing // the one who acts, or for whom somebody acts
	now     time.Time
}

// entry is somebody's act on the register: who may, and what makes it happen once.
type entry struct {
	actor     domain.Actor
	community domain.ID
	once      domain.Once
	may       func(context.Context) (domain.Standing, error)
}

// asMember lets anybody known here act, for themselves or for a member.
func (s *Service) asMember(actor domain.Actor, community, onBehalfOf domain.ID, once domain.Once) entry {
	return entry{actor, community, once, func(ctx context.Context) (domain.Standing, error) {
		member, err := s.members.ActingAs(ctx, actor, community, onBehalfOf, domain.LeaveCommunity)
		return domain.Standing{Member: member}, err
	}}
}

// asKeeper lets those act who keep the register.
func (s *Service) asKeeper(actor domain.Actor, community domain.ID, once domain.Once) entry {
	return entry{actor, community, once, func(ctx context.Context) (domain.Standing, error) {
		return domain.Authorise(ctx, s.access, actor, community, domain.KeepShares)
	}}
}

// act is the frame of everything that is entered: who may, once per key, one after
// the other in a community, and what came of it.
func act[T any](ctx context.Context, s *Service, e entry,
	load func(context.Context, domain.ID, []domain.ID) ([]T, error),
	do func(context.Context, desk) (domain.ID, error),
) (T, error) {
	var entered T
	err := s.tx.InTx(ctx, e.community, func(ctx context.Context, now time.Time) error {
		who, err := e.may(ctx)
		if err != nil {
			return err
		}
		e.once.Person = e.actor.Person
		id, _, err := s.tx.Once(ctx, e.once, func() (domain.ID, error) {
			d, err := s.desk(ctx, e.community, now)
			if err != nil {
				return domain.Nowhere, err
			}
			d.who = who
			return do(ctx, d)
		})
		if err != nil {
			return err
		}
		found, err := load(ctx, e.community, []domain.ID{id})
		if err == nil && len(found) == 0 {
			err = domain.NotFound
		}
		if err == nil {
			entered = found[0]
		}
		return err
	})
	return entered, err
}

func (s *Service) desk(ctx context.Context, id domain.ID, now time.Time) (desk, error) {
	where, charter, err := s.communities.Rules(ctx, id, now)
	if err != nil {
		return desk{}, err
	}
	if charter.Shares.Nominal <= 0 {
		return desk{}, domain.NewError(NotOffered, "")
	}
	total, err := s.store.Hold(ctx, id)
	return desk{Community: where, rules: charter.Shares, charter: charter.Version, total: &total, now: now}, err
}

func (d desk) order(kind OrderKind, member domain.ID, shares int) Order {
	return Order{
		Community: d.ID, ID: domain.NewID(), Kind: kind, Member: member, Shares: shares, Nominal: d.rules.Of(1), Charter: d.charter, At: d.now,
	}
}

// order keeps an order with the operation that begins it, and tells.
func (s *Service) order(ctx context.Context, actor domain.Actor, d desk, o Order, op Operation, kind domain.EventKind) error {
	if err := s.store.AddOrder(ctx, o); err != nil {
		return err
	}
	op.ID = domain.NewID()
	s.tell(ctx, actor, kind, op)
	return s.enter(ctx, actor, d, op)
}

// enter writes the next line of the register, and moves the capital facet of those
// whose shares it changes.
func (s *Service) enter(ctx context.Context, actor domain.Actor, d desk, op Operation) error {
	op.Community, op.Number, op.Person, op.At = d.ID, d.total.Last+1, actor.Person, d.now
	*d.total = d.total.After(op)
	if err := s.store.AddOperation(ctx, op, *d.total); err != nil {
		return err
	}
	for _, member := range []domain.ID{op.From, op.To} {
		if member == domain.Nowhere {
			continue
		}
		if err := s.settle(ctx, actor, d, member); err != nil {
			return err
		}
	}
	return nil
}

// settle moves a member's capital facet to where their holding puts them.
func (s *Service) settle(ctx context.Context, actor domain.Actor, d desk, member domain.ID) error {
	held, err := s.store.HoldingOf(ctx, d.ID, member)
	if err != nil {
		return err
	}
	h, err := s.store.Holder(ctx, d.ID, member)
	if err != nil {
		return err
	}
	return s.members.MoveCapital(ctx, actor, d.ID, member, held.Facet(d.rules.MinimumFor(h.LowIncome)))
}

// agrees keeps the texts somebody agrees to, and says which of the charter's are
// missing.
func (s *Service) agrees(ctx context.Context, actor domain.Actor, d desk, member domain.ID, texts []community.SharesText, field string) error {
	if err := s.store.Agree(ctx, d.ID, member, known(d.rules.Texts, texts), actor.Person, d.now); err != nil {
		return err
	}
	to, err := s.store.Agreed(ctx, d.ID, member)
	if err != nil {
		return err
	}
	return agreed(d.rules.Texts, to, field)
}

// known are those of the texts that the charter has, in the version it has.
func known(texts, of []community.SharesText) (both []community.SharesText) {
	for _, t := range texts {
		if agreed([]community.SharesText{t}, of, "") == nil {
			both = append(both, t)
		}
	}
	return both
}

// lawful refuses capital that the legal form caps.
func (s *Service) lawful(ctx context.Context, d desk, op Operation) error {
	if d.rules.LegalForm == community.NoLegalForm {
		return nil
	}
	c, err := s.store.Composition(ctx, d.ID, time.Time{})
	if err != nil {
		return err
	}
	to, err := s.store.Holder(ctx, d.ID, op.To)
	if err != nil {
		return err
	}
	if op.From != domain.Nowhere {
		from, err := s.store.Holder(ctx, d.ID, op.From)
		if err != nil || from.Category == to.Category {
			return err
		}
		c = c.with(from.Category, -op.Amount.Minor)
	}
	return capped(d.rules.LegalForm, c, to.Category, op.Amount.Minor)
}

func (s *Service) one(ctx context.Context, community, id domain.ID) (Order, error) {
	found, err := s.store.Orders(ctx, community, []domain.ID{id})
	if err != nil {
		return Order{}, err
	}
	if len(found) == 0 {
		return Order{}, domain.NotFound
	}
	return found[0], nil
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, op Operation) {
	told := Told{Member: op.From, Other: op.To, Shares: op.Shares, Minor: op.Amount.Minor}
	if op.From == domain.Nowhere {
		told.Member, told.Other = op.To, domain.Nowhere
	}
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: op.ID, Payload: told})
}
