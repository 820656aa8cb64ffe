// SPDX-License-Identifier: AGPL-3.0-or-later

package telemetry

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Outcome says how something ended.
type Outcome string

// The outcomes. Only Failed is a reason to wake somebody up.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused" // the person or the app has something to change
	Failed  Outcome = "failed"  // our fault
)

// Metrics holds Hora's figures. Labels take few, known values: never a name or a
// text that a stranger chose, which could fill the memory or tell a secret.
type Metrics struct {
	registry            *prometheus.Registry
	operationSeconds    *prometheus.HistogramVec
	operationStatements *prometheus.HistogramVec
	jobSeconds          *prometheus.HistogramVec
	jobProgress         *prometheus.GaugeVec
	requestSeconds      *prometheus.HistogramVec
	requestsInFlight    prometheus.Gauge
}

// NewMetrics makes the figures, those of Go and of the process among them.
func NewMetrics() *Metrics {
	seconds := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		operationSeconds: histogram("hora_graphql_operation_seconds",
			"GraphQL operations, how long they took and how they ended.", seconds, "kind", "outcome"),
		operationStatements: histogram("hora_graphql_operation_statements",
			"SQL statements that GraphQL operations took.", []float64{0, 1, 2, 3, 5, 8, 13, 21, 34, 55}, "kind"),
		jobSeconds: histogram("hora_job_seconds",
			"Background jobs, how long they took and how they ended.", seconds, "job", "outcome"),
		jobProgress: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hora_job_progress_ratio", Help: "Part of a long background job that is done, from 0 to 1, while it runs here.",
		}, []string{"job"}),
		requestSeconds: histogram("hora_http_request_seconds",
			"HTTP requests other than WebSockets, and how long they took.", seconds, "method", "code"),
		requestsInFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hora_http_requests_in_flight", Help: "HTTP requests and WebSockets being served.",
		}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.operationSeconds, m.operationStatements, m.jobSeconds, m.jobProgress, m.requestSeconds, m.requestsInFlight,
	)
	return m
}

// Handler serves the figures at /metrics. It is meant for a port of its own, on
// loopback: they are for those who run the server.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// Operation starts the measure of one GraphQL operation (a query, mutation or
// subscription) and counts the statements done with the context it returns.
func (m *Metrics) Operation(ctx context.Context, kind string) (context.Context, func(Outcome)) {
	if !slices.Contains([]string{"query", "mutation", "subscription"}, kind) {
		kind = "unknown" // a document that cannot be read
	}
	timer := prometheus.NewTimer(nil)
	ctx, statements := CountStatements(ctx)
	return ctx, func(outcome Outcome) {
		m.operationSeconds.WithLabelValues(kind, string(outcome)).Observe(timer.ObserveDuration().Seconds())
		m.operationStatements.WithLabelValues(kind).Observe(float64(statements.Statements()))
	}
}

// Job starts the measure of one background job, by its kind.
func (m *Metrics) Job(kind string) func(Outcome) {
	timer := prometheus.NewTimer(nil)
	return func(outcome Outcome) {
		m.jobSeconds.WithLabelValues(kind, string(outcome)).Observe(timer.ObserveDuration().Seconds())
		m.jobProgress.DeleteLabelValues(kind)
	}
}

// JobProgress shows which part of a background job is done, until it has run.
func (m *Metrics) JobProgress(kind string, done float64) {
	m.jobProgress.WithLabelValues(kind).Set(done)
}

// HTTP measures what a handler serves.
func (m *Metrics) HTTP(next http.Handler) http.Handler {
	timed := promhttp.InstrumentHandlerDuration(m.requestSeconds, next)
	return promhttp.InstrumentHandlerInFlight(m.requestsInFlight, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A WebSocket stays for hours; its length says nothing of how fast we are.
		if r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		timed.ServeHTTP(w, r)
	}))
}

// WatchPool shows the database pool. It is called once.
func (m *Metrics) WatchPool(stat func() *pgxpool.Stat) {
	connections := func(state string, value func(*pgxpool.Stat) int32) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hora_db_connections", Help: "Connections to the database; max is how many there may be.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(value(stat())) })
	}
	waits := func(name, help string, value func(*pgxpool.Stat) float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return value(stat()) })
	}
	m.registry.MustRegister(
		connections("used", (*pgxpool.Stat).AcquiredConns),
		connections("idle", (*pgxpool.Stat).IdleConns),
		connections("max", (*pgxpool.Stat).MaxConns),
		waits("hora_db_waits_total", "Times that a connection had to be waited for.",
			func(s *pgxpool.Stat) float64 { return float64(s.EmptyAcquireCount()) }),
		waits("hora_db_wait_seconds_total", "Time spent waiting for a connection.",
			func(s *pgxpool.Stat) float64 { return s.EmptyAcquireWaitTime().Seconds() }),
	)
}

// WatchStreams shows how many connections stay open. It is called once.
func (m *Metrics) WatchStreams(open func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hora_streams", Help: "WebSockets and event streams that are open.",
	}, func() float64 { return float64(open()) }))
}

// WatchRelay shows how old the oldest event is that nothing has been derived
// from yet; zero when there is none. It is called once.
func (m *Metrics) WatchRelay(lag func() time.Duration) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hora_journal_relay_lag_seconds", Help: "Age of the oldest event that waits to be relayed.",
	}, func() float64 { return lag().Seconds() }))
}
