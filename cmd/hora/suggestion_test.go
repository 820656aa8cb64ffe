// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"strings"
	"testing"
)

// letsOthersSuggest changes the charter so that people who are no members have a voice.
func (w *town) letsOthersSuggest() {
	w.t.Helper()
	w.founder.changes(input{"suggestions": input{"nonMembers": true}})
}

// listens lets people who are no members suggest projects, in every town.
func (s *scene) listens() {
	s.t.Helper()
	ask[int](s.program, `WITH w AS (UPDATE charter SET body = jsonb_set(body, '{suggestions}', '{"nonMembers": true}') RETURNING 1) SELECT count(*)::int FROM w`)
}

// suggestion is an open one, and by whom.
func (s *scene) suggestion() (by *person, id string) {
	s.t.Helper()
	s.listens()
	by = s.register(s.another("Sofia"), "fr")
	return by, by.suggests(s.cycle(), s.another("Un banc"))
}

// idea is what somebody outside suggests.
func idea(cycle, title string) input {
	return input{
		"cycleId": cycle, "title": title, "purpose": "Un banc à l’ombre du tilleul, devant l’école.", "beneficiaries": "Les personnes âgées de la rue.",
		"minimumMinutes": 60, "maximumMinutes": 90, "note": "Le bois est déjà là.",
	}
}

func (p *person) suggests(cycle, title string) string {
	p.t.Helper()
	return p.does("suggestProject", with(idea(cycle, title), "idempotencyKey", newKey())).text("suggestion.id")
}

// ideas are a person's own, newest first.
func (p *person) ideas() []thing {
	p.t.Helper()
	return p.reads(`{ viewer { suggestions {
		id title purpose beneficiaries note minimum maximum suggestedBy mine state reason cycleTitle cycle { id } project { id } outcome { title stage granted paid } endedAt
	} } }`, nil).list("viewer.suggestions")
}

// suggestedTo is what somebody reads of a cycle's suggestions.
func (p *person) suggestedTo(cycle, args string) thing {
	p.t.Helper()
	return p.sees(cycle, `Cycle { suggestions(first: 50`+args+`) { totalCount nodes { id title suggestedBy mine state reason project { id } } } }`).thing("suggestions")
}

const openCalls = `query($slug: String!) { community(slug: $slug) { charter { suggestions { nonMembers } } openCalls { cycleId title closesAt purpose earmark } } }`

