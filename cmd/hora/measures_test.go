// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"regexp"
	"strings"
	"testing"
)

// measures are a community’s, newest first, as somebody who moderates lists them.
func (p *person) measures(filter input) thing {
	p.t.Helper()
	return p.reads(`query($slug: String!, $filter: MeasureFilter, $first: Int, $after: String) {
		community(slug: $slug) { measures(filter: $filter, first: $first, after: $after) {
			totalCount pageInfo { endCursor hasNextPage } nodes { id action state text textForMember member { displayName } } } } }`, filter).thing("community.measures")
}

func TestACommunitysMeasuresByState(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	list := func(by *person, filter any) []string {
		t.Helper()
		return texts(by.measures(input{"slug": town.slug, "filter": filter}).list("nodes"), "id")
	}
	note := town.founder.decides(anna.reports(bruno.member, "OTHER"), "NOTE").text("id")
	undone := town.founder.decides(anna.reports(bruno.member, "SPAM"), "WARN").text("id")
	town.founder.does("undoMeasure", input{"measureId": undone, "reason": "Ce n’était pas lui."})
	appealed := town.founder.decides(anna.reports(bruno.member, "FRAUD"), "WARN").text("id")
	bruno.appeals(appealed)
	lapsed := town.founder.decides(clara.reports(bruno.member, "PRIVACY"), "FREEZE").text("id")
	town.advance(8 * day)
	ofAnna := town.founder.decides(bruno.reports(anna.member, "OTHER"), "WARN").text("id")
	ofClara := town.founder.decides(bruno.reports(clara.member, "OTHER"), "NOTE").text("id")

	same(t, "all, newest first", list(town.founder, nil), []string{ofClara, ofAnna, lapsed, appealed, undone, note})
	same(t, "a moderator’s own are not there", list(clara, nil), []string{ofAnna, lapsed, appealed, undone, note})
	for state, want := range map[string][]string{"IN_EFFECT": {ofAnna, note}, "APPEALED": {appealed}, "UNDONE": {undone}, "LAPSED": {lapsed}} {
		same(t, state, list(clara, input{"states": []string{state}}), want)
		for _, m := range clara.measures(input{"slug": town.slug, "filter": input{"states": []string{state}}}).list("nodes") {
			same(t, "each says so", m.text("state"), state)
		}
	}
	same(t, "of several states", list(clara, input{"states": []string{"UNDONE", "IN_EFFECT", "LAPSED", "IN_EFFECT"}}), []string{ofAnna, lapsed, undone, note})
	same(t, "against Anna", list(clara, input{"memberId": anna.member}), []string{ofAnna})
	same(t, "against Bruno, those that stand", list(clara, input{"memberId": bruno.member, "states": []string{"IN_EFFECT", "APPEALED"}}), []string{appealed, note})

	var paged []string
	after := any(nil)
	for {
		page := clara.measures(input{"slug": town.slug, "first": 2, "after": after, "filter": input{"states": []string{"IN_EFFECT", "APPEALED", "UNDONE", "LAPSED"}}})
		paged = append(paged, texts(page.list("nodes"), "id")...)
		same(t, "counted", page.int("totalCount"), 5)
		if page.find("pageInfo.hasNextPage") != true {
			break
		}
		after = page.text("pageInfo.endCursor")
	}
	same(t, "page by page", paged, []string{ofAnna, lapsed, appealed, undone, note})

	of := func(member *person) thing {
		return clara.measures(input{"slug": town.slug, "filter": input{"memberId": member.member, "states": []string{"IN_EFFECT", "LAPSED"}}}).list("nodes")[0]
	}
	same(t, "Bruno reads English, Anna French", []bool{
		strings.HasPrefix(of(bruno).text("textForMember"), "You cannot take part for now."), strings.HasPrefix(of(anna).text("textForMember"), "Vous recevez un avertissement"),
	}, []bool{true, true})
	same(t, "as they read it", of(bruno).text("textForMember"), bruno.sees(lapsed, "ModerationMeasure { text }").text("text"))
	same(t, "nobody was told of a note", about(clara.measures(input{"slug": town.slug}).list("nodes"), "id", note).find("textForMember"), nil)

	roy := town.registers("Mme Roy")
	onPaper := town.founder.decides(anna.reports(roy, "OTHER"), "WARN").text("id")
	const paper = "ModerationMeasure { toHandOver handedOverAt }"
	same(t, "Mme Roy reads nothing here, and Bruno does", []any{clara.sees(onPaper, paper)["toHandOver"], clara.sees(lapsed, paper)["toHandOver"], bruno.sees(lapsed, paper)["toHandOver"]}, []any{true, false, nil})
	bruno.cannot("noteHandedOver", input{"measureId": onPaper}, forbidden, "")
	same(t, "it alone waits", []any{list(clara, input{"toHandOver": true}), list(clara, input{"toHandOver": true, "states": []string{"UNDONE"}})}, []any{[]string{onPaper}, []string{}})
	town.founder.cannot("noteHandedOver", input{"measureId": note}, notFound, "measureId") // there is nothing to hand over
	then := clara.does("noteHandedOver", input{"measureId": onPaper}).thing("measure").text("id")
	given := clara.sees(then, paper)
	same(t, "no more", list(clara, input{"toHandOver": true}), []string{})
	same(t, "until somebody gave it to her", []any{given["toHandOver"], given["handedOverAt"] != nil}, []any{false, true})
	town.advance(day)
	town.founder.does("noteHandedOver", input{"measureId": onPaper})
	same(t, "the first time counts", clara.sees(onPaper, paper)["handedOverAt"], given["handedOverAt"])
	handed := town.founder.reads(auditLog, input{"slug": town.slug, "filter": input{"subjectId": onPaper}}).list("community.auditLog.nodes")
	same(t, "who did is written down", []any{texts(handed, "action"), handed[0].text("member.displayName")}, []any{[]string{"MEASURE_HANDED_OVER", "MEASURE_TAKEN"}, "Clara"})

	const log = `query($slug: String!, $filter: MeasureFilter) { community(slug: $slug) { measures(filter: $filter) { nodes { id } } } }`
	for who, c := range map[*person]string{anna: forbidden, town.register("Noa", "fr"): forbidden} {
		if a := who.gql(who.bearer(), log, input{"slug": town.slug}); len(a.Errors) != 1 || (a.Errors[0].Extensions["code"] != c && a.Errors[0].Extensions["code"] != notFound) {
			t.Errorf("%s reads the measures: %s", who.name, a.raw)
		}
	}
	other := town.program.town("Accorderie de la Colline", "colline")
	a := clara.gql(clara.bearer(), log, input{"slug": town.slug, "filter": input{"memberId": other.founder.member}})
	same(t, "a member of another community", len(a.Errors) == 1 && a.Errors[0].Extensions["code"] == notFound, true)
}

