// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "testing"

// Anna gives hours to the common pool and thinks again, in time; another time the pool
// has used them, or a day has passed. What she gave to Bruno is his.
func TestAGiftToThePoolHasADayForSecondThoughts(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	gives := func(to string, minutes int) string {
		return anna.does("giveHours", input{"from": anna.account(), "to": to, "minutes": minutes, "idempotencyKey": newKey()}).text("transfer.id")
	}
	back := func(gift string) input { return input{"transferId": gift, "idempotencyKey": newKey()} }
	pool := w.poolFor("PROJECTS")
	gift := gives(pool, 60)
	bruno.cannot("takeBackHours", back(gift), "NOT_FOUND", "transferId")
	w.founder.cannot("takeBackHours", back(gift), "NOT_FOUND", "transferId")
	in := back(gift)
	undone := anna.does("takeBackHours", in)
	same(t, "sent twice, given back once", anna.does("takeBackHours", in).text("transfer.id"), undone.text("transfer.id"))
	anna.cannot("takeBackHours", back(gift), "ALREADY_REVERSED", "transferId")
	same(t, "as if nothing had been given", []int{w.balances()["Anna"], w.balances()["PROJECTS"]}, []int{900, 0})

	used := gives(pool, 60)
	cycle := w.founder.opens(w, 60, input{"poolId": pool})
	anna.cannot("takeBackHours", back(used), "GIFT_STAYS", "transferId")
	w.founder.does("cancelCycle", input{"cycleId": cycle, "reason": "On recommence."})
	anna.does("takeBackHours", back(used))

	anna.cannot("takeBackHours", back(gives(bruno.account(), 10)), "GIFT_STAYS", "transferId")
	late := gives(w.earmark("Les enfants du quartier"), 30)
	w.advance(day)
	anna.cannot("takeBackHours", back(late), "GIFT_STAYS", "transferId")
	w.booksAreRight()
}
