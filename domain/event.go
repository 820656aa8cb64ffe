// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"encoding/json"
	"time"
)

// EventKind says what happened, in the past tense.
type EventKind string

// Event is one fact of a community's life. Its payload holds ids and figures
// only, never free text or personal data: erasing a person keeps the chain whole.
type Event struct {
	ID      ID
	Kind    EventKind
	Actor   ID // the person who acted; Nowhere for a job
	Subject ID // what it happened to
	// Payload is whatever the kind needs, encoded as canonical JSON.
	Payload any
}

// RecordedEvent is an event with its place in the community's one order.
type RecordedEvent struct {
	Community ID
	Position  int64 // gapless from 1; commit order is position order
	ID        ID
	Kind      EventKind
	Actor     ID
	Subject   ID
	At        time.Time
	Payload   json.RawMessage
}

// Canonical is the bytes whose digest the journal chains. encoding/json writes
// struct fields in their declared order and map keys sorted, so the same event
// always gives the same bytes.
func (e Event) Canonical() ([]byte, error) {
	return json.Marshal(struct {
		ID      ID        `json:"id"`
		Kind    EventKind `json:"kind"`
		Actor   ID        `json:"actor"`
		Subject ID        `json:"subject"`
		Payload any       `json:"payload"`
	}{e.ID, e.Kind, e.Actor, e.Subject, e.Payload})
}

// PayloadOf reads the payload back out of an event's canonical bytes.
func PayloadOf(canonical []byte) (json.RawMessage, error) {
	var e struct {
		Payload json.RawMessage `json:"payload"`
	}
	err := json.Unmarshal(canonical, &e)
	return e.Payload, err
}
