// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// projectPool is the pool for projects, with at least so many minutes in it.
func (w *town) projectPool(minutes int) string {
	w.t.Helper()
	for _, pool := range w.founder.reads(`query ($s: String!) { community(slug: $s) { account { id } pools { id purpose balance } } }`, input{"s": w.slug}).list("community.pools") {
		if pool.text("purpose") != "PROJECTS" {
			continue
		}
		if missing := minutes - pool.int("balance"); missing > 0 {
			own := w.founder.reads(`query ($s: String!) { community(slug: $s) { account { id } } }`, input{"s": w.slug}).text("community.account.id")
			w.founder.does("giveHours", input{"from": own, "to": pool.text("id"), "minutes": missing, "idempotencyKey": newKey()})
		}
		return pool.text("id")
	}
	w.t.Fatal("there is no pool for projects")
	return ""
}

// cycle opens one that calls for projects.
func (s *scene) cycle() string {
	s.t.Helper()
	return s.founder.opens(s.town, 120, nil)
}

// opens opens a cycle over minutes; more says what is unusual about it.
func (p *person) opens(w *town, minutes int, more input) string {
	p.t.Helper()
	in := input{"communityId": w.id, "poolId": w.projectPool(minutes), "title": "Printemps", "minutes": minutes, "calendar": input{"feasibilityAt": w.now().Add(7 * day)}}
	maps.Copy(in, more)
	return p.does("openCycle", in).text("cycle.id")
}

func (s *scene) proposal(cycle string) input {
	return input{
		"cycleId": cycle, "title": s.another("Un four à pain"), "body": "Un four commun, bâti ensemble le samedi.", "minimumMinutes": 60, "maximumMinutes": 90,
		"milestones": []input{{"title": "Les fondations", "minutes": 30}, {"title": "La voûte", "minutes": 60}}, "idempotencyKey": newKey(),
	}
}

func (s *scene) project() string {
	return s.anna.does("submitProject", s.proposal(s.cycle())).text("project.id")
}

// tallied is when the votes of such a cycle are counted: a machine that is busy
// with other tests may need a minute for the few steps before.
const tallied = 3 * time.Minute

// The cycles of a scene come to the state asked for within some minutes and stay there
// for a day: nothing else in the scene grows old.

// votedOn is a cycle in which members vote, and Anna's project on its ballot.
func (s *scene) votedOn() (cycle, project string) { return s.reached(day, 2*day, 3*day, 4*day) }

// granted is a cycle whose count funded Anna's project.
func (s *scene) granted() (cycle, project string) {
	return s.reached(tallied, day, 2*day, 3*day)
}

// payable is a cycle whose hours may be claimed.
func (s *scene) payable() (cycle, project string) {
	return s.reached(tallied, tallied+time.Second, day, 2*day)
}

func (s *scene) reached(tally, challenge, pay, end time.Duration) (cycle, project string) {
	s.t.Helper()
	s.settle() // a letter still on its way would take some of the seconds
	now := s.now()
	cycle = s.founder.opens(s.town, 120, input{"calendar": input{
		"feasibilityAt": now.Add(20 * time.Second), "votingAt": now.Add(21 * time.Second), "tallyAt": now.Add(tally),
		"challengeUntil": now.Add(challenge), "payUntil": now.Add(pay), "closeAt": now.Add(end),
	}})
	project = s.anna.does("submitProject", s.proposal(cycle)).text("project.id")
	s.advance(22 * time.Second)
	if tally < day {
		s.bruno.votes(cycle, input{"projectId": project, "value": 5})
		s.advance(tallied)
	}
	return cycle, project
}

func (s *scene) claim() string {
	_, project := s.payable()
	return s.anna.claims(project, 10)
}

func (p *person) claims(project string, minutes int) string {
	p.t.Helper()
	return p.does("claimPayout", input{"projectId": project, "minutes": minutes, "proof": "Venez voir sur place.", "idempotencyKey": newKey()}).text("claim.id")
}

func (p *person) votes(cycle string, entries ...input) string {
	p.t.Helper()
	return p.does("castBudgetBallot", input{"cycleId": cycle, "entries": entries}).text("ballot.receipt")
}

const cycleInFull = `Cycle {
	state envelope roll commitment seed version
	pool { balance } account { balance }
	projects { id title stage granted paid progress claims { id stage minutes } }
	ballots(first: 50) { nodes { receipt entries { projectId value } } }
	myBallot { receipt entries { value } }
	allocation { inputHash spent left share virtualShare explanation lines { minutes cause explanation perPoint missing project { title } } record }
	report { envelope granted paidOut returned left roll voters votersWithAFundedChoice largestGrant projects fundedProjects }
	history { state due at note }
	challenges { reason same }
}`

