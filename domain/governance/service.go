// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance/tally"
	"github.com/hora-coop/hora/domain/membership"
)

// Effects does what adopted decisions decided, inside the transaction that closes
// them. The rooms above and below implement it together, where all are wired.
type Effects interface {
	Execute(ctx context.Context, d Decision, e Effect, now time.Time) error
}

// Service is the use cases of deciding.
type Service struct {
	tx      domain.Tx
	store   Store
	access  domain.Access
	charter *community.Service
	members *membership.Service
	effects Effects
}

// New makes the room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service, effects Effects) *Service {
	return &Service{tx: tx, store: store, access: access, charter: communities, members: members, effects: effects}
}

// Propose is a question put to the community.
type Propose struct {
	Community   domain.ID
	Type        community.DecisionType
	Title, Body string
	Options     []Option
	Ballot      tally.Ballot  // where the type leaves a choice
	Ranking     tally.Ranking // of RANKED
	Seats       int           // of APPROVAL
	Effect      *Effect
	OpensAt     time.Time // zero: after the notice that the type gives
	ClosesAt    time.Time // zero: after the days that the type gives
	Key         string    `json:"-"`
}

// Propose announces a decision, with the rules that its type has today. It opens
// at once where the type gives no notice; then its roll is frozen.
//
// Errors: NotFound, Forbidden, community.DecisionTypeUnknown, community.WrongBody, EffectNotHere, MinutesOutOfRange, membership.RoleUnknown, TooSoon, RollEmpty, IdempotencyKeyReused.
func (s *Service) Propose(ctx context.Context, actor domain.Actor, cmd Propose) (Decision, error) {
	var d Decision
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.TakePart)
		if err != nil {
			return err
		}
		said := cmd
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "openDecision", Input: said}, func() (domain.ID, error) {
			_, charter, err := s.charter.Rules(ctx, cmd.Community, now)
			if err != nil {
				return domain.Nowhere, err
			}
			cmd, rules, err := cmd.check(charter, now)
			if err != nil {
				return domain.Nowhere, err
			}
			return s.propose(ctx, actor, standing.Member, cmd, rules, now)
		})
		if err != nil {
			return err
		}
		d, err = s.decision(ctx, cmd.Community, id)
		return err
	})
	return d, err
}

func (s *Service) propose(ctx context.Context, actor domain.Actor, by domain.ID, cmd Propose, rules Rules, now time.Time) (domain.ID, error) {
	concerned := []domain.ID{}
	for _, o := range cmd.Options {
		concerned = append(concerned, o.Member)
	}
	if cmd.Effect != nil {
		concerned = append(concerned, cmd.Effect.Member)
	}
	for _, m := range concerned {
		if m == domain.Nowhere {
			continue
		}
		if _, err := s.members.Load(ctx, cmd.Community, m); err != nil {
			return domain.Nowhere, err
		}
	}
	effect, err := s.weigh(ctx, cmd)
	if err != nil {
		return domain.Nowhere, err
	}
	d := Decision{
		Community: cmd.Community, ID: domain.NewID(), Type: cmd.Type, Question: cmd.Title, Body: cmd.Body, Options: cmd.Options, Effect: effect,
		Rules: rules, State: Draft, OpensAt: cmd.OpensAt, ClosesAt: cmd.ClosesAt, Seed: rand.Text(), By: by, CreatedAt: now, Version: 1,
	}
	d.Commitment = tally.Commitment(d.ID.String(), d.Seed)
	if err := s.store.AddDecision(ctx, d); err != nil {
		return d.ID, err
	}
	s.tell(ctx, actor, DecisionProposed, d, by)
	if d.OpensAt.After(now) {
		return d.ID, nil
	}
	d, err = s.open(ctx, d, now)
	if err == nil && d.Roll == 0 {
		err = domain.NewError(RollEmpty, "type")
	}
	return d.ID, err
}

// weigh holds a change of the charter that is voted on against the charter, whose
// version the effect then names: what no charter can hold, or what others decide, is
// not put to a vote.
func (s *Service) weigh(ctx context.Context, cmd Propose) (*Effect, error) {
	if cmd.Effect == nil || cmd.Effect.Kind != ChangeCharter {
		return cmd.Effect, nil
	}
	effect := *cmd.Effect
	made, err := s.charter.Propose(ctx, effect.Amends(Decision{Community: cmd.Community, Type: cmd.Type, Question: cmd.Title}))
	effect.Charter = made.Before.Version
	return &effect, ofEffect(err)
}

