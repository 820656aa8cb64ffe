// SPDX-License-Identifier: AGPL-3.0-or-later

// Package activity keeps work for the community itself: its members log it,
// somebody else approves it, and its kind says what it brings.
package activity

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// What can go wrong with an activity.
const (
	KindUnknown   domain.Code = "ACTIVITY_KIND_UNKNOWN" // not one of the charter's
	WrongState    domain.Code = "ACTIVITY_STATE"        // args: state
	OwnActivity   domain.Code = "OWN_ACTIVITY"          // nobody approves their own
	CreditRefused domain.Code = "CREDIT_REFUSED"        // args: rule; this kind of work brings no hours
	DayToCome     domain.Code = "DAY_TO_COME"           // it is not over yet
)

// State is where an activity stands.
type State string

// The states of an activity.
const (
	Logged   State = "LOGGED"
	Approved State = "APPROVED"
	Declined State = "DECLINED"
)

// Activity is some work that a member did for the whole.
type Activity struct {
	Community    domain.ID
	ID           domain.ID
	State        State
	Member       domain.ID
	Kind         string                 // its code in the charter
	Charter      int                    // the version of the charter under which it was done
	Compensation community.Compensation // as that version had it
	Rule         string                 // as that version named it
	Level        string
	Minutes      domain.Minutes // as logged
	Credited     domain.Minutes // what moved; 0 when nothing did
	Description  string
	Costs        string    // money refunded directly, a note
	Day          time.Time // midnight UTC of the day
	LoggedBy     domain.ID // the person
	DecidedBy    domain.ID // the member
	DecidedAt    time.Time
	Reason       string // why it was declined
	CreatedAt    time.Time
	Version      int
}

// Log is work to be noted.
type Log struct {
	Community   domain.ID
	Kind        string
	Minutes     domain.Minutes
	Description string
	Costs       string
	Day         time.Time // zero: today
	OnBehalfOf  domain.ID
	Key         string `json:"-"`
}

// Decide is an answer to what was logged.
type Decide struct {
	Community domain.ID
	Activity  domain.ID
	Minutes   *domain.Minutes // to credit; nil: what the kind brings for what was logged
	Reason    string          // of a refusal
	Key       string          `json:"-"`
}

// Filter narrows a list of activities.
type Filter struct {
	Member domain.ID
	States []State
}

// The events of activities.
const (
	Noted   domain.EventKind = "ACTIVITY_LOGGED"
	Granted domain.EventKind = "ACTIVITY_APPROVED"
	Refused domain.EventKind = "ACTIVITY_DECLINED"
)

// Told is the payload of an activity's events.
type Told struct {
	Member  domain.ID      `json:"member"`
	Kind    string         `json:"kind"`
	Charter int            `json:"charter"`
	Minutes domain.Minutes `json:"minutes"`
}
