// SPDX-License-Identifier: AGPL-3.0-or-later

// Package media keeps the pictures that members show: how one is handed in, who
// may use it where, and when it goes.
package media

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a picture.
const (
	TypeRefused   domain.Code = "UPLOAD_TYPE"      // args: known; or the bytes are not what was announced
	TooLarge      domain.Code = "UPLOAD_SIZE"      // args: max, in megabytes
	TooManyPixels domain.Code = "IMAGE_SIZE"       // args: max, in millions of pixels
	Unreadable    domain.Code = "IMAGE_UNREADABLE" // the picture is damaged, or is none
	WrongState    domain.Code = "UPLOAD_STATE"     // args: state; it does not allow this
	TooMany       domain.Code = "UPLOAD_LIMIT"     // args: max pictures that nothing shows yet
	InUse         domain.Code = "PHOTO_IN_USE"     // another listing shows it
)

// Kind says what a picture is for.
type Kind string

// The kinds.
const (
	ListingPhoto Kind = "LISTING_PHOTO" // shown with an offer or a request
	ClaimPhoto   Kind = "CLAIM_PHOTO"   // shows that work was done, to those who approve the claim
)

// State is where a picture stands.
type State string

// The states of a picture. After CLAIMED its ticket is spent, whatever came of it.
const (
	Requested State = "REQUESTED" // a ticket was given out
	Claimed   State = "CLAIMED"   // bytes came and are being looked at
	Stored    State = "STORED"    // re-encoded and kept; waits for its description
	Ready     State = "READY"     // may be shown
	Erasing   State = "ERASING"   // its files are being removed
)

// Size names one of the three versions that are kept of a picture.
type Size string

// The sizes; Longest says their pixels.
const (
	Small  Size = "SMALL"
	Medium Size = "MEDIUM"
	Large  Size = "LARGE"
)

// Sizes are all of them, the largest first.
var Sizes = []Size{Large, Medium, Small}

// Longest is the longer side in pixels; a smaller picture is never enlarged.
func (s Size) Longest() int {
	switch s {
	case Small:
		return 320
	case Medium:
		return 960
	case Large:
	}
	return 1920
}

// What one picture may be.
const (
	MaxBytes  = 10 << 20   // as the phone sends it
	MaxPixels = 25_000_000 // decoded, in eight bits; a phone's picture has twelve million
	// PerListing bounds a listing's pictures, and a claim's.
	PerListing = 8
	// perPerson bounds what somebody has handed in that nothing shows yet.
	perPerson = 20
	// abreast bounds the pictures of one person that come in at once: slow ones leave
	// places to others.
	abreast = 2

	ticketLife = time.Hour
	// kept is how long a picture that nothing shows stays.
	kept = 24 * time.Hour
)

// Types are the kinds of file that may be handed in; all are kept as JPEG.
var Types = []string{"image/jpeg", "image/png", "image/webp"}

// Photo is a picture of a member's. Its files lie under an address that nobody
// can guess, and whoever knows the address may see them.
type Photo struct {
	Community   domain.ID
	ID          domain.ID
	Member      domain.ID // whose it is
	Person      domain.ID // who hands it in; another one when acting for the member
	State       State
	Type        string // as announced
	Bytes       int    // as announced
	Address     string // empty before STORED
	Alt         string // what it shows, for those who do not see it; empty before READY
	Width       int    // pixels of the largest version
	Height      int
	Placeholder string    // a BlurHash
	Listing     domain.ID // that shows it; Nowhere for none
	Claim       domain.ID // that it proves; Nowhere for none
	ExpiresAt   time.Time // of the ticket
	UnusedSince time.Time // zero while a listing shows it, or it proves a claim
	CreatedAt   time.Time
}

// Request asks for a ticket.
type Request struct {
	Community  domain.ID
	Kind       Kind
	Bytes      int
	Type       string
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// Ticket lets its bearer hand in one picture, once, until the picture's ExpiresAt.
type Ticket struct {
	Community domain.ID
	Photo     domain.ID
}

// Pictures is what is kept of a picture that was handed in.
type Pictures struct {
	Files         map[Size][]byte // JPEG, upright, without a word about where or by whom
	Width, Height int             // of the largest
	Placeholder   string
}
