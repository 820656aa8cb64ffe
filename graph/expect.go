// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/workshop"
	"github.com/hora-coop/hora/graph/generated"
	"github.com/hora-coop/hora/graph/plainly"
)

// What was read tells the loaders at once what it will be asked for piece by
// piece, if the document asks for it at all. A page is then one batch however busy
// the machine is: an item whose turn comes a millisecond late would else cost a
// statement of its own, most of all when statements are dear.

// mentions are the fields that a document names anywhere, as "Type.field".
type mentions struct {
	once  sync.Once
	named map[string]bool
}

// mentioned says whether the request's document names a field.
func mentioned(ctx context.Context, field string) bool {
	m := &of(ctx).mentions
	m.once.Do(func() {
		m.named = map[string]bool{}
		if graphql.HasOperationContext(ctx) {
			m.read(graphql.GetOperationContext(ctx).Operation.SelectionSet, map[string]bool{})
		}
	})
	return m.named[field]
}

// read looks into each fragment once, however often it is spread.
func (m *mentions) read(set ast.SelectionSet, spread map[string]bool) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			m.named[s.ObjectDefinition.Name+"."+s.Name] = true
			m.read(s.SelectionSet, spread)
		case *ast.InlineFragment:
			m.read(s.SelectionSet, spread)
		case *ast.FragmentSpread:
			if !spread[s.Name] {
				spread[s.Name] = true
				m.read(s.Definition.SelectionSet, spread)
			}
		}
	}
}

// expect puts an object into the batch that a loader gathers, for a field of the
// document that will ask for it.
func expect[V any](ctx context.Context, field string, l *loaderOf[at, V], community, id domain.ID) {
	if id != domain.Nowhere && mentioned(ctx, field) {
		gather(ctx, l, community, id)
		plainly.Foresee(ctx, field)
	}
}

// gather puts an object into the batch of a loader.
func gather[V any](ctx context.Context, l *loaderOf[at, V], community, id domain.ID) {
	if id != domain.Nowhere {
		l.asking().LoadThunk(ctx, at{community, id})
	}
}

// resolved are the fields that a resolver answers, as "Type.field".
var resolved = sync.OnceValue(func() map[string]bool {
	fields := map[string]bool{}
	root := reflect.TypeFor[generated.ResolverRoot]()
	for _, object := range contract().Types {
		of, ok := root.MethodByName(object.Name)
		if !ok {
			continue
		}
		resolvers := of.Type.Out(0)
		for resolver := range resolvers.Methods() {
			for _, field := range object.Fields { // Go writes ID what SDL writes id
				if strings.EqualFold(field.Name, resolver.Name) {
					fields[object.Name+"."+field.Name] = true
				}
			}
		}
	}
	return fields
})

func (l *loaders) expectExchange(ctx context.Context, x exchange.Exchange) {
	expect(ctx, "Exchange.provider", l.members, x.Community, x.Provider)
	expect(ctx, "Exchange.receiver", l.members, x.Community, x.Receiver)
	expect(ctx, "Exchange.proposedBy", l.members, x.Community, x.TermsBy)
	expect(ctx, "Exchange.doneBy", l.members, x.Community, x.DoneBy)
	expect(ctx, "Exchange.listing", l.listings, x.Community, x.Listing)
	expect(ctx, "Exchange.history", l.steps, x.Community, x.ID)
	expect(ctx, "Exchange.transfers", l.transfersFor, x.Community, x.ID)
}

func (l *loaders) expectSteps(ctx context.Context, steps []exchange.Step) {
	for _, s := range steps {
		expect(ctx, "ExchangeStep.member", l.members, s.Community, s.Member)
		expect(ctx, "ExchangeStep.onBehalf", l.members, s.Community, s.Member)
	}
}

func (l *loaders) expectCheque(ctx context.Context, c cheque.Cheque) {
	expect(ctx, "TimeCheque.provider", l.members, c.Community, c.Provider)
	expect(ctx, "TimeCheque.receiver", l.members, c.Community, c.Receiver)
	expect(ctx, "TimeCheque.enteredBy", l.members, c.Community, c.EnteredBy)
	expect(ctx, "TimeCheque.exchange", l.exchanges, c.Community, c.Exchange)
}

