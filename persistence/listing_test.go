// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/persistence"
)

// shows publishes an offer, changed as the story needs. Its type is not in the
// catalogue, so it is found by its own words only.
func (v *village) shows(t failer, r resident, title string, changes ...func(*listing.Listing)) listing.Listing {
	t.Helper()
	var l listing.Listing
	v.in(t, func(ctx context.Context, now time.Time) error {
		l = listing.Listing{
			Community: v.id, ID: domain.NewID(), Member: r.member, Kind: listing.Offer, State: listing.Published,
			PublishedAt: now, ExpiresAt: now.AddDate(0, 6, 0), CreatedAt: now, Version: 1,
			Content: listing.Content{
				Title: title, ServiceType: "104-Z-9", Level: listing.Individual, Language: "fr", Visibility: listing.Inside,
			},
		}
		for _, change := range changes {
			change(&l)
		}
		return persistence.ListingStore{}.Add(ctx, l)
	})
	return l
}

func in(language string) func(*listing.Listing) {
	return func(l *listing.Listing) { l.Content.Language = language }
}

func typed(code string) func(*listing.Listing) {
	return func(l *listing.Listing) { l.Content.ServiceType = code }
}

func at(latitude, longitude float64) func(*listing.Listing) {
	return func(l *listing.Listing) {
		l.Content.Place = &community.Place{Latitude: latitude, Longitude: longitude}
	}
}

// titles searches as Éloïse, in one page, and checks that the count agrees.
func (v *village) titles(t failer, f listing.Filter, order listing.Order) []string {
	t.Helper()
	found, total, err := v.listings.Search(v.ctx, v.eloise.Actor, v.id, f, order, domain.Page{Limit: 500}, true)
	if err != nil {
		t.Fatalf("search %+v: %v", f, err)
	}
	if total != len(found.Items) {
		t.Errorf("search %+v counts %d and finds %d", f, total, len(found.Items))
	}
	titles := make([]string, len(found.Items))
	for i, l := range found.Items {
		titles[i] = l.Content.Title
	}
	return titles
}

// finds fails unless a search finds exactly these, in any order.
func (v *village) finds(t failer, f listing.Filter, want ...string) {
	t.Helper()
	got := v.titles(t, f, listing.BestMatch)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("search %+v finds %q, want %q", f, got, want)
	}
}

func TestAListingIsFoundByWhatIsMeant(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	v.shows(t, marie, "Café et gâteaux du samedi")
	v.shows(t, marie, "Aide aux élèves du primaire")
	v.shows(t, marie, "Jardinage de printemps")
	v.shows(t, marie, "Réparer un ordinateur")
	v.shows(t, marie, "Baking bread together", in("en"))
	v.shows(t, marie, "Knitting lessons", in("en-CA"))
	v.shows(t, marie, "Cœur de bœuf", func(l *listing.Listing) { l.Content.Description = "Plants de tomates à partager" })
	for text, want := range map[string][]string{
		// accents and case do not matter, on either side
		"café": {"Café et gâteaux du samedi"}, "cafe": {"Café et gâteaux du samedi"}, "CAFÉ": {"Café et gâteaux du samedi"}, "gateaux": {"Café et gâteaux du samedi"},
		"élève": {"Aide aux élèves du primaire"}, "eleve": {"Aide aux élèves du primaire"},
		"coeur de boeuf": {"Cœur de bœuf"}, "bœuf": {"Cœur de bœuf"},
		// typing mistakes
		"jardinnage": {"Jardinage de printemps"}, "ordinatuer": {"Réparer un ordinateur"}, "kniting": {"Knitting lessons"},
		// the words' other forms, in the language they were written in
		"gâteau": {"Café et gâteaux du samedi"}, "réparation d'ordinateurs": {"Réparer un ordinateur"},
		"bake breads": {"Baking bread together"}, "lesson": {"Knitting lessons"},
		// all the words, the description too
		"café samedi": {"Café et gâteaux du samedi"}, "tomate": {"Cœur de bœuf"},
		// what a search engine's language means to a database, or nothing
		"'; DROP TABLE listing; --": nil, "100%_": nil, `a\b"c`: nil, "((": nil, "& | !": nil, "zzzz": nil, "%d %s %[1]v": nil,
	} {
		v.finds(t, listing.Filter{Text: text}, want...)
	}
}

