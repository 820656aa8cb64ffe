// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/hora-coop/hora/internal/blob"
	"github.com/hora-coop/hora/internal/password"
	"github.com/hora-coop/hora/jobs"
	"github.com/hora-coop/hora/persistence/pgtest"
)

// program is the App that people run, on a database of its own, behind a real
// HTTP server, with its jobs running and its clock to be moved.
type program struct {
	t        *testing.T
	app      *App
	address  string        // http://…
	owner    *pgxpool.Pool // the database's owner: sees every tenant
	folder   string        // where pictures are kept
	settled  atomic.Bool   // everybody was told of all that happened
	renewing sync.Mutex    // one app renews its session at a time, whoever does something for its person
}

// running bounds how many programs run at once: they share one PostgreSQL, and
// each may take sixteen of its hundred connections.
var running = make(chan struct{}, 4)

func init() { passwordCost = password.Cost{MemoryKiB: 64, Passes: 1, Threads: 1} }

// boot starts the program; wrap puts something in front of its handler.
func boot(t *testing.T, wrap ...func(http.Handler) http.Handler) *program {
	t.Helper()
	return bootWith(t, edgeConfig{}, wrap...)
}

// bootWith starts the program with settings of the edge.
func bootWith(t *testing.T, edge edgeConfig, wrap ...func(http.Handler) http.Handler) *program {
	t.Helper()
	complaints := &complaints{}
	t.Cleanup(func() { // once it has stopped
		if said := complaints.String(); said != "" {
			t.Errorf("the program found itself at fault:\n%s", said)
		}
	})
	return bootLogging(t, edge, slog.NewTextHandler(complaints, &slog.HandlerOptions{Level: slog.LevelError}), wrap...)
}

// bootLogging starts the program with a log of the test's own.
func bootLogging(t *testing.T, edge edgeConfig, log slog.Handler, wrap ...func(http.Handler) http.Handler) *program {
	t.Helper()
	running <- struct{}{}
	t.Cleanup(func() { <-running })
	url := pgtest.URL(t)
	folder := t.TempDir()
	cfg := serverConfig{Listen: "localhost:0", Dev: true, Jobs: true, MediaURL: blob.Address(folder), edgeConfig: edge}
	app, err := Open(t.Context(), cfg, url, slog.New(log), &clock{})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	few, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	few.MaxConns = 2
	owner, err := pgxpool.NewWithConfig(t.Context(), few)
	if err != nil {
		t.Fatal(err)
	}
	handler := app.Handler
	for _, w := range wrap {
		handler = w(handler)
	}
	front := httptest.NewServer(handler)
	t.Cleanup(func() {
		front.Close()
		last, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := app.jobs.Stop(last); err != nil {
			t.Errorf("the jobs do not stop: %v", err)
		}
		owner.Close()
		app.Close()
	})
	return &program{t: t, app: app, address: front.URL, owner: owner, folder: folder}
}

// bootedAddress is where a freshly booted program answers.
func bootedAddress(t *testing.T) string {
	t.Helper()
	return boot(t).address
}

// complaints keeps the errors that the program logs. No test here makes it fail,
// so whatever it says is a failure of its own.
type complaints struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (c *complaints) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.Write(line)
}

func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

// answer is what a GraphQL request got.
type answer struct {
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
	Extensions struct {
		Replayed []string `json:"replayed"`
	} `json:"extensions"`
	raw string
}

// gql sends a document as an app would; headers come in pairs of name and value.
func (p *program) gql(token, document string, variables any, headers ...string) answer {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	status, raw := p.http(http.MethodPost, "/graphql", body, append(headers, "Content-Type", "application/json")...)
	a := answer{raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		p.t.Fatalf("%s: HTTP %d, %v: %s", document, status, err, raw)
	}
	return a
}

// http sends a request and reads the whole answer.
func (p *program) http(method, path string, body []byte, headers ...string) (int, []byte) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.address+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, read
}

// advance moves the program's clock; it returns when all that became due is
// done and told.
func (p *program) advance(by time.Duration) {
	p.t.Helper()
	status, said := p.http(http.MethodPost, "/dev/clock", fmt.Appendf(nil, `{"advance":%q}`, by))
	if status != http.StatusOK {
		p.t.Fatalf("the clock does not move by %s: %s", by, said)
	}
	p.settled.Store(true)
}

// now is the program's moment.
func (p *program) now() time.Time {
	p.t.Helper()
	_, said := p.http(http.MethodGet, "/dev/clock", nil)
	var clock struct{ Now time.Time }
	if err := json.Unmarshal(said, &clock); err != nil {
		p.t.Fatal(err)
	}
	return clock.Now
}