// A year of common hours: a pool is filled, members propose and vote, the exact
// count funds what the most members can share, hours move as work is done, and
// what nobody needed goes back, to the minute.
func TestACycleOfReinvestment(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	w.founder.does("grantRole", input{"memberId": clara.member, "role": "TREASURER"})
	cycle := w.founder.opens(w, 600, input{"twoApproversAbove": 120})
	open := w.founder.sees(cycle, `Cycle { state pool { balance } account { balance kind } }`)
	same(t, "the pool gave the envelope", []any{open["state"], open.int("pool.balance"), open.int("account.balance"), open.text("account.kind")}, []any{"OPEN_CALL", 0, 600, "PROJECT"})

	submit := func(p *person, title string, minimum, maximum int) string {
		return p.does("submitProject", input{"cycleId": cycle, "title": title, "body": "Pour tout le quartier, ensemble.", "minimumMinutes": minimum, "maximumMinutes": maximum}).text("project.id")
	}
	oven, garden, pool := submit(anna, "Four", 300, 300), submit(bruno, "Jardin", 200, 320), submit(clara, "Piscine", 590, 590)
	submit(anna, "Fusée", 10, 10)
	rocket := about(w.founder.sees(cycle, `Cycle { projects { id title } }`).list("projects"), "title", "Fusée").text("id")
	w.founder.does("reviewProject", input{"projectId": rocket, "feasible": false, "reason": "Trop bruyant."})
	anna.isRefused("reviewProject", input{"projectId": oven, "feasible": true}, "FORBIDDEN", "")
	anna.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{{"projectId": oven, "value": 5}}}, "CYCLE_STATE", "cycleId")

	w.advance(15 * day)
	late := w.welcome("Tard Venue", "fr")
	late.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{}}, "NOT_ON_THE_ROLL", "cycleId")
	anna.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{{"projectId": oven, "value": 6}}}, "CHOICE_OUT_OF_RANGE", "entries.0.value")
	anna.isRefused("castBudgetBallot", input{"cycleId": cycle, "entries": []input{{"projectId": rocket, "value": 1}}}, "PROJECT_UNKNOWN", "entries.0.projectId")
	anna.votes(cycle, input{"projectId": pool, "value": 5}) // and thinks again
	receipt := anna.votes(cycle, input{"projectId": oven, "value": 5}, input{"projectId": garden, "value": 2})
	bruno.votes(cycle, input{"projectId": garden, "value": 5})
	clara.votes(cycle, input{"projectId": pool, "value": 5})
	sealed := bruno.sees(cycle, cycleInFull)
	same(t, "nothing is shown while people vote", []any{sealed["seed"], sealed["allocation"], len(sealed.list("ballots.nodes"))}, []any{nil, nil, 0})

	w.advance(14 * day)
	told := bruno.sees(cycle, cycleInFull)
	same(t, "after the vote its result may be challenged", told.text("state"), "CHALLENGE")
	same(t, "four could vote", told.int("roll"), 4)
	same(t, "each project's part", texts(told.list("allocation.lines"), "cause"), []string{"SHARED", "SHARED", "ENVELOPE_SPENT"})
	same(t, "nobody paid to the last minute what they had not", []int{told.list("projects")[0].int("granted"), told.list("projects")[1].int("granted")}, []int{300, 300})
	if !strings.Contains(strings.Join(texts(told.list("ballots.nodes"), "receipt"), " "), receipt) {
		t.Error("Anna does not find her receipt among the ballots")
	}
	for _, said := range strangers(t, told.thing("allocation")["record"]) {
		same(t, "a stranger counts again", strings.HasPrefix(said, "The same, to the minute: 2 of 3 projects"), true)
	}
	mine := anna.sees(cycle, fmt.Sprintf(`Cycle { allocation { ballot(receipt: %q) { left lines { value minutes gave explanation project { title } } } } }`, receipt))
	same(t, "what Anna’s share gave", texts(mine.list("allocation.ballot.lines"), "gave"), []string{"300", "400/7"})
	theirs := told.list("ballots.nodes")
	for _, b := range theirs {
		why := anna.sees(cycle, fmt.Sprintf(`Cycle { allocation { ballot(receipt: %q) { lines { minutes explanation project { title } } } } }`, b.text("receipt"))).list("allocation.ballot.lines")
		if about(why, "project.title", "Piscine") != nil && about(why, "project.title", "Piscine").text("explanation") == "" {
			t.Error("nobody says why the pool was not funded")
		}
	}
	same(t, "no ballot, no answer", anna.sees(cycle, `Cycle { allocation { ballot(receipt: "nobody’s") { left } } }`).find("allocation.ballot"), nil)

	challenge := clara.does("challengeAllocation", input{"cycleId": cycle, "reason": "La piscine avait aussi une voix."})
	same(t, "a second count gives the same", challenge.thing("challenge")["same"], any(true))
	anna.isRefused("claimPayout", input{"projectId": oven, "minutes": 10, "proof": "Déjà commencé.", "idempotencyKey": newKey()}, "CYCLE_STATE", "projectId")

	w.advance(7 * day)
	has := func() int { return anna.sees(anna.member, "Member { account { balance } }").int("account.balance") }
	before := has()
	small, large := anna.claims(oven, 90), anna.claims(oven, 200)
	anna.isRefused("claimPayout", input{"projectId": oven, "minutes": 11, "proof": "Encore un peu.", "idempotencyKey": newKey()}, "CLAIM_BEYOND_GRANT", "minutes")
	bruno.isRefused("approveClaim", input{"claimId": small}, "FORBIDDEN", "")
	w.founder.does("approveClaim", input{"claimId": small})
	same(t, "one approval is not enough for a large claim", w.founder.does("approveClaim", input{"claimId": large}).text("claim.stage"), "CLAIMED")
	w.founder.isRefused("approveClaim", input{"claimId": large}, "APPROVED_BEFORE", "claimId")
	same(t, "the second one is", clara.does("approveClaim", input{"claimId": large}).text("claim.stage"), "PAID")
	w.founder.isRefused("declineClaim", input{"claimId": large, "reason": "Trop tard."}, "CLAIM_STATE", "claimId")
	same(t, "Anna is credited for what was done", has()-before, 290)
	waits := bruno.claims(garden, 100)

	w.advance(182 * day)
	report := bruno.sees(cycle, cycleInFull)
	same(t, "what nobody waits for went back", []int{report.int("report.paidOut"), report.int("report.returned"), report.int("report.left")}, []int{290, 210, 100})
	w.founder.does("approveClaim", input{"claimId": waits})
	w.advance(30 * day)
	end := bruno.sees(cycle, cycleInFull)
	same(t, "the cycle is over", end.text("state"), "CLOSED")
	same(t, "envelope = paid out + returned + left", []int{end.int("report.envelope"), end.int("report.paidOut"), end.int("report.returned"), end.int("report.left")}, []int{600, 390, 210, 0})
	same(t, "the pool has the rest", end.int("pool.balance"), 210)
	same(t, "each state once, in order", texts(end.list("history"), "state"),
		[]string{"OPEN_CALL", "FEASIBILITY", "VOTING", "TALLIED", "CHALLENGE", "PAYING", "REPORTING", "CLOSED"})
	same(t, "what Anna was told", newsOf(anna), []string{"PROJECT_REFUSED", "PROJECT_FUNDED", "CLAIM_PAID", "CLAIM_PAID"})
}