// previews is what a member would be told if a report were answered so.
func (p *person) previews(in input) thing {
	p.t.Helper()
	return p.reads(`query($in: PreviewStatementInput!) { previewStatement(input: $in) { text locale title body until appealBy userErrors { code field } } }`, input{"in": in}).
		thing("previewStatement")
}

func TestAStatementIsReadBeforeItIsSent(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	report := anna.reports(bruno.member, "HARASSMENT")
	answer := input{"reportId": report, "action": "FREEZE", "statement": "You wrote this on 3 March.", "days": 3}
	seen := town.founder.previews(answer)
	same(t, "in Bruno’s language", []string{seen.text("locale"), seen.text("title")}, []string{"en", "A decision about you in Accorderie du Port"})
	same(t, "Bruno knows of nothing", []any{about(bruno.told(), "kind", "MEASURE_TAKEN") == nil, len(bruno.sees(bruno.member, measuresOf).list("measures"))}, []any{true, 0})
	same(t, "and it waits", len(town.founder.queue()), 1)

	for what, c := range map[string]struct {
		by          *person
		in          input
		code, field string
	}{
		"no statement":     {town.founder, with(answer, "statement", " "), "REQUIRED", "statement"},
		"too many days":    {town.founder, with(answer, "days", 15), "OUT_OF_RANGE", "days"},
		"no listing":       {town.founder, with(answer, "action", "HIDE"), "ACTION_UNFIT", "action"},
		"too long a rule":  {town.founder, with(answer, "rule", strings.Repeat("é", 201)), "TEXT_TOO_LONG", "rule"},
		"one’s own report": {clara, with(answer, "reportId", clara.reports(bruno.member, "OTHER")), "INVOLVED", "reportId"},
	} {
		said := c.by.previews(c.in)
		same(t, what, []any{said.text("userErrors.0.code"), said.text("userErrors.0.field.0"), said.find("text")}, []any{c.code, c.field, nil})
	}
	const ask = `query($in: PreviewStatementInput!) { previewStatement(input: $in) { text } }`
	if a := anna.gql(anna.bearer(), ask, input{"in": answer}); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != forbidden {
		t.Errorf("Anna previews an answer: %s", a.raw)
	}
	if a := town.founder.gql(town.founder.bearer(), ask, input{"in": with(answer, "reportId", anna.member)}); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != notFound {
		t.Errorf("a member is no report: %s", a.raw)
	}

	measure := town.founder.does("resolveReport", answer).text("measure.id")
	told := bruno.sees(measure, "ModerationMeasure { text until appealBy }")
	timeless := func(text string) string {
		return regexp.MustCompile(`[Uu]ntil [^:]*:\d\d`).ReplaceAllString(text, "until then")
	}
	same(t, "what he is told then, a moment later", timeless(told.text("text")), timeless(seen.text("text")))
	note := about(bruno.told(), "kind", "MEASURE_TAKEN")
	same(t, "and how", []string{note.text("title"), note.text("body")}, []string{seen.text("title"), seen.text("body")})
	again := town.founder.previews(answer)
	same(t, "it was answered", again.text("userErrors.0.code"), "REPORT_ANSWERED")
	silent := town.founder.previews(input{"reportId": anna.reports(bruno.member, "OTHER"), "action": "NOTE", "statement": "À suivre."})
	same(t, "a note tells nobody anything", []any{silent.find("text"), silent.find("title"), len(silent.list("userErrors"))}, []any{nil, nil, 0})
}
