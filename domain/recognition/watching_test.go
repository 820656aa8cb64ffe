// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// Whatever else people give one another, a ring that keeps to itself is flagged
// once, and nobody is who gives widely.
func TestARingThatKeepsToItselfIsFlagged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := make([]domain.ID, 12)
		for i := range people {
			people[i] = domain.NewID()
		}
		size := rapid.IntRange(2, 7).Draw(t, "ring")
		within := rapid.IntRange(leastFlow, 40).Draw(t, "within")
		var flows []Flow
		for i := range size {
			flows = append(flows, Flow{people[i], people[(i+1)%size], within})
			if outside := rapid.IntRange(0, within/3).Draw(t, "outside"); outside > 0 {
				flows = append(flows, Flow{people[i], people[8], outside}) // at most a quarter of all
			}
		}
		for i := size; i < len(people); i++ { // everybody else gives to two in equal parts
			flows = append(flows, Flow{people[i], people[(i+1)%12], 5}, Flow{people[i], people[(i+2)%12], 5})
		}
		flows = rapid.Permutation(flows).Draw(t, "order")
		found := flags(domain.Nowhere, flows)
		if size > largestRing {
			if len(found) != 0 {
				t.Fatalf("a ring of %d is flagged: %v", size, found)
			}
			return
		}
		if len(found) != 1 || len(found[0].Members) != size || found[0].Count != size*within || (found[0].Kind == Reciprocity) != (size == 2) {
			t.Fatalf("a ring of %d that gave %d each: %v", size, within, found)
		}
		for _, m := range found[0].Members {
			if !slices.Contains(people[:size], m) {
				t.Fatalf("%v is not of the ring", m)
			}
		}
	})
}

func TestFewRecognitionsAreNoRing(t *testing.T) {
	one, other, third := domain.NewID(), domain.NewID(), domain.NewID()
	for what, flows := range map[string][]Flow{
		"two each":             {{one, other, leastFlow - 1}, {other, one, leastFlow - 1}},
		"one way":              {{one, other, 9}, {other, third, 9}},
		"among others as well": {{one, other, 6}, {other, one, 6}, {one, third, 3}},
		"nothing":              nil,
	} {
		if found := flags(domain.Nowhere, flows); len(found) != 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
}

func TestConcentrationSpeaksOfNoFewerThanFive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		received := rapid.SliceOfN(rapid.IntRange(1, 50), 0, 60).Draw(t, "received")
		share := topTenth(received)
		if (share == nil) != (len(received) < leastPeople) {
			t.Fatalf("%d received, and the share is %v", len(received), share)
		}
		if share == nil {
			return
		}
		equal := math.Ceil(float64(len(received))/10) / float64(len(received))
		if *share < equal-1e-9 || *share > 1 {
			t.Fatalf("the tenth of %v has %f, less than if all had the same: %f", received, *share, equal)
		}
	})
	if share := topTenth([]int{1, 1, 1, 1, 6}); *share != 0.6 {
		t.Errorf("one of five has six of ten: %f", *share)
	}
}

func TestQuartersFollowTheCalendar(t *testing.T) {
	from, until := quarter(2026, 4, toronto.Zone())
	if !from.Equal(time.Date(2026, 10, 1, 4, 0, 0, 0, time.UTC)) || !until.Equal(time.Date(2027, 1, 1, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("the last quarter of 2026 in Toronto: %s to %s", from, until)
	}
}
