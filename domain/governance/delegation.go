// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// What can go wrong with a delegation.
const (
	DelegationScope  domain.Code = "DELEGATION_SCOPE"       // one decision, or one type of decision
	DelegationDenied domain.Code = "DELEGATION_NOT_ALLOWED" // this type of decision is voted on in person
	DelegationToSelf domain.Code = "DELEGATION_TO_ONESELF"  // nobody represents themselves
	DelegationChain  domain.Code = "DELEGATION_CHAIN"       // whoever votes for others does it in person
	MandatesFull     domain.Code = "MANDATES_FULL"          // args: max; they vote for as many as one may
)

// For a type of decision one is represented a year, and never for good.
const year = 365 * 24 * time.Hour

// Delegation lets another member vote in its giver's place, where the giver does
// not: in one decision, or in all of a type until a day. Their ballot then counts
// for both. It holds only where they cast one themselves, so nothing is passed on,
// and the giver's own ballot always goes first.
type Delegation struct {
	Community, ID domain.ID
	From, To      domain.ID              // members
	Decision      domain.ID              // Nowhere: every decision of Type
	Type          community.DecisionType // empty: of one decision only
	GivenAt       time.Time
	Until         time.Time // zero: until the decision is counted
	EndedAt       time.Time // zero while it runs
	// Carried are the decisions in which the ballot of To was counted for From too.
	Carried []domain.ID
}

// The events of delegation. They say nothing of how anybody votes.
const (
	DelegationGiven domain.EventKind = "DELEGATION_GIVEN"
	DelegationEnded domain.EventKind = "DELEGATION_ENDED"
)

// Entrusted is the payload of the events of delegation.
type Entrusted struct {
	From domain.ID `json:"from"`
	To   domain.ID `json:"to"`
}

// Delegate is what somebody says to be represented.
type Delegate struct {
	Community domain.ID
	To        domain.ID
	Decision  domain.ID
	Type      community.DecisionType
	Until     time.Time // zero: a year, or until the decision is counted
	Key       string    `json:"-"`
}

// Delegate lets somebody vote in the actor's place. One given before for the same
// ends with it.
//
// Errors: NotFound, Forbidden, DelegationScope, DelegationDenied, DelegationToSelf, DelegationChain, MandatesFull, DecisionState, NotOnTheRoll,
// ConflictDeclared, AlreadyVoted, community.DecisionTypeUnknown, community.WrongBody, membership.MemberState, membership.DateInvalid, IdempotencyKeyReused.
func (s *Service) Delegate(ctx context.Context, actor domain.Actor, cmd Delegate) (Delegation, error) {
	var g Delegation
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if standing.UnderAge {
			return domain.NewError(NotOnTheRoll, "")
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "delegateVote", Input: cmd}, func() (domain.ID, error) {
			if err := s.store.HoldVotes(ctx, cmd.Community, standing.Member, cmd.To); err != nil {
				return domain.Nowhere, err
			}
			return s.delegate(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			g, err = s.delegation(ctx, cmd.Community, id)
		}
		return err
	})
	return g, err
}

func (s *Service) delegate(ctx context.Context, actor domain.Actor, from domain.ID, cmd Delegate, now time.Time) (domain.ID, error) {
	g := Delegation{
		Community: cmd.Community, ID: domain.NewID(), From: from, To: cmd.To, Decision: cmd.Decision, Type: cmd.Type, GivenAt: now, Until: cmd.Until,
	}
	if err := g.check(now); err != nil {
		return g.ID, err
	}
	to, err := s.members.Load(ctx, g.Community, g.To)
	if err == nil {
		var hidden bool
		if hidden, err = s.members.Strangers(ctx, actor, g.Community, from, g.To); err == nil && hidden {
			err = domain.NotFound
		}
	}
	if err != nil {
		if errors.Is(err, domain.NotFound) {
			err = domain.NewError(domain.NotFound, "toId")
		}
		return g.ID, err
	}
	if !to[0].Participation.Admitted() || to[0].UnderAge(now) {
		return g.ID, domain.NewError(membership.MemberState, "toId", "state", string(to[0].Participation))
	}
	kind, mandates, err := s.entrusts(ctx, g, now)
	if err != nil {
		return g.ID, err
	}
	if err := s.inPerson(ctx, actor, g, kind, mandates, now); err != nil {
		return g.ID, err
	}
	if g.Decision == domain.Nowhere && g.Until.IsZero() {
		g.Until = now.Add(year)
	}
	s.entrust(ctx, actor, DelegationGiven, g)
	return g.ID, s.store.AddDelegation(ctx, g)
}

func (g Delegation) check(now time.Time) error {
	var c domain.Check
	one, all := g.Decision != domain.Nowhere, g.Type != ""
	c.That(one != all, DelegationScope, "type")
	c.That(g.From != g.To, DelegationToSelf, "toId")
	c.That(g.Until.IsZero() || (g.Until.After(now) && g.Until.Before(now.Add(year+24*time.Hour))), membership.DateInvalid, "until")
	return c.Err()
}