// Noa lives nearby and belongs to nothing. She suggests a bench; Anna adopts it in other
// words and carries it; members vote, Anna is credited for the work, and Noa is told at each
// turn, in her language, without ever seeing inside.
func TestSomebodyOutsideSuggestsAndAMemberCarriesIt(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	noa, stranger := w.register("Noa", "en"), w.stranger()
	cycle := w.founder.opens(w, 200, nil)
	calls := func() []thing { return stranger.reads(openCalls, input{"slug": w.slug}).list("community.openCalls") }
	same(t, "by its charter the town tells nothing", len(calls()), 0)
	noa.cannot("suggestProject", idea(cycle, "Un banc"), "SUGGESTIONS_CLOSED", "cycleId")

	w.letsOthersSuggest()
	same(t, "anybody reads which call is open, and no more of it", calls(), []thing{{
		"cycleId": cycle, "title": "Printemps", "closesAt": anna.sees(cycle, "Cycle { calendar { feasibilityAt } }").text("calendar.feasibilityAt"), "purpose": "PROJECTS", "earmark": nil,
	}})
	sent := with(idea(cycle, "Un banc"), "idempotencyKey", "banc-1")
	suggestion := noa.does("suggestProject", sent).text("suggestion.id")
	same(t, "sent again, it is the same", noa.does("suggestProject", sent).text("suggestion.id"), suggestion)
	noa.cannot("suggestProject", with(sent, "title", "Deux bancs"), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
	same(t, "coordinators are told, and nobody else", []int{w.founder.heard("SUGGESTION_MADE"), anna.heard("SUGGESTION_MADE"), noa.heard("SUGGESTION_MADE")}, []int{1, 0, 0})
	own := noa.ideas()[0]
	same(t, "Noa’s own", []any{own["state"], own["mine"], own["suggestedBy"], own["cycleTitle"], own["cycle"], own["outcome"]}, []any{"OPEN", true, "Noa", "Printemps", nil, nil})
	same(t, "she does not see the cycle", noa.looksFor(cycle), notFound)
	same(t, "members see what is suggested, and by whom", anna.suggestedTo(cycle, ", states: [OPEN]"), thing{"totalCount": float64(1), "nodes": []any{
		map[string]any{"id": suggestion, "title": "Un banc", "suggestedBy": "Noa", "mine": false, "state": "OPEN", "reason": "", "project": nil},
	}})

	noa.isRefused("adoptSuggestion", input{"suggestionId": suggestion}, notFound, anyField)
	project := anna.does("adoptSuggestion", input{"suggestionId": suggestion, "title": "Le banc du tilleul", "milestones": []input{{"title": "Le dossier", "minutes": 30}}}).text("project.id")
	bruno.cannot("adoptSuggestion", input{"suggestionId": suggestion}, "SUGGESTION_STATE", "suggestionId")
	w.founder.cannot("declineSuggestion", input{"suggestionId": suggestion, "reason": "Trop tard."}, "SUGGESTION_STATE", "suggestionId")
	made := bruno.sees(project, "Project { title body minimum maximum owner { displayName } suggestion { title suggestedBy state } }")
	same(t, "it is Anna’s project, and Noa its source", []any{made["title"], made["body"], made.int("minimum"), made.int("maximum"), made.text("owner.displayName"), made.text("suggestion.suggestedBy"), made.text("suggestion.title")},
		[]any{"Le banc du tilleul", "Un banc à l’ombre du tilleul, devant l’école.\n\nLes personnes âgées de la rue.", 60, 90, "Anna", "Noa", "Un banc"})
	other := bruno.does("submitProject", input{"cycleId": cycle, "title": "Four", "body": "Un four commun, bâti ensemble.", "minimumMinutes": 60}).text("project.id")
	same(t, "nobody suggested this one", bruno.sees(other, "Project { suggestion { id } }")["suggestion"], nil)

	w.advance(15 * day)
	noa.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{}}, notFound, anyField)
	anna.votes(cycle, input{"projectId": project, "value": 5})
	bruno.votes(cycle, input{"projectId": project, "value": 5})
	w.advance(22 * day)
	granted := anna.sees(project, "Project { granted }").int("granted")
	before := anna.sees(anna.member, "Member { account { balance } }").int("account.balance")
	noa.isRefused("claimPayout", input{"projectId": project, "minutes": 10, "proof": "C’est mon idée.", "idempotencyKey": newKey()}, notFound, anyField)
	w.founder.does("approveClaim", input{"claimId": anna.claims(project, granted)})
	same(t, "who carried it is credited", anna.sees(anna.member, "Member { account { balance } }").int("account.balance")-before, granted)

	same(t, "what Noa was told", texts(noa.told(), "kind"), []string{"SUGGESTION_FUNDED", "SUGGESTION_ADOPTED"})
	funded := noa.told()[0]
	if !strings.Contains(funded.text("body"), "1 h 30") || !strings.Contains(funded.text("body"), "Un banc") || !strings.HasPrefix(funded.text("title"), "The project made") {
		t.Errorf("Noa is told %v", funded)
	}
	own = noa.ideas()[0]
	same(t, "what became of it", own.thing("outcome"), thing{"title": "Le banc du tilleul", "stage": "FUNDED", "granted": float64(granted), "paid": float64(granted)})
	same(t, "it stays as she wrote it, and the project is not hers to read", []any{own["title"], own["state"], own["project"]}, []any{"Un banc", "ADOPTED", nil})
	same(t, "by no other way either", noa.looksFor(project), notFound)
	if record := fmt.Sprint(anna.sees(cycle, "Cycle { allocation { record } }")); strings.Contains(record, "Noa") || strings.Contains(record, "suggest") {
		t.Error("the count speaks of who suggested a project")
	}
	if sent := w.letters(noa.email, "funded"); len(sent) != 1 || !strings.Contains(sent[0].Text, funded.text("body")) {
		t.Errorf("Noa’s letters: %v", sent)
	}
	w.booksAreRight()
}

