// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"sync"
	"time"

	"github.com/vikstrous/dataloadgen"

	"github.com/hora-coop/hora/domain"
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
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
)

// at names an object in a community.
type at struct{ community, id domain.ID }

// loaders read for a whole page what its items ask for one by one, so that a
// page costs the same number of statements whatever its length. They read what
// an authorised parent names; each resolver that starts from an id asks the use
// case instead.
type loaders struct {
	persons      *loaderOf[domain.ID, identity.Person]
	communities  *loaderOf[domain.ID, community.Community]
	charters     *loaderOf[domain.ID, community.Charter]
	standings    *loaderOf[domain.ID, domain.Standing]
	members      *loaderOf[at, membership.Member]
	roles        *loaderOf[at, []membership.RoleGrant]
	listings     *loaderOf[at, listing.Listing]
	photos       *loaderOf[at, []media.Photo]    // by listing
	proofs       *loaderOf[at, []media.Photo]    // by claim
	reviews      *loaderOf[at, []listing.Review] // by listing
	reviewSteps  *loaderOf[at, listing.Review]
	cards        *loaderOf[at, []membership.CardOf] // by member
	exchanges    *loaderOf[at, exchange.Exchange]
	steps        *loaderOf[at, []exchange.Step]
	helpers      *loaderOf[at, []membership.Helper]
	vettings     *loaderOf[at, []membership.Vetting] // by member; to say only whether one holds
	seats        *loaderOf[at, []workshop.Seat]
	dutyBookings *loaderOf[at, []duty.Booking] // by shift
	dutyBooking  *loaderOf[at, duty.Booking]
	dutyShifts   *loaderOf[at, duty.Shift]
	templates    *loaderOf[at, duty.Template]
	accounts     *loaderOf[at, ledger.Account]
	accountsOf   *loaderOf[at, ledger.Account] // by owner
	ownAccounts  *loaderOf[domain.ID, []ledger.Account]
	transfers    *loaderOf[at, ledger.Transfer]
	transfersFor *loaderOf[at, []ledger.Transfer]  // by exchange
	notes        *loaderOf[at, []ledger.Note]      // by transfer
	sponsors     *loaderOf[at, []ledger.Sponsored] // by transfer
	decisions    *loaderOf[at, governance.Decision]
	turnouts     *loaderOf[at, []governance.Turnout] // by decision
	commentsOf   *loaderOf[at, []governance.Comment] // by decision
	cycles       *loaderOf[at, reinvestment.Cycle]
	cycleSteps   *loaderOf[at, []reinvestment.Step]
	plans        *loaderOf[at, reinvestment.Plan]
	planTurns    *loaderOf[at, []reinvestment.PlanTurn]
	dormants     *loaderOf[at, []reinvestment.Dormant] // by member
	projects     *loaderOf[at, reinvestment.Project]
	projectsOf   *loaderOf[at, []reinvestment.Project]    // by cycle
	claimsOf     *loaderOf[at, []reinvestment.Claim]      // by project
	suggestions  *loaderOf[at, []reinvestment.Suggestion] // by id; none where the caller sees it no more
	sources      *loaderOf[at, []reinvestment.Suggestion] // by project

	measures *loaderOf[at, moderation.Measure]
	appeals  *loaderOf[at, []moderation.Appeal] // by measure

	threads       *loaderOf[at, conversation.Thread]   // the caller's
	threadsAbout  *loaderOf[at, []conversation.Thread] // by exchange or listing
	lastMessages  *loaderOf[at, conversation.Message]  // by thread
	announcements *loaderOf[at, conversation.Announcement]
}

// loaderOf is made ready when something is asked of it: most requests ask a few of them.
type loaderOf[K comparable, V any] struct {
	read  func(context.Context, []K) (map[K]V, error)
	ready sync.Once
	asked *dataloadgen.Loader[K, V]
}

func loader[K comparable, V any](read func(context.Context, []K) (map[K]V, error)) *loaderOf[K, V] {
	return &loaderOf[K, V]{read: read}
}