func (l *loaders) expectBatch(ctx context.Context, b cheque.Batch) {
	expect(ctx, "TimeChequeBatch.enteredBy", l.members, b.Community, b.EnteredBy)
	expect(ctx, "TimeChequeBatch.undoneBy", l.members, b.Community, b.UndoneBy)
}

func (l *loaders) expectSession(ctx context.Context, s workshop.Session) {
	expect(ctx, "GroupSession.host", l.members, s.Community, s.Host)
	for _, field := range []string{"GroupSession.seats", "GroupSession.participantCount", "GroupSession.waitingCount"} {
		expect(ctx, field, l.seats, s.Community, s.ID)
	}
}

func (l *loaders) expectActivity(ctx context.Context, a activity.Activity) {
	expect(ctx, "Activity.member", l.members, a.Community, a.Member)
	expect(ctx, "Activity.onBehalf", l.members, a.Community, a.Member)
	expect(ctx, "Activity.decidedBy", l.members, a.Community, a.DecidedBy)
}

func (l *loaders) expectListing(ctx context.Context, x listing.Listing) {
	expect(ctx, "Listing.member", l.members, x.Community, x.Member)
	expect(ctx, "Listing.photos", l.photos, x.Community, x.ID)
}

func (l *loaders) expectMember(ctx context.Context, m membership.Member) {
	expect(ctx, "Member.account", l.accountsOf, m.Community, m.ID)
	expect(ctx, "Member.roles", l.roles, m.Community, m.ID)
	expect(ctx, "Member.permissions", l.roles, m.Community, m.ID)
	expect(ctx, "Member.helpers", l.helpers, m.Community, m.ID)
}

func (l *loaders) expectTransfer(ctx context.Context, t ledger.Transfer) {
	expect(ctx, "Transfer.debit", l.accounts, t.Community, t.Debit)
	expect(ctx, "Transfer.credit", l.accounts, t.Community, t.Credit)
	expect(ctx, "Transfer.exchange", l.exchanges, t.Community, t.Exchange)
	expect(ctx, "Transfer.reversedBy", l.transfers, t.Community, t.ReversedBy)
	expect(ctx, "Transfer.reverses", l.transfers, t.Community, t.Reverses)
	expect(ctx, "Transfer.note", l.notes, t.Community, t.ID)
}

func (l *loaders) expectTransfers(ctx context.Context, transfers []ledger.Transfer) {
	for _, t := range transfers {
		l.expectTransfer(ctx, t)
	}
}

func (l *loaders) expectAccount(ctx context.Context, a ledger.Account) {
	expect(ctx, "Account.owner", l.members, a.Community, a.Owner)
}

func (l *loaders) expectEntry(ctx context.Context, e ledger.Entry) {
	expect(ctx, "Entry.transfer", l.transfers, e.Community, e.Transfer)
}

// expectNotification: its words are of several things, not all of which are known here.
func (l *loaders) expectNotification(ctx context.Context, n messaging.Notification) {
	if mentioned(ctx, "Notification.title") || mentioned(ctx, "Notification.body") {
		gather(ctx, l.members, n.Community, n.Member)
		gather(ctx, l.exchanges, n.Community, n.Exchange)
		if n.Kind == messaging.Announced {
			gather(ctx, l.announcements, n.Community, n.About)
		}
	}
	expect(ctx, "Notification.member", l.members, n.Community, n.Member)
	expect(ctx, "Notification.exchange", l.exchanges, n.Community, n.Exchange)
	if n.Kind == messaging.Announced {
		expect(ctx, "Notification.announcement", l.announcements, n.Community, n.About)
	}
}

// upcoming expects what each item of a page will ask for.
func upcoming[T any](ctx context.Context, items []T, expects func(context.Context, T)) {
	for _, item := range items {
		expects(ctx, item)
	}
}

// telling lets what a loader has read tell the others what it will ask for.
func telling[K comparable, V any](read func(context.Context, []K) (map[K]V, error), expects func(context.Context, V),
) func(context.Context, []K) (map[K]V, error) {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		found, err := read(ctx, keys)
		for _, v := range found {
			expects(ctx, v)
		}
		return found, err
	}
}
