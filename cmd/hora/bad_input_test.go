// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// fieldsOf are the fields of a mutation's input that have a type.
func fieldsOf(mutation, of string) []string {
	var names []string
	for _, f := range contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()].Fields {
		if f.Type.Name() == of {
			names = append(names, f.Name)
		}
	}
	return names
}

// eachField calls fn for every field of a type in every mutation, with a call to
// spoil; nothing may change.
func eachField(t *testing.T, s *scene, fn func(c call, mutation, field string), of ...string) {
	t.Helper()
	type spot struct {
		call
		mutation, field string
	}
	var all []spot
	for _, mutation := range mutations(t) {
		var usual *call
		for _, kind := range of {
			for _, field := range fieldsOf(mutation, kind) {
				switch other, apart := apart[mutation+"."+field]; {
				case apart:
					all = append(all, spot{other(s), mutation, field})
					continue
				case usual == nil:
					c := calls[mutation](s)
					usual = &c
				}
				all = append(all, spot{*usual, mutation, field})
			}
		}
	}
	tried := 0
	for _, at := range all {
		tried++
		s.unchanged(at.mutation+" with a bad "+at.field, func() { fn(at.call, at.mutation, at.field) })
	}
	if tried < 10 {
		t.Errorf("only %d fields were tried", tried)
	}
}

func TestMinutesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	mayBeNothing := []string{"travelMinutes", "preparationMinutes", "keptMinutes", "planCycles.minutes", "planSplit.minutes"}
	mayBeLess := []string{"floor", "softFloor", "ceiling"}
	eachField(t, s, func(c call, mutation, field string) {
		for minutes, code := range map[string]string{
			"-1": "MINUTES_OUT_OF_RANGE", "0": "MINUTES_OUT_OF_RANGE", "600001": "MINUTES_OUT_OF_RANGE",
			"1000000000000": "MINUTES_OUT_OF_RANGE", "-1000000000000": "MINUTES_OUT_OF_RANGE", "9223372036854775807": "MINUTES_OUT_OF_RANGE",
			"1.5": "BAD_USER_INPUT", `"1.5"`: "BAD_USER_INPUT", `"60"`: "BAD_USER_INPUT", "1e2": "BAD_USER_INPUT", "true": "BAD_USER_INPUT", "[60, 60]": "BAD_USER_INPUT",
			"1000000000000000000000000000000": "BAD_USER_INPUT", "-1000000000000000000000000000000": "BAD_USER_INPUT",
		} {
			small := minutes == "0" || minutes == "-1" || minutes == "600001"
			switch {
			case minutes == "0" && (slices.Contains(mayBeNothing, field) || slices.Contains(mayBeNothing, mutation+"."+field)), small && slices.Contains(mayBeLess, field):
				continue
			case minutes == "0" && mutation == "resolveDispute":
				code = "REQUIRED" // none at all is said by the other outcome
			}
			in := with(c.in, field, json.RawMessage(minutes))
			if slices.Contains(mayBeLess, field) { // alone, so that they cannot cross
				in = maps.Clone(c.in)
				maps.DeleteFunc(in, func(name string, _ any) bool { return slices.Contains(mayBeLess, name) })
				in[field] = json.RawMessage(minutes)
			}
			c.by.isRefused(mutation, in, code, field)
		}
	}, "Minutes")
}

func TestMinutesWrittenIntoTheDocument(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	x := anna.gave(bruno, 60)
	for minutes, code := range map[string]string{
		"-1": "MINUTES_OUT_OF_RANGE", "0": "MINUTES_OUT_OF_RANGE", "1.5": "BAD_USER_INPUT", `"60"`: "BAD_USER_INPUT", "SIXTY": "BAD_USER_INPUT",
		"1000000000000": "MINUTES_OUT_OF_RANGE", "1000000000000000000000000000000": "BAD_USER_INPUT", "{}": "BAD_USER_INPUT",
	} {
		town.unchanged("confirming "+minutes, func() {
			a := bruno.gql(bruno.bearer(), fmt.Sprintf(`mutation { confirmExchange(input: { exchangeId: %q, idempotencyKey: "1", minutes: %s }) {
				exchange { state } userErrors { __typename code field message retryable } } }`, x, minutes), nil)
			if found := a.problems(); len(found) != 1 || found[0].Code != code || found[0].Message == "" {
				t.Errorf("%s minutes: %s", minutes, a.raw)
			}
		})
	}
}

