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

var noon = time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC)

// No answer is without a statement and a rule, none lasts longer than its action
// may, and only a listing is hidden or removed.
func TestEveryMeasureIsStatedAndBounded(t *testing.T) {
	all := []Action{Dismiss, Note, Warn, Hide, Remove, Freeze, Suspend}
	rapid.Check(t, func(t *rapid.T) {
		cmd := Resolve{
			Action:    rapid.SampledFrom(all).Draw(t, "action"),
			Statement: rapid.SampledFrom([]string{"", "  ", "Trop loin.", "\u202Eluaf"}).Draw(t, "statement"),
			Rule:      rapid.SampledFrom([]string{"", "Charte, article 4"}).Draw(t, "rule"),
			Days:      rapid.IntRange(-2, 40).Draw(t, "days"),
		}
		about := rapid.SampledFrom([]SubjectKind{AboutMember, AboutListing, AboutExchange}).Draw(t, "subject")
		r := Report{ID: domain.NewID(), Accused: domain.NewID(), Subject: Subject{about, domain.NewID()}, Reason: rapid.SampledFrom(Reasons).Draw(t, "reason")}
		checked, err := cmd.check()
		if stated := cmd.Statement == "Trop loin."; !stated && err == nil {
			t.Fatalf("an answer without a statement passes: %q", cmd.Statement)
		}
		if err != nil {
			return
		}
		m, err := checked.measure(r, domain.NewID(), noon)
		if fit := about == AboutListing || (cmd.Action != Hide && cmd.Action != Remove); !fit {
			if !errors.Is(err, ActionUnfit) {
				t.Fatalf("%s of a %s: %v", cmd.Action, about, err)
			}
			return
		}
		if err != nil || m.Statement == "" || m.Rule == "" || m.Member != r.Accused {
			t.Fatalf("%+v, %v", m, err)
		}
		ends := slices.Contains([]Action{Hide, Freeze}, cmd.Action)
		if m.Until.IsZero() == ends || (ends && m.Until.After(noon.AddDate(0, 0, 30))) {
			t.Fatalf("%s ends %s", cmd.Action, m.Until)
		}
		if m.ToldMember() == slices.Contains([]Action{Dismiss, Note}, cmd.Action) {
			t.Fatalf("%s tells its member: %v", cmd.Action, m.ToldMember())
		}
	})
}

func TestWhoFeelsUnsafeIsAnsweredFirst(t *testing.T) {
	urgent := answerBy(UnsafeNow, noon)
	for _, r := range Reasons {
		if by := answerBy(r, noon); by.Before(urgent) || by.After(noon.AddDate(0, 0, 7)) {
			t.Errorf("%s is answered by %s", r, by)
		}
	}
	if urgent.Sub(noon) != 24*time.Hour {
		t.Errorf("unsafe: by %s", urgent)
	}
}
