// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// cycles is how often somebody was charged a cycle.
func (p *person) cycles() int {
	p.t.Helper()
	n := 0
	for _, e := range p.counter() {
		if e == "CYCLE <nil> -1" {
			n++
		}
	}
	return n
}

// Somebody ends a shift while others note who came to it: no count is lost, whichever
// comes first.
func TestNoCountIsLostWhenAShiftEnds(t *testing.T) {
	t.Parallel()
	w := shop(t)
	lead := w.welcome("Léa", "fr")
	template := w.comesRound(input{"places": 6, "leadId": lead.member})
	var all []*person
	for _, name := range []string{"Anna", "Bruno", "Clara", "Dora", "Émile", "Farid"} {
		p := w.welcome(name, "fr")
		p.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
		all = append(all, p)
	}
	shift := w.begun(all[0].onDuty().text("nextShift.id"))
	var acts sync.WaitGroup
	for _, p := range all {
		acts.Go(func() {
			lead.tries("recordAttendance", input{"shiftId": shift, "attendance": []input{{"memberId": p.member, "outcome": "MISSED"}}})
		})
	}
	acts.Go(func() { w.founder.tries("endDutyTemplate", input{"templateId": template, "reason": "Travaux."}) })
	acts.Wait()
	for _, p := range all {
		same(t, p.name+" was counted", p.counter(), []string{"SHIFT MISSED -2"})
		same(t, "and books freely", p.onDuty().find("template"), nil)
	}
}

// Nobody notes how a shift went for whom they live with, as for themselves.
func TestNobodyNotesTheDutyOfTheirHousehold(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "en"), w.welcome("Clara", "fr")
	w.founder.does("noteHousehold", input{"memberIds": []string{anna.member, bruno.member}})
	shift := anna.shiftsOf(w.comesRound(input{"leadId": anna.member, "places": 3}))[0].text("id")
	bruno.books(shift)
	clara.books(shift)
	w.begun(shift)
	came := func(p *person) input {
		return input{"shiftId": shift, "attendance": []input{{"memberId": p.member, "outcome": "ATTENDED"}}}
	}
	anna.cannot("recordAttendance", came(bruno), "OWN_DUTY", "attendance.0.memberId")
	anna.does("recordAttendance", came(clara))
	w.founder.does("recordAttendance", came(bruno))
	same(t, "another notes it", bruno.counter(), []string{"SHIFT ATTENDED +1"})
}

// Duty is off for a while: nobody owes for that time, nobody stays away because of it,
// and it is shown to nobody. A cycle that becomes shorter charges nothing twice.
func TestNobodyOwesForATimeWithoutDuty(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "en")
	w.advance(day)
	leave := bruno.does("requestLeave", input{"communityId": w.id, "kind": "AWAY", "from": w.inDays(0), "until": w.inDays(300)}).text("leave.id")
	w.founder.changes(input{"duty": input{"on": false}})
	w.advance(time.Minute)
	same(t, "it is off", anna.sees(anna.member, "Member { duty { balance } }").find("duty"), nil)
	bruno.cannot("createListing", input{"communityId": w.id, "kind": "OFFER", "title": "Pain", "serviceTypeId": w.types()["102-A-1"]}, "ON_LEAVE", anyField)
	bruno.does("endLeave", input{"leaveId": leave})
	bruno.offers("Pain")
	w.advance(200 * day)
	w.founder.changes(input{"duty": input{"on": true}})
	w.advance(time.Minute)
	same(t, "nothing was counted meanwhile", []int{anna.cycles(), bruno.cycles()}, []int{0, 0})
	w.advance(57 * day)
	once := anna.cycles()
	same(t, "a cycle is, after that", once, 1)

	w.founder.changes(input{"duty": input{"cycleWeeks": 2}})
	w.advance(time.Minute)
	same(t, "what was charged stays charged", anna.cycles(), once)
	w.advance(28 * day)
	same(t, "two cycles of two weeks", anna.cycles() >= once+1 && anna.cycles() <= once+2, true)
}

// Whoever falls behind while on leave has their days after it, and what of it they do
// not take gives no more.
func TestFallingBehindOnLeave(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna := w.welcome("Anna", "fr")
	shift := anna.shiftsOf(w.comesRound(nil))[0]
	anna.books(shift.text("id"))
	w.until(shift.time("startsAt").Add(time.Hour))
	leave := anna.does("requestLeave", input{"communityId": w.id, "kind": "CARE", "from": w.inDays(0), "until": w.inDays(60)}).text("leave.id")
	w.founder.does("decideLeave", input{"leaveId": leave, "grant": true})
	w.founder.notes(shift.text("id"), anna, "MISSED")
	left := func() int {
		behind := anna.onDuty()
		return int(behind.time("suspendedFrom").Sub(behind.time("behindSince")) / day)
	}
	same(t, "28 days, once the leave is over", left() >= 27+60 && left() <= 28+61, true)
	anna.does("endLeave", input{"leaveId": leave})
	same(t, "what was not taken gives no more", left() >= 27 && left() <= 28, true)
}

