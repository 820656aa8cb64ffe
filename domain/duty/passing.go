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

// job is the night's work on the calendar, once in each community and day.
const job = "duty-calendar"

// atOnce bounds one step of what time does.
const atOnce = 100

// PassTime does what time makes due: shifts come onto the calendar, cycles are charged,
// and who is behind for too long is told that service is suspended. Where the charter
// has no duty any more, nobody is behind.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	if err := s.roll(ctx, community); !errors.Is(err, Off) {
		return errors.Join(err,
			s.pass(ctx, community, s.charge),
			s.pass(ctx, community, s.tellSuspended),
			s.pass(ctx, community, s.remind),
		)
	}
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		at, err := s.setting(ctx, community, now)
		if !errors.Is(err, Off) {
			return err
		}
		if err := s.store.Forgive(ctx, community, at.next()); err != nil { // nobody owes for the time without
			return err
		}
		behind, err := s.store.Behind(ctx, community, atOnce)
		for _, a := range behind {
			is := a
			is.AlertAt, is.DueAt, is.ToldAt = time.Time{}, time.Time{}, time.Time{}
			if err == nil {
				err = s.settle(ctx, domain.System, a, is)
			}
		}
		return err
	})
}

// roll brings the day's shifts onto the calendar. The note of the day commits with
// them, so that two servers that begin at once do it one time.
func (s *Service) roll(ctx context.Context, community domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		at, err := s.setting(ctx, community, now)
		if err != nil {
			return err
		}
		period := at.today().Format(time.DateOnly)
		done, err := s.periods.Done(ctx, community, job, period)
		if err != nil || done {
			return err
		}
		first, err := s.periods.Keep(ctx, community, job, period, now, struct{}{})
		if err != nil || !first {
			return err
		}
		if err := s.store.ReleaseLeavers(ctx, community, now); err != nil { // their places are for others
			return err
		}
		templates, err := s.store.TemplatesIn(ctx, community)
		for _, t := range templates {
			switch {
			case err != nil:
			case t.Week > at.duty().CycleWeeks: // the charter's cycle became shorter
				err = s.freeAll(ctx, at, t.ID)
			default:
				err = s.unroll(ctx, at, t)
			}
		}
		if err == nil {
			err = s.store.Enrol(ctx, community, at.next())
		}
		return err
	})
}

// pass repeats a step, each in a transaction of its own, until nothing is left.
func (s *Service) pass(ctx context.Context, community domain.ID, step func(context.Context, setting) (int, error)) error {
	for {
		n := 0
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
			at, err := s.setting(ctx, community, now)
			if err == nil {
				n, err = step(ctx, at)
			}
			return err
		})
		if errors.Is(err, Off) {
			return nil
		}
		if err != nil || n == 0 {
			return err
		}
	}
}

// charge has a cycle that is over count for who books freely, one cycle of each account
// at a time.
func (s *Service) charge(ctx context.Context, at setting) (int, error) {
	accounts, err := s.store.TakeUncharged(ctx, at.where.ID, at.cycle(), atOnce)
	if err != nil || len(accounts) == 0 {
		return 0, err
	}
	ids := make([]domain.ID, len(accounts))
	for i, a := range accounts {
		ids[i] = a.Member
	}
	members, err := s.members.LoadAll(ctx, at.where.ID, ids)
	if err != nil {
		return 0, err
	}
	here := map[domain.ID]bool{}
	for _, m := range members {
		here[m.ID] = owes(m, at.now)
	}
	for _, a := range accounts {
		if err := s.chargeOne(ctx, at, a, here[a.Member]); err != nil {
			return 0, err
		}
	}
	return len(accounts), nil
}

