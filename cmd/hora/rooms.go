// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/persistence"
)

// rooms are the areas of the cooperative, each on its store.
type rooms struct {
	ledger      *ledger.Service
	communities *community.Service
	members     *membership.Service
	listings    *listing.Service
	exchanges   *exchange.Service
	statements  *statement.Service
	recognition *recognition.Service
	messages    *messaging.Service
}

// openRooms wires the areas in the order of the import rule: a room knows those
// above it, and learns anybody's standing from the members' store.
func openRooms(db *persistence.DB) rooms {
	standing := persistence.MemberStore{}
	hours := ledger.New(db, persistence.LedgerStore{}, standing)
	communities := community.New(db, persistence.CommunityStore{}, hours)
	members := membership.New(db, standing, communities, hours)
	listings := listing.New(db, persistence.ListingStore{}, standing, communities, members)
	exchanges := exchange.New(db, persistence.ExchangeStore{}, standing, communities, members, listings, hours)
	return rooms{
		ledger: hours, communities: communities, members: members, listings: listings, exchanges: exchanges,
		statements:  statement.New(db, persistence.StatementStore{}, hours, communities, members),
		recognition: recognition.New(db, persistence.RecognitionStore{}, standing, communities, members, exchanges),
		messages:    messaging.New(db, persistence.NotificationStore{}, members),
	}
}
