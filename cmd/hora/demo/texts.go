// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed texts.json
var textsJSON []byte

// texts is what people are called, write and live in, by language.
type texts struct {
	GivenNames    map[string][]string
	FamilyNames   map[string][]string
	Households    map[string]string
	Organisations map[string][]string
	Offers        []wording
	Requests      []wording
	Messages      map[string]map[string][]string
	Costs         map[string]map[string]string // by family of the catalogue: what is refunded in money
	Places        map[string][]place
	WorkHours     map[string][]int // by type of service, in minutes
}

// wording is a listing in both languages.
type wording struct {
	Type   string
	FR, EN struct{ Title, Description string }
}

// place is a quarter of a town.
type place struct {
	Name                string
	Latitude, Longitude float64
}

var library = readTexts()

func readTexts() texts {
	var t texts
	if err := json.Unmarshal(textsJSON, &t); err != nil {
		panic(fmt.Sprintf("texts.json: %v", err)) // a broken build; the package's test shows it first
	}
	return t
}

func (w wording) in(language string) (title, description string) {
	if language == "en" {
		return w.EN.Title, w.EN.Description
	}
	return w.FR.Title, w.FR.Description
}

// deck deals wordings in a mixed order, all of them before one comes again.
type deck struct {
	cards []wording
	order []int
	dealt int
}

// deal also says how often all cards were dealt before.
func (d *deck) deal(rng *rand.Rand) (card wording, round int) {
	at := d.dealt % len(d.cards)
	if at == 0 {
		d.order = rng.Perm(len(d.cards))
	}
	round = d.dealt / len(d.cards)
	d.dealt++
	return d.cards[d.order[at]], round
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// say picks one of the sentences for an occasion.
func (l *life) say(occasion string) string {
	return pick(l.rng, library.Messages[occasion][l.language])
}

// in is a text in the language of the place.
func (l *life) in(fr, en string) string {
	if l.language == "en" {
		return en
	}
	return fr
}

// mailbox spells a name as mail addresses do.
func mailbox(name string) string {
	spelt := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			return -1 // an accent, taken apart from its letter
		case r == ' ':
			return '.'
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(name))
	return strings.NewReplacer("œ", "oe", "æ", "ae", "ø", "o", "ł", "l", "ß", "ss").Replace(spelt)
}