// AWAY, on which nobody decides, is no way round one shift: ended right after it, the
// shift that it freed counts as excused.
func TestBeingAwayIsNoWayRoundAShift(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna := w.welcome("Anna", "fr")
	template := w.comesRound(nil)
	anna.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	shift := anna.sees(anna.onDuty().text("nextShift.id"), "DutyShift { startsAt }").time("startsAt")
	w.until(shift.Add(-5 * day))
	leave := anna.does("requestLeave", input{"communityId": w.id, "kind": "AWAY", "from": w.inDays(4), "until": w.inDays(60)}).text("leave.id")
	w.until(shift.Add(day))
	same(t, "it is free", anna.counter(), []string{})
	anna.does("endLeave", input{"leaveId": leave})
	same(t, "and owed after all", anna.counter(), []string{"SHIFT EXCUSED -1"})
}

// A minor does duty with their guardian's consent. Once it is withdrawn they cannot
// come: their shifts are free, and nothing is charged to them.
func TestAMinorOnDuty(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.founder.changes(input{"minors": input{"fromAge": 15}})
	clara := w.welcome("Clara", "fr")
	lou := w.minor("Lou", clara)
	w.advance(day)
	template := w.comesRound(input{"leadId": clara.member})
	lou.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	other := lou.shiftsOf(w.comesRound(input{"week": 2}))
	lou.books(other[len(other)-1].text("id"))
	same(t, "Lou comes", len(lou.onDuty().list("bookings")) >= 2, true)
	clara.does("withdrawGuardianConsent", input{"memberId": lou.member, "reason": "Les examens."})
	w.advance(time.Minute)
	same(t, "their shifts are free", []any{len(lou.onDuty().list("bookings")), lou.counter(), clara.heard("DUTY_CANCELLED") > 0}, []any{0, []string{}, true})
	lou.cannot("bookDuty", input{"shiftId": other[len(other)-1].text("id")}, "GUARDIAN_CONSENT_MISSING", "")
	w.founder.cannot("bookDuty", input{"shiftId": other[len(other)-1].text("id"), "onBehalfOf": lou.member}, "GUARDIAN_CONSENT_MISSING", "onBehalfOf")
	lou.cannot("setDutyPattern", input{"communityId": w.id, "templateId": nil}, "GUARDIAN_CONSENT_MISSING", "")
	w.advance(70 * day)
	same(t, "nothing is charged", []any{lou.counter(), len(lou.onDuty().list("bookings"))}, []any{[]string{}, 0})
}

// Whoever leaves leaves their standing place to others, and nobody hears later that
// their service is suspended.
func TestWhoLeavesLeavesTheirTurn(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "en")
	nina := w.register("Nina", "fr")
	nina.applies()
	template := w.comesRound(input{"places": 1})
	w.founder.cannot("createDutyTemplate", input{"communityId": w.id, "title": "Caisse", "week": 1, "weekday": 1, "hour": 9, "minutes": 180, "places": 1, "leadId": nina.member}, "NOT_FOUND", "leadId")
	anna.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	booking := anna.onDuty().list("bookings")[0].text("id")
	anna.does("cancelDuty", input{"bookingId": booking})
	same(t, "behind", anna.onDuty().int("balance"), -1)
	anna.does("leaveCommunity", input{"communityId": w.id})
	bruno.cannot("setDutyPattern", input{"communityId": w.id, "templateId": template}, "DUTY_SHIFT_FULL", "templateId")
	w.advance(day)
	bruno.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	same(t, "Bruno comes", len(bruno.onDuty().list("bookings")) > 0, true)
	w.advance(40 * day)
	heard := slices.DeleteFunc(w.founder.told(), func(n thing) bool {
		return n.text("kind") != "MEMBER_DUTY_SUSPENDED" || n.text("member.displayName") != "Anna"
	})
	same(t, "nobody hears of Anna", len(heard), 0)
}

// What somebody else does in a member's name they are told.
func TestDutyInAnothersName(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna := w.welcome("Anna", "fr")
	template := w.comesRound(nil)
	for i, act := range []struct {
		mutation string
		in       input
	}{
		{"setDutyPattern", input{"communityId": w.id, "templateId": template}},
		{"requestLeave", input{"communityId": w.id, "kind": "AWAY", "from": w.inDays(100), "until": w.inDays(200)}},
	} {
		w.founder.does(act.mutation, with(act.in, "onBehalfOf", anna.member))
		same(t, "Anna is told of "+act.mutation, anna.heard("ACTED_FOR_YOU"), i+1)
	}
}

// Several would have the last place at once: one has it, the others are told so.
func TestTheLastPlaceIsGivenOnce(t *testing.T) {
	t.Parallel()
	w := shop(t)
	shift := w.founder.shiftsOf(w.comesRound(input{"places": 1}))[0].text("id")
	var all []*person
	for _, name := range []string{"Anna", "Bruno", "Clara", "Dora"} {
		all = append(all, w.welcome(name, "fr"))
	}
	refusals := make([]string, len(all))
	var acts sync.WaitGroup
	for i, p := range all {
		acts.Go(func() {
			if said := p.tries("bookDuty", input{"shiftId": shift}).problems(); len(said) > 0 {
				refusals[i] = said[0].Code
			}
		})
	}
	acts.Wait()
	slices.Sort(refusals)
	same(t, "one comes", refusals, []string{"", "DUTY_SHIFT_FULL", "DUTY_SHIFT_FULL", "DUTY_SHIFT_FULL"})
	same(t, "and the roster says so", len(w.founder.sees(shift, "DutyShift { roster { id } }").list("roster")), 1)
}
