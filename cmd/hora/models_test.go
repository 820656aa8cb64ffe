// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/ledger"
)

// The stories of this file are those of organisations that share value in a way of
// their own. Practishare’s is TestAWorkshopIsDividedAtItsSource, Hopwork’s payout by
// hours TestASurplusIsDividedByAKey, Mutum’s TestFromUserToCoOwner and what follows it.

// The Accorderies: whoever joins starts with fifteen hours, which the whole owes; an
// hour of the lawyer’s is an hour of the gardener’s; the front desk is given back by
// the whole, and a meeting of the board by nobody.
func TestAccorderies(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	same(t, "Fatou alone", w.balances(), map[string]int{"Fatou": 900, "the community": -900})
	lawyer, gardener := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	same(t, "two join", w.balances(), map[string]int{"Fatou": 900, "Anna": 900, "Bruno": 900, "the community": -2700})
	same(t, "what the lawyer reads", lawyer.statement(), []line{{1, 900, 900, "OPENING"}})
	gardener.confirms(lawyer.gave(gardener, 60), 60)
	same(t, "an hour of law", w.balances(), map[string]int{"Fatou": 900, "Anna": 960, "Bruno": 840, "the community": -2700})
	lawyer.confirms(gardener.gave(lawyer, 60), 60)
	same(t, "is an hour of gardening", w.balances(), map[string]int{"Fatou": 900, "Anna": 900, "Bruno": 900, "the community": -2700})

	w.founder.does("approveActivity", input{"activityId": gardener.logs("FRONT_DESK", 120)})
	same(t, "a shift at the front desk", w.balances(), map[string]int{"Fatou": 900, "Anna": 900, "Bruno": 1020, "the community": -2820})
	board := lawyer.logs("BOARD_MEETING", 120)
	w.unchanged("hours for a meeting of the board", func() {
		w.founder.cannot("approveActivity", input{"activityId": board, "minutes": 120}, "CREDIT_REFUSED", "minutes")
	})
	met := w.founder.does("approveActivity", input{"activityId": board}).thing("activity")
	same(t, "it is noted, and brings none", []any{met["state"], met["minutes"], met.int("creditedMinutes")}, []any{"APPROVED", 120.0, 0})
	same(t, "nothing moved", w.balances(), map[string]int{"Fatou": 900, "Anna": 900, "Bruno": 1020, "the community": -2820})
	w.booksAreRight()
}

// La Ruche qui dit Oui!: a community of local hosts begins with a levy of ten percent,
// of which 41.75 go to the host in the posting of the exchange itself, as long as the
// mandate lasts. The rest is the hub’s, and its report tells where it came from.
func TestLaRucheQuiDitOui(t *testing.T) {
	t.Parallel()
	w := boot(t).townOf("local-hosts", "Europe/Paris", "La Ruche du Port", "port")
	w.withoutReserve()
	same(t, "the preset", w.charter("levy { basisPoints pool roleShare role }").thing("levy"), thing{"basisPoints": 1000.0, "pool": "PROJECTS", "roleShare": 4175.0, "role": "HOST"})
	anna, bruno, host := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Hélène", "fr")
	cycle := w.founder.opens(w, 10, nil)
	w.founder.does("grantRole", input{"memberId": host.member, "role": "HOST", "until": w.now().Add(90 * day)})
	x := anna.gave(bruno, 120)
	same(t, "shown before confirming", bruno.sees(x, "Exchange { minutes { levy } }").find("minutes.levy"), any(12.0))
	bruno.confirms(x, 120)
	same(t, "of 12 minutes 5 are the host’s, 7 the hub’s", []int{anna.has(), bruno.has(), host.has(), w.holds("PROJECTS")}, []int{900 + 120 - 12, 780, 905, 7})
	same(t, "in one posting", texts(anna.sees(x, `Exchange { transfers { kind } }`).list("transfers"), "kind"), []string{"EXCHANGE", "LEVY", "LEVY"})

	w.advance(91 * day)
	before := w.holds("PROJECTS")
	bruno.confirms(anna.gave(bruno, 120), 120)
	same(t, "once the mandate is over all of it is the hub’s", []int{host.has(), w.holds("PROJECTS") - before}, []int{905, 12})
	same(t, "the host’s roles", host.sees(host.member, "Member { roles { role } }").list("roles"), []thing{})
	book := anna.sees(cycle, `Cycle { report { pool { opening closing outflows inflows { source minutes times } } } }`).thing("report.pool")
	levies := about(book.list("inflows"), "source", "LEVY")
	same(t, "two levies in the hub’s book", []int{levies.int("minutes"), levies.int("times")}, []int{19, 2})
	same(t, "which adds up", book.int("opening")+sumOf(book.list("inflows"))-book.int("outflows"), book.int("closing"))
	w.unchanged("a role that nobody knows", func() {
		w.founder.isRefused("amendCharter", input{"communityId": w.id, "reason": "Essai.", "changes": input{"levy": input{"role": "QUEEN"}}}, "VALUE_UNKNOWN", "changes.levy.role")
	})
	w.booksAreRight()
}

