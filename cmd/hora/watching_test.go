// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestRingsAreShownToThoseWhoLookAfterMembers(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	for range 3 {
		bruno.thanks(anna.helped(bruno))
		anna.thanks(bruno.helped(anna))
	}
	const flags = `query($slug: String!) { community(slug: $slug) { recognitionFlags { kind count members { displayName } } } }`
	seen := town.founder.reads(flags, input{"slug": "port"}).list("community.recognitionFlags")
	same(t, "the coordinator sees", texts(seen, "kind"), []string{"RECIPROCITY"})
	same(t, "who and how much", []int{len(seen[0].list("members")), seen[0].int("count")}, []int{2, 6})
	for _, other := range []*person{anna, clara} {
		same(t, other.name+" sees none", len(other.reads(flags, input{"slug": "port"}).list("community.recognitionFlags")), 0)
	}
	// Nothing follows: they may go on as everybody may.
	bruno.thanks(anna.helped(bruno))
	town.booksAreRight()
}

func TestHowWidelyAQuarterWasSpread(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	bruno.thanks(anna.helped(bruno))
	now := town.now()
	asked := input{"slug": "port", "year": now.Year(), "quarter": (int(now.Month()) + 2) / 3}
	const spread = `query($slug: String!, $year: Int!, $quarter: Int!) { community(slug: $slug) {
		recognitionConcentration(year: $year, quarter: $quarter) { thanks stars givers receivers topTenthThanks topTenthStars } } }`
	early := anna.gql(anna.bearer(), spread, asked)
	same(t, "not before it is over", len(early.Errors) == 1 && early.Errors[0].Extensions["reason"] == "OUT_OF_RANGE", true)
	town.advance(95 * day)
	told := anna.reads(spread, asked).thing("community.recognitionConcentration")
	same(t, "counted", []int{told.int("thanks"), told.int("stars"), told.int("givers"), told.int("receivers")}, []int{1, 0, 1, 1})
	same(t, "silent about so few", told.find("topTenthThanks"), nil)
	for name, change := range map[string]any{"quarter": 5, "year": 1999} {
		wrong := anna.gql(anna.bearer(), spread, with(asked, name, change))
		same(t, name+" out of range", len(wrong.Errors) == 1 && wrong.Errors[0].Extensions["reason"] == "OUT_OF_RANGE", true)
	}
}

func TestAYearOfHoursGivenOnPaper(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	x := anna.gave(bruno, 90)
	bruno.confirms(x, 90)
	anna.does("giveHours", input{"from": anna.account(), "to": bruno.account(), "minutes": 30, "idempotencyKey": newKey()})
	year := town.date(0)[:4]
	page := func(p *person, of *person, query string) (int, string) {
		response := p.gets("/accounts/" + of.account() + "/attestation.html" + query)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, plain(string(body))
	}
	status, french := page(anna, anna, "?year="+year)
	for _, wanted := range []string{`<html lang="fr">`, "Attestation d’heures données", "Anna", "1 h 30", "a donné en " + year, "Accorderie du Port"} {
		if status != http.StatusOK || !strings.Contains(french, wanted) {
			t.Errorf("HTTP %d, no %q on Anna’s page:\n%s", status, wanted, french)
		}
	}
	_, english := page(bruno, bruno, "?year="+year)
	if !strings.Contains(english, "Attestation of hours given") || strings.Contains(english, "0 h 30") || strings.Contains(english, "30 min") {
		t.Errorf("a gift is no hour given:\n%s", english)
	}
	next, err := strconv.Atoi(year)
	if err != nil {
		t.Fatal(err)
	}
	_, empty := page(anna, anna, "?year="+strconv.Itoa(next+1))
	same(t, "another year is another page", strings.Contains(empty, "1 h 30"), false)
	status, _ = page(town.founder, anna, "?year="+year) // for those without internet
	same(t, "a coordinator prints it", status, http.StatusOK)
	status, _ = page(clara, anna, "?year="+year)
	same(t, "Clara does not", status, http.StatusForbidden)
	status, _ = page(anna, anna, "?year=twenty")
	same(t, "no year", status, http.StatusBadRequest)
}