// One suggestion is declined with a reason, one taken back, one removed; what is left when
// the call ends lapses, once, though two servers come at the same time. A cycle that is
// cancelled ends its call as well.
func TestSuggestionsComeToAnEnd(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.letsOthersSuggest()
	anna, clara := w.welcome("Anna", "fr"), w.welcome("Clara", "en")
	w.founder.does("grantRole", input{"memberId": clara.member, "role": "MODERATOR"})
	noa, lea := w.register("Noa", "en"), w.register("Lea", "fr")
	cycle := w.founder.opens(w, 200, nil)

	declined, withdrawn, removed := noa.suggests(cycle, "Une fusée"), noa.suggests(cycle, "Une cabane"), noa.suggests(cycle, "Une bagarre")
	noa.cannot("suggestProject", idea(cycle, "Encore une"), "TOO_MANY_SUGGESTIONS", "cycleId")
	anna.cannot("declineSuggestion", input{"suggestionId": declined, "reason": "Non."}, forbidden, "")
	anna.cannot("withdrawSuggestion", input{"suggestionId": declined}, forbidden, "")
	lea.cannot("withdrawSuggestion", input{"suggestionId": declined}, notFound, anyField)
	w.founder.cannot("declineSuggestion", input{"suggestionId": declined, "reason": " "}, "REQUIRED", "reason")
	same(t, "with a reason", w.founder.does("declineSuggestion", input{"suggestionId": declined, "reason": "Trop bruyant."}).text("suggestion.state"), "DECLINED")
	same(t, "taken back", noa.does("withdrawSuggestion", input{"suggestionId": withdrawn}).text("suggestion.state"), "WITHDRAWN")
	same(t, "and again, nothing more", noa.does("withdrawSuggestion", input{"suggestionId": withdrawn}).text("suggestion.state"), "WITHDRAWN")
	anna.cannot("removeSuggestion", input{"suggestionId": removed, "reason": "Non."}, forbidden, "")
	clara.does("removeSuggestion", input{"suggestionId": removed, "reason": "Violence."})
	same(t, "what members see", texts(anna.suggestedTo(cycle, "").list("nodes"), "title"), []string{"Une fusée"})
	same(t, "and those whose work it is", texts(w.founder.suggestedTo(cycle, "").list("nodes"), "title"), []string{"Une bagarre", "Une fusée"})
	same(t, "removed is gone for members", anna.looksFor(removed), notFound)
	same(t, "withdrawn for everybody but Noa", []string{w.founder.looksFor(withdrawn), noa.looksFor(withdrawn)}, []string{notFound, ""})

	lapsed := lea.suggests(cycle, "Un jardin")
	noa.suggests(cycle, "Un banc")
	project := anna.does("adoptSuggestion", input{"suggestionId": noa.ideas()[0].text("id")}).text("project.id")
	w.advance(6 * day)
	w.twoServersCome(day)
	same(t, "when the call ends", lea.ideas()[0].text("state"), "LAPSED")
	same(t, "once", []int{lea.heard("SUGGESTION_LAPSED"), noa.heard("SUGGESTION_LAPSED")}, []int{1, 0})
	anna.cannot("adoptSuggestion", input{"suggestionId": lapsed}, "SUGGESTION_STATE", "suggestionId")
	lea.cannot("withdrawSuggestion", input{"suggestionId": lapsed}, "SUGGESTION_STATE", "suggestionId")
	lea.cannot("suggestProject", idea(cycle, "Un autre"), "CYCLE_STATE", "cycleId")
	same(t, "no call is open", len(lea.reads(openCalls, input{"slug": w.slug}).list("community.openCalls")), 0)

	w.founder.does("reviewProject", input{"projectId": project, "feasible": false, "reason": "Pas de place."})
	told := about(noa.told(), "kind", "SUGGESTION_DECLINED")
	if !strings.Contains(told.text("body"), "Trop bruyant.") {
		t.Errorf("Noa does not learn why: %v", told)
	}
	same(t, "what Noa was told", texts(noa.told(), "kind"), []string{"SUGGESTION_ADOPTED", "SUGGESTION_REMOVED", "SUGGESTION_DECLINED"})
	same(t, "what became of each", texts(noa.ideas(), "state"), []string{"ADOPTED", "REMOVED", "WITHDRAWN", "DECLINED"})
	same(t, "and of the project", noa.ideas()[0].text("outcome.stage"), "REFUSED")

	next := w.founder.opens(w, 60, nil)
	cut := lea.suggests(next, "Une haie")
	w.founder.does("cancelCycle", input{"cycleId": next, "reason": "On recommence."})
	same(t, "a call that is cancelled has ended", lea.sees(cut, "Suggestion { state }").text("state"), "LAPSED")
	w.booksAreRight()
}

