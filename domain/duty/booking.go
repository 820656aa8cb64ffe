// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Book takes a place in a shift: for the cycle, or to make up for another. Whoever's
// service is suspended may: it is the way out.
//
// Errors: NotFound, Forbidden, Off, ShiftOver, ShiftFull, AlreadyBooked,
// membership.VettingMissing, IdempotencyKeyReused.
func (s *Service) Book(ctx context.Context, actor domain.Actor, act Act) (Booking, error) {
	id, err := s.act(ctx, actor, act.Community, act.OnBehalfOf, domain.Once{Key: act.Key, Action: "bookDuty", Input: act},
		func(ctx context.Context, at setting, side domain.ID) (domain.ID, error) {
			shift, err := s.lockShift(ctx, act.Community, act.Shift)
			if err != nil {
				return domain.Nowhere, err
			}
			if _, err := s.store.LockAccount(ctx, act.Community, side, at.next()); err != nil { // whoever books owes
				return domain.Nowhere, err
			}
			b := Booking{Community: act.Community, ID: domain.NewID(), Shift: shift.ID, Member: side, State: Booked, At: at.now}
			if err := s.take(ctx, at, shift, b, "shiftId"); err != nil {
				return domain.Nowhere, err
			}
			s.tell(ctx, actor, PlaceTaken, b.ID, Told{Member: side, Lead: shift.Lead, Shift: shift.ID, Due: shift.StartsAt})
			return b.ID, nil
		})
	if err != nil {
		return Booking{}, err
	}
	return s.readBooking(ctx, act.Community, id)
}

// take gives somebody a place in a locked shift.
func (s *Service) take(ctx context.Context, at setting, shift Shift, b Booking, field string) error {
	switch {
	case !shift.CancelledAt.IsZero() || !shift.StartsAt.After(at.now):
		return domain.NewError(ShiftOver, field)
	case shift.Taken >= shift.Places:
		return domain.NewError(ShiftFull, field, "max", shift.Places)
	}
	theirs, err := s.store.BookedBy(ctx, shift.Community, b.Member, at.now)
	if err != nil {
		return err
	}
	var ids []domain.ID
	for _, other := range theirs {
		ids = append(ids, other.Shift)
	}
	shifts, err := s.store.Shifts(ctx, shift.Community, ids)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(shifts, shift.overlaps) {
		return domain.NewError(AlreadyBooked, field)
	}
	if shift.ServiceType != "" {
		if err := s.members.Vetted(ctx, shift.Community, b.Member, at.rules.Safety.Asks(shift.ServiceType), field, shift.StartsAt); err != nil {
			return err
		}
	}
	return s.store.AddBooking(ctx, b)
}

// Cancel says that somebody cannot come. The place is free for another; what it counts
// is what was shown before, or it is refused.
//
// Errors: NotFound, Forbidden, Off, BookingState, ShiftOver, Changed.
func (s *Service) Cancel(ctx context.Context, actor domain.Actor, cmd Cancel) (Booking, error) {
	var b Booking
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		at, shift, found, err := s.own(ctx, actor, cmd.Community, cmd.Booking, now)
		if err != nil {
			return err
		}
		b = found
		a, err := s.store.LockAccount(ctx, b.Community, b.Member, at.next())
		if err != nil {
			return err
		}
		due, err := s.due(ctx, at, a)
		if err != nil {
			return err
		}
		c := consequence(a, shift, b, at.duty(), now, due)
		if cmd.Points != nil && *cmd.Points != c.Points {
			return domain.NewError(Changed, "points", "points", c.Points)
		}
		b.State, b.EndedAt = c.Outcome, now
		if err := s.end(ctx, b, "bookingId"); err != nil {
			return err
		}
		s.tell(ctx, actor, PlaceLeft, b.ID, Told{Member: b.Member, Lead: shift.Lead, Shift: shift.ID, Due: shift.StartsAt})
		_, err = s.post(ctx, actor, at, a, Entry{Kind: ForShift, Outcome: c.Outcome, Points: c.Points, Booking: b.ID}, Charged, Told{Shift: shift.ID})
		return err
	})
	return b, err
}

// own reads a booking that stands, and holds its shift still, for whoever may act for
// its member.
func (s *Service) own(ctx context.Context, actor domain.Actor, in, booking domain.ID, now time.Time) (at setting, shift Shift, b Booking, err error) {
	standing, err := domain.Authorise(ctx, s.access, actor, in, domain.SeeCommunity)
	if err != nil {
		return at, shift, b, err
	}
	if b, err = s.booking(ctx, in, booking); err != nil {
		return at, shift, b, err
	}
	if b.Member != standing.Member {
		if _, err = s.members.ActingAs(ctx, actor, in, b.Member, domain.SeeCommunity); err != nil {
			if errors.Is(err, domain.Forbidden) {
				err = domain.NewError(domain.NotFound, "bookingId") // whose it is is not said
			}
			return at, shift, b, err
		}
	}
	if at, err = s.setting(ctx, in, now); err != nil {
		return at, shift, b, err
	}
	if shift, err = s.lockShift(ctx, in, b.Shift); err != nil {
		return at, shift, b, err
	}
	if b, err = s.booking(ctx, in, booking); err != nil { // as it is now that the shift is held
		return at, shift, b, err
	}
	switch {
	case b.State != Booked:
		err = domain.NewError(BookingState, "bookingId", "state", string(b.State))
	case !shift.StartsAt.After(now):
		err = domain.NewError(ShiftOver, "bookingId")
	}
	return at, shift, b, err
}

