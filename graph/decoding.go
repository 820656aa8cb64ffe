// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
	"github.com/hora-coop/hora/internal/i18n"
)

// proposal decodes the input of proposeExchange.
func proposal(input model.ProposeExchangeInput) (exchange.Proposal, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return exchange.Proposal{}, err
	}
	cmd := exchange.Proposal{
		Community: c.key, Key: deref(input.IdempotencyKey),
		Terms: termsOf(input.Minutes, input.TravelMinutes, input.PreparationMinutes, input.ScheduledAt, input.Place, input.Costs, input.Message),
	}
	named := []struct {
		into  *domain.ID
		kind  idKind
		id    *string
		field string
	}{
		{&cmd.Listing, listingID, input.ListingID, "listingId"},
		{&cmd.Provider, memberID, input.ProviderID, "providerId"},
		{&cmd.Receiver, memberID, input.ReceiverID, "receiverId"},
		{&cmd.OnBehalfOf, memberID, input.OnBehalfOf, "onBehalfOf"},
	}
	for _, n := range named {
		if *n.into, err = wantIn(c.key, n.kind, n.id, n.field); err != nil {
			return cmd, err
		}
	}
	cmd.ServiceType, err = wantType(input.ServiceTypeID, "serviceTypeId")
	return cmd, err
}

func termsOf(minutes, travel, preparation domain.Minutes, at *time.Time, place, costs, message *string) exchange.Terms {
	return exchange.Terms{
		Estimated: minutes, Travel: travel, Preparation: preparation, ScheduledAt: deref(at),
		Place: deref(place), Costs: deref(costs), Message: deref(message),
	}
}

// newListing decodes the input of createListing; without a language it is
// written in the community's.
func (r *Resolver) newListing(ctx context.Context, input model.CreateListingInput) (listing.Create, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return listing.Create{}, err
	}
	cmd := listing.Create{
		Community: c.key, Kind: input.Kind, Key: deref(input.IdempotencyKey),
		Content: listing.Content{
			Title: input.Title, Description: input.Description, Level: input.Level, Language: deref(input.Language),
			Place: placeOf(input.Place), RadiusKm: deref(input.RadiusKm), Remote: input.Remote,
			Availability: input.Availability, Visibility: input.Visibility,
		},
	}
	if cmd.Content.ServiceType, err = wantType(&input.ServiceTypeID, "serviceTypeId"); err != nil {
		return cmd, err
	}
	if cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf"); err != nil {
		return cmd, err
	}
	if cmd.Photos, err = wantPhotos(c.key, input.PhotoIds); err != nil {
		return cmd, err
	}
	if cmd.Content.Language == "" {
		where, err := of(ctx).loaders.communities.Load(ctx, c.key)
		if err != nil {
			return cmd, absent(err)
		}
		cmd.Content.Language = where.Locale
	}
	return cmd, nil
}

// listingEdit decodes the input of updateListing: what is left out stays.
func listingEdit(input model.UpdateListingInput) (func(listing.Content) listing.Content, error) {
	code, err := wantType(input.ServiceTypeID, "serviceTypeId")
	return func(w listing.Content) listing.Content {
		w.ServiceType = or(code, w.ServiceType)
		w.Title, w.Description = orKept(input.Title, w.Title), orKept(input.Description, w.Description)
		w.Level, w.Language = orKept(input.Level, w.Level), orKept(input.Language, w.Language)
		w.RadiusKm, w.Remote = orKept(input.RadiusKm, w.RadiusKm), orKept(input.Remote, w.Remote)
		w.Visibility = orKept(input.Visibility, w.Visibility)
		if input.Place != nil {
			w.Place = placeOf(input.Place)
		}
		if input.Availability != nil {
			w.Availability = input.Availability
		}
		return w
	}, err
}

func or(given, kept string) string {
	if given != "" {
		return given
	}
	return kept
}

func orKept[T any](given *T, kept T) T {
	if given != nil {
		return *given
	}
	return kept
}

// commonAccounts shows the community's own accounts of one kind.
func (r *Resolver) commonAccounts(ctx context.Context, communityOf domain.ID, kind ledger.AccountKind) ([]*view.Account, error) {
	all, err := of(ctx).loaders.ownAccounts.Load(ctx, communityOf)
	if err != nil {
		return nil, err
	}
	standing, err := of(ctx).loaders.standings.Load(ctx, communityOf)
	if err == nil && !standing.May(domain.SeeCommunity) {
		err = domain.Forbidden
		if standing.Member == domain.Nowhere {
			err = domain.NotFound
		}
	}
	shown := []*view.Account{}
	for _, a := range all {
		if a.Kind == kind {
			shown = append(shown, view.AccountFor(standing, a))
		}
	}
	return shown, err
}

