// SPDX-License-Identifier: AGPL-3.0-or-later

// Package ledger keeps the hours: accounts, postings in double entry, holds and
// limits. It knows nothing of exchanges; who settles what is said by its callers.
package ledger

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong in the ledger.
const (
	InsufficientHours domain.Code = "INSUFFICIENT_HOURS" // args: available, required, account
	AccountClosed     domain.Code = "ACCOUNT_CLOSED"     // absent or closed: its member left
	AccountInUse      domain.Code = "ACCOUNT_IN_USE"     // not empty, or a hold already closed
	AlreadyReversed   domain.Code = "ALREADY_REVERSED"   // a mistake is reversed once
	LimitsInvalid     domain.Code = "LIMITS_INVALID"     // floor ≤ soft floor ≤ ceiling does not hold
	SameAccount       domain.Code = "SAME_ACCOUNT"       // from and to are one account
)

// AccountKind says whose hours an account holds.
type AccountKind string

// The kinds of account.
const (
	Member       AccountKind = "MEMBER"
	Community    AccountKind = "COMMUNITY" // the bank itself; its debit is what the whole owes its members
	ServicePoint AccountKind = "SERVICE_POINT"
	Pool         AccountKind = "POOL"
	Project      AccountKind = "PROJECT"
	Mirror       AccountKind = "MIRROR" // one per partner community
	Issuance     AccountKind = "ISSUANCE"
)

// The purposes of the pools that every community has.
const (
	Solidarity = "SOLIDARITY"
	Projects   = "PROJECTS"
	Reserve    = "RESERVE"
)

// Dormant is the purpose of the pool where hours of members nobody heard of lie apart.
// It is opened when there are such hours for the first time.
const Dormant = "DORMANT"

// apart says whether an account holds what is still somebody's: its hours move by the
// rule that put them there, and by nobody's own word.
func (a Account) apart() bool { return a.Kind == Pool && a.Purpose == Dormant }

// bound says whether an account holds what a cycle set aside: its hours move as the
// cycle says, and by nobody's own word.
func (a Account) bound() bool { return a.Kind == Project }

// Limits bound an account; nil means no limit.
type Limits struct {
	Floor     *domain.Minutes // hard: refused by the database itself
	SoftFloor *domain.Minutes // warns, still allowed
	Ceiling   *domain.Minutes // suggests giving; never takes
}

// Account is one time account. A debit balance is normal, never a fault.
type Account struct {
	Community domain.ID
	ID        domain.ID
	Kind      AccountKind
	Owner     domain.ID // the member, for MEMBER; else Nowhere
	Purpose   string    // what a POOL is for; of a PROJECT, SOLIDARITY or nothing
	Balance   domain.Minutes
	Held      domain.Minutes // promised to accepted exchanges
	Limits    Limits
	Allowance domain.Minutes // below the floor, once; 0 when nothing was allowed
	Entries   int64          // how many entries it has; the last one's position
	OpenedAt  time.Time
	ClosedAt  time.Time // zero while open
}

// Available is what may still be promised before the floor; ok is false when
// there is no floor.
func (a Account) Available() (m domain.Minutes, ok bool) {
	if a.Limits.Floor == nil {
		return 0, false
	}
	return a.Balance - a.Held - *a.Limits.Floor + a.Allowance, true
}

// TransferKind says why hours moved.
type TransferKind string

// The kinds of transfer.
const (
	Opening        TransferKind = "OPENING" // starting hours, once per membership, from COMMUNITY
	Exchange       TransferKind = "EXCHANGE"
	GroupShare     TransferKind = "GROUP_SHARE"
	Associative    TransferKind = "ASSOCIATIVE"
	Gift           TransferKind = "GIFT"
	Dues           TransferKind = "DUES"
	Levy           TransferKind = "LEVY"
	Grant          TransferKind = "GRANT"
	Intercommunity TransferKind = "INTERCOMMUNITY"
	Corrected      TransferKind = "CORRECTION"
	Reversal       TransferKind = "REVERSAL"
	Closing        TransferKind = "CLOSING" // a leaver's balance
)

