// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/persistence"
)

// found founds a community by somebody new.
func (c *country) found(t failer, name, slug string, place *community.Place) (community.Community, error) {
	t.Helper()
	return c.members.Found(c.ctx, c.person(t, "Founder"), community.Create{
		Name: name, Slug: slug, Preset: "accorderie", Locale: "fr-CA", TimeZone: "Europe/Paris", Place: place,
	}, "")
}

func TestACommunityIsFoundedOnceUnderItsName(t *testing.T) {
	c := aCountry(t)
	founder := c.person(t, "Éloïse")
	create := community.Create{Name: "Nord", Slug: "nord", Preset: "accorderie", Locale: "fr-CA", TimeZone: "Europe/Paris", Place: &community.Place{Latitude: 48.9, Longitude: 2.3}}
	first, err := c.members.Found(c.ctx, founder, create, "key")
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.members.Found(c.ctx, founder, create, "key")
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("founded again with one key: %v\n%s", err, diff)
	}
	_, err = c.members.Found(c.ctx, founder, create, "another key")
	wants(t, err, community.SlugTaken)
	bySlug, err := c.communities.BySlug(c.ctx, "nord")
	if diff := cmp.Diff(first, bySlug); err != nil || diff != "" {
		t.Errorf("found by its slug: %v\n%s", err, diff)
	}
	_, err = c.communities.BySlug(c.ctx, "sud")
	wants(t, err, domain.NotFound)
	if found, err := c.communities.ByIDs(c.ctx, []domain.ID{first.ID, domain.NewID()}); err != nil || len(found) != 1 {
		t.Errorf("found by id: %+v, %v", found, err)
	}
	if n := c.count(t, `SELECT count(*) FROM ledger.account`); n != 5 {
		t.Errorf("%d accounts; the whole, three pools and the founder have one each", n)
	}
}

func TestOneOfEightGetsTheName(t *testing.T) {
	c := aCountry(t)
	people := make([]domain.Actor, 8)
	for i := range people {
		people[i] = c.person(t, fmt.Sprint("Founder ", i))
	}
	taken := 0
	for _, err := range together(8, func(i int) error {
		_, err := c.members.Found(c.ctx, people[i], community.Create{Name: "Nord", Slug: "nord", Preset: "accorderie", Locale: "fr", TimeZone: "UTC"}, "")
		return err
	}) {
		if err != nil {
			taken++
			wants(t, err, community.SlugTaken)
		}
	}
	if n := c.count(t, `SELECT (SELECT count(*) FROM community) * 100 + (SELECT count(*) FROM member)`); taken != 7 || n != 101 {
		t.Errorf("%d were told it is taken; communities and founders: %d", taken, n)
	}
}

// The directory of a small country: two communities at one place, two without
// any, and names that a search by pattern would trip over.
func aDirectory(t *testing.T) *country {
	t.Helper()
	c := aCountry(t)
	for i, x := range []struct {
		name      string
		latitude  float64
		longitude float64
	}{
		{"Accorderie de Montréal-Nord", 45.6, -73.63},
		{"Accorderie de Québec", 46.81, -71.21},
		{"Le Temps 100 %", 45.5, -73.57},
		{"Rosemont", 45.55, -73.58},
		{"Rosemont", 45.55, -73.58},
		{"Sherbrooke", 45.4, -71.89},
		{"En ligne", 0, 0},
		{"Partout", 0, 0},
		{"Granit_Lac", 45.58, -70.88},
		{"Fidji", -16.8, 179.9},
	} {
		place := &community.Place{Latitude: x.latitude, Longitude: x.longitude}
		if x.latitude == 0 {
			place = nil
		}
		if _, err := c.found(t, x.name, fmt.Sprintf("slug-%d", i), place); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func names(list []community.Community) []string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.Name
	}
	return all
}

func TestTheDirectoryIsSearchedByNameAndByNearness(t *testing.T) {
	c := aDirectory(t)
	read := func(f community.Filter) func(domain.Page) (domain.Slice[community.Community], error) {
		return func(p domain.Page) (domain.Slice[community.Community], error) { return c.communities.List(c.ctx, f, p) }
	}
	for text, want := range map[string][]string{
		"montreal": {"Accorderie de Montréal-Nord"}, "QUÉBEC": {"Accorderie de Québec"}, "accorderie": {"Accorderie de Montréal-Nord", "Accorderie de Québec"},
		"%": {"Le Temps 100 %"}, "_": {"Granit_Lac"}, "paris": nil,
	} {
		if got := names(walk(t, 100, false, read(community.Filter{Text: text}))); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	near := community.Filter{Near: &community.Place{Latitude: 45.5, Longitude: -73.57}}
	want := []string{
		"Le Temps 100 %", "Rosemont", "Rosemont", "Accorderie de Montréal-Nord", "Sherbrooke", "Granit_Lac", "Accorderie de Québec", "Fidji", "En ligne", "Partout",
	}
	if got := names(walk(t, 100, false, read(near))); !slices.Equal(got, want) {
		t.Errorf("nearest first: %q, want %q", got, want)
	}
	for name, f := range map[string]community.Filter{"by name": {}, "near": near, "near, by name": {Near: near.Near, Text: "e"}} {
		whole := walk(t, 100, false, read(f))
		for _, size := range []int{1, 2, 3, 9, 10} {
			for _, backward := range []bool{false, true} {
				if diff := cmp.Diff(names(whole), names(walk(t, size, backward, read(f)))); diff != "" {
					t.Errorf("%s, by pages of %d, backward %v:\n%s", name, size, backward, diff)
				}
			}
		}
	}
	_, err := c.communities.List(c.ctx, near, domain.Page{Limit: 5, After: "e30x"})
	wants(t, err, domain.CursorInvalid)
}

func TestACharterHoldsFromItsDay(t *testing.T) {
	v := aCountry(t).village(t)
	first, err := v.communities.Charter(v.ctx, v.id)
	if err != nil || first.Version != 1 || !first.EffectiveFrom.Equal(dawn) || first.Hours.Starting != 900 || *first.Hours.Floor != -600 {
		t.Fatalf("began with %+v, %v", first, err)
	}
	next := first
	next.ID, next.Version, next.EffectiveFrom, next.Hours.Unit, next.Hours.Floor, next.Reason = domain.NewID(), 2, dawn.AddDate(0, 1, 0), 30, nil, "voted"
	add := func(c community.Charter) error {
		return v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			return persistence.CommunityStore{}.AddCharter(ctx, v.id, c)
		})
	}
	if err := add(next); err != nil {
		t.Fatal(err)
	}
	next.ID = domain.NewID()
	wants(t, add(next), domain.StaleVersion)
	if next, err = v.communities.Version(v.ctx, v.id, 2); err != nil || next.Reason != "voted" {
		t.Errorf("version 2 is %+v, %v", next, err)
	}
	v.clock.advance(-time.Second) // another server's clock is a little behind
	for _, want := range []community.Charter{first, next} {
		got, err := v.communities.Charter(v.ctx, v.id)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("at %v: %v\n%s", v.clock.Now(), err, diff)
		}
		v.clock.advance(32 * 24 * time.Hour)
	}
	if _, err := v.communities.Charter(v.ctx, domain.NewID()); !errors.Is(err, domain.NotFound) {
		t.Errorf("a community that is not there lives by %v", err)
	}
}