// confided shows what a member told the community alone.
func (r *Resolver) confided(ctx context.Context, m *membership.Member, text string) (*string, error) {
	standing, err := of(ctx).loaders.standings.Load(ctx, m.Community)
	if err != nil || text == "" || (standing.Member != m.ID && !standing.May(domain.AdmitMembers)) {
		return nil, err
	}
	return &text, nil
}

// membershipPage cuts a page from the few memberships of a person; the cursor
// is a position, since the list is one person's own and whole.
func membershipPage(ctx context.Context, all []membership.Member, first *int, after *string) (*model.MemberConnection, error) {
	p, err := page(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	start := 0
	if p.After != "" {
		if start, err = strconv.Atoi(p.After); err != nil || start < 0 || start > len(all) {
			return nil, domain.NewError(domain.CursorInvalid, "after")
		}
	}
	end := min(start+p.Limit, len(all))
	s := domain.Slice[membership.Member]{
		Items: all[start:end], HasMore: end < len(all), Cursor: func(i int) string { return strconv.Itoa(start + i + 1) },
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectMember)
	edges, nodes, info := connect(ctx, s, p, func(c string, m *membership.Member) *model.MemberEdge { return &model.MemberEdge{Cursor: c, Node: m} })
	return &model.MemberConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, len(all))}, nil
}

// aboutListing says whether a notification tells of a listing's review.
func aboutListing(n *messaging.Notification) bool {
	return n.Kind == messaging.ListingSentBack || n.Kind == messaging.ListingToReview
}

// told writes a notification's title or body.
func (r *Resolver) told(ctx context.Context, lang i18n.Language, n *messaging.Notification, part string) (string, error) {
	where, err := of(ctx).loaders.communities.Load(ctx, n.Community)
	if err != nil {
		return "", err
	}
	args := map[string]any{"community": where.Name}
	if n.Minutes != 0 {
		args["minutes"] = n.Minutes
	}
	if n.Kind == messaging.Announced {
		a, err := load(ctx, of(ctx).loaders.announcements, n.Community, n.About)
		if err != nil {
			return "", err
		}
		args["title"], args["body"] = a.Title, a.Body
	}
	if aboutListing(n) {
		step, err := load(ctx, of(ctx).loaders.reviewSteps, n.Community, n.About)
		if err != nil {
			return "", err
		}
		args["title"], args["body"] = step.Title, step.Reason
	}
	if g, err := suggestionOf(ctx, n); err != nil {
		return "", err
	} else if g != nil {
		args["title"], args["body"] = g.Title, g.Reason
	}
	if !n.Due.IsZero() {
		args["due"] = i18n.Date(lang, n.Due, where.Zone())
	}
	if n.Member != domain.Nowhere {
		m, err := load(ctx, of(ctx).loaders.members, n.Community, n.Member)
		if err != nil {
			return "", err
		}
		args["member"] = m.DisplayName
	}
	if n.Exchange != domain.Nowhere {
		x, err := load(ctx, of(ctx).loaders.exchanges, n.Community, n.Exchange)
		if err != nil {
			return "", err
		}
		if t, ok := listing.TypeByCode(x.ServiceType); ok {
			args["service"] = t.Label(string(lang))
		}
	}
	return i18n.Text(lang, "notification."+string(n.Kind)+"."+part, args), nil
}

func (r *Resolver) markRead(ctx context.Context, ids []string, thread *string) error {
	if len(ids) > domain.LargestPage {
		return domain.NewError(domain.PageSize, "notificationIds", "max", domain.LargestPage)
	}
	read := map[domain.ID][]domain.ID{}
	for _, id := range ids {
		n, err := want(notificationID, id, "notificationIds")
		if err != nil {
			return err
		}
		read[n.community] = append(read[n.community], n.key)
	}
	if thread != nil {
		t, err := want(threadID, *thread, "threadId")
		if err != nil {
			return err
		}
		// What was told of a thread is of its community, and stands or falls with it.
		return r.Tx.InTx(ctx, t.community, func(ctx context.Context, _ time.Time) error {
			if err := r.Conversations.MarkRead(ctx, actor(ctx), t.community, t.key); err != nil {
				return err
			}
			for c := range read {
				if c != t.community {
					return domain.NewError(domain.NotFound, "notificationIds")
				}
			}
			return r.Messages.MarkRead(ctx, actor(ctx), t.community, read[t.community])
		})
	}
	for c, keys := range read {
		if err := r.Messages.MarkRead(ctx, actor(ctx), c, keys); err != nil {
			return err
		}
	}
	return nil
}
