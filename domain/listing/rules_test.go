// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

var (
	states  = []State{Draft, PendingReview, Published, Paused, Met, Expired, Archived, Removed}
	actions = []action{update, renew, approve, meet, archive, expire, remove, sendBack, submit}
)

// The life of a listing; what is not here cannot be.
var life = map[State]map[action]State{
	Draft:         {update: Draft, submit: PendingReview, archive: Archived, remove: Removed},
	PendingReview: {update: PendingReview, approve: Published, sendBack: Draft, archive: Archived, remove: Removed},
	Published:     {update: Published, renew: Published, meet: Met, archive: Archived, expire: Expired, remove: Removed},
	Paused:        {update: Paused, renew: Published, meet: Met, archive: Archived, remove: Removed},
	Met:           {renew: Published, archive: Archived, remove: Removed},
	Expired:       {update: Expired, renew: Published, meet: Met, archive: Archived, remove: Removed},
}

func TestTheLifeOfAListing(t *testing.T) {
	for _, from := range states {
		for _, a := range actions {
			moved, err := Listing{State: from}.step(a)
			to, possible := life[from][a]
			if possible {
				if err != nil || moved.State != to {
					t.Errorf("%s in %s leads to %s, %v; want %s", a, from, moved.State, err, to)
				}
				continue
			}
			e, is := errors.AsType[*domain.Error](err)
			if !is || e.Code != WrongState || e.Args["state"] != string(from) || moved.State != from {
				t.Errorf("%s in %s leads to %s, %v; want %s with the state", a, from, moved.State, err, WrongState)
			}
		}
	}
}

var codeShape = regexp.MustCompile(`^[1-9][0-9]{2}(-[A-Z](-[1-9][0-9]?)?)?$`)

func TestTheCatalogueIsWholeInBothLanguages(t *testing.T) {
	leaves, known := 0, map[string]bool{}
	for i, s := range catalogue {
		if !codeShape.MatchString(s.Code) || known[s.Code] {
			t.Errorf("line %d: code %q is ill-formed or there twice", i+2, s.Code)
		}
		known[s.Code] = true
		for _, language := range []string{"fr", "en"} {
			if label := s.Label(language); label == "" || label != strings.TrimSpace(label) {
				t.Errorf("%s reads %q in %s", s.Code, label, language)
			}
		}
		if parent, is := TypeByCode(s.Parent()); s.Parent() != "" && (!is || parent.Leaf()) {
			t.Errorf("%s lies under %q, which cannot hold it", s.Code, s.Parent())
		}
		if s.Leaf() {
			leaves++
		} else if len(Types(s.Code)) == 0 {
			t.Errorf("%s has nothing under it", s.Code)
		}
		for word := range strings.SplitSeq(s.Synonyms, ";") {
			if word != strings.TrimSpace(word) || (word == "" && s.Synonyms != "") {
				t.Errorf("%s: synonym %q", s.Code, word)
			}
		}
	}
	if leaves < 110 || leaves > 140 {
		t.Errorf("%d service types; about 120 are promised", leaves)
	}
	if families := len(Types("")); families < 12 {
		t.Errorf("%d families, of which the field has twelve and the associative ones", families)
	}
}

func TestSiblingsHaveNamesOfTheirOwn(t *testing.T) {
	names := map[string]string{}
	for _, s := range catalogue {
		for _, language := range []string{"fr", "en"} {
			name := s.Parent() + language + strings.ToLower(s.Label(language))
			if other, taken := names[name]; taken {
				t.Errorf("%s and %s are both %q", other, s.Code, s.Label(language))
			}
			names[name] = s.Code
		}
	}
}

func TestTheTreeIsWalkedFromItsFamilies(t *testing.T) {
	var walked []string
	var walk func(parent string)
	walk = func(parent string) {
		for _, s := range Types(parent) {
			walked = append(walked, s.Code)
			walk(s.Code)
		}
	}
	walk("")
	if len(walked) != len(catalogue) {
		t.Errorf("%d of %d entries are reached from the families", len(walked), len(catalogue))
	}
	if found := Types("999"); found != nil {
		t.Errorf("under a code that is not there lies %v", found)
	}
}

func TestAListingIsFoundByItsTypeToo(t *testing.T) {
	words := Content{Title: "Mardi soir", Description: "chez moi", ServiceType: "102-A-2"}.Words()
	for _, want := range []string{
		"Mardi soir", "chez moi", // its own
		"Dépannage d’ordinateur", "Computer troubleshooting", "virus", // the type's, in both languages, and what people call it
		"Ordinateur", "laptop", "Informatique", "Computing", "numérique", // what it lies under
	} {
		if !strings.Contains(words, want) {
			t.Errorf("%q does not lead to it: %s", want, words)
		}
	}
	if strings.Contains(words, ";") {
		t.Errorf("synonyms stick together: %s", words)
	}
	if got := (Content{Title: "a", Description: "b", ServiceType: "nowhere"}).Words(); strings.TrimSpace(got) != "a b" {
		t.Errorf("an unknown type adds %q", got)
	}
}

// plain is a listing with nothing wrong.
func plain() Content {
	return Content{
		Title: "Leçons de guitare", ServiceType: "102-A-2", Level: Individual, Language: "fr-CA", Visibility: Inside,
		Place: &community.Place{Latitude: 45.5231, Longitude: -73.5817}, Availability: []Weekday{"MONDAY"},
	}
}

