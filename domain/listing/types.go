// SPDX-License-Identifier: AGPL-3.0-or-later

// Package listing keeps the catalogue of service types and what members offer
// and request.
package listing

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// What can go wrong with a listing.
const (
	ServiceTypeUnknown domain.Code = "SERVICE_TYPE_UNKNOWN"
	WrongState         domain.Code = "LISTING_STATE" // args: state; it does not allow this
)

// Kind says which way help flows.
type Kind string

// The kinds of listing.
const (
	Offer   Kind = "OFFER"
	Request Kind = "REQUEST"
)

// Level is who takes part in a service.
type Level string

// The levels.
const (
	Individual  Level = "INDIVIDUAL"
	Collective  Level = "COLLECTIVE"
	Associative Level = "ASSOCIATIVE"
)

// Visibility is who may see a listing.
type Visibility string

// The visibilities.
const (
	Inside   Visibility = "COMMUNITY"
	Partners Visibility = "PARTNERS"
	Public   Visibility = "PUBLIC"
)

// State is where a listing stands.
type State string

// The states of a listing.
const (
	Draft         State = "DRAFT"
	PendingReview State = "PENDING_REVIEW"
	Published     State = "PUBLISHED"
	Paused        State = "PAUSED"
	Met           State = "MET"
	Expired       State = "EXPIRED"
	Archived      State = "ARCHIVED"
	Removed       State = "REMOVED"
)

// Weekday is a day somebody is available.
type Weekday string

// Weekdays in the order of time.Weekday.
var Weekdays = []Weekday{"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}

// Content is what a member writes.
type Content struct {
	Title        string
	Description  string
	ServiceType  string // code of a type in the catalogue
	Level        Level
	Language     string
	Place        *community.Place // kept and shown to about 500 m only
	RadiusKm     int              // 0: no wish
	Remote       bool
	Availability []Weekday // empty: any day
	Visibility   Visibility
}

// Listing is an offer or a request.
type Listing struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Kind      Kind
	Content
	State       State
	PublishedAt time.Time
	ExpiresAt   time.Time // zero: never
	MetAt       time.Time
	Rests       bool // its owner is a minor who waits for a guardian's consent; known of one read by its id
	CreatedAt   time.Time
	Version     int
}

// Create is a listing to be made.
type Create struct {
	Community  domain.ID
	Kind       Kind
	Content    Content
	Photos     []domain.ID `json:",omitempty"` // of the member's, in order
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// Near narrows a search to a circle.
type Near struct {
	community.Place
	RadiusKm float64
}

// Filter narrows a search.
type Filter struct {
	Kind        Kind
	Text        string // accents, case and small typos do not matter
	ServiceType string // with everything below it
	Level       Level
	Near        *Near
	AvailableOn time.Time // a day; zero for any
	Member      domain.ID
	States      []State     // empty: published ones
	Without     []domain.ID // members from whom a block keeps the reader
}

// Order is how a search is sorted.
type Order string

// The orders. Without a text, BestMatch is Newest.
const (
	BestMatch Order = "BEST_MATCH"
	Newest    Order = "NEWEST"
	Nearest   Order = "NEAREST"
)

// The events of listings.
const (
	EventCreated  domain.EventKind = "LISTING_CREATED"
	EventUpdated  domain.EventKind = "LISTING_UPDATED"
	EventRenewed  domain.EventKind = "LISTING_RENEWED"
	EventApproved domain.EventKind = "LISTING_APPROVED"
	EventMet      domain.EventKind = "LISTING_MET"
	EventArchived domain.EventKind = "LISTING_ARCHIVED"
	EventExpired  domain.EventKind = "LISTING_EXPIRED"
)