func TestTheBestMatchComesFirst(t *testing.T) {
	v := aCountry(t).village(t)
	much := func(l *listing.Listing) {
		l.Content.Description = "Guitare classique, guitare folk, leçons de guitare"
	}
	v.shows(t, v.eloise, "Guitare", much)
	v.clock.advance(time.Hour)
	v.shows(t, v.eloise, "Musique", func(l *listing.Listing) { l.Content.Description = "Un peu de guitare" })
	v.clock.advance(time.Hour)
	v.shows(t, v.eloise, "Guitarre") // misspelt
	v.clock.advance(time.Hour)
	v.shows(t, v.eloise, "Chant")
	for order, want := range map[listing.Order][]string{
		listing.BestMatch: {"Guitare", "Musique", "Guitarre"},
		listing.Newest:    {"Guitarre", "Musique", "Guitare"},
		"":                {"Guitare", "Musique", "Guitarre"},
	} {
		if got := v.titles(t, listing.Filter{Text: "guitare"}, order); !slices.Equal(got, want) {
			t.Errorf("%q orders %q, want %q", order, got, want)
		}
	}
	if got, want := v.titles(t, listing.Filter{}, listing.BestMatch), []string{"Chant", "Guitarre", "Musique", "Guitare"}; !slices.Equal(got, want) {
		t.Errorf("without a text: %q, want the newest first", got)
	}
}

func TestAListingIsFoundByItsTypeInBothLanguages(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	v.shows(t, marie, "Le mardi", typed("102-A-2"))                // computer troubleshooting
	v.shows(t, marie, "On Wednesdays", typed("104-D-1"), in("en")) // gardening
	for _, text := range []string{"dépannage", "troubleshooting", "virus", "laptop", "ordinateurs"} {
		v.finds(t, listing.Filter{Text: text}, "Le mardi")
	}
	for _, text := range []string{"désherbage", "weeding", "fleurs", "jardinier", "yard"} {
		v.finds(t, listing.Filter{Text: text}, "On Wednesdays")
	}
	for code, want := range map[string][]string{
		"102": {"Le mardi"}, "102-A": {"Le mardi"}, "102-A-2": {"Le mardi"}, "102-A-1": nil, "102-B": nil, "104": {"On Wednesdays"}, "300": nil,
	} {
		v.finds(t, listing.Filter{ServiceType: code}, want...)
	}
}

