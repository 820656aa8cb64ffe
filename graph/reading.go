// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
)

// node finds any object by its id, through the use case that knows who may see it.
func (r *Resolver) node(ctx context.Context, id string) (view.Node, error) {
	o, ok := parseID(id)
	if !ok {
		return nil, domain.NewError(domain.NotFound, "id")
	}
	who := actor(ctx)
	switch o.kind {
	case serviceTypeID:
		return serviceType(o.code)
	case communityID:
		c, err := of(ctx).loaders.communities.Load(ctx, o.key)
		return found(&c, err)
	case personID:
		if o.key != who.Person || who.Person == domain.Nowhere {
			return nil, domain.NotFound
		}
		p, err := of(ctx).loaders.persons.Load(ctx, o.key)
		return found(&p, err)
	case memberID:
		m, err := r.Members.Member(ctx, who, o.community, o.key)
		return found(&m, err)
	case listingID:
		l, err := r.Listings.Listing(ctx, who, o.community, o.key)
		return found(&l, err)
	case photoID:
		p, err := r.Photos.Photo(ctx, who, o.community, o.key)
		return found(&p, err)
	case exchangeID:
		x, err := r.Exchanges.Exchange(ctx, who, o.community, o.key)
		return found(&x, err)
	case transferID:
		t, err := r.Ledger.Transfer(ctx, who, o.community, o.key)
		return found(&t, err)
	case chequeID:
		c, err := r.Cheques.Cheque(ctx, who, o.community, o.key)
		return found(&c, err)
	case batchID:
		b, err := r.Cheques.Batch(ctx, who, o.community, o.key)
		return found(&b, err)
	case deviceKeyID:
		d, err := r.Cheques.Device(ctx, who, o.community, o.key)
		return found(&d, err)
	case groupSessionID:
		g, err := r.Workshops.Session(ctx, who, o.community, o.key)
		return found(&g, err)
	case activityID:
		a, err := r.Activities.Activity(ctx, who, o.community, o.key)
		return found(&a, err)
	case notificationID:
		n, err := r.Messages.Notification(ctx, who, o.community, o.key)
		return found(&n, err)
	case decisionID:
		d, err := r.Governance.Decision(ctx, who, o.community, o.key)
		return found(&d, err)
	case cycleID:
		c, err := r.Reinvestment.Cycle(ctx, who, o.community, o.key)
		return found(&c, err)
	case projectID:
		p, err := r.Reinvestment.Project(ctx, who, o.community, o.key)
		return found(&p, err)
	case claimID:
		c, err := r.Reinvestment.ClaimOf(ctx, who, o.community, o.key)
		return found(&c, err)
	case suggestionID:
		g, err := r.Reinvestment.Suggestion(ctx, who, o.community, o.key)
		return found(&g, err)
	case subscriptionID:
		order, err := r.ShareBook.Order(ctx, who, o.community, o.key, shares.Subscription)
		return found(&view.ShareSubscription{Order: order}, err)
	case redemptionID:
		order, err := r.ShareBook.Order(ctx, who, o.community, o.key, shares.Redemption)
		return found(&view.ShareRedemption{Order: order}, err)
	case threadID:
		t, err := r.Conversations.Thread(ctx, who, o.community, o.key)
		return found(&t, err)
	case messageID:
		m, err := r.Conversations.Message(ctx, who, o.community, o.key)
		return found(&m, err)
	case announcementID:
		a, err := r.Conversations.Announcement(ctx, who, o.community, o.key)
		return found(&a, err)
	case commentID:
		c, err := r.Governance.OneComment(ctx, who, o.community, o.key)
		return found(&c, err)
	case planID:
		p, err := r.Reinvestment.Plan(ctx, who, o.community, o.key)
		return found(&p, err)
	case splitID:
		a, err := r.Reinvestment.Agreement(ctx, who, o.community, o.key)
		return found(&a, err)
	case thanksID:
		t, err := r.Recognitions.Thanks(ctx, who, o.community, o.key)
		return found(&t, err)
	case starID:
		star, err := r.Recognitions.Star(ctx, who, o.community, o.key)
		return found(&star, err)
	case endorsementID:
		e, err := r.Recognitions.Endorsement(ctx, who, o.community, o.key)
		return found(&e, err)
	case milestoneID:
		m, err := r.Recognitions.Milestone(ctx, who, o.community, o.key)
		return found(&m, err)
	case badgeID:
		b, err := r.Recognitions.Badge(ctx, who, o.community, o.key)
		return found(&b, err)
	case issuedBadgeID:
		b, err := r.Recognitions.IssuedBadge(ctx, who, o.community, o.key)
		return found(&b, err)
	case reportID:
		report, err := r.Moderation.Report(ctx, who, o.community, o.key)
		return found(&report, err)
	case complaintID:
		c, err := r.Moderation.Complaint(ctx, who, o.community, o.key)
		return found(&c, err)
	case measureID:
		m, err := r.Moderation.Measure(ctx, who, o.community, o.key)
		return found(&m, err)
	case appealID:
		a, err := r.Moderation.OneAppeal(ctx, who, o.community, o.key)
		return found(&a, err)
	case dutyTemplateID, dutyShiftID, dutyBookingID, dutyEntryID, dutyLeaveID, dutySwapID:
		return r.dutyNode(ctx, o)
	case vettingID:
		v, err := r.Members.Vetting(ctx, who, o.community, o.key)
		return found(&v, err)
	case accountID:
		standing, err := of(ctx).loaders.standings.Load(ctx, o.community)
		if err != nil || !standing.Admitted {
			return nil, domain.NotFound
		}
		a, err := r.account(ctx, o.community, o.key)
		if err == nil && a != nil && a.Kind == ledger.Member && !standing.Sees(a.Owner) {
			return nil, domain.NotFound
		}
		return found(a, err)
	case sessionID, entryID, passkeyID, webhookID, deliveryID, delegationID: // read through their owner only
	}
	return nil, domain.NewError(domain.NotFound, "id")
}

