// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/internal/i18n"
)

const why = "Elle a passé trois samedis à réparer le toit de la remise."

// thanks gives some for an exchange, and answers their id.
func (p *person) thanks(exchange string) string {
	p.t.Helper()
	return p.does("giveThanks", input{"subjectId": exchange, "message": "Merci !"}).text("thanks.id")
}

// stars awards one, and answers its id.
func (p *person) stars(to *person) string {
	p.t.Helper()
	return p.does("awardStar", input{"memberId": to.member, "category": "CARE", "reason": why}).text("star.id")
}

// endorses somebody's computer help, and answers the endorsement's id.
func (p *person) endorses(whom *person) string {
	p.t.Helper()
	return p.does("endorseSkill", input{"memberId": whom.member, "serviceTypeId": p.types()["102-A-1"]}).text("endorsement.id")
}

// recognised is a list of what a member received, as somebody sees it.
func (p *person) recognised(member, list, fields string) thing {
	p.t.Helper()
	return p.sees(member, "Member { recognition { it: "+list+" { totalCount nodes { "+fields+" } } } }").thing("recognition.it")
}

// helped is an exchange of a quarter of an hour that both confirmed.
func (p *person) helped(whom *person) string {
	p.t.Helper()
	x := p.gave(whom, 15)
	whom.confirms(x, 15)
	return x
}

func TestThanksAreGivenOnceAndStay(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	x := anna.helped(bruno)
	given := bruno.does("giveThanks", input{"subjectId": x, "message": "  Thank you for your patience. "}).thing("thanks")
	same(t, "what Bruno gave", []string{given.text("message"), given.text("giver.displayName"), given.text("member.displayName"), given.text("exchange.id")},
		[]string{"Thank you for your patience.", "Bruno", "Anna", x})
	id := given.text("id")

	news := about(anna.told(), "kind", "THANKS_RECEIVED")
	same(t, "Anna is told", []string{news.text("title"), news.text("member.displayName"), news.text("exchange.id")},
		[]string{i18n.Text(i18n.French, "notification.THANKS_RECEIVED.title", map[string]any{"member": "Bruno"}), "Bruno", x})
	if sent := town.letters(anna.email, news.text("title")); len(sent) != 1 || !strings.Contains(sent[0].Text, news.text("body")) {
		t.Errorf("the letter to Anna: %v", sent)
	}
	bruno.cannot("giveThanks", input{"subjectId": x, "message": "Again!"}, "ALREADY_THANKED", "subjectId")
	same(t, "Anna thanks in turn", anna.does("giveThanks", input{"subjectId": x}).find("thanks.message"), nil)

	const fields = "id hidden giver { displayName } exchange { id }"
	toAnna, toClara := anna.recognised(anna.member, "thanks", fields), clara.recognised(anna.member, "thanks", fields)
	same(t, "Anna knows how many", toAnna.int("totalCount"), 1)
	same(t, "nobody counts for others", toClara.find("totalCount"), nil)
	same(t, "Clara reads them", texts(toClara.list("nodes"), "id"), []string{id})
	same(t, "but not what they are for", toClara.find("nodes.0.exchange"), nil)

	clara.cannot("hideThanks", input{"thanksId": id}, "NOT_FOUND", "")
	bruno.cannot("hideThanks", input{"thanksId": id}, "NOT_FOUND", "")
	same(t, "hidden", anna.does("hideThanks", input{"thanksId": id}).find("thanks.hidden"), any(true))
	same(t, "Clara sees nothing", len(clara.recognised(anna.member, "thanks", fields).list("nodes")), 0)
	same(t, "nor by its id", clara.looksFor(id), notFound)
	same(t, "Bruno sees what he gave", texts(bruno.recognised(anna.member, "thanks", fields).list("nodes"), "id"), []string{id})
	anna.does("showRecognition", input{"recognitionId": id, "shown": true})

	bruno.does("leaveCommunity", input{"communityId": town.id})
	left := clara.recognised(anna.member, "thanks", fields)
	same(t, "a giver who leaves takes nothing away", texts(left.list("nodes"), "giver.displayName"), []string{"Bruno"})
	town.booksAreRight()
}