func TestASearchIsNarrowed(t *testing.T) {
	c := aCountry(t)
	v, elsewhere := c.village(t), c.village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	v.shows(t, marie, "offre")
	v.shows(t, paul, "demande", func(l *listing.Listing) { l.Kind = listing.Request })
	v.shows(t, marie, "atelier", func(l *listing.Listing) { l.Content.Level = listing.Collective })
	v.shows(t, paul, "lundi", func(l *listing.Listing) { l.Content.Availability = []listing.Weekday{"MONDAY", "FRIDAY"} })
	v.shows(t, marie, "brouillon", func(l *listing.Listing) { l.State, l.PublishedAt = listing.Draft, time.Time{} })
	v.shows(t, marie, "archivé", func(l *listing.Listing) { l.State = listing.Archived })
	v.shows(t, paul, "bientôt fini", func(l *listing.Listing) { l.ExpiresAt = dawn.AddDate(0, 0, 3) })
	elsewhere.shows(t, elsewhere.eloise, "ailleurs")
	monday := dawn.AddDate(0, 0, 7) // dawn is a Monday
	for name, c := range map[string]struct {
		filter listing.Filter
		want   []string
	}{
		"all that is published": {listing.Filter{}, []string{"offre", "demande", "atelier", "lundi", "bientôt fini"}},
		"offers":                {listing.Filter{Kind: listing.Offer}, []string{"offre", "atelier", "lundi", "bientôt fini"}},
		"requests":              {listing.Filter{Kind: listing.Request}, []string{"demande"}},
		"collective":            {listing.Filter{Level: listing.Collective}, []string{"atelier"}},
		"Paul's":                {listing.Filter{Member: paul.member}, []string{"demande", "lundi", "bientôt fini"}},
		"a Monday":              {listing.Filter{AvailableOn: monday}, []string{"offre", "demande", "atelier", "lundi"}},
		"a Tuesday":             {listing.Filter{AvailableOn: monday.AddDate(0, 0, 1)}, []string{"offre", "demande", "atelier"}},
		"this Tuesday":          {listing.Filter{AvailableOn: dawn.AddDate(0, 0, 1)}, []string{"offre", "demande", "atelier", "bientôt fini"}},
		"what is not shown":     {listing.Filter{States: []listing.State{listing.Draft, listing.Archived}}, []string{"brouillon", "archivé"}},
		"several at once":       {listing.Filter{Kind: listing.Offer, Member: paul.member, Text: "lundi", ServiceType: "104", AvailableOn: monday}, []string{"lundi"}},
	} {
		t.Run(name, func(t *testing.T) { v.finds(t, c.filter, c.want...) })
	}
	_, _, err := v.listings.Search(v.ctx, paul.Actor, v.id, listing.Filter{States: []listing.State{listing.Draft}}, "", domain.Page{Limit: 5}, false)
	wants(t, err, domain.Forbidden)
}

func TestWhoRestsIsNotFound(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	v.shows(t, marie, "guitare")
	v.shows(t, paul, "guitare aussi")
	if _, err := v.members.Pause(v.ctx, marie.Actor, v.id); err != nil {
		t.Fatal(err)
	}
	v.finds(t, listing.Filter{Text: "guitare"}, "guitare aussi")
	if _, err := v.members.Resume(v.ctx, marie.Actor, v.id); err != nil {
		t.Fatal(err)
	}
	v.finds(t, listing.Filter{Text: "guitare"}, "guitare", "guitare aussi")
	if _, err := v.members.Leave(v.ctx, paul.Actor, v.id, ""); err != nil {
		t.Fatal(err)
	}
	v.finds(t, listing.Filter{}, "guitare")
	v.breaks(t, `UPDATE member SET participation = 'SUSPENDED' WHERE id = $1`, marie.member)
	v.finds(t, listing.Filter{})
}

// Points lie due north and due east of the market, at a known distance.
func TestNearIsMeasuredOnTheSphere(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	const north = 1 / 111.1949 // degrees of latitude in a kilometre
	market := community.Place{Latitude: 45.5, Longitude: -73.6}
	east := north / 0.700909 // by the cosine of 45.5°
	v.shows(t, marie, "here", at(market.Latitude, market.Longitude))
	v.shows(t, marie, "4.9 km north", at(market.Latitude+4.9*north, market.Longitude))
	v.shows(t, marie, "5.1 km north", at(market.Latitude+5.1*north, market.Longitude))
	v.shows(t, marie, "4.8 km east", at(market.Latitude, market.Longitude+4.8*east))
	v.shows(t, marie, "5.2 km west", at(market.Latitude, market.Longitude-5.2*east))
	v.shows(t, marie, "4 km north and 4 km east", at(market.Latitude+4*north, market.Longitude+4*east)) // in the box, not in the circle
	v.shows(t, marie, "nowhere")
	near := func(km float64) listing.Filter {
		return listing.Filter{Near: &listing.Near{Place: market, RadiusKm: km}}
	}
	for km, want := range map[float64][]string{
		0.1: {"here"},
		5:   {"here", "4.8 km east", "4.9 km north"},
		5.5: {"here", "4.8 km east", "4.9 km north", "5.1 km north", "5.2 km west"},
		6:   {"here", "4.8 km east", "4.9 km north", "5.1 km north", "5.2 km west", "4 km north and 4 km east"},
		500: {"here", "4.8 km east", "4.9 km north", "5.1 km north", "5.2 km west", "4 km north and 4 km east"},
	} {
		if got := v.titles(t, near(km), listing.Nearest); !slices.Equal(got, want) {
			t.Errorf("within %v km, nearest first: %q, want %q", km, got, want)
		}
	}
	// Two sides of the date line are neighbours.
	v.shows(t, marie, "Taveuni", at(-16.8, 179.99))
	f := listing.Filter{Near: &listing.Near{Place: community.Place{Latitude: -16.8, Longitude: -179.99}, RadiusKm: 5}}
	v.finds(t, f, "Taveuni")
}

