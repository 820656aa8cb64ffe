// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// duties has the town's charter want turns of duty.
func (w *town) duties() {
	w.t.Helper()
	if w.charter("duty { on }").find("duty.on") != true {
		w.founder.changes(input{"duty": input{"on": true, "alertDays": 150}})
		w.advance(time.Minute) // all of them owe from now on, and nothing of it comes later by itself
	}
}

// comesRound has a shift come round, and answers its template.
func (w *town) comesRound(more input) string {
	w.t.Helper()
	in := input{"communityId": w.id, "title": "Caisse", "place": "Magasin", "week": 1, "weekday": 3, "hour": 9, "minutes": 180, "places": 2}
	maps.Copy(in, more)
	return w.founder.does("createDutyTemplate", in).text("template.id")
}

const shiftFields = `{ id date startsAt endsAt places placesLeft cancelReason members { displayName } mine { id owed } template { id } }`

// shiftsOf are those of a template on the calendar.
func (p *person) shiftsOf(template string) []thing {
	p.t.Helper()
	var theirs []thing
	var after any
	for {
		page := p.reads(`query($s: String!, $a: String) { community(slug: $s) { dutyShifts(first: 50, after: $a) { nodes `+shiftFields+` pageInfo { hasNextPage endCursor } } } }`,
			input{"s": p.slug, "a": after}).thing("community.dutyShifts")
		for _, s := range page.list("nodes") {
			if s.text("template.id") == template {
				theirs = append(theirs, s)
			}
		}
		if page.find("pageInfo.hasNextPage") != true {
			return theirs
		}
		after = page.text("pageInfo.endCursor")
	}
}

// books takes a place in a shift, and answers the booking.
func (p *person) books(shift string) string {
	p.t.Helper()
	return p.does("bookDuty", input{"shiftId": shift}).text("booking.id")
}

const dutyOf = `duty { balance suspended behindSince suspendedFrom standingFrom template { id } nextShift { id } bookings { id owed outcome shift { id } }
	entries { nodes { id kind outcome points balance reason by { displayName } corrects { id } } } extensions { reason until } leaves { id state kind keepsAccess } }`

// onDuty is how somebody stands, as they see it.
func (p *person) onDuty() thing {
	p.t.Helper()
	return p.sees(p.member, `Member { `+dutyOf+` }`).thing("duty")
}

// counter is what each entry counted, the first first.
func (p *person) counter() []string {
	p.t.Helper()
	said := []string{}
	sum := 0
	entries := p.onDuty().list("entries.nodes")
	slices.Reverse(entries)
	for _, e := range entries {
		sum += e.int("points")
		same(p.t, "the counter is the sum of its entries", e.int("balance"), sum)
		said = append(said, strings.TrimSpace(fmt.Sprintf("%s %v %+d", e.text("kind"), e.find("outcome"), e.int("points"))))
	}
	same(p.t, "and so is the balance", p.onDuty().int("balance"), sum)
	return said
}

// notes says how a shift went for somebody.
func (p *person) notes(shift string, whom *person, outcome string) {
	p.t.Helper()
	p.does("recordAttendance", input{"shiftId": shift, "attendance": []input{{"memberId": whom.member, "outcome": outcome}}})
}

// until moves the clock to a moment.
func (w *town) until(at time.Time) {
	w.t.Helper()
	w.advance(at.Sub(w.now()))
}

// shop is a food co-op in Paris, where turns of duty are part of the charter.
func shop(t *testing.T) *town {
	t.Helper()
	w := boot(t).townOf("food-coop", "Europe/Paris", "La Louve du Port", "port")
	w.advance(time.Minute) // the day's work on the calendar is done
	return w
}

// begins is when a day begins in Paris.
func (w *town) begins(day string) time.Time {
	w.t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		w.t.Fatal(err)
	}
	at, err := time.ParseInLocation(time.DateOnly, day, paris)
	if err != nil {
		w.t.Fatal(err)
	}
	return at
}

// begun has a shift have begun an hour ago, for what can only be noted then.
func (w *town) begun(shift string) string {
	w.t.Helper()
	ask[int](w.program, `WITH s AS (UPDATE duty_shift SET starts_at = $2, ends_at = $2::timestamptz + interval '3 hours' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM s`,
		keyOf(shift), w.now().Add(-time.Hour))
	return shift
}