// misread are values of which no field of a type can be, as they are sent.
var misread = map[string][]string{
	"Int": {"1.5", "100000000000000000000", "true", "[1]", "{}"}, "Float": {`"x"`, "true", "1e400", "[]"},
	"Boolean": {`"yes"`, "1", "[]"}, "ID": {"true", "[]", "{}", "1.5"}, "String": {"true", "[]", "{}"}, "Locale": {"{}", "[]"},
	"Date":       {`"tomorrow"`, `"2026-02-30"`, "5", "true", "{}"},
	"DateTime":   {`"tomorrow"`, `"2026-02-30T10:00:00Z"`, `"0001-01-01T00:00:00Z"`, "5", "true", "{}"},
	"PlaceInput": {`"Montréal"`, "5", "{}", `{"latitude": 1}`, `{"latitude": "x", "longitude": 2}`, `{"latitude": 1, "longitude": 2, "altitude": 3}`},
}

func TestValuesOfAnotherType(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	for name, def := range contract().Types {
		if def.Kind == ast.Enum && !def.BuiltIn {
			misread[name] = []string{`"NONSENSE"`, fmt.Sprintf("%q", strings.ToLower(def.EnumValues[0].Name)), "5", "true", "[]"}
		}
	}
	eachField(t, s, func(c call, mutation, field string) {
		of := contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()].Fields.ForName(field).Type
		values := misread[of.Name()]
		if of.NonNull {
			values = append(slices.Clone(values), "null")
		}
		for _, value := range values {
			if of.Elem != nil && strings.HasPrefix(value, "[]") {
				continue // a list of nothing
			}
			a := c.by.tries(mutation, with(c.in, field, json.RawMessage(value)), "Accept-Language", "fr")
			found := a.problems()
			if len(found) != 1 || !slices.Contains([]string{"BAD_USER_INPUT", "VALUE_UNKNOWN", "NOT_FOUND", "OPTION_UNKNOWN"}, found[0].Code) || found[0].Message == "" {
				t.Errorf("%s with %s=%s: %.600s", mutation, field, value, a.raw)
			}
		}
	}, slices.Collect(maps.Keys(misread))...)
	for _, in := range []string{"null", "[]", `"x"`, "5", `{}`, `{"unknown": 1}`} {
		s.unchanged("an input that is none", func() {
			a := s.anna.gql(s.anna.bearer(), document("acceptExchange"), json.RawMessage(`{"input": `+in+`}`))
			if found := a.problems(); len(found) != 1 || found[0].Code != "BAD_USER_INPUT" {
				t.Errorf("acceptExchange with %s: %s", in, a.raw)
			}
		})
	}
}

// The texts that no field keeps: NUL, half a surrogate pair, a direction
// override, and 100 kB.
var badTexts = map[string]json.RawMessage{
	"NUL":              json.RawMessage(`"Bonjour \u0000 toi, et merci pour le pain de samedi"`),
	"a lone surrogate": json.RawMessage(`"Bonjour \ud800 toi, et merci pour le pain de samedi"`),
	"an override":      json.RawMessage(`"Bonjour \u202e toi, et merci pour le pain de samedi"`),
	"100 kB":           json.RawMessage(`"` + strings.Repeat("é", 50_000) + `"`),
}

func TestTextsWrittenIntoTheDocument(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	for what, text := range map[string]string{
		"NUL": `"a\u0000bc"`, "a lone surrogate": `"a\ud800bc"`, "an override": `"a\u202ebc"`, "a block with an override": `"""a` + "\u202e" + `bc"""`,
		"broken bytes": "\"a\xff\xfebc\"",
	} {
		town.unchanged(what, func() {
			body := `{"query": ` + quoted(`mutation { createListing(input: { communityId: "`+town.id+`", kind: OFFER, serviceTypeId: "`+town.types()["102-A-1"]+`", title: `+text+` }) {
				listing { id } userErrors { __typename code field message retryable } } }`) + `}`
			_, raw := town.http("POST", "/graphql", []byte(body), "Content-Type", "application/json", "Authorization", "Bearer "+anna.bearer())
			a := answer{raw: string(raw)}
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			if found := a.problems(); len(found) != 1 || found[0].Code != "TEXT_UNREADABLE" || !slices.Equal(found[0].Field, []string{"title"}) {
				t.Errorf("a title with %s: %s", what, raw)
			}
		})
	}
}

// quoted is a JSON string of any bytes, those that are no UTF-8 left as they are.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(text) + `"`
}

const arabic = "مرحبًا بكم في بنك الوقت: ساعة بساعة، وشكرًا لكم"

