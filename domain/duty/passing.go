// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
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
		templates, err := s.store.TemplatesIn(ctx, community)
		for _, t := range templates {
			if err == nil {
				err = s.unroll(ctx, at, t)
			}
		}
		if err == nil {
			err = s.store.Enrol(ctx, community, at.cycle())
		}
		if err == nil {
			err = s.store.ReleaseLeavers(ctx, community, now)
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
	weeks := at.duty().CycleWeeks
	over := at.cycle().AddDate(0, 0, -7*weeks)
	accounts, err := s.store.TakeUncharged(ctx, at.where.ID, over, atOnce)
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
		here[m.ID] = m.Participation.InGoodStanding()
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
	cycle := after(a.CycleDone, weeks)
	a.CycleDone = cycle
	standing := a.Template != domain.Nowhere && !cycle.Before(a.StandingFrom)
	if !here || standing { // who is paused owes nothing; a standing place is counted shift by shift
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

func (s *Service) tellSuspended(ctx context.Context, at setting) (int, error) {
	accounts, err := s.store.TakeSuspended(ctx, at.where.ID, at.now, atOnce)
	for _, a := range accounts {
		s.tell(ctx, domain.System, Suspended, a.Member, Told{Member: a.Member, Points: a.Balance, Due: a.DueAt})
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
