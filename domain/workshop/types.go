// SPDX-License-Identifier: AGPL-3.0-or-later

// Package workshop keeps group sessions: one member gives several at once, and
// the time is divided among those who came, or borne by the community.
package workshop

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a session.
const (
	WrongState domain.Code = "SESSION_STATE"   // args: state
	NotYet     domain.Code = "SESSION_NOT_YET" // it has not begun
	Empty      domain.Code = "SESSION_EMPTY"   // nobody attended
	OwnSession domain.Code = "OWN_SESSION"     // the host neither joins nor, at the community's charge, settles it
	NotJoined  domain.Code = "NOT_JOINED"      // no seat in this session
)

// State is where a session stands.
type State string

// The states of a session.
const (
	Scheduled State = "SCHEDULED"
	Settled   State = "SETTLED"
	Cancelled State = "CANCELLED"
)

// Bearer says whose accounts go down.
type Bearer string

// Who may bear a session.
const (
	Participants Bearer = "PARTICIPANTS" // in equal shares
	Community    Bearer = "COMMUNITY"    // the whole
)

// Session is a workshop, a class, a meal cooked together.
type Session struct {
	Community   domain.ID
	ID          domain.ID
	State       State
	Host        domain.ID // who gives
	Title       string
	Description string
	ServiceType string
	StartsAt    time.Time
	Place       string
	Capacity    int
	Bearer      Bearer
	Preparation domain.Minutes // as announced, then as it was
	Animation   domain.Minutes
	Moved       domain.Minutes // what moved in all; 0 before
	Reason      string         // why it was cancelled
	CreatedAt   time.Time
	SettledAt   time.Time
	Version     int
}

// SeatState is where somebody stands in a session.
type SeatState string

// The states of a seat.
const (
	Joined   SeatState = "JOINED"
	Waiting  SeatState = "WAITING"
	Left     SeatState = "LEFT"
	Attended SeatState = "ATTENDED"
	Missed   SeatState = "MISSED" // joined, and neither came nor left in time
)

// Seat is one member's in a session.
type Seat struct {
	Community domain.ID
	Session   domain.ID
	Member    domain.ID
	State     SeatState
	Place     int // in the order of joining; the waiting list follows it
	Share     domain.Minutes
	At        time.Time // when it last changed
}

// Schedule is a session to be announced.
type Schedule struct {
	Community   domain.ID
	Title       string
	Description string
	ServiceType string
	StartsAt    time.Time
	Place       string
	Capacity    int
	Bearer      Bearer
	Preparation domain.Minutes
	Animation   domain.Minutes
	OnBehalfOf  domain.ID // the host
	Key         string    `json:"-"`
}

// Settle is how a session went.
type Settle struct {
	Community   domain.ID
	Session     domain.ID
	Attended    []domain.ID
	Preparation *domain.Minutes // nil: as announced
	Animation   *domain.Minutes
	Key         string `json:"-"`
}

// Filter narrows a list of sessions.
type Filter struct {
	States      []State
	From, Until time.Time // of their beginning
}

// The events of sessions.
const (
	Announced   domain.EventKind = "SESSION_SCHEDULED"
	SeatTaken   domain.EventKind = "SESSION_JOINED"
	SeatWaits   domain.EventKind = "SESSION_WAITING"
	SeatGiven   domain.EventKind = "SESSION_SEAT_FREE" // somebody moved up from the waiting list
	SeatLeft    domain.EventKind = "SESSION_LEFT"
	CalledOff   domain.EventKind = "SESSION_CANCELLED"
	SettledItAt domain.EventKind = "SESSION_SETTLED"
)

// Told is the payload of a session's events.
type Told struct {
	Host   domain.ID `json:"host"`
	Member domain.ID `json:"member"` // on whose side it was done
	// Shares are the minutes of each who is concerned; positive for whoever gave.
	Shares map[domain.ID]domain.Minutes `json:"shares,omitempty"`
}
