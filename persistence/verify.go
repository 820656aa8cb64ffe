// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// bookChecks are queries that must return no row; a row says what differs. They
// hold whatever the journal tells; legsCheck compares the two.
var bookChecks = []string{
	// Every account has what its kind needs.
	`SELECT format('account %s: not as a %s should be', id, kind)
	   FROM ledger.account
	  WHERE community_id = $1
	    AND ((kind = 'MEMBER' AND owner_id IS NULL) OR (kind = 'POOL') <> (purpose IS NOT NULL)
	      OR (kind = 'MIRROR') <> (partner_id IS NOT NULL) OR (cap IS NOT NULL AND kind <> 'MIRROR'))`,
	// Running balances follow, positions are gapless, and each entry is one side of
	// its transfer, at its moment; the position of its event is told with it.
	`SELECT format('account %s, entry %s, position %s: %s minutes make %s, but %s', e.account_id, e.seq, coalesce(p.pos::text, 'unknown'), e.minutes, e.balance_after,
	               concat_ws(' and ',
	                 CASE WHEN e.seq <> e.last + 1 THEN format('entry %s was expected', e.last + 1) END,
	                 CASE WHEN e.balance_after <> e.before + e.minutes THEN format('the balance before was %s', e.before) END,
	                 CASE WHEN e.minutes IS DISTINCT FROM t.moved THEN format('its transfer moved %s here', coalesce(t.moved, 0)) END,
	                 CASE WHEN e.at <> t.at THEN 'its transfer is of another moment' END))
	   FROM (SELECT *, coalesce(lag(balance_after) OVER w, 0) AS before, coalesce(lag(seq) OVER w, 0) AS last
	           FROM ledger.entry WHERE community_id = $1
	         WINDOW w AS (PARTITION BY account_id ORDER BY seq)) e
	   LEFT JOIN (SELECT id, posting_id, at, debit_id AS account_id, -minutes AS moved FROM ledger.transfer WHERE community_id = $1
	              UNION ALL
	              SELECT id, posting_id, at, credit_id, minutes FROM ledger.transfer WHERE community_id = $1) t
	          ON t.id = e.transfer_id AND t.account_id = e.account_id
	   LEFT JOIN (SELECT id, pos FROM ledger.posting WHERE community_id = $1) p ON p.id = t.posting_id
	  WHERE e.balance_after <> e.before + e.minutes OR e.seq <> e.last + 1 OR e.minutes IS DISTINCT FROM t.moved OR e.at <> t.at`,
	// The account agrees with its last entry, and is there.
	`SELECT format('account %s: balance %s, its entries say %s', coalesce(a.id, e.account_id), coalesce(a.balance::text, 'gone'), coalesce(e.balance_after, 0))
	   FROM (SELECT id, balance, seq FROM ledger.account WHERE community_id = $1) a
	   FULL JOIN (SELECT DISTINCT ON (account_id) account_id, balance_after, count(*) OVER (PARTITION BY account_id) AS lines
	                FROM ledger.entry WHERE community_id = $1 ORDER BY account_id, seq DESC) e ON e.account_id = a.id
	  WHERE a.balance IS DISTINCT FROM coalesce(e.balance_after, 0) OR a.seq IS DISTINCT FROM coalesce(e.lines, 0)`,
	// A transfer is two entries, equal and opposite, on its two accounts.
	`SELECT format('transfer %s: its entries do not mirror it', coalesce(t.id, e.transfer_id))
	   FROM (SELECT * FROM ledger.transfer WHERE community_id = $1) t
	   FULL JOIN (SELECT transfer_id, array_agg((account_id, minutes) ORDER BY minutes) AS sides
	                FROM ledger.entry WHERE community_id = $1 GROUP BY transfer_id) e ON e.transfer_id = t.id
	  WHERE e.sides IS DISTINCT FROM ARRAY[(t.debit_id, -t.minutes), (t.credit_id, t.minutes)]`,
	// A reversal is the equal and opposite of the transfer that it names.
	`SELECT format('transfer %s: it does not undo %s, which it names', r.id, r.reverses_id)
	   FROM ledger.transfer r
	   JOIN ledger.transfer t ON t.community_id = r.community_id AND t.id = r.reverses_id
	  WHERE r.community_id = $1 AND (r.minutes, r.debit_id, r.credit_id) IS DISTINCT FROM (t.minutes, t.credit_id, t.debit_id)`,
	// What is held is what open holds promise.
	`SELECT format('account %s: %s held, open holds promise %s', a.id, a.held, coalesce(h.minutes, 0))
	   FROM ledger.account a
	   LEFT JOIN (SELECT account_id, sum(minutes) AS minutes FROM ledger.hold
	               WHERE community_id = $1 AND state = 'OPEN' GROUP BY account_id) h ON h.account_id = a.id
	  WHERE a.community_id = $1 AND a.held <> coalesce(h.minutes, 0)`,
	// Every confirmed exchange was posted, every posted one is confirmed.
	`SELECT format('exchange %s: %s, settled %s, posted %s', coalesce(x.id, t.exchange_id), x.state, x.settled, t.minutes)
	   FROM (SELECT id, state, settled FROM exchange WHERE community_id = $1 AND state = 'CONFIRMED') x
	   FULL JOIN (SELECT exchange_id, minutes FROM ledger.transfer WHERE community_id = $1 AND kind = 'EXCHANGE') t
	     ON t.exchange_id = x.id
	  WHERE x.id IS NULL OR t.exchange_id IS NULL OR x.settled <> t.minutes`,
	// A promise stands only for an exchange that still needs it.
	`SELECT format('hold %s: open for exchange %s, which is %s', h.id, h.exchange_id, x.state)
	   FROM ledger.hold h
	   JOIN exchange x ON x.community_id = h.community_id AND x.id = h.exchange_id
	  WHERE h.community_id = $1 AND h.state = 'OPEN' AND x.state IN ('CONFIRMED', 'DECLINED', 'CANCELLED', 'EXPIRED')`,
}

