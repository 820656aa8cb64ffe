// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"maps"
	"testing"
)

const minorOf = `Member { minor { comesOfAgeOn takesPart consent { guardian { displayName } guardianName covers seenBy { displayName } seenOn standing
	withdrawnBy { displayName } withdrawReason } } wards { displayName } }`

// minor makes a member of somebody of 17, with the consent of a guardian among the members.
func (w *town) minor(name string, guardian *person) *person {
	w.t.Helper()
	p := w.register(name, "fr")
	p.member = p.does("applyToJoin", input{"communityId": w.id, "comesOfAgeOn": w.date(-300 * day)}).text("member.id")
	w.founder.consents(p, input{"guardianId": guardian.member})
	w.admit(p)
	return p
}

// consents notes that a coordinator saw a guardian's consent.
func (p *person) consents(to *person, more input) {
	p.t.Helper()
	in := input{"memberId": to.member, "covers": "Échanges et ateliers"}
	maps.Copy(in, more)
	p.does("recordGuardianConsent", in)
}

// knows says whether somebody is shown that a member is under age.
func (p *person) knows(member string) bool {
	p.t.Helper()
	return p.sees(member, "Member { minor { takesPart } }").find("minor.takesPart") != nil
}

// Lou is 15 and would join. The charter says from which age, a guardian consents, a
// coordinator sees it, and only these learn of it.
func TestAMinorJoinsWithAGuardiansConsent(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, clara := town.welcome("Anna", "fr"), town.welcome("Clara", "fr")
	same(t, "the rules are public", town.charter("minors { fromAge vetting { code } }").thing("minors"), thing{"fromAge": 16.0, "vetting": map[string]any{"code": "RECORD_CHECK"}})
	lou := town.register("Lou", "fr")
	apply := input{"communityId": town.id, "comesOfAgeOn": town.date(-900 * day)}
	lou.cannot("applyToJoin", apply, "MINOR_NOT_ADMITTED", "comesOfAgeOn")
	town.founder.isRefused("amendCharter", input{"communityId": town.id, "reason": "Décidé.", "changes": input{"minors": input{"fromAge": 19}}}, "OUT_OF_RANGE", "changes.minors.fromAge")
	town.founder.isRefused("amendCharter", input{"communityId": town.id, "reason": "Décidé.", "changes": input{"minors": input{"vetting": "CHARACTER"}}}, "VALUE_UNKNOWN", "changes.minors.vetting")
	town.founder.changes(input{"minors": input{"fromAge": 15}})
	lou.cannot("applyToJoin", with(apply, "comesOfAgeOn", town.date(0)), "DATE_INVALID", "comesOfAgeOn")
	lou.cannot("applyToJoin", with(apply, "comesOfAgeOn", town.date(-19*366*day)), "DATE_INVALID", "comesOfAgeOn")
	lou.cannot("applyToJoin", with(apply, "comesOfAgeOn", "2027-02-30"), "BAD_USER_INPUT", anyField)
	lou.member = lou.does("applyToJoin", apply).text("member.id")
	town.founder.cannot("admitMember", input{"memberId": lou.member}, "GUARDIAN_CONSENT_MISSING", "memberId")

	consent := input{"memberId": lou.member, "guardianId": clara.member, "covers": "Échanges et ateliers"}
	anna.cannot("recordGuardianConsent", consent, "FORBIDDEN", "")
	town.founder.cannot("recordGuardianConsent", with(consent, "guardianId", lou.member), "GUARDIAN_UNFIT", "guardianId")
	town.founder.cannot("recordGuardianConsent", with(consent, "guardianId", town.founder.member), "OWN_CONSENT", "guardianId")
	town.founder.cannot("recordGuardianConsent", with(consent, "guardianName", "Clara Roy"), "GUARDIAN_UNFIT", "guardianName")
	town.founder.cannot("recordGuardianConsent", with(consent, "guardianId", nil), "REQUIRED", "guardianName")
	town.founder.cannot("recordGuardianConsent", with(consent, "covers", " "), "REQUIRED", "covers")
	town.founder.cannot("recordGuardianConsent", with(consent, "seenOn", town.date(-2*day)), "DATE_INVALID", "seenOn")
	town.founder.cannot("recordGuardianConsent", with(consent, "memberId", anna.member), "NOT_A_MINOR", "memberId")
	town.founder.does("noteHousehold", input{"memberIds": []string{town.founder.member, anna.member}})
	for mutation, in := range map[string]input{"recordMinor": {"comesOfAgeOn": town.date(-100 * day)}, "removeMinor": {}, "recordGuardianConsent": {"covers": "Tout", "guardianName": "Anna"}} {
		town.founder.cannot(mutation, with(in, "memberId", anna.member), "OWN_CONSENT", "memberId")
		town.founder.cannot(mutation, with(in, "memberId", town.founder.member), "OWN_CONSENT", "memberId")
	}
	town.founder.cannot("recordGuardianConsent", with(consent, "guardianId", anna.member), "OWN_CONSENT", "guardianId")
	town.founder.does("recordGuardianConsent", consent)
	town.admit(lou)

	told := lou.sees(lou.member, minorOf).thing("minor")
	same(t, "what Lou reads", []any{told.find("takesPart"), told.text("consent.guardianName"), told.text("consent.seenBy.displayName"), told.text("comesOfAgeOn")},
		[]any{true, "Clara", "Fatou", town.date(-900 * day)})
	same(t, "Clara and who coordinates know, Anna does not", []bool{clara.knows(lou.member), town.founder.knows(lou.member), anna.knows(lou.member)}, []bool{true, true, false})
	same(t, "whose guardian Clara is", []any{clara.sees(clara.member, minorOf).text("wards.0.displayName"), len(anna.sees(clara.member, minorOf).list("wards"))}, []any{"Lou", 0})
	same(t, "both are told", []int{lou.heard("GUARDIAN_CONSENT_RECORDED"), clara.heard("WARD_CONSENT_RECORDED"), anna.heard("WARD_CONSENT_RECORDED")}, []int{1, 1, 0})

	// Nobody under age stands for another one, votes, or is shown outside.
	noe := town.minor("Noé", clara)
	town.founder.cannot("recordGuardianConsent", with(consent, "guardianId", noe.member), "GUARDIAN_UNFIT", "guardianId")
	town.founder.cannot("grantRole", input{"memberId": lou.member, "role": "BOARD"}, "OF_AGE_ONLY", "memberId")
	lou.cannot("applyForCoOwnership", input{"communityId": town.id, "statutesVersion": 1}, "OF_AGE_ONLY", "communityId")
	anna.cannot("nameHelper", input{"communityId": town.id, "helperId": lou.member, "until": town.now().Add(30 * day)}, "MEMBER_STATE", "helperId")
	outside := input{"communityId": town.id, "kind": "OFFER", "title": "Dessin", "serviceTypeId": town.types()["102-A-1"], "visibility": "PUBLIC"}
	lou.cannot("createListing", outside, "OF_AGE_ONLY", "visibility")
	inside := lou.does("createListing", with(outside, "visibility", "COMMUNITY"))
	lou.cannot("updateListing", input{"listingId": inside.text("listing.id"), "version": inside.int("listing.version"), "visibility": "PARTNERS"}, "OF_AGE_ONLY", "visibility")
	question := anna.poses("Une heure de ménage chacun ?", "COMMON_RULES", nil)
	same(t, "the roll is without them", anna.sees(question, "Decision { roll { size } }").int("roll.size"), 3)
	lou.cannot("castBallot", input{"decisionId": question, "choice": "YES"}, "NOT_ON_THE_ROLL", "decisionId")

	log := town.founder.reads(`{ community(slug: "port") { auditLog(filter: { actions: ["GUARDIAN_CONSENT_RECORDED"] }) { nodes { subjectId } } } }`, nil)
	same(t, "it is written down", texts(log.list("community.auditLog.nodes"), "subjectId"), []string{noe.member, lou.member})
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "BOARD"})
	log = clara.reads(`{ community(slug: "port") { auditLog { nodes { action } } } }`, nil)
	same(t, "for whom admits alone", about(log.list("community.auditLog.nodes"), "action", "GUARDIAN_CONSENT_RECORDED"), thing(nil))
	same(t, "none by oneself", []string{town.breaks(`UPDATE minor SET guardian_id = member_id`), town.breaks(`UPDATE minor SET seen_by = guardian_id`), town.breaks(`UPDATE minor SET covers = ''`)},
		[]string{"minor_somebody_else", "minor_somebody_else", "minor_consent_whole"})

	there := town.program.town("Accorderie du Lac", "lac")
	there.founder.cannot("recordMinor", input{"memberId": lou.member, "comesOfAgeOn": town.date(-100 * day)}, notFound, anyField)
	there.founder.cannot("withdrawGuardianConsent", input{"memberId": lou.member, "reason": "Non."}, notFound, anyField)
}

