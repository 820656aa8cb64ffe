// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// A complaint is closed and reopened in turn, and only by somebody who reads it
// together with somebody else; nobody else learns how.
func TestAComplaintIsClosedInTurnByOneOfTwo(t *testing.T) {
	officers := []domain.ID{domain.NewID(), domain.NewID(), domain.NewID()}
	rapid.Check(t, func(t *rapid.T) {
		c := Complaint{ID: domain.NewID(), By: domain.NewID(), Details: "…", At: noon}
		now := noon
		asked := map[domain.ID]time.Time{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "hours")) * time.Hour)
			officer := rapid.SampledFrom(officers).Draw(t, "officer")
			if rapid.Bool().Draw(t, "opens") {
				c.Openings = append(c.Openings, Opening{Officer: officer, At: now, Alone: rapid.Bool().Draw(t, "alone")})
				asked[officer] = now
				continue
			}
			reading := func(who domain.ID) bool { at, ok := asked[who]; return ok && now.Before(at.Add(24*time.Hour)) }
			peers := peersOf(t, officers, officer)
			second := slices.ContainsFunc(peers, reading)
			cmd := CloseComplaint{Reopen: rapid.Bool().Draw(t, "reopens"), Outcome: Settled, Statement: "Dit."}
			if cmd.Reopen {
				cmd.Outcome = ""
			}
			turn, err := c.closing(cmd, officer, peers, now)
			switch {
			case !reading(officer) || !second:
				if !errors.Is(err, ComplaintNotHeld) {
					t.Fatalf("a second reads it: %v: %v", second, err)
				}
			case cmd.Reopen == c.ClosedAt().IsZero():
				if !errors.Is(err, ComplaintState) {
					t.Fatalf("reopens %v: %v", cmd.Reopen, err)
				}
			case err != nil || turn.Reopens() != cmd.Reopen || turn.Turn != len(c.Closings)+1:
				t.Fatalf("%+v, %v", turn, err)
			default:
				c.Closings = append(c.Closings, turn)
			}
			for _, who := range officers {
				seen := c.shownTo(who, peersOf(t, officers, who), now)
				if seen.Details == "" && len(seen.Closings) > 0 && (seen.Closings[0].Statement != "" || seen.Closings[0].Outcome != "") {
					t.Fatal("somebody who does not read it learns how it was closed")
				}
				if !seen.ClosedAt().Equal(c.ClosedAt()) || seen.MayClose && seen.Details == "" {
					t.Fatalf("%+v", seen)
				}
			}
		}
		if len(c.Closings) > 0 && c.Closings[0].Statement == "" {
			t.Fatal("showing a complaint changed it")
		}
	})
}

// Each measure stands in one state.
func TestAMeasureStandsInOneState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Measure{Action: Warn, At: noon}
		waits, ended, somebody := rapid.Bool().Draw(t, "waits"), rapid.Bool().Draw(t, "ended"), rapid.Bool().Draw(t, "somebody")
		if ended {
			m.EndedAt = noon
			if somebody {
				m.EndedBy = domain.NewID()
			}
		}
		want := InEffect
		switch {
		case waits:
			want = UnderAppeal
		case ended && somebody:
			want = Undone
		case ended:
			want = Lapsed
		}
		if got := m.State(waits); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}