// turnsOfDuty is a template of its own, and its shifts.
func (s *scene) turnsOfDuty() (template string, shifts []string) {
	s.t.Helper()
	s.duties()
	s.turn++
	template = s.comesRound(input{"week": s.turn%4 + 1, "weekday": s.turn/4%7 + 1, "hour": 8 + s.turn/28%12, "minute": s.turn / 336 % 60, "minutes": 1, "places": 3})
	return template, texts(s.founder.shiftsOf(template), "id")
}

// onTurn is a new member of whom it is noted how a shift went.
func (s *scene) onTurn(outcome string) *person {
	s.t.Helper()
	_, shifts := s.turnsOfDuty()
	p := s.newcomer()
	p.books(shifts[0])
	s.founder.notes(s.begun(shifts[0]), p, outcome)
	return p
}

// offersTurn books a shift and offers it to anybody.
func (p *person) offersTurn(shift string) string {
	p.t.Helper()
	return p.does("swapDuty", input{"bookingId": p.books(shift)}).text("swap.id")
}

// asksLeave asks for some that somebody decides on.
func (p *person) asksLeave() string {
	p.t.Helper()
	p.duties()
	return p.does("requestLeave", input{"communityId": p.id, "kind": "CARE", "from": p.inDays(300), "until": p.inDays(310)}).text("leave.id")
}

// A cycle at the shop: Anna has a standing place, Bruno books freely, Clara does not
// come. At the end of the cycle Bruno's shift is set off against what he owed, and
// Clara is behind. The places, the names and the roster are for whom they are.
func TestACycleOfDutyAtTheShop(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno, clara, dora := w.welcome("Anna", "fr"), w.welcome("Bruno", "en"), w.welcome("Clara", "fr"), w.welcome("Dora", "fr")
	same(t, "the charter", w.charter("duty { on cycleWeeks attended excused missed makeUp alertDays }").thing("duty"),
		thing{"on": true, "cycleWeeks": 4.0, "attended": 0.0, "excused": -1.0, "missed": -2.0, "makeUp": 1.0, "alertDays": 28.0})
	w.advance(day) // the night after, all of them owe
	till := w.comesRound(input{"places": 1, "leadId": bruno.member})
	store := w.comesRound(input{"title": "Réserve", "week": 2, "weekday": 5, "hour": 18, "minute": 30, "places": 2, "leadId": anna.member})
	anna.does("setDutyPattern", input{"communityId": w.id, "templateId": till})
	dora.cannot("setDutyPattern", input{"communityId": w.id, "templateId": till}, "DUTY_SHIFT_FULL", "templateId")
	standing := anna.onDuty()
	cycle := w.begins(standing.text("standingFrom"))
	same(t, "from the next cycle on, which begins on a Monday", cycle.Weekday(), time.Monday)
	same(t, "all of hers are owed", len(slices.DeleteFunc(standing.list("bookings"), func(b thing) bool { return b["owed"] != true })) > 0, true)

	w.until(cycle.Add(time.Minute)) // a whole cycle
	shift := bruno.shiftsOf(store)[0]
	bruno.books(shift.text("id"))
	bruno.cannot("bookDuty", input{"shiftId": shift.text("id")}, "DUTY_BOOKED_TWICE", "shiftId")
	seen := about(clara.shiftsOf(store), "id", shift.text("id"))
	same(t, "everybody sees who comes", []any{texts(seen.list("members"), "displayName"), seen.int("placesLeft")}, []any{[]string{"Bruno"}, 1})
	same(t, "Anna’s is hers", about(anna.shiftsOf(till), "id", anna.onDuty().text("nextShift.id")).find("mine.owed"), true)
	clara.cannot("bookDuty", input{"shiftId": anna.onDuty().text("nextShift.id")}, "DUTY_SHIFT_FULL", "shiftId")
	same(t, "the roster is not for Clara", clara.sees(shift.text("id"), "DutyShift { roster { id } }").find("roster"), nil)
	same(t, "it is for who leads", len(anna.sees(shift.text("id"), "DutyShift { roster { id } }").list("roster")), 1)
	note := func(of *person) input {
		return input{"shiftId": shift.text("id"), "attendance": []input{{"memberId": of.member, "outcome": "ATTENDED"}}}
	}
	anna.cannot("recordAttendance", note(bruno), "DUTY_SHIFT_TO_COME", "shiftId")

	w.until(anna.sees(anna.onDuty().text("nextShift.id"), "DutyShift { startsAt }").time("startsAt").Add(time.Hour))
	first := anna.onDuty().text("nextShift.id")
	clara.cannot("recordAttendance", input{"shiftId": first, "attendance": []input{{"memberId": anna.member, "outcome": "ATTENDED"}}}, "FORBIDDEN", "")
	bruno.notes(first, anna, "ATTENDED")
	w.until(shift.time("startsAt").Add(time.Hour))
	anna.cannot("recordAttendance", with(note(bruno), "attendance", []input{{"memberId": clara.member, "outcome": "MISSED"}}), "NOT_FOUND", "attendance.0.memberId")
	anna.does("recordAttendance", note(bruno))
	anna.cannot("recordAttendance", note(bruno), "DUTY_BOOKING_STATE", "attendance.0.memberId")
	same(t, "both came", []any{anna.counter(), bruno.counter()}, []any{[]string{"SHIFT ATTENDED +0"}, []string{"SHIFT ATTENDED +1"}})
	same(t, "Bruno hears of it", about(bruno.told(), "kind", "DUTY_NOTED") != nil, true)

	w.until(cycle.Add(28*day + 12*time.Hour))
	same(t, "the cycle is over", []any{anna.counter(), bruno.counter(), clara.counter()},
		[]any{[]string{"SHIFT ATTENDED +0"}, []string{"SHIFT ATTENDED +1", "CYCLE <nil> -1"}, []string{"CYCLE <nil> -1"}})
	same(t, "Clara is told the day", about(clara.told(), "kind", "DUTY_ALERTED").time("due").Equal(clara.onDuty().time("suspendedFrom")), true)
	same(t, "nobody else sees how she stands", []any{bruno.sees(clara.member, "Member { duty { balance } }").find("duty"), w.founder.sees(clara.member, "Member { duty { balance } }").int("duty.balance")}, []any{nil, -1})
}

