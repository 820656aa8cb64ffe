// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"maps"
	"testing"
)

func parts(of ...any) (list []input) {
	for i := 0; i < len(of); i += 2 {
		list = append(list, input{"memberId": of[i].(*person).member, "basisPoints": of[i+1]})
	}
	return list
}

func (s *scene) splitBetween(one, other *person) input {
	return input{"communityId": s.id, "title": s.another("Atelier à deux"), "parts": parts(one, 6000, other, 4000), "idempotencyKey": newKey()}
}

// split is an agreement in force between Anna and Bruno.
func (s *scene) split() string {
	s.t.Helper()
	id := s.anna.does("proposeSplit", s.splitBetween(s.anna, s.bruno)).text("split.id")
	s.bruno.does("signSplit", input{"splitId": id, "version": 1})
	return id
}

const splitInFull = `SplitAgreement { versions { number state reason parts { basisPoints } signers { displayName } signedBy { displayName } } settlements { version minutes parts { minutes member { displayName } } } }`

// Practishare: who sends, who receives and who facilitates divide a workshop of 90 minutes by
// 60, 30 and 10 percent, where it is given: one posting, nothing for the platform,
// and no other division until everybody has signed it.
func TestAWorkshopIsDividedAtItsSource(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara, dario := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Dario", "fr")
	first := input{"communityId": w.id, "title": "Atelier de pain", "parts": parts(anna, 6000, bruno, 3000, clara, 1000)}
	dario.isRefused("proposeSplit", first, "NOT_IN_SPLIT", "parts")
	anna.isRefused("proposeSplit", with(first, "parts", parts(anna, 6000, bruno, 3999)), "SPLIT_INCOMPLETE", "parts")
	anna.isRefused("proposeSplit", with(first, "parts", parts(anna, 6000, anna, 4000)), "SPLIT_PARTY_TWICE", "parts.1.memberId")
	split := anna.does("proposeSplit", first).text("split.id")
	settle := func(minutes int) input {
		return input{"splitId": split, "minutes": minutes, "description": "L’atelier de samedi", "idempotencyKey": newKey()}
	}
	bruno.does("signSplit", input{"splitId": split, "version": 1})
	w.unchanged("an agreement that not all have signed", func() { dario.isRefused("settleSplit", settle(90), "SPLIT_NOT_IN_FORCE", "splitId") })
	dario.isRefused("signSplit", input{"splitId": split, "version": 1}, "NOT_IN_SPLIT", "splitId")
	clara.does("signSplit", input{"splitId": split, "version": 1})

	before := w.balances()
	dario.does("settleSplit", settle(90))
	after := w.balances()
	moved := map[string]int{}
	for name := range after {
		if d := after[name] - before[name]; d != 0 {
			moved[name] = d
		}
	}
	same(t, "who received gave what the others have, and nobody else", maps.Equal(moved, map[string]int{"Dario": -90, "Anna": 54, "Bruno": 27, "Clara": 9}), true)
	anna.isRefused("settleSplit", settle(90), "BOTH_SIDES", "splitId")

	// Another division takes everybody's signature; one refusal leaves the first in force.
	second := input{"splitId": split, "parts": parts(anna, 5000, bruno, 5000)}
	dario.isRefused("reviseSplit", second, "NOT_IN_SPLIT", "splitId")
	bruno.does("reviseSplit", second)
	anna.isRefused("reviseSplit", second, "SPLIT_WAITS", "splitId")
	anna.does("signSplit", input{"splitId": split, "version": 2})
	clara.does("refuseSplit", input{"splitId": split, "version": 2, "reason": "J’y suis encore."})
	anna.isRefused("signSplit", input{"splitId": split, "version": 3}, "NOT_FOUND", "version")
	clara.isRefused("signSplit", input{"splitId": split, "version": 2}, "SPLIT_ANSWERED", "version")
	dario.does("settleSplit", settle(91))
	told := anna.sees(split, splitInFull)
	same(t, "the first is in force, the second refused", texts(told.list("versions"), "state"), []string{"IN_FORCE", "REFUSED"})
	same(t, "91 minutes go to the minute", []int{
		about(told.list("settlements.0.parts"), "member.displayName", "Anna").int("minutes"), about(told.list("settlements.0.parts"), "member.displayName", "Bruno").int("minutes"),
		about(told.list("settlements.0.parts"), "member.displayName", "Clara").int("minutes"),
	}, []int{55, 27, 9})
	same(t, "what was divided is the parties’", len(dario.sees(split, splitInFull).list("settlements")), 0)

	bruno.does("reviseSplit", second)
	anna.does("signSplit", input{"splitId": split, "version": 3})
	clara.does("signSplit", input{"splitId": split, "version": 3})
	dario.does("settleSplit", settle(60))
	told = anna.sees(split, splitInFull)
	same(t, "the third replaced the first", texts(told.list("versions"), "state"), []string{"REPLACED", "REFUSED", "IN_FORCE"})
	same(t, "each was divided by the version of its day", []int{told.list("settlements")[0].int("version"), told.list("settlements")[1].int("version"), told.list("settlements")[2].int("version")}, []int{3, 1, 1})
	w.booksAreRight()
}