// end notes how a booking went that stood.
func (s *Service) end(ctx context.Context, b Booking, field string) error {
	first, err := s.store.EndBooking(ctx, b, Booked)
	if err == nil && !first {
		err = domain.NewError(BookingState, field)
	}
	return err
}

// RecordAttendance notes how a shift went, by who led it or looks after duty; nobody
// notes their own, nor that of whom they live with. Whoever is not named stays to be noted.
//
// Errors: NotFound, Forbidden, Off, ShiftToCome, ShiftOver, OwnDuty, BookingState, Required.
func (s *Service) RecordAttendance(ctx context.Context, actor domain.Actor, cmd Record) (Shift, error) {
	var shift Shift
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.TakePart)
		if err != nil {
			return err
		}
		at, err := s.setting(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		if shift, err = s.lockShift(ctx, cmd.Community, cmd.Shift); err != nil {
			return err
		}
		switch {
		case !shift.LedBy(standing.Member) && !standing.May(domain.ManageDuty):
			return domain.Forbidden
		case !shift.CancelledAt.IsZero():
			return domain.NewError(ShiftOver, "shiftId")
		case shift.StartsAt.After(now):
			return domain.NewError(ShiftToCome, "shiftId")
		case len(cmd.Attendance) == 0:
			return domain.NewError(domain.Required, "attendance")
		}
		return s.record(ctx, actor, at, shift, standing.Member, cmd.Attendance)
	})
	return shift, err
}

func (s *Service) record(ctx context.Context, actor domain.Actor, at setting, shift Shift, by domain.ID, all []Attendance) error {
	booked, err := s.store.BookingsIn(ctx, shift.Community, []domain.ID{shift.ID})
	if err != nil {
		return err
	}
	home, err := s.members.LivesWith(ctx, shift.Community, by)
	if err != nil {
		return err
	}
	var c domain.Check
	noted := map[domain.ID]Booking{}
	for i, how := range all {
		field := fmt.Sprintf("attendance.%d.memberId", i)
		place := slices.IndexFunc(booked, func(b Booking) bool { return b.Member == how.Member })
		switch {
		case how.Member == by || slices.Contains(home, how.Member):
			c.That(false, OwnDuty, field)
		case place < 0:
			return domain.NewError(domain.NotFound, field)
		case booked[place].State != Booked || noted[how.Member].ID != domain.Nowhere:
			c.That(false, BookingState, field, "state", string(booked[place].State))
		default:
			b := booked[place]
			b.State, b.EndedAt, b.NotedBy = how.Outcome, at.now, by
			noted[how.Member] = b
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	ordered := make([]Booking, 0, len(noted))
	for _, b := range noted {
		ordered = append(ordered, b)
	}
	slices.SortFunc(ordered, func(a, b Booking) int { return bytes.Compare(a.Member[:], b.Member[:]) }) // two who note wait, and do not block each other
	for _, b := range ordered {
		a, err := s.store.LockAccount(ctx, b.Community, b.Member, at.next())
		if err != nil {
			return err
		}
		if err := s.end(ctx, b, "attendance"); err != nil {
			return err
		}
		told := Told{Shift: shift.ID, Due: shift.StartsAt}
		if b.State == Attended {
			told.Minutes = domain.Minutes(shift.EndsAt.Sub(shift.StartsAt) / time.Minute)
		}
		e := Entry{Kind: ForShift, Outcome: b.State, Points: points(at.duty(), b.State, b.Owed), Booking: b.ID, By: by}
		if _, err := s.post(ctx, actor, at, a, e, Noted, told); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) lockShift(ctx context.Context, in, id domain.ID) (Shift, error) {
	shift, err := s.store.LockShift(ctx, in, id)
	if errors.Is(err, domain.NotFound) {
		err = domain.NewError(domain.NotFound, "shiftId")
	}
	return shift, err
}

func (s *Service) booking(ctx context.Context, in, id domain.ID) (Booking, error) {
	found, err := s.store.Bookings(ctx, in, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "bookingId")
	}
	if err != nil {
		return Booking{}, err
	}
	return found[0], nil
}

func (s *Service) readBooking(ctx context.Context, in, id domain.ID) (b Booking, err error) {
	err = s.tx.InTx(ctx, in, func(ctx context.Context, _ time.Time) (err error) {
		b, err = s.booking(ctx, in, id)
		return err
	})
	return b, err
}
