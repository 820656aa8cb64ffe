// SPDX-License-Identifier: AGPL-3.0-or-later

// Package partner is how other programs take part: a community sends what happens
// to addresses that its coordinators name.
package partner

import (
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
)

// What can go wrong with webhooks.
const (
	URLInvalid   domain.Code = "URL_INVALID"   // not an https address of a public host
	EventUnknown domain.Code = "EVENT_UNKNOWN" // not in the catalogue; args: known is none, since the list is long
	WebhookLimit domain.Code = "WEBHOOK_LIMIT" // as many as a community may have; args: max
	WebhookState domain.Code = "WEBHOOK_STATE" // it is switched off
)

// What happens to webhooks, for the journal.
const (
	EventWebhookCreated domain.EventKind = "WEBHOOK_CREATED" // an address is told what happens from now on
	EventWebhookRotated domain.EventKind = "WEBHOOK_ROTATED" // its deliveries are signed with a new secret
	EventWebhookEnabled domain.EventKind = "WEBHOOK_ENABLED" // it is told again after it was switched off
	EventWebhookRemoved domain.EventKind = "WEBHOOK_REMOVED" // it is told nothing any more
)

// State says whether a webhook is told.
type State string

// The states of a webhook.
const (
	Active   State = "ACTIVE"
	Disabled State = "DISABLED" // it answered 410 Gone, or nothing for days
)

// Webhook is an address that is told what happens in a community.
type Webhook struct {
	Community domain.ID
	ID        domain.ID
	URL       string
	Events    []domain.EventKind // at least one; "*" alone is everything
	Secret    []byte             // signs deliveries
	Former    []byte             // signs them as well until FormerEnds; nil for none
	FormerEnd time.Time
	State     State
	CreatedAt time.Time
	RemovedAt time.Time // zero while it stands
}

// Everything is the name that stands for all events.
const Everything = "*"

// Wants says whether a webhook is told of a kind of event. Who is under age is told to no
// program outside, whatever it asked for.
func (w Webhook) Wants(kind domain.EventKind) bool {
	if w.State != Active || !w.RemovedAt.IsZero() || ofMinors(kind) {
		return false
	}
	for _, e := range w.Events {
		if e == kind || e == Everything {
			return true
		}
	}
	return false
}

func ofMinors(kind domain.EventKind) bool {
	return strings.HasPrefix(string(kind), "MINOR_") || strings.HasPrefix(string(kind), "GUARDIAN_")
}

// Outcome says how far a delivery came.
type Outcome string

// The outcomes of a delivery.
const (
	Waiting   Outcome = "WAITING"   // it will be tried, or tried again
	Delivered Outcome = "DELIVERED" // the receiver answered 2xx
	GivenUp   Outcome = "GIVEN_UP"  // three days of tries, or the webhook was switched off
)

// Delivery is one event on its way to one webhook. Its id is the same at each try,
// so a receiver tells a repetition.
type Delivery struct {
	Community domain.ID
	ID        domain.ID
	Webhook   domain.ID
	Kind      domain.EventKind // Test for one that was only asked for
	Position  int64            // of the event; 0 for a test
	At        time.Time        // of the event
	Subject   domain.ID
	Objects   []changes.Object // what the event changed
	Outcome   Outcome
	Tries     int
	Status    int    // the last answer's HTTP status; 0 for none
	Failure   string // why there was none: TIMEOUT, REFUSED_ADDRESS, UNREACHABLE
	TriedAt   time.Time
}

// Test is the kind of an event that only shows that deliveries arrive.
const Test = "TEST"

// Create names an address to tell.
type Create struct {
	Community domain.ID
	URL       string
	Events    []domain.EventKind
	Key       string `json:"-"`
}