// Clara misses two cycles. She is told the day, service is suspended on it and nobody
// has to do anything for that; she votes all the same. One shift more than she owes
// brings her back at once.
func TestWhoIsBehindLosesServiceAndNeverTheVote(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, clara := w.welcome("Anna", "fr"), w.welcome("Clara", "fr")
	template := w.comesRound(nil)
	shift := clara.shiftsOf(template)[0]
	clara.books(shift.text("id"))
	w.until(shift.time("startsAt").Add(time.Hour))
	w.founder.notes(shift.text("id"), clara, "MISSED")
	behind := clara.onDuty()
	same(t, "behind", []any{behind.int("balance"), behind["suspended"]}, []any{-1, false})
	same(t, "in 28 days", behind.time("suspendedFrom").Sub(behind.time("behindSince")) > 27*day, true)
	offer := anna.offers("Pain")
	w.until(behind.time("suspendedFrom").Add(-day))
	waiting := anna.asks(clara, 15)
	clara.answers(offer, 15) // until then nothing changes

	w.advance(day + time.Minute)
	same(t, "suspended", clara.onDuty()["suspended"], true)
	same(t, "she is told, and so is who coordinates", []any{about(clara.told(), "kind", "DUTY_SUSPENDED") != nil, about(w.founder.told(), "kind", "MEMBER_DUTY_SUSPENDED").text("member.displayName")}, []any{true, "Clara"})
	said := clara.cannot("proposeExchange", input{"communityId": w.id, "listingId": offer, "minutes": 15}, "SERVICE_SUSPENDED", "")
	same(t, "it passes, and the way out is named", []any{said.Retryable, strings.Contains(said.Message, "Book a shift") || strings.Contains(said.Message, "Inscrivez-vous")}, []any{true, true})
	clara.cannot("acceptExchange", input{"exchangeId": waiting}, "SERVICE_SUSPENDED", "exchangeId")
	clara.cannot("createListing", input{"communityId": w.id, "kind": "OFFER", "title": "Confitures", "serviceTypeId": w.types()["102-A-1"]}, "SERVICE_SUSPENDED", anyField)
	clara.cannot("scheduleSession", clara.session101(8, 0, 60, w.now().Add(day)), "SERVICE_SUSPENDED", anyField)
	anna.cannot("proposeExchange", input{"communityId": w.id, "providerId": clara.member, "receiverId": anna.member, "minutes": 15, "serviceTypeId": w.types()["102-A-1"]}, "MEMBER_INACTIVE", "providerId")

	ask[int](w.program, `WITH m AS (UPDATE member SET governance = 'VOTER' RETURNING 1) SELECT count(*)::int FROM m`)
	decision := anna.poses("L’accueillons-nous ?", "OBJECTED_ADMISSION", nil)
	same(t, "she votes", clara.does("castBallot", input{"decisionId": decision, "choice": "YES"}).text("ballot.receipt") != "", true)

	w.founder.does("extendDuty", input{"memberId": clara.member, "until": w.now().Add(20 * day), "reason": "Sa mère est malade."})
	same(t, "more time", []any{clara.onDuty()["suspended"], clara.onDuty().list("extensions")[0].text("reason")}, []any{false, "Sa mère est malade."})
	clara.answers(offer, 30)
	w.advance(21 * day)
	same(t, "until it is over", clara.onDuty()["suspended"], true)
	w.founder.cannot("extendDuty", input{"memberId": w.founder.member, "until": w.now().Add(20 * day), "reason": "Pour moi."}, "OWN_DUTY", "memberId")

	before := clara.onDuty().int("balance")
	for range 1 - before { // whatever cycles passed meanwhile
		activity := clara.logs("SHARED_TURN", 180)
		w.founder.does("approveActivity", input{"activityId": activity})
	}
	same(t, "made up", []any{clara.onDuty()["suspended"], clara.onDuty().find("suspendedFrom"), clara.onDuty().int("balance")}, []any{false, nil, 1})
	same(t, "she is told", about(clara.told(), "kind", "DUTY_RESTORED") != nil, true)
	clara.does("acceptExchange", input{"exchangeId": anna.asks(clara, 15)})
}

