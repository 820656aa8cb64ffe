// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "testing"

// paying is a cycle that funded somebody's project whole, and pays by now.
func (w *town) paying(p *person, minutes int, more input) (project string) {
	w.t.Helper()
	cycle := w.founder.opens(w, minutes, more)
	project = p.does("submitProject", input{"cycleId": cycle, "title": "Four à pain", "body": "Un four commun, bâti ensemble.", "minimumMinutes": minutes}).text("project.id")
	w.advance(15 * day)
	p.votes(cycle, input{"projectId": project, "value": 5})
	w.advance(22 * day)
	return project
}

// The charter wants three people to look at a claim of more than two hours, or at the one
// that brings all that was claimed above them. Anna is the treasurer and claims; her
// partner runs the desk with three others. Neither of the two has a say, nor whoever files
// for her, nobody says yes twice, and what the charter says later changes nothing. What
// was paid comes back by nobody's word.
func TestSeveralPeopleLookAtALargeClaim(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.founder.changes(input{"payouts": input{"above": 120, "approvals": 3}})
	anna, bruno, clara, dora := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Dora", "fr")
	for _, p := range []*person{anna, bruno, clara, dora} {
		w.founder.does("grantRole", input{"memberId": p.member, "role": "TREASURER"})
	}
	w.founder.does("noteHousehold", input{"memberIds": []string{anna.member, bruno.member}})
	project := w.paying(anna, 500, nil)
	w.founder.changes(input{"payouts": input{"above": 1, "approvals": 7}})

	needs := func(claim string) int { return anna.sees(claim, "Claim { approvalsNeeded }").int("approvalsNeeded") }
	small, exact, large := anna.claims(project, 60), anna.claims(project, 60), anna.claims(project, 121)
	same(t, "by the charter as it stood when voting began", []int{needs(small), needs(exact), needs(large)}, []int{1, 1, 3})
	same(t, "those who may look at them are told, and whoever claims is not", []int{w.founder.heard("CLAIM_TO_APPROVE"), clara.heard("CLAIM_TO_APPROVE"), anna.heard("CLAIM_TO_APPROVE")}, []int{3, 3, 0})
	anna.cannot("approveClaim", input{"claimId": large}, "OWN_CLAIM", "claimId")
	bruno.cannot("approveClaim", input{"claimId": small}, "CLAIM_OF_HOUSEHOLD", "claimId")
	bruno.cannot("declineClaim", input{"claimId": small, "reason": "Non."}, "CLAIM_OF_HOUSEHOLD", "claimId")
	same(t, "one looks at the small one", w.founder.does("approveClaim", input{"claimId": small}).text("claim.stage"), "PAID")

	has := func() int { return anna.sees(anna.member, "Member { account { balance } }").int("account.balance") }
	before := has()
	for i, p := range []*person{w.founder, clara, dora} {
		said := p.does("approveClaim", input{"claimId": large}).text("claim.stage")
		same(t, "after one more approval", said, []string{"CLAIMED", "CLAIMED", "PAID"}[i])
		if i < 2 {
			p.cannot("approveClaim", input{"claimId": large}, "APPROVED_BEFORE", "claimId")
		}
	}
	same(t, "credited once", has()-before, 121)
	for mutation, wrong := range map[string]input{"reverseTransfer": {}, "correctTransfer": {"minutes": 20}} {
		wrong["transferId"], wrong["reason"], wrong["idempotencyKey"] = anna.sees(large, "Claim { transfer { id } }").text("transfer.id"), "Par erreur.", newKey()
		w.founder.cannot(mutation, wrong, "FORBIDDEN", anyField)
	}
	account := anna.sees(project, "Project { cycle { account { id } } }").text("cycle.account.id")
	w.founder.cannot("giveHours", input{"from": account, "to": anna.account(), "minutes": 10, "idempotencyKey": newKey()}, "FORBIDDEN", anyField)
	w.founder.cannot("giveHours", input{"from": w.ownAccount(), "to": account, "minutes": 10, "idempotencyKey": newKey()}, "FORBIDDEN", anyField)

	filed := w.founder.does("claimPayout", input{
		"projectId": project, "minutes": 5, "proof": "Venez voir sur place.", "onBehalfOf": anna.member, "idempotencyKey": newKey(),
	}).text("claim.id")
	same(t, "a little more of much, and Anna is told", []int{needs(filed), anna.heard("ACTED_FOR_YOU")}, []int{3, 1})
	w.founder.cannot("approveClaim", input{"claimId": filed}, "OWN_CLAIM", "claimId")
	w.founder.cannot("declineClaim", input{"claimId": filed, "reason": "Non."}, "OWN_CLAIM", "claimId")
	w.founder.does("noteHousehold", input{"memberIds": []string{w.founder.member, dora.member}})
	dora.cannot("approveClaim", input{"claimId": filed}, "CLAIM_OF_HOUSEHOLD", "claimId") // who lives with whom it is filed by
	same(t, "somebody else may", clara.does("approveClaim", input{"claimId": filed}).text("claim.stage"), "CLAIMED")
	w.booksAreRight()
}
