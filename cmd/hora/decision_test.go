// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/governance/tally"
)

// poses puts a question to the community; more says what is unusual about it.
func (p *person) poses(question, kind string, more input) string {
	p.t.Helper()
	in := input{"communityId": p.id, "type": kind, "title": question}
	maps.Copy(in, more)
	return p.does("openDecision", in).text("decision.id")
}

// agreement is a question of Anna's on which she and Bruno vote, as the town's only
// voters: nobody else of a scene is told.
func (s *scene) agreement() string {
	s.t.Helper()
	ask[int](s.program, `WITH m AS (UPDATE member SET governance = 'VOTER' WHERE id IN ($1, $2) RETURNING 1) SELECT count(*)::int FROM m`,
		keyOf(s.anna.member), keyOf(s.bruno.member))
	return s.anna.poses(s.another("L’accueillons-nous ?"), "OBJECTED_ADMISSION", nil)
}

// among is a question of Anna's with two answers to choose from.
func (s *scene) among(ballot string) string {
	s.t.Helper()
	s.agreement()
	return s.anna.poses(s.another("Lesquels ?"), "OBJECTED_ADMISSION", input{"options": []input{{"label": "Jo"}, {"label": "Lea"}}, "ballot": ballot})
}

// comment is what Bruno says of it.
func (s *scene) comment() string {
	s.t.Helper()
	s.bruno.does("commentOnDecision", calls["commentOnDecision"](s).in)
	said := s.anna.sees(s.voted(), "Decision { comments { id } }").list("comments")
	return said[len(said)-1].text("id")
}

// voted is one question for all who only need one: each that opens is told to everybody.
func (s *scene) voted() string {
	s.t.Helper()
	if s.question == "" {
		s.question = s.agreement()
	}
	return s.question
}

// counted is one of Anna's that was adopted. A vote takes a week, and the rest of
// a scene would grow old meanwhile: its end is brought near.
func (s *scene) counted() string {
	s.t.Helper()
	id := s.agreement()
	s.bruno.yes(id)
	ask[int](s.program, `WITH d AS (UPDATE decision SET reminded = 2, closes_at = $2, next_at = $2 WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM d`,
		keyOf(id), s.now())
	s.advance(time.Second)
	return id
}

// drafted is a draft that a review of one of Anna's made.
func (s *scene) drafted() string {
	s.t.Helper()
	id := s.counted()
	s.anna.does("setOutcome", input{"decisionId": id, "text": "À revoir bientôt.", "ownerId": s.anna.member, "reviewAt": s.now().Add(time.Second)})
	s.advance(2 * time.Second)
	for _, d := range s.anna.reads(`query($s: String!) { community(slug: $s) { decisions(states: [DRAFT], first: 100) { nodes { id reviews { id } } } } }`, input{"s": s.slug}).list("community.decisions.nodes") {
		if d.text("reviews.id") == id {
			return d.text("id")
		}
	}
	s.t.Fatal("no draft came back")
	return ""
}

const decisionInFull = `Decision {
	state turnout quorum roll { size conflicts } mySeat { voted conflict ballot { receipt choice } }
	result { verdict explanation entitled quorum turnout expressed denominator lines { option label voters sum weight share place chosen } chosen rounds { out } seed }
	receipts(first: 100) { nodes { receipt choice marks { optionId value } reason member { displayName } } }
	failure outcome { text owner { displayName } reviewAt } comments { body member { displayName } } audit version
}`

func (p *person) yes(decision string) string { return p.chooses(decision, "YES", "") }

func (p *person) chooses(decision, choice, reason string) string {
	p.t.Helper()
	return p.does("castBallot", input{"decisionId": decision, "choice": choice, "reason": reason}).text("ballot.receipt")
}

