// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/internal/i18n"
)

// Whatever two charters have otherwise is told in words, in both languages: every
// parameter that presets differ in, and one more of each kind that they do not.
func TestEveryDifferenceIsToldInWords(t *testing.T) {
	all := []community.Charter{}
	for _, p := range community.Presets() {
		all = append(all, p.Charter)
	}
	more, err := community.Default().With(community.Changes(`{
		"hours": {"unit": 1, "floor": null, "softFloor": null, "ceiling": null}, "exchanges": {"autoConfirmDays": 3, "holdDays": 5},
		"listings": {"review": true}, "cheques": {"slipDays": 3}, "founding": {"members": 3}, "levy": {"basisPoints": 250, "pool": "RESERVE"}, "reserve": {"basisPoints": 750, "target": 0}, "dormancy": {"months": 36, "contacts": 4, "days": 20, "years": 7, "safePart": 2500}, "payouts": {"above": 90, "approvals": 4}, "suggestions": {"nonMembers": true},
		"safety": {"limitDays": 7, "noticeDays": 10, "vetting": [{"code": "RECORD_CHECK", "label": {"fr": "Casier", "en": "Record"}, "months": 6}], "gates": [{"code": "100-B", "vetting": ["RECORD_CHECK"]}]}, "minors": {"fromAge": 18, "vetting": null}, "duty": {"on": true, "cycleWeeks": 6, "attended": 1, "excused": -2, "missed": -3, "makeUp": 2, "alertDays": 40, "excuseHours": 24, "aheadWeeks": 10, "yearlyGrant": 3},
		"power": {"SEATS_BY_LOT": null, "COMMON_RULES": {"label": {"fr": "Règles", "en": "Rules"}, "body": {"kind": "CIRCLE", "name": "ELDERS"}, "electorate": "BODY",
			"governs": ["hours"], "noticeDays": 3, "days": 5, "ballot": "RANKED", "secret": true, "reasoned": true, "quorum": {"numerator": 1, "denominator": 3},
			"denominator": "PRESENT", "majority": {"numerator": 3, "denominator": 5, "moreThan": false}, "mandates": 1, "reminders": [], "fallback": "ESCALATE",
			"fallbackDays": 0, "escalateTo": "STATUTES", "officers": 2, "reviewMonths": 3, "effect": "AT_ONCE"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, more)
	code := regexp.MustCompile(`charter\.|choice\.|body\.|<no value>|%!|map\[`)
	for _, lang := range []i18n.Language{i18n.French, i18n.English} {
		for _, a := range all {
			for _, b := range []community.Charter{all[0], more} {
				for _, d := range differences(lang, a, b) {
					if code.MatchString(d.Text) || strings.Contains(d.Text, "  ") || strings.HasPrefix(d.Text, " –") {
						t.Errorf("%s %s: %q", lang, d.Path, d.Text)
					}
				}
			}
		}
	}
	told := []string{}
	for _, d := range differences(i18n.French, community.Default(), more) {
		told = append(told, d.Text)
	}
	text := strings.Join(told, "\n")
	for _, want := range []string{
		"Plancher des comptes\u00a0: −10\u00a0h → aucun", "Contribution sur les échanges\u00a0: 0\u00a0% → 2,5\u00a0%", "Règles – quorum\u00a0: 1/4 → 1/3",
		"Règles – majorité\u00a0: plus de 1/2 → au moins 3/5", "Règles – qui décide\u00a0: l’assemblée → un cercle ELDERS", "Sièges tirés au sort\u00a0: retiré",
		"Ce que la réserve doit détenir, sur l’ensemble des soldes positifs\u00a0: 10\u00a0% → 0\u00a0%", "Relecture des annonces avant publication\u00a0: non → oui",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told:\n%s", want, text)
		}
	}
}
