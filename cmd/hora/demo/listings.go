// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/listing"
)

// notice is a listing as neighbours remember it.
type notice struct {
	listing.Listing
	owner *neighbour
}

// open says whether somebody may answer it.
func (n *notice) open(now time.Time) bool {
	return n.State == listing.Published && now.Before(n.ExpiresAt)
}

// planListings says how many each will write: who does more offers more.
func (l *life) planListings() {
	const most = 8
	var authors []*neighbour
	weights := map[*neighbour]float64{}
	for _, n := range l.people {
		if n.answer == welcome {
			authors = append(authors, n)
			weights[n] = 0.25 + math.Sqrt(n.energy)
			if n.played {
				weights[n] *= 2 // something of one's own to look at
			}
		}
	}
	for i := range l.listings {
		n := l.draw(authors, func(n *neighbour) float64 { return weights[n] })
		if i < l.core {
			n = authors[i] // whoever the visitor may be, and those who run the place
		}
		n.listing++
		if n.listing == most {
			weights[n] = 0
		}
	}
	// The founder was welcomed before the others were known.
	l.planToWrite(l.people[0])
}

// planToWrite spreads somebody's listings over their time, the first ones early.
func (l *life) planToWrite(n *neighbour) {
	last := l.end.Add(-day)
	if !n.rests.IsZero() {
		last = n.rests.Add(-day)
	}
	for i := range n.listing {
		kind, at := listing.Offer, l.within(n.since, minTime(last, n.since.Add(8*day)))
		if l.rng.Float64() < 0.4 && (i > 0 || !n.played) {
			kind = listing.Request
		}
		if i > 1 || kind == listing.Request {
			at = l.within(n.since, last)
		}
		l.agenda.add(at, func(ctx context.Context) error { return l.write(ctx, n, kind) })
	}
}

// write publishes an offer or a request.
func (l *life) write(ctx context.Context, n *neighbour, kind listing.Kind) error {
	from := &l.offers
	if kind == listing.Request {
		from = &l.requests
	}
	card, round := from.deal(l.rng)
	title, description := card.in(l.language)
	if round > 0 {
		title += " – " + n.home.Name // two people may well say the same, but not on one page
	}
	actor, onBehalfOf := l.as(n)
	made, err := l.rooms.Listings.Create(ctx, actor, listing.Create{
		Community: l.id, Kind: kind, OnBehalfOf: onBehalfOf, Content: l.content(n, card.Type, title, description),
	})
	if err != nil {
		return err
	}
	l.published++
	note := &notice{Listing: made, owner: n}
	n.notices = append(n.notices, note)
	if l.rng.Float64() < 0.03 { // it found no echo, or the mood passed
		l.agenda.add(l.soon(l.clock.Now(), 30, 150), func(ctx context.Context) error { return l.withdraw(ctx, note) })
	}
	l.planRenewal(note)
	return nil
}

func (l *life) content(n *neighbour, serviceType, title, description string) listing.Content {
	c := listing.Content{
		Title: title, Description: description, ServiceType: serviceType, Level: levelOf(serviceType),
		Language: l.language, Visibility: listing.Inside,
	}
	switch family, _, _ := strings.Cut(serviceType, "-"); family {
	case "102", "107": // computing and languages work from afar
		c.Remote = l.rng.Float64() < 0.5
	}
	if l.rng.Float64() < 0.2 {
		c.Visibility = listing.Public
	}
	if l.rng.Float64() < 0.85 {
		c.Place = &community.Place{
			Latitude: n.home.Latitude + 0.008*(l.rng.Float64()-0.5), Longitude: n.home.Longitude + 0.012*(l.rng.Float64()-0.5),
		}
		c.RadiusKm = pick(l.rng, []int{0, 0, 3, 5, 5, 10, 20})
	}
	if l.rng.Float64() < 0.5 {
		for _, weekday := range listing.Weekdays {
			if l.rng.Float64() < 0.45 {
				c.Availability = append(c.Availability, weekday)
			}
		}
	}
	return c
}

// levelOf follows the catalogue: its families 200 and 300 are what is done
// together, and for the community.
func levelOf(serviceType string) listing.Level {
	switch serviceType[0] {
	case '2':
		return listing.Collective
	case '3':
		return listing.Associative
	}
	return listing.Individual
}

// planRenewal: the busy renew in time, a few remember when it is gone.
func (l *life) planRenewal(note *notice) {
	at := l.soon(note.ExpiresAt.Add(-6*day), 0, 4)
	switch keen := l.rng.Float64(); {
	case keen > 0.35+note.owner.energy && keen < 0.9 && !note.owner.played:
		return
	case keen >= 0.9 && !note.owner.played:
		at = l.soon(note.ExpiresAt, 8, 40)
	}
	l.agenda.add(at, func(ctx context.Context) error { return l.renew(ctx, note) })
}

func (l *life) renew(ctx context.Context, note *notice) error {
	if !l.willing(note.owner) || note.State != listing.Published {
		return nil
	}
	actor, _ := l.as(note.owner)
	var err error
	if note.Listing, err = l.rooms.Listings.Renew(ctx, actor, l.id, note.ID, ""); err == nil {
		l.planRenewal(note)
	}
	return err
}

// met says of a request that it found its answer.
func (l *life) met(ctx context.Context, note *notice) error {
	if !note.owner.state.Admitted() || note.State != listing.Published {
		return nil
	}
	actor, _ := l.as(note.owner)
	var err error
	note.Listing, err = l.rooms.Listings.MarkMet(ctx, actor, l.id, note.ID)
	return err
}

func (l *life) withdraw(ctx context.Context, note *notice) error {
	if !note.owner.state.Admitted() || note.State != listing.Published {
		return nil
	}
	actor, _ := l.as(note.owner)
	var err error
	note.Listing, err = l.rooms.Listings.Archive(ctx, actor, l.id, note.ID)
	return err
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
