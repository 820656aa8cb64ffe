// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
)

// answer presents a use case's result: the value, or what to put right.
func answer[T any](ctx context.Context, value T, err error) (*T, []model.UserError, error) {
	problems, err := userErrors(ctx, err)
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return &value, problems, nil
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// actOn decodes what every act on an exchange names, and does it.
func actOn(ctx context.Context, id string, onBehalfOf, key *string, act exchange.Act,
	do func(context.Context, domain.Actor, exchange.Act) (exchange.Exchange, error),
) (*exchange.Exchange, []model.UserError, error) {
	x, err := want(exchangeID, id, "exchangeId")
	if err != nil {
		return nil, nil, err
	}
	act.Community, act.Exchange, act.Key = x.community, x.key, deref(key)
	if act.OnBehalfOf, err = wantIn(x.community, memberID, onBehalfOf, "onBehalfOf"); err != nil {
		return nil, nil, err
	}
	done, err := do(ctx, actor(ctx), act)
	return answer(ctx, done, err)
}

// said refuses minutes that were given as nothing: leaving them out has a
// meaning of its own.
func said(minutes *domain.Minutes, field string) error {
	if minutes != nil && *minutes == 0 {
		return domain.NewError(domain.MinutesOutOfRange, field, "min", domain.Minutes(1), "max", domain.MaxMinutes)
	}
	return nil
}

// onMember decodes a member's id and does something to them.
func onMember(ctx context.Context, id string, do func(community, member domain.ID) (membership.Member, error),
) (*membership.Member, []model.UserError, error) {
	m, err := want(memberID, id, "memberId")
	if err != nil {
		return nil, nil, err
	}
	done, err := do(m.community, m.key)
	return answer(ctx, done, err)
}

// onOwnMembership decodes a community's id and does something with one's own membership.
func onOwnMembership(ctx context.Context, id string, do func(context.Context, domain.Actor, domain.ID) (membership.Member, error),
) (*membership.Member, []model.UserError, error) {
	c, err := want(communityID, id, "communityId")
	if err != nil {
		return nil, nil, err
	}
	done, err := do(ctx, actor(ctx), c.key)
	return answer(ctx, done, err)
}

// onListing decodes a listing's id and does something to it.
func onListing(ctx context.Context, id string, do func(ctx context.Context, actor domain.Actor, community, id domain.ID) (listing.Listing, error),
) (*listing.Listing, []model.UserError, error) {
	l, err := want(listingID, id, "listingId")
	if err != nil {
		return nil, nil, err
	}
	done, err := do(ctx, actor(ctx), l.community, l.key)
	return answer(ctx, done, err)
}

// signedIn presents new tokens and whose they are. The rest of the answer is
// read as the person who just signed in.
func signedIn(ctx context.Context, person identity.Person, tokens identity.Tokens, err error,
) (*model.SessionTokens, *view.Viewer, []model.UserError, error) {
	problems, err := userErrors(ctx, err)
	if err != nil || len(problems) > 0 {
		return nil, nil, problems, err
	}
	who := domain.Actor{Person: person.ID, Session: tokens.Session.ID, Platform: person.Platform}
	of(ctx).become(who)
	return &model.SessionTokens{
		AccessToken: tokens.Access, RefreshToken: tokens.Refresh, ExpiresAt: tokens.AccessExpiresAt,
	}, &view.Viewer{Actor: who}, problems, nil
}

// account shows an account as the caller may see it.
func (r *Resolver) account(ctx context.Context, communityOf domain.ID, id domain.ID) (*view.Account, error) {
	a, err := load(ctx, of(ctx).loaders.accounts, communityOf, id)
	if err != nil || a == nil {
		return nil, err
	}
	standing, err := of(ctx).loaders.standings.Load(ctx, communityOf)
	return view.AccountFor(standing, *a), err
}

func placeOf(p *model.PlaceInput) *community.Place {
	if p == nil {
		return nil
	}
	return &community.Place{Latitude: p.Latitude, Longitude: p.Longitude}
}

func serviceType(code string) (*listing.ServiceType, error) {
	t, ok := listing.TypeByCode(code)
	if !ok {
		return nil, domain.NotFound
	}
	return &t, nil
}

// catalogue lists what lies under a type of the catalogue.
func catalogue(parentID *string) ([]*listing.ServiceType, error) {
	code, err := wantType(parentID, "parentId")
	if err != nil {
		return nil, err
	}
	return pointers(listing.Types(code)), nil
}
