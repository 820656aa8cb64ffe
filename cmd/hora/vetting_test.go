// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"testing"
)

// vets attests that somebody saw a record check of a member, for some days from now.
func (p *person) vets(whom *person, days int) string {
	p.t.Helper()
	return p.does("recordVetting", input{"memberId": whom.member, "kind": "RECORD_CHECK", "expiresOn": p.inDays(days)}).text("vetting.id")
}

// gates lets childcare be given only by who has a record check attested.
func (w *town) gates() {
	w.t.Helper()
	sub := w.founder.reads(`{ serviceTypes { children { id code } } }`, nil)
	for _, family := range sub.list("serviceTypes") {
		if found := about(family.list("children"), "code", "100-B"); found != nil {
			w.founder.changes(input{"safety": input{"gates": []input{{"serviceTypeId": found.text("id"), "vetting": []string{"RECORD_CHECK"}}}}})
			return
		}
	}
	w.t.Fatal("the catalogue has no services for children")
}

// childcare lists an offer or a request of it.
func (p *person) childcare(kind string) string {
	p.t.Helper()
	return p.does("createListing", input{"communityId": p.id, "kind": kind, "title": "Garder deux enfants", "serviceTypeId": p.types()["100-B-1"]}).text("listing.id")
}

const (
	askedOf    = "Listing { vetting { valid kind { code label } } }"
	vettingsOf = "Member { vettings { id valid seenOn expiresOn withdrawReason kind { code label months } seenBy { displayName } } }"
)

// Anna would look after children. The charter asks for a record check of who does, and
// until a coordinator has seen hers nobody agrees to it with her.
func TestAServiceAsksForAnAttestation(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	town.gates()
	rules := town.charter("safety { limitDays noticeDays vetting { code label months } gates { serviceType { code } vetting { code } } }").thing("safety")
	same(t, "the rules are public", []any{rules.int("limitDays"), rules.text("gates.0.serviceType.code"), rules.text("gates.0.vetting.0.code")}, []any{30, "100-B", "RECORD_CHECK"})
	offer, request := anna.childcare("OFFER"), bruno.childcare("REQUEST")
	same(t, "that it is asked for, and is not there", bruno.sees(offer, askedOf).list("vetting"),
		[]thing{{"valid": false, "kind": map[string]any{"code": "RECORD_CHECK", "label": "Record check"}}})
	same(t, "of whoever answers", bruno.sees(request, askedOf).find("vetting.0.valid"), nil)
	same(t, "of nobody else", len(bruno.sees(anna.offers("Pain"), askedOf).list("vetting")), 0)

	answer := input{"communityId": town.id, "listingId": offer, "minutes": 60}
	said := bruno.cannot("proposeExchange", answer, "VETTING_MISSING", "serviceTypeId")
	same(t, "as a type of its own, that passes", []any{said.Type, said.Retryable}, []any{"VettingMissing", true})
	bruno.cannot("proposeExchange", with(answer, "serviceTypeId", town.types()["102-A-1"]), "VETTING_MISSING", "serviceTypeId") // whatever it is called
	anna.cannot("proposeExchange", input{"communityId": town.id, "listingId": request, "minutes": 60}, "VETTING_MISSING", "serviceTypeId")
	session := with(anna.session101(8, 0, 60, town.now().Add(day)), "serviceTypeId", town.types()["100-B-2"])
	anna.cannot("scheduleSession", session, "VETTING_MISSING", "serviceTypeId")

	record := input{"memberId": anna.member, "kind": "RECORD_CHECK"}
	bruno.cannot("recordVetting", record, "FORBIDDEN", "")
	town.founder.cannot("recordVetting", with(record, "kind", "CHARACTER"), "VALUE_UNKNOWN", "kind")
	town.founder.cannot("recordVetting", with(record, "seenOn", town.inDays(2)), "DATE_INVALID", "seenOn")
	town.founder.cannot("recordVetting", with(record, "expiresOn", town.date(2*day)), "DATE_INVALID", "expiresOn")
	town.founder.cannot("recordVetting", with(record, "expiresOn", town.inDays(3*366+2)), "DATE_INVALID", "expiresOn")
	town.founder.cannot("recordVetting", with(record, "memberId", town.founder.member), "OWN_VETTING", "memberId")
	town.founder.does("noteHousehold", input{"memberIds": []string{town.founder.member, bruno.member}})
	town.founder.cannot("recordVetting", with(record, "memberId", bruno.member), "OWN_VETTING", "memberId")
	id := town.founder.vets(anna, 90)
	same(t, "Anna is told", about(anna.told(), "kind", "VETTING_RECORDED") != nil, true)
	same(t, "none by oneself, nor withdrawn without a reason", []string{town.breaks(`UPDATE vetting SET seen_by = member_id`), town.breaks(`UPDATE vetting SET withdrawn_at = now(), withdrawn_by = seen_by`)},
		[]string{"vetting_somebody_else", "vetting_withdrawn_for_a_reason"})
	same(t, "and the server never changes one", town.sqlstate(`UPDATE vetting SET expires_on = expires_on + 1`), insufficientPrivilege)
	hers := anna.sees(anna.member, vettingsOf).list("vettings")
	same(t, "what was seen, and by whom", []any{hers[0]["valid"], hers[0].text("kind.label"), hers[0].text("seenBy.displayName")}, []any{true, "Vérification des antécédents", "Fatou"})
	same(t, "coordinators see it", len(town.founder.sees(anna.member, vettingsOf).list("vettings")), 1)
	same(t, "others only that it holds", []any{len(bruno.sees(anna.member, vettingsOf).list("vettings")), bruno.looksFor(id), bruno.sees(offer, askedOf).find("vetting.0.valid")},
		[]any{0, notFound, true})

	bruno.cannot("proposeExchange", with(answer, "scheduledAt", town.now().Add(92*day)), "VETTING_MISSING", "serviceTypeId") // it holds no more then
	anna.accepts(bruno.answers(offer, 60))
	anna.does("scheduleSession", session)
	bruno.cannot("scheduleSession", with(session, "title", "Chez Bruno"), "VETTING_MISSING", "serviceTypeId")
	town.booksAreRight()
}

