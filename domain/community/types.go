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
	Version       int       `json:"-"`
	EffectiveFrom time.Time `json:"-"`

	Hours      `json:"hours"`
	Exchanges  `json:"exchanges"`
	Listings   `json:"listings"`
	Membership `json:"membership"`
	Levy       `json:"levy"`
	Cheques    `json:"cheques"`
	Sessions   `json:"sessions"`
	Activities `json:"activities"`

	Shares Shares `json:"shares"`
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
	Name    string            `json:"name"`
	Title   map[string]string `json:"title"` // by language
	Charter Charter           `json:"charter"`
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
