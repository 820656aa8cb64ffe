// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import "github.com/google/uuid"

// ID identifies anything stored. It is a UUIDv7 made by the program: ordered by
// time, and mintable by a phone that is offline.
type ID = uuid.UUID

// Nowhere is the community of what belongs to no community: persons, sessions,
// the platform itself.
var Nowhere ID

// NewID mints an identifier.
func NewID() ID { return uuid.Must(uuid.NewV7()) }

// DerivedID is an identifier that follows from who asked and what they called
// it, for things that must be found again before their id is known.
func DerivedID(person ID, name string) ID { return uuid.NewSHA1(person, []byte(name)) }
