// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
)

// appeals asks that somebody else looks at a measure, and answers the appeal's id.
func (p *person) appeals(measure string) string {
	p.t.Helper()
	return p.does("appealMeasure", input{"measureId": measure, "reason": "Je n’étais pas là ce jour-là."}).text("appeal.id")
}

// answersAppeal is what somebody who moderates decides.
func answersAppeal(appeal, outcome string) input {
	return input{"appealId": appeal, "outcome": outcome, "statement": "Le 3 mars, l’agenda le montre ailleurs."}
}

// appealed are the appeals as somebody who moderates sees them.
func (p *person) appealed() thing {
	p.t.Helper()
	return p.reads(`query($slug: String!) { community(slug: $slug) { appeals { totalCount nodes {
		id reason answerBy overdue mayDecide outcome statement decidedBy { displayName } member { displayName } measure { id action decidedBy { displayName } } } } } }`,
		input{"slug": p.slug}).thing("community.appeals")
}

const appealOf = `ModerationMeasure { text appealBy endedAt endReason
	appeal { id reason answerBy mayDecide outcome statement decidedBy { displayName } decidedAt } }`

// Fatou suspends Bruno, who appeals all the same. She cannot decide it, nor can who
// reported, nor who lives with them: Elif does, and all is as before.
func TestAnAppealIsDecidedBySomebodyElse(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara, elif := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr"), town.welcome("Elif", "en")
	for _, moderator := range []*person{anna, clara, elif} {
		town.founder.does("grantRole", input{"memberId": moderator.member, "role": "MODERATOR"})
	}
	town.founder.does("noteHousehold", input{"memberIds": []string{anna.member, clara.member}})
	offer := bruno.offers("Massages")
	waiting := bruno.asks(elif, 30)
	measure := town.founder.decides(anna.reports(bruno.member, "HARASSMENT"), "SUSPEND").text("id")

	seen := bruno.sees(measure, appealOf)
	same(t, "the days there are", seen.time("appealBy").Sub(town.now()).Round(day), 20*day)
	same(t, "the statement says so", strings.Contains(seen.text("text"), "you can appeal once, until"), true)
	bruno.cannot("appealMeasure", input{"measureId": measure, "reason": " "}, "REQUIRED", "reason")
	elif.cannot("appealMeasure", input{"measureId": measure, "reason": "Pour lui."}, "NOT_FOUND", "measureId")
	appeal := bruno.appeals(measure)
	bruno.cannot("appealMeasure", input{"measureId": measure, "reason": "Encore."}, "ALREADY_APPEALED", "measureId")
	own := bruno.sees(measure, appealOf).thing("appeal")
	same(t, "Bruno reads it", []any{own.text("id"), own["mayDecide"], own["outcome"]}, []any{appeal, false, nil})
	same(t, "he still takes part in nothing", bruno.sees(bruno.member, measuresOf).text("participation"), "SUSPENDED")
	same(t, "a member who does not moderate finds none", town.welcome("Gil", "fr").looksFor(appeal), notFound)

	for p, may := range map[*person]bool{town.founder: false, anna: false, clara: false, elif: true} {
		same(t, p.name+" may decide", p.appealed().find("nodes.0.mayDecide"), any(may))
		same(t, "one waits", p.appealed().int("totalCount"), 1)
	}
	same(t, "Elif is told", about(elif.told(), "kind", "APPEAL_FILED").text("member.displayName"), "Bruno")
	same(t, "Fatou, too, so that she finds somebody", about(town.founder.told(), "kind", "APPEAL_FILED") != nil, true)
	same(t, "Anna, who reported, is not", about(anna.told(), "kind", "APPEAL_FILED") == nil, true)
	town.founder.cannot("decideAppeal", answersAppeal(appeal, "UPHELD"), "OWN_DECISION", "appealId")
	anna.cannot("decideAppeal", answersAppeal(appeal, "UPHELD"), "INVOLVED", "appealId")
	clara.cannot("decideAppeal", answersAppeal(appeal, "UPHELD"), "INVOLVED", "appealId")
	bruno.cannot("decideAppeal", answersAppeal(appeal, "OVERTURNED"), "FORBIDDEN", "")
	elif.cannot("decideAppeal", with(answersAppeal(appeal, "OVERTURNED"), "statement", ""), "REQUIRED", "statement")

	elif.does("decideAppeal", answersAppeal(appeal, "OVERTURNED"))
	elif.cannot("decideAppeal", answersAppeal(appeal, "UPHELD"), "APPEAL_ANSWERED", "appealId")
	same(t, "Bruno is back", bruno.sees(bruno.member, measuresOf).text("participation"), "NEWCOMER")
	same(t, "his listing, too", elif.sees(offer, "Listing { state }").text("state"), "PUBLISHED")
	elif.accepts(waiting) // his proposal never went
	after := bruno.sees(measure, appealOf)
	same(t, "he reads why, and not who", []any{after.text("endReason"), after.text("appeal.outcome"), after.text("appeal.statement"), after.find("appeal.decidedBy")},
		[]any{"Le 3 mars, l’agenda le montre ailleurs.", "OVERTURNED", "Le 3 mars, l’agenda le montre ailleurs.", nil})
	same(t, "those who moderate read who", elif.appealed().text("nodes.0.decidedBy.displayName"), "Elif")
	kinds := texts(bruno.told(), "kind")
	same(t, "Bruno is told once", []bool{slices.Contains(kinds, "MEASURE_OVERTURNED"), slices.Contains(kinds, "MEASURE_UNDONE")}, []bool{true, false})
	same(t, "Fatou is told", about(town.founder.told(), "kind", "APPEAL_DECIDED").text("member.displayName"), "Bruno")
	log := elif.reads(`{ community(slug: "port") { auditLog(first: 3) { nodes { action subjectId } } } }`, nil).list("community.auditLog.nodes")
	same(t, "it is written down", []string{log[0].text("action"), log[1].text("action"), log[2].text("action"), log[2].text("subjectId")},
		[]string{"MEMBER_REINSTATED", "MEASURE_UNDONE", "APPEAL_DECIDED", appeal})
	listing := town.founder.decides(anna.reports(offer, "UNSUITABLE"), "REMOVE").text("id")
	noted := town.founder.decides(anna.reports(bruno.member, "OTHER"), "NOTE").text("id")
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "BOARD"})
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "BOARD"})
	logged := func(p *person, subject string) int {
		return len(p.reads(auditLog, input{"slug": town.slug, "filter": input{"subjectId": subject}}).list("community.auditLog.nodes"))
	}
	for what, subject := range map[string]string{"what was decided": measure, "the appeal": appeal, "the listing’s end": listing, "the listing": offer, "a note": noted} {
		same(t, "the log names nobody to Bruno by "+what+", and tells the others", []bool{logged(bruno, subject) == 0, logged(clara, subject) > 0}, []bool{true, true})
	}
	kinds = texts(bruno.reads(auditLog, input{"slug": town.slug, "filter": input{"subjectId": bruno.member}}).list("community.auditLog.nodes"), "action")
	same(t, "nor by his suspension", kinds, []string{"ROLE_GRANTED", "MEMBER_ADMITTED"})
	town.booksAreRight()
}

