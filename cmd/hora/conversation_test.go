// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"strings"
	"testing"
)

const followMessages = `subscription { messageReceived { body sender { displayName } thread { id unread } } }`

// writes sends a message and returns it.
func (p *person) writes(to, body string) thing {
	p.t.Helper()
	return p.does("sendMessage", input{"to": to, "body": body, "idempotencyKey": newKey()}).thing("message")
}

func (p *person) threads(fields string) []thing {
	p.t.Helper()
	return p.reads(`query ($s: String!) { community(slug: $s) { threads { nodes { `+fields+` } } } }`, input{"s": p.slug}).list("community.threads.nodes")
}

func TestTwoMembersWriteAboutAnExchange(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	x := bruno.asks(anna, 60)
	same(t, "nothing is written yet", anna.sees(x, `Exchange { thread { id } }`).find("thread"), nil)
	listening := anna.listen(followMessages, nil).begins()

	first := bruno.writes(x, "  Shall I bring the wool? ")
	same(t, "as Bruno wrote it", []any{first["body"], first.int("number"), first.text("sender.displayName"), first.text("thread.with.displayName")},
		[]any{"Shall I bring the wool?", 1, "Bruno", "Anna"})
	event, heard := listening.hears()
	same(t, "Anna hears it at once", []string{event, heard.text("data.messageReceived.body"), heard.text("data.messageReceived.sender.displayName")},
		[]string{"next", "Shall I bring the wool?", "Bruno"})
	second := bruno.writes(x, "And the needles?")
	thread := second.text("thread.id")
	same(t, "the same thread", thread, first.text("thread.id"))

	news := about(anna.told(), "kind", "MESSAGE_RECEIVED")
	same(t, "told once, while it waits to be read", []any{news.text("title"), news.text("thread.id"), len(allAbout(anna.told(), "kind", "MESSAGE_RECEIVED"))},
		[]any{"Bruno vous écrit", thread, 1})
	letters := town.letters(anna.email, "Bruno vous écrit")
	if len(letters) != 1 || strings.Contains(letters[0].Text, "wool") {
		t.Errorf("a letter says that there is something to read, not what: %v", letters)
	}
	same(t, "two unread", anna.sees(x, `Exchange { thread { unread } }`).int("thread.unread"), 2)
	anna.does("markRead", input{"threadId": thread})
	same(t, "all read", anna.sees(thread, `Thread { unread exchange { id } }`).int("unread"), 0)
	same(t, "one's own are not unread", bruno.sees(thread, `Thread { unread }`).int("unread"), 0)

	anna.does("sendMessage", input{"threadId": thread, "body": "Oui, merci !"})
	page := bruno.sees(thread, `Thread { lastMessage { body } messages(first: 2) { nodes { number body } pageInfo { hasNextPage endCursor } } }`)
	same(t, "newest first", texts(page.list("messages.nodes"), "body"), []string{"Oui, merci !", "And the needles?"})
	rest := bruno.reads(`query ($id: ID!, $after: String) { node(id: $id) { ... on Thread { messages(first: 2, after: $after) { nodes { body } pageInfo { hasNextPage } } } } }`,
		input{"id": thread, "after": page.text("messages.pageInfo.endCursor")})
	same(t, "and the rest", texts(rest.list("node.messages.nodes"), "body"), []string{"Shall I bring the wool?"})

	for what, id := range map[string]string{"the thread": thread, "a message": first.text("id")} {
		same(t, "Clara does not find "+what, clara.looksFor(id), notFound)
		same(t, "nor does the coordinator", town.founder.looksFor(id), notFound)
	}
	clara.cannot("sendMessage", input{"threadId": thread, "body": "Et moi ?"}, "NOT_FOUND", "threadId")
	clara.cannot("sendMessage", input{"to": x, "body": "Et moi ?"}, "NOT_FOUND", "to")
	clara.cannot("markRead", input{"threadId": thread}, "NOT_FOUND", "threadId")
}