// open freezes the roll and begins to take ballots.
func (s *Service) open(ctx context.Context, d Decision, now time.Time) (Decision, error) {
	length := d.ClosesAt.Sub(d.OpensAt)
	d.State, d.OpenedAt, d.OpensAt, d.ClosesAt = Open, now, now, now.Add(length)
	d, err := s.store.SaveDecision(ctx, d) // first, so that another server's opening ends here
	if err != nil {
		return d, err
	}
	if d.Roll, err = s.store.FreezeRoll(ctx, d, now); err != nil {
		return d, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	if err := s.store.AddKey(ctx, d.Community, d.ID, key); err != nil {
		return d, err
	}
	s.tell(ctx, domain.System, DecisionOpened, d, d.By)
	return s.store.SaveDecision(ctx, d)
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, d Decision, member domain.ID) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: d.ID, Payload: Told{State: d.State, Member: member}})
}

// Withdraw takes back one's own question before it is counted, with a reason.
//
// Errors: NotFound, Forbidden, DecisionState, Required.
func (s *Service) Withdraw(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Decision, error) {
	return s.change(ctx, actor, community, id, domain.TakePart, func(ctx context.Context, by domain.ID, d Decision, _ time.Time) error {
		if by != d.By {
			return domain.Forbidden
		}
		var c domain.Check
		d.Reason = c.Text("reason", reason, 1, 1000)
		if err := c.Err(); err != nil {
			return err
		}
		if d.State != Draft && !d.State.Takes() {
			return domain.NewError(DecisionState, "decisionId", "state", string(d.State))
		}
		d.State = Withdrawn
		s.tell(ctx, actor, DecisionWithdrawn, d, domain.Nowhere)
		_, err := s.store.SaveDecision(ctx, d)
		return err
	})
}

// OpenDraft opens a decision that a review drafted, for as long as its type gives.
//
// Errors: NotFound, Forbidden, DecisionState, RollEmpty.
func (s *Service) OpenDraft(ctx context.Context, actor domain.Actor, community, id domain.ID) (Decision, error) {
	return s.change(ctx, actor, community, id, domain.TakePart, func(ctx context.Context, by domain.ID, d Decision, now time.Time) error {
		if d.State != Draft || !d.OpensAt.IsZero() {
			return domain.NewError(DecisionState, "decisionId", "state", string(d.State))
		}
		if by != d.By {
			return domain.Forbidden
		}
		d.OpensAt = now.AddDate(0, 0, d.Rules.NoticeDays)
		d.ClosesAt = d.OpensAt.AddDate(0, 0, d.Rules.Days)
		if d.Rules.NoticeDays > 0 {
			_, err := s.store.SaveDecision(ctx, d)
			return err
		}
		d, err := s.open(ctx, d, now)
		if err == nil && d.Roll == 0 {
			err = domain.NewError(RollEmpty, "decisionId")
		}
		return err
	})
}

// SetOutcome writes down what follows from a counted decision, who sees to it and
// when it is looked at again; that day it comes back by itself, as a draft.
//
// Errors: NotFound, Forbidden, DecisionState, Required, TooSoon.
func (s *Service) SetOutcome(ctx context.Context, actor domain.Actor, community, id domain.ID, o Outcome) (Decision, error) {
	return s.change(ctx, actor, community, id, domain.TakePart, func(ctx context.Context, by domain.ID, d Decision, now time.Time) error {
		if by != d.By {
			return domain.Forbidden
		}
		if !d.State.Counted() {
			return domain.NewError(DecisionState, "decisionId", "state", string(d.State))
		}
		var c domain.Check
		o.Text = c.Text("text", o.Text, 1, 5000)
		c.That(o.ReviewAt.IsZero() || o.ReviewAt.After(now), membership.DateInvalid, "reviewAt")
		if err := c.Err(); err != nil {
			return err
		}
		if _, err := s.members.Load(ctx, community, o.Owner); err != nil {
			return err
		}
		if o == d.Outcome {
			return nil
		}
		d.Outcome = o
		s.tell(ctx, actor, DecisionOutcome, d, o.Owner)
		_, err := s.store.SaveDecision(ctx, d)
		return err
	})
}

// change authorises, loads, does, and reads again: the frame of every act on a decision.
func (s *Service) change(ctx context.Context, actor domain.Actor, community, id domain.ID, p domain.Permission,
	do func(ctx context.Context, by domain.ID, d Decision, now time.Time) error,
) (Decision, error) {
	var d Decision
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, p)
		if err != nil {
			return err
		}
		if d, err = s.decision(ctx, community, id); err != nil {
			return err
		}
		if err = do(ctx, standing.Member, d, now); err != nil {
			return err
		}
		d, err = s.decision(ctx, community, id)
		return err
	})
	return d, err
}

func (s *Service) decision(ctx context.Context, community, id domain.ID) (Decision, error) {
	found, err := s.store.Decisions(ctx, community, []domain.ID{id})
	if err != nil {
		return Decision{}, err
	}
	if len(found) == 0 {
		return Decision{}, domain.NewError(domain.NotFound, "decisionId")
	}
	return found[0], nil
}
