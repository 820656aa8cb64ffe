// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// draw opens a solidarity draw over minutes, which the pool is given first.
func (w *town) draw(minutes int, rule, more input) string {
	w.t.Helper()
	w.founder.does("giveHours", input{"from": w.ownAccount(), "to": w.poolFor("SOLIDARITY"), "minutes": minutes, "idempotencyKey": newKey()})
	in := input{
		"communityId": w.id, "poolId": w.poolFor("SOLIDARITY"), "title": "Solidarité", "minutes": minutes, "method": "SOLIDARITY_DRAW", "rule": rule,
		"calendar": input{"feasibilityAt": w.now().Add(7 * day)},
	}
	maps.Copy(in, more)
	return w.founder.does("openCycle", in).text("cycle.id")
}

func asking(cycle string, minimum, maximum int) input {
	return input{"cycleId": cycle, "title": "Un coup de main", "body": "Je me suis cassé le poignet droit.", "minimumMinutes": minimum, "maximumMinutes": maximum}
}

func (p *person) asksThe(cycle string, minimum, maximum int) string {
	p.t.Helper()
	return p.does("submitProject", asking(cycle, minimum, maximum)).text("project.id")
}

const drawInFull = `Cycle {
	state method roll envelope rule { floor personMaximum allowance pairMaximum } account { balance } requests { asked helped minutes }
	projects { id title body stage granted paid owner { displayName } } ballots { totalCount } challenges { reason same }
	allocation { spent left explanation lines { minutes cause place missing project { id } } }
	report { granted paidOut returned left roll voters largestGrant projects fundedProjects appeals }
}`

// twoServersCome is a time that passes for two servers at once.
func (w *town) twoServersCome(after fmt.Stringer) {
	w.t.Helper()
	var tours sync.WaitGroup
	w.settle()
	for range 2 {
		tours.Go(func() {
			if status, said := w.http(http.MethodPost, "/dev/clock", fmt.Appendf(nil, `{"advance":%q}`, after)); status != http.StatusOK {
				w.t.Errorf("a tour failed: %s", said)
			}
		})
	}
	tours.Wait()
}

