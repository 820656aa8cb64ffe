// SPDX-License-Identifier: AGPL-3.0-or-later

// Package statement tells people what their time account did over a stretch of
// time: line by line to print or keep, and added up. It only reads.
package statement

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// What can go wrong with a statement.
const (
	PeriodInvalid domain.Code = "PERIOD_INVALID"     // no date or moment, or an end that is not after the beginning
	TooLong       domain.Code = "STATEMENT_TOO_LONG" // args: actual, max lines; ask for a shorter period
)

// MaxLines is the longest statement written in one piece: some decades of a busy
// member, a year or two of a big community's own account.
const MaxLines = 50_000

// Statement is the head of an account's statement, as Open made it for somebody
// who may see it; its lines are read with Lines and stay the same meanwhile.
type Statement struct {
	Community community.Community
	Account   ledger.Account
	Holder    membership.Member   // the zero Member for an account of the whole
	Partner   community.Community // whom a MIRROR stands for
	Period    ledger.Period       // as asked for; zero times mean no bound
	Totals    Totals
	At        time.Time // when it was made
	details   bool      // for the holder and those who keep the books: services, exchanges, notes
}

// Line is one movement of an account.
type Line struct {
	Position     int64 // gapless from 1 in the account
	At           time.Time
	Kind         ledger.TransferKind
	Minutes      domain.Minutes // positive when the account went up
	BalanceAfter domain.Minutes
	Other        Side
	ServiceType  string // a code of the catalogue; empty when there is none, or not for the reader
	Exchange     int    // its number; 0 when there is none, or not for the reader
	Note         string // a gift's message or a reversal's reason
	Sponsor      string // who brought the hours from outside; empty but for those
}

// Side is the account on a line's other side.
type Side struct {
	Kind    ledger.AccountKind
	Purpose string // what a POOL is for
	Name    string // the member's, for MEMBER; the partner's, for MIRROR
}

// Moved adds up movements. What a reversal undoes is taken off where it was
// counted, so an amount is below zero when the mistake was made before the period.
type Moved struct {
	Given    domain.Minutes // by which the account went up
	Received domain.Minutes // by which it went down
	Lines    int
}

// KindTotal is what moved for one reason.
type KindTotal struct {
	Kind ledger.TransferKind
	Moved
}

// TypeTotal is what moved by exchanges of one type of service, or one family.
type TypeTotal struct {
	Code string
	Moved
}

// Totals is a period of an account, added up: Opening + Given − Received is
// Closing, always.
type Totals struct {
	Span             ledger.Span // the positions that lie in the period
	Opening, Closing domain.Minutes
	Moved
	ByKind []KindTotal
	Types  []TypeTotal // by code; levies belong to none
}

// Sum is what moved for one reason by one type of service, empty for none.
type Sum struct {
	Kind        ledger.TransferKind
	ServiceType string
	Moved
}
