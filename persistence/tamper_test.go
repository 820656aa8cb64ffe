// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain"
)

// sealed is a village whose journal was sealed twice, with a checkpoint that
// Marie took away in between.
type sealed struct {
	*village
	*office
	checkpoint  string
	marie, paul resident
	gift        domain.ID
	at          int64 // the gift's position
	entry       int64 // its line on Paul's statement
}

func (c *country) sealed(t *testing.T) *sealed {
	t.Helper()
	s := &sealed{village: c.village(t), office: c.office(c.db)}
	s.marie, s.paul = s.joins(t, "Marie"), s.joins(t, "Paul")
	s.chatters(t, 20)
	s.gift = s.gives(t, 30, s.marie.account, s.paul.account)
	s.at = s.count(t, `SELECT pos FROM journal.head WHERE community_id = $1`, s.id)
	s.entry = s.count(t, `SELECT seq FROM ledger.entry WHERE transfer_id = $1 AND minutes > 0`, s.gift)
	s.chatters(t, 20)
	s.checkpoint = s.seals(t, s.office).Note
	s.chatters(t, 300)
	s.seals(t, s.office)
	s.clean(t)
	return s
}

// rechain makes the journal's own chain fit again from the gift on.
const rechain = `
DO $do$
DECLARE
  e journal.event;
  v_hash bytea;
BEGIN
  SELECT hash INTO v_hash FROM journal.event WHERE community_id = '%[1]s' AND pos = %[2]d - 1;
  FOR e IN SELECT * FROM journal.event WHERE community_id = '%[1]s' AND pos >= %[2]d ORDER BY pos LOOP
    v_hash := sha256(v_hash || int8send(e.pos) || int8send((extract(epoch FROM e.at) * 1000000)::bigint) || sha256(e.body));
    UPDATE journal.event SET digest = sha256(body), hash = v_hash WHERE community_id = e.community_id AND pos = e.pos;
  END LOOP;
  UPDATE journal.head SET hash = v_hash WHERE community_id = '%[1]s';
END
$do$;`

// another makes the gift 35 minutes, everywhere that verify looks.
const another = `
UPDATE journal.event SET body = convert_to(replace(convert_from(body, 'UTF8'), '"minutes":30', '"minutes":35'), 'UTF8') WHERE community_id = '%[1]s' AND pos = %[2]d;
UPDATE ledger.transfer SET minutes = 35 WHERE id = '%[3]s';
UPDATE ledger.entry SET minutes = sign(minutes) * 35, balance_after = balance_after + sign(minutes) * 5 WHERE transfer_id = '%[3]s';
UPDATE ledger.account a SET balance = (SELECT balance_after FROM ledger.entry e WHERE e.account_id = a.id ORDER BY seq DESC LIMIT 1)
 WHERE community_id = '%[1]s' AND seq > 0;`

const (
	unsealed = `
DELETE FROM journal.seal WHERE community_id = '%[1]s';
DELETE FROM journal.tile WHERE community_id = '%[1]s';`
	beheaded = `
DELETE FROM journal.event WHERE community_id = '%[1]s' AND pos > %[2]d + 5;
UPDATE journal.head h SET pos = e.pos, hash = e.hash FROM journal.event e
 WHERE h.community_id = '%[1]s' AND e.community_id = h.community_id AND e.pos = %[2]d + 5;`
)

func notTheSame(*sealed) []string { return []string{"is not the one that the checkpoint signed"} }