func (s *Service) chargeOne(ctx context.Context, at setting, a Account, here bool) error {
	weeks := at.duty().CycleWeeks
	cycle := cycleOf(a.OwesFrom, weeks)
	if cycle.Before(a.OwesFrom) { // the charter's cycle changed: what began before was charged
		cycle = after(cycle, weeks)
	}
	standing := a.Template != domain.Nowhere && !cycle.Before(a.StandingFrom)
	if !cycle.Before(at.cycle()) { // it is not over
		a.OwesFrom = cycle
		return s.store.SaveAccount(ctx, a)
	}
	a.OwesFrom = after(cycle, weeks)
	if !here || standing { // a standing place is counted shift by shift
		return s.store.SaveAccount(ctx, a)
	}
	zone := at.where.Zone()
	begins, ends := domain.OnTheWall(cycle, 0, zone), domain.OnTheWall(after(cycle, weeks), 0, zone)
	leaves, err := s.store.OnLeave(ctx, a.Community, a.Member, begins, ends)
	if err != nil {
		return err
	}
	if spared(leaves, begins, ends) {
		return s.store.SaveAccount(ctx, a)
	}
	e := Entry{Kind: ForCycle, Points: -at.duty().MakeUp, Source: domain.DerivedID(a.Member, "cycle/"+cycle.Format(time.DateOnly))}
	first, err := s.post(ctx, domain.System, at, a, e, Charged, Told{})
	if err == nil && !first { // it was, and the account does not know
		err = s.store.SaveAccount(ctx, a)
	}
	return err
}

// upToDate charges a locked account all that is over, before what it owes changes.
func (s *Service) upToDate(ctx context.Context, at setting, a Account) (Account, error) {
	for a.OwesFrom.Before(at.cycle()) {
		members, err := s.members.Load(ctx, a.Community, a.Member)
		if err != nil {
			return a, err
		}
		if err = s.chargeOne(ctx, at, a, owes(members[0], at.now)); err != nil {
			return a, err
		}
		if a, err = s.store.LockAccount(ctx, a.Community, a.Member, at.next()); err != nil {
			return a, err
		}
	}
	return a, nil
}

// owes says whether a cycle is charged to somebody: not to who is paused or gone, nor to
// a minor for whom no consent stands, since they cannot come.
func owes(m membership.Member, now time.Time) bool {
	return m.Participation.InGoodStanding() && !m.Awaits(now)
}

func (s *Service) tellSuspended(ctx context.Context, at setting) (int, error) {
	accounts, err := s.store.TakeSuspended(ctx, at.where.ID, at.now, atOnce)
	if err != nil || len(accounts) == 0 {
		return 0, err
	}
	ids := make([]domain.ID, len(accounts))
	for i, a := range accounts {
		ids[i] = a.Member
	}
	members, err := s.members.LoadAll(ctx, at.where.ID, ids)
	for _, a := range accounts {
		if slices.ContainsFunc(members, func(m membership.Member) bool { return m.ID == a.Member && m.Participation.Admitted() }) { // nobody hears of who left
			s.tell(ctx, domain.System, Suspended, a.Member, Told{Member: a.Member, Points: a.Balance, Due: a.DueAt})
		}
	}
	return len(accounts), err
}

// remind tells whoever should note how a shift went that somebody's is not noted.
// Nobody is charged for another's silence.
func (s *Service) remind(ctx context.Context, at setting) (int, error) {
	shifts, err := s.store.TakeUnnoted(ctx, at.where.ID, at.now.AddDate(0, 0, -noteDays), at.now, atOnce)
	for _, shift := range shifts {
		s.tell(ctx, domain.System, ToNote, shift.ID, Told{Lead: shift.Lead, Shift: shift.ID, Due: shift.StartsAt})
	}
	return len(shifts), err
}

// CallOffOf frees the shifts to come of a minor for whom no consent stands: they cannot
// come, and it is not charged to them. It may run again.
func (s *Service) CallOffOf(ctx context.Context, community, member domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		members, err := s.members.LoadAll(ctx, community, []domain.ID{member})
		if err != nil || len(members) == 0 || !members[0].Awaits(now) {
			return err // a consent was noted meanwhile
		}
		theirs, err := s.store.BookedBy(ctx, community, member, now)
		for _, b := range theirs {
			if err != nil {
				return err
			}
			shift, lost := s.lockShift(ctx, community, b.Shift)
			if err = lost; err == nil && shift.StartsAt.After(now) {
				err = s.release(ctx, setting{now: now}, b)
				s.tell(ctx, domain.System, PlaceLeft, b.ID, Told{Member: b.Member, Lead: shift.Lead, Shift: shift.ID, Due: shift.StartsAt})
			}
		}
		return err
	})
}
