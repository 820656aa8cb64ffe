// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"slices"

	"github.com/hora-coop/hora/domain/community"
)

// neighbourhood is one community of the network, and how much happens in it. The
// figures follow what Accorderies have published: an exchange takes two hours on
// average, half of the members are active, a fifth of them make four fifths of it.
type neighbourhood struct {
	slug, name, locale, zone string
	language                 string // of its texts
	places                   string // in texts.json
	centre                   community.Place

	members   int // admitted, and still there at the end
	listings  int
	exchanges int

	left, paused       int // members
	applying, declined int // applications: at the end without an answer; not accepted
	quarrel            bool
	turns              bool // work by turns is part of the charter
	cycleDay           int  // how many days before the end a cycle began: how far it is
}

// network is the three communities, by the names that texts.json knows.
var network = []neighbourhood{
	{
		slug: "baie", name: "Accorderie de la Baie", locale: "fr-CA", zone: "America/Toronto", language: "fr", places: "baie",
		centre:  community.Place{Latitude: 48.4502, Longitude: -68.5243},
		members: 240, listings: 360, exchanges: 1000, left: 5, paused: 5, applying: 4, declined: 3, quarrel: true, cycleDay: 37,
	},
	{
		slug: "deux-rives", name: "Accorderie des Deux-Rives", locale: "fr-FR", zone: "Europe/Paris", language: "fr", places: "deuxrives",
		centre:  community.Place{Latitude: 45.7606, Longitude: 4.8357},
		members: 210, listings: 310, exchanges: 880, left: 4, paused: 4, applying: 3, declined: 2, cycleDay: 15,
	},
	{
		slug: "riverside", name: "Riverside Time Bank", locale: "en-GB", zone: "Europe/London", language: "en", places: "riverside",
		centre:  community.Place{Latitude: 56.4612, Longitude: -2.9704},
		members: 150, listings: 230, exchanges: 620, left: 3, paused: 3, applying: 3, declined: 2, quarrel: true, turns: true, cycleDay: 27,
	},
}

// part is what somebody of the cast plays in a community.
type part int

const (
	coordinates part = iota
	takesPart
	keepsBooks
	justCame
)

// character is somebody the visitor may be.
type character struct {
	slug, name, email string
	role              string
	part              part
	days              float64 // before the end that they applied, for who just came
}

// home is the neighbourhood where somebody belongs.
func (c character) home() neighbourhood {
	return network[slices.IndexFunc(network, func(n neighbourhood) bool { return n.slug == c.slug })]
}

// cast is one view each of what Hora is: the desk, the everyday, the books, the
// first week, and another language. Marc also belongs to a second community.
var cast = []character{
	{"baie", "Lucie Gagnon", "lucie@example.org", "coordinator", coordinates, 0},
	{"baie", "Marc Bélanger", "marc@example.org", "active member, of two communities", takesPart, 0},
	{"deux-rives", "Antoine Mercier", "antoine@example.org", "treasurer", keepsBooks, 0},
	{"deux-rives", "Inès Lambert", "ines@example.org", "newcomer, welcomed a week ago", justCame, 11},
	{"riverside", "Margaret Campbell", "margaret@example.org", "coordinator", coordinates, 0},
	{"deux-rives", "Marc Bélanger", "marc@example.org", "", justCame, 130},
}

// scaled shrinks a community; what a visitor should find at least once stays.
func (n neighbourhood) scaled(percent int) neighbourhood {
	for _, count := range []*int{&n.members, &n.listings, &n.exchanges, &n.left, &n.paused, &n.applying, &n.declined} {
		*count = max(1, *count*percent/100)
	}
	return n
}
