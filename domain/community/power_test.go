// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// accorderie is the default charter.
func accorderie(t testing.TB) Charter {
	t.Helper()
	p, ok := preset("accorderie")
	if !ok {
		t.Fatal("the default preset is gone")
	}
	return p.Charter
}

func (c Charter) must(t testing.TB, changes string) Charter {
	t.Helper()
	next, err := c.With(Changes(changes))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestEveryPresetHoldsTogether(t *testing.T) {
	wanted := []string{
		"accorderie", "accorderie-fr", "accorderie-qc", "banc-del-temps", "circles", "commons", "connectors", "expert-community", "food-coop",
		"freelance-platform", "local-hosts", "marketplace", "neighbourhood", "practice-network", "shared-library", "student-coop", "us-timebank",
	}
	for _, p := range Presets() {
		if at := slices.Index(wanted, p.Name); at >= 0 {
			wanted = slices.Delete(wanted, at, at+1)
		}
		if err := p.Charter.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if p.Description["fr"] == "" || p.Description["en"] == "" {
			t.Errorf("%s does not say what it is for", p.Name)
		}
		if p.Name != "accorderie" && len(accorderie(t).Diff(p.Charter)) == 0 {
			t.Errorf("%s is the default under another name", p.Name)
		}
		for _, part := range Parts() {
			if rule := p.Charter.Power[p.Charter.Governing(part)]; !slices.Contains(rule.Governs, part) {
				t.Errorf("%s: no row governs %s", p.Name, part)
			}
		}
	}
	if len(wanted) > 0 {
		t.Errorf("presets that are not there: %v", wanted)
	}
}

func TestTheNumbersOfTheField(t *testing.T) {
	for name, want := range map[string]string{
		"accorderie-fr": "30 900 -600", "accorderie-qc": "30 900 -600", "banc-del-temps": "15 0 -600", "us-timebank": "15 120 -600",
	} {
		p, _ := preset(name)
		if h := p.Charter.Hours; fmt.Sprintf("%d %d %d", h.Unit, h.Starting, *h.Floor) != want {
			t.Errorf("%s begins with %+v", name, h)
		}
	}
	if p, _ := preset("banc-del-temps"); *p.Charter.Hours.Ceiling != 1200 || p.Charter.DepositDays != 7 {
		t.Errorf("a Catalan bank goes to twenty hours and deposits within a week, not %+v", p.Charter)
	}
}

func TestWhoDecidesThisHere(t *testing.T) {
	c := accorderie(t)
	assembly, coordinators := Body{Kind: TheAssembly}, Body{ARole, "COORDINATOR"}
	for _, right := range []struct {
		of   DecisionType
		mode Mode
		body Body
	}{
		{OpenProject, Distributed, assembly},
		{DailyWork, Hierarchical, coordinators},
		{SafetySuspension, Hierarchical, coordinators},
		{HouseAgreement, Participatory, assembly},
		{CommonRules, Participatory, assembly},
		{Statutes, Participatory, assembly},
		{AppealDecision, Participatory, Body{ACircle, "APPEAL_PANEL"}},
	} {
		if rule, err := c.Require(right.of, right.mode, right.body); err != nil || rule.Mode != right.mode {
			t.Errorf("%s: %v", right.of, err)
		}
	}
	for _, wrong := range []struct {
		of   DecisionType
		mode Mode
		body Body
		code domain.Code
	}{
		{DailyWork, Participatory, assembly, WrongBody},
		{Exclusion, Hierarchical, coordinators, WrongBody},
		{HouseAgreement, Participatory, Body{ACircle, "GARDEN"}, WrongBody},
		{"DECLARE_WAR", Participatory, assembly, DecisionTypeUnknown},
	} {
		_, err := c.Require(wrong.of, wrong.mode, wrong.body)
		if !errors.Is(err, wrong.code) {
			t.Errorf("%s by %s: %v", wrong.of, wrong.body, err)
		}
		if problems, _ := domain.Problems(err); wrong.code == WrongBody && (problems[0].Args["body"] == nil || problems[0].Args["mode"] == nil) {
			t.Errorf("%v does not name who decides", err)
		}
	}
	if c.Governing("hours") != CommonRules || c.Governing("listings") != HouseAgreement || c.Governing("power") != Statutes {
		t.Error("a part of the charter has another keeper than promised")
	}
	if c.must(t, `{"power":{"COMMON_RULES":{"governs":["hours"]}}}`).Governing("levy") != Statutes {
		t.Error("what nobody keeps is not kept by the strictest")
	}
}

func TestAMandateHolderActsOnlyWhereTheMatrixSaysSo(t *testing.T) {
	c := accorderie(t)
	coordinator := domain.Standing{Active: true, Roles: []domain.Role{domain.Coordinator}}
	if !c.Power[DailyWork].MayAct(coordinator) || c.Power[Statutes].MayAct(coordinator) {
		t.Error("a coordinator runs the day and does not write the statutes")
	}
	if coordinator.Active = false; c.Power[DailyWork].MayAct(coordinator) {
		t.Error("a coordinator on leave acts")
	}
}

func TestQuorumsAndMajoritiesAreExact(t *testing.T) {
	if (Fraction{1, 3}).Ceil(10) != 4 || (Fraction{1, 4}).Ceil(100) != 25 || (Fraction{0, 1}).Ceil(9) != 0 {
		t.Error("a quorum is rounded up")
	}
	half, thirds := Majority{Fraction{1, 2}, true}, Majority{Fraction{2, 3}, false}
	if half.Carries(5, 10) || !half.Carries(6, 10) || !thirds.Carries(2, 3) || thirds.Carries(66, 100) || thirds.Carries(0, 0) {
		t.Error("more than half, and two thirds at least")
	}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int64Range(1, 1000).Draw(t, "denominator")
		m := Majority{Fraction{rapid.Int64Range(0, d).Draw(t, "numerator"), d}, rapid.Bool().Draw(t, "more than")}
		whole := rapid.Int64Range(0, 1_000_000).Draw(t, "whole")
		part := rapid.Int64Range(0, whole).Draw(t, "part")
		if m.Carries(part, whole) && part < whole && !m.Carries(part+1, whole) {
			t.Fatalf("one more supporter takes %v away from %d of %d", m, part, whole)
		}
		q := m.Ceil(whole)
		if q*d < whole*m.Numerator || q > 0 && (q-1)*d >= whole*m.Numerator {
			t.Fatalf("%d is not the least that is %v of %d", q, m.Fraction, whole)
		}
	})
}

