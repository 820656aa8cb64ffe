// SPDX-License-Identifier: AGPL-3.0-or-later

// Package graph is the GraphQL edge: it decodes ids, calls one use case, and
// presents the result. There are no rules here.
package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/identity"
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
	"github.com/hora-coop/hora/graph/live"
)

//go:generate go tool gqlgen generate
//go:generate go run ./plainly/rewrite generated

// Resolver is what every field's resolver can reach: the areas' use cases.
type Resolver struct {
	Tx domain.Tx // only for loaders, which read several areas' rows by id
	// Reading makes one transaction of all that a query reads, until it is done.
	Reading func(context.Context) (reads context.Context, done func())
	Clock   domain.Clock
	Version string
	// MinAppVersion is the oldest app that this server supports; empty for any.
	MinAppVersion string
	PublicURL     string // where people reach this server, https://…
	Identity      *identity.Service
	Ledger        *ledger.Service
	Notary        *ledger.Notary
	Communities   *community.Service
	Members       *membership.Service
	Desk          *membership.Desk
	ShareBook     *shares.Service
	Photos        *media.Service
	Listings      *listing.Service
	Exchanges     *exchange.Service
	Cheques       *cheque.Service
	Workshops     *workshop.Service
	Activities    *activity.Service
	Duties        *duty.Service
	Statements    *statement.Service
	Recognitions  *recognition.Service
	Simulations   *simulation.Service
	Vitalities    *vitality.Service
	Conversations *conversation.Service
	Ways          *progression.Service
	Moderation    *moderation.Service
	Messages      *messaging.Service
	Governance    *governance.Service
	Reinvestment  *reinvestment.Service
	Changes       *changes.Service
	Partners      *partner.Service
	Live          *live.Hub

	// Origins are the web apps, https://…, that may call from a browser, and follow.
	Origins   []string
	Documents *Documents
	Budgets   Budgets
	Usage     *Usage
}