// aStrangerRecounts takes an audit as the API answered it to our own code and,
// where there is Node, to a script that has nothing of ours; it finds a receipt.
func aStrangerRecounts(t *testing.T, audit any, receipt string) {
	t.Helper()
	raw, err := json.Marshal(audit)
	if err != nil {
		t.Fatal(err)
	}
	var record tally.Record
	if err := json.Unmarshal(raw, &record); err != nil {
		t.Fatal(err)
	}
	if err := record.Verify(); err != nil {
		t.Error(err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Log("no node here: the stranger's script was not tried")
		return
	}
	file := filepath.Join(t.TempDir(), "audit.json")
	raw, _ = json.Marshal(record) // the fields in the order of the answer
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node, "../../docs/examples/recount-decision.mjs", file, receipt).CombinedOutput() // #nosec G204 -- our own script
	if err != nil || !strings.HasPrefix(string(out), "The same: ") || !strings.Contains(string(out), "Your ballot is among them") {
		t.Errorf("%v: %s", err, out)
	}
}

// A community that has no voters yet lets every member vote. Somebody asked to
// join; the vote admits them by itself, and nobody can say who said what.
func TestADecisionExecutesItself(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	dario := w.register("Dario", "fr")
	dario.applies()
	id := anna.poses("Accueillons-nous Dario ?", "OBJECTED_ADMISSION", input{"effect": input{"kind": "ADMIT", "memberId": dario.member}})
	late := w.welcome("Tard Venue", "fr")
	late.isRefused("castBallot", input{"decisionId": id, "choice": "YES"}, "NOT_ON_THE_ROLL", "decisionId")
	same(t, "what needs Bruno's vote", texts(bruno.reads(`{ viewer { needsMyVote { id } } }`, nil).list("viewer.needsMyVote"), "id"), []string{id})

	anna.chooses(id, "NO", "")
	receipt := anna.yes(id) // and thinks again
	bruno.yes(id)
	clara.chooses(id, "ABSTAIN", "")
	same(t, "nothing more needs Bruno's vote", len(bruno.reads(`{ viewer { needsMyVote { id } } }`, nil).list("viewer.needsMyVote")), 0)
	sealed := anna.sees(id, decisionInFull)
	same(t, "nothing is shown while people vote", []any{sealed["result"], sealed["audit"], len(sealed.list("receipts.nodes"))}, []any{nil, nil, 0})
	same(t, "but one's own ballot", sealed.thing("mySeat.ballot"), thing{"receipt": receipt, "choice": "YES"})
	same(t, "and how many came", []int{sealed.int("turnout"), sealed.int("roll.size")}, []int{3, 4})

	w.advance(14 * day)
	told := anna.sees(id, decisionInFull)
	same(t, "it is decided, and done", []any{told["state"], told.find("result.verdict")}, []any{"EXECUTED", "ADOPTED"})
	same(t, "Dario is a member", anna.sees(dario.member, "Member { participation }").text("participation"), "NEWCOMER")
	same(t, "exact shares", told.list("result.lines")[0].text("share"), "1")
	same(t, "nobody finds a person on a ballot", []any{told.list("receipts.nodes")[0]["member"], told.thing("mySeat")["ballot"]}, []any{nil, nil})
	if !slices.Contains(texts(told.list("receipts.nodes"), "receipt"), receipt) {
		t.Error("Anna does not find her receipt")
	}
	aStrangerRecounts(t, told["audit"], receipt)
	same(t, "the key and the box are gone", ask[int](w.program, `SELECT (SELECT count(*) FROM decision_key)::int + (SELECT count(*) FROM decision_ballot)::int`), 0)
	bruno.isRefused("castBallot", input{"decisionId": id, "choice": "NO"}, "DECISION_STATE", "decisionId")
	same(t, "what Anna was told", decisionNews(anna), []string{"DECISION_OPENED", "DECISION_CLOSED", "DECISION_EXECUTED"})
	same(t, "and Fatou, who did not vote", decisionNews(w.founder), []string{"DECISION_OPENED", "DECISION_REMINDER", "DECISION_REMINDER"})
}

