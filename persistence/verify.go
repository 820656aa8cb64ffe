// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// bookChecks are queries that must return no row; a row says what differs.
var bookChecks = []string{
	// Running balances follow, positions are gapless.
	`SELECT format('account %s, entry %s: balance %s does not follow', account_id, seq, balance_after)
	   FROM (SELECT account_id, seq, balance_after, minutes,
	                coalesce(lag(balance_after) OVER w, 0) AS before, coalesce(lag(seq) OVER w, 0) AS last
	           FROM ledger.entry WHERE community_id = $1
	         WINDOW w AS (PARTITION BY account_id ORDER BY seq)) e
	  WHERE balance_after <> before + minutes OR seq <> last + 1`,
	// The account agrees with its last entry.
	`SELECT format('account %s: balance %s, its entries say %s', a.id, a.balance, coalesce(e.balance_after, 0))
	   FROM ledger.account a
	   LEFT JOIN ledger.entry e ON e.community_id = a.community_id AND e.account_id = a.id AND e.seq = a.seq
	  WHERE a.community_id = $1
	    AND (a.balance <> coalesce(e.balance_after, 0)
	         OR a.seq <> (SELECT count(*) FROM ledger.entry n WHERE n.community_id = a.community_id AND n.account_id = a.id))`,
	// A transfer is two entries, equal and opposite, on its two accounts.
	`SELECT format('transfer %s: its entries do not mirror it', t.id)
	   FROM ledger.transfer t
	  WHERE t.community_id = $1
	    AND (SELECT array_agg((e.account_id, e.minutes) ORDER BY e.minutes)
	           FROM ledger.entry e WHERE e.community_id = t.community_id AND e.transfer_id = t.id)
	        IS DISTINCT FROM ARRAY[(t.debit_id, -t.minutes), (t.credit_id, t.minutes)]`,
	// What is held is what open holds promise.
	`SELECT format('account %s: %s held, open holds promise %s', a.id, a.held, coalesce(h.minutes, 0))
	   FROM ledger.account a
	   LEFT JOIN (SELECT account_id, sum(minutes) AS minutes FROM ledger.hold
	               WHERE community_id = $1 AND state = 'OPEN' GROUP BY account_id) h ON h.account_id = a.id
	  WHERE a.community_id = $1 AND a.held <> coalesce(h.minutes, 0)`,
	// The journal tells exactly the legs that were posted.
	`SELECT format('posting %s, position %s: the journal tells other legs', p.id, p.pos)
	   FROM ledger.posting p
	   LEFT JOIN journal.event e ON e.community_id = p.community_id AND e.pos = p.pos
	  WHERE p.community_id = $1
	    AND (SELECT jsonb_agg(leg ORDER BY leg ->> 'id')
	           FROM jsonb_array_elements(convert_from(e.body, 'UTF8')::jsonb -> 'payload' -> 'legs') leg)
	        IS DISTINCT FROM
	        (SELECT jsonb_agg(jsonb_build_object('id', t.id, 'kind', t.kind, 'minutes', t.minutes, 'debit', t.debit_id, 'credit', t.credit_id) ORDER BY t.id::text)
	           FROM ledger.transfer t WHERE t.community_id = p.community_id AND t.posting_id = p.id)`,
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

// Verify implements ledger.Store. It reads one snapshot, whatever is posted meanwhile.
func (LedgerStore) Verify(ctx context.Context, community domain.ID) (ledger.Verification, error) {
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
	if v.Sum != 0 {
		v.Differences = append(v.Differences, fmt.Sprintf("the balances sum to %d minutes, not 0", v.Sum))
	}
	for _, check := range bookChecks {
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
	return v, verifyChain(ctx, community, &v)
}

// verifyChain walks the journal from its beginning and recomputes each digest
// and hash, as journal.append made them.
func verifyChain(ctx context.Context, community domain.ID, v *ledger.Verification) error {
	events, err := query(ctx).Query(ctx, `
		SELECT pos, at, body, digest, hash
		  FROM journal.event
		 WHERE community_id = $1
		 ORDER BY pos`, community)
	if err != nil {
		return err
	}
	defer events.Close()
	var hash []byte
	for events.Next() {
		var pos int64
		var at time.Time
		var body, digest, stored []byte
		if err := events.Scan(&pos, &at, &body, &digest, &stored); err != nil {
			return err
		}
		v.Events++
		if pos != v.Events {
			v.Differences = append(v.Differences, fmt.Sprintf("position %d: %d was expected", pos, v.Events))
			return nil // everything after would differ too
		}
		sum := sha256.Sum256(body)
		if !bytes.Equal(sum[:], digest) {
			v.Differences = append(v.Differences, fmt.Sprintf("position %d: the event was changed after it was recorded", pos))
		}
		hash = chain(hash, pos, at, digest)
		if !bytes.Equal(hash, stored) {
			v.Differences = append(v.Differences, fmt.Sprintf("position %d: the chain is broken", pos))
			return nil
		}
	}
	if err := events.Err(); err != nil {
		return err
	}
	var pos int64
	var head []byte
	err = query(ctx).QueryRow(ctx, `SELECT pos, hash FROM journal.head WHERE community_id = $1`, community).Scan(&pos, &head)
	if err == nil && (pos != v.Events || !bytes.Equal(head, hash)) {
		v.Differences = append(v.Differences, fmt.Sprintf("the head says position %d, the journal ends at %d", pos, v.Events))
	}
	return err
}

func chain(previous []byte, pos int64, at time.Time, digest []byte) []byte {
	link := append([]byte{}, previous...)
	link = binary.BigEndian.AppendUint64(link, uint64(pos))
	link = binary.BigEndian.AppendUint64(link, uint64(at.UnixMicro()))
	sum := sha256.Sum256(append(link, digest...))
	return sum[:]
}