func TestSomebodyAsksAboutAnOffer(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	offer := anna.offers("Pain au levain")
	asked := bruno.writes(offer, "On Saturdays too?").text("thread.id")
	other := clara.writes(offer, "Sans gluten ?").text("thread.id")
	if asked == other {
		t.Error("two who ask share a thread")
	}
	same(t, "Anna has both, the last first", texts(anna.threads("id listing { title } with { displayName }"), "with.displayName"), []string{"Clara", "Bruno"})
	same(t, "each sees their own with the offer", clara.sees(offer, `Listing { thread { id } }`).text("thread.id"), other)
	anna.isRefused("sendMessage", input{"to": offer, "body": "À moi-même."}, "BOTH_SIDES", "to")
	anna.isRefused("sendMessage", input{"to": anna.member, "body": "À moi-même."}, "BOTH_SIDES", "to")
	anna.isRefused("sendMessage", input{"to": bruno.member, "body": "   "}, "REQUIRED", "body")
	anna.isRefused("sendMessage", input{"to": bruno.member, "body": strings.Repeat("é", 4001)}, "TEXT_TOO_LONG", "body")
	anna.cannot("sendMessage", input{"to": town.id, "body": "Bonjour"}, "NOT_FOUND", "to")
	anna.cannot("sendMessage", input{"to": bruno.member, "threadId": asked, "body": "Bonjour"}, "NOT_FOUND", "threadId")

	direct := anna.writes(bruno.member, "Bonjour !").text("thread.id")
	same(t, "whoever writes first, one thread", bruno.writes(anna.member, "Hello!").text("thread.id"), direct)
	bruno.does("leaveCommunity", input{"communityId": town.id})
	anna.isRefused("sendMessage", input{"threadId": direct, "body": "Au revoir."}, "MEMBER_INACTIVE", "to")
}

// Two who write to each other for the first time in the same moment have one thread.
func TestTwoWhoWriteAtOnceHaveOneThread(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	var drafts []input
	for range 10 {
		drafts = append(drafts, input{"to": bruno.member, "body": "Bonjour !", "idempotencyKey": newKey()})
	}
	answered := make(chan []answer)
	go func() { answered <- anna.atOnce("sendMessage", drafts...) }()
	for range 10 {
		bruno.writes(anna.member, "Hello!")
	}
	for _, a := range <-answered {
		if len(a.problems()) > 0 {
			t.Errorf("a message was refused: %s", a.raw)
		}
	}
	threads := anna.threads("unread lastMessage { number }")
	same(t, "one thread, no number missing", []int{len(threads), threads[0].int("lastMessage.number"), threads[0].int("unread")}, []int{1, 20, 10})
}

func TestTheCommunityAnnounces(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	in := input{"communityId": town.id, "title": "Fête des voisin·es", "body": "Samedi à 14 h, salle verte.", "idempotencyKey": newKey()}
	said := town.founder.does("announce", in).thing("announcement")
	same(t, "sent again, said once", town.founder.does("announce", in).text("announcement.id"), said.text("id"))
	for _, p := range []*person{anna, bruno} {
		news := about(p.told(), "kind", "ANNOUNCEMENT")
		same(t, p.name+" is told", []string{news.text("title"), news.text("announcement.id")}, []string{"Fête des voisin·es", said.text("id")})
		if letters := town.letters(p.email, "Fête des voisin·es"); len(letters) != 1 || !strings.Contains(letters[0].Text, "Samedi à 14 h") {
			t.Errorf("the letter to %s: %v", p.name, letters)
		}
	}
	if news := allAbout(town.founder.told(), "kind", "ANNOUNCEMENT"); len(news) > 0 {
		t.Errorf("whoever announced it is told: %v", news)
	}
	town.founder.does("announce", input{"communityId": town.id, "audience": "QUIET", "title": "Vous nous manquez", "body": "Passez nous voir."})
	same(t, "only those it is meant for are told", len(allAbout(anna.told(), "kind", "ANNOUNCEMENT")), 1)
	read := anna.reads(`query ($s: String!) { community(slug: $s) { announcements { nodes { title audience announcedBy { displayName } } } } }`, input{"s": town.slug})
	same(t, "everybody may read all", texts(read.list("community.announcements.nodes"), "title"), []string{"Vous nous manquez", "Fête des voisin·es"})
	anna.cannot("announce", input{"communityId": town.id, "title": "Moi aussi", "body": "Bonjour."}, "FORBIDDEN", "")
	town.founder.isRefused("announce", input{"communityId": town.id, "title": "Oh", "body": "Bonjour."}, "TEXT_TOO_SHORT", "title")
}
