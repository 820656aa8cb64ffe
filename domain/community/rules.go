// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

//go:embed presets/*.json
var presetFiles embed.FS

// presets are read once; a preset that cannot be read is a broken build, which
// the package's own test would show first.
var presets = readPresets()

// readPresets reads the default whole, and the others as what differs from it.
func readPresets() []Preset {
	names, _ := fs.Glob(presetFiles, "presets/*.json") // the pattern is constant and valid
	start := Charter{Power: ReadyPower()}
	read := func(name string) (p Preset) {
		raw, err := presetFiles.ReadFile(name)
		var file struct {
			Name        string            `json:"name"`
			Title       map[string]string `json:"title"`
			Description map[string]string `json:"description"`
			Charter     json.RawMessage   `json:"charter"`
		}
		if err == nil {
			err = json.Unmarshal(raw, &file)
		}
		p = Preset{Name: file.Name, Title: file.Title, Description: file.Description}
		if err == nil {
			p.Charter, err = start.With(Changes(file.Charter))
		}
		if err != nil {
			panic(fmt.Sprintf("preset %s: %v", name, err))
		}
		return p
	}
	start = read("presets/accorderie.json").Charter
	all := make([]Preset, len(names))
	for i, name := range names {
		all[i] = read(name)
	}
	return all
}

// Presets lists what a community may start from.
func Presets() []Preset { return slices.Clone(presets) }

func preset(name string) (Preset, bool) {
	for _, p := range presets {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// slugShape is words of letters and digits, joined by single hyphens.
var slugShape = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// check tidies a founding and says all that is wrong with it.
func (cmd Create) check() (Create, error) {
	var c domain.Check
	cmd.Name = c.Line("name", cmd.Name, 2, 100)
	cmd.Slug = strings.TrimSpace(cmd.Slug)
	c.That(len(cmd.Slug) >= 3 && len(cmd.Slug) <= 40 && slugShape.MatchString(cmd.Slug), SlugInvalid, "slug")
	if _, ok := preset(cmd.Preset); !ok {
		known := make([]string, len(presets))
		for i, p := range presets {
			known[i] = p.Name
		}
		c.That(false, PresetUnknown, "preset", "known", strings.Join(known, ", "))
	}
	c.That(domain.KnownLocale(cmd.Locale), LocaleUnknown, "locale")
	// "Local" would be the server's zone, not the community's.
	_, err := time.LoadLocation(cmd.TimeZone)
	c.That(err == nil && cmd.TimeZone != "" && cmd.TimeZone != "Local", TimeZoneUnknown, "timeZone")
	if p := cmd.Place; p != nil {
		c.That(math.Abs(p.Latitude) <= 90, domain.OutOfRange, "latitude", "min", -90, "max", 90)
		c.That(math.Abs(p.Longitude) <= 180, domain.OutOfRange, "longitude", "min", -180, "max", 180)
	}
	return cmd, c.Err()
}

// KnownRole says whether the charter knows a role.
func (c Charter) KnownRole(r domain.Role) bool {
	return slices.Contains([]domain.Role{domain.Coordinator, domain.Treasurer, domain.Moderator, domain.Board, domain.Facilitator}, r) ||
		slices.Contains(c.Membership.Roles, string(r))
}

// Zone is the community's own time.
func (c Community) Zone() *time.Location {
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC // checked when it was founded; a missing zone file must not stop anybody
	}
	return zone
}

// After adds days in the community's own calendar: a deadline falls at the same
// local hour, also across a change to or from daylight saving.
func (c Community) After(t time.Time, days int) time.Time {
	return t.In(c.Zone()).AddDate(0, 0, days).UTC()
}

// coarse is about 500 m: a place is shown to nobody more exactly than this.
const coarse = 0.005

// Coarse moves a point to the middle of its cell of about 500 m, so that a home
// cannot be read off a listing. Cells of longitude widen towards the poles; the
// last ones end with the map.
func (p Place) Coarse() Place {
	cell := func(v, size float64) float64 { return (math.Floor(v/size) + 0.5) * size }
	latitude := cell(p.Latitude, coarse)
	width := coarse / math.Max(math.Cos(latitude*math.Pi/180), 0.01)
	return Place{Latitude: within(90, latitude), Longitude: within(180, cell(p.Longitude, width))}
}

// within keeps a coordinate on the map, to about a tenth of a metre.
func within(edge, v float64) float64 { return math.Max(-edge, math.Min(edge, round6(v))) }

func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// Default is the charter that every preset differs from.
func Default() Charter {
	p, _ := preset("accorderie")
	return p.Charter
}

// College finds a college by its code; the zero value when there is none.
func (c Charter) College(code string) College {
	for _, college := range c.Assembly.Colleges {
		if college.Code == code {
			return college
		}
	}
	return College{}
}
