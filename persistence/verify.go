// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	    AND ((kind = 'MEMBER' AND owner_id IS NULL) OR (kind = 'POOL' OR (kind = 'PROJECT' AND purpose = 'SOLIDARITY')) <> (purpose IS NOT NULL)
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
	// A levy goes with what settles an exchange, from who gave, and stays below its cap.
	`SELECT format('transfer %s: a levy of %s minutes that its exchange does not explain', l.id, l.minutes)
	   FROM ledger.transfer l
	  WHERE l.community_id = $1 AND l.kind = 'LEVY' AND l.exchange_id IS NOT NULL
	    AND NOT EXISTS (SELECT FROM ledger.transfer t
	                     WHERE t.community_id = $1 AND t.exchange_id = l.exchange_id AND t.posting_id = l.posting_id
	                       AND t.kind IN ('EXCHANGE', 'CORRECTION') AND t.credit_id = l.debit_id AND l.minutes * 10 <= t.minutes)`,
	// A promise stands only for an exchange that still needs it.
	`SELECT format('hold %s: open for exchange %s, which is %s', h.id, h.exchange_id, x.state)
	   FROM ledger.hold h
	   JOIN exchange x ON x.community_id = h.community_id AND x.id = h.exchange_id
	  WHERE h.community_id = $1 AND h.state = 'OPEN' AND x.state IN ('CONFIRMED', 'DECLINED', 'CANCELLED', 'EXPIRED')`,
}

// legsCheck: the journal tells exactly the legs that were posted.
const legsCheck = `
SELECT format('posting %s, position %s: the journal tells other legs%s', coalesce(p.id, t.posting_id), p.pos,
              (SELECT ' than ' || string_agg(format('account %s, entry %s', n.account_id, n.seq), ' and ' ORDER BY n.minutes)
                 FROM ledger.transfer m
                 JOIN ledger.entry n ON n.community_id = $1 AND n.transfer_id = m.id
                WHERE m.community_id = $1 AND m.posting_id = coalesce(p.id, t.posting_id)))
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
	return verifyBooks(ctx, community, nil)
}

// VerifyWatched is Verify, and tells watch how far it is.
func (LedgerStore) VerifyWatched(ctx context.Context, community domain.ID, watch ledger.Watch) (ledger.Verification, error) {
	return verifyBooks(ctx, community, watch)
}

// LastCheck implements ledger.Store. The job keeps what it found (jobs.verifyBooks).
func (LedgerStore) LastCheck(ctx context.Context, community domain.ID) (*ledger.Check, error) {
	var c ledger.Check
	err := query(ctx).QueryRow(ctx, `
		SELECT done_at, jsonb_array_length(result -> 'differences')
		  FROM job_period
		 WHERE community_id = $1 AND job = 'verify-books'
		 ORDER BY done_at DESC
		 LIMIT 1`, community).Scan(&c.At, &c.Differences)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	c.At = c.At.UTC()
	return &c, err
}

// mostTold bounds what is kept of books that are all wrong, per check.
const mostTold = 1000

// findings are the first of a check's differences, and how many more there were.
type findings struct {
	lines []string
	more  int
}

func (f *findings) tell(format string, args ...any) {
	if len(f.lines) == mostTold {
		f.more++
		return
	}
	f.lines = append(f.lines, fmt.Sprintf(format, args...))
}

func (f *findings) told() []string {
	if f.more > 0 {
		return append(f.lines, fmt.Sprintf("and %d more like these", f.more))
	}
	return f.lines
}

// progress counts the rows that a verification has looked at.
type progress struct {
	watch    ledger.Watch
	done, of int64
}

func (p *progress) add(rows int64) {
	if p.done += rows; p.watch != nil {
		p.watch(p.done, p.of)
	}
}

// verifyBooks recomputes a community's books, and what was sealed of them,
// against checkpoints signed before. It reads one snapshot, whatever is posted
// meanwhile. Events pass through one by one, and the checks sort and join inside
// PostgreSQL, which goes to disk beyond its work_mem: neither needs more memory for
// more entries.
func verifyBooks(ctx context.Context, community domain.ID, watch ledger.Watch, signed ...ledger.Checkpoint) (ledger.Verification, error) {
	var v ledger.Verification
	seen := &progress{watch: watch}
	if _, err := query(ctx).Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = 0`); err != nil {
		return v, err
	}
	var events, sealed int64
	err := query(ctx).QueryRow(ctx, `
		SELECT coalesce((SELECT pos FROM journal.head WHERE community_id = $1), 0),
		       coalesce((SELECT max(size) FROM journal.seal WHERE community_id = $1), 0),
		       (SELECT count(*) FROM ledger.account WHERE community_id = $1),
		       (SELECT coalesce(sum(balance), 0)::bigint FROM ledger.account WHERE community_id = $1),
		       (SELECT count(*) FROM ledger.transfer WHERE community_id = $1),
		       (SELECT count(*) FROM ledger.entry WHERE community_id = $1)`, community).
		Scan(&events, &sealed, &v.Accounts, &v.Sum, &v.Transfers, &v.Entries)
	if err != nil {
		return v, err
	}
	checks := slices.Concat(bookChecks, pairChecks)
	seen.of = events + sealed + int64(1+len(checks))*v.Entries
	var broken []string
	if v.Events, broken, err = verifyJournal(ctx, community, seen); err != nil {
		return v, err
	}
	if len(broken) == 0 { // what a broken journal tells proves nothing, and may not even be legible
		checks = append(slices.Clone(checks), legsCheck)
	}
	if v.Sum != 0 {
		v.Differences = append(v.Differences, fmt.Sprintf("the balances sum to %d minutes, not 0", v.Sum))
	}
	for _, check := range checks {
		lines, err := differences(ctx, check, community)
		if err != nil {
			return v, err
		}
		v.Differences = append(v.Differences, lines...)
		seen.add(v.Entries)
	}
	unsealed, err := verifySeals(ctx, community, seen, signed...)
	if err != nil {
		return v, err
	}
	broken, err = nameEntries(ctx, community, append(broken, unsealed...))
	v.Differences = append(v.Differences, broken...)
	return v, err
}

