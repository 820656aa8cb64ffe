// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/bench"
	"github.com/hora-coop/hora/persistence/pgtest"
)

// Every workload runs, small and short, so that the benchmark can be trusted on
// the day somebody needs it. How fast they are says nothing here.
func TestTheLedgerIsMeasured(t *testing.T) {
	t.Parallel()
	report, err := bench.Ledger(t.Context(), bench.Options{
		DatabaseURL: pgtest.URL(t), Rounds: 2, Slice: 40 * time.Millisecond, Clients: 3,
		Communities: 3, Accounts: 60, Many: 300, Open: openForBench,
	})
	if err != nil {
		t.Fatal(err) // also when the books are wrong afterwards
	}
	same(t, "gates", len(report.Gates), 8)
	for _, g := range report.Gates {
		if g.Ratio <= 0 || g.Min > g.Ratio || g.Max < g.Ratio || g.Met != (g.Ratio >= g.AtLeast) {
			t.Errorf("a gate makes no sense: %+v", g)
		}
	}
	same(t, "workloads", len(report.Workloads), 10)
	for _, w := range report.Workloads {
		if w.PerSecond <= 0 || w.P50 <= 0 || w.P99 < w.P50 {
			t.Errorf("a workload makes no sense: %+v", w)
		}
		if w.ProgramCPU != nil && (*w.ProgramCPU <= 0 || *w.PostgreSQLCPU <= 0 || *w.OthersOfAllCPU < 0) {
			t.Errorf("%s took no time: program %v, PostgreSQL %v, others %v", w.Name, *w.ProgramCPU, *w.PostgreSQLCPU, *w.OthersOfAllCPU)
		}
	}
	var table, object bytes.Buffer
	if err := (&benchRatios{}).print(&table, report); err != nil {
		t.Error(err)
	}
	if err := (&benchRatios{JSON: true}).print(&object, report); err != nil {
		t.Error(err)
	}
	var read bench.Report
	if err := json.Unmarshal(object.Bytes(), &read); err != nil {
		t.Errorf("the JSON cannot be read: %v", err)
	}
	same(t, "gates as JSON", len(read.Gates), 8)
	for _, g := range report.Gates {
		if !strings.Contains(table.String(), g.Name) {
			t.Errorf("the table does not tell %q:\n%s", g.Name, table.String())
		}
	}
}

// Reading is measured whole too: both handlers answer a full page. What it was not
// compared with is said.
func TestReadingIsMeasured(t *testing.T) {
	t.Parallel()
	report := measuredReading(t, t.TempDir())
	same(t, "gates, workloads", []int{len(report.Gates), len(report.Workloads)}, []int{2, 3})
	var told bytes.Buffer
	if err := report.Print(&told); err != nil || !strings.Contains(told.String(), "\nPostGraphile was left out: it is not installed in ") {
		t.Errorf("the report says %s (%v)", told.String(), err)
	}
}

// Where PostGraphile is installed it answers the same page, or nothing is measured.
func TestReadingIsMeasuredBesidePostGraphile(t *testing.T) {
	t.Parallel()
	const installed = "../../bench/postgraphile"
	if _, err := os.Stat(filepath.Join(installed, "node_modules", "postgraphile")); err != nil {
		t.Skip("it is not installed: npm ci --ignore-scripts --prefix bench/postgraphile")
	}
	report := measuredReading(t, installed)
	same(t, "workloads, notes", []int{len(report.Workloads), len(report.Notes)}, []int{4, 1})
	if runtime.GOOS == "linux" {
		same(t, "gates, memory", []int{len(report.Gates), len(report.Memory)}, []int{4, 2})
	}
	if !strings.HasPrefix(report.Notes[0], "PostGraphile 5.") || !strings.Contains(report.Notes[0], "one process") {
		t.Errorf("it was compared with %q", report.Notes[0])
	}
}

// measuredReading is measured small and short, which says nothing of how fast it is.
func measuredReading(t *testing.T, postGraphile string) bench.Report {
	t.Helper()
	report, err := bench.Read(t.Context(), bench.Options{
		DatabaseURL: pgtest.URL(t), Rounds: 2, Slice: 40 * time.Millisecond, Clients: 3, Accounts: 60, Many: 300,
		Open: openForBench, PostGraphile: postGraphile,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range report.Workloads {
		if w.PerSecond <= 0 || w.P50 <= 0 || w.P99 < w.P50 {
			t.Errorf("a workload makes no sense: %+v", w)
		}
	}
	return report
}

// Phones that read and confirm notice nothing of a server that is stopped and
// started again but a moment's wait: what they were answered is there, once.
func TestPhonesLoseNothingWhenTheServerStops(t *testing.T) {
	t.Setenv(programVariable, strings.Join(phonesServe, " "))
	url := pgtest.URL(t)
	report, err := bench.Crowd(t.Context(), bench.CrowdOptions{
		Phones: 6, For: 4 * time.Second, Think: 60 * time.Millisecond,
		Start: func(ctx context.Context) (*bench.Served, error) { return serveForPhones(ctx, url) },
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "answered 5xx, lost, twice", []int{report.Answered5xx, report.Lost, report.Twice}, []int{0, 0, 0})
	if report.Confirmed == 0 || report.Away == 0 || report.Reads.P99 <= 0 || report.Writes.P99 <= 0 {
		t.Errorf("nothing much happened: %+v", report)
	}
	var told bytes.Buffer
	if err := report.Print(&told); err != nil || !strings.Contains(told.String(), "0 lost, 0 twice") {
		t.Errorf("the report says %s (%v)", told.String(), err)
	}
}

// A small server stays small, a large one is not kept from what it needs.
func TestMemoryIsBoundedAsLongAsLittleIsNeeded(t *testing.T) {
	t.Parallel()
	same(t, "limits", []int64{bounded(20 << 20), bounded(100 << 20), bounded(1 << 63)}, []int64{smallHeap, 200 << 20, math.MaxInt64})
}