func TestAnAppealHasItsTime(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	early := town.founder.decides(anna.reports(bruno.offers("Casino"), "UNSUITABLE"), "REMOVE").text("id")
	late := town.founder.decides(anna.reports(bruno.offers("Loterie"), "UNSUITABLE"), "REMOVE").text("id")
	unsaid := town.founder.decides(anna.reports(bruno.member, "OTHER"), "NOTE").text("id")
	bruno.cannot("appealMeasure", input{"measureId": unsaid, "reason": "Pourquoi ?"}, "NOT_FOUND", "measureId")
	same(t, "of what nobody told him there is no appeal", clara.sees(unsaid, appealOf).find("appealBy"), nil)

	town.advance(19 * day)
	appeal := bruno.appeals(early)
	town.advance(2 * day)
	bruno.cannot("appealMeasure", input{"measureId": late, "reason": "Trop tard ?"}, "APPEAL_TOO_LATE", "measureId")
	overdue := func(p *person) int { return len(allAbout(p.told(), "kind", "APPEAL_OVERDUE")) }
	same(t, "nothing is late", overdue(clara), 0)
	dario, elif := town.welcome("Dario", "fr"), town.welcome("Elif", "en")
	for _, member := range []*person{dario, bruno} {
		town.founder.does("grantRole", input{"memberId": member.member, "role": "BOARD"})
	}
	stuck := func(p *person, kind string) int { return len(allAbout(p.told(), "kind", kind)) }
	town.founder.does("noteHousehold", input{"memberIds": []string{clara.member, anna.member}}) // who reported: nobody is left
	ofFatou := elif.reports(town.founder.member, "OTHER")
	town.advance(13 * day)
	same(t, "who waits for an answer that nobody may give hears how to go on", []int{stuck(bruno, "CASE_STUCK"), stuck(elif, "CASE_STUCK")}, []int{1, 0})
	same(t, "the board, too, less those with a part in it", []int{stuck(dario, "MODERATOR_NEEDED"), stuck(bruno, "MODERATOR_NEEDED")}, []int{1, 0})
	clara.decides(ofFatou, "NONE")
	town.founder.does("noteHousehold", input{"memberIds": []string{clara.member}})
	same(t, "it is, and told once", []int{overdue(clara), overdue(town.founder), overdue(anna)}, []int{1, 1, 0})
	same(t, "the list says so", clara.appealed().find("nodes.0.overdue"), any(true))

	clara.does("decideAppeal", answersAppeal(appeal, "UPHELD"))
	after := bruno.sees(early, appealOf)
	same(t, "it stands", []any{after["endedAt"], after.text("appeal.outcome")}, []any{nil, "UPHELD"})
	same(t, "Bruno is told", about(bruno.told(), "kind", "MEASURE_UPHELD") != nil, true)
	same(t, "nothing waits", []int{clara.appealed().int("totalCount"), len(clara.appealed().list("nodes"))}, []int{0, 1})
}