// An adult deals with Lou one to one when somebody attests their check, or as the
// guardian or household; to others the answer is that of any service that asks for one.
func TestAMinorMeetsAdultsWhoseCheckWasSeen(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara, dario := town.welcome("Anna", "fr"), town.welcome("Bruno", "fr"), town.welcome("Clara", "fr"), town.welcome("Dario", "fr")
	lou := town.minor("Lou", clara)
	noe := town.minor("Noé", clara)

	offer := lou.offers("Dessin")
	said := bruno.cannot("proposeExchange", input{"communityId": town.id, "listingId": offer, "minutes": 30}, "VETTING_MISSING", "serviceTypeId")
	same(t, "as of any service", []any{said.Type, said.Retryable}, []any{"VettingMissing", true})
	bruno.cannot("proposeExchange", town.proposal(bruno, lou, 30), "VETTING_MISSING", "serviceTypeId")
	lou.cannot("proposeExchange", town.proposal(bruno, lou, 30), "VETTING_MISSING", "serviceTypeId")
	bruno.cannot("sendMessage", input{"to": lou.member, "body": "Bonjour"}, "VETTING_MISSING", "to")
	bruno.cannot("sendMessage", input{"to": offer, "body": "Bonjour"}, "VETTING_MISSING", "to")
	cheque := input{"communityId": town.id, "providerId": lou.member, "minutes": 30, "serviceTypeId": town.types()["102-A-1"], "idempotencyKey": newKey()}
	bruno.cannot("writeTimeCheque", cheque, "VETTING_MISSING", "serviceTypeId")
	slips := input{"communityId": town.id, "cheques": []input{town.paper("71", bruno, lou, 30)}, "idempotencyKey": newKey()}
	town.founder.cannot("enterTimeCheques", slips, "VETTING_MISSING", "cheques.0.serviceTypeId")
	lou.cannot("nameHelper", input{"communityId": town.id, "helperId": bruno.member, "until": town.now().Add(30 * day)}, "VETTING_MISSING", "helperId")

	town.founder.vets(anna, 300)
	lou.thanks(anna.helped(lou))
	lou.answers(offerOf(clara), 30)
	anna.writes(lou.member, "Bonjour Lou")
	town.founder.writes(lou.member, "Bienvenue !") // who coordinates reaches everybody
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "COORDINATOR"})
	lou.writes(bruno.member, "Bonjour Bruno")
	town.founder.decides(anna.reports(bruno.member, "HARASSMENT"), "SUSPEND")
	lou.cannot("sendMessage", input{"to": bruno.member, "body": "Toujours là ?"}, "VETTING_MISSING", "to") // but not while suspended
	lou.accepts(noe.asks(lou, 15))
	town.founder.does("noteHousehold", input{"memberIds": []string{lou.member, dario.member}})
	dario.does("writeTimeCheque", with(cheque, "idempotencyKey", newKey()))
	dario.writes(lou.member, "À table !")

	met := anna.asks(lou, 30)
	same(t, "Clara is told of each exchange", clara.heard("WARD_EXCHANGE") > 3, true)
	news := about(clara.told(), "kind", "WARD_EXCHANGE")
	same(t, "which, and whose", []string{news.text("exchange.id"), news.text("member.displayName")}, []string{met, "Lou"})
	same(t, "and reads it; others do not", []string{clara.looksFor(met), bruno.looksFor(met)}, []string{"", notFound})
	same(t, "with all of Lou's", len(clara.sees(lou.member, "Member { exchanges { nodes { id } } }").list("exchanges.nodes")) > 3, true)
	town.founder.changes(input{"minors": input{"vetting": nil}})
	anna.cannot("proposeExchange", town.proposal(anna, lou, 30), "MEMBER_INACTIVE", "receiverId") // then nobody's check is enough
	lou.accepts(clara.asks(lou, 15))
	town.booksAreRight()
}

