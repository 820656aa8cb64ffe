// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of duty.
type Service struct {
	tx          domain.Tx
	store       Store
	periods     domain.Periods
	access      domain.Access
	communities *community.Service
	members     *membership.Service
}

// New makes the room of duty.
func New(tx domain.Tx, store Store, periods domain.Periods, access domain.Access, communities *community.Service, members *membership.Service) *Service {
	return &Service{tx: tx, store: store, periods: periods, access: access, communities: communities, members: members}
}

// setting is the community, its rules and the moment that a use case works with.
type setting struct {
	where community.Community
	rules community.Charter
	now   time.Time
}

func (at setting) duty() community.Duty { return at.rules.Duty }

// today is the day there.
func (at setting) today() time.Time { return today(at.now, at.where.Zone()) }

// cycle is the first day of the one that runs, next of the one after it.
func (at setting) cycle() time.Time { return cycleOf(at.today(), at.duty().CycleWeeks) }
func (at setting) next() time.Time  { return after(at.today(), at.duty().CycleWeeks) }

// due is when service is suspended for who falls behind now.
func (at setting) due() time.Time { return at.where.After(at.now, at.duty().AlertDays) }

// setting reads the rules. Error: Off, where there is no duty.
func (s *Service) setting(ctx context.Context, in domain.ID, now time.Time) (setting, error) {
	where, rules, err := s.communities.Rules(ctx, in, now)
	if err == nil && !rules.Duty.On {
		err = domain.NewError(Off, "")
	}
	return setting{where, rules, now}, err
}

// act runs what one member does, or somebody for them, once per key.
func (s *Service) act(ctx context.Context, actor domain.Actor, in, onBehalfOf domain.ID, once domain.Once,
	do func(ctx context.Context, at setting, side domain.ID) (domain.ID, error),
) (id domain.ID, err error) {
	once.Person = actor.Person
	err = s.tx.InTx(ctx, in, func(ctx context.Context, now time.Time) error {
		side, err := s.members.ActingAs(ctx, actor, in, onBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		id, _, err = s.tx.Once(ctx, once, func() (domain.ID, error) {
			at, err := s.setting(ctx, in, now)
			if err != nil {
				return domain.Nowhere, err
			}
			return do(ctx, at, side)
		})
		return err
	})
	return id, err
}

// manage runs what those who look after duty do, once per key.
func (s *Service) manage(ctx context.Context, actor domain.Actor, in domain.ID, once domain.Once,
	do func(ctx context.Context, at setting, by domain.ID) (domain.ID, error),
) (id domain.ID, err error) {
	once.Person = actor.Person
	err = s.tx.InTx(ctx, in, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, in, domain.ManageDuty)
		if err != nil {
			return err
		}
		id, _, err = s.tx.Once(ctx, once, func() (domain.ID, error) {
			at, err := s.setting(ctx, in, now)
			if err != nil {
				return domain.Nowhere, err
			}
			return do(ctx, at, standing.Member)
		})
		return err
	})
	return id, err
}

// apart refuses whoever would decide about themselves, or about whom they live with.
func (s *Service) apart(ctx context.Context, in, by, member domain.ID, field string) error {
	together, err := s.members.Together(ctx, in, by, member)
	if err == nil && (by == member || together) {
		err = domain.NewError(OwnDuty, field)
	}
	return err
}

// post adds to a locked account, and what follows; false when its source was counted.
func (s *Service) post(ctx context.Context, actor domain.Actor, at setting, a Account, e Entry, kind domain.EventKind, told Told) (bool, error) {
	due, err := s.due(ctx, at, a)
	if err != nil {
		return false, err
	}
	next := a.with(e.Points, at.now, due)
	e.Community, e.ID, e.Member, e.At = a.Community, domain.NewID(), a.Member, at.now
	e.Position, e.Balance = next.Entries, next.Balance
	first, err := s.store.AddEntry(ctx, e)
	if err != nil || !first {
		return false, err
	}
	told.Member, told.Points, told.Outcome = e.Member, e.Points, e.Outcome
	s.tell(ctx, actor, kind, e.ID, told)
	return true, s.settle(ctx, actor, a, next)
}

// due is when service is suspended for who falls behind now: as the charter says, and
// the days of leave do not count.
func (s *Service) due(ctx context.Context, at setting, a Account) (time.Time, error) {
	due := at.due()
	if !a.AlertAt.IsZero() {
		return due, nil // they are behind, and have a day
	}
	leaves, err := s.store.LeavesOf(ctx, a.Community, a.Member)
	for _, l := range slices.Backward(leaves) { // the first to begin first
		if l.State == LeaveGranted {
			due = postponed(due, l, at.now)
		}
	}
	return due, err
}

// settle keeps where a member stands. What is kept from who is behind begins by the
// clock and ends at once.
func (s *Service) settle(ctx context.Context, actor domain.Actor, was, is Account) error {
	if err := s.store.SaveAccount(ctx, is); err != nil || was.DueAt.Equal(is.DueAt) {
		return err
	}
	if is.DueAt.IsZero() {
		s.tell(ctx, actor, Restored, is.Member, Told{Member: is.Member})
		return s.members.Unlimit(ctx, is.Community, is.Member, cause(is.Member))
	}
	if was.AlertAt.IsZero() {
		s.tell(ctx, actor, Alerted, is.Member, Told{Member: is.Member, Points: is.Balance, Due: is.DueAt})
	}
	err := s.members.Limit(ctx, is.Community, is.Member, membership.Limit{
		Cause: cause(is.Member), What: service(), From: is.DueAt, Rule: membership.ByDuty,
	}, "memberId")
	if errors.Is(err, membership.MemberState) {
		return nil // who is not there any more has nothing that could be kept from them
	}
	return err
}