// entrusts finds how many others one may vote for in what is entrusted, and looks
// at the two lines of a roll that is frozen already.
func (s *Service) entrusts(ctx context.Context, g Delegation, now time.Time) (kind community.DecisionType, mandates int, err error) {
	if g.Decision == domain.Nowhere {
		_, charter, err := s.charter.Rules(ctx, g.Community, now)
		if err != nil {
			return g.Type, 0, err
		}
		rules, err := rulesFor(charter, g.Type)
		if err == nil && rules.Mandates == 0 {
			err = domain.NewError(DelegationDenied, "type")
		}
		return g.Type, rules.Mandates, err
	}
	d, ok, err := s.store.Steady(ctx, g.Community, g.Decision)
	switch {
	case err != nil:
		return "", 0, err
	case !ok:
		return "", 0, domain.NewError(domain.NotFound, "decisionId")
	case d.Rules.Mandates == 0:
		return "", 0, domain.NewError(DelegationDenied, "decisionId")
	case d.State == Draft:
		return d.Type, d.Rules.Mandates, nil
	case !d.State.Takes() || !now.Before(d.ClosesAt):
		return "", 0, domain.NewError(DecisionState, "decisionId", "state", string(d.State))
	}
	seat, ok, err := s.store.Seat(ctx, g.Community, d.ID, g.From)
	if err != nil {
		return "", 0, err
	}
	holder, holds, err := s.store.Seat(ctx, g.Community, d.ID, g.To)
	if err != nil {
		return "", 0, err
	}
	var c domain.Check
	c.That(ok, NotOnTheRoll, "decisionId")
	c.That(seat.Conflict == "", ConflictDeclared, "decisionId")
	c.That(!seat.Voted, AlreadyVoted, "decisionId")
	c.That(holds, NotOnTheRoll, "toId")
	c.That(holder.Conflict == "", ConflictDeclared, "toId")
	return d.Type, d.Rules.Mandates, c.Err()
}

// inPerson ends what was given before, and refuses what would make a chain or more
// mandates than one may hold.
func (s *Service) inPerson(ctx context.Context, actor domain.Actor, g Delegation, kind community.DecisionType, mandates int, now time.Time) error {
	running, err := s.store.Running(ctx, g.Community, g.Decision, kind, now)
	if err != nil {
		return err
	}
	givers := map[domain.ID]bool{}
	for _, other := range running {
		switch {
		case other.From == g.From && other.Decision == g.Decision:
			if err := s.end(ctx, actor, other, now); err != nil {
				return err
			}
		case other.From == g.To, other.To == g.From:
			return domain.NewError(DelegationChain, "toId")
		case other.To == g.To && other.From != g.From:
			givers[other.From] = true
		}
	}
	if len(givers) >= mandates {
		return domain.NewError(MandatesFull, "toId", "max", mandates)
	}
	return nil
}

// Revoke ends a delegation: whoever gave it takes it back, or whoever holds it
// hands it back. One that has ended stays as it is.
//
// Errors: NotFound, Forbidden.
func (s *Service) Revoke(ctx context.Context, actor domain.Actor, community, id domain.ID) (Delegation, error) {
	var g Delegation
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if g, err = s.delegation(ctx, community, id); err != nil {
			return err
		}
		if standing.Member != g.From && standing.Member != g.To {
			return domain.NewError(domain.NotFound, "delegationId")
		}
		if err := s.end(ctx, actor, g, now); err != nil {
			return err
		}
		g, err = s.delegation(ctx, community, id)
		return err
	})
	return g, err
}

func (s *Service) end(ctx context.Context, actor domain.Actor, g Delegation, now time.Time) error {
	ended, err := s.store.EndDelegation(ctx, g.Community, g.ID, now)
	if ended {
		s.entrust(ctx, actor, DelegationEnded, g)
	}
	return err
}

func (s *Service) entrust(ctx context.Context, actor domain.Actor, kind domain.EventKind, g Delegation) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: g.ID, Payload: Entrusted{From: g.From, To: g.To}})
}

func (s *Service) delegation(ctx context.Context, community, id domain.ID) (Delegation, error) {
	found, err := s.store.Delegations(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "delegationId")
	}
	if err != nil {
		return Delegation{}, err
	}
	return found[0], nil
}

// Delegations are those that the actor gave or holds and that run, the newest first.
func (s *Service) Delegations(ctx context.Context, actor domain.Actor, community domain.ID) (found []Delegation, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.store.DelegationsOf(ctx, community, standing.Member, now)
		}
		return err
	})
	return found, err
}

// Entrusted are the delegations that concern the actor in one decision: the one
// they gave, if any, and those that they hold.
func (s *Service) Entrusted(ctx context.Context, actor domain.Actor, d Decision) (given *Delegation, held []Delegation, err error) {
	err = s.tx.InTx(ctx, d.Community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, d.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		all, err := s.store.DelegationsIn(ctx, d)
		for _, g := range all {
			switch standing.Member {
			case g.From:
				given = &g
			case g.To:
				held = append(held, g)
			}
		}
		return err
	})
	return given, held, err
}

// represent puts a ballot like their own into the box for each whom a voter stands
// for: the first to have asked, as many as the rules let one carry. From then on
// nobody can tell it from another.
func (s *Service) represent(ctx context.Context, d Decision) error {
	if d.Rules.Mandates == 0 {
		return nil
	}
	key, err := s.store.Key(ctx, d.Community, d.ID)
	if err != nil {
		return err
	}
	absent, err := s.store.Represented(ctx, d)
	carried := map[domain.ID]int{}
	for _, r := range absent {
		if carried[r.To] == d.Rules.Mandates {
			continue
		}
		b, cast, err := s.store.BallotIn(ctx, d.Community, d.ID, slotOf(key, r.To))
		if err != nil {
			return err
		}
		if !cast {
			continue
		}
		carried[r.To]++
		b.Slot, b.Receipt, b.College, b.Reason, b.Carried = slotOf(key, r.From), rand.Text(), r.College, "", true
		if !d.Rules.Secret {
			b.Member = r.From
		}
		if _, err := s.store.PutBallot(ctx, b); err != nil {
			return err
		}
		if err := s.store.MarkCarried(ctx, d.Community, d.ID, r.From, r.Delegation); err != nil {
			return err
		}
	}
	return err
}
