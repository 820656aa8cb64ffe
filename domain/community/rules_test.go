// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

func TestEveryPresetIsACharterToLiveBy(t *testing.T) {
	if _, ok := preset("accorderie"); !ok {
		t.Fatal("the default preset is gone")
	}
	names := map[string]bool{}
	for _, p := range Presets() {
		if p.Name == "" || names[p.Name] {
			t.Errorf("preset %q is nameless or there twice", p.Name)
		}
		names[p.Name] = true
		if p.Title["fr"] == "" || p.Title["en"] == "" {
			t.Errorf("%s has no title in both languages: %v", p.Name, p.Title)
		}
		h, x := p.Charter.Hours, p.Charter.Exchanges
		if h.Unit < 1 || h.Unit > 60 || h.Starting < 0 || h.Starting.Round(h.Unit) != h.Starting {
			t.Errorf("%s starts with %v by units of %d", p.Name, h.Starting, h.Unit)
		}
		if !(ledger.Limits{Floor: h.Floor, SoftFloor: h.SoftFloor, Ceiling: h.Ceiling}).Valid() {
			t.Errorf("%s has limits that contradict one another", p.Name)
		}
		if h.Floor != nil && *h.Floor > h.Starting {
			t.Errorf("%s admits nobody: its floor is above the starting hours", p.Name)
		}
		if x.AnswerDays < 1 || x.AutoConfirmDays < 1 || x.HoldDays < x.AutoConfirmDays {
			t.Errorf("%s has delays %+v", p.Name, x)
		}
		if p.Charter.Listings.ExpiryDays < 0 {
			t.Errorf("%s has listings that expire before they begin", p.Name)
		}
		if !slices.Contains([]string{ledger.Solidarity, ledger.Projects, ledger.Reserve}, p.Charter.Membership.ClosingPool) {
			t.Errorf("%s gives a leaver's hours to %q, which no community has", p.Name, p.Charter.Membership.ClosingPool)
		}
	}
}

func TestTheDefaultsAreThoseOfTheField(t *testing.T) {
	p, _ := preset("accorderie")
	if h := p.Charter.Hours; h.Starting != 15*60 || *h.Floor != -10*60 || *h.SoftFloor != -5*60 {
		t.Errorf("15 h to start, −10 h and a warning at −5 are promised, not %v, %v, %v", h.Starting, h.Floor, h.SoftFloor)
	}
	if p.Charter.Exchanges.AnswerDays != 14 || p.Charter.Listings.ExpiryDays != 180 {
		t.Errorf("14 days to answer and 180 to show are promised, not %+v, %+v", p.Charter.Exchanges, p.Charter.Listings)
	}
}

func TestAPresetIsNobodysToChange(t *testing.T) {
	Presets()[0].Name = "changed"
	if Presets()[0].Name == "changed" {
		t.Error("somebody who reads the presets changes them for all")
	}
}

func TestACharterIsKeptWholeAsJSON(t *testing.T) {
	p, _ := preset("accorderie")
	raw, err := json.Marshal(p.Charter)
	if err != nil {
		t.Fatal(err)
	}
	var back Charter
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(raw) || back.Hours.Unit != p.Charter.Hours.Unit {
		t.Errorf("kept %s, read %s, %v", raw, again, err)
	}
}

// founding is one with nothing wrong.
func founding() Create {
	return Create{
		Name: "Accorderie du Nord", Slug: "nord", Preset: "accorderie", Locale: "fr-CA", TimeZone: "America/Toronto",
		Place: &Place{Latitude: 45.5, Longitude: -73.6},
	}
}

