// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	"math"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// Action is what somebody did to a listing.
type action string

const (
	update   action = "UPDATE"
	renew    action = "RENEW"
	approve  action = "APPROVE"
	meet     action = "MEET"
	archive  action = "ARCHIVE"
	expire   action = "EXPIRE"
	remove   action = "REMOVE" // by moderation
	sendBack action = "SEND_BACK"
	submit   action = "SUBMIT"
)

// transitions is the life of a listing: where each action may start and where
// it leads; an empty end keeps the state.
var transitions = map[action]struct {
	from []State
	to   State
}{
	update:   {[]State{Draft, PendingReview, Published, Paused, Expired}, ""},
	renew:    {[]State{Published, Expired, Paused, Met}, Published},
	approve:  {[]State{PendingReview}, Published},
	meet:     {[]State{Published, Paused, Expired}, Met},
	archive:  {[]State{Draft, PendingReview, Published, Paused, Met, Expired}, Archived},
	expire:   {[]State{Published}, Expired},
	remove:   {[]State{Draft, PendingReview, Published, Paused, Met, Expired}, Removed},
	sendBack: {[]State{PendingReview}, Draft},
	submit:   {[]State{Draft}, PendingReview},
}

func (l Listing) step(a action) (Listing, error) {
	t := transitions[a]
	if !slices.Contains(t.from, l.State) {
		return l, domain.NewError(WrongState, "listingId", "state", string(l.State))
	}
	if t.to != "" {
		l.State = t.to
	}
	return l, nil
}

// check tidies what a member wrote, says all that is wrong with it, and makes
// the place coarse before anything is kept.
func (w Content) check() (Content, error) {
	var c domain.Check
	w.Title = c.Line("title", w.Title, 3, 120)
	w.Description = c.Text("description", w.Description, 0, 4000)
	t, known := TypeByCode(w.ServiceType)
	c.That(known && t.Leaf(), ServiceTypeUnknown, "serviceTypeId")
	c.That(slices.Contains([]Level{Individual, Collective, Associative}, w.Level), domain.ValueUnknown, "level")
	c.That(slices.Contains([]Visibility{Inside, Partners, Public}, w.Visibility), domain.ValueUnknown, "visibility")
	c.That(domain.KnownLocale(w.Language), domain.ValueUnknown, "language")
	c.That(w.RadiusKm >= 0 && w.RadiusKm <= 500, domain.OutOfRange, "radiusKm", "min", 0, "max", 500)
	for _, day := range w.Availability {
		c.That(slices.Contains(Weekdays, day), domain.ValueUnknown, "availability")
	}
	if w.Place != nil {
		c.That(math.Abs(w.Place.Latitude) <= 90, domain.OutOfRange, "place.latitude", "min", -90, "max", 90)
		c.That(math.Abs(w.Place.Longitude) <= 180, domain.OutOfRange, "place.longitude", "min", -180, "max", 180)
		shown := w.Place.Coarse()
		w.Place = &shown
	}
	return w, c.Err()
}

// Words is what a listing is found by: its own text and its type's names, those
// of what it lies under, and what people also call it.
func (w Content) Words() string {
	parts := []string{w.Title, w.Description}
	for code := w.ServiceType; code != ""; {
		t := byCode[code]
		parts = append(parts, t.French, t.English, strings.ReplaceAll(t.Synonyms, ";", " "))
		code = t.Parent()
	}
	return strings.Join(parts, " ")
}

func (f Filter) check() (Filter, error) {
	var c domain.Check
	f.Text = c.Line("text", f.Text, 0, 200)
	if f.ServiceType != "" {
		_, known := TypeByCode(f.ServiceType)
		c.That(known, ServiceTypeUnknown, "serviceTypeId")
	}
	if f.Near != nil {
		c.That(math.Abs(f.Near.Latitude) <= 90, domain.OutOfRange, "near.latitude", "min", -90, "max", 90)
		c.That(math.Abs(f.Near.Longitude) <= 180, domain.OutOfRange, "near.longitude", "min", -180, "max", 180)
		c.That(f.Near.RadiusKm > 0 && f.Near.RadiusKm <= 500, domain.OutOfRange, "near.radiusKm", "min", 0, "max", 500)
	}
	return f, c.Err()
}
