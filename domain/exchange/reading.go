// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Exchange reads one for its parties, a minor's guardian and those who see all.
// Error: NotFound for everybody else.
func (s *Service) Exchange(ctx context.Context, actor domain.Actor, community, id domain.ID) (Exchange, error) {
	var x Exchange
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if x, err = s.byID(ctx, community, id); err != nil {
			return err
		}
		if !x.VisibleTo(standing) {
			return domain.NotFound
		}
		return nil
	})
	return x, err
}

// VisibleTo says who may read it: its parties, the guardian of one, and those who see all.
func (x Exchange) VisibleTo(standing domain.Standing) bool {
	return standing.Admitted && (x.Party(standing.Member) || standing.Guards(x.Provider, x.Receiver) || standing.May(domain.SeeEveryExchange))
}

// List reads exchanges, newest first: one's own, those of a minor whose guardian one is,
// or all for those who see all.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, filter Filter, page domain.Page, count bool) (domain.Slice[Exchange], int, error) {
	var found domain.Slice[Exchange]
	var total int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if !standing.May(domain.SeeEveryExchange) {
			if filter.Member == domain.Nowhere {
				filter.Member = standing.Member
			}
			if filter.Member != standing.Member && !standing.Guards(filter.Member) {
				return domain.Forbidden
			}
		}
		if count {
			if total, err = s.store.Count(ctx, community, filter); err != nil {
				return err
			}
		}
		found, err = s.store.List(ctx, community, filter, page)
		return err
	})
	return found, total, err
}

// LoadAll reads exchanges inside the caller's transaction, for pages that name them.
func (s *Service) LoadAll(ctx context.Context, community domain.ID, ids []domain.ID) ([]Exchange, error) {
	return s.store.ByIDs(ctx, community, ids)
}

// History reads the steps of exchanges that the caller already sees.
func (s *Service) History(ctx context.Context, community domain.ID, exchanges []domain.ID) ([]Step, error) {
	var steps []Step
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		steps, err = s.store.Steps(ctx, community, exchanges)
		return err
	})
	return steps, err
}
