// SPDX-License-Identifier: AGPL-3.0-or-later

package workshop

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of group sessions.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	ledger      *ledger.Service
}

// New makes the sessions' room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service, hours *ledger.Service) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, ledger: hours}
}

// Schedule announces a session. Only those who may give from the community charge it.
//
// Errors: NotFound, Forbidden, Required, OutOfRange, MinutesOutOfRange, ServiceTypeUnknown, NotYet,
// membership.AbilityLimited, membership.VettingMissing, IdempotencyKeyReused.
func (s *Service) Schedule(ctx context.Context, actor domain.Actor, cmd Schedule) (Session, error) {
	var made Session
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		host, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		if cmd.Bearer == Community {
			if _, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.GiveFromCommunity); err != nil {
				return err
			}
		}
		said, err := cmd.check(now)
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "scheduleSession", Input: cmd}, func() (domain.ID, error) {
			planned := Session{
				Community: cmd.Community, ID: domain.NewID(), State: Scheduled, Host: host, Title: said.Title, Description: said.Description,
				ServiceType: said.ServiceType, StartsAt: said.StartsAt, Place: said.Place, Capacity: said.Capacity, Bearer: said.Bearer,
				Preparation: said.Preparation, Animation: said.Animation, CreatedAt: now, Version: 1,
			}
			err := s.members.AbleByID(ctx, planned.Community, host, membership.Offering, "", now)
			if err == nil {
				err = s.vetted(ctx, planned, "serviceTypeId", now)
			}
			if err != nil {
				return domain.Nowhere, err
			}
			s.tell(ctx, actor, Announced, planned, host, nil)
			return planned.ID, s.store.Add(ctx, planned)
		})
		if err == nil {
			made, err = s.byID(ctx, cmd.Community, id)
		}
		return err
	})
	return made, err
}

// vetted refuses a session whose host has not what the charter asks for of who leads
// it, on its day: when it is announced, and to who would join once that is withdrawn.
func (s *Service) vetted(ctx context.Context, planned Session, field string, now time.Time) error {
	_, rules, err := s.communities.Rules(ctx, planned.Community, now)
	if err != nil {
		return err
	}
	on := now
	if planned.StartsAt.After(now) {
		on = planned.StartsAt
	}
	return s.members.Vetted(ctx, planned.Community, planned.Host, rules.Safety.Asks(planned.ServiceType), field, on)
}

// Act names a session and on whose side one acts.
type Act struct {
	Community  domain.ID
	Session    domain.ID
	OnBehalfOf domain.ID
	Reason     string
	Key        string `json:"-"`
}

// Join takes a seat, or a place in the waiting list when all are taken. Whoever
// has one keeps it.
//
// Errors: NotFound, Forbidden, WrongState, OwnSession, membership.AbilityLimited,
// membership.VettingMissing.
func (s *Service) Join(ctx context.Context, actor domain.Actor, act Act) (Session, error) {
	return s.act(ctx, actor, act, "joinSession", domain.TakePart, func(ctx context.Context, planned Session, seats []Seat, side domain.ID, now time.Time) error {
		seat, fresh, err := planned.join(seats, side, now)
		if err != nil || !fresh {
			return err
		}
		err = s.members.AbleByID(ctx, planned.Community, side, membership.Joining, "sessionId", now)
		if err == nil {
			err = s.vetted(ctx, planned, "sessionId", now)
		}
		if err != nil {
			return err
		}
		kind := SeatTaken
		if seat.State == Waiting {
			kind = SeatWaits
		}
		s.tell(ctx, actor, kind, planned, side, map[domain.ID]domain.Minutes{side: 0})
		return s.store.SaveSeats(ctx, []Seat{seat})
	})
}

// Leave gives a seat back; the first who waits moves up and is told.
//
// Errors: NotFound, Forbidden, WrongState, NotJoined.
func (s *Service) Leave(ctx context.Context, actor domain.Actor, act Act) (Session, error) {
	return s.act(ctx, actor, act, "leaveSession", domain.SeeCommunity, func(ctx context.Context, planned Session, seats []Seat, side domain.ID, now time.Time) error {
		_, rules, err := s.communities.Rules(ctx, planned.Community, now)
		if err != nil {
			return err
		}
		changed, err := planned.leave(seats, side, rules, now)
		if err != nil {
			return err
		}
		s.tell(ctx, actor, SeatLeft, planned, side, map[domain.ID]domain.Minutes{side: 0})
		for _, seat := range changed[1:] {
			s.tell(ctx, actor, SeatGiven, planned, domain.Nowhere, map[domain.ID]domain.Minutes{seat.Member: 0})
		}
		return s.store.SaveSeats(ctx, changed)
	})
}