// service is what is suspended: giving, receiving and announcing. The vote, the hours
// and what was agreed are not.
func service() []membership.Ability {
	return []membership.Ability{membership.Offering, membership.Requesting, membership.Joining}
}

// cause names what duty keeps from a member.
func cause(member domain.ID) domain.ID { return domain.DerivedID(member, "duty") }

// MakeUp counts work that was approved against duty, inside the caller's transaction;
// where there is no duty it counts nothing, and the same work counts once.
func (s *Service) MakeUp(ctx context.Context, actor domain.Actor, in, member, by, work domain.ID, now time.Time) error {
	at, err := s.setting(ctx, in, now)
	if errors.Is(err, Off) {
		return nil
	}
	if err != nil {
		return err
	}
	a, err := s.store.LockAccount(ctx, in, member, at.next())
	if err != nil {
		return err
	}
	_, err = s.post(ctx, actor, at, a, Entry{Kind: ForActivity, Points: at.duty().MakeUp, Source: work, By: by}, MadeUp, Told{})
	return err
}

// Correct takes an entry back by another that names it, for a reason that its member
// reads; a shift can be noted anew.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, OwnDuty, EntryCorrected,
// IdempotencyKeyReused.
func (s *Service) Correct(ctx context.Context, actor domain.Actor, in, entry domain.ID, reason, key string) (Entry, error) {
	id, err := s.manage(ctx, actor, in, domain.Once{Key: key, Action: "correctDutyEntry", Input: []string{entry.String(), reason}},
		func(ctx context.Context, at setting, by domain.ID) (domain.ID, error) {
			var c domain.Check
			reason := c.Text("reason", reason, 1, 1000)
			if err := c.Err(); err != nil {
				return domain.Nowhere, err
			}
			e, err := s.entry(ctx, in, entry)
			if err != nil {
				return domain.Nowhere, err
			}
			if err := s.apart(ctx, in, by, e.Member, "entryId"); err != nil {
				return domain.Nowhere, err
			}
			if e.Kind == Correction || e.Kind == Given || e.Kind == Granted {
				return domain.Nowhere, domain.NewError(EntryCorrected, "entryId")
			}
			return e.ID, s.correct(ctx, actor, at, e, by, reason)
		})
	if err != nil {
		return Entry{}, err
	}
	var corrected Entry
	err = s.tx.InTx(ctx, in, func(ctx context.Context, _ time.Time) (err error) {
		corrected, err = s.entry(ctx, in, id)
		return err
	})
	return corrected, err
}

func (s *Service) correct(ctx context.Context, actor domain.Actor, at setting, e Entry, by domain.ID, reason string) error {
	a, err := s.store.LockAccount(ctx, e.Community, e.Member, at.next())
	if err != nil {
		return err
	}
	told := Told{Undoes: e.ID}
	if e.Booking != domain.Nowhere {
		found, err := s.store.Bookings(ctx, e.Community, []domain.ID{e.Booking})
		if err != nil || len(found) == 0 {
			return err
		}
		if b := found[0]; b.NotedBy != domain.Nowhere { // somebody may note it as it was
			was := b.State
			b.State, b.EndedAt, b.NotedBy = Booked, time.Time{}, domain.Nowhere
			if _, err := s.store.EndBooking(ctx, b, was); err != nil {
				return err
			}
		}
	}
	_, err = s.post(ctx, actor, at, a, Entry{Kind: Correction, Points: -e.Points, Corrects: e.ID, By: by, Reason: reason}, Corrected, told)
	return err
}

// Extend gives somebody who is behind more time, for a reason; also when service is
// suspended already.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, OwnDuty, NotBehind,
// OutOfRange, IdempotencyKeyReused.
func (s *Service) Extend(ctx context.Context, actor domain.Actor, cmd Extend) (domain.ID, error) {
	return s.manage(ctx, actor, cmd.Community, domain.Once{Key: cmd.Key, Action: "extendDuty", Input: cmd},
		func(ctx context.Context, at setting, by domain.ID) (domain.ID, error) {
			if _, err := s.members.Load(ctx, cmd.Community, cmd.Member); err != nil {
				return domain.Nowhere, domain.NewError(domain.NotFound, "memberId").Because(err)
			}
			if err := s.apart(ctx, cmd.Community, by, cmd.Member, "memberId"); err != nil {
				return domain.Nowhere, err
			}
			a, err := s.store.LockAccount(ctx, cmd.Community, cmd.Member, at.next())
			if err != nil {
				return domain.Nowhere, err
			}
			cmd, err := a.checkExtension(cmd, at.now)
			if err != nil {
				return domain.Nowhere, err
			}
			was := a
			a.DueAt, a.ToldAt = cmd.Until, time.Time{}
			x := Extension{Community: cmd.Community, ID: domain.NewID(), Member: cmd.Member, Until: cmd.Until, Reason: cmd.Reason, By: by, At: at.now}
			if err := s.store.AddExtension(ctx, x); err != nil {
				return domain.Nowhere, err
			}
			s.tell(ctx, actor, Extended, cmd.Member, Told{Member: cmd.Member, Due: cmd.Until})
			return cmd.Member, s.settle(ctx, actor, was, a)
		})
}

func (s *Service) entry(ctx context.Context, in, id domain.ID) (Entry, error) {
	found, err := s.store.Entries(ctx, in, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "entryId")
	}
	if err != nil {
		return Entry{}, err
	}
	return found[0], nil
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, about domain.ID, told Told) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: about, Payload: told})
}