func offerOf(p *person) string { return p.offers("Tricot") }

// Clara withdraws her consent. What was agreed is called off and told, what was done is
// confirmed; with another consent Lou goes on, and one day comes of age.
func TestAGuardianWithdrawsAndAMinorComesOfAge(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "fr"), town.welcome("Clara", "fr")
	lou := town.minor("Lou", clara)
	town.founder.vets(anna, 300)
	offer := lou.offers("Dessin")
	done := anna.gave(lou, 30)
	agreed, waits := anna.asks(lou, 45), lou.asks(anna, 15)
	lou.accepts(agreed)
	held := anna.reads(`query($id: ID!) { node(id: $id) { ... on Account { held } } }`, input{"id": anna.account()}).int("node.held")

	withdraw := input{"memberId": lou.member, "reason": "Trop de devoirs en ce moment."}
	bruno.cannot("withdrawGuardianConsent", withdraw, "FORBIDDEN", "")
	bruno.cannot("withdrawGuardianConsent", with(withdraw, "memberId", anna.member), "FORBIDDEN", "")
	lou.cannot("withdrawGuardianConsent", withdraw, "FORBIDDEN", "")
	clara.cannot("withdrawGuardianConsent", with(withdraw, "reason", " "), "REQUIRED", "reason")
	clara.does("withdrawGuardianConsent", withdraw)
	town.founder.cannot("withdrawGuardianConsent", withdraw, "GUARDIAN_CONSENT_MISSING", "memberId")
	town.settle()
	same(t, "what was agreed or proposed is called off", []string{anna.sees(agreed, "Exchange { state }").text("state"), anna.sees(waits, "Exchange { state }").text("state")}, []string{"CANCELLED", "CANCELLED"})
	same(t, "its hours are free", []int{held, anna.reads(`query($id: ID!) { node(id: $id) { ... on Account { held } } }`, input{"id": anna.account()}).int("node.held")}, []int{45, 0})
	same(t, "both are told, twice", []int{lou.heard("EXCHANGE_CANCELLED"), anna.heard("EXCHANGE_CANCELLED")}, []int{2, 2})
	same(t, "of the consent too", []int{lou.heard("GUARDIAN_CONSENT_WITHDRAWN"), town.founder.heard("MEMBER_CONSENT_WITHDRAWN"), bruno.heard("MEMBER_CONSENT_WITHDRAWN")}, []int{1, 1, 0})
	lou.confirms(done, 30)
	told := lou.sees(lou.member, minorOf).thing("minor")
	same(t, "why, and by whom", []any{told.find("takesPart"), told.text("consent.withdrawReason"), told.text("consent.withdrawnBy.displayName")}, []any{false, "Trop de devoirs en ce moment.", "Clara"})

	listing := input{"communityId": town.id, "kind": "OFFER", "title": "Encore", "serviceTypeId": town.types()["102-A-1"]}
	lou.cannot("createListing", listing, "GUARDIAN_CONSENT_MISSING", "")
	town.founder.cannot("createListing", with(listing, "onBehalfOf", lou.member), "GUARDIAN_CONSENT_MISSING", "onBehalfOf")
	lou.cannot("renewListing", input{"listingId": offer}, "GUARDIAN_CONSENT_MISSING", "listingId")
	lou.cannot("proposeExchange", town.proposal(anna, lou, 30), "GUARDIAN_CONSENT_MISSING", "")
	lou.cannot("giveHours", input{"from": lou.account(), "to": anna.account(), "minutes": 15, "idempotencyKey": newKey()}, "GUARDIAN_CONSENT_MISSING", "")
	lou.cannot("sendMessage", input{"to": anna.member, "body": "Bonjour"}, "GUARDIAN_CONSENT_MISSING", "to")
	lou.writes(town.founder.member, "Que dois-je faire ?")                                        // who coordinates is reached by everybody
	anna.cannot("proposeExchange", town.proposal(anna, lou, 30), "MEMBER_INACTIVE", "receiverId") // and not why
	anna.cannot("proposeExchange", input{"communityId": town.id, "listingId": offer, "minutes": 30}, "MEMBER_INACTIVE", "providerId")
	anna.cannot("writeTimeCheque", input{"communityId": town.id, "providerId": lou.member, "minutes": 30, "serviceTypeId": town.types()["102-A-1"], "idempotencyKey": newKey()}, "MEMBER_INACTIVE", "providerId")
	same(t, "what Lou offers rests", anna.reads(`{ community(slug: "port") { listings { totalCount } } }`, nil).int("community.listings.totalCount"), 0)
	same(t, "also for who kept its address", []string{anna.looksFor(offer), lou.looksFor(offer), town.founder.looksFor(offer)}, []string{notFound, "", ""})
	minors := func(p *person) []string {
		return texts(p.reads(`{ community(slug: "port") { members(filter: {underAge: true}) { nodes { displayName } } } }`, nil).list("community.members.nodes"), "displayName")
	}
	same(t, "who is under age, for those who admit", minors(town.founder), []string{"Lou"})
	if a := anna.gql(anna.bearer(), `{ community(slug: "port") { members(filter: {underAge: true}) { totalCount } } }`, nil); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != forbidden {
		t.Errorf("Anna looks for minors: %s", a.raw)
	}

	town.founder.consents(lou, input{"guardianName": "Mme Roy", "seenOn": town.date(day)})
	same(t, "seen on paper", lou.sees(lou.member, minorOf).text("minor.consent.guardianName"), "Mme Roy")
	same(t, "Clara reads no more of it", clara.knows(lou.member), false)
	lou.accepts(anna.asks(lou, 45))

	town.founder.does("recordMinor", input{"memberId": lou.member, "comesOfAgeOn": town.date(-20 * day)}) // it was noted wrongly
	town.founder.consents(lou, input{"guardianId": bruno.member})
	same(t, "nobody's place was taken", []int{clara.heard("WARD_CONSENT_REPLACED"), bruno.heard("WARD_CONSENT_RECORDED")}, []int{0, 1})
	town.founder.consents(lou, input{"guardianId": clara.member})
	same(t, "Bruno hears that another consent holds now", []any{bruno.heard("WARD_CONSENT_REPLACED"), about(bruno.told(), "kind", "WARD_CONSENT_REPLACED").text("member.displayName")}, []any{1, "Lou"})
	town.advance(18 * day)
	same(t, "not yet", []int{lou.heard("MINOR_CAME_OF_AGE"), clara.heard("WARD_RELEASED")}, []int{0, 0})
	bruno.cannot("sendMessage", input{"to": lou.member, "body": "Bonjour"}, "VETTING_MISSING", "to")
	town.advance(3 * day)
	same(t, "both are told", []int{lou.heard("MINOR_CAME_OF_AGE"), clara.heard("WARD_RELEASED")}, []int{1, 1})
	town.advance(2 * day)
	same(t, "once", []int{lou.heard("MINOR_CAME_OF_AGE"), clara.heard("WARD_RELEASED")}, []int{1, 1})
	same(t, "nothing of it is kept", ask[int](town.program, `SELECT count(*)::int FROM minor`), 0)
	same(t, "nor shown", []bool{lou.knows(lou.member), town.founder.knows(lou.member)}, []bool{false, false})
	bruno.writes(lou.member, "Bonjour")
	lou.accepts(bruno.asks(lou, 15))
	town.founder.does("grantRole", input{"memberId": lou.member, "role": "BOARD"})
	town.booksAreRight()
}

