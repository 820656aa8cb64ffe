// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/internal/i18n"
)

// reports says that something is wrong, and answers the report's id.
func (p *person) reports(subject, reason string) string {
	p.t.Helper()
	return p.does("reportContent", input{"subjectId": subject, "reason": reason}).text("report.id")
}

// decides what to do about a report, and answers the measure.
func (p *person) decides(report, action string) thing {
	p.t.Helper()
	return p.does("resolveReport", input{"reportId": report, "action": action, "statement": "Vous avez insulté un membre le 3 mars."}).thing("measure")
}

// queue is what waits for somebody who moderates, the most urgent first.
func (p *person) queue() []thing {
	p.t.Helper()
	return p.reads(`query($slug: String!) { community(slug: $slug) { moderationQueue { nodes { id reason overdue answerBy member { displayName } } } } }`,
		input{"slug": p.slug}).list("community.moderationQueue.nodes")
}

const measuresOf = "Member { participation measures { id action text rule until endedAt endReason decidedBy { displayName } } }"

func TestAReportIsAnsweredWithReasonsAndUndone(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	offer := bruno.offers("Massages")
	waiting := bruno.asks(clara, 30) // a proposal that nobody answered
	report := anna.reports(bruno.member, "HARASSMENT")
	anna.cannot("reportContent", input{"subjectId": bruno.member, "reason": "SPAM"}, "ALREADY_REPORTED", "subjectId")
	bruno.cannot("reportContent", input{"subjectId": offer, "reason": "SPAM"}, "OWN_REPORT", "subjectId")
	same(t, "the coordinator is told", about(town.founder.told(), "kind", "REPORT_FILED").text("member.displayName"), "Bruno")
	same(t, "Bruno is not", about(bruno.told(), "kind", "REPORT_FILED") == nil, true)
	same(t, "it waits", texts(town.founder.queue(), "id"), []string{report})
	same(t, "Bruno cannot read it", bruno.looksFor(report), notFound)

	for statement, code := range map[string]string{"": "REQUIRED", " \n ": "REQUIRED", strings.Repeat("é", 4001): "TEXT_TOO_LONG"} {
		town.founder.cannot("resolveReport", input{"reportId": report, "action": "SUSPEND", "statement": statement}, code, "statement")
	}
	town.founder.cannot("resolveReport", input{"reportId": report, "action": "HIDE", "statement": "Non."}, "ACTION_UNFIT", "action")
	town.founder.cannot("resolveReport", input{"reportId": report, "action": "FREEZE", "days": 15, "statement": "Non."}, "OUT_OF_RANGE", "days")
	clara.cannot("resolveReport", input{"reportId": report, "action": "WARN", "statement": "Non."}, "FORBIDDEN", "")
	measure := town.founder.decides(report, "SUSPEND").text("id")
	town.founder.cannot("resolveReport", input{"reportId": report, "action": "NONE", "statement": "Non."}, "REPORT_ANSWERED", "reportId")

	seen := bruno.sees(bruno.member, measuresOf)
	same(t, "Bruno takes part in nothing", seen.text("participation"), "SUSPENDED")
	text := seen.text("measures.0.text")
	for _, part := range []string{"until further notice", "Vous avez insulté un membre le 3 mars.", "Nobody is pursued, insulted or threatened", "no program", "you can appeal once, until"} {
		if !strings.Contains(text, part) {
			t.Errorf("Bruno’s statement does not say %q: %s", part, text)
		}
	}
	same(t, "who decided is not for him", seen.find("measures.0.decidedBy"), nil)
	french := bruno.gql(bruno.bearer(), `query($id: ID!) { node(id: $id) { ... on ModerationMeasure { text } } }`, input{"id": measure}, "Accept-Language", "fr")
	same(t, "in French, too", strings.Contains(french.raw, "jusqu’à nouvel ordre"), true)
	bruno.cannot("createListing", input{"communityId": town.id, "kind": "OFFER", "title": "Encore", "serviceTypeId": town.types()["102-A-1"]}, "FORBIDDEN", "")
	found := func() []string {
		return texts(clara.reads(`{ community(slug: "port") { listings { nodes { title } } } }`, nil).list("community.listings.nodes"), "title")
	}
	same(t, "his listing is out of sight", len(found()), 0)
	title := i18n.Text(i18n.English, "notification.MEASURE_TAKEN.title", map[string]any{"community": "Accorderie du Port"})
	same(t, "he is told", about(bruno.told(), "kind", "MEASURE_TAKEN").text("title"), title)
	same(t, "and gets a letter", len(town.letters(bruno.email, title)), 1)
	same(t, "Anna is told that it was answered", about(anna.told(), "kind", "REPORT_ANSWERED") != nil, true)
	same(t, "but not how", anna.sees(report, "Report { answeredAt measure { id } }").find("measure"), nil)
	same(t, "others see nothing of it", len(clara.sees(bruno.member, measuresOf).list("measures")), 0)

	town.founder.cannot("undoMeasure", input{"measureId": measure, "reason": ""}, "REQUIRED", "reason")
	town.advance(15 * day) // more than a proposal waits, and no more than an appeal may take
	town.founder.does("undoMeasure", input{"measureId": measure, "reason": "Ce n’était pas lui."})
	back := bruno.sees(bruno.member, measuresOf)
	same(t, "Bruno is back", []string{back.text("participation"), back.text("measures.0.endReason")}, []string{"NEWCOMER", "Ce n’était pas lui."})
	same(t, "his listing, too", found(), []string{"Massages"})
	town.advance(13 * day)                                     // and he has his whole time again
	clara.does("acceptExchange", input{"exchangeId": waiting}) // his proposal never went
	town.founder.cannot("undoMeasure", input{"measureId": measure, "reason": "Encore."}, "MEASURE_ENDED", "measureId")
	town.booksAreRight()
}