// Four people ask the solidarity pool. One asks for more than a person may draw in a
// year, one comes when only the pool's floor is left; the others are helped, and
// credited once. What was asked stays between each of them and the coordinators.
func TestPeopleAskTheSolidarityPool(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno, clara, dora, emil, noe := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Dora", "fr"), w.welcome("Émil", "fr"), w.welcome("Noé", "fr")
	cycle := w.draw(300, input{"floor": 60, "personMaximum": 120}, nil)
	start := noe.reads(syncing, input{"c": w.id}).text("changes.nextCursor")
	for field, in := range map[string]input{
		"minimumMinutes": {"cycleId": cycle, "title": "Un coup de main", "body": "Je me suis cassé le poignet droit."},
		"body":           with(asking(cycle, 10, 20), "body", ""),
	} {
		anna.cannot("submitProject", in, "REQUIRED", field)
	}
	anna.cannot("submitProject", with(asking(cycle, 10, 20), "milestones", []input{{"title": "Le matin", "minutes": 5}}), "NOT_WITH_THIS_METHOD", "milestones")
	first, beyond, second := anna.asksThe(cycle, 60, 150), bruno.asksThe(cycle, 150, 200), clara.asksThe(cycle, 90, 120)
	dora.does("nameHelper", input{"communityId": w.id, "helperId": emil.member, "until": w.now().Add(90 * day)})
	emils := emil.reads(syncing, input{"c": w.id}).text("changes.nextCursor")
	late := emil.does("submitProject", with(asking(cycle, 100, 100), "onBehalfOf", dora.member)).text("project.id")
	unkept := noe.asksThe(cycle, 10, 10)
	w.founder.does("reviewProject", input{"projectId": unkept, "feasible": false, "reason": "Parlons-en plutôt."})
	noe.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{}}, "CYCLE_WITHOUT_VOTE", "cycleId")

	whatIsSeen := func(p *person) []string { return texts(p.sees(cycle, drawInFull).list("projects"), "id") }
	same(t, "who sees what", [][]string{whatIsSeen(w.founder), whatIsSeen(anna), whatIsSeen(emil), whatIsSeen(noe)},
		[][]string{{first, beyond, second, late, unkept}, {first}, {late}, {unkept}})
	for _, id := range []string{first, late} {
		found := bruno.gql(bruno.bearer(), `query($id: ID!) { node(id: $id) { id } }`, input{"id": id})
		same(t, "for Bruno it is not there", found.problems()[0].Code, "NOT_FOUND")
		bruno.cannot("withdrawProject", input{"projectId": id}, "NOT_FOUND", anyField)
		bruno.cannot("claimPayout", input{"projectId": id, "minutes": 10, "proof": "Venez voir sur place.", "idempotencyKey": newKey()}, "NOT_FOUND", "projectId")
	}
	told := allAbout(emil.reads(syncing, input{"c": w.id, "since": emils, "first": 100}).list("changes.items"), "node.__typename", "Project")
	same(t, "and Émil’s phone is told of it", texts(told, "objectId"), []string{late})
	same(t, "Émil sees what he asked for Dora", emil.sees(late, `Project { owner { displayName } }`).text("owner.displayName"), "Dora")

	w.advance(15 * day)
	counted := w.founder.sees(cycle, drawInFull)
	same(t, "nobody voted, and it is counted", []any{counted.text("state"), counted.int("roll"), counted.int("ballots.totalCount")}, []any{"CHALLENGE", 0, 0})
	same(t, "why", texts(counted.list("allocation.lines"), "cause"), []string{"SERVED", "YEARLY_MAXIMUM", "SERVED", "POOL_AT_ITS_FLOOR"})
	same(t, "a challenge finds the same", bruno.does("challengeAllocation", input{"cycleId": cycle, "reason": "J’avais aussi besoin d’aide."}).thing("challenge")["same"], any(true))
	w.twoServersCome(7 * day)
	w.totalsOnly(noe, cycle, unkept)
	theDrawIsExported(t, w.founder, cycle)
	anna.isRefused("claimPayout", input{"projectId": first, "minutes": 10, "proof": "Venez voir sur place.", "idempotencyKey": newKey()}, "PAID_WITHOUT_CLAIM", "projectId")
	same(t, "why Bruno was not helped", texts(bruno.sees(cycle, drawInFull).list("allocation.lines"), "cause"), []string{"YEARLY_MAXIMUM"})

	w.advance(60 * day)
	same(t, "each was credited once, and the pool keeps its floor", w.balances(),
		map[string]int{"Anna": 900 + 120, "Bruno": 900, "Clara": 900 + 120, "Dora": 900, "Émil": 900, "Noé": 900, "Fatou": 900, "SOLIDARITY": 60, "the community": -7*900 - 300})
	w.booksAreRight()
	same(t, "what Anna was told", requestNews(anna), []string{"REQUEST_FUNDED", "GRANT_PAID"})
	same(t, "what Bruno was told", requestNews(bruno), []string{"REQUEST_UNFUNDED"})
	same(t, "Dora knows that Émil asked for her", len(allAbout(dora.told(), "kind", "ACTED_FOR_YOU")), 1)
	same(t, "what Noé was told", requestNews(noe), []string{"REQUEST_REFUSED"})
	same(t, "what the coordinator was told", requestNews(w.founder), []string{"REQUEST_TO_REVIEW", "REQUEST_TO_REVIEW", "REQUEST_TO_REVIEW", "REQUEST_TO_REVIEW", "REQUEST_TO_REVIEW"})
	for _, item := range noe.reads(syncing, input{"c": w.id, "since": start, "first": 100}).list("changes.items") {
		if kind := item.text("node.__typename"); kind == "Project" && item.text("objectId") != unkept || kind == "Transfer" {
			t.Errorf("Noé’s phone is told of %v", item)
		}
	}
}

// requestNews is what somebody was told of requests, the way it came.
func requestNews(p *person) (kinds []string) {
	for _, n := range p.told() {
		if kind := n.text("kind"); strings.HasPrefix(kind, "REQUEST_") || strings.HasPrefix(kind, "PEER_") || strings.HasPrefix(kind, "PROJECT_") || kind == "GRANT_PAID" {
			kinds = append([]string{kind}, kinds...)
		}
	}
	return kinds
}

