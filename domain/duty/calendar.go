// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// MakeTemplate has a shift come round once in each cycle, from now on.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, OutOfRange,
// MinutesOutOfRange, IdempotencyKeyReused.
func (s *Service) MakeTemplate(ctx context.Context, actor domain.Actor, cmd MakeTemplate) (Template, error) {
	id, err := s.manage(ctx, actor, cmd.Community, domain.Once{Key: cmd.Key, Action: "createDutyTemplate", Input: cmd},
		func(ctx context.Context, at setting, by domain.ID) (domain.ID, error) {
			cmd, err := cmd.check(at.duty())
			if err != nil {
				return domain.Nowhere, err
			}
			if cmd.Lead != domain.Nowhere {
				found, err := s.members.Load(ctx, cmd.Community, cmd.Lead)
				if err != nil || !found[0].Participation.InGoodStanding() {
					return domain.Nowhere, domain.NewError(domain.NotFound, "leadId").Because(err)
				}
			}
			t := Template{
				Community: cmd.Community, ID: domain.NewID(), Title: cmd.Title, Place: cmd.Place, Week: cmd.Week, Weekday: cmd.Weekday,
				Hour: cmd.Hour, Minute: cmd.Minute, Length: cmd.Length, Places: cmd.Places, ServiceType: cmd.ServiceType, Lead: cmd.Lead,
				MadeBy: by, CreatedAt: at.now,
			}
			if err := s.store.AddTemplate(ctx, t); err != nil {
				return domain.Nowhere, err
			}
			s.tell(ctx, actor, TemplateMade, t.ID, Told{Lead: t.Lead})
			return t.ID, s.unroll(ctx, at, t)
		})
	if err != nil {
		return Template{}, err
	}
	var t Template
	err = s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, _ time.Time) (err error) {
		t, err = s.template(ctx, cmd.Community, id)
		return err
	})
	return t, err
}

// EndTemplate has a shift come round no more; those to come are called off, and who
// had a standing place books freely from the next cycle on.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, TemplateEnded.
func (s *Service) EndTemplate(ctx context.Context, actor domain.Actor, in, id domain.ID, reason string) (Template, error) {
	var t Template
	_, err := s.manage(ctx, actor, in, domain.Once{}, func(ctx context.Context, at setting, _ domain.ID) (domain.ID, error) {
		var c domain.Check
		reason := c.Text("reason", reason, 1, 1000)
		if err := c.Err(); err != nil {
			return id, err
		}
		first, err := s.store.EndTemplate(ctx, in, id, at.now)
		if err != nil {
			return id, err
		}
		if t, err = s.template(ctx, in, id); err == nil && !first {
			err = domain.NewError(TemplateEnded, "templateId")
		}
		if err != nil {
			return id, err
		}
		s.tell(ctx, actor, TemplateOver, id, Told{})
		shifts, err := s.store.ToCome(ctx, in, id, at.now)
		if err != nil {
			return id, err
		}
		if err := s.callOff(ctx, actor, at, reason, shifts...); err != nil {
			return id, err
		}
		return id, s.freeAll(ctx, at, id)
	})
	return t, err
}