func TestAListingIsHiddenRemovedAndPutBack(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	one, other := bruno.offers("Casino"), bruno.offers("Loterie")
	hidden := town.founder.decides(anna.reports(one, "UNSUITABLE"), "HIDE")
	removed := town.founder.decides(clara.reports(other, "FRAUD"), "REMOVE")
	same(t, "hidden for some days, removed for good", []bool{hidden.text("until") != "", removed.text("until") != ""}, []bool{true, false})
	state := func(listing string) string { return bruno.sees(listing, "Listing { state }").text("state") }
	same(t, "both are out of sight", []string{clara.looksFor(one), clara.looksFor(other)}, []string{notFound, notFound})
	same(t, "Bruno sees why", []string{state(one), state(other)}, []string{"REMOVED", "REMOVED"})
	bruno.cannot("renewListing", input{"listingId": one}, "LISTING_STATE", "listingId")

	town.advance(13 * day)
	same(t, "a day before", state(one), "REMOVED")
	town.advance(2 * day)
	same(t, "it comes back by itself", state(one), "PUBLISHED")
	same(t, "Bruno is told once", len(slices.DeleteFunc(texts(bruno.told(), "kind"), func(k string) bool { return k != "MEASURE_LAPSED" })), 1)
	same(t, "the other does not", state(other), "REMOVED")
	town.founder.does("undoMeasure", input{"measureId": removed.text("id"), "reason": "La loterie est autorisée."})
	same(t, "until it is undone", state(other), "PUBLISHED")
}

// A message is reported by who received it, and read by those who moderate in the report
// alone. Removed, neither of the two reads it; undone, both do.
func TestAMessageIsReportedHiddenAndShownAgain(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	message := bruno.writes(anna.member, "You will be sorry.")
	id, thread := message.text("id"), message.text("thread.id")
	clara.cannot("reportContent", input{"subjectId": id, "reason": "OTHER"}, notFound, "subjectId")
	bruno.cannot("reportContent", input{"subjectId": id, "reason": "OTHER"}, "OWN_REPORT", "subjectId")
	anna.does("blockMember", input{"memberId": bruno.member}) // which is no reason to keep quiet
	report := anna.reports(id, "HARASSMENT")
	read := town.founder.sees(report, "Report { quote member { displayName } subject { ... on Message { id } } }")
	same(t, "the report says what was written, and by whom", []any{read.text("quote"), read.text("member.displayName"), read["subject"]}, []any{"You will be sorry.", "Bruno", nil})
	same(t, "the conversation stays theirs", town.founder.looksFor(thread), notFound)

	removed := town.founder.decides(report, "REMOVE").text("id")
	anna.does("unblockMember", input{"memberId": bruno.member})
	const latest = "Thread { lastMessage { id body removed } messages { nodes { body } } }"
	for _, side := range []*person{anna, bruno} {
		seen := side.sees(thread, latest)
		same(t, side.name+" does not read it", []any{seen["lastMessage"], texts(seen.list("messages.nodes"), "body")},
			[]any{map[string]any{"id": id, "body": "", "removed": true}, []string{""}})
	}
	text := bruno.sees(removed, "ModerationMeasure { text }").text("text")
	same(t, "Bruno is told why", strings.HasPrefix(text, "Your message is removed."), true)
	same(t, "both are told", []bool{about(bruno.told(), "kind", "MEASURE_TAKEN") != nil, about(anna.told(), "kind", "REPORT_ANSWERED") != nil}, []bool{true, true})
	town.founder.does("undoMeasure", input{"measureId": removed, "reason": "C’était une citation."})
	same(t, "undone, it is back", anna.sees(thread, latest).text("lastMessage.body"), "You will be sorry.")

	session := bruno.does("scheduleSession", bruno.session101(8, 0, 60, town.now().Add(day))).text("groupSession.id")
	said := town.founder.does("announce", input{"communityId": town.id, "audience": "EVERYONE", "title": "Fête samedi", "body": "Venez !", "idempotencyKey": newKey()}).text("announcement.id")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	for subject, whose := range map[string]*person{session: bruno, said: town.founder} {
		waits := clara.sees(anna.reports(subject, "OTHER"), "Report { quote member { displayName } subject { __typename } }")
		same(t, "what else was written", []any{waits.text("member.displayName"), waits.text("quote") != "", waits["subject"] != nil}, []any{whose.name, true, true})
	}
}

