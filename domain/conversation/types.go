// SPDX-License-Identifier: AGPL-3.0-or-later

// Package conversation lets members write to one another about an exchange, about
// an offer or a request, or about nothing in particular, and lets those whom the
// community entrusts with it speak to many at once. Nobody's telephone or e-mail
// is shown for it.
package conversation

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// LongestMessage is how many characters a message may have.
const LongestMessage = 4000

// Thread is what two members write to each other about one thing.
type Thread struct {
	Community domain.ID
	ID        domain.ID
	Exchange  domain.ID // what it is about; with no Listing either, nothing in particular
	Listing   domain.ID
	First     domain.ID // of a listing's thread, who asks; of the others, the lower id
	Second    domain.ID
	CreatedAt time.Time
	UpdatedAt time.Time // when the last message was sent
	// Unread counts what the member who looks has not read yet.
	Unread int
}

// Message is one message of a thread. It is never changed: the other has read it. While
// a measure against it holds, nobody is shown what it says.
type Message struct {
	Community domain.ID
	ID        domain.ID
	Thread    domain.ID
	Number    int // from 1, without gaps, in the order in which they were kept
	Sender    domain.ID
	Typist    domain.ID // the person who wrote it, who may act for the sender
	Body      string    // empty while it is removed
	Removed   bool      // a measure holds against it
	SentAt    time.Time
	Position  int64 // of its event; only where messages are read in that order
}

// Send is what somebody says to send a message: into a thread, or to what opens one.
type Send struct {
	Community                         domain.ID
	Thread, Exchange, Listing, Member domain.ID // exactly one
	OnBehalfOf                        domain.ID
	Body                              string
	Key                               string `json:"-"`
}

// Audience is to whom an announcement speaks.
type Audience string

// The audiences. Nobody who left, applied or is suspended is among them.
const (
	Everyone  Audience = "EVERYONE"
	Newcomers Audience = "NEWCOMERS"
	Actives   Audience = "ACTIVE" // and engaged
	Quiet     Audience = "QUIET"  // at risk, dormant or resting
)

// audiences say in which states of participation each audience is.
var audiences = map[Audience][]membership.Participation{
	Everyone:  {membership.Newcomer, membership.Active, membership.Engaged, membership.AtRisk, membership.Dormant, membership.Paused},
	Newcomers: {membership.Newcomer},
	Actives:   {membership.Active, membership.Engaged},
	Quiet:     {membership.AtRisk, membership.Dormant, membership.Paused},
}

// Listeners are the states of participation that an audience is made of.
func (a Audience) Listeners() []membership.Participation { return audiences[a] }

// Announcement is said by the community's staff to many members at once. Every
// member may read it afterwards, whomever it was told to.
type Announcement struct {
	Community domain.ID
	ID        domain.ID
	Audience  Audience
	Title     string
	Body      string
	Member    domain.ID // who announced it
	At        time.Time
}

// Announce is what somebody says to announce something.
type Announce struct {
	Community   domain.ID
	Audience    Audience
	Title, Body string
	Key         string `json:"-"`
}

// The events of conversations.
const (
	Sent      domain.EventKind = "MESSAGE_SENT"
	Announced domain.EventKind = "ANNOUNCEMENT_MADE"
)

// SentTold is what the event of a message tells.
type SentTold struct {
	Thread   domain.ID `json:"thread"`
	Sender   domain.ID `json:"sender"`
	Receiver domain.ID `json:"receiver"`
	Exchange domain.ID `json:"exchange"`
	Waits    bool      `json:"waits"` // the receiver had unread messages of this thread already
}

// AnnouncedTold is what the event of an announcement tells.
type AnnouncedTold struct {
	Audience Audience  `json:"audience"`
	Member   domain.ID `json:"member"`
}