func TestWhatAMemberWritesIsTidied(t *testing.T) {
	w := plain()
	w.Title, w.Description = "  Leçons\nde  guitare ", " Tous niveaux.\n\nVenez ! \n"
	kept, err := w.check()
	if err != nil || kept.Title != "Leçons de guitare" || kept.Description != "Tous niveaux.\n\nVenez !" {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if *kept.Place == *plain().Place || *kept.Place != plain().Place.Coarse() {
		t.Errorf("the place is kept as %v", *kept.Place)
	}
	again, err := kept.check()
	if err != nil || *again.Place != *kept.Place {
		t.Errorf("edited, it wandered from %v to %v, %v", *kept.Place, *again.Place, err)
	}
}

func TestAllThatIsWrongWithAListing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Content)
		want   string
	}{
		"no title":               {func(w *Content) { w.Title = " " }, "title REQUIRED"},
		"a title too short":      {func(w *Content) { w.Title = "ab" }, "title TEXT_TOO_SHORT"},
		"a title too long":       {func(w *Content) { w.Title = strings.Repeat("é", 121) }, "title TEXT_TOO_LONG"},
		"a novel":                {func(w *Content) { w.Description = strings.Repeat("é", 4001) }, "description TEXT_TOO_LONG"},
		"a family for a type":    {func(w *Content) { w.ServiceType = "102" }, "serviceTypeId SERVICE_TYPE_UNKNOWN"},
		"a sub-family":           {func(w *Content) { w.ServiceType = "102-A" }, "serviceTypeId SERVICE_TYPE_UNKNOWN"},
		"an unknown type":        {func(w *Content) { w.ServiceType = "102-A-99" }, "serviceTypeId SERVICE_TYPE_UNKNOWN"},
		"an unknown level":       {func(w *Content) { w.Level = "EXPERT" }, "level VALUE_UNKNOWN"},
		"an unknown visibility":  {func(w *Content) { w.Visibility = "SECRET" }, "visibility VALUE_UNKNOWN"},
		"an unknown language":    {func(w *Content) { w.Language = "tlh" }, "language VALUE_UNKNOWN"},
		"a negative radius":      {func(w *Content) { w.RadiusKm = -1 }, "radiusKm OUT_OF_RANGE"},
		"round the world":        {func(w *Content) { w.RadiusKm = 501 }, "radiusKm OUT_OF_RANGE"},
		"an eighth day":          {func(w *Content) { w.Availability = []Weekday{"SUNDAY", "HOLIDAY"} }, "availability VALUE_UNKNOWN"},
		"beyond the pole":        {func(w *Content) { w.Place = &community.Place{Latitude: 90.1} }, "place.latitude OUT_OF_RANGE"},
		"beyond the date line":   {func(w *Content) { w.Place = &community.Place{Longitude: -180.1} }, "place.longitude OUT_OF_RANGE"},
		"a place that is no one": {func(w *Content) { w.Place = &community.Place{Latitude: math.NaN()} }, "place.latitude OUT_OF_RANGE"},
	} {
		w := plain()
		c.change(&w)
		_, err := w.check()
		e, is := errors.AsType[*domain.Error](err)
		if !is || e.Field+" "+string(e.Code) != c.want {
			t.Errorf("%s answers %v, want %s", name, err, c.want)
		}
	}
	var empty Content
	_, err := empty.check()
	if problems, ok := domain.Problems(err); !ok || len(problems) != 5 {
		t.Errorf("an empty form answers %v; all of it should be told at once", err)
	}
}

func TestASearchIsChecked(t *testing.T) {
	near := func(latitude, longitude, radius float64) *Near {
		return &Near{Place: community.Place{Latitude: latitude, Longitude: longitude}, RadiusKm: radius}
	}
	for name, c := range map[string]struct {
		filter Filter
		want   string
	}{
		"anything":             {Filter{}, ""},
		"a family":             {Filter{ServiceType: "102"}, ""},
		"an unknown code":      {Filter{ServiceType: "10"}, "serviceTypeId SERVICE_TYPE_UNKNOWN"},
		"a long text":          {Filter{Text: strings.Repeat("a", 201)}, "text TEXT_TOO_LONG"},
		"an unreadable text":   {Filter{Text: "a\x00b"}, "text TEXT_UNREADABLE"},
		"near":                 {Filter{Near: near(45.5, -73.6, 0.5)}, ""},
		"nowhere on earth":     {Filter{Near: near(91, 0, 5)}, "near.latitude OUT_OF_RANGE"},
		"beyond the date line": {Filter{Near: near(0, 181, 5)}, "near.longitude OUT_OF_RANGE"},
		"no radius":            {Filter{Near: near(45, -73, 0)}, "near.radiusKm OUT_OF_RANGE"},
		"no number at all":     {Filter{Near: near(45, -73, math.NaN())}, "near.radiusKm OUT_OF_RANGE"},
	} {
		_, err := c.filter.check()
		e, is := errors.AsType[*domain.Error](err)
		if (c.want == "") != (err == nil) || (is && e.Field+" "+string(e.Code) != c.want) {
			t.Errorf("%s answers %v, want %q", name, err, c.want)
		}
	}
}

func TestNothingThatHappensToAListingLeavesTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Listing{State: rapid.SampledFrom(states).Draw(t, "state")}
		for _, a := range rapid.SliceOf(rapid.SampledFrom(actions)).Draw(t, "acts") {
			before := l.State
			next, err := l.step(a)
			l = next
			if to, possible := life[before][a]; possible != (err == nil) || (possible && l.State != to) {
				t.Fatalf("%s took it from %s to %s, %v", a, before, l.State, err)
			}
			if !slices.Contains(states, l.State) {
				t.Fatalf("became %q", l.State)
			}
		}
	})
}
