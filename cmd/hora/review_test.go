// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
)

// underReview is a listing of Anna’s that waits for review, whatever the charter says
// of others.
func (s *scene) underReview() string {
	s.t.Helper()
	waiting := s.anna.offers(s.another("Pain"))
	ask[int](s.program, `WITH w AS (UPDATE listing SET state = 'PENDING_REVIEW' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(waiting))
	return waiting
}

// sendsBack answers a listing under review with what to change.
func (p *person) sendsBack(listing string) {
	p.t.Helper()
	p.does("sendListingBack", input{"listingId": listing, "reason": "Dites où et quand.", "idempotencyKey": newKey()})
}

const howReviewed = "Listing { state title version reviews { step reason title description by { displayName } } }"

func TestAListingIsSentBackChangedAndFiledAgain(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "en-CA"), town.welcome("Bruno", "fr-CA"), town.welcome("Clara", "fr-CA")
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "MODERATOR"})
	town.founder.changes(input{"listings": input{"review": true}})
	bread := anna.offers("Pain")
	same(t, "it waits", anna.sees(bread, howReviewed).text("state"), "PENDING_REVIEW")

	back := input{"listingId": bread, "reason": "Dites où et quand.", "idempotencyKey": newKey()}
	for reason, code := range map[string]string{"": "REQUIRED", " \n ": "REQUIRED", strings.Repeat("é", 2001): "TEXT_TOO_LONG"} {
		bruno.cannot("sendListingBack", with(back, "reason", reason), code, "reason")
	}
	clara.cannot("sendListingBack", back, forbidden, "")
	anna.cannot("sendListingBack", back, forbidden, "")
	for range 2 { // as a bad network would send it
		same(t, "it is a draft", bruno.does("sendListingBack", back).text("listing.state"), "DRAFT")
	}
	bruno.cannot("sendListingBack", with(back, "idempotencyKey", newKey()), "LISTING_STATE", "listingId")
	town.founder.cannot("approveListing", input{"listingId": bread}, "LISTING_STATE", "listingId")

	note := about(anna.told(), "kind", "LISTING_SENT_BACK")
	same(t, "Anna is told in her language", note.text("title"), "Your listing was sent back to you")
	for _, part := range []string{"“Pain”", "What to change: Dites où et quand."} {
		if !strings.Contains(note.text("body"), part) {
			t.Errorf("she is not told %q: %s", part, note.text("body"))
		}
	}
	letters := town.letters(anna.email, "Your listing was sent back to you")
	same(t, "and by letter", len(letters) == 1 && strings.Contains(letters[0].Text, "What to change: Dites où et quand."), true)
	same(t, "once", len(slices.DeleteFunc(texts(anna.told(), "kind"), func(k string) bool { return k != "LISTING_SENT_BACK" })), 1)
	seen := anna.sees(bread, howReviewed)
	same(t, "she reads why", []string{seen.text("reviews.0.step"), seen.text("reviews.0.reason")}, []string{"SENT_BACK", "Dites où et quand."})
	same(t, "but not who", seen.find("reviews.0.by"), nil)
	same(t, "Bruno does", bruno.sees(bread, howReviewed).text("reviews.0.by.displayName"), "Bruno")
	same(t, "for Clara there is no such listing", clara.looksFor(bread), notFound)

	clara.cannot("submitListing", input{"listingId": bread}, forbidden, "")
	anna.does("updateListing", input{"listingId": bread, "version": seen.int("version"), "title": "Pain, le samedi", "description": "Chez moi."})
	again := input{"listingId": bread, "idempotencyKey": newKey()}
	for range 2 {
		same(t, "it waits again", anna.does("submitListing", again).text("listing.state"), "PENDING_REVIEW")
	}
	anna.cannot("submitListing", with(again, "idempotencyKey", newKey()), "LISTING_STATE", "listingId")
	same(t, "those who review hear of it", []string{
		about(bruno.told(), "kind", "LISTING_TO_REVIEW").text("member.displayName"), about(town.founder.told(), "kind", "LISTING_TO_REVIEW").text("member.displayName"),
	}, []string{"Anna", "Anna"})

	town.founder.does("approveListing", input{"listingId": bread})
	history := bruno.sees(bread, howReviewed)
	same(t, "all of it is kept", texts(history.list("reviews"), "step"), []string{"SENT_BACK", "FILED_AGAIN", "APPROVED"})
	same(t, "with what it said", texts(history.list("reviews"), "title"), []string{"Pain", "Pain, le samedi", "Pain, le samedi"})
	same(t, "and is nobody else’s to read", len(clara.sees(bread, howReviewed).list("reviews")), 0)
	log := town.founder.reads(`{ community(slug: "port") { auditLog(filter: { subjectId: "`+bread+`" }) { nodes { action member { displayName } } } } }`, nil)
	same(t, "the log says who", texts(log.list("community.auditLog.nodes"), "member.displayName"), []string{"Fatou", "Bruno"})
}

func TestADraftIsPublishedWhereNobodyReviewsAnyMore(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, dario := town.welcome("Anna", "fr-CA"), town.welcome("Dario", "fr-CA")
	town.founder.changes(input{"listings": input{"review": true}})
	bread, cake := anna.offers("Pain"), dario.offers("Gâteau")
	town.founder.sendsBack(bread)
	town.founder.sendsBack(cake)
	town.founder.changes(input{"listings": input{"review": false}})
	same(t, "published at once", anna.does("submitListing", input{"listingId": bread}).text("listing.state"), "PUBLISHED")
	same(t, "nobody has to look", about(town.founder.told(), "kind", "LISTING_TO_REVIEW") == nil, true)
	town.founder.does("submitListing", input{"listingId": cake}) // who acts for members may, too
	same(t, "and Dario hears of it", about(dario.told(), "kind", "ACTED_FOR_YOU") != nil, true)
	dario.does("archiveListing", input{"listingId": cake})
	dario.cannot("submitListing", input{"listingId": cake}, "LISTING_STATE", "listingId")
}
