// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// amends asks for a change of the charter, for no better reason than a test's.
func (p *person) amends(changes input, more ...any) answer {
	p.t.Helper()
	in := input{"communityId": p.id, "changes": changes, "reason": "Décidé ensemble.", "idempotencyKey": newKey()}
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i].(string)] = more[i+1]
	}
	return p.tries("amendCharter", in)
}

// changes makes a change of the charter that must be accepted.
func (p *person) changes(changes input) {
	p.t.Helper()
	if a := p.amends(changes); len(a.problems()) > 0 {
		p.t.Fatalf("%s cannot change %v: %s", p.name, changes, a.raw)
	}
}

// charter reads fields of the charter in force.
func (w *town) charter(fields string) thing {
	w.t.Helper()
	return w.founder.reads(`query($slug: String!) { community(slug: $slug) { charter { `+fields+` } } }`, input{"slug": w.slug}).thing("community.charter")
}

func TestAFounderBeginsAloneAndAssembliesGoOn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	same(t, "Anna begins with", anna.statement(), []line{{1, 900, 900, "OPENING"}})
	town.founder.changes(input{"hours": input{"starting": 600, "ceiling": nil}, "levy": input{"basisPoints": 250, "pool": "PROJECTS"}})
	same(t, "the charter", town.charter("version reason startingHours floor ceiling levy { basisPoints pool } foundingMembers"), thing{
		"version": 2.0, "reason": "Décidé ensemble.", "startingHours": 600.0, "floor": -600.0, "ceiling": nil,
		"levy": map[string]any{"basisPoints": 250.0, "pool": "PROJECTS"}, "foundingMembers": 20.0,
	})
	bruno := town.welcome("Bruno", "en")
	same(t, "Bruno begins with", bruno.statement(), []line{{1, 600, 600, "OPENING"}})
	same(t, "Anna keeps", anna.statement(), []line{{1, 900, 900, "OPENING"}})

	// Whoever is not the founder is told who decides.
	told := anna.amends(input{"hours": input{"starting": 900}}).problems()
	same(t, "Anna is told", told[0].Code, "WRONG_BODY")

	// Enough members are there: now the assembly decides, and nobody alone.
	town.founder.changes(input{"founding": input{"members": 2}})
	wrong := town.founder.gql(town.founder.bearer(), `mutation($input: AmendCharterInput!) { amendCharter(input: $input) { userErrors {
		code field message ... on WrongBody { type mode body name } } } }`, input{"input": input{
		"communityId": town.id, "changes": input{"hours": input{"starting": 900}}, "reason": "Comme avant.",
	}})
	same(t, "the founder is told", payloadOf(wrong).list("userErrors"), []thing{{
		"code": "WRONG_BODY", "field": []any{"changes"}, "type": "COMMON_RULES", "mode": "PARTICIPATORY", "body": "ASSEMBLY", "name": nil,
		"message": "Cela ne se décide pas ici. C’est l’affaire de l’assemblée, par un vote. Adressez-lui la demande.",
	}})
	town.booksAreRight()
}

