// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// What a service asks is what some gate over it says, and nothing that no gate says;
// more names for a service never ask for less.
func TestAServiceAsksWhatItsGatesSay(t *testing.T) {
	kinds := []VettingKind{{Code: "RECORD_CHECK"}, {Code: "DRIVING_LICENCE"}, {Code: "FIRST_AID"}}
	types := []string{"100", "100-A", "100-A-1", "100-A-10", "100-B", "100-B-1", "1000", "101", "101-A-1"}
	rapid.Check(t, func(t *rapid.T) {
		s := Safety{Vetting: kinds}
		for _, code := range rapid.SliceOfNDistinct(rapid.SampledFrom(types), 0, 4, rapid.ID[string]).Draw(t, "gates") {
			asked := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"RECORD_CHECK", "DRIVING_LICENCE", "FIRST_AID"}), 1, 3, rapid.ID[string]).Draw(t, "asked of "+code)
			s.Gates = append(s.Gates, Gate{code, asked})
		}
		one, other := rapid.SampledFrom(types).Draw(t, "type"), rapid.SampledFrom(types).Draw(t, "another")
		asked, both := s.Asks(one), s.Asks(one, other)
		for _, kind := range kinds {
			wanted := false
			for _, g := range s.Gates {
				under := one == g.ServiceType || strings.HasPrefix(one, g.ServiceType+"-")
				wanted = wanted || under && slices.Contains(g.Vetting, kind.Code)
			}
			is := func(k VettingKind) bool { return k.Code == kind.Code }
			if slices.ContainsFunc(asked, is) != wanted {
				t.Fatalf("%s asks for %v, with %+v", one, asked, s.Gates)
			}
			if wanted && !slices.ContainsFunc(both, is) {
				t.Fatalf("%s and %s ask for %v, %s alone for %v", one, other, both, one, asked)
			}
		}
	})
}

func TestWhatASafetyCannotSay(t *testing.T) {
	for changes, field := range map[string]string{
		`{"safety": {"limitDays": 0}}`:  "safety.limitDays",
		`{"safety": {"limitDays": 91}}`: "safety.limitDays",
		`{"safety": {"noticeDays": 0}}`: "safety.noticeDays",
		`{"minors": {"vetting": null}, "safety": {"vetting": [{"code": "x", "label": {"fr": "X", "en": "X"}, "months": 1}]}}`:    "safety.vetting.0",
		`{"minors": {"vetting": null}, "safety": {"vetting": [{"code": "ID", "label": {"fr": "X", "en": ""}, "months": 1}]}}`:    "safety.vetting.ID.label.en",
		`{"minors": {"vetting": null}, "safety": {"vetting": [{"code": "ID", "label": {"fr": "X", "en": "X"}, "months": 121}]}}`: "safety.vetting.ID.months",
		`{"safety": {"gates": [{"code": "100-B", "vetting": []}]}}`:                                                              "safety.gates.100-B.vetting",
		`{"safety": {"gates": [{"code": "100-B", "vetting": ["NOTHING"]}]}}`:                                                     "safety.gates.100-B.vetting",
		`{"safety": {"gates": [{"code": "cooking", "vetting": ["RECORD_CHECK"]}]}}`:                                              "safety.gates.0",
		`{"safety": {"gates": [{"code": "100", "vetting": ["RECORD_CHECK"]}, {"code": "100", "vetting": ["RECORD_CHECK"]}]}}`:    "safety.gates.1",
	} {
		problems, _ := domain.Problems(accorderie(t).must(t, changes).Validate())
		if len(problems) != 1 || problems[0].Field != field {
			t.Errorf("%s is wrong in %v", changes, problems)
		}
	}
}

// A charter that was kept before there was a part on safety may still be changed.
func TestAnOldCharterHasTheDefaultsOfSafety(t *testing.T) {
	c, err := ReadCharter([]byte(`{"power": {}}`))
	if err != nil || c.Safety.LimitDays != 30 || len(c.Safety.Gates) != 0 {
		t.Errorf("%+v, %v", c.Safety, err)
	}
}