// An attestation ends on its day, is told a month before, is renewed, and is withdrawn
// for a reason. What was agreed meanwhile is finished.
func TestAnAttestationEnds(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	town.gates()
	offer := anna.childcare("OFFER")
	town.founder.vets(anna, 40)
	agreed := bruno.answers(offer, 60)
	anna.accepts(agreed)
	expiring := func() []int {
		return []int{
			len(allAbout(anna.told(), "kind", "VETTING_EXPIRING")), len(allAbout(town.founder.told(), "kind", "MEMBER_VETTING_EXPIRING")),
			len(allAbout(bruno.told(), "kind", "MEMBER_VETTING_EXPIRING")),
		}
	}
	town.advance(9 * day)
	same(t, "nobody is told yet", expiring(), []int{0, 0, 0})
	town.advance(3 * day)
	same(t, "Anna and who coordinates are", expiring(), []int{1, 1, 0})
	due := about(anna.told(), "kind", "VETTING_EXPIRING").time("due")
	same(t, "of its day", []bool{due.After(town.now().Add(27 * day)), due.Before(town.now().Add(30 * day))}, []bool{true, true})
	town.advance(23 * day)
	same(t, "once", expiring(), []int{1, 1, 0})
	waits := bruno.answers(offer, 30)
	town.advance(7 * day)
	same(t, "it has ended", bruno.sees(offer, askedOf).find("vetting.0.valid"), any(false))
	anna.cannot("acceptExchange", input{"exchangeId": waits}, "VETTING_MISSING", "exchangeId")
	anna.completes(agreed, 60)
	bruno.confirms(agreed, 60)

	renewed := town.founder.vets(anna, 300)
	anna.accepts(waits)
	session := anna.does("scheduleSession", with(anna.session101(8, 0, 60, town.now().Add(3*day)), "serviceTypeId", town.types()["100-B-1"])).text("groupSession.id")
	town.founder.cannot("withdrawVetting", input{"vettingId": renewed, "reason": " "}, "REQUIRED", "reason")
	anna.cannot("withdrawVetting", input{"vettingId": renewed, "reason": "Je n’en veux plus."}, "FORBIDDEN", "")
	town.founder.does("noteHousehold", input{"memberIds": []string{town.founder.member, anna.member}})
	town.founder.cannot("withdrawVetting", input{"vettingId": renewed, "reason": "Nous vivons ensemble."}, "OWN_VETTING", "vettingId")
	town.founder.does("noteHousehold", input{"memberIds": []string{anna.member}})
	town.founder.does("withdrawVetting", input{"vettingId": renewed, "reason": "Le document était celui d’une autre personne."})
	town.founder.cannot("withdrawVetting", input{"vettingId": renewed, "reason": "Encore."}, "VETTING_ENDED", "vettingId")
	same(t, "Anna is told", about(anna.told(), "kind", "VETTING_WITHDRAWN") != nil, true)
	same(t, "and reads why", anna.sees(anna.member, vettingsOf).text("vettings.0.withdrawReason"), "Le document était celui d’une autre personne.")
	bruno.cannot("proposeExchange", input{"communityId": town.id, "listingId": offer, "minutes": 60}, "VETTING_MISSING", "serviceTypeId")
	bruno.cannot("joinSession", input{"sessionId": session}, "VETTING_MISSING", "sessionId")
	anna.completes(waits, 30) // what was agreed is finished
	log := town.founder.reads(`{ community(slug: "port") { auditLog(first: 4) { nodes { action subjectId } } } }`, nil).list("community.auditLog.nodes")
	same(t, "it is written down", []string{log[0].text("action"), log[0].text("subjectId"), log[3].text("action")}, []string{"VETTING_WITHDRAWN", renewed, "VETTING_RECORDED"})
}