func TestAllThatIsWrongWithACharterIsNamed(t *testing.T) {
	for changes, want := range map[string]map[string]domain.Code{
		`{"hours":{"unit":7}}`:                                     {"hours.unit": domain.ValueUnknown},
		`{"hours":{"starting":901}}`:                               {"hours.starting": OutOfUnit},
		`{"hours":{"starting":-15}}`:                               {"hours.starting": domain.MinutesOutOfRange},
		`{"hours":{"floor":60,"softFloor":60}}`:                    {"hours.floor": LocksOut},
		`{"hours":{"softFloor":-1200}}`:                            {"hours.floor": "LIMITS_INVALID"},
		`{"hours":{"ceiling":300}}`:                                {"hours.ceiling": "LIMITS_INVALID"},
		`{"exchanges":{"holdDays":3},"levy":{"basisPoints":1001}}`: {"exchanges.holdDays": domain.OutOfRange, "levy.basisPoints": domain.OutOfRange, "levy.pool": domain.ValueUnknown},
		`{"membership":{"closingPool":"MINE","roles":["boss"]}}`:   {"membership.closingPool": domain.ValueUnknown, "membership.roles.0": domain.ValueUnknown},
		`{"assembly":{"period":"FORTNIGHT"}}`:                      {"assembly.period": domain.ValueUnknown},
		`{"power":{"STATUTES":null}}`:                              {"power.STATUTES": LocksOut},
		`{"power":{"STATUTES":{"majority":{"numerator":1,"denominator":1,"moreThan":true}}}}`:                     {"power.STATUTES.majority": LocksOut},
		`{"power":{"COMMON_RULES":{"quorum":{"numerator":3,"denominator":2}}}}`:                                   {"power.COMMON_RULES.quorum": LocksOut},
		`{"power":{"COMMON_RULES":{"quorum":{"denominator":0}}}}`:                                                 {"power.COMMON_RULES.quorum": domain.OutOfRange},
		`{"power":{"HOUSE_AGREEMENT":{"governs":["hours"]}}}`:                                                     {"power.HOUSE_AGREEMENT.governs": GovernedTwice},
		`{"power":{"HOUSE_AGREEMENT":{"governs":["weather"]}}}`:                                                   {"power.HOUSE_AGREEMENT.governs": domain.ValueUnknown},
		`{"power":{"DAILY_WORK":{"body":{"name":"KING"}}}}`:                                                       {"power.DAILY_WORK.body": LocksOut},
		`{"power":{"DAILY_WORK":{"escalateTo":"SAFETY_SUSPENSION"}}}`:                                             {"power.DAILY_WORK.escalateTo": LocksOut},
		`{"power":{"COMMON_RULES":{"byCollege":true}}}`:                                                           {"power.COMMON_RULES.byCollege": LocksOut},
		`{"power":{"COMMON_RULES":{"days":0,"mandates":3}}}`:                                                      {"power.COMMON_RULES.days": domain.OutOfRange, "power.COMMON_RULES.mandates": domain.OutOfRange},
		`{"power":{"STATUTES":{"mode":"HIERARCHICAL","officers":1,"body":{"kind":"ROLE","name":"COORDINATOR"}}}}`: {"power.STATUTES.mode": LocksOut},
	} {
		problems, _ := domain.Problems(accorderie(t).must(t, changes).Validate())
		got := map[string]domain.Code{}
		for _, p := range problems {
			got[p.Field] = p.Code
		}
		for field, code := range want {
			if got[field] != code {
				t.Errorf("%s: %s is %q, want %q (%v)", changes, field, got[field], code, problems)
			}
		}
		if changes != `{"power":{"STATUTES":{"mode":"HIERARCHICAL","officers":1,"body":{"kind":"ROLE","name":"COORDINATOR"}}}}` && len(got) != len(want) {
			t.Errorf("%s: %v", changes, problems)
		}
	}
}