func TestASealAndACheckpointTellWhatWasRewritten(t *testing.T) {
	c := aCountry(t)
	// Names are filled in: village, the gift's position, the gift, Paul's account, Éloïse's.
	for name, story := range map[string]struct {
		crime  string
		verify func(s *sealed) []string // what hora verify says, and with a checkpoint too
		keeper func(s *sealed) []string // what only the checkpoint tells
	}{
		"an entry": {
			crime: `UPDATE ledger.entry SET minutes = 35 WHERE transfer_id = '%[3]s' AND minutes > 0`,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("account %s, entry %d, position %d: 35 minutes make 930", s.paul.account, s.entry, s.at)}
			},
		},
		"an entry's running balance": {
			crime: `UPDATE ledger.entry SET balance_after = 9000 WHERE transfer_id = '%[3]s' AND minutes > 0`,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("account %s, entry %d, position %d: 30 minutes make 9000", s.paul.account, s.entry, s.at)}
			},
		},
		"an entry's moment": {
			crime: `UPDATE ledger.entry SET at = at - interval '1 day' WHERE transfer_id = '%[3]s' AND minutes > 0`,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("account %s, entry %d, position %d: ", s.paul.account, s.entry, s.at)}
			},
		},
		"an entry's owner": {
			crime: `UPDATE ledger.entry SET account_id = '%[5]s', seq = 2 WHERE transfer_id = '%[3]s' AND minutes > 0`,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("account %s, entry 2, ", s.eloise.account), s.gift.String(), "account " + s.paul.account.String()}
			},
		},
		"an event": {
			crime: `UPDATE journal.event SET body = replace(encode(body, 'escape'), ':30', ':35')::bytea WHERE community_id = '%[1]s' AND pos = %[2]d`,
			verify: func(s *sealed) []string {
				return []string{
					fmt.Sprintf("position %d: the event was changed after it was recorded", s.at),
					fmt.Sprintf("position %d: the event is not the one that was sealed", s.at),
				}
			},
			keeper: notTheSame,
		},
		"an event, and the chain made to fit": {
			crime: another + rechain,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("position %d: the event is not the one that was sealed", s.at), "the events are not those that were sealed"}
			},
			keeper: notTheSame,
		},
		"an event's moment, and the chain made to fit": {
			crime: `UPDATE journal.event SET at = at + interval '1 microsecond' WHERE community_id = '%[1]s' AND pos = %[2]d;` + rechain,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("position %d: the event is not the one that was sealed", s.at)}
			},
			keeper: notTheSame,
		},
		"everything, and all seals made anew": { // nothing that the server keeps can tell
			crime:  another + rechain + unsealed,
			keeper: notTheSame,
		},
		"the end, cut off": {
			crime: beheaded,
			verify: func(s *sealed) []string {
				return []string{fmt.Sprintf("position %d: an event was sealed here and is missing", s.at+6)}
			},
		},
		"the end, cut off with its seals": {
			crime: beheaded + unsealed,
			keeper: func(s *sealed) []string {
				return []string{"a checkpoint was signed here", fmt.Sprintf("position %d: an event was sealed here and is missing", s.at+6)}
			},
		},
		"a seal": {
			crime:  `UPDATE journal.seal SET root = sha256(root) WHERE community_id = '%[1]s'`,
			verify: func(*sealed) []string { return []string{"the seal and its note state different things"} },
		},
		"the seals": {
			crime:  `DELETE FROM journal.seal WHERE community_id = '%[1]s'`,
			verify: func(*sealed) []string { return []string{"tiles of the sealed tree cover more"} },
			keeper: func(*sealed) []string { return []string{"a checkpoint was signed here"} },
		},
		"a leaf's hash": {
			crime:  `UPDATE journal.tile SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE community_id = '%[1]s' AND level = 0 AND idx = 1`,
			verify: func(*sealed) []string { return []string{"position 18: the event is not the one that was sealed"} },
		},
		"an inner hash": {
			crime:  `UPDATE journal.tile SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE community_id = '%[1]s' AND level = 4`,
			verify: func(*sealed) []string { return []string{"positions 1 to 256: hashes of the sealed tree were changed"} },
		},
		"some hashes": {
			crime:  `DELETE FROM journal.tile WHERE community_id = '%[1]s' AND level = 0 AND idx = 2`,
			verify: func(*sealed) []string { return []string{"positions 33 to 48: hashes of the sealed tree are missing"} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.sealed(t)
			s.breaks(t, fmt.Sprintf(story.crime+` -- %[4]s %[5]s`, s.id, s.at, s.gift, s.paul.account, s.eloise.account))
			// The notary goes on, if it can.
			if err := s.Seal(s.ctx, s.id); err != nil && story.verify == nil {
				t.Fatal(err)
			}
			found := s.verify(t)
			tells(t, "verify", found.Differences, story.verify, s)
			_, found, err := s.VerifyAgainst(s.ctx, s.checkpoint, nil)
			if err != nil {
				t.Fatal(err)
			}
			tells(t, "the checkpoint", found.Differences, story.verify, s)
			tells(t, "the checkpoint", found.Differences, story.keeper, s)
			if story.verify == nil && story.keeper == nil {
				t.Error("nobody tells")
			}
		})
	}
}

// tells fails unless somebody says all that is expected.
func tells(t *testing.T, who string, said []string, want func(*sealed) []string, s *sealed) {
	t.Helper()
	if want == nil {
		return
	}
	for _, words := range want(s) {
		if !slices.ContainsFunc(said, func(d string) bool { return strings.Contains(d, words) }) {
			t.Errorf("%s does not say %q: %q", who, words, said)
		}
	}
}
