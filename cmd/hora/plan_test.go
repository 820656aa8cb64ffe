// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/ledger"
)

// inDays is a day to come, or gone by.
func (w *town) inDays(n int) string { return w.now().Add(time.Duration(n) * day).Format(time.DateOnly) }

func (s *scene) inflow() input {
	return input{
		"communityId": s.id, "fromId": s.ownAccount(), "poolId": s.projectPool(1), "title": s.another("Le don du mois"), "minutes": 10,
		"firstOn": s.inDays(30), "rhythm": "YEARLY", "hour": 8, "idempotencyKey": newKey(),
	}
}

// withoutReserve has the reserve receive nothing first, where a story is about other figures.
func (w *town) withoutReserve() {
	w.t.Helper()
	w.founder.changes(input{"reserve": input{"basisPoints": 0}})
}

func (s *scene) plan() string { return s.founder.does("planInflow", s.inflow()).text("plan.id") }

// ownAccount is the community's.
func (w *town) ownAccount() string {
	return w.founder.reads(`query ($s: String!) { community(slug: $s) { account { id } } }`, input{"s": w.slug}).text("community.account.id")
}

// poolFor is the pool of a purpose.
func (w *town) poolFor(purpose string) string {
	pools := w.founder.reads(`query ($s: String!) { community(slug: $s) { pools { id purpose } } }`, input{"s": w.slug}).list("community.pools")
	return about(pools, "purpose", purpose).text("id")
}

const planInFull = `ReinvestmentPlan { nextAt reason turns { period due at minutes cycle { state title envelope calendar { callAt votingAt } } parts { use minutes } } }`

// Each month brings hours into the pool and opens a cycle over what there is. A
// server that is away for three months does each of them, in order, with its date.
func TestWhatThePlansSayHappensOnceAMonth(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	pool := w.poolFor("PROJECTS")
	first := w.inDays(2)
	gift := input{
		"communityId": w.id, "fromId": w.ownAccount(), "poolId": pool, "title": "Don du mois", "minutes": 120, "firstOn": first, "rhythm": "MONTHLY", "hour": 7,
		"idempotencyKey": newKey(),
	}
	inflow := w.founder.does("planInflow", gift).text("plan.id")
	cycles := w.founder.does("planCycles", input{
		"communityId": w.id, "poolId": pool, "title": "Projets", "minutes": 0, "firstOn": first, "rhythm": "MONTHLY", "hour": 8,
		"phases": input{"callDays": 5, "reviewDays": 1, "voteDays": 5, "challengeDays": 2, "payDays": 5, "reportDays": 3},
	}).text("plan.id")
	w.advance(4 * day)
	same(t, "sent again when its first day is over", w.founder.does("planInflow", gift).text("plan.id"), inflow)
	w.advance(96 * day)
	given, opened := w.founder.sees(inflow, planInFull).list("turns"), w.founder.sees(cycles, planInFull).list("turns")
	same(t, "four months", []int{len(given), len(opened)}, []int{4, 4})
	local, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	for i, turn := range opened {
		same(t, "each has its own date", []string{turn.text("period"), turn.text("cycle.title")}, []string{given[i].text("period"), "Projets · " + turn.text("period")})
		same(t, "at eight, by the clocks of Toronto", turn.time("due").In(local).Hour(), 8)
		same(t, "its call began when it was due", turn.time("cycle.calendar.callAt"), turn.time("due"))
		// What the month before did not need came back before the next one opened.
		same(t, "minutes of a month", turn.int("cycle.envelope"), 120*(4-i))
	}
	pools := w.founder.reads(`query ($s: String!) { community(slug: $s) { account { balance } pools { balance } } }`, input{"s": w.slug})
	same(t, "four gifts came from the community, beside Fatou’s first hours", pools.int("community.account.balance"), -900-4*120)
	w.founder.does("endPlan", input{"planId": inflow, "reason": "Le donateur déménage."})
	w.founder.isRefused("endPlan", input{"planId": inflow, "reason": "Encore."}, "PLAN_ENDED", "planId")
	w.advance(60 * day)
	same(t, "an ended plan comes round no more", len(w.founder.sees(inflow, planInFull).list("turns")), 4)
}

