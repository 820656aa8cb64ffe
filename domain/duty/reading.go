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

// read runs what somebody may see who belongs to a community.
func (s *Service) read(ctx context.Context, actor domain.Actor, in domain.ID, do func(ctx context.Context, standing domain.Standing, now time.Time) error) error {
	return s.tx.InTx(ctx, in, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, in, domain.SeeCommunity)
		if err != nil {
			return err
		}
		return do(ctx, standing, now)
	})
}

// Templates are the shifts that come round, in the order of the cycle.
func (s *Service) Templates(ctx context.Context, actor domain.Actor, in domain.ID) (all []Template, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, _ domain.Standing, _ time.Time) (err error) {
		all, err = s.store.TemplatesIn(ctx, in)
		return err
	})
	return all, err
}

// Template reads one. Error: NotFound.
func (s *Service) Template(ctx context.Context, actor domain.Actor, in, id domain.ID) (t Template, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, _ domain.Standing, _ time.Time) (err error) {
		t, err = s.template(ctx, in, id)
		return err
	})
	return t, err
}

// Shifts are those that end after a moment, the next first.
func (s *Service) Shifts(ctx context.Context, actor domain.Actor, in domain.ID, from time.Time, page domain.Page) (found domain.Slice[Shift], err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, _ domain.Standing, now time.Time) (err error) {
		if from.IsZero() {
			from = now
		}
		found, err = s.store.ShiftsFrom(ctx, in, from, page)
		return err
	})
	return found, err
}

// Shift reads one. Error: NotFound.
func (s *Service) Shift(ctx context.Context, actor domain.Actor, in, id domain.ID) (shift Shift, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, _ domain.Standing, _ time.Time) error {
		found, err := s.store.Shifts(ctx, in, []domain.ID{id})
		if err == nil && len(found) == 0 {
			err = domain.NotFound
		}
		if err == nil {
			shift = found[0]
		}
		return err
	})
	return shift, err
}

// LoadShifts reads shifts inside the caller's transaction, those that exist.
func (s *Service) LoadShifts(ctx context.Context, in domain.ID, ids []domain.ID) ([]Shift, error) {
	return s.store.Shifts(ctx, in, ids)
}

// LoadTemplates is LoadShifts for templates.
func (s *Service) LoadTemplates(ctx context.Context, in domain.ID, ids []domain.ID) ([]Template, error) {
	return s.store.Templates(ctx, in, ids)
}

// LoadBookings is LoadShifts for bookings.
func (s *Service) LoadBookings(ctx context.Context, in domain.ID, ids []domain.ID) ([]Booking, error) {
	return s.store.Bookings(ctx, in, ids)
}

// BookingsIn reads who is in some shifts; how it went for them is for the caller to keep.
func (s *Service) BookingsIn(ctx context.Context, in domain.ID, shifts []domain.ID) (all []Booking, err error) {
	err = s.tx.InTx(ctx, in, func(ctx context.Context, _ time.Time) (err error) {
		all, err = s.store.BookingsIn(ctx, in, shifts)
		return err
	})
	return all, err
}

// sees says whether somebody reads how a member stands: themselves, those who look after
// duty, and whoever acts for them.
func (s *Service) sees(ctx context.Context, actor domain.Actor, standing domain.Standing, in, member domain.ID) (bool, error) {
	if standing.Member == member || standing.May(domain.ManageDuty) {
		return true, nil
	}
	_, err := s.members.ActingAs(ctx, actor, in, member, domain.SeeCommunity)
	if errors.Is(err, domain.Forbidden) || errors.Is(err, domain.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// mostLate is how many members the desk is shown who are behind.
const mostLate = 100

// Late are the members whose counter is below zero, the first to be suspended first,
// for those who look after duty. Error: Forbidden.
func (s *Service) Late(ctx context.Context, actor domain.Actor, in domain.ID) (late []membership.Member, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, _ time.Time) (err error) {
		if !standing.May(domain.ManageDuty) {
			return domain.Forbidden
		}
		ids, err := s.store.Late(ctx, in, mostLate)
		if err != nil {
			return err
		}
		if late, err = s.members.LoadAll(ctx, in, ids); err != nil {
			return err
		}
		slices.SortFunc(late, func(a, b membership.Member) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
		return nil
	})
	return late, err
}

// Booking reads one for its member, whoever led the shift and those who look after
// duty. Error: NotFound for everybody else.
func (s *Service) Booking(ctx context.Context, actor domain.Actor, in, id domain.ID) (b Booking, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, _ time.Time) (err error) {
		if b, err = s.booking(ctx, in, id); err != nil {
			return err
		}
		seen, err := s.sees(ctx, actor, standing, in, b.Member)
		if err != nil || seen {
			return err
		}
		shifts, err := s.store.Shifts(ctx, in, []domain.ID{b.Shift})
		if err == nil && (len(shifts) == 0 || !shifts[0].LedBy(standing.Member)) {
			err = domain.NotFound
		}
		return err
	})
	return b, err
}

// Consequence is what would follow if somebody cancelled now; ok is false where there
// is nothing to cancel, or for whom it is not.
func (s *Service) Consequence(ctx context.Context, actor domain.Actor, b Booking) (c Consequence, ok bool, err error) {
	err = s.read(ctx, actor, b.Community, func(ctx context.Context, standing domain.Standing, now time.Time) error {
		seen, err := s.sees(ctx, actor, standing, b.Community, b.Member)
		if err != nil || !seen || b.State != Booked {
			return err
		}
		at, err := s.setting(ctx, b.Community, now)
		if errors.Is(err, Off) {
			return nil
		}
		if err != nil {
			return err
		}
		shifts, err := s.store.Shifts(ctx, b.Community, []domain.ID{b.Shift})
		if err != nil || len(shifts) == 0 || !shifts[0].StartsAt.After(now) {
			return err
		}
		a, _, err := s.store.Account(ctx, b.Community, b.Member)
		if err != nil {
			return err
		}
		due, err := s.due(ctx, at, a)
		c, ok = consequence(a, shifts[0], b, at.duty(), now, due), err == nil
		return err
	})
	return c, ok, err
}