// crowded is 137 listings of three members, made in the same few moments, so
// that no order by time alone tells them apart.
func (v *village) crowded(t *testing.T) map[domain.ID]bool {
	t.Helper()
	who := []resident{v.joins(t, "Marie"), v.joins(t, "Paul"), v.joins(t, "Aïcha")}
	all := map[domain.ID]bool{}
	for i := range 137 {
		l := v.shows(t, who[i%3], fmt.Sprintf("Guitare %d", i%5), at(45.5+float64(i%7)/100, -73.6), func(l *listing.Listing) {
			l.PublishedAt = dawn.Add(time.Duration(i/50) * time.Minute)
			l.CreatedAt = l.PublishedAt
			if i%4 == 0 {
				l.Content.Description = "guitare guitare, leçons de guitare"
			}
		})
		all[l.ID] = true
	}
	return all
}

func TestEveryListingStandsOnOnePageOnly(t *testing.T) {
	v := aCountry(t).village(t)
	all := v.crowded(t)
	text, near := "guitare", &listing.Near{Place: community.Place{Latitude: 45.53, Longitude: -73.6}, RadiusKm: 50}
	for name, c := range map[string]struct {
		filter listing.Filter
		order  listing.Order
	}{
		"newest":                {listing.Filter{}, listing.Newest},
		"best match, no text":   {listing.Filter{}, listing.BestMatch},
		"best match":            {listing.Filter{Text: text}, listing.BestMatch},
		"best match, misspelt":  {listing.Filter{Text: "guitarre"}, listing.BestMatch},
		"nearest":               {listing.Filter{Near: near}, listing.Nearest},
		"nearest, with a text":  {listing.Filter{Near: near, Text: text}, listing.Nearest},
		"near, best match":      {listing.Filter{Near: near, Text: text}, listing.BestMatch},
		"nearest without place": {listing.Filter{Text: text}, listing.Nearest},
		"by their state":        {listing.Filter{States: []listing.State{listing.Published}}, listing.Newest},
		"by state and text":     {listing.Filter{States: []listing.State{listing.Published}, Text: text}, listing.BestMatch},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(p domain.Page) (domain.Slice[listing.Listing], error) {
				found, _, err := v.listings.Search(v.ctx, v.eloise.Actor, v.id, c.filter, c.order, p, false)
				return found, err
			}
			whole := ids(walk(t, 500, false, read))
			if len(whole) != len(all) {
				t.Fatalf("%d of %d are found", len(whole), len(all))
			}
			for _, size := range []int{9, 100} {
				for _, backward := range []bool{false, true} {
					if got := ids(walk(t, size, backward, read)); !slices.Equal(got, whole) {
						t.Errorf("by pages of %d, backward %v: %d listings, another order or repeated", size, backward, len(got))
					}
				}
			}
			if _, total, err := v.listings.Search(v.ctx, v.eloise.Actor, v.id, c.filter, c.order, domain.Page{Limit: 1}, true); total != len(all) {
				t.Errorf("%d counted, %v", total, err)
			}
		})
	}
}

