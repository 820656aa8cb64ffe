// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Amend changes the charter by somebody's own power: a mandate holder's where the
// matrix names their role for each part that changes, or the founder's at the
// beginning. What others decide is refused, and they are named.
//
// Errors: NotFound, Forbidden, WrongBody, Unchanged, EffectDate, ChangePending,
// StaleVersion, IdempotencyKeyReused, and those of Charter.Validate.
func (s *Service) Amend(ctx context.Context, actor domain.Actor, a Amendment) (Charter, error) {
	var made Charter
	err := s.tx.InTx(ctx, a.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, a.Community, domain.TakePart)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: a.Key, Action: "amendCharter", Input: a}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			w, err := s.weigh(ctx, a, actor.Person, now)
			if err == nil && !w.alone {
				err = w.decides(w.line[0], standing)
			}
			if err == nil {
				made, err = s.enact(ctx, w, actor.Person, now)
			}
			return made.ID, err
		})
		if err == nil {
			made, err = s.store.CharterByID(ctx, a.Community, id)
		}
		return err
	})
	return made, err
}

// Propose says what an amendment would make, without making it, before a vote on it
// opens: the vote must be of the type that the matrix names for every part that changes.
//
// Errors: NotFound, WrongBody, and those of Amend.
func (s *Service) Propose(ctx context.Context, a Amendment) (Proposal, error) {
	var w weighed
	err := s.tx.InTx(ctx, a.Community, func(ctx context.Context, now time.Time) (err error) {
		if w, err = s.weigh(ctx, a, domain.Nowhere, now); err != nil {
			return err
		}
		return w.takenBy(w.line[0], a.Type)
	})
	return w.Proposal, err
}

// Execute changes the charter by a decision that was adopted, inside the caller's
// transaction: the decision must be of the type that the matrix names for every
// part that changes.
//
// Errors: NotFound, WrongBody, and those of Amend.
func (s *Service) Execute(ctx context.Context, a Amendment, now time.Time) (Charter, error) {
	w, err := s.weigh(ctx, a, domain.Nowhere, now)
	if err != nil {
		return Charter{}, err
	}
	if err := w.takenBy(w.line[0], a.Type); err != nil {
		return Charter{}, err
	}
	return s.enact(ctx, w, domain.Nowhere, now)
}

// weighed is an amendment held against what is in force and to come.
type weighed struct {
	Proposal
	Amendment
	line  []Charter
	last  int  // the newest version
	alone bool // the founder's, at the beginning
}

func (s *Service) weigh(ctx context.Context, a Amendment, person domain.ID, now time.Time) (weighed, error) {
	var check domain.Check
	a.Reason = check.Text("reason", a.Reason, 1, 1000)
	w := weighed{Amendment: a}
	where, _, err := s.store.Rules(ctx, a.Community, now)
	if err != nil {
		return w, err
	}
	versions, err := s.store.Coming(ctx, a.Community, now)
	if err != nil {
		return w, err
	}
	begun, err := s.store.Beginnings(ctx, a.Community)
	if err != nil {
		return w, err
	}
	w.line, w.last = timeline(versions), versions[len(versions)-1].Version
	if a.Version != 0 && a.Version != w.last {
		return w, domain.NewError(domain.StaleVersion, "version", "current", w.last)
	}
	w.alone = begun.Alone(w.line[0], person)
	w.Proposal, err = where.propose(w.line, a, w.alone, now)
	check.Also(err)
	if err := check.Err(); err != nil {
		return w, err
	}
	return w, s.keepsSomebody(ctx, w, now)
}

// keepsSomebody refuses a charter by which nobody would be left to decide, unless
// nobody was before.
func (s *Service) keepsSomebody(ctx context.Context, w weighed, now time.Time) error {
	held, err := s.store.Holders(ctx, w.Community, now)
	if err != nil {
		return err
	}
	locked := w.After.LockedOut(held)
	before, _ := domain.Problems(w.Before.LockedOut(held))
	problems, _ := domain.Problems(locked)
	if len(problems) > len(before) {
		return ofChanges(locked)
	}
	return nil
}

// enact keeps the version that an amendment makes, and those that carry it on.
func (s *Service) enact(ctx context.Context, w weighed, person domain.ID, now time.Time) (Charter, error) {
	w.After.By = person
	for i, c := range append([]Charter{w.After}, w.carried...) {
		c.Community, c.ID, c.Version, c.MadeAt = w.Community, domain.NewID(), w.last+1+i, now
		if err := s.store.AddCharter(ctx, w.Community, c); err != nil {
			return Charter{}, err
		}
		if i == 0 {
			w.After = c
		}
		s.tx.Record(ctx, domain.Event{
			ID: domain.NewID(), Kind: CharterChanged, Actor: person, Subject: w.Community,
			Payload: ChangeTold{Version: c.Version, From: c.EffectiveFrom, Decision: c.Decision},
		})
	}
	return w.After, nil
}

// Version reads one version of the charter, in force or not. Error: NotFound.
func (s *Service) Version(ctx context.Context, community domain.ID, version int) (Charter, error) {
	var c Charter
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		c, err = s.store.CharterVersion(ctx, community, version)
		return err
	})
	return c, err
}

// Before reads the version that another took the place of: the one that was in
// force until then. The first has none. Error: NotFound.
func (s *Service) Before(ctx context.Context, c Charter) (Charter, error) {
	var before Charter
	err := s.tx.InTx(ctx, c.Community, func(ctx context.Context, _ time.Time) (err error) {
		before, err = s.store.CharterBefore(ctx, c)
		return err
	})
	return before, err
}

// History reads all versions of the charter, the newest first.
func (s *Service) History(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[Charter], error) {
	var found domain.Slice[Charter]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Charters(ctx, community, page)
		return err
	})
	return found, err
}
