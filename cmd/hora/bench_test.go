// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
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
	if err := (&benchLedgerCmd{}).print(&table, report); err != nil {
		t.Error(err)
	}
	if err := (&benchLedgerCmd{JSON: true}).print(&object, report); err != nil {
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
