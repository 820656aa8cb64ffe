// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Accounts reads accounts by id, inside the caller's transaction. Like the
// other readers here it serves pages: it reads what an authorised parent names.
func (s *Service) Accounts(ctx context.Context, community domain.ID, ids []domain.ID) ([]Account, error) {
	return s.store.Accounts(ctx, community, ids)
}

// AccountsOf reads accounts by owner, inside the caller's transaction.
func (s *Service) AccountsOf(ctx context.Context, community domain.ID, owners []domain.ID) ([]Account, error) {
	return s.store.AccountsOf(ctx, community, owners)
}

// CommunityAccounts reads the community's own account and pools.
func (s *Service) CommunityAccounts(ctx context.Context, community domain.ID) ([]Account, error) {
	var found []Account
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.CommunityAccounts(ctx, community)
		return err
	})
	return found, err
}

// LastCheck reads what a night's verification of a community's books found last;
// nil before the first.
func (s *Service) LastCheck(ctx context.Context, community domain.ID) (*Check, error) {
	var found *Check
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.LastCheck(ctx, community)
		return err
	})
	return found, err
}

// Transfers reads transfers by id, inside the caller's transaction.
func (s *Service) Transfers(ctx context.Context, community domain.ID, ids []domain.ID) ([]Transfer, error) {
	return s.store.Transfers(ctx, community, ids)
}

// TransfersOf reads what settled exchanges.
func (s *Service) TransfersOf(ctx context.Context, community domain.ID, exchanges []domain.ID) ([]Transfer, error) {
	var found []Transfer
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.TransfersOf(ctx, community, exchanges)
		return err
	})
	return found, err
}

// Notes reads what was said of transfers.
func (s *Service) Notes(ctx context.Context, community domain.ID, transfers []domain.ID) ([]Note, error) {
	var found []Note
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Notes(ctx, community, transfers)
		return err
	})
	return found, err
}

// Transfer reads one for the owners of its two accounts, and for those who keep
// the books.
func (s *Service) Transfer(ctx context.Context, actor domain.Actor, community, id domain.ID) (Transfer, error) {
	var t Transfer
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if t, err = s.transfer(ctx, community, id); err != nil {
			return err
		}
		sides, err := s.store.Accounts(ctx, community, []domain.ID{t.Debit, t.Credit})
		if err == nil && !MaySeeTransfer(standing, sides...) {
			err = domain.NotFound
		}
		return err
	})
	return t, err
}

// MaySeeTransfer says who reads a transfer by itself: the owners of its two
// accounts, and those who keep the books.
func MaySeeTransfer(standing domain.Standing, sides ...Account) bool {
	own := func(a Account) bool { return a.Kind == Member && a.Owner == standing.Member }
	return standing.Admitted && (slices.ContainsFunc(sides, own) || standing.May(domain.SeeEveryAccount))
}

// Verify recomputes a community's books. It is for the program's operator and
// its nightly job, who are outside every community.
func (s *Service) Verify(ctx context.Context, community domain.ID) (Verification, error) {
	var v Verification
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		v, err = s.store.Verify(ctx, community)
		return err
	})
	return v, err
}
