// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// Report is what was measured. Ratios are the median of the rounds' own; what
// cannot be known on this machine is absent.
type Report struct {
	PostgreSQL string     `json:"postgresql"`
	Processors int        `json:"processors"`
	Rounds     int        `json:"rounds"`
	Clients    int        `json:"clients"`
	Gates      []Gate     `json:"gates"`
	Workloads  []Workload `json:"workloads"`
	Memory     []Memory   `json:"memory,omitempty"`
	Notes      []string   `json:"notes,omitempty"` // what one should know to read it
}

// Memory is the most that a process ever had resident.
type Memory struct {
	Name      string  `json:"name"`
	Megabytes float64 `json:"peakMegabytes"`
}

// Gate is a promise and whether it was kept.
type Gate struct {
	Name    string  `json:"name"`
	Ratio   float64 `json:"ratio"`
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	AtLeast float64 `json:"atLeast"`
	Met     bool    `json:"met"`
}

// Workload is what one of the sides of a gate did, in the median round. Times are
// of a call, which for a batch is all of it; processor times are of an operation.
type Workload struct {
	Name           string   `json:"name"`
	PerSecond      float64  `json:"perSecond"`
	P50            float64  `json:"p50Milliseconds"`
	P99            float64  `json:"p99Milliseconds"`
	ProgramCPU     *float64 `json:"programMicrosecondsPerOperation,omitempty"`
	PostgreSQLCPU  *float64 `json:"postgresqlMicrosecondsPerOperation,omitempty"`
	OthersOfAllCPU *float64 `json:"othersShareOfProcessors,omitempty"`
}

// Missed are the gates that were not met.
func (r Report) Missed() (names []string) {
	for _, g := range r.Gates {
		if !g.Met {
			names = append(names, g.Name)
		}
	}
	return names
}

func (l *lab) report(ctx context.Context, gates []gate, workloads []*workload, samples map[*workload][]sample) (Report, error) {
	r := Report{Processors: runtime.NumCPU(), Rounds: l.o.Rounds, Clients: l.o.Clients}
	for _, g := range gates {
		ratios := make([]float64, l.o.Rounds)
		for i := range ratios {
			ratios[i] = samples[g.subject][i].perSecond / samples[g.base][i].perSecond
		}
		ratio := median(ratios)
		r.Gates = append(r.Gates, Gate{g.name, ratio, slices.Min(ratios), slices.Max(ratios), g.atLeast, ratio >= g.atLeast})
	}
	for _, w := range workloads {
		r.Workloads = append(r.Workloads, summary(w.name, samples[w]))
	}
	return r, l.main.root.QueryRow(ctx, `SHOW server_version`).Scan(&r.PostgreSQL)
}

func summary(name string, all []sample) Workload {
	of := func(value func(sample) float64) float64 {
		values := make([]float64, len(all))
		for i, s := range all {
			values[i] = value(s)
		}
		return median(values)
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	w := Workload{
		Name:      name,
		PerSecond: of(func(s sample) float64 { return s.perSecond }),
		P50:       of(func(s sample) float64 { return ms(s.p50) }),
		P99:       of(func(s sample) float64 { return ms(s.p99) }),
	}
	if !slices.ContainsFunc(all, func(s sample) bool { return s.cpu == nil }) {
		program := of(func(s sample) float64 { return 1000 * ms(s.cpu.program) / s.operations })
		postgres := of(func(s sample) float64 { return 1000 * ms(s.cpu.postgres) / s.operations })
		others := of(func(s sample) float64 { return s.cpu.others })
		w.ProgramCPU, w.PostgreSQLCPU, w.OthersOfAllCPU = &program, &postgres, &others
	}
	return w
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// Print writes the report as a person reads it.
func (r Report) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "PostgreSQL %s, %d processors, %d clients, %d rounds; ratios are the median of each round's own\n\n",
		r.PostgreSQL, r.Processors, r.Clients, r.Rounds)
	fmt.Fprintln(t, "gate\tratio\tmin–max\tat least\t")
	for _, g := range r.Gates {
		verdict := "met"
		if !g.Met {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.2f–%.2f\t%.2f\t%s\n", g.Name, g.Ratio, g.Min, g.Max, g.AtLeast, verdict)
	}
	fmt.Fprintln(t, "\nworkload\tper second\tp50 ms\tp99 ms\tprogram µs\tPostgreSQL µs\tothers\t")
	for _, w := range r.Workloads {
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.2f\t%s\t%s\t%s\n", w.Name, w.PerSecond, w.P50, w.P99,
			known("%.0f", w.ProgramCPU, 1), known("%.0f", w.PostgreSQLCPU, 1), known("%.0f %%", w.OthersOfAllCPU, 100))
	}
	if len(r.Memory) > 0 {
		fmt.Fprintln(t, "\nmemory\tMB at most\t")
	}
	for _, m := range r.Memory {
		fmt.Fprintf(t, "%s\t%.0f\t\n", m.Name, m.Megabytes)
	}
	err := t.Flush()
	for _, note := range r.Notes {
		_, told := fmt.Fprintf(out, "\n%s\n", note)
		err = errors.Join(err, told)
	}
	return err
}

func known(format string, value *float64, times float64) string {
	if value == nil {
		return "n/a"
	}
	return fmt.Sprintf(format, *value*times)
}