// What not coming brings is shown before; it is what happens, or it is refused.
func TestICannotComeShowsWhatFollows(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "en")
	template := w.comesRound(input{"leadId": w.founder.member})
	anna.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	theirs := anna.onDuty().list("bookings")
	const shown = `DutyBooking { outcome ifCancelled { outcome points balanceAfter excusedUntil suspendedFrom text } }`
	booking := theirs[0].text("id")
	before := anna.sees(booking, shown).thing("ifCancelled")
	same(t, "in time", []any{before.text("outcome"), before.int("points"), before.int("balanceAfter"), before.find("suspendedFrom") != nil}, []any{"EXCUSED", -1, -1, true})
	same(t, "in words", strings.Contains(before.text("text"), "excusé"), true)
	same(t, "it is nobody else’s", bruno.looksFor(booking), notFound)
	bruno.cannot("cancelDuty", input{"bookingId": booking}, "NOT_FOUND", "bookingId")
	w.until(before.time("excusedUntil").Add(time.Second))
	late := anna.sees(booking, shown).thing("ifCancelled")
	same(t, "late", []any{late.text("outcome"), late.int("points")}, []any{"MISSED", -2})
	anna.cannot("cancelDuty", input{"bookingId": booking, "points": -1}, "DUTY_CONSEQUENCE_CHANGED", "points")
	same(t, "with what was shown", anna.does("cancelDuty", input{"bookingId": booking, "points": -2}).text("booking.outcome"), "MISSED")
	anna.cannot("cancelDuty", input{"bookingId": booking}, "DUTY_BOOKING_STATE", "bookingId")
	same(t, "as shown", anna.onDuty().int("balance"), late.int("balanceAfter"))
	same(t, "who leads is told that a place is free", about(w.founder.told(), "kind", "DUTY_CANCELLED").text("member.displayName"), "Anna")

	entry := anna.onDuty().text("entries.nodes.0.id")
	w.founder.does("correctDutyEntry", input{"entryId": entry, "reason": "Le métro était en grève."})
	w.founder.cannot("correctDutyEntry", input{"entryId": entry, "reason": "Encore."}, "DUTY_ENTRY_CORRECTED", "entryId")
	same(t, "taken back by another", anna.counter(), []string{"SHIFT MISSED -2", "CORRECTION <nil> +2"})
	same(t, "no more behind", anna.onDuty().find("suspendedFrom"), nil)

	next := bruno.shiftsOf(template)
	off := next[len(next)-1].text("id")
	bruno.books(off)
	w.founder.does("cancelDutyShift", input{"shiftId": off, "reason": "Inventaire."})
	same(t, "called off counts nothing", []any{bruno.counter(), about(bruno.told(), "kind", "DUTY_CALLED_OFF") != nil, bruno.sees(off, "DutyShift { cancelReason }").text("cancelReason")}, []any{[]string{}, true, "Inventaire."})
	bruno.cannot("bookDuty", input{"shiftId": off}, "DUTY_SHIFT_BEGUN", "shiftId")
}

