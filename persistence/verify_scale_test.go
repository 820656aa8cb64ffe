// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// ages gives a village many gifts among its accounts, two entries each, as if
// posted one by one: by COPY, which only a superuser may.
func (v *village) ages(t *testing.T, gifts int) {
	t.Helper()
	const atOnce = 20_000
	ids := v.opens(t, 200, ledger.Limits{})
	balances, seqs := make([]int64, len(ids)), make([]int64, len(ids))
	var pos int64
	var hash []byte
	if err := v.root.QueryRow(v.ctx, `SELECT pos, hash FROM journal.head WHERE community_id = $1`, v.id).Scan(&pos, &hash); err != nil {
		t.Fatal(err)
	}
	at := v.clock.Now().UTC().Truncate(time.Microsecond)
	for done := 0; done < gifts; {
		var events, postings, transfers, entries [][]any
		for ; done < gifts && len(events) < atOnce; done++ {
			from, to := done%len(ids), (done*7+1)%len(ids)
			if from == to {
				to = (to + 1) % len(ids)
			}
			minutes := int64(1 + done%90)
			gift := leg(domain.Minutes(minutes), ids[from], ids[to])
			event, posting := domain.NewID(), domain.NewID()
			body, err := json.Marshal(map[string]any{
				"id": event, "kind": ledger.HoursGiven, "actor": v.eloise.Person, "subject": gift.ID,
				"payload": ledger.PostedLegs{Posting: posting, Legs: []ledger.Leg{{ID: gift.ID, Kind: gift.Kind, Minutes: gift.Minutes, Debit: gift.Debit, Credit: gift.Credit}}},
			})
			if err != nil {
				t.Fatal(err)
			}
			pos++
			digest := sha256.Sum256(body)
			link := binary.BigEndian.AppendUint64(bytes.Clone(hash), uint64(pos))
			link = binary.BigEndian.AppendUint64(link, uint64(at.UnixMicro()))
			sum := sha256.Sum256(append(link, digest[:]...))
			hash = sum[:]
			events = append(events, []any{v.id, pos, event, string(ledger.HoursGiven), v.eloise.Person, gift.ID, at, body, digest[:], hash})
			postings = append(postings, []any{v.id, posting, posting.String(), digest[:], pos, at})
			transfers = append(transfers, []any{v.id, gift.ID, posting, "GIFT", minutes, gift.Debit, gift.Credit, at})
			for _, side := range []struct {
				account int
				minutes int64
			}{{from, -minutes}, {to, minutes}} {
				seqs[side.account]++
				balances[side.account] += side.minutes
				entries = append(entries, []any{v.id, ids[side.account], seqs[side.account], gift.ID, side.minutes, balances[side.account], at})
			}
		}
		for _, load := range []struct {
			table   pgx.Identifier
			columns []string
			rows    [][]any
		}{
			{pgx.Identifier{"journal", "event"}, []string{"community_id", "pos", "id", "kind", "actor_id", "subject_id", "at", "body", "digest", "hash"}, events},
			{pgx.Identifier{"ledger", "posting"}, []string{"community_id", "id", "key", "fingerprint", "pos", "at"}, postings},
			{pgx.Identifier{"ledger", "transfer"}, []string{"community_id", "id", "posting_id", "kind", "minutes", "debit_id", "credit_id", "at"}, transfers},
			{pgx.Identifier{"ledger", "entry"}, []string{"community_id", "account_id", "seq", "transfer_id", "minutes", "balance_after", "at"}, entries},
		} {
			if _, err := v.root.CopyFrom(v.ctx, load.table, load.columns, pgx.CopyFromRows(load.rows)); err != nil {
				t.Fatal(err)
			}
		}
	}
	v.breaks(t, `UPDATE journal.head SET pos = $2, hash = $3 WHERE community_id = $1`, v.id, pos, hash)
	for i, id := range ids {
		v.breaks(t, `UPDATE ledger.account SET balance = $2, seq = $3 WHERE id = $1`, id, balances[i], seqs[i])
	}
}

// TestVerifyNeedsNoMoreMemoryForMoreEntries looks at the memory of PostgreSQL's
// process that is its own while 40,000 entries are verified. HORA_VERIFY_ENTRIES=3000000
// makes them as many, and looks at the program's heap too: run it alone.
func TestVerifyNeedsNoMoreMemoryForMoreEntries(t *testing.T) {
	entries, alone := 40_000, false
	if n, err := strconv.Atoi(os.Getenv("HORA_VERIFY_ENTRIES")); err == nil && n > 0 {
		entries, alone = n, true
	}
	v := aCountry(t).village(t)
	begun := time.Now()
	v.ages(t, entries/2)
	made := time.Since(begun)
	v.seals(t, v.office(v.db))
	sealed := time.Since(begun) - made
	v.breaks(t, `ANALYZE`)

	var found ledger.Verification
	var heap, backend atomic.Uint64
	var calls, last, of int64
	runtime.GC() // what making them left behind
	begun = time.Now()
	err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) (err error) {
		stop := make(chan struct{})
		defer close(stop)
		go weigh(persistence.PgxTx(ctx).Conn().PgConn().PID(), stop, &heap, &backend)
		found, err = persistence.SealStore{}.Verify(ctx, v.id, func(done, all int64) { calls, last, of = calls+1, done, all })
		return err
	})
	if err != nil || len(found.Differences) > 0 || found.Entries < int64(entries) {
		t.Fatalf("%d entries: %v, %q", found.Entries, err, found.Differences)
	}
	if calls < 10 || last != of {
		t.Errorf("told %d times, at last %d of %d", calls, last, of)
	}
	t.Logf("%d entries, %d events: made in %v, sealed in %v, verified in %v; the program's heap was at most %d MiB, PostgreSQL's own memory %d MiB",
		found.Entries, found.Events, made.Round(time.Millisecond), sealed.Round(time.Millisecond), time.Since(begun).Round(time.Millisecond),
		heap.Load()>>20, backend.Load()>>20)
	if (alone && heap.Load() > 64<<20) || backend.Load() > 128<<20 {
		t.Errorf("too much memory")
	}
}

var ownMemory = regexp.MustCompile(`RssAnon:\s+(\d+) kB`)

// weigh notes the most that the program's heap and a process of PostgreSQL's had.
func weigh(pid uint32, stop <-chan struct{}, heap, backend *atomic.Uint64) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap.Store(max(heap.Load(), m.HeapInuse))
		status, _ := os.ReadFile("/proc/" + strconv.FormatUint(uint64(pid), 10) + "/status") // of Linux; elsewhere nothing
		if said := ownMemory.FindSubmatch(status); said != nil {
			kilobytes, _ := strconv.ParseUint(string(said[1]), 10, 64)
			backend.Store(max(backend.Load(), kilobytes<<10))
		}
	}
}
