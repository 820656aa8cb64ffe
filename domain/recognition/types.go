// SPDX-License-Identifier: AGPL-3.0-or-later

// Package recognition keeps what people give one another that is no hours:
// thanks, stars, endorsements of skills. Nothing in it converts into minutes,
// votes or shares: this room knows none of those registers.
package recognition

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong when somebody recognises somebody.
const (
	Oneself         domain.Code = "ONESELF"
	OwnHousehold    domain.Code = "OWN_HOUSEHOLD"
	NoExchange      domain.Code = "NO_EXCHANGE" // nothing confirmed between the two that it could rest on
	AlreadyThanked  domain.Code = "ALREADY_THANKED"
	TooLate         domain.Code = "TOO_LATE_TO_THANK" // args: max, in days
	StarsSpent      domain.Code = "STARS_SPENT"       // args: max, in a month
	StarredRecently domain.Code = "STARRED_RECENTLY"  // args: max, in days
	AlreadyEndorsed domain.Code = "ALREADY_ENDORSED"
)

// The limits of domain.md, section 7; they are the same for everybody.
const (
	ThanksAMinute  = 10
	ThanksADay     = 20
	ThanksDays     = 30 // how long after an exchange was confirmed
	StarsAMonth    = 3  // by the community's calendar
	StarDays       = 90 // between two for the same member
	ShortestReason = 40 // characters
)

// Given is what every recognition has.
type Given struct {
	Community domain.ID
	ID        domain.ID
	Giver     domain.ID // the member who gave it; it stays when they leave
	Member    domain.ID // whom it is for
	Hidden    bool      // from all but the two of them
	At        time.Time
}

// Thanks are for one exchange, once per giver, and for good.
type Thanks struct {
	Given
	Exchange domain.ID
	Message  string // may be empty
}

// Category is what a star is for.
type Category string

// The categories of stars.
const (
	Welcome    Category = "WELCOME"
	KnowHow    Category = "KNOW_HOW"
	Reliable   Category = "RELIABILITY"
	Care       Category = "CARE"
	Initiative Category = "INITIATIVE"
	Unseen     Category = "UNSEEN_WORK"
)

// Star honours somebody in the giver's own words. It is between the two until its
// member agrees to show it.
type Star struct {
	Given
	Category Category
	Reason   string
}

// Endorsement says that somebody does a kind of service well, after receiving it.
type Endorsement struct {
	Given
	ServiceType string
	Exchange    domain.ID // the confirmed one it rests on
	WithdrawnAt time.Time // zero while it stands
}

// Thank is the wish to thank the other side of an exchange.
type Thank struct {
	Community domain.ID
	Exchange  domain.ID
	Member    domain.ID // named instead of an exchange, which is refused in words
	Message   string
	Key       string `json:"-"`
}

// Award is a star to be.
type Award struct {
	Community domain.ID
	Member    domain.ID
	Category  Category
	Reason    string
	Key       string `json:"-"`
}

// Endorse is an endorsement to be.
type Endorse struct {
	Community   domain.ID
	Member      domain.ID
	ServiceType string
	Key         string `json:"-"`
}

// The events of recognition.
const (
	Thanked   domain.EventKind = "THANKS_GIVEN"
	Starred   domain.EventKind = "STAR_AWARDED"
	Endorsed  domain.EventKind = "SKILL_ENDORSED"
	Withdrawn domain.EventKind = "ENDORSEMENT_WITHDRAWN"
	Hid       domain.EventKind = "RECOGNITION_HIDDEN"
	Showed    domain.EventKind = "RECOGNITION_SHOWN"
)

// Told is the payload of these events.
type Told struct {
	Giver    domain.ID `json:"giver"`
	Member   domain.ID `json:"member"`
	Exchange domain.ID `json:"exchange"` // what it rests on; Nowhere for a star
}
