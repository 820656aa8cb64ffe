// SPDX-License-Identifier: AGPL-3.0-or-later

// Package vitality tells those who look after a community how it lives: how many
// come, stay and help one another, in figures that name nobody. It only reads.
//
// An exchange counts from the moment its hours moved, with the members and minutes
// of its last correction, and not at all once it was reversed.
package vitality

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Report is how a community lives in a period, and just before.
type Report struct {
	Period   Figures
	Before   Figures // the period of the same length that ended when this one began
	Months   []Month // of the community's calendar; the first and the last may be cut by the period
	Families []Family
	Today    Today
}

// Figures are a period, added up.
type Figures struct {
	ledger.Period
	Movement
	Active            int // members who gave or received in an exchange
	Exchanges         int
	Minutes           domain.Minutes
	Reciprocity       Reciprocity
	FirstExchangeDays *float64 // the median; nil where it would speak of too few
}

// Movement is who came and went.
type Movement struct {
	Members int // at the end
	Joined  int
	Left    int
}

// Reciprocity is how giving and receiving are spread among the active.
type Reciprocity struct{ GaveOnly, ReceivedOnly, Both Part }

// Part is some of the active members; nil where they, or what is left beside them,
// are too few to be told.
type Part struct {
	Members *int
	Share   *float64 // of the active, 0 to 1
}

// Month is one of a period's.
type Month struct {
	Month     time.Time // its first day, as the calendar has it
	Joined    int
	Active    int
	Exchanges int
	Minutes   domain.Minutes
}

// Family is what was exchanged of one family of services; nil figures where too few
// members took part, or where those of another could be told from them.
type Family struct {
	Code      string
	Members   *int
	Exchanges *int
	Minutes   *domain.Minutes
}

// Today is what waits for somebody's care, now.
type Today struct {
	At             time.Time
	Members        int // admitted and not left
	WithoutListing int // who may take part and show nothing
	Isolated       int // who may take part, came long ago, and have not exchanged for long
	UnmetRequests  int // shown for long, and nobody agreed to them
}

// Flows are what the store adds up.
type Flows struct {
	Before, Period Flow
	Months         []Flow
}

// Flow is what was exchanged in a stretch of time.
type Flow struct {
	Exchanges int
	Minutes   domain.Minutes
	Sides
	Firsts    int     // members whose first exchange it was; of a month 0
	FirstDays float64 // the median of the days since their admission; 0 without any
}

// Sides are different members who took part, by what they did.
type Sides struct{ GaveOnly, ReceivedOnly, Both int }

// FamilyFlow is what was exchanged of a family.
type FamilyFlow struct {
	Code      string
	Members   int // different ones who took part
	Exchanges int
	Minutes   domain.Minutes
}
