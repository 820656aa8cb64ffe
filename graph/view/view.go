// SPDX-License-Identifier: AGPL-3.0-or-later

// Package view holds the few shapes of the API that no area of the domain has.
package view

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/shares"
)

// Viewer is the person who is signed in; its fields are read one by one.
type Viewer struct{ Actor domain.Actor }

// ExchangeMinutes are the amounts of time of an exchange; nil where there is none yet.
type ExchangeMinutes struct {
	Estimated, Travel, Preparation domain.Minutes
	Typed, Actual, Settled         *domain.Minutes
	Exchange                       *exchange.Exchange
}

// Recognition is what a member was given that is no hours; its lists are read one by one.
type Recognition struct{ Community, Member domain.ID }

// Node is anything with a global id: the domain's own values, which know
// nothing of GraphQL.
type Node any

// Account is an account as somebody sees it: its hours are nil for those who
// may not see them.
type Account struct {
	ledger.Account
	Balance, Held, Available, Floor, SoftFloor, Ceiling *domain.Minutes
}

// AccountFor shows an account to somebody.
func AccountFor(standing domain.Standing, a ledger.Account) *Account {
	shown := &Account{Account: a}
	if !ledger.MaySee(standing, a) {
		return shown
	}
	shown.Balance, shown.Held = &a.Balance, &a.Held
	shown.Floor, shown.SoftFloor, shown.Ceiling = a.Limits.Floor, a.Limits.SoftFloor, a.Limits.Ceiling
	if left, bounded := a.Available(); bounded {
		shown.Available = &left
	}
	return shown
}

// MinutesOf gathers an exchange's amounts of time; what did not happen yet is nil.
func MinutesOf(x *exchange.Exchange) *ExchangeMinutes {
	some := func(m domain.Minutes) *domain.Minutes {
		if m == 0 {
			return nil
		}
		return &m
	}
	return &ExchangeMinutes{
		Estimated: x.Estimated, Travel: x.Travel, Preparation: x.Preparation,
		Typed: some(x.Typed), Actual: some(x.Actual), Settled: some(x.Settled), Exchange: x,
	}
}

// ShareSubscription is an order of shares to be paid.
type ShareSubscription struct{ shares.Order }

// ShareRedemption is an order of shares to be bought back.
type ShareRedemption struct{ shares.Order }