func TestSlugs(t *testing.T) {
	good := []string{"abc", "a-b", "123", "nord", "accorderie-de-montreal-nord", "paris-19", strings.Repeat("a", 40), strings.Repeat("ab-", 13) + "c"}
	bad := []string{
		"", "ab", "a-", "-ab", "abc-", "a--b", "Nord", "élan", "a b c", "a_b", "a.b", "nord/sud", "../nord", "nord?",
		strings.Repeat("a", 41), strings.Repeat("a-", 20) + "b", // 41 characters, hyphens too
	}
	for _, slug := range good {
		cmd := founding()
		cmd.Slug = slug
		if _, err := cmd.check(); err != nil {
			t.Errorf("%q is refused: %v", slug, err)
		}
	}
	for _, slug := range bad {
		cmd := founding()
		cmd.Slug = slug
		if _, err := cmd.check(); !isOnly(err, "slug", SlugInvalid) {
			t.Errorf("%q answers %v", slug, err)
		}
	}
}

func isOnly(err error, field string, code domain.Code) bool {
	problems, _ := domain.Problems(err)
	return len(problems) == 1 && problems[0].Field == field && problems[0].Code == code
}

func TestWhatIsWrongWithAFounding(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Create)
		field  string
		code   domain.Code
	}{
		"no name":              {func(c *Create) { c.Name = " " }, "name", domain.Required},
		"a preset unheard of":  {func(c *Create) { c.Preset = "bank" }, "preset", PresetUnknown},
		"Klingon":              {func(c *Create) { c.Locale = "tlh" }, "locale", LocaleUnknown},
		"no zone":              {func(c *Create) { c.TimeZone = "" }, "timeZone", TimeZoneUnknown},
		"the server's zone":    {func(c *Create) { c.TimeZone = "Local" }, "timeZone", TimeZoneUnknown},
		"a zone unheard of":    {func(c *Create) { c.TimeZone = "America/Quebec City" }, "timeZone", TimeZoneUnknown},
		"a path for a zone":    {func(c *Create) { c.TimeZone = "../../etc/passwd" }, "timeZone", TimeZoneUnknown},
		"beyond the pole":      {func(c *Create) { c.Place = &Place{Latitude: -91} }, "latitude", domain.OutOfRange},
		"beyond the date line": {func(c *Create) { c.Place = &Place{Longitude: 181} }, "longitude", domain.OutOfRange},
	} {
		cmd := founding()
		c.change(&cmd)
		if _, err := cmd.check(); !isOnly(err, c.field, c.code) {
			t.Errorf("%s answers %v, want %s %s", name, err, c.field, c.code)
		}
	}
}