// Transfer moves minutes from the debited to the credited account. It never
// changes; a mistake is reversed by another that names it.
type Transfer struct {
	Community  domain.ID
	ID         domain.ID
	Posting    domain.ID
	Kind       TransferKind
	Minutes    domain.Minutes
	Debit      domain.ID // whose account goes down: who received
	Credit     domain.ID // whose account goes up: who gave
	Exchange   domain.ID // the exchange it settles, or Nowhere
	Reverses   domain.ID // the transfer it undoes, or Nowhere
	ReversedBy domain.ID // the transfer that undid it, or Nowhere
	At         time.Time
}

// Entry is one line of an account's statement.
type Entry struct {
	Community    domain.ID
	Account      domain.ID
	Position     int64 // gapless from 1
	Transfer     domain.ID
	Minutes      domain.Minutes // positive when the account goes up
	BalanceAfter domain.Minutes
	At           time.Time
}

// Posting is one atomic movement: its legs stand or fall together.
type Posting struct {
	Community domain.ID
	Key       string // what makes it happen once: "exchange/<id>", "opening/<member>", …
	Legs      []Transfer
	Holds     []domain.ID // open holds it fulfils
	Force     bool        // may cross a floor: only the undoing of a mistake
	Crossing  bool        // may move a mirror: half of a pair, or its undoing
	Event     domain.Event
}

// Posted is the result of a posting.
type Posted struct {
	Posting      domain.ID
	Replayed     bool        // the key was known: this is the first result
	CrossedFloor bool        // a leg went below a floor, forced or allowed; a coordinator should look
	Low, High    []domain.ID // accounts now below their soft floor, above their ceiling
}

// Hold promises minutes of an account to an exchange.
type Hold struct {
	Community domain.ID
	ID        domain.ID
	Account   domain.ID
	Minutes   domain.Minutes
	Exchange  domain.ID
	ExpiresAt time.Time
}

// Period bounds a statement; zero times mean no bound.
type Period struct{ From, Until time.Time }

// Span is a stretch of an account's positions: those beyond After, up to Last.
type Span struct{ After, Last int64 }

// Len is how many positions a span has.
func (s Span) Len() int { return int(max(0, s.Last-s.After)) }

// The ledger's own events. Settlements are told by the rooms that settle.
const (
	TransferReversed  domain.EventKind = "TRANSFER_REVERSED"
	TransferCorrected domain.EventKind = "TRANSFER_CORRECTED"
	HoursGiven        domain.EventKind = "HOURS_GIVEN"
	HoursSponsored    domain.EventKind = "HOURS_SPONSORED"
	LimitsSet         domain.EventKind = "ACCOUNT_LIMITS_SET"
	EarmarkOpened     domain.EventKind = "ACCOUNT_EARMARKED"
	AllowedOnce       domain.EventKind = "ACCOUNT_ALLOWED_ONCE"
	BalanceLow        domain.EventKind = "BALANCE_LOW"  // a posting took an account below its soft floor, or deeper
	BalanceHigh       domain.EventKind = "BALANCE_HIGH" // a posting took an account above its ceiling, or higher
)

// Stands is the payload of BalanceLow and BalanceHigh.
type Stands struct {
	Member  domain.ID      `json:"member"`
	Balance domain.Minutes `json:"balance"`
}

// PostedLegs is the payload of every event that comes with a posting. The
// journal's digest thereby covers the legs, and verify compares the two.
type PostedLegs struct {
	Posting domain.ID `json:"posting"`
	Legs    []Leg     `json:"legs"`
	// About carries what the room that settles adds: ids and figures.
	About any `json:"about,omitempty"`
}

// Leg is a transfer as the journal tells it.
type Leg struct {
	ID      domain.ID      `json:"id"`
	Kind    TransferKind   `json:"kind"`
	Minutes domain.Minutes `json:"minutes"`
	Debit   domain.ID      `json:"debit"`
	Credit  domain.ID      `json:"credit"`
}
