// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"slices"
	"strings"

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
	to, err := s.levied(ctx, x.Community, rules)
	return legsOf(x, receiver, provider, to), err
}

// levied is a levy with where it goes.
type levied struct {
	community.Levy
	pool    domain.ID
	holders []domain.ID // accounts of those who hold the role that has a part
}

// levied finds where the levy goes; nothing is asked for where there is no levy.
func (s *Service) levied(ctx context.Context, where domain.ID, rules community.Levy) (levied, error) {
	to := levied{Levy: rules}
	if rules.Of(domain.MaxMinutes) == 0 {
		return to, nil
	}
	pool, err := s.ledger.CommunityAccount(ctx, where, ledger.Pool, rules.Pool)
	if err != nil || rules.RoleShare == 0 {
		to.pool = pool.ID
		return to, err
	}
	to.pool = pool.ID
	holders, err := s.members.Holders(ctx, where, rules.Role)
	if err != nil || len(holders) == 0 {
		return to, err
	}
	ids := make([]domain.ID, len(holders))
	for i, m := range holders {
		ids[i] = m.ID
	}
	accounts, err := s.ledger.AccountsOf(ctx, where, ids)
	for _, a := range accounts {
		to.holders = append(to.holders, a.ID)
	}
	slices.SortFunc(to.holders, func(a, b domain.ID) int { return strings.Compare(a.String(), b.String()) })
	return to, err
}

func legsOf(x Exchange, receiver, provider ledger.Account, to levied) []ledger.Transfer {
	legs := []ledger.Transfer{{
		ID: domain.NewID(), Kind: ledger.Exchange, Minutes: x.Settled,
		Debit: receiver.ID, Credit: provider.ID, Exchange: x.ID,
	}}
	each, pool := to.Shared(bearable(to.Of(x.Settled), x.Settled, provider), len(to.holders))
	levy := func(minutes domain.Minutes, account domain.ID) {
		if minutes > 0 && account != provider.ID { // whoever holds the role keeps their own part
			legs = append(legs, ledger.Transfer{
				ID: domain.NewID(), Kind: ledger.Levy, Minutes: minutes, Debit: provider.ID, Credit: account, Exchange: x.ID,
			})
		}
	}
	levy(pool, to.pool)
	for _, holder := range to.holders {
		levy(each, holder)
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
