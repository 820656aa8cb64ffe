// SPDX-License-Identifier: AGPL-3.0-or-later

package changes

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
)

// Service is the use cases of following a community.
type Service struct {
	tx     domain.Tx
	store  Store
	access domain.Access
	areas  Areas
}

// Areas are the rooms whose objects are told.
type Areas struct {
	Ledger      *ledger.Service
	Communities *community.Service
	Members     *membership.Service
	Listings    *listing.Service
	Exchanges   *exchange.Service
	Decisions   *governance.Service
	Cycles      *reinvestment.Service
	Workshops   *workshop.Service
	Activities  *activity.Service
	Cheques     *cheque.Service
	Recognition *recognition.Service
}

// New makes the room.
func New(tx domain.Tx, store Store, access domain.Access, areas Areas) *Service {
	return &Service{tx: tx, store: store, access: access, areas: areas}
}

// Since tells what became different after a cursor, of some kinds of object or
// of all: at most limit events that concern the actor, each object once, as it is
// at one moment. Without a cursor there is nothing to tell, and Next is where to
// begin: take it first, then read the community, then ask again.
//
// Whoever is a member no more is told that the whole community is gone for them.
//
// Errors: Unauthenticated, NotFound, Forbidden.
func (s *Service) Since(ctx context.Context, actor domain.Actor, community domain.ID, since string, limit int, kinds ...Kind) (Page, error) {
	var page Page
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		if err := s.store.Still(ctx); err != nil {
			return err
		}
		cursor, readable := readCursor(since)
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			if readable && cursor.Community == community {
				page, err = s.farewell(ctx, actor, cursor, err)
			}
			return err
		}
		here := Cursor{Community: community, Member: standing.Member, Sight: sightOf(standing), Apart: apartOf(standing)}
		var events []Event
		if readable && here == (Cursor{cursor.Community, cursor.Member, cursor.Sight, cursor.Apart, Place{}}) {
			if events, err = s.store.From(ctx, community, cursor.Position, atOnce+2); err != nil {
				return err
			}
		}
		if len(events) == 0 || events[0].place() != cursor.Place || (len(events) > 1 && now.Sub(events[1].At) > Kept) {
			here.Place, err = s.store.Head(ctx, community)
			page = Page{Next: here, Reset: since != ""}
			return err
		}
		page, err = s.stretch(ctx, standing, cursor, events[1:], limit, kinds)
		return err
	})
	return page, err
}

// farewell tells somebody who was the cursor's member that nothing is left for
// them; anybody else is refused as always.
func (s *Service) farewell(ctx context.Context, actor domain.Actor, cursor Cursor, refused error) (Page, error) {
	if !errors.Is(refused, domain.NotFound) && !errors.Is(refused, domain.Forbidden) {
		return Page{}, refused
	}
	were, err := s.areas.Members.LoadAll(ctx, cursor.Community, []domain.ID{cursor.Member})
	if err == nil && (len(were) == 0 || were[0].Person != actor.Person) {
		err = refused
	}
	gone := Change{Object: Object{Community, cursor.Community}, Cursor: cursor}
	return Page{Changes: []Change{gone}, Next: cursor, Reset: true}, err
}

// stretch takes events until limit of them concern the cursor's holder, and
// tells of each object at the last of its events, so that a cursor never leads
// past something that was not told.
func (s *Service) stretch(ctx context.Context, standing domain.Standing, cursor Cursor, events []Event, limit int, kinds []Kind) (Page, error) {
	page := Page{Next: cursor}
	var touched []told
	concerned := 0
	for i, e := range events {
		if i == atOnce || concerned == limit {
			page.HasMore = true
			break
		}
		page.Next.Place = e.place()
		all, _, err := touches(e.RecordedEvent)
		if err != nil {
			return page, err
		}
		some := false
		for _, t := range all {
			if cursor.concerns(t) && wanted(t.Kind, kinds) {
				some = true
				touched = append(touched, told{touch: t, at: e.place()})
			}
		}
		if some {
			concerned++
		}
	}
	var err error
	page.Changes, err = s.show(ctx, standing, cursor, touched)
	return page, err
}

// Heads reads how far communities have come, and how far a reader of their
// journals has: what wakes those who follow them.
func (s *Service) Heads(ctx context.Context, communities []domain.ID, reader string) (map[domain.ID]Heads, error) {
	var heads map[domain.ID]Heads
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		heads, err = s.store.Heads(ctx, communities, reader)
		return err
	})
	return heads, err
}

// Events reads what happened after a position, for the program itself to know
// whom to wake.
func (s *Service) Events(ctx context.Context, community domain.ID, after int64, limit int) ([]Event, error) {
	var events []Event
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		events, err = s.store.From(ctx, community, after+1, limit)
		return err
	})
	return events, err
}

// At is the cursor of somebody's place at an event that they were told of.
// Errors: Unauthenticated, NotFound, Forbidden.
func (s *Service) At(ctx context.Context, actor domain.Actor, community domain.ID, position int64) (Cursor, error) {
	c := Cursor{Community: community}
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		events, err := s.store.From(ctx, community, position, 1)
		if err == nil && (len(events) == 0 || events[0].Position != position) {
			err = domain.NotFound
		}
		if err == nil {
			c.Member, c.Sight, c.Apart, c.Place = standing.Member, sightOf(standing), apartOf(standing), events[0].place()
		}
		return err
	})
	return c, err
}
