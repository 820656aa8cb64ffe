// SPDX-License-Identifier: AGPL-3.0-or-later

package activity

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of work for the community.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	duties      *duty.Service
	ledger      *ledger.Service
}

// New makes the activities' room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service, duties *duty.Service,
	hours *ledger.Service,
) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, duties: duties, ledger: hours}
}

// Log notes work that somebody did; those who approve are told.
//
// Errors: NotFound, Forbidden, KindUnknown, MinutesOutOfRange, Required, DayToCome, IdempotencyKeyReused.
func (s *Service) Log(ctx context.Context, actor domain.Actor, cmd Log) (Activity, error) {
	var a Activity
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		side, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		noted, err := cmd.check(where, rules, now)
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "logActivity", Input: cmd}, func() (domain.ID, error) {
			noted.Member, noted.LoggedBy = side, actor.Person
			s.tx.Record(ctx, noted.event(actor, Noted, noted.Minutes))
			return noted.ID, s.store.Add(ctx, noted)
		})
		if err == nil {
			a, err = s.byID(ctx, cmd.Community, id)
		}
		return err
	})
	return a, err
}

// Approve accepts logged work; hours, where its kind brings them, come from the
// community's account, or it counts against duty. Nobody approves their own.
//
// Errors: NotFound, Forbidden, WrongState, OwnActivity, CreditRefused, MinutesOutOfRange, AccountClosed, IdempotencyKeyReused.
func (s *Service) Approve(ctx context.Context, actor domain.Actor, cmd Decide) (Activity, error) {
	return s.decide(ctx, actor, cmd, "approveActivity", func(ctx context.Context, a Activity, by domain.ID, now time.Time) error {
		_, rules, err := s.communities.Rules(ctx, a.Community, now)
		if err != nil {
			return err
		}
		if a, err = a.approve(by, cmd.Minutes, rules.Hours.Unit, now); err != nil {
			return err
		}
		if err := s.store.Decide(ctx, a); err != nil {
			return err
		}
		if a.Compensation == community.ByDuty {
			if err := s.duties.MakeUp(ctx, actor, a.Community, a.Member, by, a.ID, now); err != nil {
				return err
			}
		}
		return s.credit(ctx, actor, a)
	})
}

// credit moves the hours last, with the event; without hours the event stands alone.
func (s *Service) credit(ctx context.Context, actor domain.Actor, a Activity) error {
	event := a.event(actor, Granted, a.Credited)
	if a.Credited == 0 {
		s.tx.Record(ctx, event)
		return nil
	}
	whole, err := s.ledger.CommunityAccount(ctx, a.Community, ledger.Community, "")
	if err != nil {
		return err
	}
	theirs, err := s.ledger.AccountOf(ctx, a.Community, a.Member)
	if err != nil {
		return err
	}
	_, err = s.ledger.Post(ctx, ledger.Posting{
		Community: a.Community, Key: "activity/" + a.ID.String(),
		Legs:  []ledger.Transfer{{ID: domain.NewID(), Kind: ledger.Associative, Minutes: a.Credited, Debit: whole.ID, Credit: theirs.ID}},
		Event: event,
	})
	return err
}

// Decline says no to logged work, with reasons.
//
// Errors: NotFound, Forbidden, WrongState, Required.
func (s *Service) Decline(ctx context.Context, actor domain.Actor, cmd Decide) (Activity, error) {
	return s.decide(ctx, actor, cmd, "declineActivity", func(ctx context.Context, a Activity, by domain.ID, now time.Time) error {
		a, err := a.decline(by, cmd.Reason, now)
		if err != nil {
			return err
		}
		s.tx.Record(ctx, a.event(actor, Refused, 0))
		return s.store.Decide(ctx, a)
	})
}

func (s *Service) decide(ctx context.Context, actor domain.Actor, cmd Decide, action string, do func(context.Context, Activity, domain.ID, time.Time) error) (Activity, error) {
	var after Activity
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.ApproveActivities)
		if err != nil {
			return err
		}
		_, _, err = s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: action, Input: cmd}, func() (domain.ID, error) {
			a, err := s.byID(ctx, cmd.Community, cmd.Activity)
			if err != nil {
				return domain.Nowhere, err
			}
			return a.ID, do(ctx, a, standing.Member, now)
		})
		if err == nil {
			after, err = s.byID(ctx, cmd.Community, cmd.Activity)
		}
		return err
	})
	return after, err
}

// Activity reads one for whoever did it and those who approve. Error: NotFound.
func (s *Service) Activity(ctx context.Context, actor domain.Actor, community, id domain.ID) (Activity, error) {
	var a Activity
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if a, err = s.byID(ctx, community, id); err == nil && !a.VisibleTo(standing) {
			err = domain.NotFound
		}
		return err
	})
	return a, err
}

// LoadAll reads activities by id; who may see them is for the caller to ask.
func (s *Service) LoadAll(ctx context.Context, community domain.ID, ids []domain.ID) ([]Activity, error) {
	return s.store.ByIDs(ctx, community, ids)
}

// VisibleTo says whether somebody may see it: whoever did it, and those who approve.
func (a Activity) VisibleTo(standing domain.Standing) bool {
	return a.Member == standing.Member || standing.May(domain.ApproveActivities)
}

// List reads activities, newest first: one's own, or all for those who approve.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Activity], error) {
	var found domain.Slice[Activity]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if !standing.May(domain.ApproveActivities) {
			if filter.Member != domain.Nowhere && filter.Member != standing.Member {
				return domain.Forbidden
			}
			filter.Member = standing.Member
		}
		found, err = s.store.List(ctx, community, filter, page)
		return err
	})
	return found, err
}

func (s *Service) byID(ctx context.Context, community, id domain.ID) (Activity, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err != nil {
		return Activity{}, err
	}
	if len(found) == 0 {
		return Activity{}, domain.NotFound
	}
	return found[0], nil
}

func (a Activity) event(actor domain.Actor, kind domain.EventKind, minutes domain.Minutes) domain.Event {
	return domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: a.ID,
		Payload: Told{Member: a.Member, Kind: a.Kind, Charter: a.Charter, Minutes: minutes},
	}
}