// sumOf is the minutes of a list.
func sumOf(list []thing) (sum int) {
	for _, one := range list {
		sum += one.int("minutes")
	}
	return sum
}

// Solidarité Étudiante: two campuses of student co-ops give a fifth of what they have to
// share to the national pool, each decides on its own budget, and nobody on another’s. Who leaves the
// campus leaves their mandate and their hours to it. At the end of the year the reports
// add up, to the minute.
func TestSolidariteEtudiante(t *testing.T) {
	t.Parallel()
	p := boot(t)
	north, south := p.townOf("student-coop", "Europe/Paris", "Campus du Nord", "port"), p.townOf("student-coop", "Europe/Paris", "Campus du Sud", "sud")
	nation := p.townOf("student-coop", "Europe/Paris", "La coopérative", "nation")
	for _, pair := range [][2]*town{{north, nation}, {nation, north}, {south, nation}, {nation, south}} {
		pair[0].meets(pair[1])
	}
	students := map[*town]*person{north: north.welcome("Anna", "fr"), south: south.welcome("Hugo", "fr")}
	given := map[*town]int{north: 1001, south: 505}
	for _, campus := range []*town{north, south, nation} {
		campus.withoutReserve()
	}
	for campus, minutes := range given {
		campus.gives("SOLIDARITY", minutes)
		campus.founder.does("planSplit", input{
			"communityId": campus.id, "poolId": campus.poolFor("SOLIDARITY"), "title": "Règle des excédents", "firstOn": campus.inDays(3), "rhythm": "YEARLY", "federationId": nation.id,
			"key": []input{{"use": "PROJECTS", "basisPoints": 8000}, {"use": "FEDERATION", "basisPoints": 2000}},
		})
	}
	north.advance(4 * day)
	north.advance(time.Hour) // what crosses is settled half a minute later
	same(t, "four fifths here, a fifth there", []int{north.holds("PROJECTS"), south.holds("PROJECTS"), nation.holds("PROJECTS")}, []int{801, 404, 200 + 101})

	anna, hugo := students[north], students[south]
	north.founder.does("grantRole", input{"memberId": anna.member, "role": "HANDOVER", "until": north.now().Add(200 * day)})
	cycles := map[*town]string{}
	for campus, student := range students {
		cycles[campus] = campus.founder.opens(campus, 400, nil)
		student.does("submitProject", input{"cycleId": cycles[campus], "title": "Épicerie", "body": "Une épicerie solidaire au foyer.", "minimumMinutes": 300})
	}
	north.advance(15 * day)
	for campus, student := range students {
		project := student.sees(cycles[campus], `Cycle { projects { id } }`).text("projects.0.id")
		student.votes(cycles[campus], input{"projectId": project, "value": 5})
	}
	anna.cannot("castBudgetBallot", input{"cycleId": cycles[south], "entries": []input{}}, "NOT_FOUND", anyField) // the two campuses have nothing to do with one another
	hugo.cannot("castBudgetBallot", input{"cycleId": cycles[north], "entries": []input{}}, "NOT_FOUND", anyField)
	north.advance(21 * day)
	claim := hugo.claims(hugo.sees(cycles[south], `Cycle { projects { id } }`).text("projects.0.id"), 120)
	south.founder.does("approveClaim", input{"claimId": claim})

	north.advance(165 * day) // past the 200 days
	same(t, "the mandate is over", anna.sees(anna.member, "Member { roles { role } }").list("roles"), []thing{})
	anna.does("leaveCommunity", input{"communityId": north.id})
	same(t, "she is of those who were there", north.founder.sees(anna.member, "Member { stage }").text("stage"), "ALUMNI")
	north.advance(60 * day)
	for campus, cycle := range cycles {
		told := campus.founder.sees(cycle, `Cycle { state report { envelope paidOut returned left pool { opening closing outflows inflows { source minutes } } } }`)
		report, book := told.thing("report"), told.thing("report.pool")
		same(t, "it is over", told.text("state"), "CLOSED")
		same(t, "the envelope adds up", report.int("paidOut")+report.int("returned")+report.int("left"), report.int("envelope"))
		same(t, "the pool adds up", book.int("opening")+sumOf(book.list("inflows"))-book.int("outflows"), book.int("closing"))
		campus.booksAreRight()
	}
	left := about(north.founder.sees(cycles[north], `Cycle { report { pool { inflows { source minutes } } } }`).list("report.pool.inflows"), "source", "LEAVER")
	same(t, "what Anna left to the campus", left.int("minutes"), 600)
}