// found keeps a typed nil out of an interface, and a stranger from learning
// whether something hidden exists.
func found[T any](v *T, err error) (view.Node, error) {
	if err != nil {
		return nil, absent(err)
	}
	return v, nil
}

func (r *Resolver) members(ctx context.Context, community domain.ID, f *model.MemberFilter, first *int, after *string, last *int, before *string) (*model.MemberConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	var filter membership.Filter
	if f != nil {
		filter = membership.Filter{
			Text: deref(f.Text), Participations: f.Participation, Role: domain.Role(deref(f.Role)),
			WithoutListing: deref(f.WithoutListing), QuietSince: deref(f.QuietSince), UnderAge: deref(f.UnderAge),
		}
	}
	s, n, err := r.Members.List(ctx, actor(ctx), community, filter, p, counted(ctx))
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectMember)
	edges, nodes, info := connect(ctx, s, p, func(c string, m *membership.Member) *model.MemberEdge { return &model.MemberEdge{Cursor: c, Node: m} })
	return &model.MemberConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, n)}, nil
}

func (r *Resolver) listings(ctx context.Context, community domain.ID, filter listing.Filter, order listing.Order, first *int, after *string, last *int, before *string) (*model.ListingConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, n, err := r.Listings.Search(ctx, actor(ctx), community, filter, order, p, counted(ctx))
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectListing)
	edges, nodes, info := connect(ctx, s, p, func(c string, l *listing.Listing) *model.ListingEdge { return &model.ListingEdge{Cursor: c, Node: l} })
	return &model.ListingConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, n)}, nil
}

func listingFilter(community domain.ID, f *model.ListingFilter) (listing.Filter, error) {
	var filter listing.Filter
	if f == nil {
		return filter, nil
	}
	filter.Text, filter.States = deref(f.Text), f.States
	filter.Kind, filter.Level, filter.AvailableOn = deref(f.Kind), deref(f.Level), deref(f.AvailableOn)
	if f.Near != nil {
		filter.Near = &listing.Near{RadiusKm: f.Near.RadiusKm}
		filter.Near.Latitude, filter.Near.Longitude = f.Near.Latitude, f.Near.Longitude
	}
	var err error
	if filter.ServiceType, err = wantType(f.ServiceTypeID, "filter.serviceTypeId"); err != nil {
		return filter, err
	}
	filter.Member, err = wantIn(community, memberID, f.MemberID, "filter.memberId")
	return filter, err
}

func (r *Resolver) exchanges(ctx context.Context, community domain.ID, filter exchange.Filter, first *int, after *string, last *int, before *string) (*model.ExchangeConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, n, err := r.Exchanges.List(ctx, actor(ctx), community, filter, p, counted(ctx))
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectExchange)
	edges, nodes, info := connect(ctx, s, p, func(c string, x *exchange.Exchange) *model.ExchangeEdge {
		return &model.ExchangeEdge{Cursor: c, Node: x}
	})
	return &model.ExchangeConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, n)}, nil
}

func exchangeFilter(community domain.ID, f *model.ExchangeFilter) (exchange.Filter, error) {
	var filter exchange.Filter
	if f == nil {
		return filter, nil
	}
	filter.States = f.States
	if f.Period != nil {
		filter.From, filter.Until = deref(f.Period.From), deref(f.Period.Until)
	}
	var err error
	if filter.ServiceType, err = wantType(f.ServiceTypeID, "filter.serviceTypeId"); err != nil {
		return filter, err
	}
	filter.Member, err = wantIn(community, memberID, f.MemberID, "filter.memberId")
	return filter, err
}

func (r *Resolver) entries(ctx context.Context, a *view.Account, period *model.PeriodInput, first *int, after *string, last *int, before *string) (*model.EntryConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Ledger.Statement(ctx, actor(ctx), a.Community, a.ID, periodOf(period), p)
	if err != nil {
		return nil, err
	}
	n := int(a.Entries)
	if period != nil && counted(ctx) {
		if n, err = r.Ledger.Entries(ctx, actor(ctx), a.Community, a.ID, periodOf(period)); err != nil {
			return nil, err
		}
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectEntry)
	edges, nodes, info := connect(ctx, s, p, func(c string, e *ledger.Entry) *model.EntryEdge { return &model.EntryEdge{Cursor: c, Node: e} })
	return &model.EntryConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, n)}, nil
}

func periodOf(p *model.PeriodInput) ledger.Period {
	if p == nil {
		return ledger.Period{}
	}
	return ledger.Period{From: deref(p.From), Until: deref(p.Until)}
}

func (r *Resolver) notifications(ctx context.Context, first *int, after *string) (*model.NotificationConnection, error) {
	p, err := page(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	where, err := r.Members.Places(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	s, err := r.Messages.Everywhere(ctx, actor(ctx), where, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectNotification)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *messaging.Notification) *model.NotificationEdge {
		return &model.NotificationEdge{Cursor: c, Node: n}
	})
	return &model.NotificationConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

func (r *Resolver) unread(ctx context.Context) (int, error) {
	where, err := r.Members.Places(ctx, actor(ctx))
	all := 0
	for _, c := range where {
		if err == nil {
			var n int
			n, err = r.Messages.Unread(ctx, actor(ctx), c)
			all += n
		}
	}
	return all, err
}
