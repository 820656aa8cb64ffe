// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

var suggestionStates = []SuggestionState{SuggestionOpen, SuggestionAdopted, SuggestionDeclined, SuggestionWithdrawn, SuggestionLapsed, SuggestionRemoved}

// Whoever answers a suggestion in whatever order, it is answered once: nothing comes back
// to OPEN, what was adopted or withdrawn stays so, and whoever comes later is told how it
// stands. Of what was answered, only what breaks a rule is still taken away.
func TestASuggestionIsAnsweredOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
		g := Suggestion{State: SuggestionOpen, Title: "Un banc"}
		var way []SuggestionState
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			now = now.Add(time.Minute)
			next := rapid.SampledFrom(suggestionStates).Draw(t, "next")
			after, err := g.to(next, now)
			if err != nil {
				if !errors.Is(err, SuggestionStands) || after.State != g.State || !after.EndedAt.Equal(g.EndedAt) {
					t.Fatalf("%s to %s: %v, and it is %+v", g.State, next, err, after)
				}
				continue
			}
			if after.State != next || !after.EndedAt.Equal(now) || after.Title != g.Title {
				t.Fatalf("%s to %s made %+v", g.State, next, after)
			}
			g, way = after, append(way, next)
		}
		switch {
		case slices.Contains(way, SuggestionOpen):
			t.Fatalf("it is open again: %v", way)
		case len(way) > 2, len(way) == 2 && (way[1] != SuggestionRemoved || way[0] == SuggestionAdopted || way[0] == SuggestionWithdrawn):
			t.Fatalf("it was answered again: %v", way)
		}
	})
}

// Nobody sees what somebody took back, nor members what was removed; whoever made it
// always sees it, and who does not belong sees nothing of others.
func TestWhoSeesASuggestion(t *testing.T) {
	author, other := domain.NewID(), domain.NewID()
	standings := map[string]domain.Standing{
		"outside": {}, "applicant": {Member: domain.NewID()}, "member": {Member: domain.NewID(), Admitted: true, Active: true},
		"coordinator": {Member: domain.NewID(), Admitted: true, Active: true, Roles: []domain.Role{domain.Coordinator}},
		"moderator":   {Member: domain.NewID(), Admitted: true, Active: true, Roles: []domain.Role{domain.Moderator}},
		"board":       {Member: domain.NewID(), Admitted: true, Active: true, Roles: []domain.Role{domain.Board}},
	}
	for _, state := range suggestionStates {
		g := Suggestion{Person: author, State: state}
		for name, standing := range standings {
			want := standing.Admitted && state != SuggestionWithdrawn && (state != SuggestionRemoved || name != "member")
			if got := g.visibleTo(standing, other); got != want {
				t.Errorf("%s by a %s: %t", state, name, got)
			}
			if !g.visibleTo(standing, author) {
				t.Errorf("%s is hidden from whoever suggested it, now %s", state, name)
			}
		}
	}
}

// A person has so many that wait, and so many in all, whatever else they suggested.
func TestHowMuchOnePersonSuggests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Already{Open: rapid.IntRange(0, mostOpen+1).Draw(t, "open"), All: rapid.IntRange(0, mostSuggests+1).Draw(t, "all"), Waiting: rapid.IntRange(mostWaiting-2, mostWaiting+2).Draw(t, "everybody's")}
		err := a.room()
		switch own := a.Open < mostOpen && a.All < mostSuggests; {
		case !own && !errors.Is(err, TooManySuggestions), own && a.Waiting >= mostWaiting && !errors.Is(err, CallFull), own && a.Waiting < mostWaiting && err != nil:
			t.Fatalf("%+v: %v", a, err)
		}
	})
}

// What fits a suggestion fits the project that is made of it as it stands.
func TestASuggestionAsItStandsMakesAProject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string, least, most int) string {
			return strings.Repeat("é", rapid.IntRange(least, most).Draw(t, name))
		}
		minimum := domain.Minutes(rapid.Int64Range(1, 6000).Draw(t, "minimum"))
		cmd, err := Suggest{
			Title: text("title", 3, 100), Purpose: text("purpose", 20, 2000), Beneficiaries: text("beneficiaries", 3, 1000), Note: text("note", 0, 1000),
			Minimum: minimum, Maximum: rapid.SampledFrom([]domain.Minutes{0, minimum, minimum + 60}).Draw(t, "maximum"),
		}.check()
		if err != nil {
			t.Fatal(err)
		}
		g := Suggestion{Cycle: domain.NewID(), Title: cmd.Title, Purpose: cmd.Purpose, Beneficiaries: cmd.Beneficiaries, Minimum: cmd.Minimum, Maximum: cmd.Maximum}
		made, err := Submit{}.of(g).check(Cycle{Envelope: 60})
		if err != nil || made.Title != g.Title || made.Cycle != g.Cycle || made.Minimum != g.Minimum || made.Maximum != g.Maximum || !strings.HasPrefix(made.Body, g.Purpose) {
			t.Fatalf("%+v makes %+v: %v", g, made, err)
		}
	})
}
