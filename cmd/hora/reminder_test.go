// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"strings"
	"testing"
	"time"
)

// reminders are the kinds of what somebody was reminded of in cycles, the oldest first.
func reminders(p *person) (kinds []string) {
	for _, n := range p.told() {
		if kind := n.text("kind"); kind == "CYCLE_CALL_ENDS" || kind == "CYCLE_VOTE_ENDS" || kind == "CYCLE_CLAIMS_END" {
			kinds = append([]string{strings.TrimPrefix(kind, "CYCLE_")}, kinds...)
		}
	}
	return kinds
}

// Three days before the call, the vote and the claims end, those are reminded whom the
// cycle waits for, each once, though two servers come at the same time: not who submitted,
// not who voted, not who has claimed it all.
func TestACycleRemindsThoseItWaitsFor(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	cycle := w.founder.opens(w, 300, nil)
	submit := func(p *person) string {
		return p.does("submitProject", input{"cycleId": cycle, "title": "Banc", "body": "Un banc sous le tilleul.", "minimumMinutes": 100}).text("project.id")
	}
	oven, bench := submit(anna), submit(bruno)
	w.advance(3 * day)
	same(t, "nobody is hurried", [][]string{reminders(anna), reminders(clara)}, [][]string{nil, nil})
	w.twoServersCome(day) // for each of them
	same(t, "who submitted nothing", [][]string{reminders(anna), reminders(bruno), reminders(clara), reminders(w.founder)}, [][]string{nil, nil, {"CALL_ENDS"}, {"CALL_ENDS"}})
	said := about(clara.told(), "kind", "CYCLE_CALL_ENDS")
	same(t, "until when", said.time("due"), anna.sees(cycle, "Cycle { calendar { feasibilityAt } }").time("calendar.feasibilityAt"))

	w.advance(9 * day)
	anna.votes(cycle, input{"projectId": oven, "value": 5}, input{"projectId": bench, "value": 5})
	w.twoServersCome(5*day + 12*time.Hour)
	same(t, "who has not voted", [][]string{reminders(anna), reminders(bruno), reminders(clara)}, [][]string{nil, {"VOTE_ENDS"}, {"CALL_ENDS", "VOTE_ENDS"}})

	w.advance(12 * day)
	bruno.claims(bench, bruno.sees(bench, "Project { granted }").int("granted"))
	anna.claims(oven, 10)
	w.advance(170 * day)
	w.twoServersCome(3*day + 12*time.Hour)
	same(t, "whose grant is not claimed whole", [][]string{reminders(anna), reminders(bruno)}, [][]string{{"CLAIMS_END"}, {"VOTE_ENDS"}})

	late := w.founder.opens(w, 60, nil)
	w.advance(100 * day) // no server was there, and there is nothing to vote on
	same(t, "of what is past nobody is reminded", [][]string{reminders(anna), {w.founder.sees(late, "Cycle { state }").text("state")}}, [][]string{{"CLAIMS_END"}, {"PAYING"}})
	w.booksAreRight()
}