func TestWhatNobodyThanksFor(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	asked, first, last := bruno.asks(anna, 15), anna.helped(bruno), anna.helped(bruno)
	bruno.cannot("giveThanks", input{"subjectId": asked}, "EXCHANGE_STATE", "subjectId")
	clara.cannot("giveThanks", input{"subjectId": first}, "NOT_FOUND", "subjectId")
	bruno.cannot("giveThanks", input{"subjectId": bruno.member}, "ONESELF", "subjectId")
	bruno.cannot("giveThanks", input{"subjectId": anna.member}, "NO_EXCHANGE", "subjectId")
	bruno.cannot("giveThanks", input{"subjectId": first, "message": strings.Repeat("é", 501)}, "TEXT_TOO_LONG", "message")

	town.advance(30*day - 2*time.Hour) // two hours, should the clocks change meanwhile
	bruno.thanks(first)
	town.advance(4 * time.Hour)
	bruno.cannot("giveThanks", input{"subjectId": last}, "TOO_LATE_TO_THANK", "subjectId")
}

func TestNobodyIsRecognisedAtHome(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	x := anna.helped(bruno)
	together := input{"memberIds": []string{anna.member, bruno.member}}
	anna.cannot("noteHousehold", together, "FORBIDDEN", "")
	same(t, "noted", len(town.founder.does("noteHousehold", together).list("members")), 2)
	const fields = "Member { household { displayName } }"
	same(t, "Anna sees with whom she lives", len(anna.sees(anna.member, fields).list("household")), 2)
	same(t, "Clara does not", len(clara.sees(anna.member, fields).list("household")), 0)

	bruno.cannot("giveThanks", input{"subjectId": x}, "OWN_HOUSEHOLD", "subjectId")
	bruno.cannot("giveThanks", input{"subjectId": anna.member}, "OWN_HOUSEHOLD", "subjectId")
	bruno.cannot("awardStar", input{"memberId": anna.member, "category": "CARE", "reason": why}, "OWN_HOUSEHOLD", "memberId")
	bruno.cannot("endorseSkill", input{"memberId": anna.member, "serviceTypeId": town.types()["102-A-1"]}, "OWN_HOUSEHOLD", "memberId")

	town.founder.does("noteHousehold", input{"memberIds": []string{anna.member}})
	same(t, "Bruno lives with nobody else", len(bruno.sees(bruno.member, fields).list("household")), 1)
	bruno.thanks(x)
}

// Twenty-five exchanges thanked for at once: ten in a minute, twenty in a day.
func TestThanksComeInMeasure(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	var drafts []input
	for range 25 {
		drafts = append(drafts, input{"subjectId": anna.helped(bruno), "idempotencyKey": newKey()})
	}
	round := func(what string, wanted, shortest, longest int) {
		t.Helper()
		given := 0
		for i, a := range bruno.atOnce("giveThanks", drafts...) {
			if found := a.problems(); len(found) > 0 {
				after := 0.0
				if len(a.Errors) > 0 {
					after, _ = a.Errors[0].Extensions["retryAfter"].(float64)
				}
				if found[0].Code != "RATE_LIMITED" || int(after) < shortest || int(after) > longest {
					t.Errorf("%s: %s", what, a.raw)
				}
				continue
			}
			given++
			drafts[i] = nil
		}
		drafts = slices.DeleteFunc(drafts, func(in input) bool { return in == nil })
		same(t, what+": given", given, wanted)
	}
	const aDay = 24 * 60 * 60
	round("the first minute", 10, 1, 61) // a second more for who began before the tenth
	town.advance(time.Minute)
	round("the second minute", 10, 1, aDay+1)
	town.advance(time.Minute)
	round("the third minute", 0, aDay/2, aDay+1)
	town.advance(day)
	round("the next day", 5, 0, 0)
	same(t, "Anna’s thanks", anna.recognised(anna.member, "thanks", "id").int("totalCount"), 25)
}

// into is a day of the coming month, at noon in the town's own time.
func (w *town) into(dayOfMonth int) {
	w.t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		w.t.Fatal(err)
	}
	now := w.now().In(zone)
	w.advance(time.Date(now.Year(), now.Month()+1, dayOfMonth, 12, 0, 0, 0, zone).Sub(now))
}