// Cancel calls a session off, with a reason: its host, or a coordinator.
//
// Errors: NotFound, Forbidden, WrongState, Required.
func (s *Service) Cancel(ctx context.Context, actor domain.Actor, act Act) (Session, error) {
	return s.act(ctx, actor, act, "cancelSession", domain.SeeCommunity, func(ctx context.Context, planned Session, seats []Seat, side domain.ID, now time.Time) error {
		if err := s.mayLead(ctx, actor, planned, side); err != nil {
			return err
		}
		var c domain.Check
		planned.Reason = c.Text("reason", act.Reason, 1, 1000)
		if err := c.Err(); err != nil {
			return err
		}
		if planned.State != Scheduled {
			return domain.NewError(WrongState, "sessionId", "state", string(planned.State))
		}
		planned.State = Cancelled
		concerned := map[domain.ID]domain.Minutes{}
		for _, seat := range seats {
			if seat.State == Joined || seat.State == Waiting {
				concerned[seat.Member] = 0
			}
		}
		s.tell(ctx, actor, CalledOff, planned, side, concerned)
		_, err := s.store.Save(ctx, planned)
		return err
	})
}

// Settle notes who came and moves the hours in one posting: the host is credited,
// those who came, or the community, are debited. What the community bears, another
// than its host settles.
//
// Errors: NotFound, Forbidden, WrongState, NotYet, Empty, NotJoined, OwnSession, MinutesOutOfRange,
// InsufficientHours, AccountClosed, IdempotencyKeyReused.
func (s *Service) Settle(ctx context.Context, actor domain.Actor, cmd Settle) (Session, error) {
	if cmd.Key == "" {
		return Session{}, domain.NewError(domain.Required, "idempotencyKey")
	}
	act := Act{Community: cmd.Community, Session: cmd.Session, Key: cmd.Key}
	return s.actOn(ctx, actor, act, "settleSession", cmd, domain.SeeCommunity, func(ctx context.Context, planned Session, seats []Seat, side domain.ID, now time.Time) error {
		if err := s.mayLead(ctx, actor, planned, side); err != nil {
			return err
		}
		if planned.Bearer == Community {
			if _, err := domain.Authorise(ctx, s.access, actor, planned.Community, domain.GiveFromCommunity); err != nil {
				return err
			}
			if side == planned.Host {
				return domain.NewError(OwnSession, "sessionId")
			}
		}
		return s.settle(ctx, actor, planned, seats, side, cmd, now)
	})
}

func (s *Service) settle(ctx context.Context, actor domain.Actor, planned Session, seats []Seat, side domain.ID, cmd Settle, now time.Time) error {
	_, rules, err := s.communities.Rules(ctx, planned.Community, now)
	if err != nil {
		return err
	}
	accounts, err := s.accounts(ctx, planned, seats)
	if err != nil {
		return err
	}
	done, seats, err := planned.settle(seats, cmd, rules, accounts, now)
	if err != nil {
		return err
	}
	if _, err := s.store.Save(ctx, done); err != nil {
		return err
	}
	if err := s.store.SaveSeats(ctx, seats); err != nil {
		return err
	}
	host, open := accounts[done.Host]
	if !open {
		return domain.NewError(ledger.AccountClosed, "sessionId")
	}
	told := Told{Host: done.Host, Member: side, Shares: map[domain.ID]domain.Minutes{done.Host: done.Moved}}
	var legs []ledger.Transfer
	leg := func(from domain.ID, m domain.Minutes) {
		legs = append(legs, ledger.Transfer{ID: domain.NewID(), Kind: ledger.GroupShare, Minutes: m, Debit: from, Credit: host.ID})
	}
	for _, seat := range seats {
		if seat.State == Attended || seat.Share > 0 {
			told.Shares[seat.Member] = -seat.Share
		}
		if seat.Share > 0 {
			leg(accounts[seat.Member].ID, seat.Share)
		}
	}
	if done.Bearer == Community {
		whole, err := s.ledger.CommunityAccount(ctx, done.Community, ledger.Community, "")
		if err != nil {
			return err
		}
		leg(whole.ID, done.Moved)
	}
	_, err = s.ledger.Post(ctx, ledger.Posting{
		Community: done.Community, Key: "session/" + done.ID.String(), Legs: legs,
		Event: domain.Event{ID: domain.NewID(), Kind: SettledItAt, Actor: actor.Person, Subject: done.ID, Payload: told},
	})
	return s.whose(ctx, err, planned.Community, accounts)
}

