// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// strangers takes records as they were published to our own command's code and, where
// there is Node, to a script that has nothing of ours; it answers what the script says.
func strangers(t *testing.T, records ...any) (said []string) {
	t.Helper()
	dir, files := t.TempDir(), []string{}
	for _, record := range records {
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		read, err := allocation.ReadRecord(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := read.Verify(); err != nil {
			t.Error(err)
		}
		file := filepath.Join(dir, string(read.Instance.Method)+".json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Log("no node here: the stranger's script was not tried")
		return nil
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{"../../docs/examples/recount-allocation.mjs"}, files...)...).CombinedOutput() // #nosec G204 -- our own script
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// One cycle by each method, and a key that comes round: a stranger with the exported
// files, and a script that shares nothing with the server, comes to the same by all
// eight methods.
func TestAStrangerRecountsEveryMethodThatTheServerExports(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno, clara := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "fr")
	w.projectPool(2000)
	submit := func(p *person, cycle string, minimum, maximum int) string {
		return p.does("submitProject", input{"cycleId": cycle, "title": "Un banc", "body": "Un banc sous le tilleul du port.", "minimumMinutes": minimum, "maximumMinutes": maximum}).text("project.id")
	}
	type vote struct {
		cycle string
		cast  func(cycle string, ballots ...[]int)
	}
	votes := map[string]vote{}
	for _, method := range []string{"EQUAL_SHARES", "KNAPSACK", "PROPOSAL_VOTE", "DIRECT_ENVELOPES", "QUADRATIC"} {
		cycle := w.founder.opens(w, 120, input{"method": method, "title": method, "quorum": map[string]int{"PROPOSAL_VOTE": 5000}[method]})
		projects := []string{submit(anna, cycle, 40, 70), submit(bruno, cycle, 30, 30), submit(clara, cycle, 90, 90)}
		votes[method] = vote{cycle, func(cycle string, ballots ...[]int) {
			for i, values := range ballots {
				var entries []input
				for j, value := range values {
					entries = append(entries, input{"projectId": projects[j], "value": value})
				}
				[]*person{anna, bruno, clara}[i].votes(cycle, entries...)
			}
		}}
	}
	draw := w.draw(300, input{"floor": 60, "personMaximum": 120}, nil)
	anna.asksThe(draw, 60, 150)
	bruno.asksThe(draw, 150, 200)
	epoch := w.founder.opens(w, 50, input{"method": "PEER_EPOCH", "rule": input{"allowance": 60, "pairMaximum": 40}})
	peers := []string{anna.enters(epoch), bruno.enters(epoch)}
	w.gives("SOLIDARITY", 101)
	key := w.founder.does("planSplit", input{
		"communityId": w.id, "poolId": w.poolFor("SOLIDARITY"), "title": "Partage", "firstOn": w.inDays(3), "rhythm": "QUARTERLY",
		"key": []input{{"use": "RESERVE", "basisPoints": 3333}, {"use": "PROJECTS", "basisPoints": 3333}, {"use": "MEMBERS", "basisPoints": 3334}},
	}).text("plan.id")

	w.advance(15 * day)
	votes["EQUAL_SHARES"].cast(votes["EQUAL_SHARES"].cycle, []int{5, 2, 0}, []int{1, 5, 0}, []int{0, 0, 5})
	votes["KNAPSACK"].cast(votes["KNAPSACK"].cycle, []int{1, 1, 0}, []int{1, 0, 1}, []int{0, 0, 1})
	votes["PROPOSAL_VOTE"].cast(votes["PROPOSAL_VOTE"].cycle, []int{1, 1, -1}, []int{1, 0, -1}, []int{-1, 1, 1})
	votes["DIRECT_ENVELOPES"].cast(votes["DIRECT_ENVELOPES"].cycle, []int{25, 5, 0}, []int{20, 10, 0}, []int{0, 3, 27})
	votes["QUADRATIC"].cast(votes["QUADRATIC"].cycle, []int{9, -4, 0}, []int{0, 7, 7}, []int{0, 0, 10})
	anna.votes(epoch, input{"projectId": peers[1], "value": 40})
	bruno.votes(epoch, input{"projectId": peers[0], "value": 33})
	w.advance(14 * day)

	var records []any
	for _, v := range votes {
		records = append(records, anna.sees(v.cycle, `Cycle { allocation { record } }`).find("allocation.record"))
	}
	for _, cycle := range []string{draw, epoch} {
		records = append(records, w.founder.sees(cycle, `Cycle { allocation { record } }`).find("allocation.record"))
	}
	turn := anna.sees(key, `ReinvestmentPlan { turns { minutes record parts { use minutes } } }`).list("turns")[0]
	same(t, "nobody gave anything: the members’ part stays, and is in the count", []int{turn.int("minutes"), turn.list("parts")[2].int("minutes")}, []int{67, 0})
	records = append(records, turn["record"])
	same(t, "other plans have none", anna.sees(w.plans(), `ReinvestmentPlan { turns { record } }`).list("turns")[0]["record"], nil)

	same(t, "a record of each method", len(records), len(allocation.Methods()))
	for _, line := range strangers(t, records...) {
		if !strings.Contains(line, "The same, to the minute: ") {
			t.Error(line)
		}
	}
}

// plans is a plan that came round and has no key.
func (w *town) plans() string {
	w.t.Helper()
	inflow := w.founder.does("planInflow", input{
		"communityId": w.id, "fromId": w.ownAccount(), "poolId": w.poolFor("PROJECTS"), "title": "Don", "minutes": 10, "firstOn": w.inDays(0), "rhythm": "YEARLY", "hour": 0,
	}).text("plan.id")
	w.advance(day)
	return inflow
}