// asking waits a millisecond for a page's items to ask, never longer.
func (l *loaderOf[K, V]) asking() *dataloadgen.Loader[K, V] {
	l.ready.Do(func() {
		l.asked = dataloadgen.NewMappedLoader(l.read, dataloadgen.WithWait(time.Millisecond), dataloadgen.WithBatchCapacity(200))
	})
	return l.asked
}

// Load reads one, together with what others ask for now.
func (l *loaderOf[K, V]) Load(ctx context.Context, key K) (V, error) {
	return l.asking().Load(ctx, key)
}

func (r *Resolver) newLoaders(actor domain.Actor) *loaders {
	l := &loaders{
		persons: loader(r.Identity.Persons),
		communities: loader(func(ctx context.Context, ids []domain.ID) (map[domain.ID]community.Community, error) {
			where := domain.Nowhere
			if len(ids) == 1 {
				where = ids[0] // whoever reads one reads on inside it, in the same transaction
			}
			var found []community.Community
			err := r.Tx.InTx(ctx, where, func(ctx context.Context, _ time.Time) (err error) {
				found, err = r.Communities.ByIDs(ctx, ids)
				return err
			})
			return byKey(found, func(c community.Community) domain.ID { return c.ID }), err
		}),
		charters: loader(each(r.Communities.Charter)),
		standings: loader(each(func(ctx context.Context, c domain.ID) (domain.Standing, error) {
			return r.Members.Standing(ctx, actor, c)
		})),
		roles:        loader(groups(r.Members.Roles, func(g membership.RoleGrant) domain.ID { return g.Member })),
		photos:       loader(groups(r.Photos.Of, func(p media.Photo) domain.ID { return p.Listing })),
		reviewSteps:  loader(inCommunities(r.Tx, r.Listings.LoadReviews, func(s listing.Review) domain.ID { return s.ID })),
		ownAccounts:  loader(each(r.Ledger.CommunityAccounts)),
		helpers:      loader(groups(r.Members.Helpers, func(h membership.Helper) domain.ID { return h.Member })),
		vettings:     loader(groups(r.Members.LoadVettings, func(v membership.Vetting) domain.ID { return v.Member })),
		seats:        loader(groups(r.Workshops.Seats, func(s workshop.Seat) domain.ID { return s.Session })),
		dutyBookings: loader(groups(r.Duties.BookingsIn, func(b duty.Booking) domain.ID { return b.Shift })),
		dutyBooking:  loader(inCommunities(r.Tx, r.Duties.LoadBookings, func(b duty.Booking) domain.ID { return b.ID })),
		dutyShifts:   loader(inCommunities(r.Tx, r.Duties.LoadShifts, func(s duty.Shift) domain.ID { return s.ID })),
		templates:    loader(inCommunities(r.Tx, r.Duties.LoadTemplates, func(t duty.Template) domain.ID { return t.ID })),
		sponsors:     loader(groups(r.Ledger.Sponsors, func(s ledger.Sponsored) domain.ID { return s.Transfer })),
		notes:        loader(groups(r.Ledger.Notes, func(n ledger.Note) domain.ID { return n.Transfer })),
		decisions:    loader(inCommunities(r.Tx, r.Governance.Decisions, func(d governance.Decision) domain.ID { return d.ID })),
		turnouts:     loader(groups(r.Governance.Turnouts, func(t governance.Turnout) domain.ID { return t.Decision })),
		commentsOf:   loader(groups(r.Governance.Comments, func(c governance.Comment) domain.ID { return c.Decision })),
		cycles:       loader(inCommunities(r.Tx, r.Reinvestment.Cycles, func(c reinvestment.Cycle) domain.ID { return c.ID })),
		cycleSteps:   loader(groups(r.Reinvestment.Steps, func(s reinvestment.Step) domain.ID { return s.Cycle })),
		plans:        loader(inCommunities(r.Tx, r.Reinvestment.LoadPlans, func(p reinvestment.Plan) domain.ID { return p.ID })),
		planTurns:    loader(groups(r.Reinvestment.Turns, func(t reinvestment.PlanTurn) domain.ID { return t.Plan })),
		projects:     loader(inCommunities(r.Tx, r.Reinvestment.Projects, func(p reinvestment.Project) domain.ID { return p.ID })),
		projectsOf:   loader(groups(r.Reinvestment.ProjectsOf, func(p reinvestment.Project) domain.ID { return p.Cycle })),
		claimsOf:     loader(groups(r.Reinvestment.ClaimsOf, func(c reinvestment.Claim) domain.ID { return c.Project })),
	}
	l.sources = loader(groups(r.Reinvestment.SuggestionsOf, func(g reinvestment.Suggestion) domain.ID { return g.Project }))
	l.suggestions = loader(groups(func(ctx context.Context, c domain.ID, ids []domain.ID) ([]reinvestment.Suggestion, error) {
		return r.Reinvestment.SuggestionsSeen(ctx, actor, c, ids)
	}, func(g reinvestment.Suggestion) domain.ID { return g.ID }))
	l.threads = loader(inCommunities(r.Tx, func(ctx context.Context, c domain.ID, ids []domain.ID) ([]conversation.Thread, error) {
		return r.Conversations.Own(ctx, actor, c, ids)
	}, func(t conversation.Thread) domain.ID { return t.ID }))
	l.threadsAbout = loader(groups(func(ctx context.Context, c domain.ID, ids []domain.ID) ([]conversation.Thread, error) {
		return r.Conversations.About(ctx, actor, c, ids)
	}, conversation.Thread.About))
	l.lastMessages = loader(inCommunities(r.Tx, r.Conversations.Last, func(m conversation.Message) domain.ID { return m.Thread }))
	l.proofs = loader(groups(func(ctx context.Context, c domain.ID, claims []domain.ID) ([]media.Photo, error) {
		return r.Reinvestment.Proofs(ctx, actor, c, claims)
	}, func(p media.Photo) domain.ID { return p.Claim }))
	l.dormants = loader(groups(func(ctx context.Context, c domain.ID, members []domain.ID) ([]reinvestment.Dormant, error) {
		return r.Reinvestment.DormantOf(ctx, actor, c, members)
	}, func(d reinvestment.Dormant) domain.ID { return d.Member }))
	l.measures = loader(inCommunities(r.Tx, r.Moderation.LoadMeasures, func(m moderation.Measure) domain.ID { return m.ID }))
	l.appeals = loader(groups(func(ctx context.Context, c domain.ID, measures []domain.ID) ([]moderation.Appeal, error) {
		return r.Moderation.AppealsAgainst(ctx, actor, c, measures)
	}, func(a moderation.Appeal) domain.ID { return a.Measure }))
	l.reviews = loader(groups(func(ctx context.Context, c domain.ID, listings []domain.ID) ([]listing.Review, error) {
		return r.Listings.Reviews(ctx, actor, c, listings)
	}, func(s listing.Review) domain.ID { return s.Listing }))
	l.cards = loader(groups(func(ctx context.Context, c domain.ID, members []domain.ID) ([]membership.CardOf, error) {
		return r.Desk.Cards(ctx, actor, c, members)
	}, func(card membership.CardOf) domain.ID { return card.Member }))
	l.announcements = loader(inCommunities(r.Tx, r.Conversations.LoadAnnouncements, func(a conversation.Announcement) domain.ID { return a.ID }))
	// Each of the others tells, of what it has read, what will be asked for next.
	l.members = loader(telling(inCommunities(r.Tx, func(ctx context.Context, c domain.ID, ids []domain.ID) ([]membership.Member, error) {
		return r.Members.Load(ctx, c, ids...)
	}, func(m membership.Member) domain.ID { return m.ID }), l.expectMember))
	l.listings = loader(telling(inCommunities(r.Tx, r.Listings.LoadAll, func(x listing.Listing) domain.ID { return x.ID }), l.expectListing))
	l.exchanges = loader(telling(inCommunities(r.Tx, r.Exchanges.LoadAll, func(x exchange.Exchange) domain.ID { return x.ID }), l.expectExchange))
	l.steps = loader(telling(groups(r.Exchanges.History, func(s exchange.Step) domain.ID { return s.Exchange }), l.expectSteps))
	l.accounts = loader(telling(inCommunities(r.Tx, r.Ledger.Accounts, func(a ledger.Account) domain.ID { return a.ID }), l.expectAccount))
	l.accountsOf = loader(telling(inCommunities(r.Tx, r.Ledger.AccountsOf, func(a ledger.Account) domain.ID { return a.Owner }), l.expectAccount))
	l.transfers = loader(telling(inCommunities(r.Tx, r.Ledger.Transfers, func(t ledger.Transfer) domain.ID { return t.ID }), l.expectTransfer))
	l.transfersFor = loader(telling(groups(r.Ledger.TransfersOf, func(t ledger.Transfer) domain.ID { return t.Exchange }), l.expectTransfers))
	return l
}