// What Bruno says of a question all members read, until it is taken from sight.
func TestACommentIsReportedAndRemoved(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	question := anna.poses("Les enfants sont-ils les bienvenus ?", "HOUSE_AGREEMENT", nil)
	bruno.does("commentOnDecision", input{"decisionId": question, "body": "Only if Anna’s stay at home."})
	comments := func(p *person) []thing {
		return p.sees(question, "Decision { comments { id body removed } }").list("comments")
	}
	said := comments(anna)[0].text("id")
	bruno.cannot("reportContent", input{"subjectId": said, "reason": "HARASSMENT"}, "OWN_REPORT", "subjectId")
	stranger := town.program.town("Accorderie du Lac", "lac").founder
	stranger.cannot("reportContent", input{"subjectId": said, "reason": "HARASSMENT"}, notFound, anyField)
	report := anna.reports(said, "HARASSMENT")
	waits := town.founder.sees(report, "Report { about quote member { displayName } subject { __typename ... on DecisionComment { body } } }")
	same(t, "whose, and what", []string{waits.text("about"), waits.text("quote"), waits.text("member.displayName"), waits.text("subject.body")},
		[]string{"COMMENT", "Only if Anna’s stay at home.", "Bruno", "Only if Anna’s stay at home."})
	measure := town.founder.decides(report, "HIDE").text("id")
	for _, p := range []*person{anna, bruno} {
		same(t, "nobody reads it", []any{comments(p)[0].text("body"), comments(p)[0]["removed"], p.sees(said, "DecisionComment { body }").text("body")}, []any{"", true, ""})
	}
	same(t, "Bruno is told why", bruno.heard("MEASURE_TAKEN"), 1)
	anna.cannot("reportContent", input{"subjectId": said, "reason": "SPAM"}, notFound, "subjectId")
	town.advance(15 * day)
	same(t, "hidden for two weeks", []any{comments(anna)[0].text("body"), bruno.sees(measure, "ModerationMeasure { endedAt }")["endedAt"] != nil}, []any{"Only if Anna’s stay at home.", true})
}

