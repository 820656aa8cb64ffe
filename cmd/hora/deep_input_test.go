// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// deep is a field of an input inside a mutation's input.
type deep struct {
	call
	mutation string
	path     string // as errors name it
	rule     string // by its owner's type, as the tests know it
	of       *ast.Type
}

// with is the call's input with another value there.
func (d deep) with(value any) input {
	raw, err := json.Marshal(d.in)
	var in input
	if err == nil {
		err = json.Unmarshal(raw, &in)
	}
	if err != nil {
		panic(err)
	}
	steps := strings.Split(d.path, ".")
	var at any = in
	for _, step := range steps[:len(steps)-1] {
		switch here := at.(type) {
		case input:
			at = here[step]
		case []any:
			i, _ := strconv.Atoi(step)
			at = here[i]
		}
	}
	at.(input)[steps[len(steps)-1]] = value
	return in
}

// deeper are the fields of the inputs that a call fills in, those it leaves out too.
func deeper(c call, mutation string) []deep {
	root := deep{call: c, mutation: mutation}
	raw, err := json.Marshal(c.in)
	var in any
	if err == nil {
		err = json.Unmarshal(raw, &in)
	}
	if err != nil {
		panic(err)
	}
	var all []deep
	var look func(def *ast.Definition, value any, path string)
	look = func(def *ast.Definition, value any, path string) {
		if list, ok := value.([]any); ok {
			for i, one := range list[:min(len(list), 1)] {
				look(def, one, path+strconv.Itoa(i)+".")
			}
			return
		}
		here, ok := value.(map[string]any)
		if !ok {
			return
		}
		for _, f := range def.Fields {
			of := contract().Types[f.Type.Name()]
			switch {
			case of.Kind == ast.InputObject:
				look(of, here[f.Name], path+f.Name+".")
			case path != "":
				found := root
				found.path, found.of, found.rule = path+f.Name, f.Type, def.Name+"."+f.Name
				all = append(all, found)
			}
		}
	}
	look(contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()], in, "")
	return all
}

// eachDeep calls fn for each deep field of some types; nothing may change.
func eachDeep(t *testing.T, s *scene, fn func(d deep), of ...string) {
	t.Helper()
	var all []deep
	for _, mutation := range mutations(t) {
		if inputs := contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()]; !slices.ContainsFunc(inputs.Fields, func(f *ast.FieldDefinition) bool {
			return contract().Types[f.Type.Name()].Kind == ast.InputObject
		}) {
			continue
		}
		found := deeper(calls[mutation](s), mutation)
		for _, more := range deepToo[mutation] {
			c := more(s)
			c.by.does(mutation, c.in) // it writes nothing
			found = append(found, deeper(c, mutation)...)
		}
		for _, d := range found {
			if slices.Contains(of, d.of.Name()) {
				all = append(all, d)
			}
		}
	}
	for _, d := range all {
		s.unchanged(d.mutation+" with a bad "+d.path, func() { fn(d) })
	}
	if len(all) < 3 {
		t.Errorf("only %d fields were tried", len(all))
	}
}

// deepToo are further calls, for what the usual ones leave out.
var deepToo = map[string][]func(s *scene) call{
	"simulateCharter": {func(s *scene) call {
		label := input{"fr": "Accueil", "en": "Front desk"}
		college := func(code string, weight int, role any) input {
			return input{"code": code, "label": label, "weight": weight, "role": role}
		}
		return call{s.anna, input{"communityId": s.id, "months": 1, "changes": input{
			"hours": input{"starting": 600}, "exchanges": input{"answerDays": 3}, "listings": input{"expiryDays": 9}, "cheques": input{"slipDays": 9},
			"sessions": input{"noticeHours": 9}, "membership": input{"closingPool": "RESERVE"}, "levy": input{"basisPoints": 500, "pool": "PROJECTS", "roleShare": 2000, "role": "BOARD"}, "reserve": input{"basisPoints": 1000, "target": 500},
			"dormancy": input{"months": 30, "contacts": 3, "days": 30, "years": 5, "safePart": 1000}, "payouts": input{"above": 600, "approvals": 3}, "suggestions": input{"nonMembers": true},
			"duty": input{"on": true, "cycleWeeks": 6, "attended": 1, "excused": -2, "missed": -3, "makeUp": 2, "alertDays": 40, "excuseHours": 24, "aheadWeeks": 10, "yearlyGrant": 3},
			"safety": input{
				"limitDays": 9, "noticeDays": 9, "vetting": []input{{"code": "INSURANCE", "label": label, "months": 12}, {"code": "FIRST_AID", "label": label, "months": 24}},
				"gates": []input{{"serviceTypeId": s.types()["102-A-1"], "vetting": []string{"FIRST_AID"}}},
			},
			"minors":   input{"fromAge": 15, "vetting": "FIRST_AID"},
			"founding": input{"members": 3}, "activities": []input{{"code": "FRONT_DESK", "label": label, "level": "ASSOCIATIVE", "compensation": "UNPAID_STATUTORY", "rule": "Règlement, article 9"}},
			"assembly": input{"period": "MONTH", "colleges": []input{college("BOARD", 3000, "BOARD"), college("MONEY", 3000, "TREASURER"), college("ALL", 4000, nil)}},
			"power": []input{{
				"type": "LUNCH", "label": label, "mode": "HIERARCHICAL", "body": input{"kind": "ROLE", "name": "COORDINATOR"}, "electorate": "BODY", "governs": []string{},
				"ballot": "YES_NO_ABSTAIN", "quorum": input{"numerator": 0, "denominator": 1}, "denominator": "CAST",
				"majority": input{"numerator": 1, "denominator": 2, "moreThan": true}, "fallback": "ESCALATE", "escalateTo": "APPEAL", "officers": 1, "effect": "AT_ONCE",
			}},
		}}}
	}},
}