func decisionNews(p *person) (kinds []string) {
	for _, n := range p.told() {
		if kind := n.text("kind"); strings.HasPrefix(kind, "DECISION_") {
			kinds = append([]string{kind}, kinds...)
		}
	}
	return kinds
}

// Whom a vote was to admit left meanwhile: the decision stands, what it decided
// fails with the reason, is tried again, and works once it can.
func TestAnEffectWhoseSubjectLeft(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna := w.welcome("Anna", "fr")
	dario := w.register("Dario", "fr")
	dario.applies()
	id := anna.poses("Accueillons-nous Dario ?", "OBJECTED_ADMISSION", input{"effect": input{"kind": "ADMIT", "memberId": dario.member}})
	anna.yes(id)
	w.founder.does("declineApplication", input{"memberId": dario.member, "reason": "Reparti."})
	w.advance(14 * day)
	told := anna.sees(id, decisionInFull)
	same(t, "decided, not done", []any{told["state"], told.find("result.verdict")}, []any{"FAILED", "ADOPTED"})
	if told.text("failure") == "" {
		t.Error("nobody says why")
	}
	w.advance(time.Hour) // tried again, in vain
	same(t, "still not", anna.sees(id, `Decision { state }`).text("state"), "FAILED")
	ask[int](w.program, `WITH m AS (UPDATE member SET participation = 'APPLICANT', decline_reason = NULL WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM m`, keyOf(dario.member))
	w.advance(6 * time.Hour)
	same(t, "once it can be done, it is", anna.sees(id, `Decision { state failure }`), thing{"state": "EXECUTED", "failure": nil})
	same(t, "the ballots were published once", len(anna.sees(id, decisionInFull).list("receipts.nodes")), 1)
}

// An election by ranking: the chosen option says who holds the role.
func TestAnElectionByRanking(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	id := anna.poses("Qui anime les ateliers ?", "ROLE_CANDIDACY", input{
		"options": []input{{"label": "Anna", "memberId": anna.member}, {"label": "Bruno", "memberId": bruno.member}, {"label": "Clara", "memberId": clara.member}},
		"ballot":  "RANKED", "ranking": "INSTANT_RUNOFF", "effect": input{"kind": "GRANT_MANDATE", "role": "FACILITATOR"},
	})
	same(t, "a week's notice first", anna.sees(id, `Decision { state roll { size } }`), thing{"state": "DRAFT", "roll": map[string]any{"size": 0.0}})
	anna.isRefused("castBallot", input{"decisionId": id, "ranking": []string{"1"}}, "DECISION_STATE", "decisionId")
	w.advance(7 * day)
	ranks := func(p *person, order ...string) string {
		return p.does("castBallot", input{"decisionId": id, "ranking": order}).text("ballot.receipt")
	}
	anna.isRefused("castBallot", input{"decisionId": id, "choice": "YES"}, "BALLOT_KIND", "ranking")
	anna.isRefused("castBallot", input{"decisionId": id, "ranking": []string{"1", "4"}}, "OPTION_UNKNOWN", "ranking.1")
	anna.isRefused("castBallot", input{"decisionId": id, "ranking": []string{"1", "1"}}, "OPTION_TWICE", "ranking.1")
	receipt := ranks(anna, "1", "2")
	ranks(bruno, "2", "1")
	ranks(clara, "3", "2")
	ranks(w.founder, "3", "2", "1")
	w.advance(7 * day)
	told := anna.sees(id, decisionInFull)
	same(t, "two against two in the last round: keep discussing", []any{told["state"], told.find("result.verdict")}, []any{"CLOSED", "TIED"})
	aStrangerRecounts(t, told["audit"], receipt)

	again := anna.poses("Qui anime les ateliers, enfin ?", "ROLE_CANDIDACY", input{
		"options": []input{{"label": "Bruno", "memberId": bruno.member}, {"label": "Clara", "memberId": clara.member}},
		"effect":  input{"kind": "GRANT_MANDATE", "role": "FACILITATOR"},
	})
	w.advance(7 * day)
	for _, p := range []*person{anna, bruno} {
		receipt = p.does("castBallot", input{"decisionId": again, "choices": []string{"1"}}).text("ballot.receipt")
	}
	clara.does("castBallot", input{"decisionId": again, "choices": []string{"2"}})
	w.advance(7 * day)
	told = anna.sees(again, decisionInFull)
	same(t, "Bruno has the most support", []any{told["state"], told.find("result.chosen")}, []any{"EXECUTED", []any{"1"}})
	same(t, "and the role", texts(anna.sees(bruno.member, "Member { roles { role } }").list("roles"), "role"), []string{"FACILITATOR"})
	aStrangerRecounts(t, told["audit"], receipt)
}