func TestNobodyAnswersInTheirOwnCase(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	for _, moderator := range []*person{bruno, clara} {
		town.founder.does("grantRole", input{"memberId": moderator.member, "role": "MODERATOR"})
	}
	ofBruno, byClara := anna.reports(bruno.member, "DISCRIMINATION"), clara.reports(anna.member, "PRIVACY")
	x := anna.helped(bruno)
	ofTheirs := anna.reports(x, "FRAUD")
	town.founder.does("noteHousehold", input{"memberIds": []string{anna.member, clara.member}})
	answer := func(report string) input {
		return input{"reportId": report, "action": "NONE", "statement": "Rien à redire."}
	}
	bruno.cannot("resolveReport", answer(ofBruno), "INVOLVED", "reportId")
	bruno.cannot("resolveReport", answer(ofTheirs), "INVOLVED", "reportId")
	clara.cannot("resolveReport", answer(byClara), "INVOLVED", "reportId")
	clara.cannot("resolveReport", answer(ofBruno), "INVOLVED", "reportId") // she lives with Anna, who reported
	same(t, "Bruno’s queue is without his own", len(bruno.queue()), 1)
	same(t, "nor can he look", bruno.looksFor(ofBruno), notFound)
	same(t, "and nobody told him", about(bruno.told(), "kind", "REPORT_FILED").text("member.displayName"), "Anna")
	dario := town.welcome("Dario", "fr")
	town.founder.does("grantRole", input{"memberId": dario.member, "role": "MODERATOR"})
	town.founder.does("noteHousehold", input{"memberIds": []string{bruno.member, dario.member}})
	urgent, secret := town.founder.reports(bruno.member, "UNSAFE_NOW"), anna.complains(bruno, true)
	same(t, "who lives with Bruno does not read who reported him", []any{dario.looksFor(urgent), dario.looksFor(ofBruno), texts(dario.queue(), "id")}, []any{notFound, notFound, []string{byClara}})
	same(t, "nor hears of it", []bool{about(dario.told(), "kind", "REPORT_URGENT") == nil, about(dario.told(), "kind", "COMPLAINT_FILED") == nil}, []bool{true, true})
	same(t, "nor finds who complained", []any{dario.looksFor(secret), len(dario.reads(`{ community(slug: "port") { complaints { nodes { id } } } }`, nil).list("community.complaints.nodes"))}, []any{notFound, 0})
	warned := town.founder.decides(ofBruno, "WARN").text("id")
	appeal := bruno.appeals(warned)
	town.founder.does("grantRole", input{"memberId": dario.member, "role": "BOARD"}) // who reads the log
	reads := func(p *person) []int {
		seen := p.reads(`query($m: ID!, $log: AuditFilter) { community(slug: "port") { measures { totalCount } appeals { totalCount }
			measure: auditLog(filter: $log) { nodes { subjectId } } } node(id: $m) { ... on Member { measures { id } } } }`, input{"m": bruno.member, "log": input{"subjectId": warned}})
		return []int{seen.int("community.measures.totalCount"), seen.int("community.appeals.totalCount"), len(seen.list("community.measure.nodes")), len(seen.list("node.measures"))}
	}
	same(t, "who lives with Bruno reads nothing of what was decided", reads(dario), []int{0, 0, 0, 0})
	same(t, "not by its address either", []string{dario.looksFor(warned), dario.looksFor(appeal)}, []string{notFound, notFound})
	same(t, "the others do", []any{reads(town.founder), clara.looksFor(warned), clara.looksFor(appeal)}, []any{[]int{1, 1, 1, 1}, "", ""})
	bruno.cannot("undoMeasure", input{"measureId": warned, "reason": "C’est moi."}, "INVOLVED", "measureId")
	clara.cannot("reportContent", input{"subjectId": x, "reason": "OTHER"}, "NOT_FOUND", "subjectId") // no side of it
}

func TestWhoFeelsUnsafeComesFirstAndNobodyWaitsForEver(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	later := anna.reports(bruno.member, "SPAM")
	town.advance(time.Hour)
	first := clara.reports(bruno.member, "UNSAFE_NOW")
	same(t, "the queue", texts(town.founder.queue(), "id"), []string{first, later})
	same(t, "told at once", about(town.founder.told(), "kind", "REPORT_URGENT").text("member.displayName"), "Bruno")
	late := func() int {
		return len(slices.DeleteFunc(texts(town.founder.told(), "kind"), func(k string) bool { return k != "REPORT_OVERDUE" }))
	}
	same(t, "nothing is late", late(), 0)
	town.advance(25 * time.Hour)
	same(t, "one is", late(), 1)
	town.founder.decides(first, "FREEZE")
	town.advance(7 * day)
	same(t, "both were, each told once", late(), 2)
	same(t, "the queue says so", town.founder.queue()[0]["overdue"], any(true))
	town.advance(day)
	same(t, "Bruno is back by himself", bruno.sees(bruno.member, measuresOf).text("participation"), "NEWCOMER")
}

func TestWhatStaffDoIsWrittenDown(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	town.founder.does("grantRole", input{"memberId": anna.member, "role": "BOARD"})
	measure := town.founder.decides(anna.reports(bruno.member, "OTHER"), "WARN").text("id")
	const log = `query($slug: String!, $first: Int, $after: String) { community(slug: $slug) { auditLog(first: $first, after: $after) {
		nodes { action position subjectId member { displayName } } pageInfo { endCursor hasNextPage } } } }`
	all := anna.reads(log, input{"slug": "port"}).thing("community.auditLog")
	same(t, "newest first", texts(all.list("nodes"), "action"), []string{"MEASURE_TAKEN", "ROLE_GRANTED", "MEMBER_ADMITTED", "MEMBER_ADMITTED", "MEMBER_ADMITTED"}) // Fatou admitted herself
	same(t, "about what, by whom", []string{all.text("nodes.0.subjectId"), all.text("nodes.0.member.displayName")}, []string{measure, "Fatou"})
	page := anna.reads(log, input{"slug": "port", "first": 3}).thing("community.auditLog")
	next := anna.reads(log, input{"slug": "port", "first": 3, "after": page.text("pageInfo.endCursor")}).thing("community.auditLog")
	same(t, "page by page", len(page.list("nodes"))+len(next.list("nodes")), 5)
	a := bruno.gql(bruno.bearer(), log, input{"slug": "port"})
	same(t, "not for everybody", len(a.Errors) == 1 && a.Errors[0].Extensions["code"] == forbidden, true)
}
