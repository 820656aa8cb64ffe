// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// get reads a page as somebody who is signed in.
func (w *town) get(p *person, path string) (status int, body string) {
	w.t.Helper()
	status, read := w.http(http.MethodGet, path, nil, "Authorization", "Bearer "+p.bearer())
	return status, string(read)
}

// What members read of a cycle adds up: opening and what came and went make closing,
// in the contract, in the spreadsheet and on the page alike.
func TestACyclesReportAddsUp(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "en")
	w.projectPool(700)
	cycle := w.founder.opens(w, 600, nil)
	oven := anna.does("submitProject", input{"cycleId": cycle, "title": "=Four & pain", "body": "Pour tout le quartier, ensemble.", "minimumMinutes": 300, "maximumMinutes": 400}).text("project.id")
	w.advance(15 * day)
	anna.votes(cycle, input{"projectId": oven, "value": 5})
	bruno.does("giveHours", input{"from": bruno.account(), "to": w.poolFor("PROJECTS"), "minutes": 45, "idempotencyKey": newKey()})
	w.advance(22 * day)
	w.founder.does("approveClaim", input{"claimId": anna.claims(oven, 100)})
	w.advance(183 * day)
	const figures = `Cycle { report { envelope paidOut returned left appeals pool { opening closing flows { kind incoming minutes times } } } }`
	told := bruno.sees(cycle, figures).thing("report")
	sum := told.int("pool.opening")
	for _, f := range told.list("pool.flows") {
		if f.find("incoming") == true {
			sum += f.int("minutes")
		} else {
			sum -= f.int("minutes")
		}
	}
	same(t, "opening and flows make closing", []int{sum, told.int("pool.closing")}, []int{645, 645})
	same(t, "the cycle", []int{told.int("envelope"), told.int("paidOut"), told.int("returned"), told.int("left")}, []int{600, 100, 500, 0})

	status, sheet := w.get(anna, "/cycles/"+cycle+"/report.csv")
	same(t, "the spreadsheet", status, http.StatusOK)
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(sheet, "\ufeff")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	added := 0
	for _, row := range rows[2:] {
		if row[0] != "Le fonds commun" {
			break
		}
		minutes, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		if row[1] == "À la fin" {
			same(t, "the spreadsheet’s own sum", added+700, minutes)
		}
		added += minutes
	}
	if !strings.Contains(sheet, "'=Four & pain") {
		t.Error("a title is a formula to a spreadsheet")
	}
	for _, p := range []*person{anna, bruno} {
		status, page := w.get(p, "/cycles/"+cycle+"/report.html")
		same(t, "the page", status, http.StatusOK)
		for _, part := range []string{"<svg", "=Four &amp; pain", `role="img"`} {
			if !strings.Contains(page, part) {
				t.Errorf("the page has no %s", part)
			}
		}
	}
	status, _ = w.get(w.register("Noa", "fr"), "/cycles/"+cycle+"/report.html")
	same(t, "for strangers there is no such cycle", status, http.StatusNotFound)
}
