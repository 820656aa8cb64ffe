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

// The charter wants three people to look at a claim of more than two hours. Anna is the
// treasurer and claims; her partner runs the desk with three others. Neither of the two
// has a say, nobody says yes twice, and what the charter says later changes nothing.
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
	small, exact, large := anna.claims(project, 60), anna.claims(project, 120), anna.claims(project, 121)
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
	w.booksAreRight()
}