// Too few came: a second call, sealed like the first, needs no quorum. As many on
// both sides change nothing.
func TestASecondCallAndATie(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	people := []*person{w.founder}
	for _, name := range []string{"Anna", "Bruno", "Clara", "Dario", "Elif"} {
		people = append(people, w.welcome(name, "fr"))
	}
	id := people[1].poses("Une contribution de deux pour cent ?", "COMMON_RULES", nil)
	same(t, "a quarter of six is two", people[1].sees(id, `Decision { quorum }`).int("quorum"), 2)
	people[1].yes(id)
	w.advance(14 * day)
	called := people[1].sees(id, decisionInFull)
	same(t, "a second call", []any{called["state"], called["result"], called.int("quorum")}, []any{"SECOND_CALL", nil, 0})
	same(t, "Bruno hears of it", decisionNews(people[2]), []string{"DECISION_OPENED", "DECISION_REMINDER", "DECISION_REMINDER", "DECISION_SECOND_CALL"})
	w.advance(7 * day)
	told := people[1].sees(id, decisionInFull)
	same(t, "one voice carries it", []any{told["state"], told.find("result.verdict"), told.int("result.turnout")}, []any{"CLOSED", "ADOPTED", 1})
	aStrangerRecounts(t, told["audit"], told.text("receipts.nodes.0.receipt"))

	tie := people[1].poses("Ou trois pour cent ?", "COMMON_RULES", nil)
	people[1].yes(tie)
	people[2].chooses(tie, "NO", "")
	people[3].does("declareConflict", input{"decisionId": tie, "reason": "Je reçois les contributions."})
	people[3].isRefused("castBallot", input{"decisionId": tie, "choice": "YES"}, "CONFLICT_DECLARED", "decisionId")
	people[2].isRefused("declareConflict", input{"decisionId": tie, "reason": "Trop tard."}, "ALREADY_VOTED", "decisionId")
	w.advance(14 * day)
	told = people[1].sees(tie, decisionInFull)
	same(t, "keep discussing", []any{told.find("result.verdict"), told.int("result.entitled"), told.int("roll.conflicts")}, []any{"TIED", 5, 1})
}

