// SPDX-License-Identifier: AGPL-3.0-or-later

// Package community keeps communities, their charters and the presets they
// start from.
package community

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a community.
const (
	SlugTaken       domain.Code = "SLUG_TAKEN"
	SlugInvalid     domain.Code = "SLUG_INVALID"   // 3 to 40 of a-z, 0-9 and single hyphens inside
	PresetUnknown   domain.Code = "PRESET_UNKNOWN" // args: known
	TimeZoneUnknown domain.Code = "TIME_ZONE_UNKNOWN"
	LocaleUnknown   domain.Code = "LOCALE_UNKNOWN"
	OutOfUnit       domain.Code = "OUT_OF_UNIT"       // args: unit; minutes that the charter's own unit cannot make
	GovernedTwice   domain.Code = "GOVERNED_TWICE"    // args: known; a part of the charter that two decision types name
	CollegeWeights  domain.Code = "COLLEGE_WEIGHTS"   // args: actual; colleges are at least three and make 10000 in all
	LocksOut        domain.Code = "CHARTER_LOCKS_OUT" // args: why; nobody could join, act or change it any more
)

// Community is one local bank: its members, its charter, its ledger.
type Community struct {
	ID        domain.ID
	Slug      string
	Name      string
	Preset    string
	Locale    string // BCP 47; what its texts are written in unless a person prefers another
	TimeZone  string // IANA name; its calendars follow it
	Place     *Place
	CreatedAt time.Time
	Version   int
}

// Place is a point on the map, in degrees.
type Place struct{ Latitude, Longitude float64 }

// Charter is the community's versioned rules. Every number that steers a use
// case stands here, so that changing a rule is changing data.
type Charter struct {
	Community     domain.ID `json:"-"` // Nowhere for a preset
	ID            domain.ID `json:"-"`
	Version       int       `json:"-"`
	EffectiveFrom time.Time `json:"-"`
	Reason        string    `json:"-"` // of the change; empty for the first
	By            domain.ID `json:"-"` // the person who founded, or changed it; Nowhere for a decision
	Decision      domain.ID `json:"-"` // the decision that changed it; Nowhere for a person's own act
	MadeAt        time.Time `json:"-"`
	Carries       int       `json:"-"` // the version to come whose place this one takes, with an earlier change in it; 0 for none

	Hours      `json:"hours"`
	Exchanges  `json:"exchanges"`
	Listings   `json:"listings"`
	Membership `json:"membership"`
	Levy       `json:"levy"`
	Cheques    `json:"cheques"`
	Sessions   `json:"sessions"`
	Activities `json:"activities"`

	// Fields of their own, since their words are too general for the charter's own.
	Progression Progression `json:"progression"`
	CoOwnership CoOwnership `json:"coOwnership"`
	Shares      Shares      `json:"shares"`
	Power       Power       `json:"power"`
	Assembly    Assembly    `json:"assembly"`
	Founding    Founding    `json:"founding"`
	Reserve     Reserve     `json:"reserve"`
	Dormancy    Dormancy    `json:"dormancy"`
	Payouts     Payouts     `json:"payouts"`
	Suggestions Suggestions `json:"suggestions"`
	Safety      Safety      `json:"safety"`
	Minors      Minors      `json:"minors"`
	Duty        Duty        `json:"duty"`
}

// Part is one part of the charter, called as its JSON is.
type Part string

// Parts are all of them, in the order in which they are shown.
func Parts() []Part {
	return []Part{"hours", "exchanges", "listings", "cheques", "sessions", "activities", "membership", "levy", "reserve", "dormancy", "payouts", "suggestions", "safety", "minors", "duty", "shares", "progression", "coOwnership", "power", "assembly", "founding"}
}

// Assembly is how the community comes together.
type Assembly struct {
	Period   Period    `json:"period"`   // what is decided for the next one begins with it
	Colleges []College `json:"colleges"` // none, or at least three
}

// Period is the charter's calendar: its periods begin at midnight, local time.
type Period string

// The periods.
const (
	EachMonth   Period = "MONTH"
	EachQuarter Period = "QUARTER"
	EachYear    Period = "YEAR"
)

// College is a part of the electorate whose votes weigh together.
type College struct {
	Code   string            `json:"code"`
	Label  map[string]string `json:"label"`          // by language
	Role   domain.Role       `json:"role,omitempty"` // whoever holds it; empty for those no other college names
	Weight int               `json:"weight"`         // hundredths of a percent of the whole: 1000 to 5000
}

// Founding is how a new community begins: its founder may change the charter
// alone, until so many members were admitted or the charter was first changed by
// a decision. 0: never alone.
type Founding struct {
	Members int `json:"members"`
}

// Hours are the ledger's rules, in minutes.
type Hours struct {
	Unit      domain.Minutes  `json:"unit"`     // actual times are rounded to it, half up
	Starting  domain.Minutes  `json:"starting"` // credited once, at admission
	Floor     *domain.Minutes `json:"floor"`    // hard; absent means none
	SoftFloor *domain.Minutes `json:"softFloor"`
	Ceiling   *domain.Minutes `json:"ceiling"`
}

// Exchanges are the delays of an exchange's life, in days.
type Exchanges struct {
	AnswerDays      int `json:"answerDays"`      // a proposal without an answer expires
	AutoConfirmDays int `json:"autoConfirmDays"` // a done exchange confirms itself
	HoldDays        int `json:"holdDays"`        // a promise is kept this long after the day agreed
}

// Listings are the rules of offers and requests.
type Listings struct {
	ExpiryDays int  `json:"expiryDays"` // 0: never
	Review     bool `json:"review"`     // a coordinator looks before it is published
}

// Cheques are the rules of time cheques, in days; 0 means no limit.
type Cheques struct {
	DepositDays int `json:"depositDays"` // a cheque signed offline is brought within
	SlipDays    int `json:"slipDays"`    // a slip of paper is keyed in within
}

// Membership is how people come and go.
type Membership struct {
	ClosingPool string   `json:"closingPool"` // where a leaver's credit goes; a debt is absorbed by the reserve
	Roles       []string `json:"roles"`       // beyond those every community has
}

// Preset is what a community starts from; it is data, edited afterwards.
type Preset struct {
	Name        string
	Title       map[string]string // by language
	Description map[string]string // what it is for, by language
	Charter     Charter
}

// Create is what somebody says to found a community.
type Create struct {
	Name, Slug, Preset, Locale, TimeZone string
	Place                                *Place
}

// Filter narrows the directory of communities.
type Filter struct {
	Text string // part of the name, accents and case ignored
	Near *Place // nearest first
}

// Founded says that a community was made.
const Founded domain.EventKind = "COMMUNITY_FOUNDED"