// written says of each text field what is answered when it is bad: a code of its
// own, or "" for what people write, which is unreadable or too long.
var written = map[string]string{
	"title": "", "description": "", "displayName": "", "deviceName": "", "name": "", "message": "", "reason": "", "note": "", "sponsor": "", "for": "", "earmark": "EARMARK_DIFFERS", "place": "", "costs": "", "body": "", "proof": "", "purpose": "", "beneficiaries": "",
	"email": "EMAIL_INVALID", "signIn.email": "INVALID_CREDENTIALS", "refreshToken": "SESSION_ENDED",
	"locale": "VALUE_UNKNOWN", "language": "VALUE_UNKNOWN", "createCommunity.locale": "LOCALE_UNKNOWN", "timeZone": "TIME_ZONE_UNKNOWN",
	"consent": "", "pin": "INVALID_CREDENTIALS", "card": "INVALID_CREDENTIALS", "communitySlug": "INVALID_CREDENTIALS",
	"activityKind": "ACTIVITY_KIND_UNKNOWN", "recordVetting.kind": "VALUE_UNKNOWN", "covers": "", "guardianName": "", "MinorChangesInput.vetting": "VALUE_UNKNOWN", "VettingKindInput.code": "VALUE_UNKNOWN", "VettingGateInput.vetting": "VALUE_UNKNOWN",
	"cheque": "CHEQUE_UNREADABLE", "publicKey": "DEVICE_KEY_INVALID",
	"slug": "SLUG_INVALID", "alt": "", "contentType": "UPLOAD_TYPE", "preset": "PRESET_UNKNOWN", "role": "ROLE_UNKNOWN",
	"details": "", "statement": "", "rule": "", "reasons": "", "text": "", "criteria": "", "evidence": "", "reference": "",
	"url": "URL_INVALID", "events": "EVENT_UNKNOWN", "type": "DECISION_TYPE_UNKNOWN",
	"DecisionOptionInput.label": "", "ProjectMilestoneInput.title": "", "LabelInput.fr": "", "LabelInput.en": "", "ActivityKindInput.rule": "",
	"DecisionEffectInput.role": "ROLE_UNKNOWN", "LevyChangesInput.pool": "VALUE_UNKNOWN", "LevyChangesInput.role": "VALUE_UNKNOWN", "MembershipChangesInput.closingPool": "VALUE_UNKNOWN",
	"MembershipChangesInput.roles": "VALUE_UNKNOWN", "CollegeInput.code": "VALUE_UNKNOWN", "CollegeInput.role": "VALUE_UNKNOWN", "ActivityKindInput.code": "VALUE_UNKNOWN",
	"PowerRuleInput.type": "VALUE_UNKNOWN", "PowerRuleInput.governs": "VALUE_UNKNOWN", "PowerRuleInput.escalateTo": "CHARTER_LOCKS_OUT", "BodyInput.name": "CHARTER_LOCKS_OUT",
	"ShareTextInput.code": "CONSENT_MISSING", "ShareTextInput.version": "CONSENT_MISSING",
	"PaperChequeInput.number": "", "PaperChequeInput.date": "DAY_INVALID", "CharterChangesInput.withoutTypes": opaque,
	"ceremony": "PASSKEY_REFUSED", "token": "LINK_INVALID", "requestToken": "LINK_INVALID", "code": "LINK_INVALID",
	"password": opaque, "idempotencyKey": opaque, "clientMutationId": opaque,
}

// opaque is what nobody reads: any characters will do, though not any length.
const opaque = "opaque"

func ruleOf(t *testing.T, mutation, field string) string {
	t.Helper()
	if code, ok := written[mutation+"."+field]; ok {
		return code
	}
	code, ok := written[field]
	if !ok {
		t.Errorf("%s: the tests do not know what %s holds", mutation, field)
	}
	return code
}

func TestTextsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	eachField(t, s, func(c call, mutation, field string) {
		rule := ruleOf(t, mutation, field)
		for what, text := range badTexts {
			code, about := rule, field
			switch {
			case rule == opaque && (field == "clientMutationId" || mutation == "signIn" || what == "a lone surrogate" || what == "an override"):
				continue
			case rule == opaque && field == "password" && what == "NUL":
				continue
			case what == "100 kB" && (rule == "" || rule == opaque):
				code = "TEXT_TOO_LONG"
			case rule == "" || rule == opaque:
				code = "TEXT_UNREADABLE"
			case mutation == "signIn" || field == "refreshToken" || field == "ceremony" || mutation == "signInWithLink" || rule == "INVALID_CREDENTIALS":
				about = "" // which of two is wrong is not said
			}
			c.by.isRefused(mutation, with(c.in, field, text), code, about)
		}
	}, "String", "Locale")
}

