// SPDX-License-Identifier: AGPL-3.0-or-later

// Package bench measures the ledger against what it could be at best: every
// figure is a ratio to a baseline of the same run on the same server, and a
// ledger that does not verify reports none.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Options says what is measured, and for how long.
type Options struct {
	DatabaseURL string        // of a superuser; databases of its own are made beside it and dropped
	Rounds      int           // each runs every workload once
	Slice       time.Duration // how long a workload runs in a round
	Clients     int           // how many speak to the database at once
	Communities int
	Accounts    int // in all communities together
	Many        int // of the larger ledger that the last gate compares with

	// PostGraphile is the folder that bench/postgraphile is installed in. Where there is
	// none, or no node, reading is measured without it.
	PostGraphile string

	// Open starts the program on a database whose people and sessions are there.
	Open func(ctx context.Context, databaseURL string) (*Program, error)

	Progress io.Writer // a line that is written over again; nil for none
}

// Program is what answers people, and how they prove who they are.
type Program struct {
	Handler http.Handler
	Token   func(ctx context.Context, person, session domain.ID) (string, error)
	Close   func()
}

// gate is a promise of docs/performance.md: one workload against another.
type gate struct {
	name    string
	subject *workload
	base    *workload
	atLeast float64
}

// Ledger measures the ledger's gates. It fails when the books are wrong
// afterwards: then no number is worth reading.
func Ledger(ctx context.Context, o Options) (r Report, err error) {
	lab, err := openLab(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, lab.close(context.WithoutCancel(ctx))) }()
	gates, workloads := lab.gates()
	samples, err := lab.rounds(ctx, workloads, lab.verify)
	if err != nil {
		return r, err
	}
	return lab.report(ctx, gates, workloads, samples)
}

// rounds runs each workload once a round; check, if there is one, comes after each round.
func (l *lab) rounds(ctx context.Context, workloads []*workload, check func(context.Context) error) (map[*workload][]sample, error) {
	// Connections, plans and caches are warm before anything counts.
	for _, w := range workloads {
		l.say("warming up: %s", w.name)
		if _, err := l.measure(ctx, w, l.o.Slice/4); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
	}
	samples := map[*workload][]sample{}
	for round := range l.o.Rounds {
		for i := range workloads {
			w := workloads[i]
			if round%2 == 1 { // what runs early in one round runs late in the next
				w = workloads[len(workloads)-1-i]
			}
			l.say("round %d of %d: %s", round+1, l.o.Rounds, w.name)
			s, err := l.measure(ctx, w, l.o.Slice)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			samples[w] = append(samples[w], s)
		}
		if check != nil {
			l.say("round %d of %d: verify", round+1, l.o.Rounds)
			if err := check(ctx); err != nil {
				return nil, err
			}
		}
	}
	l.say("")
	return samples, nil
}

// say writes the line of progress over the one before.
func (l *lab) say(format string, args ...any) {
	if l.o.Progress != nil {
		fmt.Fprintf(l.o.Progress, "\r\033[K"+format, args...)
	}
}
