// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what the ledger needs kept. Every call runs inside InTx of the
// community it names, and the guarantees — floors, balance, gapless positions,
// once per key — are the database's own.
type Store interface {
	PairStore // hours between communities

	OpenAccount(ctx context.Context, a Account) error
	// QueueEarmarks has whoever else opens a pool for something wait until this
	// transaction ends.
	QueueEarmarks(ctx context.Context, community domain.ID) error
	// CloseAccount closes an empty account; AccountInUse otherwise.
	CloseAccount(ctx context.Context, community, id domain.ID, at time.Time) error
	SetLimits(ctx context.Context, change LimitChange) error

	// LimitChanges is what SetLimits and Allow kept, newest first.
	LimitChanges(ctx context.Context, community, account domain.ID, page domain.Page) (domain.Slice[PastLimits], error)

	// Allow lets an account go below its floor once. Error: AccountClosed.
	Allow(ctx context.Context, a Allowance) error

	// Post writes the posting with the events recorded so far and its own, in
	// one statement. InsufficientHours, AccountClosed, IdempotencyKeyReused.
	Post(ctx context.Context, p Posting) (Posted, error)
	// PostBatch writes lines as if one after another, and says which accounts end
	// below their soft floor or above their ceiling. The errors of Post, with the
	// line in their field.
	PostBatch(ctx context.Context, community domain.ID, lines []Posting) (posted []Posted, low, high []domain.ID, err error)
	// PlaceHold promises minutes or changes what an open hold promises.
	PlaceHold(ctx context.Context, h Hold, at time.Time) error
	// CloseHolds gives the minutes of open holds back.
	CloseHolds(ctx context.Context, community domain.ID, ids []domain.ID, expired bool, at time.Time) error
	ExpiredHolds(ctx context.Context, community domain.ID, at time.Time, limit int) ([]domain.ID, error)

	// Note keeps what somebody said of a transfer; it can be erased, the transfer cannot.
	Note(ctx context.Context, n Note) error
	Notes(ctx context.Context, community domain.ID, transfers []domain.ID) ([]Note, error)

	// KeepSponsor keeps who brought a transfer's hours; it is never changed.
	KeepSponsor(ctx context.Context, s Sponsored) error
	Sponsors(ctx context.Context, community domain.ID, transfers []domain.ID) ([]Sponsored, error)

	// Together says whether two members live in one household.
	Together(ctx context.Context, community, one, other domain.ID) (bool, error)

	Accounts(ctx context.Context, community domain.ID, ids []domain.ID) ([]Account, error)
	AccountsOf(ctx context.Context, community domain.ID, owners []domain.ID) ([]Account, error)
	CommunityAccounts(ctx context.Context, community domain.ID) ([]Account, error)
	Transfers(ctx context.Context, community domain.ID, ids []domain.ID) ([]Transfer, error)
	TransfersOf(ctx context.Context, community domain.ID, exchanges []domain.ID) ([]Transfer, error)
	// Span finds the positions of a period. Two periods that meet share no entry
	// and leave none out, whatever the clocks of two servers said.
	Span(ctx context.Context, community, account domain.ID, period Period) (Span, error)
	Entries(ctx context.Context, community, account domain.ID, span Span, page domain.Page) (domain.Slice[Entry], error)

	// Verify recomputes one community's books and tells every difference.
	Verify(ctx context.Context, community domain.ID) (Verification, error)
	// LastCheck is what the night's verification found last; nil before the first.
	LastCheck(ctx context.Context, community domain.ID) (*Check, error)
}

// LimitChange keeps who changed an account's limits, and why.
type LimitChange struct {
	Community domain.ID
	ID        domain.ID
	Account   domain.ID
	Limits    Limits
	Reason    string
	Actor     domain.ID
	At        time.Time
	Key       string `json:"-"` // what makes it happen once; optional
}

// Allowance lets an account go further below its floor, once, for a reason.
type Allowance struct {
	Community domain.ID
	ID        domain.ID
	Account   domain.ID
	Minutes   domain.Minutes
	Reason    string
	Actor     domain.ID
	At        time.Time
	Key       string `json:"-"` // what makes it happen once; optional
}

// Note is a gift's message or a reversal's reason.
type Note struct {
	Community, Transfer, Person domain.ID
	Body                        string
	At                          time.Time
}

// Check is when a community's books were last recomputed, and in how many places
// they differed.
type Check struct {
	At          time.Time
	Differences int
}

// Verification is what recomputing a community's books found.
type Verification struct {
	Accounts, Transfers, Entries, Events int64
	Sum                                  domain.Minutes // of all balances; must be 0
	Differences                          []string       // each names the account, transfer or position; empty when all is right
}