// Account reads where a member stands; ok is false where there is nothing, or for whom
// it is not.
func (s *Service) Account(ctx context.Context, actor domain.Actor, in, member domain.ID) (a Account, ok bool, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, now time.Time) error {
		seen, err := s.sees(ctx, actor, standing, in, member)
		if err != nil || !seen {
			return err
		}
		_, err = s.setting(ctx, in, now)
		if errors.Is(err, Off) {
			return nil
		}
		if err != nil {
			return err
		}
		if a, ok, err = s.store.Account(ctx, in, member); err == nil && !ok {
			a, ok = Account{Community: in, Member: member}, true // they owe, and nothing has been counted
		}
		return err
	})
	return a, ok, err
}

// Entries reads a member's counter, newest first. Error: NotFound for whom it is not.
func (s *Service) Entries(ctx context.Context, actor domain.Actor, in, member domain.ID, page domain.Page) (found domain.Slice[Entry], err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, _ time.Time) error {
		seen, err := s.sees(ctx, actor, standing, in, member)
		if err == nil && !seen {
			err = domain.NotFound
		}
		if err == nil {
			found, err = s.store.EntriesOf(ctx, in, member, page)
		}
		return err
	})
	return found, err
}

// Entry reads one, for its member and those who look after duty. Error: NotFound.
func (s *Service) Entry(ctx context.Context, actor domain.Actor, in, id domain.ID) (e Entry, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, _ time.Time) (err error) {
		if e, err = s.entry(ctx, in, id); err != nil {
			return err
		}
		seen, err := s.sees(ctx, actor, standing, in, e.Member)
		if err == nil && !seen {
			err = domain.NotFound
		}
		return err
	})
	return e, err
}

// BookedBy reads a member's bookings to come, for whoever sees how they stand; nothing
// for others.
func (s *Service) BookedBy(ctx context.Context, actor domain.Actor, in, member domain.ID) (all []Booking, err error) {
	err = s.forMember(ctx, actor, in, member, func(ctx context.Context, now time.Time) (err error) {
		all, err = s.store.BookedBy(ctx, in, member, now)
		return err
	})
	return all, err
}

// Extensions reads the times a member was given more time; newest first.
func (s *Service) Extensions(ctx context.Context, actor domain.Actor, in, member domain.ID) (all []Extension, err error) {
	err = s.forMember(ctx, actor, in, member, func(ctx context.Context, _ time.Time) (err error) {
		all, err = s.store.ExtensionsOf(ctx, in, member)
		return err
	})
	return all, err
}

// LeavesOf reads a member's leaves, the last to begin first.
func (s *Service) LeavesOf(ctx context.Context, actor domain.Actor, in, member domain.ID) (all []Leave, err error) {
	err = s.forMember(ctx, actor, in, member, func(ctx context.Context, _ time.Time) (err error) {
		all, err = s.store.LeavesOf(ctx, in, member)
		return err
	})
	return all, err
}

func (s *Service) forMember(ctx context.Context, actor domain.Actor, in, member domain.ID, do func(context.Context, time.Time) error) error {
	return s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, now time.Time) error {
		seen, err := s.sees(ctx, actor, standing, in, member)
		if err != nil || !seen {
			return err
		}
		return do(ctx, now)
	})
}

// Swaps are the open offers that somebody may take, and their own.
func (s *Service) Swaps(ctx context.Context, actor domain.Actor, in domain.ID) (all []Swap, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, now time.Time) error {
		open, err := s.store.OpenSwaps(ctx, in, standing.Member, now)
		for _, swap := range open {
			if standing.Sees(swap.Member) {
				all = append(all, swap)
			}
		}
		return err
	})
	return all, err
}

// Swap reads an offer, for its sides, whoever may take it, and those who look after
// duty. Error: NotFound.
func (s *Service) Swap(ctx context.Context, actor domain.Actor, in, id domain.ID) (swap Swap, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, standing domain.Standing, _ time.Time) (err error) {
		if swap, err = s.swap(ctx, in, id); err != nil {
			return err
		}
		own := standing.Member == swap.Member || standing.Member == swap.To || standing.Member == swap.TakenBy || standing.May(domain.ManageDuty)
		open := swap.State == SwapOpen && swap.To == domain.Nowhere && standing.Sees(swap.Member)
		if !own && !open {
			err = domain.NotFound
		}
		return err
	})
	return swap, err
}

// LeavesToDecide are those that wait, the oldest first, for those who look after duty.
//
// Errors: NotFound, Forbidden.
func (s *Service) LeavesToDecide(ctx context.Context, actor domain.Actor, in domain.ID) (all []Leave, err error) {
	err = s.tx.InTx(ctx, in, func(ctx context.Context, _ time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, in, domain.ManageDuty); err != nil {
			return err
		}
		all, err = s.store.WaitingLeaves(ctx, in, domain.LargestPage)
		return err
	})
	return all, err
}

// Common is what the common counter has.
func (s *Service) Common(ctx context.Context, actor domain.Actor, in domain.ID) (points int, err error) {
	err = s.read(ctx, actor, in, func(ctx context.Context, _ domain.Standing, _ time.Time) (err error) {
		points, err = s.store.Common(ctx, in)
		return err
	})
	return points, err
}
