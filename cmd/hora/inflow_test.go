// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// reservePlan is the plan that the charter makes; nothing before a month was over.
func (w *town) reservePlan() thing {
	w.t.Helper()
	plans := w.founder.reads(`query ($s: String!) { community(slug: $s) { reinvestmentPlans { id kind title rhythm nextAt to { purpose } turns { period due at minutes parts { use minutes } } } } }`,
		input{"s": w.slug}).list("community.reinvestmentPlans")
	for _, p := range plans {
		if p.text("kind") == "RESERVE" {
			return p
		}
	}
	return nil
}

func (w *town) gives(purpose string, minutes int) string {
	w.t.Helper()
	return w.founder.does("giveHours", input{"from": w.ownAccount(), "to": w.poolFor(purpose), "minutes": minutes, "idempotencyKey": newKey()}).text("transfer.id")
}

// positive is what members have above zero together.
func (w *town) positive(members ...string) (sum int) {
	w.t.Helper()
	now := w.balances()
	for _, name := range members {
		sum += max(0, now[name])
	}
	return sum
}

// A year with levies and gifts: each month the reserve receives 15 percent of what
// came in, until it holds a tenth of what members have above zero; then all stays.
func TestTheReserveFillsUpToItsTarget(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	same(t, "the charter of a new community", w.charter("reserve { basisPoints target }").thing("reserve"), thing{"basisPoints": 1500.0, "target": 1000.0})
	w.founder.changes(input{"levy": input{"basisPoints": 1000, "pool": "PROJECTS"}})
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	full := 0
	for range 12 {
		bruno.confirms(anna.gave(bruno, 100), 100) // 10 minutes of levy
		w.gives("SOLIDARITY", 399)
		before := w.balances()
		w.advance(31 * day) // over the end of the month, wherever it was
		after := w.balances()
		part := min(1+59, max(0, w.positive("Fatou", "Anna", "Bruno")/10-before["RESERVE"]))
		same(t, "the reserve’s part of a month", after["RESERVE"]-before["RESERVE"], part)
		same(t, "all of it came from the pools", before["PROJECTS"]+before["SOLIDARITY"]-after["PROJECTS"]-after["SOLIDARITY"], part)
		if part < 60 {
			full++
		}
	}
	if full < 6 {
		t.Errorf("the target was met in the last %d months only", full)
	}
	plan := w.reservePlan()
	same(t, "the plan", []any{plan["title"], plan["rhythm"], plan.text("to.purpose")}, []any{"La réserve d’abord", "MONTHLY", "RESERVE"})
	sum := 0
	for _, turn := range plan.list("turns") {
		sum += turn.int("minutes")
		same(t, "the parts of a turn", turn.list("parts")[0].int("minutes")+turn.list("parts")[1].int("minutes"), turn.int("minutes"))
	}
	same(t, "what the turns tell", sum, w.balances()["RESERVE"])
	w.founder.isRefused("endPlan", input{"planId": plan.text("id"), "reason": "Assez."}, "PLAN_OF_CHARTER", "planId")
	w.founder.isRefused("amendCharter", input{"communityId": w.id, "reason": "Plus.", "changes": input{"reserve": input{"target": 10_001}}}, "OUT_OF_RANGE", "changes.reserve.target")
	w.booksAreRight()
}

// Three towns whose members have thirty hours: the reserve is to hold three of them. One
// minute short it takes one minute; with all of it, or more, nothing.
func TestTheReserveAtItsTargetTakesNothing(t *testing.T) {
	t.Parallel()
	for _, holds := range []int{179, 180, 181} {
		w := newTown(t)
		w.welcome("Anna", "fr")
		same(t, "a tenth of what members have", w.positive("Fatou", "Anna")/10, 180)
		w.gives("RESERVE", holds)
		w.gives("PROJECTS", 1000)
		w.advance(31 * day)
		same(t, fmt.Sprintf("holding %d of 180", holds), w.balances()["RESERVE"], max(180, holds))
		w.booksAreRight()
	}
}

