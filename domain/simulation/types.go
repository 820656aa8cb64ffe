// SPDX-License-Identifier: AGPL-3.0-or-later

// Package simulation runs the past of a community again under a charter that is
// only proposed, so that people see what it would have done before they decide.
// It writes nothing.
package simulation

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// Ask is what somebody wants to see.
type Ask struct {
	Community domain.ID
	Changes   community.Changes
	Months    int // how far back, 1 to 24
}

// Account is an account as the past left it.
type Account struct {
	ID      domain.ID
	Kind    ledger.AccountKind
	Purpose string // of a pool
	Balance domain.Minutes
	Floor   *domain.Minutes
	Open    bool
}

// Move is a transfer that was made.
type Move struct {
	ID            domain.ID
	Kind          ledger.TransferKind
	Minutes       domain.Minutes
	Debit, Credit domain.ID
	Exchange      domain.ID // Nowhere when it settled none
	Reverses      domain.ID
	At            time.Time
}

// Holding is a time in which a member held a role.
type Holding struct {
	Account     domain.ID // the member's
	Role        domain.Role
	From, Until time.Time // zero: it lasts
}

// Figures are what a charter makes of the same months.
type Figures struct {
	Openings     domain.Minutes // given to newcomers
	Levy         domain.Minutes // collected, less what was undone
	Community    domain.Minutes // the balance of the whole, at the end
	Pools        []Pool
	Warned       int // members below the soft floor at the end
	AboveCeiling int // members above the ceiling at the end
}

// Pool is what a common pool holds at the end.
type Pool struct {
	Purpose string
	Balance domain.Minutes
}

// Outcome is what was, beside what would have been.
type Outcome struct {
	From, Until     time.Time
	Members         int // with an open account at the end
	Exchanges       int
	Exchanged       domain.Minutes
	Before, After   Figures
	Refused         int // exchanges that the proposed floor would have refused
	RefusedMembers  int // whose exchanges those are
	Current, Wanted community.Charter
}