func ids(list []listing.Listing) []domain.ID {
	found := make([]domain.ID, len(list))
	for i, l := range list {
		found[i] = l.ID
	}
	return found
}

func TestPagesStandStillWhileListingsComeAndGo(t *testing.T) {
	v := aCountry(t).village(t)
	all := v.crowded(t)
	for _, f := range []listing.Filter{{}, {Text: "guitare"}} {
		seen := map[domain.ID]int{}
		pages := 0
		for _, l := range walk(t, 10, false, func(p domain.Page) (domain.Slice[listing.Listing], error) {
			if pages++; pages%2 == 0 { // somebody publishes, before and after where we read
				v.clock.advance(time.Second)
				v.shows(t, v.eloise, "Guitare, la plus belle")
				v.shows(t, v.eloise, "Gui", func(l *listing.Listing) { l.PublishedAt = dawn.AddDate(-1, 0, 0) })
			}
			found, _, err := v.listings.Search(v.ctx, v.eloise.Actor, v.id, f, listing.BestMatch, p, false)
			return found, err
		}) {
			seen[l.ID]++
		}
		for id := range all {
			if seen[id] != 1 {
				t.Errorf("search %q: a listing stood on %d pages", f.Text, seen[id])
			}
		}
		for id, n := range seen {
			if n > 1 {
				t.Errorf("search %q: %s stood on %d pages", f.Text, id, n)
			}
		}
	}
}

func TestACursorOfAnotherListIsRefused(t *testing.T) {
	v := aCountry(t).village(t)
	for _, cursor := range []string{"x", "!!", "bm90IEpTT04", "e30x"} {
		for _, p := range []domain.Page{{Limit: 5, After: cursor}, {Limit: 5, Before: cursor, Backward: true}} {
			_, _, err := v.listings.Search(v.ctx, v.eloise.Actor, v.id, listing.Filter{}, "", p, false)
			wants(t, err, domain.CursorInvalid)
		}
	}
}

func TestAListingIsKeptWholeAndGuardedByItsVersion(t *testing.T) {
	v := aCountry(t).village(t)
	l := v.shows(t, v.eloise, "Tout", at(45.5025, -73.6), func(l *listing.Listing) {
		l.Content.Description, l.Content.RadiusKm, l.Content.Remote = "Deux\nlignes", 7, true
		l.Content.Availability = []listing.Weekday{"MONDAY", "SUNDAY"}
		l.Content.Visibility, l.MetAt = listing.Public, dawn
	})
	read := func() (found listing.Listing) {
		v.in(t, func(ctx context.Context, _ time.Time) (err error) {
			found, err = v.listings.Load(ctx, v.id, l.ID)
			return err
		})
		return found
	}
	if diff := cmp.Diff(l, read()); diff != "" {
		t.Errorf("kept otherwise (-want +got):\n%s", diff)
	}
	save := func(l listing.Listing) (saved listing.Listing, err error) {
		err = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			saved, err = persistence.ListingStore{}.Save(ctx, l)
			return err
		})
		return saved, err
	}
	edited := l
	edited.Content.Title, edited.Content.Place, edited.State = "Guitare", nil, listing.Paused
	saved, err := save(edited)
	if err != nil || saved.Version != 2 || read().Content.Title != "Guitare" || read().Content.Place != nil || read().State != listing.Paused {
		t.Errorf("saved as %+v, %v", read(), err)
	}
	_, err = save(edited) // from the version that somebody else has changed since
	wants(t, err, domain.StaleVersion)
	saved.State = listing.Published
	if _, err = save(saved); err != nil {
		t.Fatal(err)
	}
	v.finds(t, listing.Filter{Text: "guitare"}, "Guitare") // by its new words
	v.finds(t, listing.Filter{Text: "tout"})
}