// A server that was away for three months gives each month its own turn, in order; what
// cycles gave back and what moved between pools did not come in, and what was undone
// is taken off. The hours of a leaver count.
func TestTheReserveCatchesUpMonthByMonth(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, clara := w.welcome("Anna", "fr"), w.welcome("Clara", "fr")
	w.gives("PROJECTS", 700)
	cycle := w.founder.opens(w, 600, nil)
	w.founder.does("cancelCycle", input{"cycleId": cycle, "reason": "On recommence."})
	w.founder.does("giveHours", input{"from": w.poolFor("PROJECTS"), "to": w.poolFor("SOLIDARITY"), "minutes": 300, "idempotencyKey": newKey()})
	w.founder.does("reverseTransfer", input{"transferId": w.gives("PROJECTS", 90), "reason": "Deux fois.", "idempotencyKey": newKey()})
	clara.does("leaveCommunity", input{"communityId": w.id})
	w.advance(94 * day)
	same(t, "anna has", w.positive("Anna", "Fatou"), 1800)
	same(t, "a tenth of what members have", w.balances()["RESERVE"], 180)
	turns := w.reservePlan().list("turns")
	if len(turns) < 3 || len(turns) > 4 {
		t.Fatalf("%d turns in 94 days", len(turns))
	}
	local, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	for i, turn := range turns {
		due := turn.time("due").In(local)
		same(t, "each at midnight of the first, by the clocks of Toronto", due.Format("2006-01-02 15:04"), turn.text("period")[:8]+"01 00:00")
		if i > 0 && !turn.time("due").Before(turns[i-1].time("due")) {
			t.Errorf("%v is not before %v", turn, turns[i-1])
		}
		if i < len(turns)-1 {
			same(t, "nothing came in later", turn.int("minutes"), 0)
		}
	}
	// Of 700 and 900, 105 and 135 are due; there is room for 180.
	first := turns[len(turns)-1]
	same(t, "less, in proportion", []int{about(first.list("parts"), "use", "PROJECTS").int("minutes"), about(first.list("parts"), "use", "SOLIDARITY").int("minutes")}, []int{79, 101})
	w.advance(62 * day)
	same(t, "it stays", w.balances()["RESERVE"], 180)
	anna.cannot("recordSponsorHours", input{"communityId": w.id, "poolId": w.poolFor("PROJECTS"), "minutes": 60, "sponsor": "Ville", "idempotencyKey": newKey()}, "FORBIDDEN", anyField)
	w.booksAreRight()
}

// A community of before the rule is left as it was; once its charter asks for it, what
// came in earlier is not touched.
func TestAnOlderCharterHasNoReserveUntilItAsks(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.welcome("Anna", "fr")
	if _, err := w.owner.Exec(t.Context(), `UPDATE charter SET body = body - 'reserve'`); err != nil {
		t.Fatal(err)
	}
	same(t, "the charter of before", w.charter("reserve { basisPoints target }").thing("reserve"), thing{"basisPoints": 0.0, "target": 0.0})
	w.gives("PROJECTS", 1000)
	w.advance(62 * day)
	same(t, "nothing happened", []any{w.balances()["RESERVE"], w.reservePlan() == nil}, []any{0, true})
	w.gives("PROJECTS", 1000)
	w.founder.changes(input{"reserve": input{"basisPoints": 1000, "target": 2000}})
	w.gives("PROJECTS", 100)
	w.advance(31 * day)
	same(t, "a tenth of what came in since", w.balances()["RESERVE"], 10)
	w.withoutReserve()
	w.gives("PROJECTS", 100)
	w.advance(62 * day)
	same(t, "off again", w.balances()["RESERVE"], 10)
	w.booksAreRight()
}