func TestThreeStarsAMonth(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	star := func(to *person, reason string) input {
		return input{"memberId": to.member, "category": "UNSEEN_WORK", "reason": reason}
	}
	town.into(10)
	bruno.cannot("awardStar", star(anna, strings.Repeat("é", 39)), "TEXT_TOO_SHORT", "reason")
	bruno.cannot("awardStar", star(bruno, why), "ONESELF", "memberId")
	id := bruno.does("awardStar", star(anna, strings.Repeat("é", 40))).text("star.id")
	bruno.cannot("awardStar", star(anna, why), "STARRED_RECENTLY", "memberId")
	news := about(anna.told(), "kind", "STAR_RECEIVED")
	same(t, "Anna is told of", news.text("member.displayName"), "Bruno")

	clara := town.welcome("Clara", "fr")
	same(t, "Clara sees no star yet", len(clara.recognised(anna.member, "stars", "id").list("nodes")), 0)
	bruno.cannot("showRecognition", input{"recognitionId": id, "shown": true}, "NOT_FOUND", "")
	anna.does("showRecognition", input{"recognitionId": id, "shown": true})
	same(t, "Anna shows it", texts(clara.recognised(anna.member, "stars", "id reason").list("nodes"), "reason"), []string{strings.Repeat("é", 40)})

	bruno.does("awardStar", star(clara, why))
	bruno.does("awardStar", star(town.founder, why))
	dario := town.welcome("Dario", "fr")
	bruno.cannot("awardStar", star(dario, why), "STARS_SPENT", "")
	anna.does("awardStar", star(dario, why)) // each has their own

	town.into(1) // and the fourth may follow on the first of the month
	bruno.does("awardStar", star(dario, why))
	bruno.cannot("awardStar", star(anna, why), "STARRED_RECENTLY", "memberId")
	town.advance(91 * day)
	bruno.does("awardStar", star(anna, why))

	dario.does("leaveCommunity", input{"communityId": town.id})
	anna.cannot("awardStar", star(dario, why), "MEMBER_INACTIVE", "memberId")
	applicant := town.register("Jo", "fr")
	applicant.applies()
	anna.cannot("awardStar", star(applicant, why), "NOT_FOUND", "memberId")
}

func TestSkillsAreEndorsedByWhoReceivedThem(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	skill := func(of *person, code string) input {
		return input{"memberId": of.member, "serviceTypeId": town.types()[code]}
	}
	x := anna.gave(bruno, 15)
	bruno.cannot("endorseSkill", skill(anna, "102-A-1"), "NO_EXCHANGE", "serviceTypeId") // not confirmed yet
	bruno.confirms(x, 15)
	bruno.cannot("endorseSkill", skill(anna, "102-A-2"), "NO_EXCHANGE", "serviceTypeId")
	anna.cannot("endorseSkill", skill(bruno, "102-A-1"), "NO_EXCHANGE", "serviceTypeId") // she gave it
	clara.cannot("endorseSkill", skill(anna, "102-A-1"), "NO_EXCHANGE", "serviceTypeId")
	bruno.cannot("endorseSkill", skill(bruno, "102-A-1"), "ONESELF", "memberId")

	id := bruno.endorses(anna)
	bruno.cannot("endorseSkill", skill(anna, "102-A-1"), "ALREADY_ENDORSED", "serviceTypeId")
	same(t, "Anna is told", about(anna.told(), "kind", "SKILL_ENDORSED").text("exchange.id"), x)
	const fields = "id withdrawnAt serviceType { label }"
	same(t, "on Anna’s page", len(clara.recognised(anna.member, "endorsements", fields).list("nodes")), 1)

	anna.cannot("withdrawEndorsement", input{"endorsementId": id}, "NOT_FOUND", "")
	ended := bruno.does("withdrawEndorsement", input{"endorsementId": id}).text("endorsement.withdrawnAt")
	town.advance(day)
	same(t, "withdrawn twice, the first day stays", bruno.does("withdrawEndorsement", input{"endorsementId": id}).text("endorsement.withdrawnAt"), ended)
	same(t, "no longer on her page", len(clara.recognised(anna.member, "endorsements", fields).list("nodes")), 0)
	same(t, "Anna sees when it ended", texts(anna.recognised(anna.member, "endorsements", fields).list("nodes"), "withdrawnAt"), []string{ended})
	bruno.endorses(anna)
}

// milestones are the ids of what a member reached.
func (p *person) milestones() map[string]string {
	p.t.Helper()
	p.settle()
	ids := map[string]string{}
	for _, m := range p.sees(p.member, "Member { recognition { milestones { id kind } } }").list("recognition.milestones") {
		ids[m.text("kind")] = m.text("id")
	}
	return ids
}