// accounts are the open ones of the host and of all who had a seat, by member.
func (s *Service) accounts(ctx context.Context, planned Session, seats []Seat) (map[domain.ID]ledger.Account, error) {
	ids := []domain.ID{planned.Host}
	for _, seat := range seats {
		ids = append(ids, seat.Member)
	}
	found, err := s.ledger.AccountsOf(ctx, planned.Community, ids)
	byOwner := make(map[domain.ID]ledger.Account, len(found))
	for _, a := range found {
		if a.ClosedAt.IsZero() {
			byOwner[a.Owner] = a
		}
	}
	return byOwner, err
}

// whose names the participant whose hours are too short, and no figures.
func (s *Service) whose(ctx context.Context, err error, community domain.ID, accounts map[domain.ID]ledger.Account) error {
	if !errors.Is(err, ledger.InsufficientHours) {
		return err
	}
	problem, _ := errors.AsType[*domain.Error](err)
	short := domain.NewError(ledger.InsufficientHours, "attendedIds").Because(err)
	for owner, a := range accounts {
		if a.ID == problem.Args["account"] {
			if found, missing := s.members.LoadAll(ctx, community, []domain.ID{owner}); missing == nil && len(found) == 1 {
				short.Args = map[string]any{"name": found[0].DisplayName}
			}
		}
	}
	return short
}

// mayLead: the host, and those who act for members.
func (s *Service) mayLead(ctx context.Context, actor domain.Actor, planned Session, side domain.ID) error {
	if side == planned.Host {
		return nil
	}
	_, err := domain.Authorise(ctx, s.access, actor, planned.Community, domain.ActForMember)
	return err
}

type change func(ctx context.Context, planned Session, seats []Seat, side domain.ID, now time.Time) error

func (s *Service) act(ctx context.Context, actor domain.Actor, act Act, action string, p domain.Permission, do change) (Session, error) {
	return s.actOn(ctx, actor, act, action, act, p, do)
}

// actOn is the frame of every act on a session: who may, what is loaded and held
// still, what is done, once per key.
func (s *Service) actOn(ctx context.Context, actor domain.Actor, act Act, action string, in any, p domain.Permission, do change) (Session, error) {
	var after Session
	err := s.tx.InTx(ctx, act.Community, func(ctx context.Context, now time.Time) error {
		side, err := s.members.ActingAs(ctx, actor, act.Community, act.OnBehalfOf, p)
		if err != nil {
			return err
		}
		_, _, err = s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: act.Key, Action: action, Input: in}, func() (domain.ID, error) {
			planned, err := s.store.Lock(ctx, act.Community, act.Session)
			if err != nil {
				return domain.Nowhere, err
			}
			seats, err := s.store.Seats(ctx, act.Community, []domain.ID{planned.ID})
			if err != nil {
				return domain.Nowhere, err
			}
			return planned.ID, do(ctx, planned, seats, side, now)
		})
		if err == nil {
			after, err = s.byID(ctx, act.Community, act.Session)
		}
		return err
	})
	return after, err
}

func (s *Service) byID(ctx context.Context, community, id domain.ID) (Session, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err != nil {
		return Session{}, err
	}
	if len(found) == 0 {
		return Session{}, domain.NotFound
	}
	return found[0], nil
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, planned Session, side domain.ID, shares map[domain.ID]domain.Minutes) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: planned.ID,
		Payload: Told{Host: planned.Host, Member: side, Shares: shares},
	})
}
