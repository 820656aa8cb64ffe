// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// hosts announces a session that began an hour ago, so that it can be settled.
func (p *person) hosts(capacity, minutes int) string {
	p.t.Helper()
	return p.does("scheduleSession", p.session101(capacity, 0, minutes, p.now().Add(-time.Hour))).text("groupSession.id")
}

func (p *person) session101(capacity, preparation, minutes int, at time.Time) input {
	return input{
		"communityId": p.id, "title": "Pain au levain", "serviceTypeId": p.types()["102-A-1"], "startsAt": at, "capacity": capacity,
		"preparationMinutes": preparation, "animationMinutes": minutes,
	}
}

func (p *person) joins(session string) thing {
	p.t.Helper()
	return p.does("joinSession", input{"sessionId": session}).thing("groupSession")
}

// The golden case: 3 h and 1 h of preparation for 7 people are 240 minutes, in
// shares of 34 and 35 that add up.
func TestAWorkshopOfThreeHoursAndOneOfPreparationForSeven(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	host := town.welcome("Hélène", "fr-CA")
	var seven []*person
	for i := range 7 {
		seven = append(seven, town.welcome(fmt.Sprintf("Membre %d", i), "fr-CA"))
	}
	session := host.does("scheduleSession", host.session101(10, 60, 180, town.now().Add(day))).text("groupSession.id")
	var attended []string
	for _, p := range seven {
		p.joins(session)
		attended = append(attended, p.member)
	}
	settle := input{"sessionId": session, "attendedIds": attended, "idempotencyKey": newKey()}
	host.cannot("settleSession", settle, "SESSION_NOT_YET", "sessionId")
	town.advance(2 * day)
	done := host.does("settleSession", settle).thing("groupSession")
	same(t, "in all", done.int("settledMinutes"), 240)
	var shares []int
	for _, seat := range done.list("seats") {
		shares = append(shares, seat.int("share"))
	}
	slices.Sort(shares)
	same(t, "shares", shares, []int{34, 34, 34, 34, 34, 35, 35}) // 5 × 34 + 2 × 35
	same(t, "Hélène’s hours", town.balances()["Hélène"], 1140)
	same(t, "once more", host.does("settleSession", settle).text("groupSession.id"), session)
	same(t, "postings", ask[int](town.program, `SELECT count(DISTINCT posting_id)::int FROM ledger.transfer WHERE kind = 'GROUP_SHARE'`), 1)
	host.cannot("settleSession", with(settle, "idempotencyKey", newKey()), "SESSION_STATE", "sessionId")
	for _, p := range seven {
		same(t, p.name+" is told", p.told()[0].text("kind"), "SESSION_SETTLED")
	}
	town.booksAreRight()
}

func TestTheWaitingListMovesUp(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	host, anna, bruno, clara := town.welcome("Hélène", "fr-CA"), town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "fr-CA"), town.welcome("Clara", "fr-CA")
	session := host.does("scheduleSession", host.session101(1, 0, 60, town.now().Add(5*day))).text("groupSession.id")
	host.cannot("joinSession", input{"sessionId": session}, "OWN_SESSION", "sessionId")
	same(t, "Anna has the seat", anna.joins(session).text("seats.0.state"), "JOINED")
	same(t, "Bruno waits", bruno.joins(session).text("seats.0.state"), "WAITING")
	same(t, "Clara waits too", clara.joins(session).int("waitingCount"), 2)
	same(t, "Clara, once more", clara.joins(session).int("waitingCount"), 2)
	same(t, "Hélène is told", texts(host.told()[:3], "kind"), []string{"SESSION_WAITING", "SESSION_WAITING", "SESSION_JOINED"})
	anna.does("leaveSession", input{"sessionId": session})
	same(t, "Bruno is told", bruno.told()[0].text("kind"), "SESSION_SEAT_FREE")
	anna.cannot("leaveSession", input{"sessionId": session}, "NOT_JOINED", "sessionId")
	same(t, "Bruno’s seat", bruno.sees(session, "GroupSession { participantCount waitingCount seats { state } }"), thing{
		"participantCount": 1.0, "waitingCount": 1.0, "seats": []any{map[string]any{"state": "JOINED"}},
	})
	town.advance(4 * day) // within the notice, and Clara takes the seat
	bruno.does("leaveSession", input{"sessionId": session})
	clara.does("leaveSession", input{"sessionId": session}) // nobody takes hers: she bears a share
	anna.joins(session)
	town.advance(2 * day)
	settle := input{"sessionId": session, "attendedIds": []string{}, "idempotencyKey": newKey()}
	host.cannot("settleSession", settle, "SESSION_EMPTY", "attendedIds")
	host.cannot("settleSession", with(settle, "attendedIds", []string{bruno.member}), "NOT_JOINED", "attendedIds")
	host.cannot("settleSession", with(with(settle, "attendedIds", []string{anna.member}), "animationMinutes", 75), "MINUTES_OUT_OF_RANGE", "animationMinutes")
	host.does("settleSession", with(settle, "attendedIds", []string{anna.member}))
	same(t, "balances", town.balances(), map[string]int{"Hélène": 960, "Anna": 870, "Bruno": 900, "Clara": 870, "Fatou": 900, "the community": -4500})
	town.booksAreRight()
}