// meets opens the account of another town, without limits.
func (w *town) meets(other *town) {
	w.t.Helper()
	if _, err := w.app.rooms.ledger.OpenMirror(w.t.Context(), keyOf(w.id), keyOf(other.id), ledger.Bilateral{}); err != nil {
		w.t.Fatal(err)
	}
}

// Smiile: the people of a quarter share small hours, and a small pot. Who lives in
// another has no voice here; whoever moderates does so until their day; what the
// dashboard says is what happened.
func TestSmiile(t *testing.T) {
	t.Parallel()
	p := boot(t)
	port, hill := p.townOf("neighbourhood", "Europe/Paris", "Le Port", "port"), p.townOf("neighbourhood", "Europe/Paris", "La Colline", "colline")
	port.withoutReserve()
	anna, bruno, hugo := port.welcome("Anna", "fr"), port.welcome("Bruno", "fr"), hill.welcome("Hugo", "fr")
	pot := port.founder.opens(port, 60, nil)
	bench := anna.does("submitProject", input{"cycleId": pot, "title": "Banc", "body": "Un banc sous le tilleul.", "minimumMinutes": 30}).text("project.id")
	port.founder.does("grantRole", input{"memberId": bruno.member, "role": "MODERATOR", "until": port.now().Add(20 * day)})
	moderates := func() bool {
		a := bruno.gql(bruno.bearer(), `query($s: String!) { community(slug: $s) { moderationQueue { nodes { id } } } }`, input{"s": port.slug})
		return len(a.Errors) == 0
	}
	port.advance(15 * day)
	anna.votes(pot, input{"projectId": bench, "value": 5})
	hugo.cannot("castBudgetBallot", input{"cycleId": pot, "entries": []input{{"projectId": bench, "value": 5}}}, "NOT_FOUND", anyField)
	same(t, "Bruno moderates", moderates(), true)
	port.advance(5*day + time.Minute)
	same(t, "until his day", moderates(), false)
	for i, minutes := range []int{5, 10, 25} {
		bruno.confirms(anna.gave(bruno, minutes), minutes)
		port.advance(time.Duration(i+1) * time.Hour)
	}
	port.advance(9 * day)
	same(t, "the quarter chose the bench", anna.sees(pot, `Cycle { projects { stage } }`).text("projects.0.stage"), "FUNDED")
	port.advance(32 * day)
	shown := port.founder.lives(time.Time{}, time.Time{})
	counted := ask[string](port.program, `SELECT count(*) || ' exchanges, ' || sum(minutes) || ' minutes' FROM ledger.transfer WHERE community_id = $1 AND kind = 'EXCHANGE'`, keyOf(port.id))
	same(t, "what happened is what is shown", fmt.Sprintf("%d exchanges, %d minutes", shown.int("period.exchanges"), shown.int("period.minutes")), counted)
	port.booksAreRight()
}