// Two places change hands at once and count as they did; or one comes instead of the
// other, who is excused and no more.
func TestShiftsAreSwapped(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "en"), w.welcome("Clara", "fr")
	template, other := w.comesRound(nil), w.comesRound(input{"week": 3, "weekday": 6})
	anna.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	hers := anna.onDuty().list("bookings")[0]
	his := bruno.shiftsOf(other)[0].text("id")
	given := bruno.books(his)
	swap := anna.does("swapDuty", input{"bookingId": hers.text("id"), "toId": bruno.member}).text("swap.id")
	anna.cannot("swapDuty", input{"bookingId": hers.text("id")}, "DUTY_SWAP_OFFERED", "bookingId")
	same(t, "Bruno is asked", about(bruno.told(), "kind", "DUTY_SWAP_OFFERED").text("member.displayName"), "Anna")
	same(t, "it is not for Clara", clara.looksFor(swap), notFound)
	clara.cannot("acceptDutySwap", input{"swapId": swap}, "NOT_FOUND", "swapId")
	anna.cannot("acceptDutySwap", input{"swapId": swap}, "OWN_DUTY_SWAP", "swapId")
	var sent sync.WaitGroup
	for range 2 { // as a bad network would
		sent.Go(func() { bruno.tries("acceptDutySwap", input{"swapId": swap, "bookingId": given}) })
	}
	sent.Wait()
	bruno.cannot("acceptDutySwap", input{"swapId": swap, "bookingId": given}, "DUTY_BOOKING_STATE", "bookingId")
	place := func(p *person, shift string) thing {
		for _, b := range p.onDuty().list("bookings") {
			if b.text("shift.id") == shift {
				return b
			}
		}
		return nil
	}
	same(t, "each has the other’s, and owes what they owed", []any{place(anna, his)["owed"], place(bruno, hers.text("shift.id"))["owed"], place(anna, hers.text("shift.id")) == nil, place(bruno, his) == nil}, []any{true, false, true, true})
	same(t, "Anna is told; who took it knows", []int{anna.heard("DUTY_SWAPPED"), bruno.heard("DUTY_SWAPPED")}, []int{1, 0})
	same(t, "nothing was counted", []any{anna.counter(), bruno.counter()}, []any{[]string{}, []string{}})

	w.until(anna.sees(his, "DutyShift { startsAt }").time("startsAt").Add(-time.Hour)) // too late to be excused
	open := anna.does("swapDuty", input{"bookingId": place(anna, his).text("id")}).text("swap.id")
	same(t, "anybody finds it", texts(clara.reads(`query($s: String!) { community(slug: $s) { dutySwaps { id } } }`, input{"s": w.slug}).list("community.dutySwaps"), "id"), []string{open})
	clara.does("acceptDutySwap", input{"swapId": open})
	same(t, "excused and no more", anna.counter(), []string{"SHIFT EXCUSED -1"})
	w.advance(2 * time.Hour)
	w.founder.notes(his, clara, "ATTENDED")
	same(t, "it makes up for one of Clara’s", clara.counter(), []string{"SHIFT ATTENDED +1"})
	anna.cannot("withdrawDutySwap", input{"swapId": open}, "DUTY_SWAP_OVER", "swapId")
}