// Who may suggest: nobody who is a member, or whom the community sent away; who asks to
// join may, and who left may. Somebody of another community reads nothing.
func TestWhoHasAVoiceWithoutAVote(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	w := s.town
	w.letsOthersSuggest()
	cycle := w.founder.opens(w, 200, nil)
	s.anna.cannot("suggestProject", idea(cycle, "Un banc"), "MEMBERS_SUBMIT", "cycleId")
	s.bruno.does("pauseMembership", input{"communityId": w.id})
	s.bruno.cannot("suggestProject", idea(cycle, "Un banc"), "MEMBERS_SUBMIT", "cycleId")
	s.stranger().isRefused("suggestProject", idea(cycle, "Un banc"), signIn, "")

	w.founder.decides(s.anna.reports(s.clara.member, "HARASSMENT"), "SUSPEND")
	s.clara.cannot("suggestProject", idea(cycle, "Un banc"), "SUGGESTER_BARRED", "cycleId")
	s.clara.does("leaveCommunity", input{"communityId": w.id})
	s.clara.cannot("suggestProject", idea(cycle, "Un banc"), "SUGGESTER_BARRED", "cycleId")
	gone := s.newcomer()
	gone.does("leaveCommunity", input{"communityId": w.id})
	gone.suggests(cycle, "Une ruche")
	ask[int](s.program, `WITH w AS (UPDATE member SET governance = 'EXCLUDED' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(gone.member))
	gone.cannot("suggestProject", idea(cycle, "Une autre"), "SUGGESTER_BARRED", "cycleId")

	first := s.dario.suggests(cycle, "Un potager")
	for _, p := range []*person{hill.anna, hill.founder, s.nobody, s.stranger()} {
		if code := p.looksFor(first); code != notFound && code != signIn {
			t.Errorf("%s sees what Dario suggested: %q", p.name, code)
		}
	}
	hill.anna.isRefused("adoptSuggestion", input{"suggestionId": first}, notFound, anyField)
	hill.founder.isRefused("declineSuggestion", input{"suggestionId": first, "reason": "Non."}, notFound, anyField)
	s.dario.cannot("suggestProject", idea(hill.cycle(), "Un potager"), "SUGGESTIONS_CLOSED", "cycleId")
	later := w.now().Add(day)
	draft := w.founder.opens(w, 60, input{"calendar": input{"callAt": later, "feasibilityAt": later.Add(7 * day)}})
	s.dario.cannot("suggestProject", idea(draft, "Un potager"), notFound, anyField)
	draw := w.founder.opens(w, 60, input{"method": "SOLIDARITY_DRAW", "rule": input{"personMaximum": 30}})
	s.dario.cannot("suggestProject", idea(draw, "Un potager"), "NOT_WITH_THIS_METHOD", "cycleId")
	same(t, "a draw is no call", len(s.dario.reads(openCalls, input{"slug": w.slug}).list("community.openCalls")), 1)

	w.admit(s.dario) // and now he carries what he suggested himself
	project := s.dario.does("adoptSuggestion", input{"suggestionId": first}).text("project.id")
	same(t, "it is his", s.anna.sees(project, "Project { owner { displayName } suggestion { suggestedBy } }").text("owner.displayName"), s.dario.name)
	same(t, "he knows", s.dario.heard("SUGGESTION_ADOPTED"), 0)
	hive := s.anna.does("adoptSuggestion", input{"suggestionId": about(s.anna.suggestedTo(cycle, "").list("nodes"), "title", "Une ruche").text("id")}).text("project.id")
	s.anna.does("leaveCommunity", input{"communityId": w.id})
	same(t, "who left leaves the adoption as it is", []any{gone.ideas()[0]["state"], w.founder.sees(hive, "Project { suggestion { state } }").text("suggestion.state")}, []any{"ADOPTED", "ADOPTED"})
}

// A member who adopts may say otherwise, and what is wrong is told at its field; so is
// what is wrong with a suggestion itself.
func TestWhatIsWrongWithASuggestion(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.letsOthersSuggest()
	anna, noa := w.welcome("Anna", "fr"), w.register("Noa", "en")
	pool := w.earmark("Les enfants")
	w.founder.does("recordSponsorHours", input{"communityId": w.id, "poolId": pool, "minutes": 200, "sponsor": "La ville", "idempotencyKey": newKey()})
	cycle := w.founder.opens(w, 200, input{"poolId": pool})
	same(t, "what the hours are for", noa.reads(openCalls, input{"slug": w.slug}).list("community.openCalls")[0].text("earmark"), "Les enfants")
	good := idea(cycle, "Une balançoire")
	for field, wrong := range map[string]struct {
		value any
		code  string
	}{
		"title": {"", "REQUIRED"}, "purpose": {"Court.", "TEXT_TOO_SHORT"}, "beneficiaries": {"", "REQUIRED"}, "note": {strings.Repeat("é", 1001), "TEXT_TOO_LONG"},
		"maximumMinutes": {0, "MINUTES_OUT_OF_RANGE"},
	} {
		noa.cannot("suggestProject", with(good, field, wrong.value), wrong.code, field)
	}
	noa.cannot("suggestProject", with(good, "maximumMinutes", 59), "PROJECT_COST_INVALID", "minimumMinutes")
	noa.cannot("suggestProject", with(good, "minimumMinutes", 0), "MINUTES_OUT_OF_RANGE", "minimumMinutes")
	suggestion := noa.suggests(cycle, "Une balançoire")
	adopt := input{"suggestionId": suggestion, "earmark": "les enfants"}
	anna.cannot("adoptSuggestion", with(adopt, "earmark", nil), "EARMARK_DIFFERS", "earmark")
	anna.cannot("adoptSuggestion", with(adopt, "title", ""), "REQUIRED", "title")
	anna.cannot("adoptSuggestion", with(adopt, "body", "Court."), "TEXT_TOO_SHORT", "body")
	anna.cannot("adoptSuggestion", with(adopt, "maximumMinutes", 59), "PROJECT_COST_INVALID", "minimumMinutes")
	anna.cannot("adoptSuggestion", with(adopt, "milestones", []input{{"title": "Tout", "minutes": 91}}), "CLAIM_BEYOND_GRANT", "milestones")
	key := newKey()
	project := anna.does("adoptSuggestion", with(adopt, "idempotencyKey", key)).text("project.id")
	same(t, "sent again, it is the same project", anna.does("adoptSuggestion", with(adopt, "idempotencyKey", key)).text("project.id"), project)
}
