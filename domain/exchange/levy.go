// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// ExpectedLevy is what would go to the pool if the exchange were confirmed now,
// so that both sides see it before; ok is false when no hours will move, or they
// moved already and the ledger knows.
func (x Exchange) ExpectedLevy(rules community.Levy) (m domain.Minutes, ok bool) {
	switch x.State {
	case Proposed, Accepted:
		return rules.Of(x.Terms.Promised()), true
	case Done, Disputed:
		return rules.Of(x.Actual), true
	case Confirmed, Declined, Cancelled, Expired:
	}
	return 0, false
}

// legs are what settling moves: the whole time from the receiver to the provider,
// as an hour is an hour, and of what the provider then has, the levy. So the
// receiver gives what was promised and not a minute more.
func (s *Service) legs(ctx context.Context, x Exchange, rules community.Levy) ([]ledger.Transfer, error) {
	receiver, provider, err := s.accounts(ctx, x)
	if err != nil {
		return nil, err
	}
	pool, err := s.levyPool(ctx, x.Community, rules)
	return legsOf(x, receiver, provider, rules, pool), err
}

// levyPool is where the levy goes; none is asked for where there is no levy.
func (s *Service) levyPool(ctx context.Context, where domain.ID, rules community.Levy) (ledger.Account, error) {
	if rules.Of(domain.MaxMinutes) == 0 {
		return ledger.Account{}, nil
	}
	return s.ledger.CommunityAccount(ctx, where, ledger.Pool, rules.Pool)
}

func legsOf(x Exchange, receiver, provider ledger.Account, rules community.Levy, pool ledger.Account) []ledger.Transfer {
	legs := []ledger.Transfer{{
		ID: domain.NewID(), Kind: ledger.Exchange, Minutes: x.Settled,
		Debit: receiver.ID, Credit: provider.ID, Exchange: x.ID,
	}}
	if levy := bearable(rules.Of(x.Settled), x.Settled, provider); levy > 0 {
		legs = append(legs, ledger.Transfer{
			ID: domain.NewID(), Kind: ledger.Levy, Minutes: levy, Debit: provider.ID, Credit: pool.ID, Exchange: x.ID,
		})
	}
	return legs
}

// bearable lowers a levy to what leaves the provider at their floor: giving a
// service is never refused for lack of hours.
func bearable(levy, settled domain.Minutes, provider ledger.Account) domain.Minutes {
	if left, bounded := provider.Available(); bounded {
		// What a coordinator allowed once is not for this.
		return min(levy, max(0, left-provider.Allowance+settled))
	}
	return levy
}
