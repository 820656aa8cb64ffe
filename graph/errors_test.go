// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/internal/i18n"
)

var update = flag.Bool("update", false, "rewrite docs/errors.md")

const registry = "../docs/errors.md"

// figures are what texts may speak of, so that the registry shows whole sentences.
func figures(code domain.Code) map[string]any {
	args := map[string]any{
		"actual": 640, "current": 4, "count": 2, "known": "A, B", "limit": 10_000, "max": 500, "min": 3, "name": "Anna", "retryAfter": 30,
		"age": 14, "available": domain.Minutes(45), "required": domain.Minutes(90), "state": "", "trace": "",
		"mode": domain.Word("mode.PARTICIPATORY"), "body": domain.Word("body.ASSEMBLY"), "type": "STATUTES",
	}
	switch code {
	case membership.AbilityLimited:
		args["what"], args["until"] = domain.Word("ability.OFFERING"), time.Date(2026, time.March, 31, 18, 0, 0, 0, time.UTC)
	case membership.VettingMissing:
		kind := community.VettingKind{Code: "RECORD_CHECK", Label: map[string]string{"fr": "Vérification des antécédents", "en": "Record check"}, Months: 36}
		args["kind"], args["what"] = kind, domain.Label(kind.Label)
	case domain.MinutesOutOfRange:
		args["min"], args["max"] = domain.Minutes(1), domain.MaxMinutes
	default: // the figures that any may speak of
	}
	if strings.HasSuffix(string(code), "_STATE") {
		delete(args, "state")
	}
	return args
}

// errorCodes are those of the contract, with what it says of each.
func errorCodes() ast.EnumValueList { return contract().Types["ErrorCode"].EnumValues }

func isTop(code domain.Code) bool { return slices.Contains(topLevel, code) }

// typeOf is the type of the contract that a code comes with.
func typeOf(code domain.Code) string {
	return reflect.TypeOf(userError(i18n.English, &domain.Error{Code: code, Args: withState(figures(code))})).Name()
}

func withState(args map[string]any) map[string]any {
	args["state"] = "A_STATE"
	args["mode"], args["body"] = domain.Word("mode.PARTICIPATORY"), domain.Word("body.ASSEMBLY")
	return args
}

// TestTheRegistryOfErrors keeps docs/errors.md what the contract, the texts and
// the edge's own tables say: there is one source for each part.
func TestTheRegistryOfErrors(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# What can go wrong, and what to do

Made of the contract’s descriptions, the texts in both languages and the edge’s own tables by
` + "`go test ./graph -run TestTheRegistryOfErrors -update`" + `; a test fails when it differs. New codes may come at any time:
[Write an app](integrate.md#values-to-come) says what to do with one you do not know.

*Again* says whether the very same request may succeed later, without anybody changing what was sent: the field
` + "`retryable`" + ` of a user error, ` + "`extensions.retryable`" + ` at the top. Send it with the same ` + "`idempotencyKey`" + `.
`)
	for _, part := range []struct {
		title, about string
		top          bool
	}{
		{"At the top", "In `errors[].extensions.code`: nobody can put these right by typing something else.", true},
		{"User errors", "In `userErrors` of a mutation’s payload; at the top of a query they come as BAD_USER_INPUT with the code in `extensions.reason`.", false},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", part.title, part.about)
		for _, v := range errorCodes() {
			if isTop(domain.Code(v.Name)) == part.top {
				describe(&b, v)
			}
		}
	}
	if *update {
		if err := os.WriteFile(registry, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(registry)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != b.String() {
		t.Errorf("%s is not what the contract and the texts say; write it anew: go test ./graph -run TestTheRegistryOfErrors -update", registry)
	}
}

func describe(b *strings.Builder, v *ast.EnumValueDefinition) {
	code := domain.Code(v.Name)
	again := "no"
	if slices.Contains(passing, code) {
		again = "yes"
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n", v.Name, strings.Join(strings.Fields(v.Description), " "))
	fmt.Fprintf(b, "- again: %s\n", again)
	if !isTop(code) {
		fmt.Fprintf(b, "- type: `%s`\n", typeOf(code))
	}
	for _, lang := range []i18n.Language{i18n.French, i18n.English} {
		fmt.Fprintf(b, "- %s: %s\n", lang, i18n.Error(lang, &domain.Error{Code: code, Args: figures(code)}))
	}
}

// Each code says what it means and then what to do; one sentence alone is half of it.
func TestEachCodeSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, v := range errorCodes() {
		if said := strings.TrimSuffix(v.Description, "Top-level only."); strings.Count(said, ". ")+strings.Count(said, ".\n") < 1 {
			t.Errorf("%s: its description says %q; add what an app does about it", v.Name, v.Description)
		}
	}
}

// Every type that implements UserError is given for some code, and carries what
// its code came with.
func TestEachTypeOfErrorIsGiven(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	for _, v := range errorCodes() {
		if code := domain.Code(v.Name); !isTop(code) {
			given[typeOf(code)] = true
		}
	}
	for _, def := range contract().GetPossibleTypes(contract().Types["UserError"]) {
		if !given[def.Name] {
			t.Errorf("no code comes as a %s", def.Name)
		}
	}
	five, of, hours := 5, 2, domain.Minutes(-600)
	for _, c := range []struct {
		problem *domain.Error
		want    model.UserError
	}{
		{domain.NewError(domain.TextTooLong, "a.b", "max", 5, "actual", 2), model.LimitReached{Maximum: 5, Actual: &of}},
		{domain.NewError(domain.StaleVersion, "", "current", 5), model.StaleVersion{CurrentVersion: &five}},
		{domain.NewError(domain.MinutesOutOfRange, "", "min", hours, "max", -hours), model.OutOfRange{Minimum: -600, Maximum: 600}},
		{domain.NewError("MEMBER_INACTIVE", "", "state", "PAUSED", "name", "Anna"), model.WrongState{State: "PAUSED", Retryable: true}},
		{domain.NewError("EXCHANGE_STATE", ""), model.GeneralError{}}, // nobody said which
		{domain.NewError("INSUFFICIENT_HOURS", "", "available", hours), model.InsufficientHours{Available: &hours, Retryable: true}},
	} {
		got := reflect.ValueOf(userError(i18n.English, c.problem))
		want := reflect.New(got.Type()).Elem()
		want.Set(reflect.ValueOf(c.want))
		for _, field := range []string{"Code", "Field", "Message"} {
			want.FieldByName(field).Set(got.FieldByName(field))
		}
		if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%v comes as %+v, want %+v", c.problem, got.Interface(), want.Interface())
		}
	}
}

func TestWhatMayPassIsACode(t *testing.T) {
	t.Parallel()
	for _, code := range slices.Concat(passing, topLevel) {
		if errorCodes().ForName(string(code)) == nil {
			t.Errorf("%s is no code of the contract", code)
		}
	}
}