func TestArabicIsWelcome(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	kept := 0
	for _, mutation := range mutations(t) {
		for _, field := range fieldsOf(mutation, "String") {
			if ruleOf(t, mutation, field) == "" && field != "email" {
				c := calls[mutation](s)
				if field == "guardianName" { // of who is no member
					delete(c.in, "guardianId")
				}
				c.by.does(mutation, with(c.in, field, arabic))
				kept++
			}
		}
	}
	if kept < 20 {
		t.Errorf("only %d fields were tried", kept)
	}
	help := s.anna.offers(arabic)
	same(t, "the title", s.bruno.sees(help, "Listing { title }").text("title"), arabic)
	found := s.bruno.reads(`query($slug: String!, $text: String) { community(slug: $slug) { listings(filter: { text: $text }) { nodes { id } } } }`,
		input{"slug": s.slug, "text": "ساعة"}).list("community.listings.nodes")
	if !slices.Contains(texts(found, "id"), help) {
		t.Error("the offer in Arabic is not found")
	}
}

func TestEmptyTextsAreToldAllAtOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	town.unchanged("an offer with nothing right", func() {
		a := anna.tries("createListing", input{
			"communityId": town.id, "kind": "OFFER", "title": " ", "serviceTypeId": town.types()["102-A-1"], "language": "de", "radiusKm": -1,
			"place": input{"latitude": 91, "longitude": -181},
		})
		var said []string
		for _, p := range a.problems() {
			said = append(said, strings.Join(p.Field, ".")+" "+p.Code)
			knownField(t, "createListing", p)
		}
		slices.Sort(said)
		same(t, "what is wrong", said, []string{
			"language VALUE_UNKNOWN", "place.latitude OUT_OF_RANGE", "place.longitude OUT_OF_RANGE", "radiusKm OUT_OF_RANGE", "title REQUIRED",
		})
	})
}

func TestQueriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	inTown := func(field string) string {
		return `query($text: String) { community(slug: "port") { ` + field + ` } }`
	}
	for query, texts := range map[string][]string{
		`query($text: String!) { community(slug: $text) { id } }`:                          {"NUL"},
		`query($text: String) { communities(text: $text) { nodes { id } } }`:               {"NUL"},
		`query($text: String) { communities(after: $text) { nodes { id } } }`:              {"NUL", "a lone surrogate", "an override", "100 kB"},
		inTown(`members(filter: { text: $text }) { nodes { id } }`):                        {"NUL"},
		inTown(`members(after: $text) { nodes { id } }`):                                   {"NUL", "a lone surrogate", "an override", "100 kB"},
		inTown(`listings(filter: { text: $text }) { nodes { id } }`):                       {"NUL", "a lone surrogate", "an override", "100 kB"},
		inTown(`listings(after: $text) { nodes { id } }`):                                  {"NUL", "a lone surrogate", "an override", "100 kB"},
		inTown(`exchanges(before: $text, last: 2) { nodes { id } }`):                       {"NUL", "a lone surrogate", "an override", "100 kB"},
		inTown(`membership { account { entries(after: $text) { nodes { id } } } }`):        {"NUL", "a lone surrogate", "an override", "100 kB"},
		`query($text: String) { viewer { notifications(after: $text) { nodes { id } } } }`: {"NUL", "a lone surrogate", "an override", "100 kB"},
		`query($text: String) { viewer { memberships(after: $text) { nodes { id } } } }`:   {"NUL", "a lone surrogate", "an override", "100 kB"},
	} {
		for _, what := range texts {
			cannotRead(t, anna, query+" with "+what, query, input{"text": badTexts[what]})
		}
	}
	for _, page := range []string{"first: 0", "first: -1", "first: 101", "last: 0", "last: 101", "first: 1, last: 1"} {
		cannotRead(t, anna, page, `{ community(slug: "port") { members(`+page+`) { nodes { id } } } }`, nil)
	}
}

// cannotRead asks in both languages; the document or its values are refused, in
// the words of the language unless they speak of the document itself.
func cannotRead(t *testing.T, p *person, what, query string, variables input) {
	t.Helper()
	var said []string
	for _, language := range []string{"fr", "en"} {
		a := p.gql(p.bearer(), query, variables, "Accept-Language", language)
		if len(a.Errors) != 1 || a.problems()[0].Code != "BAD_USER_INPUT" {
			t.Errorf("%s: %.500s", what, a.raw)
			return
		}
		said = append(said, a.problems()[0].Message)
	}
	if said[0] == "" || said[0] == said[1] {
		t.Errorf("%s: it says %q", what, said)
	}
}
