// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// limit is an answer to a report that keeps something from its member for some days.
func limit(report string, days int, what ...string) input {
	return input{"reportId": report, "action": "LIMIT", "limits": what, "days": days, "statement": "Trois messages insultants le 3 mars."}
}

// limits keeps something from whom a report concerns, and answers the measure's id.
func (p *person) limits(report string, days int, what ...string) string {
	p.t.Helper()
	return p.does("resolveReport", limit(report, days, what...)).text("measure.id")
}

const limitsOf = "Member { participation limits { ability until } measures { action limits until text endedAt } }"

// breaks is the constraint that keeps even the database's owner from a statement.
func (w *town) breaks(sql string) string {
	w.t.Helper()
	_, err := w.owner.Exec(w.t.Context(), sql)
	pg, _ := errors.AsType[*pgconn.PgError](err)
	if pg == nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return pg.ConstraintName
}

// Bruno is kept from offering and from writing for ten days. What he promised he keeps,
// what he was not told to leave he goes on doing, and then it is over by itself.
func TestALimitTakesWhatItNamesAndNothingElse(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	offer := bruno.offers("Massages")
	promised := anna.asks(bruno, 30)
	bruno.accepts(promised)
	waiting, unwanted := clara.asks(bruno, 30), clara.asks(bruno, 15)
	question := clara.poses("Une heure de ménage chacun ?", "COMMON_RULES", nil)
	report := anna.reports(bruno.member, "HARASSMENT")
	town.founder.cannot("resolveReport", limit(report, 10), "REQUIRED", "limits")
	town.founder.cannot("resolveReport", limit(report, 31, "OFFERING"), "OUT_OF_RANGE", "days")
	town.founder.cannot("resolveReport", with(limit(report, 0, "OFFERING"), "action", "WARN"), "LIMITS_UNFIT", "limits")
	town.founder.cannot("resolveReport", with(limit(report, 10, "OFFERING"), "statement", " "), "REQUIRED", "statement")
	town.founder.limits(report, 10, "MESSAGING", "OFFERING", "OFFERING")

	same(t, "none without an end, or of nothing", []string{town.breaks(`UPDATE measure SET until_at = NULL`), town.breaks(`UPDATE measure SET limits = '{}'`)},
		[]string{"measure_limits", "measure_limits"})

	seen := bruno.sees(bruno.member, limitsOf)
	same(t, "each once", texts(seen.list("limits"), "ability"), []string{"OFFERING", "MESSAGING"})
	same(t, "he still takes part", seen.text("participation"), "NEWCOMER")
	for _, part := range []string{"offering services, writing to members", "Your hours, your vote", "Trois messages insultants", "you can appeal once"} {
		if text := seen.text("measures.0.text"); !strings.Contains(text, part) {
			t.Errorf("his statement does not say %q: %s", part, text)
		}
	}
	same(t, "others learn nothing of it", len(clara.sees(bruno.member, limitsOf).list("limits")), 0)
	same(t, "who moderates does", len(town.founder.sees(bruno.member, limitsOf).list("limits")), 2)

	listing := input{"communityId": town.id, "kind": "OFFER", "title": "Encore", "serviceTypeId": town.types()["102-A-1"]}
	said := bruno.cannot("createListing", listing, "ABILITY_LIMITED", "")
	same(t, "as a type of its own, that passes", []any{said.Type, said.Retryable}, []any{"AbilityLimited", true})
	bruno.cannot("renewListing", input{"listingId": offer}, "ABILITY_LIMITED", "listingId")
	bruno.cannot("proposeExchange", town.proposal(bruno, clara, 30), "ABILITY_LIMITED", "")
	bruno.cannot("acceptExchange", input{"exchangeId": waiting}, "ABILITY_LIMITED", "exchangeId")
	bruno.cannot("scheduleSession", bruno.session101(8, 0, 60, town.now().Add(day)), "ABILITY_LIMITED", "")
	bruno.cannot("sendMessage", input{"to": clara.member, "body": "Bonjour"}, "ABILITY_LIMITED", "")
	bruno.cannot("sendMessage", input{"to": waiting, "body": "Bonjour"}, "ABILITY_LIMITED", "")
	anna.does("nameHelper", input{"communityId": town.id, "helperId": bruno.member, "until": town.now().Add(30 * day)})
	bruno.cannot("sendMessage", input{"to": clara.member, "body": "Bonjour", "onBehalfOf": anna.member}, "ABILITY_LIMITED", "")
	clara.cannot("proposeExchange", town.proposal(bruno, clara, 30), "MEMBER_INACTIVE", "providerId") // and not why
	said = clara.cannot("proposeExchange", input{"communityId": town.id, "listingId": offer, "minutes": 30}, "MEMBER_INACTIVE", "providerId")
	same(t, "nothing more", said.Type, "GeneralError")

	worded := with(town.proposal(clara, bruno, 15), "message", "Encore moi.")
	bruno.cannot("proposeExchange", worded, "ABILITY_LIMITED", "message") // asking is not kept from him, words are
	bruno.does("proposeExchange", town.proposal(clara, bruno, 15))

	own := bruno.asks(clara, 15)
	bruno.cannot("declineExchange", input{"exchangeId": unwanted, "reason": "Encore vous."}, "ABILITY_LIMITED", "reason")
	bruno.cannot("cancelExchange", input{"exchangeId": own, "reason": "Encore vous."}, "ABILITY_LIMITED", "reason")
	bruno.does("declineExchange", input{"exchangeId": unwanted})
	bruno.does("cancelExchange", input{"exchangeId": own, "reason": ""}) // he can go without a word

	bruno.writes(promised, "À samedi.")
	bruno.completes(promised, 30)
	anna.confirms(promised, 30)
	bruno.cannot("giveThanks", input{"subjectId": promised, "message": "Merci, et le reste."}, "ABILITY_LIMITED", "message")
	bruno.does("giveThanks", input{"subjectId": promised})
	bruno.cannot("awardStar", input{"memberId": clara.member, "category": "CARE", "reason": why}, "ABILITY_LIMITED", "reason")
	bruno.yes(question)
	bruno.does("giveHours", input{"from": bruno.account(), "to": anna.account(), "minutes": 15, "idempotencyKey": newKey()})
	bruno.does("createListing", with(with(listing, "kind", "REQUEST"), "title", "Aide au jardin"))
	received := bruno.asks(clara, 15)
	clara.accepts(received)
	bruno.joins(clara.hosts(8, 15))

	town.advance(11 * day)
	bruno.writes(clara.member, "Je m’excuse.")
	bruno.accepts(waiting)
	same(t, "told once", len(allAbout(bruno.told(), "kind", "MEASURE_LAPSED")), 1)
	over := bruno.sees(bruno.member, limitsOf)
	same(t, "it stands no more, and in the record it does", []any{len(over.list("limits")), over.text("measures.0.action"), over.text("measures.0.endedAt") != ""}, []any{0, "LIMIT", true})
	town.booksAreRight()
}

