// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// earmark opens a pool for one thing.
func (w *town) earmark(purpose string) string {
	w.t.Helper()
	return w.founder.does("openEarmark", input{"communityId": w.id, "for": purpose}).text("account.id")
}

// A foundation and Anna give hours for the children of the quarter. The coordinator cannot
// turn them to anything else; a cycle over them takes a project that is for the children
// and no other, and what it does not need is for the children again.
func TestHoursGivenForSomethingGoToNothingElse(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	pool := w.earmark("  Les enfants du quartier ")
	same(t, "opened twice, in capitals, it is one", w.earmark("LES ENFANTS DU QUARTIER"), pool)
	anna.isRefused("openEarmark", input{"communityId": w.id, "for": "Mon balcon"}, "FORBIDDEN", "")
	w.founder.isRefused("openEarmark", input{"communityId": w.id, "for": "Eh"}, "TEXT_TOO_SHORT", "for")

	anna.does("giveHours", input{"from": anna.account(), "to": pool, "minutes": 60, "message": "Pour les petits.", "idempotencyKey": newKey()})
	w.founder.does("recordSponsorHours", input{"communityId": w.id, "poolId": pool, "minutes": 540, "sponsor": "Fondation des Tilleuls", "idempotencyKey": newKey()})
	w.gives("PROJECTS", 300)
	shown := about(anna.reads(`query ($s: String!) { community(slug: $s) { pools { id earmark purpose balance } } }`, input{"s": w.slug}).list("community.pools"), "id", pool)
	same(t, "what members read of it", []any{shown["earmark"], shown["purpose"], shown.int("balance")}, []any{"Les enfants du quartier", "EARMARKED/Les enfants du quartier", 600})

	for _, to := range []string{w.poolFor("PROJECTS"), bruno.account(), w.ownAccount()} {
		w.founder.cannot("giveHours", input{"from": pool, "to": to, "minutes": 10, "idempotencyKey": newKey()}, "EARMARKED", "from")
	}
	gift := w.founder.does("giveHours", input{"from": w.ownAccount(), "to": bruno.account(), "minutes": 10, "idempotencyKey": newKey()}).text("transfer.id")
	w.founder.cannot("correctTransfer", input{"transferId": gift, "debitId": pool, "reason": "Des enfants, plutôt.", "idempotencyKey": newKey()}, "EARMARKED", "debitId")
	w.founder.cannot("planSplit", input{
		"communityId": w.id, "poolId": pool, "title": "Partage", "firstOn": w.inDays(2), "rhythm": "MONTHLY", "key": []input{{"use": "SOLIDARITY", "basisPoints": 10_000}},
	}, "EARMARKED", "poolId")
	w.founder.cannot("planInflow", input{
		"communityId": w.id, "fromId": pool, "poolId": w.poolFor("PROJECTS"), "title": "Chaque mois", "minutes": 10, "firstOn": w.inDays(2), "rhythm": "MONTHLY",
	}, "EARMARKED", "fromId")
	w.founder.cannot("useDormantHours", input{"communityId": w.id, "poolId": pool, "minutes": 1, "idempotencyKey": newKey()}, "EARMARKED", "poolId")

	cycle := w.founder.opens(w, 400, input{"poolId": pool})
	same(t, "whoever reads the cycle reads what for", anna.sees(cycle, `Cycle { pool { earmark } }`).text("pool.earmark"), "Les enfants du quartier")
	swing := input{"cycleId": cycle, "title": "Une balançoire", "body": "Sur la place, ouverte à tous les enfants.", "minimumMinutes": 250}
	said := bruno.cannot("submitProject", swing, "EARMARK_DIFFERS", "earmark")
	if !strings.Contains(said.Message, "Les enfants du quartier") {
		t.Errorf("the refusal does not say what for: %s", said.Message)
	}
	bruno.cannot("submitProject", with(swing, "earmark", "Le four à pain"), "EARMARK_DIFFERS", "earmark")
	project := bruno.does("submitProject", with(swing, "earmark", "les enfants du quartier")).text("project.id")
	w.advance(15 * day)
	anna.votes(cycle, input{"projectId": project, "value": 5})
	w.advance(22 * day)
	claim := bruno.claims(project, 100)
	w.founder.does("approveClaim", input{"claimId": claim})
	w.advance(214 * day)
	same(t, "what was not needed is for the children again", w.balances()["EARMARKED/Les enfants du quartier"], 500)

	status, page := w.get(anna, "/cycles/"+cycle+"/report.html")
	same(t, "the page", status, 200)
	_, sheet := w.get(anna, "/cycles/"+cycle+"/report.csv")
	for _, text := range []string{page, sheet} {
		if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), "Seulement pour : Les enfants du quartier") {
			t.Errorf("the report does not say what its hours were for:\n%s", text)
		}
	}
	sources := anna.sees(cycle, `Cycle { report { paidOut returned pool { closing inflows { source } } } }`).thing("report")
	same(t, "the report adds up", []int{sources.int("paidOut"), sources.int("returned"), sources.int("pool.closing")}, []int{100, 300, 500})
	statement := anna.downloads(pool, "csv", "").cells(t, ';')
	same(t, "its statement has lines", len(statement) > 3, true)

	other := w.founder.opens(w, 300, nil)
	bruno.cannot("submitProject", with(with(swing, "cycleId", other), "earmark", "Les enfants du quartier"), "EARMARK_DIFFERS", "earmark")
	w.booksAreRight()
}

// Eight coordinators' screens open a pool for the same thing at the same time, each in
// other capitals: there is one.
func TestOneThingHasOnePoolHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var opened [8]string
	var all sync.WaitGroup
	for i, name := range []string{"Les enfants", "LES ENFANTS", "les enfants", "Les Enfants", "lEs enfants", "leS enfants", "les Enfants", "LEs enfants"} {
		all.Go(func() {
			opened[i] = payloadOf(w.founder.tries("openEarmark", input{"communityId": w.id, "for": name})).text("account.id")
		})
	}
	all.Wait()
	for _, id := range opened {
		same(t, "one pool", id, opened[0])
	}
	pools := w.founder.reads(`query ($s: String!) { community(slug: $s) { pools { earmark } } }`, input{"s": w.slug}).list("community.pools")
	same(t, "and no other", len(slices.DeleteFunc(pools, func(p thing) bool { return p.text("earmark") == "" })), 1)
}