// Whoever is on leave owes nothing; some keep their service meanwhile, some do not.
func TestLeaveFromDuty(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "en")
	template := w.comesRound(nil)
	anna.does("setDutyPattern", input{"communityId": w.id, "templateId": template})
	ask := input{"communityId": w.id, "kind": "PARENTAL", "from": w.inDays(1), "until": w.inDays(400), "reason": "Naissance."}
	leave := anna.does("requestLeave", ask).thing("leave")
	same(t, "somebody decides", []any{leave.text("state"), leave["keepsAccess"], about(w.founder.told(), "kind", "DUTY_LEAVE_REQUESTED").text("member.displayName")}, []any{"REQUESTED", true, "Anna"})
	anna.cannot("requestLeave", ask, "DUTY_LEAVE_OVERLAPS", "from")
	anna.cannot("requestLeave", with(ask, "until", w.inDays(900)), "OUT_OF_RANGE", "until")
	bruno.cannot("decideLeave", input{"leaveId": leave.text("id"), "grant": true}, "FORBIDDEN", "")
	w.founder.cannot("decideLeave", input{"leaveId": leave.text("id"), "grant": false}, "REQUIRED", "statement")
	w.founder.does("decideLeave", input{"leaveId": leave.text("id"), "grant": true})
	same(t, "her shifts are free", []any{len(anna.onDuty().list("bookings")), about(anna.told(), "kind", "DUTY_LEAVE_GRANTED") != nil}, []any{0, true})

	bruno.cannot("requestLeave", input{"communityId": w.id, "kind": "AWAY", "from": w.inDays(1), "until": w.inDays(3)}, "OUT_OF_RANGE", "until")
	away := bruno.does("requestLeave", input{"communityId": w.id, "kind": "AWAY", "from": w.inDays(0), "until": w.inDays(100)}).thing("leave")
	same(t, "taken at once", away.text("state"), "GRANTED")
	w.advance(day)
	bruno.cannot("createListing", input{"communityId": w.id, "kind": "OFFER", "title": "Pain", "serviceTypeId": w.types()["102-A-1"]}, "ON_LEAVE", anyField)
	anna.offers("Pain")
	w.advance(90 * day)
	same(t, "nothing was counted", []any{anna.counter(), bruno.counter()}, []any{[]string{}, []string{}})
	bruno.does("endLeave", input{"leaveId": away.text("id")})
	bruno.offers("Retour")
	bruno.cannot("endLeave", input{"leaveId": away.text("id")}, "DUTY_LEAVE_STATE", "leaveId")
}

// What some have more than they need others are given, for a reason; the common counter
// never has less than nothing.
func TestPointsAreSharedBySolidarity(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "en"), w.welcome("Clara", "fr")
	template := w.comesRound(input{"places": 5})
	shift := anna.shiftsOf(template)[0].text("id")
	anna.books(shift)
	bruno.books(shift)
	w.begun(shift)
	w.founder.notes(shift, anna, "ATTENDED")
	w.founder.notes(shift, bruno, "MISSED")
	give := input{"communityId": w.id, "points": 1}
	bruno.cannot("giveDutyPoints", give, "OUT_OF_RANGE", "points")
	anna.cannot("giveDutyPoints", with(give, "points", 2), "OUT_OF_RANGE", "points")
	grant := input{"memberId": bruno.member, "points": 1, "reason": "Il était malade."}
	w.founder.cannot("grantDutyPoints", grant, "DUTY_COMMON_SHORT", "points")
	anna.does("giveDutyPoints", give)
	common := func() int {
		return clara.reads(`query($s: String!) { community(slug: $s) { dutyCommon } }`, input{"s": w.slug}).int("community.dutyCommon")
	}
	same(t, "everybody sees what there is", common(), 1)
	clara.cannot("grantDutyPoints", grant, "FORBIDDEN", "")
	w.founder.cannot("grantDutyPoints", with(grant, "points", 7), "OUT_OF_RANGE", "points")
	w.founder.does("grantDutyPoints", grant)
	same(t, "given and had", []any{anna.counter(), bruno.counter(), common()},
		[]any{[]string{"SHIFT ATTENDED +1", "GIVEN <nil> -1"}, []string{"SHIFT MISSED -1", "GRANTED <nil> +1"}, 0})
	same(t, "Bruno reads why, and not from whom", []any{bruno.onDuty().text("entries.nodes.0.reason"), about(bruno.told(), "kind", "DUTY_POINTS_GRANTED") != nil}, []any{"Il était malade.", true})
}

