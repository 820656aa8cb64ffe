// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// Whatever is claimed in whatever order, no milestone is claimed beyond its minutes, nor
// the project beyond its grant; what was declined may be claimed anew.
func TestAMilestoneIsClaimedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(name string, most int) domain.Minutes {
			return domain.Minutes(rapid.IntRange(1, most).Draw(t, name))
		}
		p := Project{Granted: minutes("grant", 300), Milestones: []Milestone{{"one", minutes("one", 100)}, {"two", minutes("two", 100)}}}
		var earlier []Claim
		sums := map[int]domain.Minutes{}
		for range rapid.IntRange(1, 20).Draw(t, "claims") {
			c := Claim{Milestone: rapid.IntRange(0, 2).Draw(t, "milestone"), Minutes: minutes("minutes", 120), Stage: rapid.SampledFrom([]ClaimStage{Claimed, Paid, Declined}).Draw(t, "stage")}
			if c.Minutes > p.claimable(earlier, c.Milestone) {
				continue
			}
			earlier = append(earlier, c)
			if c.Stage != Declined {
				sums[c.Milestone] += c.Minutes
			}
		}
		if sums[0]+sums[1]+sums[2] > p.Granted || sums[1] > p.Milestones[0].Minutes || sums[2] > p.Milestones[1].Minutes {
			t.Fatalf("%v of %+v", sums, p)
		}
		if claimed(earlier) != sums[0]+sums[1]+sums[2] {
			t.Fatalf("%d are claimed, and not %v", claimed(earlier), sums)
		}
	})
}
