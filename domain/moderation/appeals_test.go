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

// An appeal comes in time or not at all, and nobody who has a part in it, took the
// measure or lives with one of them decides it.
func TestAnAppealIsInTimeAndForSomebodyElse(t *testing.T) {
	people := make([]domain.ID, 6)
	for i := range people {
		people[i] = domain.NewID()
	}
	rapid.Check(t, func(t *rapid.T) {
		someone := rapid.SampledFrom(people)
		m := Measure{ID: domain.NewID(), Member: people[0], DecidedBy: people[1], At: noon, Action: rapid.SampledFrom([]Action{Warn, Remove, Suspend}).Draw(t, "action")}
		if rapid.Bool().Draw(t, "undone") {
			m.EndedBy = people[1]
		}
		hours := rapid.IntRange(0, 30*24).Draw(t, "hours")
		a, err := AppealMeasure{Measure: m.ID, Reason: "Non."}.appeal(m, noon.Add(time.Duration(hours)*time.Hour))
		switch {
		case m.EndedBy != domain.Nowhere:
			if !errors.Is(err, MeasureEnded) {
				t.Fatalf("undone: %v", err)
			}
		case hours > 20*24:
			if !errors.Is(err, AppealTooLate) {
				t.Fatalf("after %d hours: %v", hours, err)
			}
		case err != nil || a.Member != m.Member || a.Against != m.DecidedBy || !a.AnswerBy.Equal(a.At.AddDate(0, 0, 14)):
			t.Fatalf("%+v, %v", a, err)
		}
		if err != nil {
			return
		}
		a.Reporter = people[2]
		if rapid.Bool().Draw(t, "decided") {
			a.Outcome = Upheld
		}
		reader := domain.Standing{Member: someone.Draw(t, "reader"), Admitted: true}
		if rapid.Bool().Draw(t, "moderates") {
			reader.Roles = []domain.Role{domain.Moderator}
		}
		household := append(rapid.SliceOfN(someone, 0, 2).Draw(t, "household"), reader.Member)
		apart := !slices.ContainsFunc(people[:3], func(side domain.ID) bool { return slices.Contains(household, side) })
		if may := a.readBy(reader, household).MayDecide; may != (apart && a.Outcome == "" && reader.May(domain.Moderate)) {
			t.Fatalf("may decide %v, apart %v, outcome %q", may, apart, a.Outcome)
		}
	})
}

func TestWaitingAppealsComeFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) Appeal {
			a := Appeal{AnswerBy: noon.Add(time.Duration(rapid.IntRange(0, 99).Draw(t, what+" by")) * time.Hour)}
			if rapid.Bool().Draw(t, what+" decided") {
				a.Outcome, a.DecidedAt = Overturned, noon.Add(time.Duration(rapid.IntRange(0, 99).Draw(t, what+" at"))*time.Hour)
			}
			return a
		}
		one, other := draw("one"), draw("other")
		before := one.AnswerBy.Before(other.AnswerBy)
		if one.Outcome != other.Outcome {
			before = one.Outcome == ""
		} else if one.Outcome != "" {
			before = one.DecidedAt.After(other.DecidedAt)
		}
		if (one.Place() < other.Place()) != before {
			t.Fatalf("%+v, %+v", one, other)
		}
	})
}
