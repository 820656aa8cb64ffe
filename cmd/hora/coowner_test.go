// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"testing"
	"time"
)

// owns moves somebody's shares, as the register would.
func (w *town) owns(p *person, capital string) {
	w.t.Helper()
	ask[int](w.program, `WITH w AS (UPDATE member SET capital = $2 WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(p.member), capital)
}

// governance is the vote of somebody, and the stage that follows.
func (p *person) governance() string {
	p.t.Helper()
	p.settle()
	m := p.sees(p.member, "Member { governance stage }")
	return m.text("governance") + " " + m.text("stage")
}

// published are who asks to be a co-owner, as somebody reads the list.
func (p *person) published() []string {
	p.t.Helper()
	return texts(p.reads(`query($slug: String!) { community(slug: $slug) { admissions { member { displayName } } } }`, input{"slug": p.slug}).
		list("community.admissions"), "member.displayName")
}

// Mutum, path A: a user exchanges, takes shares, is listed, and votes.
func TestFromUserToCoOwner(t *testing.T) {
	t.Parallel()
	town, anna, others := becomesActive(t)
	bruno := others[0]
	apply := input{"communityId": town.id, "statutesVersion": 1}
	town.owns(anna, "FULL")
	anna.cannot("applyForCoOwnership", apply, "ORIENTATION_MISSING", "communityId")
	same(t, "what is missing", anna.missing("CO_OWNER"), map[string]int{"ORIENTATION": 0, "STATUTES": 0, "VOTE": 0})
	anna.cannot("noteOrientation", input{"memberId": anna.member}, "FORBIDDEN", "")
	town.founder.does("noteOrientation", input{"memberId": anna.member})
	anna.cannot("applyForCoOwnership", input{"communityId": town.id}, "STATUTES_NOT_ACCEPTED", "statutesVersion")
	town.owns(anna, "INVESTOR")
	same(t, "a share, and no vote", anna.governance(), "GUEST INVESTOR")
	anna.cannot("applyForCoOwnership", apply, "SHARES_MISSING", "communityId")
	town.owns(anna, "FULL")

	listed := anna.does("applyForCoOwnership", apply).thing("admission")
	same(t, "listed", []string{listed.text("state"), anna.governance()}, []string{"LISTED", "CANDIDATE INVESTOR"})
	same(t, "everybody reads it", bruno.published(), []string{"Anna"})
	anna.cannot("applyForCoOwnership", apply, "MEMBER_STATE", "communityId")
	anna.cannot("objectToAdmission", input{"memberId": anna.member, "reason": "Moi."}, "OWN_CASE", "memberId")
	town.founder.cannot("decideAdmission", input{"memberId": anna.member, "admit": true, "reasons": "Vite."}, "MEMBER_STATE", "memberId")

	town.advance(13 * day)
	same(t, "a day before", anna.governance(), "CANDIDATE INVESTOR")
	town.advance(day + time.Hour)
	same(t, "nobody objected", anna.governance(), "VOTER CO_OWNER")
	town.advance(day)
	same(t, "told once each", []int{town.founder.heard("ADMISSION_LISTED"), anna.heard("CO_OWNER_ADMITTED")}, []int{1, 1})
	same(t, "the list is empty", len(bruno.published()), 0)
	same(t, "nothing is missing", len(anna.missing("CO_OWNER")), 0)

	town.advance(200 * day) // quiet for long
	town.advance(30 * day)
	same(t, "no job takes a vote away", []string{anna.participation(), anna.governance()}, []string{"DORMANT CO_OWNER", "VOTER CO_OWNER"})
	same(t, "what each change rests on", ask[string](town.program, `SELECT string_agg(basis || ' ' || became || ' ' || (person_id IS NOT NULL), ', ' ORDER BY at) FROM governance_act`),
		"OWN_REQUEST CANDIDATE true, TACIT VOTER false")
	town.booksAreRight()
}

// Mutum, paths B and C: somebody who came with shares is admitted after an objection
// and a decision; then the shares go back, and the vote with them.
func TestFromSharesToCoOwnerAndBack(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	town.owns(anna, "FULL")
	town.founder.does("noteOrientation", input{"memberId": anna.member})
	same(t, "an investor without a vote", anna.governance(), "GUEST INVESTOR")
	same(t, "and what a user is asked for", anna.missing("ACTIVE_USER"), map[string]int{"EXCHANGES": 0, "PARTNERS": 0, "MONTHS": 0})
	anna.helped(bruno)

	anna.does("applyForCoOwnership", input{"communityId": town.id, "statutesVersion": 1})
	bruno.cannot("objectToAdmission", input{"memberId": anna.member, "reason": " "}, "REQUIRED", "reason")
	bruno.cannot("objectToAdmission", input{"memberId": bruno.member, "reason": "…"}, "OWN_CASE", "memberId")
	objected := bruno.does("objectToAdmission", input{"memberId": anna.member, "reason": "She has just come."}).thing("admission")
	same(t, "the reason is published", []string{objected.text("state"), objected.text("objections.0.reason"), objected.text("objections.0.member.displayName")},
		[]string{"OBJECTED", "She has just come.", "Bruno"})
	town.advance(20 * day)
	same(t, "it is tacit no more", anna.governance(), "CANDIDATE INVESTOR")
	same(t, "Anna and the coordinator are told", []int{anna.heard("ADMISSION_OBJECTED"), town.founder.heard("ADMISSION_TO_DECIDE")}, []int{1, 1})
	decide := input{"memberId": anna.member, "admit": false, "reasons": "Un échange d’abord."}
	bruno.cannot("decideAdmission", decide, "FORBIDDEN", "")
	town.founder.does("decideAdmission", decide)
	same(t, "refused, and a member as before", []any{anna.governance(), anna.heard("ADMISSION_REFUSED")}, []any{"GUEST INVESTOR", 1})
	same(t, "the reasons are noted", anna.sees(anna.member, "Member { admission { state reasons decidedBy { displayName } } }").thing("admission"),
		thing{"state": "REFUSED", "reasons": "Un échange d’abord.", "decidedBy": map[string]any{"displayName": "Fatou"}})

	anna.does("applyForCoOwnership", input{"communityId": town.id, "statutesVersion": 1})
	town.founder.does("objectToAdmission", input{"memberId": anna.member, "reason": "À entendre encore."})
	admit := input{"memberId": anna.member, "admit": true, "reasons": "Entendue par l’assemblée."}
	town.founder.cannot("decideAdmission", admit, "OWN_CASE", "memberId") // who objected does not decide
	clara := town.welcome("Clara", "fr")
	town.founder.does("grantRole", input{"memberId": clara.member, "role": "BOARD"})
	clara.does("decideAdmission", admit)
	same(t, "admitted", anna.governance(), "VOTER CO_OWNER")

	town.owns(anna, "REDEEMING")
	town.advance(time.Hour)
	same(t, "on the way out", []any{anna.governance(), anna.heard("VOTE_ENDING")}, []any{"LEAVING USER", 1})
	town.owns(anna, "REDEEMED")
	town.advance(time.Hour)
	same(t, "the vote ended, the membership did not", []any{anna.governance(), anna.heard("VOTE_ENDED"), anna.sees(anna.member, "Member { participation }").text("participation")},
		[]any{"FORMER USER", 1, "NEWCOMER"})
	anna.helped(bruno)
	town.owns(anna, "FULL")
	anna.does("applyForCoOwnership", input{"communityId": town.id, "statutesVersion": 1})
	anna.does("leaveCommunity", input{"communityId": town.id})
	same(t, "who leaves takes their vote along", ask[string](town.program, `SELECT participation || ' ' || governance FROM member WHERE id = $1`, keyOf(anna.member)), "LEFT FORMER")
	town.booksAreRight()
}

// Anna is listed, then found to be under age: neither time nor those who decide make a vote
// of her wish, and only she is told why.
func TestAWishToBeCoOwnerEndsWithWhoIsUnderAge(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "fr")
	apply := input{"communityId": town.id, "statutesVersion": 1}
	wish := "Member { governance admission { state reasons decidedBy { displayName } } }"
	for _, p := range []*person{anna, bruno} {
		town.owns(p, "FULL")
		town.founder.does("noteOrientation", input{"memberId": p.member})
		p.does("applyForCoOwnership", apply)
	}
	town.founder.does("objectToAdmission", input{"memberId": bruno.member, "reason": "À entendre."})
	for _, p := range []*person{anna, bruno} {
		town.founder.does("recordMinor", input{"memberId": p.member, "comesOfAgeOn": town.date(-100 * day)})
		same(t, "over, and why is nobody's business", town.founder.sees(p.member, wish), thing{"governance": "GUEST", "admission": map[string]any{"state": "REFUSED", "reasons": nil, "decidedBy": nil}})
	}
	same(t, "nobody is listed", town.founder.published(), []string{})
	town.advance(15 * day)
	same(t, "time makes no vote of it", anna.governance(), "GUEST INVESTOR")
	same(t, "Anna is told once, with the reason", []int{anna.heard("MINOR_RECORDED"), anna.heard("ADMISSION_REFUSED"), anna.heard("CO_OWNER_ADMITTED")}, []int{1, 0, 0})
	town.founder.cannot("decideAdmission", input{"memberId": bruno.member, "admit": true, "reasons": "Oui."}, notFound, "memberId")
	town.founder.does("removeMinor", input{"memberId": anna.member})
	anna.does("applyForCoOwnership", apply)
	town.advance(15 * day)
	same(t, "it was a mistake: she asks again", anna.governance(), "VOTER CO_OWNER")
}