// Two servers bring the same shifts onto the calendar and charge the same cycle: once.
// The shifts keep the hour of the clocks on the wall when these change.
func TestShiftsComeRoundOnceAndKeepTheHour(t *testing.T) {
	t.Parallel()
	w := shop(t)
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	anna := w.welcome("Anna", "fr")
	template := w.comesRound(input{"week": 2, "weekday": 7, "hour": 8, "minute": 45})
	seen := map[string]bool{}
	offsets := map[int]bool{}
	for range 8 {
		w.twoServersCome(28 * day)
		all := anna.shiftsOf(template)
		same(t, "two at least are on the calendar", len(all) >= 2, true)
		days := texts(all, "date")
		same(t, "each once", len(slices.Compact(slices.Sorted(slices.Values(days)))), len(days))
		for _, s := range all {
			at := s.time("startsAt").In(paris)
			_, offset := at.Zone()
			offsets[offset], seen[s.text("date")] = true, true
			same(t, "at a quarter to nine on a Sunday", []any{at.Hour(), at.Minute(), at.Weekday()}, []any{8, 45, time.Sunday})
		}
	}
	same(t, "in summer and in winter", len(offsets), 2)
	charged := anna.onDuty().list("entries.nodes")
	same(t, "each cycle once", ask[int](w.program, `SELECT count(*)::int FROM duty_entry WHERE member_id = $1`, keyOf(anna.member)), -anna.onDuty().int("balance"))
	same(t, "there were some", len(charged) > 5, true)
}

// A holiday has no shifts: neither those on the calendar nor those that would come.
func TestNothingTakesPlaceOnAHoliday(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna := w.welcome("Anna", "fr")
	template := w.comesRound(nil)
	all := anna.shiftsOf(template)
	last := all[len(all)-1]
	anna.books(last.text("id"))
	far := last.time("startsAt").Add(28 * day).Format(time.DateOnly)
	closing := input{"communityId": w.id, "date": last.text("date"), "reason": "Jour férié."}
	w.founder.does("closeDutyDay", closing)
	w.founder.cannot("closeDutyDay", closing, "DUTY_DAY_CLOSED", "date")
	w.founder.does("closeDutyDay", with(closing, "date", far))
	w.founder.cannot("closeDutyDay", with(closing, "date", w.inDays(-1)), "OUT_OF_RANGE", "date")
	same(t, "Anna is told, and not charged", []any{about(anna.told(), "kind", "DUTY_CALLED_OFF") != nil, anna.counter()}, []any{true, []string{}})
	w.advance(29 * day)
	same(t, "neither does the one that comes", about(anna.shiftsOf(template), "date", far).text("cancelReason"), "Jour férié.")
	w.founder.does("endDutyTemplate", input{"templateId": template, "reason": "Travaux."})
	w.founder.cannot("endDutyTemplate", input{"templateId": template, "reason": "Encore."}, "DUTY_TEMPLATE_ENDED", "templateId")
}

// What cannot be is refused, by its field, and of another community nothing is there.
func TestBadDuty(t *testing.T) {
	t.Parallel()
	w := shop(t)
	anna := w.welcome("Anna", "fr")
	hill := w.program.townOf("food-coop", "Europe/Paris", "La Louve de la Colline", "colline")
	w.advance(time.Minute)
	make := input{"communityId": w.id, "title": "Caisse", "week": 1, "weekday": 1, "hour": 9, "minutes": 180, "places": 1}
	for field, value := range map[string]any{"week": 5, "weekday": 8, "hour": 24, "minute": 60, "places": 0} {
		w.founder.cannot("createDutyTemplate", with(make, field, value), "OUT_OF_RANGE", field)
	}
	w.founder.cannot("createDutyTemplate", with(make, "minutes", 0), "MINUTES_OUT_OF_RANGE", "minutes")
	w.founder.cannot("createDutyTemplate", with(make, "title", " "), "REQUIRED", "title")
	w.founder.cannot("createDutyTemplate", with(make, "leadId", hill.founder.member), "NOT_FOUND", "leadId")
	anna.cannot("createDutyTemplate", make, "FORBIDDEN", "")
	template := w.comesRound(nil)
	shift := anna.shiftsOf(template)[0].text("id")
	hill.founder.cannot("bookDuty", input{"shiftId": shift}, "NOT_FOUND", "")
	same(t, "nor is it seen there", hill.founder.looksFor(shift), notFound)
	plain := w.program.town("Accorderie du Bois", "bois")
	plain.founder.cannot("createDutyTemplate", with(make, "communityId", plain.id), "DUTY_OFF", "")
	same(t, "nobody owes there", plain.founder.sees(plain.founder.member, "Member { duty { balance } }").find("duty"), nil)
	w.begun(shift)
	anna.cannot("bookDuty", input{"shiftId": shift}, "DUTY_SHIFT_BEGUN", "shiftId")
}
