// SPDX-License-Identifier: AGPL-3.0-or-later

package telemetry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// scrape reads the figures as Prometheus would.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wants(t *testing.T, m *Metrics, lines ...string) {
	t.Helper()
	got := scrape(t, m)
	for _, line := range lines {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

func TestOperationsAndJobs(t *testing.T) {
	m := NewMetrics()
	ctx, done := m.Operation(t.Context(), "mutation")
	Tracer{}.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: "SELECT 1"})
	Tracer{}.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: "SELECT 2"})
	done(Refused)
	_, done = m.Operation(t.Context(), "{ a name that a stranger chose }")
	done(Failed)
	ran := m.Job("expire_listings")
	m.JobProgress("expire_listings", .25)
	wants(t, m, `hora_job_progress_ratio{job="expire_listings"} 0.25`)
	ran(OK)
	wants(
		t, m,
		`hora_graphql_operation_seconds_count{kind="mutation",outcome="refused"} 1`,
		`hora_graphql_operation_seconds_count{kind="unknown",outcome="failed"} 1`,
		`hora_graphql_operation_statements_sum{kind="mutation"} 2`,
		`hora_job_seconds_count{job="expire_listings",outcome="ok"} 1`,
	)
	if strings.Contains(scrape(t, m), "hora_job_progress_ratio{") {
		t.Error("a job that has run is shown as if it ran")
	}
	if strings.Contains(scrape(t, m), "stranger") {
		t.Error("a stranger's words became a label")
	}
}

func TestHTTP(t *testing.T) {
	m := NewMetrics()
	var served sync.WaitGroup // an answer arrives before it is counted
	counted := m.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Errorf("a WebSocket could not begin: %v", err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			_ = conn.Close()
			return
		}
		w.WriteHeader(http.StatusTeapot)
		_ = http.NewResponseController(w).Flush()
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		defer served.Done()
		counted.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, header := range []http.Header{{}, {"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}} {
		r, err := http.NewRequestWithContext(t.Context(), "BREW", server.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	served.Wait()
	wants(
		t, m,
		`hora_http_request_seconds_count{code="418",method="unknown"} 1`,
		`hora_http_requests_in_flight 0`,
	)
	if got := scrape(t, m); strings.Contains(strings.ToUpper(got), "BREW") || strings.Contains(got, `code="101"`) {
		t.Error("a stranger's method became a label, or a WebSocket was timed")
	}
}

func TestWatches(t *testing.T) {
	m := NewMetrics()
	config, err := pgxpool.ParseConfig("postgres://nobody@127.0.0.1:1/none?pool_max_conns=7")
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config) // connects to nothing until asked
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	m.WatchPool(pool.Stat)
	m.WatchRelay(func() time.Duration { return 1500 * time.Millisecond })
	wants(
		t, m,
		`hora_db_connections{state="max"} 7`,
		`hora_db_connections{state="used"} 0`,
		`hora_db_wait_seconds_total 0`,
		`hora_journal_relay_lag_seconds 1.5`,
	)
}

func TestHandlerServesNothingElse(t *testing.T) {
	for method, path := range map[string]string{"GET": "/", "POST": "/metrics"} {
		w := httptest.NewRecorder()
		NewMetrics().Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		if w.Code == http.StatusOK {
			t.Errorf("%s %s was served", method, path)
		}
	}
}