func TestTheCommunityBearsASession(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	host, anna := town.welcome("Hélène", "fr-CA"), town.welcome("Anna", "fr-CA")
	planned := with(host.session101(5, 30, 60, town.now().Add(-time.Hour)), "bearer", "COMMUNITY")
	host.cannot("scheduleSession", planned, forbidden, anyField)
	session := town.founder.does("scheduleSession", with(planned, "onBehalfOf", host.member)).text("groupSession.id")
	anna.joins(session)
	settle := input{"sessionId": session, "attendedIds": []string{anna.member}, "idempotencyKey": newKey()}
	host.cannot("settleSession", settle, forbidden, anyField)
	town.founder.does("settleSession", settle)
	same(t, "balances", town.balances(), map[string]int{"Hélène": 990, "Anna": 900, "Fatou": 900, "the community": -2790})
	own := town.founder.does("scheduleSession", planned).text("groupSession.id")
	anna.joins(own)
	town.founder.cannot("settleSession", with(with(settle, "sessionId", own), "idempotencyKey", newKey()), "OWN_SESSION", "sessionId")
	town.founder.does("cancelSession", input{"sessionId": own, "reason": "Reportée."})
	same(t, "Anna is told", anna.told()[0].text("kind"), "SESSION_CANCELLED")
	town.booksAreRight()
}

// Somebody without enough hours refuses the whole, and is named without figures.
func TestASessionBeyondSomebodysFloor(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	host, anna, bruno := town.welcome("Hélène", "fr-CA"), town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "fr-CA")
	session := host.hosts(5, 600)
	anna.joins(session)
	bruno.joins(session)
	bruno.does("giveHours", input{"from": bruno.account(), "to": anna.account(), "minutes": 1400, "idempotencyKey": newKey()})
	said := host.cannot("settleSession", input{"sessionId": session, "attendedIds": []string{anna.member, bruno.member}, "idempotencyKey": newKey()}, "INSUFFICIENT_HOURS", "attendedIds")
	if said.Available != nil {
		t.Errorf("Hélène learns of Bruno’s hours: %+v", said)
	}
	town.booksAreRight()
}

// The golden case: associative hours drive the community's account negative, and
// each kind of work brings what the charter says.
func TestAssociativeHoursDriveTheCommunitysAccountNegative(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	desk := anna.logs("FRONT_DESK", 52)
	same(t, "Fatou is told", town.founder.told()[0].text("kind"), "ACTIVITY_LOGGED")
	anna.cannot("approveActivity", input{"activityId": desk}, forbidden, anyField)
	town.founder.does("grantRole", input{"memberId": anna.member, "role": "BOARD"})
	anna.cannot("approveActivity", input{"activityId": desk}, "OWN_ACTIVITY", "activityId")
	approved := town.founder.does("approveActivity", input{"activityId": desk}).thing("activity")
	same(t, "credited", []int{approved.int("minutes"), approved.int("creditedMinutes")}, []int{52, 45})
	same(t, "balances", town.balances(), map[string]int{"Anna": 945, "Bruno": 900, "Fatou": 900, "the community": -2745})
	same(t, "Anna is told", anna.told()[0].text("kind"), "ACTIVITY_APPROVED")
	town.founder.cannot("approveActivity", input{"activityId": desk}, "ACTIVITY_STATE", "activityId")

	for _, kind := range []string{"BOARD_MEETING", "AUDIT", "SHARED_TURN", "ERRAND"} {
		logged := bruno.logs(kind, 120)
		rule := town.founder.sees(logged, "Activity { rule }").text("rule")
		said := town.founder.cannot("approveActivity", input{"activityId": logged, "minutes": 120}, "CREDIT_REFUSED", "minutes")
		if rule == "" || !strings.Contains(said.Message, rule) {
			t.Errorf("%s is refused without its rule %q: %s", kind, rule, said.Message)
		}
		same(t, kind, town.founder.does("approveActivity", input{"activityId": logged}).text("activity.state"), "APPROVED")
	}
	same(t, "no hours for those", town.balances()["Bruno"], 900)

	again := bruno.logs("FRONT_DESK", 60)
	anna.does("declineActivity", input{"activityId": again, "reason": "Déjà noté mardi."})
	same(t, "Bruno is told", bruno.told()[0].text("kind"), "ACTIVITY_DECLINED")
	same(t, "and why", bruno.sees(again, "Activity { reason }").text("reason"), "Déjà noté mardi.")

	roy := town.founder.does("registerMember", input{"communityId": town.id, "displayName": "Mme Roy", "kind": "PERSON"}).text("member.id")
	log := input{"communityId": town.id, "activityKind": "COMMITTEE", "minutes": 60, "description": "Comité accueil"}
	same(t, "for Mme Roy", town.founder.does("logActivity", with(log, "onBehalfOf", roy)).thing("activity")["onBehalf"], true)
	anna.cannot("logActivity", with(log, "activityKind", "NAPPING"), "ACTIVITY_KIND_UNKNOWN", "activityKind")
	anna.cannot("logActivity", with(log, "date", town.date(-2*day)), "DAY_TO_COME", "date")
	town.booksAreRight()
}

func (p *person) logs(kind string, minutes int) string {
	p.t.Helper()
	return p.does("logActivity", input{"communityId": p.id, "activityKind": kind, "minutes": minutes, "description": "Mardi après-midi"}).text("activity.id")
}