// A house agreement: scores with reasons, comments, an outcome with an owner, and
// the day it comes back by itself.
func TestAnAgreementComesBack(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	id := anna.poses("Ouvrir à huit heures ?", "HOUSE_AGREEMENT", nil)
	score := func(p *person, n int, why string) input {
		return input{"decisionId": id, "scores": []input{{"optionId": "1", "score": n}}, "reason": why}
	}
	bruno.isRefused("castBallot", score(bruno, -1, ""), "REASON_NEEDED", "reason")
	bruno.isRefused("castBallot", score(bruno, 3, ""), "OUT_OF_RANGE", "scores.0")
	if a := bruno.tries("castBallot", input{"decisionId": id, "scores": []input{{"optionId": "1", "score": "NaN"}}}); len(a.problems()) != 1 || a.problems()[0].Code != "BAD_USER_INPUT" {
		t.Errorf("not a number: %s", a.raw)
	}
	bruno.does("castBallot", score(bruno, -1, "Trop tôt pour les familles."))
	bruno.does("commentOnDecision", input{"decisionId": id, "body": "Et à neuf heures ?"})
	receipt := anna.does("castBallot", score(anna, 2, "")).text("ballot.receipt")
	clara.does("castBallot", score(clara, 1, ""))
	anna.isRefused("setOutcome", input{"decisionId": id, "text": "Affichée.", "ownerId": bruno.member}, "DECISION_STATE", "decisionId")
	w.advance(7 * day)
	told := bruno.sees(id, decisionInFull)
	same(t, "the sum is above zero", []any{told.find("result.verdict"), told.int("result.lines.0.sum"), told.text("result.lines.0.share")}, []any{"ADOPTED", 2, "2/3"})
	same(t, "open ballots are read with their names and reasons", about(told.list("receipts.nodes"), "reason", "Trop tôt pour les familles.").text("member.displayName"), "Bruno")
	same(t, "what was said", told.text("comments.0.body"), "Et à neuf heures ?")
	aStrangerRecounts(t, told["audit"], receipt)
	bruno.isRefused("setOutcome", input{"decisionId": id, "text": "Affichée.", "ownerId": bruno.member}, "FORBIDDEN", "")
	anna.does("setOutcome", input{"decisionId": id, "text": "Affichée à l’entrée.", "ownerId": bruno.member, "reviewAt": w.now().Add(90 * day)})
	w.advance(90 * day)
	draft := bruno.reads(`query($s: String!) { community(slug: $s) { decisions { nodes { id state question reviews { id } } } } }`, input{"s": w.slug}).list("community.decisions.nodes")[0]
	same(t, "it came back", []string{draft.text("state"), draft.text("reviews.id")}, []string{"DRAFT", id})
	anna.isRefused("openDraft", input{"decisionId": draft.text("id")}, "FORBIDDEN", "")
	same(t, "its owner opens it", bruno.does("openDraft", input{"decisionId": draft.text("id")}).text("decision.state"), "OPEN")
}

// What cannot be asked, and of whom.
func TestQuestionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna := w.welcome("Anna", "fr")
	put := input{"communityId": w.id, "type": "HOUSE_AGREEMENT", "title": "Ouvrir à huit heures ?"}
	anna.isRefused("openDecision", with(put, "type", "COIN_TOSS"), "DECISION_TYPE_UNKNOWN", "type")
	anna.isRefused("openDecision", with(put, "type", "OPEN_PROJECT"), "WRONG_BODY", "type")
	anna.isRefused("openDecision", with(put, "effect", input{"kind": "ADMIT", "memberId": anna.member}), "EFFECT_NOT_HERE", "effect")
	anna.isRefused("openDecision", with(put, "closesAt", w.now().Add(2*day)), "TOO_SOON", "closesAt")
	anna.isRefused("openDecision", with(put, "ballot", "RANKED"), "BALLOT_KIND", "ballot")
	id := anna.poses("Ouvrir à huit heures ?", "HOUSE_AGREEMENT", nil)
	w.founder.isRefused("withdrawDecision", input{"decisionId": id, "reason": "Non."}, "FORBIDDEN", "")
	anna.does("withdrawDecision", input{"decisionId": id, "reason": "Mal posée."})
	anna.isRefused("castBallot", input{"decisionId": id, "scores": []input{}}, "DECISION_STATE", "decisionId")
}

// Whose services are suspended keeps the vote.
func TestASuspendedMemberVotes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	ask[int](w.program, `WITH m AS (UPDATE member SET participation = 'SUSPENDED' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM m`, keyOf(bruno.member))
	id := anna.poses("Une contribution ?", "COMMON_RULES", nil)
	same(t, "three on the roll", anna.sees(id, `Decision { roll { size } }`).int("roll.size"), 3)
	if bruno.yes(id) == "" {
		t.Error("no receipt")
	}
	bruno.isRefused("openDecision", input{"communityId": w.id, "type": "COMMON_RULES", "title": "Et encore ?"}, "FORBIDDEN", "")
}