// Of two limits an appeal takes back one; the other one stays.
func TestALimitIsUndoneByAnAppealAndAnotherStays(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	session := anna.does("scheduleSession", anna.session101(8, 0, 60, town.now().Add(3*day))).text("groupSession.id")
	first := town.founder.limits(anna.reports(bruno.member, "SPAM"), 7, "JOINING", "REQUESTING")
	town.founder.limits(anna.reports(bruno.member, "FRAUD"), 20, "REQUESTING")
	until := bruno.sees(bruno.member, limitsOf).list("limits")
	same(t, "the longer one counts", []bool{about(until, "ability", "REQUESTING").time("until").After(town.now().Add(19 * day)), about(until, "ability", "JOINING").time("until").After(town.now().Add(8 * day))}, []bool{true, false})

	bruno.cannot("joinSession", input{"sessionId": session}, "ABILITY_LIMITED", "sessionId")
	ask := input{"communityId": town.id, "kind": "REQUEST", "title": "Aide au jardin", "serviceTypeId": town.types()["102-A-1"]}
	bruno.cannot("createListing", ask, "ABILITY_LIMITED", "")
	bruno.cannot("proposeExchange", town.proposal(anna, bruno, 30), "ABILITY_LIMITED", "")
	clara.does("decideAppeal", answersAppeal(bruno.appeals(first), "OVERTURNED"))
	bruno.joins(session)
	bruno.cannot("createListing", ask, "ABILITY_LIMITED", "")
	same(t, "told what became of it", about(bruno.told(), "kind", "MEASURE_OVERTURNED") != nil, true)
	log := town.founder.reads(`{ community(slug: "port") { auditLog(first: 3) { nodes { action } } } }`, nil)
	same(t, "it is written down", texts(log.list("community.auditLog.nodes"), "action"), []string{"MEASURE_UNDONE", "APPEAL_DECIDED", "MEASURE_TAKEN"})

	town.founder.changes(input{"safety": input{"limitDays": 5}})
	report := anna.reports(bruno.member, "PRIVACY")
	town.founder.cannot("resolveReport", limit(report, 6, "MESSAGING"), "OUT_OF_RANGE", "days")
	usual := limit(report, 0, "MESSAGING")
	delete(usual, "days")
	measure := town.founder.does("resolveReport", usual).thing("measure")
	same(t, "never longer than the charter lets it", measure.time("until").After(town.now().Add(5*day)), false)
}
