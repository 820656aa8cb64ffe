// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

var noon = time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC)

// No answer is without a statement and a rule, none lasts longer than its action
// may, and only a listing or a message is hidden or removed.
func TestEveryMeasureIsStatedAndBounded(t *testing.T) {
	all := []Action{Dismiss, Note, Warn, Hide, Remove, Limit, Freeze, Suspend}
	rapid.Check(t, func(t *rapid.T) {
		cmd := Resolve{
			Action:    rapid.SampledFrom(all).Draw(t, "action"),
			Statement: rapid.SampledFrom([]string{"", "  ", "Trop loin.", "\u202Eluaf"}).Draw(t, "statement"),
			Rule:      rapid.SampledFrom([]string{"", "Charte, article 4"}).Draw(t, "rule"),
			Days:      rapid.IntRange(-2, 40).Draw(t, "days"),
			Limits:    rapid.SliceOf(rapid.SampledFrom(membership.Abilities())).Draw(t, "limits"),
		}
		rules := community.Safety{LimitDays: rapid.IntRange(1, 90).Draw(t, "the charter's limit")}
		about := rapid.SampledFrom(anything).Draw(t, "subject")
		r := Report{ID: domain.NewID(), Accused: domain.NewID(), Subject: Subject{about, domain.NewID()}, Reason: rapid.SampledFrom(Reasons).Draw(t, "reason")}
		checked, err := cmd.check(rules)
		if stated := cmd.Statement == "Trop loin."; !stated && err == nil {
			t.Fatalf("an answer without a statement passes: %q", cmd.Statement)
		}
		if says := len(cmd.Limits) > 0; says != (cmd.Action == Limit) && err == nil {
			t.Fatalf("%s keeps %v from its member", cmd.Action, cmd.Limits)
		}
		if err != nil {
			return
		}
		m, err := checked.measure(r, rules, domain.NewID(), noon)
		if fit := about == AboutListing || about == AboutMessage || about == AboutComment || (cmd.Action != Hide && cmd.Action != Remove); !fit {
			if !errors.Is(err, ActionUnfit) {
				t.Fatalf("%s of a %s: %v", cmd.Action, about, err)
			}
			return
		}
		if err != nil || m.Statement == "" || m.Rule == "" || m.Member != r.Accused {
			t.Fatalf("%+v, %v", m, err)
		}
		ends, most := slices.Contains([]Action{Hide, Freeze, Limit}, cmd.Action), 30
		if cmd.Action == Limit {
			most = rules.LimitDays
		}
		if m.Until.IsZero() == ends || (ends && m.Until.After(noon.AddDate(0, 0, most))) {
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