func TestMilestonesAreNotedByThemselves(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	same(t, "nothing yet", len(anna.milestones()), 0)
	anna.helped(bruno)
	first := anna.milestones()
	same(t, "Anna gave", slices.Collect(maps.Keys(first)), []string{"FIRST_HELP"})
	same(t, "Bruno received", len(bruno.milestones()), 0)
	title := i18n.Text(i18n.French, "notification.MILESTONE_FIRST_HELP.title", nil)
	same(t, "Anna is told", about(anna.told(), "kind", "MILESTONE_FIRST_HELP").text("title"), title)

	const fields = "Member { recognition { milestones { id kind } } }"
	same(t, "it is hers alone", len(bruno.sees(anna.member, fields).list("recognition.milestones")), 0)
	same(t, "by its id, too", bruno.looksFor(first["FIRST_HELP"]), notFound)
	anna.does("showRecognition", input{"recognitionId": first["FIRST_HELP"], "shown": true})
	same(t, "until she shows it", texts(bruno.sees(anna.member, fields).list("recognition.milestones"), "kind"), []string{"FIRST_HELP"})

	for i := range 9 { // Anna comes to know eight more, and one she lives with
		town.calms()
		neighbour := town.welcome("Voisine "+string(rune('A'+i)), "fr")
		if i == 8 {
			town.founder.does("noteHousehold", input{"memberIds": []string{anna.member, neighbour.member}})
		}
		anna.helped(neighbour)
	}
	same(t, "nine of other households", len(anna.milestones()), 1)
	anna.helped(town.founder)
	same(t, "with the tenth", slices.Sorted(maps.Keys(anna.milestones())), []string{"FIRST_HELP", "TEN_PARTNERS"})

	town.advance(364 * day)
	same(t, "a day before the year is over", len(anna.milestones()), 2)
	town.advance(2*day + time.Hour)
	same(t, "after a year", slices.Sorted(maps.Keys(anna.milestones())), []string{"A_YEAR", "FIRST_HELP", "TEN_PARTNERS"})
	town.advance(day)
	var told []string
	for _, news := range anna.told() {
		if kind := news.text("kind"); strings.HasPrefix(kind, "MILESTONE_") {
			told = append(told, kind)
		}
	}
	same(t, "told once each, newest first", told, []string{"MILESTONE_A_YEAR", "MILESTONE_TEN_PARTNERS", "MILESTONE_FIRST_HELP"})
	town.booksAreRight()
}

// mayChange are the tables that recognising somebody writes to, and no others:
// no account, no entry, no vote and no share is among them.
// The way of members may look at an endorsement, and looks is all.
var mayChange = []string{
	"thanks", "star", "endorsement", "household", "journal.event", "journal.head", "idempotency", "notification",
	"badge", "badge_criteria", "issued_badge", "contribution",
}

// recognising are the mutations of the recognition log, with the events they record.
var recognising = map[string]string{
	"giveThanks": "THANKS_GIVEN", "hideThanks": "RECOGNITION_HIDDEN", "awardStar": "STAR_AWARDED", "endorseSkill": "SKILL_ENDORSED",
	"withdrawEndorsement": "ENDORSEMENT_WITHDRAWN", "showRecognition": "RECOGNITION_SHOWN",
	"defineBadge": "BADGE_DEFINED", "reviseBadge": "BADGE_REVISED", "issueBadge": "BADGE_ISSUED", "revokeBadge": "BADGE_REVOKED",
}

func TestRecognitionNeverBecomesAnythingElse(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	for mutation, event := range recognising {
		c := calls[mutation](s)
		s.settle()
		before, position := s.snapshot(), ask[int](s.program, `SELECT max(pos)::int FROM journal.event`)
		c.by.does(mutation, c.in)
		s.settle()
		after := s.snapshot()
		for table := range maps.Keys(after) {
			if before[table] != after[table] && !slices.Contains(mayChange, table) {
				t.Errorf("%s changes %s", mutation, table)
			}
		}
		// Whatever follows from it would stand in the journal after it.
		same(t, "events of "+mutation, ask[string](s.program, `SELECT string_agg(kind, ' ' ORDER BY pos) FROM journal.event WHERE pos > $1`, position), event)
	}
	// A month of the program's own jobs makes nothing of it either.
	s.settle()
	moved := ask[int](s.program, `SELECT count(*)::int FROM ledger.transfer`)
	s.advance(31 * day)
	s.settle()
	same(t, "transfers a month later", ask[int](s.program, `SELECT count(*)::int FROM ledger.transfer`), moved)
	s.booksAreRight()
}