// freeAll has those who had a standing place in a template book freely.
func (s *Service) freeAll(ctx context.Context, at setting, template domain.ID) error {
	standing, err := s.store.StandingOn(ctx, at.where.ID, template)
	if err != nil {
		return err
	}
	for _, a := range standing {
		a, err := s.store.LockAccount(ctx, a.Community, a.Member, at.next()) // as it is now that it is held
		if err == nil && a.Template == template {
			a, err = s.upToDate(ctx, at, a)
			if err == nil {
				err = s.store.SaveAccount(ctx, a.free(at.cycle(), at.next()))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// free is somebody who has no standing place any more; the cycle that runs was theirs.
func (a Account) free(cycle, next time.Time) Account {
	if a.Template != domain.Nowhere && !a.StandingFrom.After(cycle) && a.OwesFrom.Before(next) {
		a.OwesFrom = next
	}
	a.Template, a.StandingFrom = domain.Nowhere, time.Time{}
	return a
}

// CancelShift calls one shift off, for a reason that those who booked it are told; it
// is not charged to them.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, ShiftOver.
func (s *Service) CancelShift(ctx context.Context, actor domain.Actor, in, id domain.ID, reason string) (Shift, error) {
	var shift Shift
	_, err := s.manage(ctx, actor, in, domain.Once{}, func(ctx context.Context, at setting, _ domain.ID) (domain.ID, error) {
		var c domain.Check
		reason := c.Text("reason", reason, 1, 1000)
		if err := c.Err(); err != nil {
			return id, err
		}
		var err error
		if shift, err = s.lockShift(ctx, in, id); err != nil {
			return id, err
		}
		if !shift.CancelledAt.IsZero() || !shift.StartsAt.After(at.now) {
			return id, domain.NewError(ShiftOver, "shiftId")
		}
		s.tell(ctx, actor, ShiftCancelled, id, Told{Lead: shift.Lead, Shift: id})
		if err := s.callOff(ctx, actor, at, reason, shift); err != nil {
			return id, err
		}
		shift, err = s.lockShift(ctx, in, id)
		return id, err
	})
	return shift, err
}

// CloseDay says that nothing takes place on a day: a holiday. Shifts that stand on the
// calendar are called off, those that would come on it are from the beginning.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, OutOfRange, DayClosed.
func (s *Service) CloseDay(ctx context.Context, actor domain.Actor, in domain.ID, day time.Time, reason string) ([]Shift, error) {
	var shifts []Shift
	_, err := s.manage(ctx, actor, in, domain.Once{}, func(ctx context.Context, at setting, by domain.ID) (domain.ID, error) {
		var c domain.Check
		reason := c.Text("reason", reason, 1, 1000)
		c.That(day.After(at.today()) && !day.After(at.today().AddDate(2, 0, 0)), domain.OutOfRange, "date", "min", 1, "max", 730)
		if err := c.Err(); err != nil {
			return domain.Nowhere, err
		}
		first, err := s.store.CloseDay(ctx, in, day, reason, by, at.now)
		if err == nil && !first {
			err = domain.NewError(DayClosed, "date")
		}
		if err != nil {
			return domain.Nowhere, err
		}
		s.tell(ctx, actor, DayIsClosed, in, Told{Due: domain.OnTheWall(day, 0, at.where.Zone())})
		if shifts, err = s.store.OnDay(ctx, in, day); err != nil {
			return domain.Nowhere, err
		}
		if err := s.callOff(ctx, actor, at, reason, shifts...); err != nil {
			return domain.Nowhere, err
		}
		shifts, err = s.store.OnDay(ctx, in, day)
		return domain.Nowhere, err
	})
	return shifts, err
}

// callOff calls shifts off that have not begun, and tells those who booked them.
func (s *Service) callOff(ctx context.Context, actor domain.Actor, at setting, reason string, shifts ...Shift) error {
	for _, shift := range shifts {
		shift.CancelledAt, shift.Reason = at.now, reason
		first, err := s.store.CancelShift(ctx, shift)
		if err != nil {
			return err
		}
		if !first || !shift.StartsAt.After(at.now) {
			continue
		}
		booked, err := s.store.BookingsIn(ctx, shift.Community, []domain.ID{shift.ID})
		if err != nil {
			return err
		}
		for _, b := range booked {
			if err := s.release(ctx, at, b); err != nil {
				return err
			}
			s.tell(ctx, actor, PlaceCalledOff, b.ID, Told{Member: b.Member, Shift: shift.ID, Due: shift.StartsAt})
		}
	}
	return nil
}

// release ends a booking that counts nothing.
func (s *Service) release(ctx context.Context, at setting, b Booking) error {
	b.State, b.EndedAt = CalledOff, at.now
	_, err := s.store.EndBooking(ctx, b, Booked)
	return err
}

// unroll puts a template's shifts on the calendar as far ahead as one books, each once.
func (s *Service) unroll(ctx context.Context, at setting, t Template) error {
	from := at.today()
	standing, err := s.store.StandingOn(ctx, t.Community, t.ID)
	if err != nil {
		return err
	}
	for _, day := range t.days(from, from.AddDate(0, 0, 7*at.duty().AheadWeeks), at.duty().CycleWeeks) {
		shift := t.shift(day, at.where.Zone())
		if !shift.StartsAt.After(at.now) {
			continue
		}
		if shift.Reason, err = s.store.ClosedOn(ctx, t.Community, day); err != nil {
			return err
		}
		if shift.Reason != "" {
			shift.CancelledAt = at.now
		}
		fresh, err := s.store.AddShift(ctx, shift)
		if err != nil {
			return err
		}
		if !fresh || shift.Reason != "" {
			continue
		}
		for _, a := range standing {
			if err := s.stand(ctx, at, shift, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// stand books a shift for who has a standing place in it, but while they are on leave,
// and while they are a minor for whom no consent stands.
func (s *Service) stand(ctx context.Context, at setting, shift Shift, a Account) error {
	if shift.Day.Before(a.StandingFrom) {
		return nil
	}
	away, err := s.store.OnLeave(ctx, a.Community, a.Member, shift.StartsAt, shift.EndsAt)
	if err != nil || len(away) > 0 {
		return err
	}
	members, err := s.members.Load(ctx, a.Community, a.Member)
	if err != nil || !members[0].Participation.Admitted() || members[0].Awaits(at.now) {
		return err
	}
	b := Booking{Community: a.Community, ID: domain.NewID(), Shift: shift.ID, Member: a.Member, State: Booked, Owed: true, At: at.now}
	err = s.take(ctx, at, shift, b, "templateId")
	if errors.Is(err, ShiftFull) || errors.Is(err, AlreadyBooked) || errors.Is(err, membership.VettingMissing) {
		return nil // they come anyway, or cannot; the shift stays open
	}
	return err
}

// SetPattern gives somebody a standing place in a template, from the next cycle on, or
// has them book freely.
//
// Errors: NotFound, Forbidden, Off, TemplateEnded, ShiftFull, membership.VettingMissing.
func (s *Service) SetPattern(ctx context.Context, actor domain.Actor, in, template, onBehalfOf domain.ID) (domain.ID, error) {
	return s.act(ctx, actor, in, onBehalfOf, domain.Once{}, func(ctx context.Context, at setting, side domain.ID) (domain.ID, error) {
		if template != domain.Nowhere { // held before the account, as by whoever ends it
			if err := s.store.LockTemplate(ctx, in, template); err != nil {
				return side, err
			}
			if _, err := s.template(ctx, in, template); err != nil {
				return side, err
			}
		}
		a, err := s.store.LockAccount(ctx, in, side, at.next())
		if err != nil || a.Template == template {
			return side, err
		}
		if a, err = s.upToDate(ctx, at, a); err != nil {
			return side, err
		}
		if err := s.releaseFrom(ctx, at, side, at.next()); err != nil {
			return side, err
		}
		if a = a.free(at.cycle(), at.next()); template != domain.Nowhere {
			a.Template, a.StandingFrom = template, at.next()
		}
		if err := s.store.SaveAccount(ctx, a); err != nil {
			return side, err
		}
		s.tell(ctx, actor, PatternSet, side, Told{Member: side})
		if template == domain.Nowhere {
			return side, nil
		}
		return side, s.settleIn(ctx, at, a)
	})
}

// releaseFrom gives back what somebody owed from a day on by a standing place.
func (s *Service) releaseFrom(ctx context.Context, at setting, member domain.ID, from time.Time) error {
	theirs, err := s.store.BookedBy(ctx, at.where.ID, member, domain.OnTheWall(from, 0, at.where.Zone()))
	if err != nil {
		return err
	}
	ids := make([]domain.ID, len(theirs))
	for i, b := range theirs {
		ids[i] = b.Shift
	}
	shifts, err := s.store.Shifts(ctx, at.where.ID, ids)
	if err != nil {
		return err
	}
	for _, b := range theirs {
		before := slices.ContainsFunc(shifts, func(s Shift) bool { return s.ID == b.Shift && s.Day.Before(from) }) // it lasts into the day
		if !b.Owed || before {
			continue
		}
		if err := s.release(ctx, at, b); err != nil {
			return err
		}
	}
	return nil
}

// settleIn books the shifts on the calendar for who has a new standing place in a
// template that is held still.
func (s *Service) settleIn(ctx context.Context, at setting, a Account) error {
	t, err := s.template(ctx, a.Community, a.Template)
	if err != nil {
		return err
	}
	if !t.EndedAt.IsZero() {
		return domain.NewError(TemplateEnded, "templateId")
	}
	if t.ServiceType != "" {
		if err := s.members.Vetted(ctx, a.Community, a.Member, at.rules.Safety.Asks(t.ServiceType), "templateId", at.now); err != nil {
			return err
		}
	}
	standing, err := s.store.StandingOn(ctx, a.Community, t.ID)
	if err != nil {
		return err
	}
	if len(standing) > t.Places {
		return domain.NewError(ShiftFull, "templateId", "max", t.Places)
	}
	shifts, err := s.store.ToCome(ctx, a.Community, t.ID, at.now)
	for _, shift := range shifts {
		if err == nil {
			shift, err = s.lockShift(ctx, a.Community, shift.ID)
		}
		if err == nil && shift.CancelledAt.IsZero() {
			err = s.stand(ctx, at, shift, a)
		}
	}
	return err
}

func (s *Service) template(ctx context.Context, in, id domain.ID) (Template, error) {
	found, err := s.store.Templates(ctx, in, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "templateId")
	}
	if err != nil {
		return Template{}, err
	}
	return found[0], nil
}
