// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// However late a vote begins or ends, it and all that follows it keep their lengths, and
// what was before stays.
func TestAVoteKeepsItsLength(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2027, time.March, 1, 8, 0, 0, 0, time.UTC)
		next := func(name string) time.Time {
			at = at.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, name)) * time.Hour)
			return at
		}
		planned := Calendar{
			CallAt: next("call"), FeasibilityAt: next("review"), VotingAt: next("vote"), TallyAt: next("count"),
			ChallengeUntil: next("challenge"), PayUntil: next("pay"), CloseAt: next("close"),
		}
		late := time.Duration(rapid.IntRange(1, 10_000).Draw(t, "late")) * time.Minute
		opened, again := planned.votingAt(planned.VotingAt.Add(late)), planned.tallyAt(planned.TallyAt.Add(late))
		if !opened.VotingAt.Equal(planned.VotingAt.Add(late)) || opened.CallAt != planned.CallAt || opened.FeasibilityAt != planned.FeasibilityAt || again.VotingAt != planned.VotingAt {
			t.Fatalf("%+v, %+v of %+v", opened, again, planned)
		}
		for _, c := range []Calendar{opened, again} {
			way, before := c.order(), planned.order()
			for i := 3; i < len(way); i++ {
				if way[i].at.Sub(before[i].at) != late {
					t.Fatalf("%s at %s, planned %s, %s late", way[i].state, way[i].at, before[i].at, late)
				}
			}
		}
	})
}

// One member has a count made again three times, and once more where it is in doubt.
func TestHowOftenOneMemberDoubts(t *testing.T) {
	t.Parallel()
	anna, bruno := domain.NewID(), domain.NewID()
	var before []Contest
	for range mostDoubts {
		if err := mayDoubt(before, anna); err != nil {
			t.Fatal(err)
		}
		before = append(before, Contest{Member: anna, Same: true}, Contest{Member: bruno, Same: true})
	}
	if err := mayDoubt(before, anna); !errors.Is(err, TooManyDoubts) {
		t.Errorf("once more: %v", err)
	}
	if err := mayDoubt(before, domain.NewID()); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if err := mayDoubt(append(before, Contest{Member: domain.NewID()}), anna); err != nil {
		t.Errorf("where it came out otherwise: %v", err)
	}
}