// letter is one that would have been sent.
type letter struct{ To, Subject, Text string }

// letters are all of one kind to one address, newest first: those whose subject
// holds some words.
func (p *program) letters(to, about string) []letter {
	p.t.Helper()
	p.advance(time.Nanosecond) // which waits for letters too
	_, said := p.http(http.MethodGet, "/dev/mail", nil, "Accept", "application/json")
	var all []letter
	if err := json.Unmarshal(said, &all); err != nil {
		p.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(l letter) bool { return l.To != to || !strings.Contains(l.Subject, about) })
}

// settle waits until the relay has told of all that happened, and what follows
// from it is done; letters may still be on their way.
func (p *program) settle() {
	p.t.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for tries := 0; !p.settled.Load(); tries++ {
		if tries == 30_000 { // a minute: two cores may have much else to do
			p.t.Fatalf("something is never told or done: %s", ask[string](p, `
				SELECT coalesce(string_agg(what, ', '), 'nothing any more') FROM (
				    SELECT format('%s events of %s', h.pos - coalesce(c.pos, 0), h.community_id) AS what
				      FROM journal.head h LEFT JOIN journal.cursor c ON c.community_id = h.community_id AND c.reader = $1 WHERE h.pos > coalesce(c.pos, 0)
				    UNION ALL
				    SELECT format('%s %s %s %s', count(*), state, kind, max(errors::text)) FROM river.river_job
				     WHERE queue = 'default' AND state NOT IN ('completed', 'cancelled') GROUP BY state, kind) waits`, jobs.Reader))
		}
		p.settled.Store(ask[bool](p, `
			SELECT NOT EXISTS (SELECT FROM journal.head h LEFT JOIN journal.cursor c ON c.community_id = h.community_id AND c.reader = $1
			                    WHERE h.pos > coalesce(c.pos, 0))
			   AND NOT EXISTS (SELECT FROM river.river_job
			                    WHERE queue = 'default' AND kind <> 'letter' AND state IN ('available', 'pending', 'running', 'scheduled'))`, jobs.Reader))
		if !p.settled.Load() {
			<-again.C
		}
	}
}

// ask is the one value that a statement of the database's owner finds.
func ask[T any](p *program, sql string, args ...any) T {
	p.t.Helper()
	found, err := p.owner.Query(p.t.Context(), sql, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	value, err := pgx.CollectExactlyOneRow(found, pgx.RowTo[T])
	if err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// whatIsKept lists the tables of the product. Left out is what moves by itself
// or without anybody's hours: throttling, sessions, jobs, seals and the readers' cursors.
const whatIsKept = `
SELECT format('SELECT %L AS name, count(*) || '' rows '' || coalesce(md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text))), '''') AS content FROM %s t',
              c.oid::regclass, c.oid::regclass)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname IN ('public', 'journal', 'ledger')
   AND c.relname NOT IN ('throttle', 'card', 'session', 'sign_in_link', 'ceremony', 'webhook_delivery', 'refresh_token', 'signing_key', 'cursor', 'seal', 'tile', 'job_period', 'field_usage', 'goose_db_version')`

// snapshot is the content of every table, by name.
func (p *program) snapshot() map[string]string {
	p.t.Helper()
	found, err := p.owner.Query(p.t.Context(), whatIsKept)
	if err != nil {
		p.t.Fatal(err)
	}
	parts, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		p.t.Fatal(err)
	}
	found, err = p.owner.Query(p.t.Context(), strings.Join(parts, " UNION ALL "))
	if err != nil {
		p.t.Fatal(err)
	}
	tables := map[string]string{}
	var name, content string
	if _, err := pgx.ForEachRow(found, []any{&name, &content}, func() error {
		tables[name] = content
		return nil
	}); err != nil {
		p.t.Fatal(err)
	}
	return tables
}

// unchanged does something after which everything must be as it was before: the
// journal's head, every table's rows, and what stands in them.
func (p *program) unchanged(what string, do func()) {
	p.t.Helper()
	p.settle()
	before := p.snapshot()
	do()
	if after := p.snapshot(); !maps.Equal(before, after) {
		p.t.Errorf("%s: something changed (− before, + after):\n%s", what, cmp.Diff(before, after))
	}
	p.settled.Store(true) // nothing happened, so there is nothing to tell
}

// same compares what is with what should be.
func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (− wanted, + got):\n%s", what, diff)
	}
}