func TestTheCharterTellsItsHistoryInPlainWords(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.founder.changes(input{"listings": input{"review": true}})
	town.founder.changes(input{"power": []input{{"type": "DAILY_WORK", "body": input{"kind": "ROLE", "name": "BOARD"}}}, "withoutTypes": []string{"SEATS_BY_LOT"}})
	listings := func(role string) []input {
		return []input{{"type": "HOUSE_AGREEMENT", "governs": []string{"exchanges", "cheques", "sessions"}}, {
			"type": "LISTING_RULES", "label": input{"fr": "Règles des annonces", "en": "Rules of listings"}, "mode": "HIERARCHICAL", "electorate": "BODY",
			"body": input{"kind": "ROLE", "name": role}, "governs": []string{"listings"}, "ballot": "YES_NO_ABSTAIN", "quorum": input{"numerator": 0, "denominator": 1},
			"denominator": "CAST", "majority": input{"numerator": 1, "denominator": 2, "moreThan": true}, "fallback": "ESCALATE", "escalateTo": "APPEAL",
			"officers": 1, "effect": "AT_ONCE",
		}}
	}
	locked := town.founder.amends(input{"power": listings("TREASURER")}).problems()
	same(t, "a role that nobody holds", locked[0].Code+" "+strings.Join(locked[0].Field, "."), "CHARTER_LOCKS_OUT changes.power.1.body")
	town.founder.changes(input{"power": listings("COORDINATOR"), "founding": input{"members": 0}})
	// Coordinators keep the listings' rules now, and those alone.
	town.founder.changes(input{"listings": input{"expiryDays": 90}})
	same(t, "hours", town.founder.amends(input{"hours": input{"unit": 30}}).problems()[0].Code, "WRONG_BODY")

	history := town.founder.reads(`query($slug: String!) { community(slug: $slug) { charterHistory(first: 10) { nodes { version reason diff { path text } } } } }`,
		input{"slug": town.slug}).list("community.charterHistory.nodes")
	var told []string
	for _, version := range slices.Backward(history) {
		for _, d := range version.list("diff") {
			told = append(told, d.text("text"))
		}
	}
	same(t, "what was told", told, []string{
		"Relecture des annonces avant publication\u00a0: non → oui",
		"Permanences et modération – qui décide\u00a0: qui tient ce rôle COORDINATOR → qui tient ce rôle BOARD",
		"Sièges tirés au sort\u00a0: retiré",
		"Règle de vie commune – parties de la charte\u00a0: échanges, annonces, chèques-temps, ateliers → échanges, chèques-temps, ateliers",
		"Règles des annonces\u00a0: nouveau",
		"Membres accueillis jusqu’auxquels la personne fondatrice change seule la charte\u00a0: 20 → 0",
		"Jours d’affichage d’une annonce\u00a0: 180 → 90",
	})
}

// Everything wrong with a change is told at once, each by its field; and a change
// that no charter can hold changes nothing.
func TestAWrongCharterIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	wrong := town.founder.amends(input{
		"hours": input{"unit": 7, "floor": 60, "softFloor": 90}, "exchanges": input{"answerDays": 0}, "levy": input{"basisPoints": 5000, "pool": "MINE"},
		"power":    []input{{"type": "STATUTES", "majority": input{"numerator": 1, "denominator": 1, "moreThan": true}}, {"type": "LUNCH", "mode": "DISTRIBUTED"}},
		"assembly": input{"colleges": []input{{"code": "ALL", "label": input{"fr": "Tout", "en": "All"}, "weight": 9900}}},
	})
	fields := map[string]string{}
	for _, p := range wrong.problems() {
		fields[strings.Join(p.Field, ".")] = p.Code
	}
	for field, code := range map[string]string{
		"changes.hours.unit": "VALUE_UNKNOWN", "changes.hours.floor": "CHARTER_LOCKS_OUT", "changes.exchanges.answerDays": "OUT_OF_RANGE",
		"changes.levy.basisPoints": "OUT_OF_RANGE", "changes.levy.pool": "VALUE_UNKNOWN", "changes.power.0.majority": "CHARTER_LOCKS_OUT",
		"changes.power.1.label.fr": "REQUIRED", "changes.assembly.colleges": "COLLEGE_WEIGHTS", "changes.assembly.colleges.0.weight": "OUT_OF_RANGE",
	} {
		same(t, field, fields[field], code)
	}
	same(t, "no reason", town.founder.amends(input{"hours": input{"starting": 600}}, "reason", "").problems()[0].Code, "REQUIRED")
	same(t, "an old version", town.founder.amends(input{"hours": input{"starting": 600}}, "version", 7).problems()[0].Code, "STALE_VERSION")
	same(t, "nothing", town.founder.amends(input{}).problems()[0].Code, "CHARTER_UNCHANGED")
	same(t, "yesterday", town.founder.amends(input{"hours": input{"starting": 600}}, "effectiveFrom", town.now().Add(-day)).problems()[0].Code, "EFFECT_DATE")
	same(t, "the charter", town.charter("version startingHours"), thing{"version": 1.0, "startingHours": 900.0})
}