// newsOf is what somebody was told of cycles, the way it came.
func newsOf(p *person) (kinds []string) {
	for _, n := range p.told() {
		if kind := n.text("kind"); strings.HasPrefix(kind, "PROJECT_") || strings.HasPrefix(kind, "CLAIM_") {
			kinds = append([]string{kind}, kinds...)
		}
	}
	return kinds
}

// A server that was away for half a year does each step once, each with its own date; a vote
// that nobody could have had begins when it is back, takes as long as was planned, and is
// told. Where nobody votes though somebody could, that is their answer; where the server
// went away once more, they are asked once more.
func TestACycleCatchesUpStepByStep(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	cycle := w.founder.opens(w, 100, nil)
	anna.does("submitProject", input{"cycleId": cycle, "title": "Banc", "body": "Un banc sous le tilleul.", "minimumMinutes": 50})
	planned := anna.sees(cycle, `Cycle { calendar { votingAt closeAt } }`)
	w.advance(300 * day)
	const open = `Cycle { state calendar { votingAt tallyAt challengeUntil } }`
	vote := anna.sees(cycle, open)
	same(t, "it is voted on", vote.text("state"), "VOTING")
	same(t, "as long as was planned", []time.Duration{vote.time("calendar.tallyAt").Sub(vote.time("calendar.votingAt")), vote.time("calendar.challengeUntil").Sub(vote.time("calendar.tallyAt"))}, []time.Duration{14 * day, 7 * day})
	said := about(anna.told(), "kind", "CYCLE_VOTE_ENDS")
	same(t, "and everybody is told until when", said.time("due"), vote.time("calendar.tallyAt"))
	w.advance(30 * day)
	again := anna.sees(cycle, open)
	same(t, "the server was away again", []any{again.text("state"), again.time("calendar.tallyAt").After(w.now().Add(13 * day))}, []any{"VOTING", true})
	same(t, "told again", anna.heard("CYCLE_VOTE_ENDS"), 2)
	w.advance(300 * day)
	end := anna.sees(cycle, `Cycle { state pool { balance } history { state due at } report { returned left voters } }`)
	same(t, "it came to its end", end.text("state"), "CLOSED")
	same(t, "nobody voted, everything went back", []int{end.int("report.returned"), end.int("report.left"), end.int("pool.balance")}, []int{100, 0, 100})
	steps := end.list("history")
	for i := range steps[1:] {
		if steps[i+1].time("due").Before(steps[i].time("due")) {
			t.Errorf("%v is due before %v", steps[i+1], steps[i])
		}
	}
	same(t, "the vote was due when it was planned", about(steps, "state", "VOTING").time("due"), planned.time("calendar.votingAt"))
	same(t, "eight steps, and the vote once more", len(steps), 9)
}

