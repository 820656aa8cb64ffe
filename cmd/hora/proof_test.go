// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "testing"

// Anna claims hours for the oven and shows two pictures of it. Who approves sees them, the
// other members do not; they are proof of nothing else, and stay when nothing shows them.
func TestAClaimIsShownInPictures(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	project := w.paying(anna, 200, nil)
	vault, fire := anna.confirmsPhoto(sunset, "La voûte, finie"), anna.confirmsPhoto(sunset, "Le premier feu")
	raw, theirs := anna.sends(sunset), bruno.confirmsPhoto(sunset, "Mon chat")
	claim := func(photos ...string) input {
		return input{"projectId": project, "minutes": 30, "proof": "Venez voir sur place.", "photoIds": photos, "idempotencyKey": newKey()}
	}
	anna.cannot("claimPayout", claim(raw), "UPLOAD_STATE", "photoIds")
	anna.cannot("claimPayout", claim(theirs), "NOT_FOUND", anyField)
	anna.cannot("claimPayout", claim(vault, vault), "NOT_FOUND", anyField)
	made := anna.does("claimPayout", claim(vault, fire)).text("claim.id")
	anna.cannot("claimPayout", claim(fire), "PHOTO_IN_USE", "photoIds")
	anna.cannot("createListing", input{
		"communityId": w.id, "kind": "OFFER", "title": "Du pain", "serviceTypeId": w.types()["102-A-1"], "photoIds": []string{fire},
	}, "PHOTO_IN_USE", "photoIds")

	seen := func(p *person) []string { return texts(p.sees(made, "Claim { photos { alt } }").list("photos"), "alt") }
	both := []string{"La voûte, finie", "Le premier feu"}
	w.advance(2 * day)
	w.settle()
	same(t, "whoever claims, who approves, and a neighbour", [][]string{seen(anna), seen(w.founder), seen(bruno)}, [][]string{both, both, {}})
	for _, p := range []*person{anna, w.founder} {
		same(t, "one by itself", p.sees(vault, "Photo { alt }").text("alt"), "La voûte, finie")
	}
	found := bruno.gql(bruno.bearer(), `query($id: ID!) { node(id: $id) { id } }`, input{"id": vault})
	same(t, "for Bruno it is not there", found.problems()[0].Code, "NOT_FOUND")
	same(t, "approved", w.founder.does("approveClaim", input{"claimId": made}).text("claim.stage"), "PAID")
	w.booksAreRight()
}
