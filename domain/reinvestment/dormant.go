// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// longer is how many days at least somebody has whose time was over while they were suspended.
const longer = 30

// mostAsked is how many members are asked in one tour; the next one asks the others.
const mostAsked = 200

// watchDormant asks members nobody heard of for long whether they are still there,
// puts the hours of those who do not answer apart, and gives them back or to the
// whole when it is time: one step a transaction, guarded by the version it starts
// from, so that it happens once. Each waits its days from when the one before was
// done: a server that was away leaves nobody less time to answer.
func (s *Service) watchDormant(ctx context.Context, where domain.ID) error {
	var due []domain.ID
	err := s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		_, charter, err := s.communities.Rules(ctx, where, now)
		if err == nil && charter.Dormancy.On() {
			err = s.askQuiet(ctx, where, charter.Dormancy, now)
		}
		if err != nil {
			return err
		}
		due, err = s.store.DormantDue(ctx, where, now)
		return err
	})
	errs := []error{err}
	for _, id := range due {
		err := s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
			return s.rouse(ctx, where, id, now)
		})
		if err != nil && !errors.Is(err, domain.StaleVersion) { // stale: another server was first
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// askQuiet makes the first attempt to reach each who is quiet for long enough.
func (s *Service) askQuiet(ctx context.Context, where domain.ID, rule community.Dormancy, now time.Time) error {
	quiet, err := s.store.Quiet(ctx, where, rule.QuietSince(now), mostAsked)
	for _, q := range quiet {
		d := Dormant{
			Community: where, ID: domain.NewID(), Member: q.Member, QuietSince: q.Since, State: Contacted, Contacts: 1,
			NextAt: now.AddDate(0, 0, rule.Days), Version: 1,
		}
		first, err := s.store.AddDormant(ctx, d)
		if err != nil {
			return err
		}
		if !first {
			continue
		}
		if err := s.note(ctx, d, now); err != nil {
			return err
		}
		s.tell(ctx, domain.System, DormantContacted, d.ID, d.told())
	}
	return err
}

// told is what events say of somebody's quiet hours; by when is what comes next.
func (d Dormant) told() Told { return Told{Member: d.Member, Minutes: d.Minutes, By: d.NextAt} }

// rouse does what is due of one member's quiet hours.
func (s *Service) rouse(ctx context.Context, where, id domain.ID, now time.Time) error {
	found, err := s.store.Dormants(ctx, where, []domain.ID{id})
	if err != nil || len(found) == 0 {
		return err
	}
	_, charter, err := s.communities.Rules(ctx, where, now)
	if err != nil {
		return err
	}
	d := found[0]
	to, ok := d.next(charter.Dormancy, now)
	switch {
	case !ok:
		return nil
	case to == d.State && to == Held:
		d.NextAt = now.AddDate(0, 0, max(longer, charter.Dormancy.Days))
		_, err := s.store.SaveDormant(ctx, d)
		return err
	}
	return s.settle(ctx, domain.System, d, to, charter, now)
}

// settle takes somebody's quiet hours on to a state. What moves hours comes last.
func (s *Service) settle(ctx context.Context, actor domain.Actor, d Dormant, to DormantState, charter community.Charter, now time.Time) error {
	d.State, d.NextAt, d.EndedAt = to, time.Time{}, now
	switch to {
	case Contacted:
		d.Contacts, d.NextAt, d.EndedAt = d.Contacts+1, now.AddDate(0, 0, charter.Dormancy.Days), time.Time{}
	case Held:
		return s.setApart(ctx, d, charter.Dormancy, now)
	case Kept, Returned, Lapsed:
	}
	d, err := s.store.SaveDormant(ctx, d)
	if err == nil {
		err = s.note(ctx, d, now)
	}
	if err != nil {
		return err
	}
	switch to {
	case Returned:
		return s.giveBack(ctx, actor, d, now)
	case Lapsed:
		return s.leaveToAll(ctx, d, charter.ClosingPool, now)
	case Contacted:
		s.tell(ctx, actor, DormantContacted, d.ID, d.told())
	case Kept:
		s.tell(ctx, actor, DormantKept, d.ID, d.told())
	case Held:
	}
	return nil
}

// setApart moves all that somebody has to where it waits for them. Who has nothing by
// now keeps it.
func (s *Service) setApart(ctx context.Context, d Dormant, rule community.Dormancy, now time.Time) error {
	account, err := s.hours.AccountOf(ctx, d.Community, d.Member)
	if err != nil {
		return err
	}
	if d.Minutes = account.Balance - account.Held; d.Minutes <= 0 {
		d.State, d.Minutes = Kept, 0
	} else {
		d.NextAt, d.EndedAt = now.AddDate(rule.Years, 0, 0), time.Time{}
	}
	if d, err = s.store.SaveDormant(ctx, d); err == nil {
		err = s.note(ctx, d, now)
	}
	if err != nil {
		return err
	}
	if d.State == Kept {
		s.tell(ctx, domain.System, DormantKept, d.ID, d.told())
		return nil
	}
	apart, err := s.hours.PoolFor(ctx, d.Community, ledger.Dormant, now)
	if err != nil {
		return err
	}
	if err := s.postDormant(ctx, domain.System, d, "apart", DormantHeld, grant(d.Minutes, account.ID, apart.ID)); err != nil {
		return err
	}
	return s.still(ctx, d.Community, account.ID)
}

// note keeps a step under its own name, for those who look after the jobs: what it was,
// of nobody's hours that it names.
func (s *Service) note(ctx context.Context, d Dormant, now time.Time) error {
	period := string(d.State)
	if d.State == Contacted {
		period += " " + strconv.Itoa(d.Contacts)
	}
	_, err := s.periods.Keep(ctx, d.Community, "dormant/"+d.ID.String(), period, now, Told{Minutes: d.Minutes})
	return err
}

// giveBack returns somebody's hours: what is in use meanwhile the reserve lends.
func (s *Service) giveBack(ctx context.Context, actor domain.Actor, d Dormant, now time.Time) error {
	account, err := s.hours.AccountOf(ctx, d.Community, d.Member)
	if err != nil {
		return err
	}
	apart, err := s.hours.PoolFor(ctx, d.Community, ledger.Dormant, now)
	if err != nil {
		return err
	}
	reserve, err := s.hours.CommunityAccount(ctx, d.Community, ledger.Pool, ledger.Reserve)
	if err != nil {
		return err
	}
	// By way of what lies apart, which nobody reads: the reserve's book names no one.
	err = s.postDormant(ctx, actor, d, "back", DormantReturned, grant(d.lent(apart.Balance), reserve.ID, apart.ID), grant(d.Minutes, apart.ID, account.ID))
	if err != nil {
		return err
	}
	return s.still(ctx, d.Community, apart.ID)
}

// leaveToAll gives the pool that leavers leave to what nobody reclaimed. What is in use
// is taken for theirs, and stays where it is: the others' hours are there again.
func (s *Service) leaveToAll(ctx context.Context, d Dormant, purpose string, now time.Time) error {
	apart, err := s.hours.PoolFor(ctx, d.Community, ledger.Dormant, now)
	if err != nil {
		return err
	}
	pool, err := s.hours.CommunityAccount(ctx, d.Community, ledger.Pool, purpose)
	if err != nil {
		return err
	}
	_, others, err := s.store.DormantOwed(ctx, d.Community)
	if err != nil {
		return err
	}
	leg := grant(d.lapsing(apart.Balance, others), apart.ID, pool.ID)
	leg.Kind = ledger.Closing
	if err := s.postDormant(ctx, domain.System, d, "lapsed", DormantLapsed, leg); err != nil || leg.Minutes == 0 {
		return err
	}
	book, err := s.dormantBook(ctx, d.Community, now)
	if err == nil && book.On < book.Owed { // somebody was quicker, and what is others' went
		err = domain.NewError(domain.StaleVersion, "")
	}
	return err
}

// postDormant moves somebody's quiet hours, once under a name of theirs, or tells
// what happened where none move.
func (s *Service) postDormant(ctx context.Context, actor domain.Actor, d Dormant, name string, kind domain.EventKind, legs ...ledger.Transfer) error {
	legs = slices.DeleteFunc(legs, func(l ledger.Transfer) bool { return l.Minutes == 0 })
	if len(legs) == 0 {
		s.tell(ctx, actor, kind, d.ID, d.told())
		return nil
	}
	_, err := s.hours.Post(ctx, ledger.Posting{
		Community: d.Community, Key: "dormant/" + d.ID.String() + "/" + name, Legs: legs, Force: true, // a floor above zero keeps nobody's hours from them
		Event: domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: d.ID, Payload: d.told()},
	})
	return err
}

// still sees, once the head is held, that an account had what left it. Where somebody
// was quicker it is done anew.
func (s *Service) still(ctx context.Context, where, account domain.ID) error {
	err := s.covered(ctx, where, account, 0)
	if errors.Is(err, ledger.InsufficientHours) {
		return domain.NewError(domain.StaleVersion, "").Because(err)
	}
	return err
}