func TestAppsShowWhatACommunityMayStartFrom(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	presets := town.founder.reads(`{ presets { name title description charter { unit startingHours diff { text } power { type label mode body } powerRule(type: "STATUTES") { majority { numerator denominator } } } } }`, nil).list("presets")
	same(t, "presets", len(presets), 17)
	for _, p := range presets {
		if p.text("title") == "" || p.text("description") == "" || len(p.list("charter.power")) < 17 || (p.text("name") == "accorderie") != (len(p.list("charter.diff")) == 0) {
			t.Errorf("%s: %v", p.text("name"), p)
		}
	}
	town.founder.does("createCommunity", input{"name": "Banc del temps de Vic", "slug": "vic", "preset": "banc-del-temps", "locale": "fr", "timeZone": "Europe/Madrid"})
	same(t, "Vic", town.founder.reads(`{ community(slug: "vic") { charter { ceiling chequeDepositDays } } }`, nil).thing("community.charter"),
		thing{"ceiling": 1200.0, "chequeDepositDays": 7.0})
}

// What was, beside what would have been: a levy, other starting hours, a floor that
// would have refused somebody. Nothing changes by looking.
func TestAProposedCharterIsTriedOnThePast(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	for _, minutes := range []int{60, 90} {
		x := anna.gave(bruno, minutes)
		bruno.confirms(x, minutes)
	}
	tries := func(changes input) thing {
		return anna.does("simulateCharter", input{"communityId": town.id, "changes": changes}).thing("simulation")
	}
	pool := func(figures thing, purpose string) any {
		for _, p := range figures.list("pools") {
			if p.text("purpose") == purpose {
				return p["balance"]
			}
		}
		return nil
	}
	levy := tries(input{"levy": input{"basisPoints": 1000, "pool": "PROJECTS"}})
	same(t, "members, exchanges, minutes", []any{levy["members"], levy["exchanges"], levy["exchanged"]}, []any{3.0, 2.0, 150.0})
	same(t, "levy that was", levy.find("before.levy"), any(0.0))
	same(t, "levy that would have been", levy.find("after.levy"), any(15.0))
	same(t, "in the pool", []any{pool(levy.thing("before"), "PROJECTS"), pool(levy.thing("after"), "PROJECTS")}, []any{0.0, 15.0})
	starting := tries(input{"hours": input{"starting": 0, "floor": -60, "softFloor": -60}})
	same(t, "openings", []any{starting.find("before.openings"), starting.find("after.openings")}, []any{2700.0, 0.0})
	same(t, "the whole", []any{starting.find("before.communityBalance"), starting.find("after.communityBalance")}, []any{-2700.0, 0.0})
	same(t, "few enough to be made out", []any{starting["refusedExchanges"], starting["refusedMembers"]}, []any{nil, nil})
	same(t, "a charter that cannot be", anna.tries("simulateCharter", input{"communityId": town.id, "changes": input{"hours": input{"unit": 7}}}).problems()[0].Field, []string{"changes", "hours", "unit"})
	same(t, "too far back", anna.tries("simulateCharter", input{"communityId": town.id, "changes": input{}, "months": 99}).problems()[0].Code, "OUT_OF_RANGE")
	same(t, "the charter", town.charter("version startingHours"), thing{"version": 1.0, "startingHours": 900.0})
	town.booksAreRight()
}

