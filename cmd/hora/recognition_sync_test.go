// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "testing"

// pocket is a phone that keeps what `changes` told it, by id.
type pocket struct {
	*person
	cursor string
	kept   map[string]string // id → the type of object
}

func (p *person) pocket() *pocket {
	p.t.Helper()
	start := p.reads(`query($c: ID!) { changes(communityId: $c) { nextCursor } }`, input{"c": p.id})
	return &pocket{p, start.text("changes.nextCursor"), map[string]string{}}
}

// sync answers what the phone was told of an object: UPSERT, TOMBSTONE or nothing. It
// keeps nothing that its owner would not read by the same id, now.
func (p *pocket) sync(id string) string {
	p.t.Helper()
	p.settle()
	told := ""
	for more := true; more; {
		page := p.reads(`query($c: ID!, $since: Cursor) {
			changes(communityId: $c, since: $since, first: 3) { resetRequired hasMore nextCursor items { kind objectId node { __typename id } } }
		}`, input{"c": p.id, "since": p.cursor}).thing("changes")
		same(p.t, "nobody begins anew", page.find("resetRequired"), any(false))
		for _, item := range page.list("items") {
			it := item.text("objectId")
			if it == id {
				told = item.text("kind")
			}
			delete(p.kept, it)
			if item.text("kind") == "UPSERT" {
				p.kept[it] = item.text("node.__typename")
			}
		}
		p.cursor, more = page.text("nextCursor"), page.find("hasMore") == any(true)
	}
	for it, name := range p.kept {
		if code := p.looksFor(it); code == notFound {
			p.t.Errorf("%s keeps a %s that is not shown", p.name, name)
		}
	}
	return told
}

func TestPhonesFollowHowMembersHonourEachOther(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr"), town.welcome("Bruno", "en"), town.welcome("Clara", "fr")
	hers, his, others, desk := anna.pocket(), bruno.pocket(), clara.pocket(), town.founder.pocket()
	all := func(what, id, forAnna, forBruno, forClara, forDesk string) {
		t.Helper()
		same(t, what, []string{hers.sync(id), his.sync(id), others.sync(id), desk.sync(id)}, []string{forAnna, forBruno, forClara, forDesk})
	}
	const up, gone, nothing = "UPSERT", "TOMBSTONE", ""
	x := anna.helped(bruno)
	first := anna.milestones()["FIRST_HELP"]
	all("a milestone is hers alone", first, up, nothing, nothing, nothing)
	anna.does("showRecognition", input{"recognitionId": first, "shown": true})
	all("until she shows it", first, up, up, up, up)

	thanks := bruno.thanks(x)
	all("thanks", thanks, up, up, up, up)
	anna.does("hideThanks", input{"thanksId": thanks})
	all("hidden", thanks, up, up, gone, gone)

	star := bruno.stars(anna)
	all("a star is between the two", star, up, up, nothing, nothing)

	skill := bruno.endorses(anna)
	all("an endorsement", skill, up, up, up, up)
	anna.does("showRecognition", input{"recognitionId": skill, "shown": false})
	all("made private", skill, up, up, gone, gone)
	bruno.does("withdrawEndorsement", input{"endorsementId": skill})
	all("withdrawn when nobody else saw it", skill, up, up, nothing, nothing)

	kind := town.founder.defines("Accueil", 0)
	all("what can be earned", kind, up, up, up, up)
	badge := town.founder.issues(anna, kind)
	all("a badge that is not shown yet", badge, up, nothing, nothing, up)
	anna.does("showRecognition", input{"recognitionId": badge, "shown": true})
	all("shown", badge, up, up, up, up)
	town.founder.does("revokeBadge", input{"issuedBadgeId": badge, "reason": "Les ateliers n’ont pas eu lieu."})
	all("revoked", badge, up, gone, gone, up)

	// Both whom a block keeps apart begin anew, and Clara hears no more of Anna.
	anna.blocks(clara)
	hers, others = anna.pocket(), clara.pocket()
	same(t, "what was shown is not any more", clara.looksFor(first), notFound)
	anna.does("showRecognition", input{"recognitionId": thanks, "shown": true})
	all("shown to whom she sees", thanks, up, up, nothing, up)
}