// totalsOnly looks for what others asked everywhere that a member can look.
func (w *town) totalsOnly(p *person, cycle, own string) {
	w.t.Helper()
	told := p.sees(cycle, drawInFull)
	same(w.t, "how many asked, how many were helped, and what was given", told.thing("requests"), thing{"asked": 5.0, "helped": 2.0, "minutes": 240.0})
	same(w.t, "the limits", told.thing("rule"), thing{"floor": 60.0, "personMaximum": 120.0, "allowance": nil, "pairMaximum": nil})
	same(w.t, "of requests only their own", texts(told.list("projects"), "id"), []string{own})
	same(w.t, "of the count totals", []any{told.int("allocation.spent"), told.int("allocation.left"), len(told.list("allocation.lines"))}, []any{240, 60, 0})
	if words := told.text("allocation.explanation"); !strings.Contains(words, "accordées sur 4, pour 4\u00a0h d’une ") {
		w.t.Errorf("in words: %s", words)
	}
	same(w.t, "of challenges their number", []int{len(told.list("challenges")), told.int("report.appeals")}, []int{0, 1})
	same(w.t, "in the report", []int{told.int("report.projects"), told.int("report.fundedProjects"), told.int("report.granted"), told.int("report.paidOut"), told.int("report.largestGrant")}, []int{5, 2, 240, 240, 0})
	same(w.t, "the account does not show each movement", told.find("account.balance"), nil)
	for what, fields := range map[string]string{"the record": `allocation { record }`, "the account": `account { entries { nodes { minutes } } }`} {
		a := p.gql(p.bearer(), `query($id: ID!) { node(id: $id) { ... on Cycle { `+fields+` } } }`, input{"id": cycle})
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "FORBIDDEN" {
			w.t.Errorf("%s is shown to %s: %s", what, p.name, a.raw)
		}
	}
	for _, form := range []string{"html", "csv"} {
		for _, reader := range []*person{p, w.founder} { // what may be printed and put up
			status, body := w.get(reader, "/cycles/"+cycle+"/report."+form)
			same(w.t, "the report as "+form, status, http.StatusOK)
			if strings.Contains(body, "Un coup de main") || !strings.Contains(body, "Ont été aidées") && !strings.Contains(body, "Were helped") {
				w.t.Errorf("the report as %s says: %s", form, body)
			}
		}
	}
}

// theDrawIsExported says that those who run cycles can count again, from a file that
// names nobody.
func theDrawIsExported(t *testing.T, coordinator *person, cycle string) {
	t.Helper()
	read := recorded(t, coordinator, cycle)
	if err := read.Verify(); err != nil {
		t.Error(err)
	}
	for _, p := range read.Instance.Projects {
		same(t, "who asks goes by their request", p.Owner, p.ID)
	}
}

