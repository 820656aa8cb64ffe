// SPDX-License-Identifier: AGPL-3.0-or-later

package progression

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of the way of members.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	ledger      *ledger.Service
	activities  *activity.Service
}

// New makes the room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service,
	hours *ledger.Service, activities *activity.Service,
) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, ledger: hours, activities: activities}
}

// finding is what the rules say of one member.
type finding struct {
	Standing
	outcome
}

// night is an evaluation of a community.
type night struct {
	where community.Community
	rules community.Charter
	day   time.Time // zero: no evaluation is kept
	now   time.Time
	found []finding
}

// chunk bounds one statement's rows.
const chunk = 1000

// Evaluate looks at every member of a community whom the rules move, as their
// contributions stood at a moment, and does what follows, inside the caller's
// transaction. Whoever calls makes sure that it happens once for the day.
func (s *Service) Evaluate(ctx context.Context, id domain.ID, day, until time.Time) error {
	return s.tx.InTx(ctx, id, func(ctx context.Context, now time.Time) error {
		where, rules, err := s.communities.Rules(ctx, id, now)
		if err != nil || !rules.Progression.InForce() {
			return err
		}
		n := night{where: where, rules: rules, day: day, now: now}
		err = s.store.Standings(ctx, over(where, rules, until), func(standing Standing) {
			o := next(standing, rules.Progression, until)
			if remembered(standing, o, rules.Progression) {
				n.found = append(n.found, finding{standing, o})
			}
		})
		if err != nil {
			return err
		}
		return s.settle(ctx, n)
	})
}

// over is where an evaluation looks.
func over(where community.Community, rules community.Charter, until time.Time) Look {
	return Look{
		Community: where.ID, Zone: where.Zone().String(), Policy: rules.Progression,
		Since: where.After(until, -rules.Progression.WindowDays), Until: until,
	}
}

// settle does what a night's findings say, a chunk at a time.
func (s *Service) settle(ctx context.Context, n night) error {
	for part := range slices.Chunk(n.found, chunk) {
		n.found = part
		if err := s.settlePart(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) settlePart(ctx context.Context, n night) error {
	var moves []Move
	for _, f := range n.found {
		if f.To != f.Is {
			moves = append(moves, f.move(n))
		}
	}
	moved, err := s.store.Move(ctx, n.where.ID, moves)
	if err != nil {
		return err
	}
	was := map[domain.ID]bool{}
	for _, id := range moved {
		was[id] = true
	}
	var lifted, effected []domain.ID
	var given []Notice
	var kept []Evaluation
	for _, f := range n.found {
		if f.To != f.Is && !was[f.Member] {
			continue // somebody paused or left meanwhile
		}
		switch {
		case f.Lift:
			lifted = append(lifted, f.Notice.ID)
		case f.Effect:
			effected = append(effected, f.Notice.ID)
		}
		if f.Give != "" {
			given = append(given, f.announce(n))
		}
		s.tell(ctx, n, f, given)
		kept = append(kept, f.evaluation(n))
	}
	if err := s.store.EndNotices(ctx, n.where.ID, lifted, true, n.now); err != nil {
		return err
	}
	if err := s.store.EndNotices(ctx, n.where.ID, effected, false, n.now); err != nil {
		return err
	}
	if err := s.store.GiveNotices(ctx, given); err != nil {
		return err
	}
	if n.day.IsZero() {
		return nil
	}
	return s.store.Keep(ctx, kept)
}

// better is a change that the rules leave alone for a while.
func (f finding) better() bool {
	return f.Restored || f.To == membership.Active && f.Is == membership.Newcomer || f.To == membership.Engaged && f.Is == membership.Active
}

func (f finding) move(n night) Move {
	m := Move{Member: f.Member, From: f.Is, To: f.To}
	if f.better() {
		m.Grace = n.where.After(n.now, n.rules.Progression.GraceDays)
	}
	return m
}

func (f finding) announce(n night) Notice {
	return Notice{
		Community: n.where.ID, ID: domain.NewID(), Member: f.Member, Was: f.Is, Becomes: f.Give, Policy: n.rules.Version,
		GivenAt: n.now, DueAt: n.where.After(n.now, n.rules.Progression.NoticeDays),
	}
}

func (f finding) evaluation(n night) Evaluation {
	return Evaluation{
		Community: n.where.ID, Member: f.Member, Day: n.day, Policy: n.rules.Version,
		Was: f.Is, Became: f.To, Metrics: f.Metrics, At: n.now,
	}
}

// tell records what follows for a member; the last of the notices given is theirs,
// if one is.
func (s *Service) tell(ctx context.Context, n night, f finding, given []Notice) {
	if f.To != f.Is {
		s.tx.Record(ctx, domain.Event{
			ID: domain.NewID(), Kind: Moved, Subject: f.Member,
			Payload: MovedTold{From: f.Is, To: f.To, Restored: f.Restored, Policy: n.rules.Version},
		})
	}
	if f.Lift && f.To == f.Is {
		s.tx.Record(ctx, f.Notice.event(NoticeLifted))
	}
	if f.Give != "" {
		s.tx.Record(ctx, given[len(given)-1].event(NoticeGiven))
	}
}

func (n Notice) event(kind domain.EventKind) domain.Event {
	return domain.Event{
		ID: domain.NewID(), Kind: kind, Subject: n.ID,
		Payload: NoticeTold{Member: n.Member, Was: n.Was, Becomes: n.Becomes, Due: n.DueAt, Policy: n.Policy},
	}
}
