// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"testing"
	"time"
)

const complaintFields = "Complaint { open details complainant { displayName } member { displayName } openings { alone reason member { displayName } } }"

// complains in confidence, and answers the complaint's id.
func (p *person) complains(of *person, mayName bool) string {
	p.t.Helper()
	return p.does("fileComplaint", input{"communityId": p.id, "memberId": of.member, "details": "Il est venu chez moi sans prévenir.", "mayName": mayName}).text("complaint.id")
}

func TestTwoPeopleOpenAComplaint(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara, dario := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr"), town.welcome("Dario", "fr")
	for _, moderator := range []*person{bruno, clara, dario} {
		town.founder.does("grantRole", input{"memberId": moderator.member, "role": "MODERATOR"})
	}
	id := anna.complains(bruno, false)
	anna.cannot("fileComplaint", input{"communityId": town.id, "memberId": anna.member, "details": "Moi."}, "OWN_REPORT", "memberId")
	anna.cannot("fileComplaint", input{"communityId": town.id, "details": " "}, "REQUIRED", "details")
	same(t, "Clara is told", about(clara.told(), "kind", "COMPLAINT_FILED") != nil, true)
	same(t, "Bruno is not", about(bruno.told(), "kind", "COMPLAINT_FILED") == nil, true)
	same(t, "and finds none", bruno.looksFor(id), notFound)
	bruno.cannot("openComplaint", input{"complaintId": id, "reason": "Par curiosité."}, "INVOLVED", "complaintId")
	same(t, "Anna reads her own", anna.sees(id, complaintFields).text("details"), "Il est venu chez moi sans prévenir.")

	first := clara.does("openComplaint", input{"complaintId": id, "reason": "Pour y répondre."}).thing("complaint")
	same(t, "one alone reads nothing", []any{first.find("open"), first.find("details"), first.find("member")}, []any{false, nil, nil})
	clara.does("openComplaint", input{"complaintId": id, "reason": "Pour y répondre, encore."})
	same(t, "asking twice is not two", clara.sees(id, complaintFields).find("details"), nil)
	same(t, "the others are asked", about(dario.told(), "kind", "COMPLAINT_ASKED") != nil, true)
	dario.does("openComplaint", input{"complaintId": id, "reason": "Avec Clara."})
	read := clara.sees(id, complaintFields)
	same(t, "two read it", []any{read.find("open"), read.find("details"), read.text("member.displayName")}, []any{true, "Il est venu chez moi sans prévenir.", "Bruno"})
	same(t, "without the name", read.find("complainant"), nil)
	same(t, "a third does not", town.founder.sees(id, complaintFields).find("details"), nil)
	same(t, "but sees who did", len(town.founder.sees(id, complaintFields).list("openings")), 3)
	town.founder.does("noteHousehold", input{"memberIds": []string{clara.member, dario.member}})
	same(t, "who live together are not two", clara.sees(id, complaintFields).find("details"), nil)
	town.founder.does("noteHousehold", input{"memberIds": []string{dario.member}})
	same(t, "apart, they are", clara.sees(id, complaintFields).find("open"), any(true))
	town.founder.does("revokeRole", input{"memberId": dario.member, "role": "MODERATOR"})
	same(t, "nor is who no longer moderates a second", clara.sees(id, complaintFields).find("details"), nil)
	town.founder.does("grantRole", input{"memberId": dario.member, "role": "MODERATOR"})
	town.founder.decides(anna.reports(dario.member, "OTHER"), "SUSPEND")
	same(t, "nor who is suspended", clara.sees(id, complaintFields).find("details"), nil)
	town.founder.does("undoMeasure", input{"measureId": dario.sees(dario.member, measuresOf).text("measures.0.id"), "reason": "Par erreur."})
	same(t, "back, they are", clara.sees(id, complaintFields).find("open"), any(true))
	town.advance(day + time.Hour)
	same(t, "a day later it is closed", clara.sees(id, complaintFields).find("details"), nil)
}

func TestTheGlassIsBrokenBeforeEverybodysEyes(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	id := anna.complains(bruno, true)
	clara.cannot("breakGlass", input{"complaintId": id, "reason": "Vite."}, "TEXT_TOO_SHORT", "reason")
	opened := clara.does("breakGlass", input{"complaintId": id, "reason": "Anna dit être en danger ce soir."}).thing("complaint")
	same(t, "she reads it, and who complained", []any{opened.find("open"), opened.text("complainant.displayName")}, []any{true, "Anna"})
	same(t, "the coordinator is told", about(town.founder.told(), "kind", "COMPLAINT_GLASS_BROKEN") != nil, true)
	same(t, "and Anna", about(anna.told(), "kind", "COMPLAINT_GLASS_BROKEN") != nil, true)
	log := town.founder.reads(`query($slug: String!) { community(slug: $slug) { auditLog(first: 1) { nodes { action member { displayName } } }
		complaints { nodes { id open openings { alone reason } } } } }`, input{"slug": "port"}).thing("community")
	same(t, "it stands in the log", []string{log.text("auditLog.nodes.0.action"), log.text("auditLog.nodes.0.member.displayName")}, []string{"COMPLAINT_GLASS_BROKEN", "Clara"})
	same(t, "and with the complaint", log.text("complaints.nodes.0.openings.0.reason"), "Anna dit être en danger ce soir.")
}