// recorded is a cycle's record as it is exported.
func recorded(t *testing.T, p *person, cycle string) allocation.Record {
	t.Helper()
	text, err := json.Marshal(p.sees(cycle, `Cycle { allocation { record } }`).find("allocation.record"))
	if err != nil {
		t.Fatal(err)
	}
	read, err := allocation.ReadRecord(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// The yearly maximum holds across draws: what the spring gave is not given again in
// autumn, and is forgotten after twelve months.
func TestTheYearlyMaximumHoldsAcrossDraws(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	drawn := func(minimum, maximum int) thing {
		cycle := w.draw(200, input{"personMaximum": 100}, nil)
		anna.asksThe(cycle, minimum, maximum)
		anna.asksThe(cycle, 5, 5)
		w.advance(60 * day)
		told := anna.sees(cycle, drawInFull)
		same(t, "it is over", told.text("state"), "CLOSED")
		return told
	}
	granted := func(c thing) []int {
		return []int{c.list("projects")[0].int("granted"), c.list("projects")[1].int("granted")}
	}
	same(t, "spring", granted(drawn(30, 70)), []int{70, 5})
	same(t, "summer", granted(drawn(10, 90)), []int{20, 5})
	same(t, "autumn", texts(drawn(1, 1).list("allocation.lines"), "cause"), []string{"YEARLY_MAXIMUM", "YEARLY_MAXIMUM"})
	w.advance(260 * day)
	same(t, "the next summer", granted(drawn(1, 100)), []int{95, 5})
	w.booksAreRight()
}

// Two draws that are counted in the same minute, by two servers, do not both give
// somebody what one person may draw in a year. One that is cancelled gave nothing.
func TestTwoDrawsAtOnceAreCountedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	cancelled := w.draw(100, input{"personMaximum": 100}, nil)
	anna.asksThe(cancelled, 100, 100)
	w.advance(15 * day)
	w.founder.does("cancelCycle", input{"cycleId": cancelled, "reason": "On recommence."})
	at := input{"calendar": input{"feasibilityAt": w.now().Add(7 * day)}}
	var cycles []string
	for range 4 {
		cycle := w.draw(100, input{"personMaximum": 100}, at)
		anna.asksThe(cycle, 60, 60)
		cycles = append(cycles, cycle)
	}
	w.twoServersCome(15 * day)
	helped := 0
	for _, cycle := range cycles {
		helped += anna.sees(cycle, drawInFull).int("requests.helped")
	}
	same(t, "draws that helped", helped, 1)
	w.advance(60 * day)
	same(t, "Anna has", w.balances()["Anna"], 960)
	w.booksAreRight()
}

// Somebody who leaves before the hours come leaves them to the pool, and the others
// receive theirs.
func TestWhoLeavesLeavesTheDrawToThePool(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	cycle := w.draw(100, input{"personMaximum": 100}, nil)
	anna.asksThe(cycle, 40, 40)
	bruno.asksThe(cycle, 30, 30)
	w.advance(15 * day)
	holds := func() int {
		pools := bruno.reads(`query ($s: String!) { community(slug: $s) { pools { purpose balance } } }`, input{"s": w.slug})
		return about(pools.list("community.pools"), "purpose", "SOLIDARITY").int("balance")
	}
	before := holds()
	anna.does("leaveCommunity", input{"communityId": w.id})
	left := holds() - before // of what Anna had, by the charter
	w.advance(60 * day)
	same(t, "Bruno has, and the pool", []int{w.balances()["Bruno"], w.balances()["SOLIDARITY"]}, []int{930, 70 + left})
	report := bruno.sees(cycle, drawInFull)
	same(t, "granted, credited, returned", []int{report.int("report.granted"), report.int("report.paidOut"), report.int("report.returned")}, []int{70, 30, 70})
	w.booksAreRight()
}

// epoch opens one of peers over minutes, of a pool that holds ten times as many.
func (w *town) epoch(minutes int, rule, more input) string {
	w.t.Helper()
	w.projectPool(10 * minutes)
	in := input{"title": "Entre pairs", "method": "PEER_EPOCH", "rule": rule}
	maps.Copy(in, more)
	return w.founder.opens(w, minutes, in)
}

func (p *person) enters(cycle string) string {
	p.t.Helper()
	return p.does("submitProject", input{"cycleId": cycle, "title": p.name, "body": "J’ai tenu l’accueil tout le mois."}).text("project.id")
}

// Five peers tell what they did and give one another minutes of equal allowances.
// Together they give more than there is: each gift is cut in the same proportion.
func TestPeersThankOneAnother(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	var peers []*person
	var entries []string
	cycle := w.epoch(100, input{"allowance": 60, "pairMaximum": 40}, nil)
	for _, name := range []string{"Anna", "Bruno", "Clara", "Dora", "Émil"} {
		p := w.welcome(name, "fr")
		peers, entries = append(peers, p), append(entries, p.enters(cycle))
	}
	noe, fred := w.welcome("Noé", "fr"), w.welcome("Fred", "fr")
	unkept := fred.enters(cycle)
	w.founder.does("reviewProject", input{"projectId": unkept, "feasible": false, "reason": "C’était l’an dernier."})
	peers[0].cannot("submitProject", input{"cycleId": cycle, "title": "Encore", "body": "J’ai aussi rangé la cave."}, "TOO_MANY_PROJECTS", "cycleId")
	for _, field := range []string{"minimumMinutes", "maximumMinutes"} {
		noe.cannot("submitProject", input{"cycleId": cycle, "title": "Noé", "body": "J’ai réparé la porte.", field: 10}, "NOT_WITH_THIS_METHOD", field)
	}

	w.advance(15 * day)
	give := func(minutes ...int) input {
		var said []input
		for i, m := range minutes {
			if m > 0 {
				said = append(said, input{"projectId": entries[i], "value": m})
			}
		}
		return input{"cycleId": cycle, "entries": said}
	}
	noe.cannot("castBudgetBallot", give(0, 10), "NOT_A_PEER", "cycleId")
	fred.cannot("castBudgetBallot", give(0, 10), "NOT_A_PEER", "cycleId")
	peers[0].cannot("castBudgetBallot", give(10, 10), "BALLOT_FAVOURS_ONESELF", "entries.0.projectId")
	peers[0].cannot("castBudgetBallot", give(0, 41), "CHOICE_OUT_OF_RANGE", "entries.0.value")
	peers[0].cannot("castBudgetBallot", give(0, 30, 31), "BALLOT_OVERSPENT", "entries")
	peers[0].cannot("castBudgetBallot", input{"cycleId": cycle, "entries": []input{{"projectId": unkept, "value": 1}}}, "PROJECT_UNKNOWN", "entries.0.projectId")
	for i, minutes := range [][]int{{0, 40, 20}, {40, 0, 20}, {30, 30}, {20, 20, 20}, {10}} {
		peers[i].does("castBudgetBallot", give(minutes...))
	}
	sealed := noe.sees(cycle, cycleInFull)
	same(t, "nothing is shown while peers give", []any{sealed["seed"], sealed["allocation"], len(sealed.list("ballots.nodes"))}, []any{nil, nil, 0})

	w.advance(14 * day)
	counted := noe.sees(cycle, cycleInFull)
	same(t, "five could give", []int{counted.int("roll"), counted.int("report.voters")}, []int{5, 5})
	// 100, 90 and 60 were given: 250 in all, of which there are 100.
	same(t, "each gift is cut in proportion", []int{counted.list("allocation.lines")[0].int("minutes"), counted.list("allocation.lines")[1].int("minutes"), counted.list("allocation.lines")[2].int("minutes")}, []int{40, 36, 24})
	same(t, "why", texts(counted.list("allocation.lines"), "cause"), []string{"GIVEN", "GIVEN", "GIVEN", "NO_SUPPORT", "NO_SUPPORT"})
	read := recorded(t, noe, cycle)
	if err := read.Verify(); err != nil {
		t.Error(err)
	}
	for _, p := range read.Instance.Projects {
		same(t, "the record does not say whose ballot is whose", p.Owner, "")
	}
	gifts := counted.list("ballots.nodes")
	for _, gift := range gifts {
		same(t, "each gift stands alone", len(gift.list("entries")), 1)
	}
	same(t, "ten gifts", len(gifts), 10)
	receipt := peers[0].sees(cycle, `Cycle { myBallot { receipt } }`).text("myBallot.receipt")
	own := peers[0].sees(cycle, fmt.Sprintf(`Cycle { allocation { ballot(receipt: %q) { lines { value project { title } } } } }`, receipt)).list("allocation.ballot.lines")
	same(t, "Anna finds hers", []int{about(own, "project.title", "Bruno").int("value"), about(own, "project.title", "Clara").int("value")}, []int{40, 20})
	same(t, "a challenge finds the same", peers[4].does("challengeAllocation", input{"cycleId": cycle, "reason": "Je voudrais être sûr."}).thing("challenge")["same"], any(true))

	w.twoServersCome(7 * day)
	peers[0].isRefused("claimPayout", input{"projectId": entries[0], "minutes": 10, "proof": "Venez voir sur place.", "idempotencyKey": newKey()}, "PAID_WITHOUT_CLAIM", "projectId")
	w.advance(60 * day)
	same(t, "each was credited once", w.balances(), map[string]int{
		"Anna": 940, "Bruno": 936, "Clara": 924, "Dora": 900, "Émil": 900, "Noé": 900, "Fred": 900, "Fatou": 900, "PROJECTS": 900, "the community": -8*900 - 1000,
	})
	same(t, "what Anna was told", requestNews(peers[0]), []string{"PEER_FUNDED", "GRANT_PAID"})
	same(t, "what Dora was told", requestNews(peers[3]), []string{"PEER_UNFUNDED"})
	w.booksAreRight()
}

// Whoever opens a draw or an epoch is told of each limit that is missing, or that has
// no place there.
func TestTheRulesOfADrawAndAnEpochAreChecked(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	pool := w.projectPool(1000)
	open := func(method string, rule any) input {
		return input{"communityId": w.id, "poolId": pool, "title": "Printemps", "minutes": 100, "method": method, "rule": rule, "calendar": input{"feasibilityAt": w.now().Add(7 * day)}}
	}
	for _, wrong := range []struct {
		method      string
		rule        any
		code, field string
	}{
		{"SOLIDARITY_DRAW", nil, "REQUIRED", "rule.personMaximum"},
		{"SOLIDARITY_DRAW", input{"floor": 10}, "REQUIRED", "rule.personMaximum"},
		{"SOLIDARITY_DRAW", input{"personMaximum": 0}, "MINUTES_OUT_OF_RANGE", "rule.personMaximum"},
		{"SOLIDARITY_DRAW", input{"personMaximum": -1}, "MINUTES_OUT_OF_RANGE", "rule.personMaximum"},
		{"SOLIDARITY_DRAW", input{"personMaximum": 600_001}, "MINUTES_OUT_OF_RANGE", "rule.personMaximum"},
		{"SOLIDARITY_DRAW", input{"personMaximum": 10, "floor": -1}, "MINUTES_OUT_OF_RANGE", "rule.floor"},
		{"SOLIDARITY_DRAW", input{"personMaximum": 10, "floor": 100}, "MINUTES_OUT_OF_RANGE", "rule.floor"},
		{"SOLIDARITY_DRAW", input{"personMaximum": 10, "allowance": 10}, "NOT_WITH_THIS_METHOD", "rule.allowance"},
		{"PEER_EPOCH", input{"allowance": 10}, "REQUIRED", "rule.pairMaximum"},
		{"PEER_EPOCH", input{"pairMaximum": 10}, "REQUIRED", "rule.allowance"},
		{"PEER_EPOCH", input{"allowance": 10, "pairMaximum": 11}, "MINUTES_OUT_OF_RANGE", "rule.pairMaximum"},
		{"PEER_EPOCH", input{"allowance": 10, "pairMaximum": 5, "floor": 1}, "NOT_WITH_THIS_METHOD", "rule.floor"},
		{"EQUAL_SHARES", input{"personMaximum": 10}, "NOT_WITH_THIS_METHOD", "rule.personMaximum"},
		{"QUADRATIC", input{"pairMaximum": 10}, "NOT_WITH_THIS_METHOD", "rule.pairMaximum"},
	} {
		w.founder.cannot("openCycle", open(wrong.method, wrong.rule), wrong.code, wrong.field)
	}
	peers := input{"allowance": 60, "pairMaximum": 40}
	said := w.founder.cannot("openCycle", with(open("PEER_EPOCH", peers), "minutes", 101), "ENVELOPE_BEYOND_TENTH", "minutes")
	if !strings.Contains(said.Message, "1 h 40") {
		t.Errorf("it does not name the most: %s", said.Message)
	}
	w.founder.cannot("openCycle", with(open("PEER_EPOCH", peers), "minutes", 2000), "ENVELOPE_BEYOND_TENTH", "minutes")
	now := w.now()
	together := input{"feasibilityAt": now.Add(7 * day), "votingAt": now.Add(8 * day), "tallyAt": now.Add(8 * day)}
	w.founder.cannot("openCycle", with(open("PEER_EPOCH", peers), "calendar", together), "CALENDAR_INVALID", "calendar.tallyAt")
	w.founder.does("openCycle", with(open("SOLIDARITY_DRAW", input{"personMaximum": 10}), "calendar", together))
	plan := input{"communityId": w.id, "poolId": pool, "title": "Chaque printemps", "minutes": 100, "firstOn": w.inDays(30), "rhythm": "YEARLY", "method": "PEER_EPOCH"}
	w.founder.cannot("planCycles", with(plan, "rule", input{"allowance": 10}), "REQUIRED", "rule.pairMaximum")
	w.founder.cannot("planCycles", with(plan, "rule", input{"allowance": 10, "pairMaximum": 0}), "MINUTES_OUT_OF_RANGE", "rule.pairMaximum")
	w.founder.cannot("planCycles", with(plan, "rule", input{"allowance": 10, "pairMaximum": 10, "floor": 1}), "NOT_WITH_THIS_METHOD", "rule.floor")
	plan = with(plan, "method", "SOLIDARITY_DRAW")
	w.founder.cannot("planCycles", plan, "REQUIRED", "rule.personMaximum")
	w.founder.cannot("planCycles", with(plan, "rule", input{"personMaximum": 10, "floor": 100}), "MINUTES_OUT_OF_RANGE", "rule.floor")
	w.founder.cannot("planCycles", with(with(plan, "method", "EQUAL_SHARES"), "phases", input{"voteDays": 0}), "OUT_OF_RANGE", "phases.voteDays")
}

// Each month the calendar opens a draw over what the solidarity pool has, and an epoch
// of peers over a tenth of the projects' pool, whatever was planned. A month in which
// the pool is at the draw's floor has no draw; nobody draws more than their year from
// all months together.
func TestDrawsAndEpochsComeRound(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	solidarity, projects := w.poolFor("SOLIDARITY"), w.projectPool(2000)
	w.gives("SOLIDARITY", 200)
	plan := func(pool, title, method string, minutes int, rule input) string {
		return w.founder.does("planCycles", input{
			"communityId": w.id, "poolId": pool, "title": title, "minutes": minutes, "method": method, "rule": rule, "firstOn": w.inDays(2), "rhythm": "MONTHLY",
			"phases": input{"callDays": 5, "reviewDays": 2, "challengeDays": 2, "reportDays": 2},
		}).text("plan.id")
	}
	draws := plan(solidarity, "Coup de main", "SOLIDARITY_DRAW", 0, input{"floor": 60, "personMaximum": 100})
	epochs := plan(projects, "Merci", "PEER_EPOCH", 500, input{"allowance": 60, "pairMaximum": 40})
	const told = `ReinvestmentPlan { method rule { floor personMaximum allowance pairMaximum } phases { vote pay }
		turns { period minutes cycle { id state method envelope rule { floor personMaximum } calendar { feasibilityAt votingAt tallyAt } } } }`
	seen := anna.sees(draws, told)
	same(t, "the limits", seen.thing("rule"), thing{"floor": 60.0, "personMaximum": 100.0, "allowance": nil, "pairMaximum": nil})
	same(t, "nobody votes, and nobody claims", seen.thing("phases"), thing{"vote": 0.0, "pay": 1.0})
	w.advance(3 * day)
	draw, epoch := anna.sees(draws, told).list("turns")[0], anna.sees(epochs, told).list("turns")[0]
	same(t, "the first draw is over all there is", []any{draw.text("cycle.state"), draw.text("cycle.method"), draw.int("cycle.envelope")}, []any{"OPEN_CALL", "SOLIDARITY_DRAW", 200})
	same(t, "it is counted when the look at requests ends", draw.time("cycle.calendar.tallyAt"), draw.time("cycle.calendar.votingAt"))
	same(t, "the epoch takes a tenth of the pool, and not what was planned", []int{epoch.int("minutes"), epoch.int("cycle.envelope")}, []int{200, 200})
	anna.asksThe(draw.text("cycle.id"), 50, 80)
	entry := anna.enters(epoch.text("cycle.id"))
	bruno.enters(epoch.text("cycle.id"))
	w.advance(8 * day) // peers give while the draw is challenged
	bruno.votes(epoch.text("cycle.id"), input{"projectId": entry, "value": 30})
	w.advance(23 * day)
	same(t, "credited by themselves", anna.has(), 900+80+30)
	same(t, "what the draw left went back before the next one", anna.sees(draws, told).list("turns")[0].int("cycle.envelope"), 120)
	second := anna.sees(draws, told).list("turns")[0].text("cycle.id")
	anna.asksThe(second, 10, 50)
	w.advance(31 * day)
	same(t, "of the second month what her year still had", anna.has(), 900+80+30+20)
	w.advance(20 * day)
	w.founder.does("giveHours", input{"from": solidarity, "to": projects, "minutes": 40, "idempotencyKey": newKey()})
	w.advance(12 * day)
	last := anna.sees(draws, told).list("turns")[0]
	same(t, "at its floor the pool has no draw", []any{last.int("minutes"), last["cycle"], w.holds("SOLIDARITY")}, []any{0, nil, 60})
	w.booksAreRight()
}

// has is what somebody has.
func (p *person) has() int {
	p.t.Helper()
	return p.sees(p.member, `Member { account { balance } }`).int("account.balance")
}

// holds is what the pool of a purpose has.
func (w *town) holds(purpose string) int {
	w.t.Helper()
	pools := w.founder.reads(`query ($s: String!) { community(slug: $s) { pools { purpose balance } } }`, input{"s": w.slug}).list("community.pools")
	return about(pools, "purpose", purpose).int("balance")
}