// What a town and a foundation bring stands on the transfer, and by name on the report
// of the cycle, which adds up by source as it does by reason.
func TestASponsorsHoursStandOnTheReport(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	cycle := w.founder.opens(w, 100, nil)
	pool := w.poolFor("PROJECTS")
	hall := input{"communityId": w.id, "poolId": pool, "minutes": 600, "sponsor": "  Ville du Port ", "note": "Dix heures de salle.", "idempotencyKey": newKey()}
	brought := w.founder.does("recordSponsorHours", hall).text("transfer.id")
	same(t, "sent twice, recorded once", w.founder.does("recordSponsorHours", hall).text("transfer.id"), brought)
	w.founder.isRefused("recordSponsorHours", with(hall, "minutes", 601), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
	again := func(more ...any) input {
		anew := with(hall, "idempotencyKey", newKey())
		for i := 0; i+1 < len(more); i += 2 {
			anew[more[i].(string)] = more[i+1]
		}
		return anew
	}
	for sponsor, minutes := range map[string]int{"Ville du Port": 30, "=Fondation & fils": 90} {
		w.founder.does("recordSponsorHours", again("sponsor", sponsor, "minutes", minutes, "note", nil))
	}
	anna.does("giveHours", input{"from": anna.account(), "to": pool, "minutes": 45, "idempotencyKey": newKey()})
	same(t, "what members read of it", anna.sees(cycle, `Cycle { pool { entries(first: 20) { nodes { transfer { kind sponsor note debit { kind } } } } } }`).list("pool.entries.nodes")[3].thing("transfer"),
		thing{"kind": "GIFT", "sponsor": "Ville du Port", "note": "Dix heures de salle.", "debit": map[string]any{"kind": "COMMUNITY"}})

	w.unchanged("bad input", func() {
		w.founder.isRefused("recordSponsorHours", again("poolId", w.poolFor("RESERVE")), "RESERVE_FILLS_ITSELF", "poolId")
		w.founder.isRefused("recordSponsorHours", again("poolId", w.ownAccount()), "NOT_FOUND", "poolId")
		w.founder.isRefused("recordSponsorHours", again("poolId", anna.account()), "NOT_FOUND", "poolId")
		w.founder.isRefused("recordSponsorHours", again("sponsor", "  "), "REQUIRED", "sponsor")
		w.founder.isRefused("recordSponsorHours", again("sponsor", strings.Repeat("é", 121)), "TEXT_TOO_LONG", "sponsor")
		w.founder.isRefused("recordSponsorHours", again("minutes", 0), "MINUTES_OUT_OF_RANGE", "minutes")
		anna.cannot("recordSponsorHours", again(), "FORBIDDEN", anyField)
	})

	w.founder.does("cancelCycle", input{"cycleId": cycle, "reason": "On recommence."})
	book := anna.sees(cycle, `Cycle { report { pool { opening closing outflows inflows { source sponsor minutes times } } } }`).thing("report.pool")
	same(t, "by source", book.list("inflows"), []thing{
		{"source": "SPONSOR", "sponsor": "Ville du Port", "minutes": 630.0, "times": 2.0},
		{"source": "RETURN", "sponsor": nil, "minutes": 100.0, "times": 1.0},
		{"source": "SPONSOR", "sponsor": "=Fondation & fils", "minutes": 90.0, "times": 1.0},
		{"source": "GIFT", "sponsor": nil, "minutes": 45.0, "times": 1.0},
	})
	same(t, "opening, what came, what went, closing", []int{book.int("opening"), book.int("outflows"), book.int("closing")}, []int{100, 100, 100 + 630 + 100 + 90 + 45 - 100})
	_, sheet := w.get(anna, "/cycles/"+cycle+"/report.csv")
	for _, line := range []string{";Apporté par Ville du Port;630;2", ";Apporté par =Fondation & fils;90;1", ";Revenu des cycles;100;1", ";Dons;45;1"} {
		if !strings.Contains(sheet, line) {
			t.Errorf("the spreadsheet has no %q:\n%s", line, sheet)
		}
	}
	file := anna.downloads(pool, "csv", "").cells(t, ';')
	named := 0
	for _, row := range file {
		if row[3] == "Ville du Port" || row[3] == "'=Fondation & fils" {
			named++
		}
	}
	same(t, "lines of the pool’s statement that name who brought the hours", named, 3)
	w.booksAreRight()
}