// nameEntries adds to what is wrong with an event which lines of whose accounts it
// told: people look there. Nothing wrong, nothing read.
func nameEntries(ctx context.Context, community domain.ID, lines []string) ([]string, error) {
	var positions []int64
	for _, line := range lines {
		var pos int64
		if _, err := fmt.Sscanf(line, "position %d: the event", &pos); err == nil {
			positions = append(positions, pos)
		}
	}
	if len(positions) == 0 {
		return lines, nil
	}
	found, err := query(ctx).Query(ctx, `
		SELECT p.pos, string_agg(format('account %s, entry %s', e.account_id, e.seq), ' and ' ORDER BY e.minutes)
		  FROM ledger.posting p
		  JOIN ledger.transfer t ON t.community_id = p.community_id AND t.posting_id = p.id
		  JOIN ledger.entry e ON e.community_id = p.community_id AND e.transfer_id = t.id
		 WHERE p.community_id = $1 AND p.pos = ANY ($2)
		 GROUP BY p.pos`, community, positions)
	if err != nil {
		return lines, err
	}
	var pos int64
	var entries string
	_, err = pgx.ForEachRow(found, []any{&pos, &entries}, func() error {
		about := fmt.Sprintf("position %d: the event", pos)
		for i, line := range lines {
			if strings.HasPrefix(line, about) {
				lines[i] += "; it moved " + entries
			}
		}
		return nil
	})
	return lines, err
}

// differences are what one check finds.
func differences(ctx context.Context, check string, community domain.ID) ([]string, error) {
	found, err := query(ctx).Query(ctx, check, community)
	if err != nil {
		return nil, err
	}
	var all findings
	var line string
	_, err = pgx.ForEachRow(found, []any{&line}, func() error {
		all.tell("%s", line)
		return nil
	})
	return all.told(), err
}

// verifyJournal walks a community's events from the first and recomputes each
// digest and hash, as journal.append made them.
func verifyJournal(ctx context.Context, community domain.ID, looked *progress) (seen int64, broken []string, err error) {
	events, err := query(ctx).Query(ctx, `
		SELECT pos, at, body, digest, hash, id, kind, actor_id, subject_id
		  FROM journal.event
		 WHERE community_id = $1
		 ORDER BY pos`, community)
	if err != nil {
		return 0, nil, err
	}
	defer events.Close()
	var all findings
	var hash []byte
	for events.Next() {
		var pos int64
		var at time.Time
		var body, digest, stored []byte
		var e recorded
		if err := events.Scan(&pos, &at, &body, &digest, &stored, &e.ID, &e.Kind, &e.Actor, &e.Subject); err != nil {
			return seen, nil, err
		}
		seen++
		if seen%verifiedAtOnce == 0 {
			looked.add(verifiedAtOnce)
		}
		if pos != seen {
			all.tell("position %d: the event is missing, %d comes next", seen, pos)
			return seen, all.told(), nil // everything after would differ too
		}
		sum := sha256.Sum256(body)
		if !bytes.Equal(sum[:], digest) || !tells(body, e) {
			all.tell("position %d: the event was changed after it was recorded", pos)
		}
		hash = chain(hash, pos, at, digest)
		if !bytes.Equal(hash, stored) {
			all.tell("position %d: the chain is broken", pos)
			return seen, all.told(), nil
		}
	}
	if err := events.Err(); err != nil {
		return seen, nil, err
	}
	looked.add(seen % verifiedAtOnce)
	var pos int64
	var head []byte
	err = query(ctx).QueryRow(ctx, `SELECT pos, hash FROM journal.head WHERE community_id = $1`, community).Scan(&pos, &head)
	if err == nil && (pos != seen || !bytes.Equal(head, hash)) {
		all.tell("the head says position %d, the journal ends at %d", pos, seen)
	}
	return seen, all.told(), err
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