// legsCheck: the journal tells exactly the legs that were posted.
const legsCheck = `
SELECT format('posting %s, position %s: the journal tells other legs', coalesce(p.id, t.posting_id), p.pos)
  FROM (SELECT id, pos FROM ledger.posting WHERE community_id = $1) p
  LEFT JOIN journal.event e ON e.community_id = $1 AND e.pos = p.pos
  FULL JOIN (SELECT posting_id, jsonb_agg(jsonb_build_object(
                      'id', id, 'kind', kind, 'minutes', minutes, 'debit', debit_id, 'credit', credit_id) ORDER BY id::text) AS legs
               FROM ledger.transfer WHERE community_id = $1 GROUP BY posting_id) t ON t.posting_id = p.id
 WHERE t.legs IS DISTINCT FROM
       (SELECT jsonb_agg(leg ORDER BY leg ->> 'id')
          FROM jsonb_array_elements(convert_from(e.body, 'UTF8')::jsonb -> 'payload' -> 'legs') leg)`

// Verify implements ledger.Store.
func (LedgerStore) Verify(ctx context.Context, community domain.ID) (ledger.Verification, error) {
	return verifyBooks(ctx, community)
}

// verifyBooks recomputes a community's books, and what was sealed of them,
// against checkpoints signed before. It reads one snapshot, whatever is posted
// meanwhile.
func verifyBooks(ctx context.Context, community domain.ID, signed ...ledger.Checkpoint) (ledger.Verification, error) {
	var v ledger.Verification
	if _, err := query(ctx).Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0`); err != nil {
		return v, err
	}
	err := query(ctx).QueryRow(ctx, `
		SELECT (SELECT count(*) FROM ledger.account WHERE community_id = $1),
		       (SELECT coalesce(sum(balance), 0)::bigint FROM ledger.account WHERE community_id = $1),
		       (SELECT count(*) FROM ledger.transfer WHERE community_id = $1),
		       (SELECT count(*) FROM ledger.entry WHERE community_id = $1)`, community).
		Scan(&v.Accounts, &v.Sum, &v.Transfers, &v.Entries)
	if err != nil {
		return v, err
	}
	var broken []string
	if v.Events, broken, err = verifyJournal(ctx, community); err != nil {
		return v, err
	}
	checks := slices.Concat(bookChecks, pairChecks)
	if len(broken) == 0 { // what a broken journal tells proves nothing, and may not even be legible
		checks = append(slices.Clone(checks), legsCheck)
	}
	if v.Sum != 0 {
		v.Differences = append(v.Differences, fmt.Sprintf("the balances sum to %d minutes, not 0", v.Sum))
	}
	for _, check := range checks {
		found, err := query(ctx).Query(ctx, check, community)
		if err != nil {
			return v, err
		}
		lines, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			return v, err
		}
		v.Differences = append(v.Differences, lines...)
	}
	v.Differences = append(v.Differences, broken...)
	if broken, err = verifySeals(ctx, community, signed...); err != nil {
		return v, err
	}
	v.Differences = append(v.Differences, broken...)
	return v, nil
}

// verifyJournal walks a community's events from the first and recomputes each
// digest and hash, as journal.append made them.
func verifyJournal(ctx context.Context, community domain.ID) (seen int64, broken []string, err error) {
	events, err := query(ctx).Query(ctx, `
		SELECT pos, at, body, digest, hash, id, kind, actor_id, subject_id
		  FROM journal.event
		 WHERE community_id = $1
		 ORDER BY pos`, community)
	if err != nil {
		return 0, nil, err
	}
	defer events.Close()
	var hash []byte
	for events.Next() {
		var pos int64
		var at time.Time
		var body, digest, stored []byte
		var e recorded
		if err := events.Scan(&pos, &at, &body, &digest, &stored, &e.ID, &e.Kind, &e.Actor, &e.Subject); err != nil {
			return seen, broken, err
		}
		seen++
		if pos != seen {
			return seen, append(broken, fmt.Sprintf("position %d: the event is missing, %d comes next", seen, pos)), nil // everything after would differ too
		}
		sum := sha256.Sum256(body)
		if !bytes.Equal(sum[:], digest) || !tells(body, e) {
			broken = append(broken, fmt.Sprintf("position %d: the event was changed after it was recorded", pos))
		}
		hash = chain(hash, pos, at, digest)
		if !bytes.Equal(hash, stored) {
			return seen, append(broken, fmt.Sprintf("position %d: the chain is broken", pos)), nil
		}
	}
	if err := events.Err(); err != nil {
		return seen, broken, err
	}
	var pos int64
	var head []byte
	err = query(ctx).QueryRow(ctx, `SELECT pos, hash FROM journal.head WHERE community_id = $1`, community).Scan(&pos, &head)
	if err == nil && (pos != seen || !bytes.Equal(head, hash)) {
		broken = append(broken, fmt.Sprintf("the head says position %d, the journal ends at %d", pos, seen))
	}
	return seen, broken, err
}

// recorded is what the journal's columns say of an event beside its body.
type recorded struct {
	ID      domain.ID
	Kind    string
	Actor   domain.ID
	Subject domain.ID
}

// tells says whether an event's canonical bytes are those of the columns, which
// are what is read.
func tells(body []byte, columns recorded) bool {
	var told recorded
	return json.Unmarshal(body, &told) == nil && told == columns
}

func chain(previous []byte, pos int64, at time.Time, digest []byte) []byte {
	link := append([]byte{}, previous...)
	link = binary.BigEndian.AppendUint64(link, uint64(pos))
	link = binary.BigEndian.AppendUint64(link, uint64(at.UnixMicro()))
	sum := sha256.Sum256(append(link, digest...))
	return sum[:]
}
