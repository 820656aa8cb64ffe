// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/partner"
	"github.com/hora-coop/hora/domain/progression"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/domain/simulation"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/domain/vitality"
	"github.com/hora-coop/hora/domain/workshop"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/server/picture"
)

// rooms are the areas of the cooperative, each on its store.
type rooms struct {
	ledger      *ledger.Service
	communities *community.Service
	members     *membership.Service
	shares      *shares.Service
	photos      *media.Service
	listings    *listing.Service
	exchanges   *exchange.Service
	cheques     *cheque.Service
	workshops   *workshop.Service
	activities  *activity.Service
	duties      *duty.Service
	statements  *statement.Service
	recognition *recognition.Service
	threads     *conversation.Service
	ways        *progression.Service
	moderation  *moderation.Service
	messages    *messaging.Service
	changes     *changes.Service
	decisions   *governance.Service
	cycles      *reinvestment.Service
	simulations *simulation.Service
	vitalities  *vitality.Service
	partners    *partner.Service
}

// openRooms wires the areas in the order of the import rule: a room knows those
// above it, and learns anybody's standing from the members' store.
func openRooms(db *persistence.DB, files media.Files, tickets media.Tickets, badges recognition.Signer, post partner.Post, local bool) rooms {
	standing := persistence.MemberStore{}
	hours := ledger.New(db, persistence.LedgerStore{}, standing)
	communities := community.New(db, persistence.CommunityStore{}, standing, hours)
	members := membership.New(db, standing, communities, hours)
	photos := media.New(db, persistence.MediaStore{}, standing, members, files, picture.New(), tickets)
	listings := listing.New(db, persistence.ListingStore{}, standing, communities, members, photos)
	exchanges := exchange.New(db, persistence.ExchangeStore{}, standing, communities, members, listings, hours)
	workshops := workshop.New(db, persistence.WorkshopStore{}, standing, communities, members, hours)
	duties := duty.New(db, persistence.DutyStore{}, persistence.JobStore{}, standing, communities, members)
	activities := activity.New(db, persistence.ActivityStore{}, standing, communities, members, duties, hours)
	decisions := governance.New(db, persistence.GovernanceStore{}, standing, communities, members, effects{members, communities})
	cheques := cheque.New(db, persistence.ChequeStore{}, standing, communities, members, exchanges, hours)
	cycles := reinvestment.New(db, persistence.ReinvestmentStore{}, persistence.JobStore{}, standing, communities, members, hours, photos)
	threads := conversation.New(db, persistence.ConversationStore{}, standing, members, listings, exchanges)
	honours := recognition.New(db, persistence.RecognitionStore{}, standing, communities, members, exchanges, badges)
	return rooms{
		ledger: hours, communities: communities, members: members, photos: photos, listings: listings, exchanges: exchanges,
		shares:     shares.New(db, persistence.ShareStore{}, standing, communities, members),
		cheques:    cheques,
		workshops:  workshops,
		activities: activities,
		duties:     duties,
		ways:       progression.New(db, persistence.ProgressionStore{}, standing, communities, members, hours, activities),
		statements: statement.New(db, persistence.StatementStore{}, hours, communities, members),
		threads:    threads,
		messages:   messaging.New(db, persistence.NotificationStore{}, members, decisions, cycles),
		changes: changes.New(db, persistence.ChangesStore{}, standing, changes.Areas{
			Ledger: hours, Communities: communities, Members: members, Listings: listings, Exchanges: exchanges, Decisions: decisions, Cycles: cycles,
			Workshops: workshops, Activities: activities, Cheques: cheques, Recognition: honours,
		}),
		decisions:   decisions,
		cycles:      cycles,
		simulations: simulation.New(db, persistence.SimulationStore{}, standing, communities),
		vitalities:  vitality.New(db, persistence.VitalityStore{}, standing, communities),
		partners:    partner.New(db, persistence.PartnerStore{}, standing, post, local),
		recognition: honours,
		moderation: moderation.New(db, persistence.ModerationStore{}, standing, communities, members, listings, exchanges, moderation.Said{
			Threads: threads, Workshops: workshops, Cycles: cycles, Decisions: decisions,
		}),
	}
}
