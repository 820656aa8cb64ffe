// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Somebody with the superuser's password changes one line of Paul's statement, and
// then, to hide it, more and more of what else tells of it. As long as anything is
// left to compare with, what is said names the account, the entry and the event.
func TestEditingOneEntryByHandIsFound(t *testing.T) {
	c := aCountry(t)
	const (
		line = `
UPDATE ledger.entry SET minutes = 35 WHERE transfer_id = '%[3]s' AND minutes > 0;`
		ledger = `
UPDATE ledger.transfer SET minutes = 35 WHERE id = '%[3]s';
UPDATE ledger.entry SET minutes = sign(minutes) * 35, balance_after = balance_after + sign(minutes) * 5 WHERE transfer_id = '%[3]s';
UPDATE ledger.account a SET balance = (SELECT balance_after FROM ledger.entry e WHERE e.account_id = a.id ORDER BY seq DESC LIMIT 1)
 WHERE community_id = '%[1]s' AND seq > 0;`
		event = `
UPDATE journal.event SET body = convert_to(replace(convert_from(body, 'UTF8'), '"minutes":30', '"minutes":35'), 'UTF8')
 WHERE community_id = '%[1]s' AND pos = %[2]d;`
	)
	for _, story := range []struct {
		name, crime string
		says        string // with the account, the entry and the position
		checkpoint  bool   // only the checkpoint tells, by its own position
	}{
		{"the line alone", line, "35 minutes make 930", false},
		{"its running balance", `UPDATE ledger.entry SET balance_after = 9000 WHERE transfer_id = '%[3]s' AND minutes > 0`, "30 minutes make 9000", false},
		{"with all of the ledger", ledger, "the journal tells other legs", false},
		{"with the event", ledger + event, "the event was changed after it was recorded", false},
		{"with the chain", ledger + event + rechain, "the event is not the one that was sealed", false},
		{"with all seals", ledger + event + rechain + unsealed, "the journal up to here is not the one that the checkpoint signed", true},
	} {
		t.Run(story.name, func(t *testing.T) {
			s := c.sealed(t)
			before := s.checkpoint
			s.breaks(t, fmt.Sprintf(story.crime+` -- %[1]s %[2]d %[3]s`, s.id, s.at, s.gift))
			_ = s.Seal(s.ctx, s.id) // the notary goes on, if it can
			_, kept, err := s.VerifyAgainst(s.ctx, before, nil)
			if err != nil {
				t.Fatal(err)
			}
			names := []string{story.says}
			if !story.checkpoint {
				names = append(names, "account "+s.paul.account.String(), fmt.Sprintf("entry %d", s.entry), fmt.Sprintf("position %d", s.at))
			}
			named := func(difference string) bool {
				return !slices.ContainsFunc(names, func(part string) bool { return !strings.Contains(difference, part) })
			}
			for who, differences := range map[string][]string{"hora verify": s.verify(t).Differences, "the checkpoint": kept.Differences} {
				if found := slices.ContainsFunc(differences, named); found == (story.checkpoint && who == "hora verify") {
					t.Errorf("%s says %q, looked for %q", who, differences, names)
				}
			}
		})
	}
}