func byKey[K comparable, V any](values []V, key func(V) K) map[K]V {
	found := make(map[K]V, len(values))
	for _, v := range values {
		found[key(v)] = v
	}
	return found
}

// each reads one by one what a request asks for once or twice.
func each[V any](read func(context.Context, domain.ID) (V, error)) func(context.Context, []domain.ID) (map[domain.ID]V, error) {
	return func(ctx context.Context, ids []domain.ID) (map[domain.ID]V, error) {
		found := make(map[domain.ID]V, len(ids))
		for _, id := range ids {
			v, err := read(ctx, id)
			if err != nil {
				return nil, err
			}
			found[id] = v
		}
		return found, nil
	}
}

// perCommunity splits keys by community: a statement never crosses tenants.
func perCommunity(keys []at) map[domain.ID][]domain.ID {
	split := map[domain.ID][]domain.ID{}
	for _, k := range keys {
		split[k.community] = append(split[k.community], k.id)
	}
	return split
}

// inCommunities reads single objects by id, one statement per community.
func inCommunities[V any](tx domain.Tx, read func(context.Context, domain.ID, []domain.ID) ([]V, error), id func(V) domain.ID,
) func(context.Context, []at) (map[at]V, error) {
	return func(ctx context.Context, keys []at) (map[at]V, error) {
		found := make(map[at]V, len(keys))
		for c, ids := range perCommunity(keys) {
			err := tx.InTx(ctx, c, func(ctx context.Context, _ time.Time) error {
				values, err := read(ctx, c, ids)
				for _, v := range values {
					found[at{c, id(v)}] = v
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		return found, nil
	}
}

// groups reads what belongs to each object, one statement per community; an
// object without any has an empty list.
func groups[V any](read func(context.Context, domain.ID, []domain.ID) ([]V, error), of func(V) domain.ID,
) func(context.Context, []at) (map[at][]V, error) {
	return func(ctx context.Context, keys []at) (map[at][]V, error) {
		found := make(map[at][]V, len(keys))
		for _, k := range keys {
			found[k] = nil
		}
		for c, ids := range perCommunity(keys) {
			values, err := read(ctx, c, ids)
			if err != nil {
				return nil, err
			}
			for _, v := range values {
				k := at{c, of(v)}
				found[k] = append(found[k], v)
			}
		}
		return found, nil
	}
}

// load reads one object through its loader; Nowhere gives nil.
func load[V any](ctx context.Context, l *loaderOf[at, V], community, id domain.ID) (*V, error) {
	if id == domain.Nowhere {
		return nil, nil
	}
	v, err := l.Load(ctx, at{community, id})
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// belonging reads what belongs to one object through its loader.
func belonging[V any](ctx context.Context, l *loaderOf[at, []V], community, id domain.ID) ([]*V, error) {
	all, err := l.Load(ctx, at{community, id})
	return pointers(all), err
}

func pointers[V any](values []V) []*V {
	list := make([]*V, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}
