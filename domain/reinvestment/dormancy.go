// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// What can go wrong with hours that lie apart.
const (
	NothingDormant domain.Code = "NOTHING_DORMANT"  // the member has no such hours, and is not asked about any
	BeyondSafePart domain.Code = "BEYOND_SAFE_PART" // args: available, required; what lies apart is somebody's
)

// DormantState is where the hours of a member nobody heard of stand.
type DormantState string

// The states, in their order.
const (
	Contacted DormantState = "CONTACTED" // they are asked whether they are still there
	Kept      DormantState = "KEPT"      // they are, and nothing moved
	Held      DormantState = "HELD"      // their hours lie apart
	Returned  DormantState = "RETURNED"  // they came back, and so did their hours
	Lapsed    DormantState = "LAPSED"    // nobody came in time, or they left: the whole has them
)

// DormantStates lists every state, in the order of the SDL enum.
func DormantStates() []DormantState {
	return []DormantState{Contacted, Kept, Held, Returned, Lapsed}
}

// Dormant is the hours of a member nobody heard of for long.
type Dormant struct {
	Community, ID, Member domain.ID
	QuietSince            time.Time
	State                 DormantState
	Contacts              int
	Minutes               domain.Minutes // that lie apart, or lay; 0 before
	NextAt                time.Time      // when it goes on by itself; zero once over
	EndedAt               time.Time
	Version               int
	// Is is what their member is by now, and MovedAt when their account moved last.
	Is      membership.Participation
	MovedAt time.Time
}

// Quiet is a member whose account did not move for long.
type Quiet struct {
	Member domain.ID
	Since  time.Time
}

// DormantBook is what lies apart in all: Owed = Account + InUse, to the minute.
type DormantBook struct {
	Community domain.ID
	Members   int // whose hours they are
	Owed      domain.Minutes
	InUse     domain.Minutes
	Usable    domain.Minutes
	Account   domain.ID      // Nowhere until hours lie apart for the first time
	On        domain.Minutes // that account
}

// add fills in what follows from what is owed and what the account has.
func (b DormantBook) add(account ledger.Account, rule community.Dormancy) DormantBook {
	b.Account, b.On = account.ID, account.Balance
	b.InUse = b.Owed - b.On
	b.Usable = min(rule.Usable(b.Owed, b.InUse), max(0, b.On))
	return b
}

// next is where hours go on to, and ok is false when nothing is due. Whoever takes
// part again has them back at once; whoever moves hours is there; whoever left, left them to the whole. Once apart
// they stay so as long as was promised, whatever the charter says by then.
func (d Dormant) next(rule community.Dormancy, now time.Time) (to DormantState, ok bool) {
	held := d.State == Held
	switch {
	case d.State != Contacted && !held:
		return "", false
	case d.Is == membership.Left && held:
		return Lapsed, true
	case d.Is == membership.Left || !rule.On() && !held:
		return Kept, true
	case d.Is == membership.Suspended && held:
		return Held, !d.NextAt.After(now) // they could not come back for them: they have longer
	case d.Is != membership.Dormant && held:
		return Returned, true
	case !held && (d.Is != membership.Dormant || d.MovedAt.After(d.QuietSince)):
		return Kept, true
	case d.NextAt.After(now):
		return "", false
	case held:
		return Lapsed, true
	case d.Contacts < rule.Contacts:
		return Contacted, true
	}
	return Held, true
}

// lent is how much of hours that come back is in use meanwhile, while so much lies apart.
func (d Dormant) lent(apart domain.Minutes) domain.Minutes {
	return d.Minutes - min(max(0, apart), d.Minutes)
}

// lapsing is how much the whole has of hours that nobody came for, while so much lies
// apart and so much of it is others': what is in use is taken for theirs.
func (d Dormant) lapsing(apart, others domain.Minutes) domain.Minutes {
	return min(d.Minutes, max(0, apart-others))
}

// The events of hours that lie apart.
const (
	DormantContacted domain.EventKind = "DORMANT_CONTACTED"
	DormantKept      domain.EventKind = "DORMANT_KEPT"
	DormantHeld      domain.EventKind = "DORMANT_HELD"
	DormantReturned  domain.EventKind = "DORMANT_RETURNED"
	DormantLapsed    domain.EventKind = "DORMANT_LAPSED"
	DormantUsed      domain.EventKind = "DORMANT_USED"
)

// DormantStore keeps hours that lie apart.
type DormantStore interface {
	// Quiet lists dormant members with hours on an account that did not move since
	// before a moment, and who were not asked since; so many at most.
	Quiet(ctx context.Context, community domain.ID, before time.Time, limit int) ([]Quiet, error)
	// AddDormant keeps what begins; false when the member has something open already.
	AddDormant(ctx context.Context, d Dormant) (bool, error)
	// SaveDormant saves its state, contacts, minutes and moments. StaleVersion when
	// somebody was first.
	SaveDormant(ctx context.Context, d Dormant) (Dormant, error)
	// DormantDue lists what is open and whose moment came, or whose member is no
	// longer dormant.
	DormantDue(ctx context.Context, community domain.ID, at time.Time) ([]domain.ID, error)
	// Dormants reads by id.
	Dormants(ctx context.Context, community domain.ID, ids []domain.ID) ([]Dormant, error)
	// DormantOf lists what members have, the latest first, one of each.
	DormantOf(ctx context.Context, community domain.ID, members []domain.ID) ([]Dormant, error)
	// DormantOwed adds up what lies apart.
	DormantOwed(ctx context.Context, community domain.ID) (members int, owed domain.Minutes, err error)
}