// Hopwork, payout by hours: what a town has to share goes, by a key that its law allows, to
// the reserve, to projects and to those who gave, in proportion to what they gave.
func TestASurplusIsDividedByAKey(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	pool := w.poolFor("SOLIDARITY")
	key := func(reserve, projects, members int) []input {
		return []input{{"use": "RESERVE", "basisPoints": reserve}, {"use": "PROJECTS", "basisPoints": projects}, {"use": "MEMBERS", "basisPoints": members}}
	}
	plan := input{"communityId": w.id, "poolId": pool, "title": "Partage", "firstOn": w.inDays(20), "rhythm": "QUARTERLY", "preset": "SCOP", "key": key(1600, 3400, 5000)}
	w.founder.isRefused("planSplit", with(plan, "key", key(1400, 3600, 5000)), "KEY_AGAINST_SCOP", "key")
	w.founder.isRefused("planSplit", with(plan, "preset", "SCIC"), "KEY_AGAINST_SCIC", "key")
	w.founder.isRefused("planSplit", with(plan, "preset", "ASSOCIATION"), "KEY_AGAINST_ASSOCIATION", "key")
	w.founder.isRefused("planSplit", with(plan, "key", key(1600, 3400, 4999)), "KEY_INCOMPLETE", "key")
	w.founder.isRefused("planSplit", with(plan, "poolId", w.poolFor("RESERVE")), "RESERVE_INDIVISIBLE", "poolId")
	clara.isRefused("planSplit", plan, "FORBIDDEN", "")
	split := w.founder.does("planSplit", plan).text("plan.id")
	w.founder.does("giveHours", input{"from": w.ownAccount(), "to": pool, "minutes": 1001, "idempotencyKey": newKey()})
	clara.confirms(anna.gave(clara, 90), 90)
	clara.confirms(bruno.gave(clara, 45), 45)
	before := w.balances()
	w.advance(21 * day)
	turn := w.founder.sees(split, planInFull).list("turns")[0]
	same(t, "the parts of 1001 minutes", []any{turn.int("minutes"), turn.list("parts")[0].int("minutes"), turn.list("parts")[1].int("minutes"), turn.list("parts")[2].int("minutes")},
		[]any{1001, 160, 340, 501})
	after := w.balances()
	same(t, "twice the hours, twice the part", []int{after["Anna"] - before["Anna"], after["Bruno"] - before["Bruno"], after["Clara"] - before["Clara"]}, []int{334, 167, 0})
	same(t, "the rest is where the key says", []int{after["RESERVE"], after["PROJECTS"], after["SOLIDARITY"]}, []int{160, 340, 0})
	w.founder.does("giveHours", input{"from": w.ownAccount(), "to": pool, "minutes": 100, "idempotencyKey": newKey()})
	w.advance(92 * day)
	turn = w.founder.sees(split, planInFull).list("turns")[0]
	same(t, "nobody gave anything: that part stays", []int{turn.int("minutes"), w.balances()["SOLIDARITY"]}, []int{50, 50})
	// What is given in the last hour before a turn is counted in it, and not once more in
	// the next one when the town goes by other clocks.
	w.advance(w.founder.sees(split, planInFull).time("nextAt").Sub(w.now()) - time.Hour)
	clara.confirms(anna.gave(clara, 30), 30)
	w.advance(2 * time.Hour)
	same(t, "half of what there was went to Anna", w.founder.sees(split, planInFull).list("turns")[0].list("parts")[2].int("minutes"), 25)
	w.founder.does("giveHours", input{"from": w.ownAccount(), "to": pool, "minutes": 100, "idempotencyKey": newKey()})
	ask[int](w.program, `WITH w AS (UPDATE community SET time_zone = 'Pacific/Auckland' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(w.id))
	w.advance(93 * day)
	same(t, "once", w.founder.sees(split, planInFull).list("turns")[0].list("parts")[2].int("minutes"), 0)
}

// Sites of a federation keep 80 percent of what they have to share and give 20 to the
// national pool. Each votes on its own: a member of one site on no other's cycle, and
// on the national one only as a member there.
func TestASurplusGoesToTheSiteAndToTheFederation(t *testing.T) {
	t.Parallel()
	port := newTown(t)
	hill, nation := port.program.town("Accorderie de la Colline", "colline"), port.program.town("La fédération", "federation")
	anna, hugo := port.welcome("Anna", "fr"), hill.welcome("Hugo", "fr")
	key := []input{{"use": "PROJECTS", "basisPoints": 8000}, {"use": "FEDERATION", "basisPoints": 2000}}
	plan := func(w *town) input {
		return input{"communityId": w.id, "poolId": w.poolFor("SOLIDARITY"), "title": "Règle des excédents", "key": key, "firstOn": w.inDays(3), "rhythm": "QUARTERLY", "federationId": nation.id}
	}
	port.founder.isRefused("planSplit", plan(port), "NOT_FOUND", "federationId")
	for _, site := range []*town{port, hill} {
		for _, pair := range [][2]*town{{site, nation}, {nation, site}} {
			if _, err := port.app.rooms.ledger.OpenMirror(t.Context(), keyOf(pair[0].id), keyOf(pair[1].id), ledger.Bilateral{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	port.founder.isRefused("planSplit", with(plan(port), "key", []input{{"use": "PROJECTS", "basisPoints": 10_000}}), "NO_FEDERATION", "federationId")
	for _, town := range []*town{port, hill, nation} {
		town.withoutReserve()
	}
	given := map[*town]int{port: 1001, hill: 505}
	for site, minutes := range given {
		site.founder.does("giveHours", input{"from": site.ownAccount(), "to": site.poolFor("SOLIDARITY"), "minutes": minutes, "idempotencyKey": newKey()})
		site.founder.does("planSplit", plan(site))
	}
	port.advance(4 * day)
	port.advance(time.Hour) // what crosses is settled half a minute later
	has := func(w *town, purpose string) int {
		pools := w.founder.reads(`query ($s: String!) { community(slug: $s) { pools { purpose balance } } }`, input{"s": w.slug}).list("community.pools")
		return about(pools, "purpose", purpose).int("balance")
	}
	same(t, "the site on the harbour", []int{has(port, "SOLIDARITY"), has(port, "PROJECTS")}, []int{0, 801})
	same(t, "the site on the hill", []int{has(hill, "SOLIDARITY"), has(hill, "PROJECTS")}, []int{0, 404})
	same(t, "the national pool", has(nation, "PROJECTS"), 200+101)

	national := nation.founder.opens(nation, 300, nil)
	local := port.founder.opens(port, 800, nil)
	bench := anna.does("submitProject", input{"cycleId": local, "title": "Banc", "body": "Un banc sous le tilleul.", "minimumMinutes": 50}).text("project.id")
	port.advance(15 * day)
	anna.votes(local, input{"projectId": bench, "value": 5})
	hugo.cannot("castBudgetBallot", input{"cycleId": local, "entries": []input{}}, "NOT_FOUND", anyField) // of which his site knows nothing
	for _, member := range []*person{anna, hugo} {
		said := member.cannot("castBudgetBallot", input{"cycleId": national, "entries": []input{}}, "VOTE_ELSEWHERE", "cycleId")
		if !strings.Contains(said.Message, "La fédération") {
			t.Errorf("%s is not told whose cycle it is: %s", member.name, said.Message)
		}
	}
	stranger := port.program.town("Accorderie d’ailleurs", "ailleurs").welcome("Zoé", "fr")
	stranger.cannot("castBudgetBallot", input{"cycleId": national, "entries": []input{}}, "NOT_FOUND", anyField)
	port.booksAreRight()
}