// What the assembly keeps it changes by a vote: its voters read what would change,
// and once it is adopted it happens by itself, at the beginning of the next period.
func TestAVoteChangesTheCharter(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	same(t, "Anna alone", anna.amends(input{"hours": input{"starting": 600}}).problems()[0].Code, "WRONG_BODY")
	change := func(charter input) input { return input{"effect": input{"kind": "CHANGE_CHARTER", "charter": charter}} }
	proposal := with(change(input{"hours": input{"starting": 600}}), "idempotencyKey", newKey())
	question := anna.poses("Commencer avec dix heures ?", "COMMON_RULES", proposal)
	same(t, "sent again", anna.poses("Commencer avec dix heures ?", "COMMON_RULES", proposal), question)
	const effect = `Decision { state failure effect { kind effectiveFrom charter { part path old new text } } result { verdict } }`
	asked := bruno.sees(question, effect)
	same(t, "what Bruno reads before he votes", asked.list("effect.charter"), []thing{{
		"part": "hours", "path": "hours.starting", "old": "15 h", "new": "10 h", "text": "Starting hours: 15 h → 10 h",
	}})
	for _, voter := range []*person{anna, bruno, town.founder} {
		voter.yes(question)
	}
	town.advance(14*day + time.Minute)
	done := bruno.sees(question, effect)
	same(t, "adopted, and done", []any{done["state"], done.find("result.verdict"), done["failure"]}, []any{"EXECUTED", "ADOPTED", nil})
	same(t, "what it changed is still told", done.list("effect.charter"), asked.list("effect.charter"))
	same(t, "until the period ends", town.charter("startingHours").int("startingHours"), 900)
	clara := town.welcome("Clara", "fr")
	same(t, "Clara begins with", clara.statement(), []line{{1, 900, 900, "OPENING"}})

	history := anna.reads(`query($slug: String!) { community(slug: $slug) { charterHistory(first: 1) { nodes { version reason effectiveFrom decision { id } } } } }`,
		input{"slug": town.slug}).list("community.charterHistory.nodes")[0]
	same(t, "why", []string{history.text("reason"), history.text("decision.id")}, []string{"Commencer avec dix heures ?", question})
	town.advance(history.time("effectiveFrom").Sub(town.now()) + time.Second)
	same(t, "then", town.charter("startingHours").int("startingHours"), 600)
	dora := town.welcome("Dora", "fr")
	same(t, "Dora begins with", dora.statement(), []line{{1, 600, 600, "OPENING"}})
	same(t, "Anna keeps", anna.statement(), []line{{1, 900, 900, "OPENING"}})
	same(t, "nor may the founder alone any more", town.founder.amends(input{"hours": input{"starting": 900}}).problems()[0].Code, "WRONG_BODY")
	town.booksAreRight()
}

// What no charter can hold, or what is decided elsewhere, is not put to a vote.
func TestAWrongChangeIsNotVotedOn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	for _, c := range []struct {
		kind    string
		charter input
		want    string
	}{
		{"STATUTES", input{"hours": input{"starting": 600}}, "WRONG_BODY effect.charter"},
		{"COMMON_RULES", input{"hours": input{"unit": 7}}, "VALUE_UNKNOWN effect.charter.hours.unit"},
		{"STATUTES", input{"power": []input{{"type": "DAILY_WORK", "majority": input{"numerator": 3, "denominator": 2, "moreThan": false}}}}, "CHARTER_LOCKS_OUT effect.charter.power.0.majority"},
		{"COMMON_RULES", input{"hours": input{"starting": 900}}, "CHARTER_UNCHANGED effect.charter"},
		{"COMMON_RULES", input{}, "CHARTER_UNCHANGED effect.charter"},
		{"COMMON_RULES", nil, "CHARTER_UNCHANGED effect.charter"},
		{"OBJECTED_ADMISSION", input{"hours": input{"starting": 600}}, "EFFECT_NOT_HERE effect"},
	} {
		effect := input{"kind": "CHANGE_CHARTER"}
		if c.charter != nil {
			effect["charter"] = c.charter
		}
		told := anna.tries("openDecision", input{"communityId": town.id, "type": c.kind, "title": "Autrement ?", "effect": effect}).problems()
		if len(told) != 1 || told[0].Code+" "+strings.Join(told[0].Field, ".") != c.want {
			t.Errorf("%s with %v: %v, wanted %s", c.kind, c.charter, told, c.want)
		}
	}
	several := anna.tries("openDecision", input{
		"communityId": town.id, "type": "COMMON_RULES", "title": "Lequel ?", "options": []input{{"label": "Dix heures"}, {"label": "Vingt"}},
		"effect": input{"kind": "CHANGE_CHARTER", "charter": input{"hours": input{"starting": 600}}},
	}).problems()
	same(t, "one change for several options", several[0].Code+" "+strings.Join(several[0].Field, "."), "EFFECT_NOT_HERE effect")
	far := anna.tries("openDecision", input{"communityId": town.id, "type": "COMMON_RULES", "title": "Plus tard ?", "effect": input{
		"kind": "CHANGE_CHARTER", "charter": input{"hours": input{"starting": 600}}, "effectiveFrom": town.now().Add(-day),
	}}).problems()
	same(t, "in the past", far[0].Code+" "+strings.Join(far[0].Field, "."), "EFFECT_DATE effect.effectiveFrom")
	same(t, "nothing was announced", len(anna.reads(`query($s: String!) { community(slug: $s) { decisions(first: 10) { nodes { id } } } }`, input{"s": town.slug}).list("community.decisions.nodes")), 0)
}
