// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// blocks says that a member wants to have nothing to do with another.
func (p *person) blocks(whom *person) {
	p.t.Helper()
	p.does("blockMember", input{"memberId": whom.member})
}

// nobodys is an id like another, which nobody has.
func nobodys(id string) string {
	raw, _ := base64.RawURLEncoding.DecodeString(id)
	raw[len(raw)-1] ^= 0xff
	return base64.RawURLEncoding.EncodeToString(raw)
}

// said is all that an answer says to an app, but for what it costs.
func said(t *testing.T, a answer) string {
	t.Helper()
	raw, err := json.Marshal([]any{a.Data, a.Errors})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// lists is all that somebody finds by looking around in their town.
func (p *person) lists() string {
	p.t.Helper()
	const around = `query($slug: String!) { community(slug: $slug) {
		feed: listings { totalCount nodes { title member { displayName } } }
		nearest: listings(filter: { text: "tricot" }) { totalCount nodes { title } }
		offers: listings(filter: { kind: OFFER, near: { latitude: 45.5, longitude: -73.6, radiusKm: 50 } }) { totalCount nodes { title } }
		everybody: members { totalCount nodes { displayName } }
		named: members(filter: { text: "clara" }) { totalCount nodes { displayName } }
		threads { nodes { with { displayName } } }
		numbered: member(number: 4) { displayName } } }`
	return said(p.t, p.gql(p.bearer(), around, input{"slug": p.slug}))
}

// Clara joined last and blocked Bruno. Whatever he looks at, and whatever he tries,
// answers as if she had never come.
func TestWhoBlocksIsNobodyToTheBlocked(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	anna.offers("Pain au levain")
	before := bruno.lists()

	clara := town.welcome("Clara", "fr")
	offer := clara.does("createListing", input{
		"communityId": town.id, "kind": "OFFER", "title": "Tricot et crochet", "serviceTypeId": town.types()["102-A-1"],
		"place": input{"latitude": 45.5, "longitude": -73.6},
	}).text("listing.id")
	bruno.writes(clara.member, "Bonjour !")
	account := clara.account()
	if met := bruno.lists(); !strings.Contains(met, "Tricot") || !strings.Contains(met, "Clara") {
		t.Fatalf("Bruno does not find Clara yet: %s", met)
	}
	here := bruno.reads(`query($c: ID!) { changes(communityId: $c) { nextCursor } }`, input{"c": town.id}).text("changes.nextCursor")
	told := len(bruno.told())
	clara.blocks(bruno)
	same(t, "what Bruno finds", bruno.lists(), before)
	same(t, "nobody tells him", len(bruno.told()), told)

	asks := func(query, id string) string {
		return said(t, bruno.gql(bruno.bearer(), query, input{"id": id, "c": town.id}))
	}
	for what, q := range map[string]struct{ query, id string }{
		"the member":       {`query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }`, clara.member},
		"the listing":      {`query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }`, offer},
		"the account":      {`query($id: ID!) { node(id: $id) { id } }`, account},
		"all her listings": {`query($id: ID!) { community(slug: "port") { listings(filter: { memberId: $id }) { totalCount nodes { title } } } }`, clara.member},
	} {
		same(t, what, asks(q.query, q.id), asks(q.query, nobodys(q.id)))
	}
	same(t, "her number", asks(`{ community(slug: "port") { member(number: 4) { id } } }`, ""), asks(`{ community(slug: "port") { member(number: 5) { id } } }`, ""))

	leaf := town.types()["102-A-1"]
	for _, try := range []struct {
		mutation, field, id string
		in                  input
	}{
		{"proposeExchange", "providerId", clara.member, input{"communityId": town.id, "receiverId": bruno.member, "minutes": 30, "serviceTypeId": leaf}},
		{"proposeExchange", "receiverId", clara.member, input{"communityId": town.id, "providerId": bruno.member, "minutes": 30, "serviceTypeId": leaf}},
		{"proposeExchange", "listingId", offer, input{"communityId": town.id, "minutes": 30}},
		{"sendMessage", "to", clara.member, input{"body": "Bonjour ?"}},
		{"sendMessage", "to", offer, input{"body": "Bonjour ?"}},
		{"giveHours", "to", account, input{"from": bruno.account(), "minutes": 5, "idempotencyKey": newKey()}},
		{"writeTimeCheque", "providerId", clara.member, input{"communityId": town.id, "minutes": 15, "serviceTypeId": leaf, "description": "Tricot", "idempotencyKey": newKey()}},
		{"giveThanks", "subjectId", clara.member, input{"message": "Merci !"}},
		{"awardStar", "memberId", clara.member, input{"category": "CARE", "reason": why}},
		{"endorseSkill", "memberId", clara.member, input{"serviceTypeId": leaf}},
		{"delegateVote", "toId", clara.member, input{"communityId": town.id, "type": "COMMON_RULES"}},
		{"nameHelper", "helperId", clara.member, input{"communityId": town.id, "until": town.now().Add(30 * day)}},
		{"reportContent", "subjectId", clara.member, input{"reason": "OTHER"}},
		{"reportContent", "subjectId", offer, input{"reason": "OTHER"}},
		{"fileComplaint", "memberId", clara.member, input{"communityId": town.id, "details": "Elle ne répond plus."}},
		{"blockMember", "memberId", clara.member, input{}},
		{"unblockMember", "memberId", clara.member, input{}},
	} {
		refused := bruno.tries(try.mutation, with(try.in, try.field, try.id))
		if len(refused.problems()) == 0 {
			t.Errorf("%s by %s reaches Clara: %s", try.mutation, try.field, refused.raw)
		}
		same(t, try.mutation+" by "+try.field, said(t, refused), said(t, bruno.tries(try.mutation, with(try.in, try.field, nobodys(try.id)))))
	}
	same(t, "Clara is told nothing of it", about(clara.told(), "kind", "EXCHANGE_PROPOSED"), thing(nil))

	// His phone starts again, and what happens to her after that is none of its business.
	since := `query($c: ID!, $id: Cursor) { changes(communityId: $c, since: $id) { resetRequired nextCursor items { objectId } } }`
	fresh := bruno.reads(since, input{"c": town.id, "id": here}).thing("changes")
	same(t, "his phone starts again", fresh.find("resetRequired"), any(true))
	clara.offers("Broderie")
	clara.does("archiveListing", input{"listingId": offer})
	same(t, "and follows nothing of hers", len(bruno.reads(since, input{"c": town.id, "id": fresh.text("nextCursor")}).list("changes.items")), 0)
	town.booksAreRight()
}

func (p *person) blocked() []thing {
	p.t.Helper()
	return p.reads(`{ viewer { blocked { since resting member { id displayName listings { totalCount } } } } }`, nil).list("viewer.blocked")
}

// What the two agreed on they finish, and what was is still read.
func TestWhatWasAgreedIsFinishedDespiteABlock(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	bruno, clara := town.welcome("Bruno", "fr"), town.welcome("Clara", "fr")
	past, under := clara.helped(bruno), bruno.asks(clara, 45)
	clara.accepts(under)
	bruno.writes(under, "À jeudi !")
	bruno.writes(clara.member, "Et bonne fête !")
	clara.blocks(bruno)
	clara.cannot("blockMember", input{"memberId": clara.member}, "BLOCK_ONESELF", "memberId")
	same(t, "once is enough", clara.does("blockMember", input{"memberId": bruno.member}).text("blocked.member.displayName"), "Bruno")

	same(t, "only what is under way is talked about", []int{len(bruno.threads("id")), len(clara.threads("id"))}, []int{1, 1})
	bruno.writes(under, "J’apporte la laine.")
	clara.completes(under, 45)
	bruno.confirms(under, 45)
	for _, p := range []*person{bruno, clara} {
		same(t, p.name+" reads what was", p.sees(past, "Exchange { provider { displayName } }").text("provider.displayName"), "Clara")
		same(t, p.name+" reads their account", len(p.sees(p.member, "Member { account { entries { nodes { id } } } }").list("account.entries.nodes")), 3)
	}
	same(t, "then there is nothing to talk about", []int{len(bruno.threads("id")), len(clara.threads("id"))}, []int{0, 0})
	bruno.cannot("sendMessage", input{"to": under, "body": "Merci !"}, notFound, "to")
	bruno.cannot("giveThanks", input{"subjectId": under, "message": "Merci !"}, notFound, "subjectId")

	clara.cannot("proposeExchange", input{"communityId": town.id, "providerId": bruno.member, "receiverId": clara.member, "minutes": 30, "serviceTypeId": town.types()["102-A-1"]}, notFound, anyField)
	report := clara.reports(bruno.member, "HARASSMENT") // whom one blocked oneself may be reported
	same(t, "and looked at", texts(town.founder.queue(), "id"), []string{report})
	list := clara.blocked()
	same(t, "whom Clara blocked", []any{len(list), list[0].text("member.displayName"), list[0].find("resting"), list[0].int("member.listings.totalCount")}, []any{1, "Bruno", false, 0})
	same(t, "Bruno blocked nobody", len(bruno.blocked()), 0)

	clara.does("unblockMember", input{"memberId": bruno.member})
	same(t, "all is as before", []int{len(bruno.threads("id")), len(clara.threads("id")), len(clara.blocked())}, []int{2, 2, 0})
	bruno.thanks(under)
	town.booksAreRight()
}

// Whoever coordinates, moderates or keeps the hours reaches everybody and is reached
// by everybody: a block with them rests while the role runs.
func TestABlockRestsWhereARoleReaches(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "fr"), town.welcome("Clara", "fr")
	clara.cannot("blockMember", input{"memberId": town.founder.member}, "BLOCK_ROLE", "memberId")
	town.founder.cannot("blockMember", input{"memberId": clara.member}, "BLOCK_ROLE", "memberId")
	clara.blocks(bruno)
	same(t, "neither finds the other", []string{bruno.looksFor(clara.member), clara.looksFor(bruno.member)}, []string{notFound, notFound})
	same(t, "others find both", []string{anna.looksFor(clara.member), town.founder.looksFor(bruno.member)}, []string{"", ""})
	for _, role := range []string{"MODERATOR", "TREASURER", "COORDINATOR"} {
		town.founder.does("grantRole", input{"memberId": bruno.member, "role": role})
		same(t, "both do", []string{bruno.looksFor(clara.member), clara.looksFor(bruno.member)}, []string{"", ""})
		same(t, "it rests", clara.blocked()[0].find("resting"), any(true))
		bruno.writes(clara.member, "Vos heures de mars manquent.")
		town.founder.does("revokeRole", input{"memberId": bruno.member, "role": role})
		same(t, "and no more", bruno.looksFor(clara.member), notFound)
	}
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "MODERATOR"})
	frozen := town.founder.decides(clara.reports(bruno.member, "HARASSMENT"), "FREEZE").text("id")
	same(t, "nor does a role that a suspension keeps from them", clara.looksFor(bruno.member), notFound)
	town.founder.does("undoMeasure", input{"measureId": frozen, "reason": "Par erreur."})
	town.founder.does("revokeRole", input{"memberId": bruno.member, "role": "MODERATOR"})
	town.founder.does("grantRole", input{"memberId": bruno.member, "role": "BOARD"})
	same(t, "the board reaches nobody by itself", bruno.looksFor(clara.member), notFound)

	// Somebody who acts for a member is kept from whom that member is, unless they coordinate.
	propose := input{"communityId": town.id, "onBehalfOf": bruno.member, "providerId": clara.member, "receiverId": bruno.member, "minutes": 30, "serviceTypeId": town.types()["102-A-1"]}
	bruno.does("nameHelper", input{"communityId": town.id, "helperId": anna.member, "until": town.now().Add(30 * day)})
	anna.cannot("proposeExchange", propose, notFound, anyField)
	town.founder.does("proposeExchange", propose)
}
