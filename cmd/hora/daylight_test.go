// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"testing"
	"time"
)

// clocksChange finds the next moment at which clocks are put forward or back,
// and by how much.
func clocksChange(after time.Time, zone *time.Location) (at time.Time, by time.Duration) {
	_, before := after.In(zone).Zone()
	for at = after.Truncate(time.Hour); ; at = at.Add(time.Hour) {
		if _, offset := at.In(zone).Zone(); offset != before {
			return at, time.Duration(offset-before) * time.Second
		}
	}
}

// A deadline falls at the same hour of the clock on the wall, also when clocks
// are put forward on the last Sunday of March, and back on that of October.
func TestDeadlinesKeepTheLocalHour(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	town := boot(t).townIn("Europe/Paris", "Accorderie de Belleville", "port")
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	seen := map[time.Month]bool{}
	for range 2 {
		sunday, by := clocksChange(town.now(), paris)
		seen[sunday.In(paris).Month()] = true
		same(t, "the day clocks change", sunday.In(paris).Weekday(), time.Sunday)
		town.advance(sunday.Add(-5*day + 9*time.Hour).Sub(town.now()))

		unanswered := anna.asks(bruno, 15)
		done := bruno.asks(anna, 15)
		anna.accepts(done)
		anna.completes(done, 15)
		for exchange, deadline := range map[string]string{unanswered: "expiresAt", done: "confirmsAt"} {
			x := anna.sees(exchange, "Exchange { updatedAt "+deadline+" }")
			from, until := x.time("updatedAt"), x.time(deadline)
			same(t, deadline+" on the wall’s clock", until.In(paris).Format(time.DateTime), from.In(paris).AddDate(0, 0, 14).Format(time.DateTime))
			same(t, deadline+" is longer or shorter by an hour", until.Sub(from), 14*day-by)
		}

		last := anna.sees(done, "Exchange { confirmsAt }").time("confirmsAt")
		town.advance(last.Add(-time.Minute).Sub(town.now()))
		same(t, "a minute before", anna.sees(done, "Exchange { state }").text("state"), "DONE")
		town.advance(last.Add(time.Second).Sub(town.now()))
		same(t, "at that hour", anna.sees(done, "Exchange { state }").text("state"), "CONFIRMED")
		same(t, "the proposal", anna.sees(unanswered, "Exchange { state }").text("state"), "EXPIRED")
	}
	same(t, "clocks changed in", seen, map[time.Month]bool{time.March: true, time.October: true})
	same(t, "balances", town.balances(), map[string]int{"Anna": 930, "Bruno": 870, "Fatou": 900, "the community": -2700})
	town.booksAreRight()
}
