// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// peersOf are those of some officers who may be the second beside one of them: they
// moderate still, and do not live with them.
func peersOf(t *rapid.T, officers []domain.ID, officer domain.ID) []domain.ID {
	return slices.DeleteFunc(slices.Clone(officers), func(o domain.ID) bool { return o == officer || rapid.IntRange(0, 3).Draw(t, "is no peer") == 0 })
}

// Whoever asks, however often, reads nothing alone but by breaking the glass, and
// nobody reads a day after they asked; who no longer moderates or lives with them is
// no second.
func TestAComplaintIsReadByTwo(t *testing.T) {
	officers := []domain.ID{domain.NewID(), domain.NewID(), domain.NewID()}
	rapid.Check(t, func(t *rapid.T) {
		c := Complaint{By: domain.NewID(), About: domain.NewID(), Details: "Il s’est passé ceci.", MayName: rapid.Bool().Draw(t, "mayName")}
		for range rapid.IntRange(0, 6).Draw(t, "openings") {
			c.Openings = append(c.Openings, Opening{
				Officer: rapid.SampledFrom(officers).Draw(t, "officer"), Alone: rapid.Bool().Draw(t, "alone"),
				At: noon.Add(-time.Duration(rapid.IntRange(0, 50).Draw(t, "hours")) * time.Hour),
			})
		}
		for _, reader := range officers {
			asked := map[domain.ID]bool{}
			alone := false
			for _, o := range c.Openings {
				if noon.Sub(o.At) < 24*time.Hour {
					asked[o.Officer] = true
					alone = alone || (o.Alone && o.Officer == reader)
				}
			}
			peers := peersOf(t, officers, reader)
			second := slices.ContainsFunc(peers, func(o domain.ID) bool { return asked[o] })
			seen := c.shownTo(reader, peers, noon)
			if reads := seen.Details != ""; reads != (alone || (asked[reader] && second)) {
				t.Fatalf("reads %v, alone %v, asked %v, peers %v", reads, alone, asked, peers)
			}
			if (seen.By != domain.Nowhere) != (seen.Details != "" && c.MayName) || (seen.About == domain.Nowhere) != (seen.Details == "") {
				t.Fatalf("shown %+v of %+v", seen, c)
			}
		}
		if own := c.shownTo(c.By, nil, noon); own.Details == "" || own.By != c.By {
			t.Fatal("who complained does not read their own")
		}
	})
}