// Those that wait come first, the most urgent before the others; then the others,
// the last decided first. What somebody undoes meanwhile waits no more.
func TestAppealsStandInOrder(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	var measures, appeals []string
	for range 5 {
		measures = append(measures, town.founder.decides(anna.reports(bruno.member, "SPAM"), "WARN").text("id"))
		appeals = append(appeals, bruno.appeals(measures[len(measures)-1]))
		town.advance(day)
	}
	clara.does("decideAppeal", answersAppeal(appeals[2], "UPHELD"))
	town.advance(day)
	town.founder.does("undoMeasure", input{"measureId": measures[1], "reason": "Je me suis trompée."})
	same(t, "in order", texts(clara.appealed().list("nodes"), "id"), []string{appeals[0], appeals[3], appeals[4], appeals[1], appeals[2]})
	given := bruno.sees(measures[1], appealOf)
	same(t, "whoever decided may give way", []string{given.text("appeal.outcome"), given.text("appeal.statement")}, []string{"OVERTURNED", "Je me suis trompée."})
	kinds := texts(bruno.told(), "kind")
	same(t, "and he is told once", []bool{slices.Contains(kinds, "MEASURE_OVERTURNED"), slices.Contains(kinds, "MEASURE_UNDONE")}, []bool{true, false})
	bruno.cannot("appealMeasure", input{"measureId": measures[1], "reason": "Encore."}, "ALREADY_APPEALED", "measureId")
	undone := town.founder.decides(anna.reports(bruno.member, "SPAM"), "WARN").text("id")
	town.founder.does("undoMeasure", input{"measureId": undone, "reason": "Par erreur."})
	bruno.cannot("appealMeasure", input{"measureId": undone, "reason": "Pour la forme."}, "MEASURE_ENDED", "measureId")

	const some = `query($after: String) { community(slug: "port") { appeals(first: 2, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } } }`
	var paged []string
	after := any(nil)
	for more := any(true); more == any(true); {
		page := clara.reads(some, input{"after": after}).thing("community.appeals")
		paged = append(paged, texts(page.list("nodes"), "id")...)
		after, more = page.text("pageInfo.endCursor"), page.find("pageInfo.hasNextPage")
	}
	same(t, "page by page", paged, texts(clara.appealed().list("nodes"), "id"))
	a := bruno.gql(bruno.bearer(), some, nil)
	same(t, "not for everybody", len(a.Errors) == 1 && a.Errors[0].Extensions["code"] == forbidden, true)
}
