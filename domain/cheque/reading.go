// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// Cheque reads one for its parties and those who see every exchange.
// Error: NotFound for everybody else.
func (s *Service) Cheque(ctx context.Context, actor domain.Actor, community, id domain.ID) (Cheque, error) {
	var c Cheque
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if c, err = s.byID(ctx, community, id); err != nil {
			return err
		}
		if !c.VisibleTo(standing) {
			return domain.NotFound
		}
		return nil
	})
	return c, err
}

// Find reads cheques by their ids, those that settled some exchanges, and those of
// some batches, inside the caller's transaction: who may see them is theirs to ask.
func (s *Service) Find(ctx context.Context, community domain.ID, ids, exchanges, batches []domain.ID) ([]Cheque, error) {
	return s.store.Find(ctx, community, ids, exchanges, batches)
}

// List reads cheques, newest first: one's own, or all for those who see every exchange.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Cheque], error) {
	var found domain.Slice[Cheque]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if !standing.May(domain.SeeEveryExchange) {
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

// Batch reads one pile for those who key in slips. Errors: NotFound, Forbidden.
func (s *Service) Batch(ctx context.Context, actor domain.Actor, community, id domain.ID) (Batch, error) {
	var b Batch
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.EnterSlips)
		if err == nil {
			b, err = s.batch(ctx, community, id)
		}
		return err
	})
	return b, err
}

// Batches lists the piles that were keyed in, newest first. Error: Forbidden.
func (s *Service) Batches(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page) (domain.Slice[Batch], error) {
	var found domain.Slice[Batch]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.EnterSlips)
		if err == nil {
			found, err = s.store.ListBatches(ctx, community, page)
		}
		return err
	})
	return found, err
}

// Receipt is a batch with all that its printed page says.
type Receipt struct {
	Community community.Community
	Batch     Batch
	Cheques   []Cheque
	People    map[domain.ID]membership.Member
	At        time.Time
}

// Receipt reads a batch to be printed. Errors: NotFound, Forbidden.
func (s *Service) Receipt(ctx context.Context, actor domain.Actor, where, id domain.ID) (Receipt, error) {
	var r Receipt
	err := s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, where, domain.EnterSlips); err != nil {
			return err
		}
		var err error
		if r.Batch, err = s.batch(ctx, where, id); err != nil {
			return err
		}
		if r.Community, _, err = s.communities.Rules(ctx, where, now); err != nil {
			return err
		}
		if r.Cheques, err = s.store.Of(ctx, where, id); err != nil {
			return err
		}
		ids := []domain.ID{r.Batch.EnteredBy, r.Batch.UndoneBy}
		for _, c := range r.Cheques {
			ids = append(ids, c.Provider, c.Receiver)
		}
		people, err := s.members.LoadAll(ctx, where, ids)
		r.At, r.People = now, make(map[domain.ID]membership.Member, len(people))
		for _, m := range people {
			r.People[m.ID] = m
		}
		return err
	})
	return r, err
}
