// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// Every mutation that takes a key: the same again changes nothing and answers the
// same, and the key of one thing does for no other, whatever differs.
func TestAKeyIsForOneThing(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	varied := 0
	for _, mutation := range mutations(t) {
		if !slices.Contains(fieldsOf(mutation, "String"), "idempotencyKey") {
			continue
		}
		c, other := calls[mutation](s), calls[mutation](s)
		first := c.by.does(mutation, c.in)
		s.unchanged(mutation+" once more", func() {
			same(t, mutation+" answers the second time", c.by.does(mutation, c.in), first)
			for _, field := range slices.Sorted(maps.Keys(c.in)) {
				if changed := differently(mutation, field, c.in[field], other.in[field]); changed != nil {
					varied++
					c.by.isRefused(mutation, with(c.in, field, changed), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
				}
			}
		})
	}
	if varied < 35 {
		t.Errorf("only %d fields were varied", varied)
	}
}

// differently is another value that a field could have had; nil when there is none.
func differently(mutation, field string, value, other any) any {
	switch {
	case field == "communityId" || field == "idempotencyKey":
		return nil // each community keeps its own keys
	case field == "activityKind":
		return "COMMITTEE"
	case field == "date":
		return "2026-01-15"
	case field == "locale":
		return "en"
	case field == "language":
		return "en-CA"
	case field == "timeZone":
		return "Europe/Paris"
	case field == "preset":
		return "commons"
	case field == "email":
		return "autre@example.org"
	case field == "serviceTypeId":
		return "UzEwMi1BLTI" // 102-A-2
	case field == "kind" && mutation == "registerMember":
		return "HOUSEHOLD"
	case slices.Contains([]string{"kind", "level", "visibility"}, field):
		return map[string]string{"kind": "REQUEST", "level": "COLLECTIVE", "visibility": "PUBLIC"}[field]
	case field == "availability":
		return []string{"SUNDAY"}
	case field == "place" && mutation == "createListing":
		return input{"latitude": 46, "longitude": -73.6}
	case slices.Contains([]string{"providerId", "receiverId", "from", "to", "helperId", "bearer"}, field):
		return nil // of other people, which is refused before the key is looked at
	}
	switch v := value.(type) {
	case int:
		return v + 15
	case float64:
		return v + 1
	case bool:
		return !v
	case time.Time:
		return v.Add(time.Hour)
	case string:
		if other != value {
			return other // of the other call: an id, or a text of its own
		}
		return v + " autrement"
	}
	return nil
}

func TestAKeyIsKeptForThirtyDays(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	gift := input{"from": anna.account(), "to": bruno.account(), "minutes": 15, "idempotencyKey": "a gift"}
	anna.does("giveHours", gift)
	town.advance(29 * day)
	anna.does("giveHours", gift)
	same(t, "Bruno’s hours", town.balances()["Bruno"], 915)
	town.advance(2 * day)
	anna.does("giveHours", gift)
	same(t, "Bruno’s hours a month later", town.balances()["Bruno"], 930)
}