// A guardian who leaves is none any more, and programs outside hear nothing of minors.
func TestAGuardianLeaves(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, clara := town.welcome("Anna", "fr"), town.welcome("Clara", "fr")
	town.founder.vets(anna, 300)
	lou := town.minor("Lou", clara)
	agreed := anna.asks(lou, 30)
	lou.accepts(agreed)
	clara.does("leaveCommunity", input{"communityId": town.id, "idempotencyKey": newKey()})
	town.settle()
	same(t, "what was agreed is called off", anna.sees(agreed, "Exchange { state }").text("state"), "CANCELLED")
	same(t, "Lou is told", lou.heard("GUARDIAN_CONSENT_WITHDRAWN"), 1)
	lou.cannot("proposeExchange", town.proposal(anna, lou, 30), "GUARDIAN_CONSENT_MISSING", "")
	town.founder.consents(lou, input{"guardianName": "Mme Roy"})
	lou.accepts(anna.asks(lou, 30))
	town.founder.cannot("createWebhook", input{"communityId": town.id, "url": "https://example.org/hora", "events": []string{"MINOR_RECORDED"}, "idempotencyKey": newKey()}, "EVENT_UNKNOWN", anyField)
}

// A coordinator finds out that a member is under age: what they hold ends, and it can be
// taken back.
func TestAMemberIsFoundToBeUnderAge(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "fr")
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "COORDINATOR"})
	question := anna.poses("Une heure de ménage chacun ?", "COMMON_RULES", nil)
	anna.does("nameHelper", input{"communityId": town.id, "helperId": bruno.member, "until": town.now().Add(30 * day)})
	in := input{"memberId": bruno.member, "comesOfAgeOn": town.date(-100 * day)}
	anna.cannot("recordMinor", in, "FORBIDDEN", "")
	town.founder.cannot("recordMinor", with(in, "comesOfAgeOn", town.date(3*day)), "DATE_INVALID", "comesOfAgeOn")
	town.founder.cannot("recordMinor", with(in, "comesOfAgeOn", "2027-02-30"), "BAD_USER_INPUT", anyField)
	bruno.cannot("recordMinor", with(in, "memberId", bruno.member), "OWN_CONSENT", "memberId")
	town.founder.does("recordMinor", in)
	same(t, "Bruno is told, and holds nothing", []any{bruno.heard("MINOR_RECORDED"), len(bruno.sees(bruno.member, "Member { roles { role } }").list("roles"))}, []any{1, 0})
	bruno.cannot("admitMember", input{"memberId": anna.member}, "FORBIDDEN", "")
	bruno.cannot("proposeExchange", with(town.proposal(bruno, anna, 30), "onBehalfOf", anna.member), "GUARDIAN_CONSENT_MISSING", "")
	bruno.cannot("castBallot", input{"decisionId": question, "choice": "YES"}, "NOT_ON_THE_ROLL", "decisionId")
	town.founder.does("removeMinor", input{"memberId": bruno.member})
	town.founder.cannot("removeMinor", input{"memberId": bruno.member}, "NOT_A_MINOR", "memberId")
	same(t, "told again", bruno.heard("MINOR_REMOVED"), 1)
	anna.accepts(bruno.asks(anna, 15))
}

// Who coordinates gives hours of the whole to others, and not to themselves or who lives
// with them.
func TestNobodyGivesTheirOwnHouseholdHoursOfTheWhole(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "fr")
	town.founder.does("noteHousehold", input{"memberIds": []string{town.founder.member, bruno.member}})
	whole := town.founder.reads(`{ community(slug: "port") { account { id } } }`, nil).text("community.account.id")
	gift := func(to *person) input {
		return input{"from": whole, "to": to.account(), "minutes": 60, "idempotencyKey": newKey()}
	}
	town.founder.cannot("giveHours", gift(town.founder), "BOTH_SIDES", "from")
	town.founder.cannot("giveHours", gift(bruno), "BOTH_SIDES", "from")
	town.founder.does("giveHours", gift(anna))
	town.booksAreRight()
}