func TestCollegesMakeAWhole(t *testing.T) {
	college := func(code string, weight int, role string) map[string]any {
		return map[string]any{"code": code, "label": map[string]string{"fr": code, "en": code}, "weight": weight, "role": role}
	}
	for name, c := range map[string]struct {
		colleges []map[string]any
		want     domain.Code
	}{
		"three that make a whole":  {[]map[string]any{college("USERS", 4000, ""), college("STAFF", 3000, "TREASURER"), college("HOSTS", 3000, "BOARD")}, ""},
		"ninety-nine percent":      {[]map[string]any{college("USERS", 4000, ""), college("STAFF", 3000, "TREASURER"), college("HOSTS", 2900, "BOARD")}, CollegeWeights},
		"two":                      {[]map[string]any{college("USERS", 5000, ""), college("STAFF", 5000, "TREASURER")}, CollegeWeights},
		"one above half":           {[]map[string]any{college("USERS", 6000, ""), college("STAFF", 2000, "TREASURER"), college("HOSTS", 2000, "BOARD")}, domain.OutOfRange},
		"none for everybody else":  {[]map[string]any{college("USERS", 4000, "MODERATOR"), college("STAFF", 3000, "TREASURER"), college("HOSTS", 3000, "BOARD")}, LocksOut},
		"two for everybody else":   {[]map[string]any{college("USERS", 4000, ""), college("STAFF", 3000, ""), college("HOSTS", 3000, "BOARD")}, LocksOut},
		"a role that nobody knows": {[]map[string]any{college("USERS", 4000, ""), college("STAFF", 3000, "KING"), college("HOSTS", 3000, "BOARD")}, domain.ValueUnknown},
	} {
		raw, err := json.Marshal(map[string]any{"assembly": map[string]any{"colleges": c.colleges}})
		if err != nil {
			t.Fatal(err)
		}
		switch err := accorderie(t).must(t, string(raw)).Validate(); {
		case c.want == "" && err != nil, c.want != "" && !errors.Is(err, c.want):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACharterThatWouldLeaveNobodyToDecideIsRefused(t *testing.T) {
	held := Holders{domain.Coordinator: 1}
	c := accorderie(t)
	if err := c.LockedOut(held); err != nil {
		t.Errorf("a community with a coordinator cannot live by the default: %v", err)
	}
	board := c.must(t, `{"power":{"HOUSE_AGREEMENT":{"mode":"HIERARCHICAL","electorate":"BODY","officers":2,"body":{"kind":"ROLE","name":"BOARD"}}}}`)
	held[domain.Board] = 1
	if err := board.LockedOut(held); !errors.Is(err, LocksOut) {
		t.Errorf("one of two officers is there: %v", err)
	}
	if held[domain.Board] = 2; board.LockedOut(held) != nil {
		t.Error("both officers are there")
	}
	if err := c.must(t, `{"power":{"SAFETY_SUSPENSION":{"officers":5}}}`).LockedOut(held); err != nil {
		t.Errorf("a decision that nothing waits for locks nobody out: %v", err)
	}
}