func TestADeadlineKeepsTheLocalHour(t *testing.T) {
	for _, c := range []struct{ zone, from, want string }{
		{"America/Toronto", "2026-03-01T09:30", "2026-03-15T09:30"}, // the clocks go forward on the 8th
		{"America/Toronto", "2026-10-25T21:00", "2026-11-08T21:00"}, // and back on 1 November
		{"Europe/Paris", "2026-03-20T23:59", "2026-04-03T23:59"},
		{"Europe/Paris", "2026-10-20T00:00", "2026-11-03T00:00"},
		{"America/Martinique", "2026-03-20T12:00", "2026-04-03T12:00"}, // where they never change
		{"UTC", "2026-12-25T12:00", "2027-01-08T12:00"},
	} {
		where := Community{TimeZone: c.zone}
		local := func(text string) time.Time {
			at, err := time.ParseInLocation("2006-01-02T15:04", text, where.Zone())
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		due := where.After(local(c.from).UTC(), 14)
		if !due.Equal(local(c.want)) || due.Location() != time.UTC {
			t.Errorf("%s: 14 days after %s is %v, want %s there", c.zone, c.from, due.In(where.Zone()), c.want)
		}
	}
	if zone := (Community{TimeZone: "Nowhere/AtAll"}).Zone(); zone != time.UTC {
		t.Errorf("a zone that is not there is %v", zone)
	}
}

// metres is the distance between two points on the sphere.
func metres(a, b Place) float64 {
	radians := func(d float64) float64 { return d * math.Pi / 180 }
	h := math.Pow(math.Sin(radians(a.Latitude-b.Latitude)/2), 2) +
		math.Cos(radians(a.Latitude))*math.Cos(radians(b.Latitude))*math.Pow(math.Sin(radians(a.Longitude-b.Longitude)/2), 2)
	return 12_742_000 * math.Asin(min(1, math.Sqrt(h)))
}

var places = rapid.Custom(func(t *rapid.T) Place {
	return Place{Latitude: rapid.Float64Range(-85, 85).Draw(t, "latitude"), Longitude: rapid.Float64Range(-180, 180).Draw(t, "longitude")}
})

// The middle of a cell of 556 m is never further from a home than half the
// cell's diagonal, and says the same of every home in the cell.
func TestAHomeCannotBeReadOffItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home := places.Draw(t, "home")
		shown := home.Coarse()
		if far := metres(home, shown); far > 400 {
			t.Fatalf("%v is shown as %v, %.0f m away", home, shown, far)
		}
		if again := shown.Coarse(); again != shown {
			t.Fatalf("shown again, %v wandered to %v", shown, again)
		}
		// A neighbour within 200 m of the middle, hence in the same cell.
		turn, away := rapid.Float64Range(0, 2*math.Pi).Draw(t, "turn"), rapid.Float64Range(0, 0.0018).Draw(t, "away")
		neighbour := Place{
			Latitude:  shown.Latitude + away*math.Sin(turn),
			Longitude: shown.Longitude + away*math.Cos(turn)/math.Cos(shown.Latitude*math.Pi/180),
		}
		if same := neighbour.Coarse(); math.Abs(shown.Longitude) < 179.9 && same != shown {
			t.Fatalf("%v and %v, of one cell, are shown as %v and %v", home, neighbour, shown, same)
		}
		if math.Abs(shown.Latitude) > 90 || math.Abs(shown.Longitude) > 180 {
			t.Fatalf("%v is shown off the map, as %v", home, shown)
		}
	})
}

func TestHomesShownAlikeAreNeighboursAndMany(t *testing.T) {
	shown := Place{Latitude: 45.5231, Longitude: -73.5817}.Coarse()
	inside, widest := 0, 0.0
	for north := -20; north <= 20; north++ {
		for east := -20; east <= 20; east++ {
			home := Place{Latitude: shown.Latitude + float64(north)*0.00025, Longitude: shown.Longitude + float64(east)*0.00036}
			if home.Coarse() == shown {
				inside++
				widest = max(widest, metres(home, shown))
			}
		}
	}
	// 41 × 41 points over about 1,100 m square: a quarter of them or so are in the cell.
	if inside < 350 || inside > 500 || widest > 400 {
		t.Errorf("%d homes are shown alike, the furthest %.0f m from where", inside, widest)
	}
}

func TestTheEdgesOfTheMapStayOnIt(t *testing.T) {
	for _, edge := range []Place{
		{90, 0}, {-90, 0}, {90, 180}, {-90, -180}, {-16.8, 180}, {-16.8, -180}, {-16.82, 180}, {-16.82, -180}, {66.1, 179.9999}, {66.1, -179.9999}, {0, 0},
	} {
		shown := edge.Coarse()
		if math.Abs(shown.Latitude) > 90 || math.Abs(shown.Longitude) > 180 {
			t.Errorf("%v is shown off the map, as %v, and can never be saved again", edge, shown)
		}
		if again := shown.Coarse(); again != shown {
			t.Errorf("%v is shown as %v, then as %v", edge, shown, again)
		}
	}
}

func TestTheCharterNamesItsRoles(t *testing.T) {
	c := Charter{Membership: Membership{Roles: []string{"LIBRARIAN"}}}
	for role, known := range map[domain.Role]bool{domain.Coordinator: true, domain.Board: true, "LIBRARIAN": true, "KING": false, "": false} {
		if c.KnownRole(role) != known {
			t.Errorf("role %q is known: %v", role, !known)
		}
	}
}
