// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"testing"
	"time"
)

// readByTwo is a complaint that the founder and a moderator read together.
func (s *scene) readByTwo() string {
	s.t.Helper()
	complaint, moderator := s.newcomer().complains(s.anna, true), s.newcomer()
	s.founder.does("grantRole", input{"memberId": moderator.member, "role": "MODERATOR"})
	for _, officer := range []*person{s.founder, moderator} {
		officer.does("openComplaint", input{"complaintId": complaint, "reason": "Pour y répondre."})
	}
	return complaint
}

const howClosed = "Complaint { open closedAt mayClose closings { reopened outcome statement member { displayName } } }"

func TestAComplaintIsClosedByOneOfTwoAndReopenedAloud(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara, dario := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA"), town.welcome("Dario", "fr-CA")
	for _, moderator := range []*person{bruno, clara, dario} {
		town.founder.does("grantRole", input{"memberId": moderator.member, "role": "MODERATOR"})
	}
	id := anna.complains(bruno, false)
	end := input{"complaintId": id, "outcome": "FOUNDED", "statement": "Bruno ne viendra plus chez vous.", "idempotencyKey": newKey()}
	reopen := input{"complaintId": id, "reason": "Il est revenu.", "idempotencyKey": newKey()}
	clara.cannot("closeComplaint", end, "COMPLAINT_NOT_HELD", "complaintId")
	clara.does("breakGlass", input{"complaintId": id, "reason": "Anna dit être en danger ce soir."})
	same(t, "who reads it alone", clara.sees(id, howClosed).find("mayClose"), any(false))
	clara.cannot("closeComplaint", end, "COMPLAINT_NOT_HELD", "complaintId") // alone, nobody ends it
	bruno.cannot("closeComplaint", end, "INVOLVED", "complaintId")
	anna.cannot("closeComplaint", end, forbidden, "")

	dario.does("openComplaint", input{"complaintId": id, "reason": "Avec Clara."})
	same(t, "with a second person", clara.sees(id, howClosed).find("mayClose"), any(true))
	town.founder.cannot("closeComplaint", end, "COMPLAINT_NOT_HELD", "complaintId")
	clara.cannot("closeComplaint", with(end, "statement", " "), "REQUIRED", "statement")
	clara.cannot("reopenComplaint", reopen, "COMPLAINT_STATE", "complaintId")
	for range 2 {
		clara.does("closeComplaint", end)
		closed := clara.sees(id, howClosed)
		same(t, "it is closed once", []any{closed.find("closedAt") != nil, len(closed.list("closings"))}, []any{true, 1})
	}
	dario.cannot("closeComplaint", with(end, "idempotencyKey", newKey()), "COMPLAINT_STATE", "complaintId")

	read := anna.sees(id, howClosed)
	same(t, "Anna reads the answer", []string{read.text("closings.0.outcome"), read.text("closings.0.statement")}, []string{"FOUNDED", "Bruno ne viendra plus chez vous."})
	same(t, "and is told", about(anna.told(), "kind", "COMPLAINT_CLOSED") != nil, true)
	same(t, "Bruno is not", about(bruno.told(), "kind", "COMPLAINT_CLOSED") == nil, true)
	logged := func(p *person) int {
		return len(p.reads(auditLog, input{"slug": town.slug, "filter": input{"actions": []string{"COMPLAINT_CLOSED"}}}).list("community.auditLog.nodes"))
	}
	same(t, "the log tells the others, and not Bruno", []int{logged(clara), logged(dario), logged(bruno)}, []int{1, 1, 0})
	other := town.founder.sees(id, howClosed)
	same(t, "others see that it is closed, by whom, and not how", []any{other.find("closedAt") != nil, other.text("closings.0.member.displayName"), other.find("closings.0.outcome"), other.find("closings.0.statement")},
		[]any{true, "Clara", nil, nil})

	town.advance(day + time.Hour)
	clara.cannot("reopenComplaint", reopen, "COMPLAINT_NOT_HELD", "complaintId")
	for _, officer := range []*person{clara, town.founder} {
		officer.does("openComplaint", input{"complaintId": id, "reason": "Il est revenu."})
	}
	same(t, "reading does not reopen it", clara.sees(id, howClosed).find("closedAt") != nil, true)
	town.founder.cannot("reopenComplaint", with(reopen, "reason", ""), "REQUIRED", "reason")
	town.founder.does("reopenComplaint", reopen)
	again := anna.sees(id, howClosed)
	same(t, "it is dealt with again, and Anna reads why", []any{again.find("closedAt"), again.find("closings.1.reopened"), again.text("closings.1.statement")}, []any{nil, true, "Il est revenu."})
	same(t, "all who may open it hear of it", []bool{about(anna.told(), "kind", "COMPLAINT_REOPENED") != nil, about(dario.told(), "kind", "COMPLAINT_REOPENED") != nil, about(bruno.told(), "kind", "COMPLAINT_REOPENED") != nil},
		[]bool{true, true, false})
	log := town.founder.reads(`{ community(slug: "port") { auditLog(filter: { actions: ["COMPLAINT_CLOSED", "COMPLAINT_REOPENED"] }) { nodes { action subjectId member { displayName } } } } }`, nil).
		list("community.auditLog.nodes")
	same(t, "it stands in the log", []string{log[0].text("action"), log[0].text("member.displayName"), log[1].text("action"), log[1].text("member.displayName"), log[1].text("subjectId")},
		[]string{"COMPLAINT_REOPENED", "Fatou", "COMPLAINT_CLOSED", "Clara", id})
}