// Eight tours at once, as of eight servers, do each step of a cycle once; each of
// them comes back when all is done.
func TestManyServersMoveACycleOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna := w.welcome("Anna", "fr")
	var cycles []string
	for range 5 {
		cycles = append(cycles, w.founder.opens(w, 20, nil)) // with nothing to vote on
	}
	var tours sync.WaitGroup
	for range 8 {
		tours.Go(func() {
			status, said := w.http(http.MethodPost, "/dev/clock", fmt.Appendf(nil, `{"advance":%q}`, 300*day))
			if status != http.StatusOK {
				t.Errorf("a tour failed: %s", said)
			}
			for _, cycle := range cycles {
				if state := anna.sees(cycle, `Cycle { state }`).text("state"); state != "CLOSED" {
					t.Errorf("a tour came back while a cycle was %s", state)
				}
			}
		})
	}
	tours.Wait()
	for _, cycle := range cycles {
		same(t, "eight steps", len(anna.sees(cycle, `Cycle { history { state } }`).list("history")), 8)
	}
}

// A cancelled cycle gives back what it set aside, and two cycles never share hours.
func TestAnEnvelopeIsSetAsideOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	pool := w.projectPool(100)
	open := func(minutes int) input {
		return input{"communityId": w.id, "poolId": pool, "title": "Printemps", "minutes": minutes, "calendar": input{"feasibilityAt": w.now().Add(day)}}
	}
	first := w.founder.does("openCycle", open(80)).text("cycle.id")
	w.unchanged("hours that are not there", func() { w.founder.isRefused("openCycle", open(21), "INSUFFICIENT_HOURS", "minutes") })
	w.founder.does("cancelCycle", input{"cycleId": first, "reason": "On recommence."})
	back := w.founder.sees(first, `Cycle { state pool { balance } account { balance } }`)
	same(t, "they are back", []any{back["state"], back.int("pool.balance"), back.int("account.balance")}, []any{"CANCELLED", 100, 0})
	w.founder.isRefused("cancelCycle", input{"cycleId": first, "reason": "Encore."}, "CYCLE_STATE", "cycleId")
	for name, in := range map[string]input{
		"calendar.callAt":        with(open(10), "calendar", input{"callAt": w.now().Add(-2 * day), "feasibilityAt": w.now().Add(day)}),
		"calendar.feasibilityAt": with(open(10), "calendar", input{"callAt": w.now().Add(2 * day), "feasibilityAt": w.now().Add(day)}),
	} {
		w.founder.isRefused("openCycle", in, "CALENDAR_INVALID", name)
	}
	w.founder.isRefused("openCycle", with(open(10), "quorum", 10_001), "ALLOCATION_RULE_INVALID", "quorum")
	w.founder.isRefused("openCycle", with(open(10), "poolId", w.founder.account()), "NOT_FOUND", "poolId")
}