// isRefusedAt is told at the field itself, or at what it is one part of.
func (d deep) isRefusedAt(value any, codes ...string) {
	d.by.t.Helper()
	sent, _ := json.Marshal(value)
	what := fmt.Sprintf("%s with %s %.40s", d.mutation, d.path, sent)
	a := d.by.tries(d.mutation, d.with(value))
	found := a.problems()
	if len(found) != 1 || !slices.Contains(codes, found[0].Code) || found[0].Message == "" {
		d.by.t.Errorf("%s: wanted %v, got %.600s", what, codes, a.raw)
		return
	}
	at, whole := strings.Join(found[0].Field, "."), d.path[:strings.LastIndex(d.path, ".")]
	if found[0].Code == "CONSENT_MISSING" {
		whole = strings.TrimSuffix(whole, ".0") // a text that nobody sent
	}
	if at != d.path && at != d.path+".0" && at != whole {
		d.by.t.Errorf("%s: %s speaks of %q", what, found[0].Code, at)
	}
	knownField(d.by.t, d.mutation, found[0])
}

func TestTextsDeepInside(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	eachDeep(t, s, func(d deep) {
		rule, known := written[d.rule]
		if !known {
			t.Errorf("%s: the tests do not know what %s holds", d.mutation, d.rule)
			return
		}
		for what, text := range badTexts {
			code := rule
			switch {
			case rule == opaque:
				continue // what is not there cannot go
			case rule == "" && what == "100 kB":
				code = "TEXT_TOO_LONG"
			case rule == "":
				code = "TEXT_UNREADABLE"
			}
			d.isRefusedAt(text, code, map[string]string{"PaperChequeInput.number": "TEXT_TOO_LONG"}[d.rule]) // of 20
		}
	}, "String", "Locale")
}

func TestMinutesDeepInside(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	eachDeep(t, s, func(d deep) {
		whole := strings.HasPrefix(d.rule, "HoursChanges") // its bounds are the charter's own
		for minutes, code := range map[string]string{
			"-1": "MINUTES_OUT_OF_RANGE", "0": "MINUTES_OUT_OF_RANGE", "600001": "MINUTES_OUT_OF_RANGE", "9223372036854775807": "MINUTES_OUT_OF_RANGE",
			"1.5": "BAD_USER_INPUT", `"60"`: "BAD_USER_INPUT",
		} {
			if whole && slices.Contains([]string{"-1", "0", "600001"}, minutes) {
				continue
			}
			codes := []string{code}
			if d.rule == "HoursChangesInput.unit" {
				codes = append(codes, "VALUE_UNKNOWN")
			}
			d.isRefusedAt(json.RawMessage(minutes), codes...)
		}
	}, "Minutes")
}

func TestIDsDeepInside(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	ours := s.objects()
	eachDeep(t, s, func(d deep) {
		kind := kinds[d.path[strings.LastIndex(d.path, ".")+1:]]
		if kind == "" {
			t.Errorf("%s: the tests do not know of what %s is an id", d.mutation, d.rule)
			return
		}
		for _, id := range []string{"", "x", "-1", "é\u0000", strings.Repeat("A", 44), strings.Repeat("A", 100_000)} {
			d.isRefusedAt(id, notFound, "MEMBER_UNKNOWN", "SERVICE_TYPE_UNKNOWN")
		}
		for _, other := range slices.Sorted(maps.Keys(ours)) {
			if other != kind {
				d.isRefusedAt(ours[other], notFound, "MEMBER_UNKNOWN", "SERVICE_TYPE_UNKNOWN")
			}
		}
	}, "ID")
}

// belowZero are numbers that are mostly negative.
var belowZero = []string{"DutyChangesInput.excused", "DutyChangesInput.missed"}

func TestNumbersDeepInside(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	eachDeep(t, s, func(d deep) {
		for _, number := range []int{-1, -1 << 31, 1<<31 - 1} {
			if number == -1 && slices.Contains(belowZero, d.rule) {
				continue
			}
			d.isRefusedAt(number, "OUT_OF_RANGE", "CHOICE_OUT_OF_RANGE", "CHARTER_LOCKS_OUT")
		}
		for _, value := range misread["Int"] {
			d.isRefusedAt(json.RawMessage(value), "BAD_USER_INPUT")
		}
	}, "Int")
}
