// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// sample is one workload in one round.
type sample struct {
	perSecond  float64
	p50, p99   time.Duration // of one call
	operations float64
	cpu        *usage // nil where it cannot be known
}

// measure has the clients do it for a while.
func (l *lab) measure(ctx context.Context, w *workload, slice time.Duration) (sample, error) {
	if w.prepare != nil {
		if err := w.prepare(ctx); err != nil {
			return sample{}, err
		}
	}
	took := make([][]time.Duration, l.o.Clients)
	before := l.cpu.read()
	began := time.Now()
	var ranOut atomic.Bool
	all, working := errgroup.WithContext(ctx)
	for client := range took {
		all.Go(func() error {
			for last := began; last.Sub(began) < slice && !ranOut.Load(); {
				err := w.do(working, client)
				if errors.Is(err, errRanOut) {
					ranOut.Store(true)
					return nil
				}
				if err != nil {
					return err
				}
				now := time.Now()
				took[client] = append(took[client], now.Sub(last))
				last = now
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return sample{}, err
	}
	elapsed := time.Since(began)
	each := slices.Concat(took...)
	slices.Sort(each)
	if len(each) == 0 {
		return sample{}, errors.New("nothing was done")
	}
	s := sample{
		operations: float64(len(each) * w.units),
		p50:        each[len(each)/2], p99: each[len(each)*99/100],
		cpu: l.cpu.read().since(before, elapsed),
	}
	s.perSecond = s.operations / elapsed.Seconds()
	return s, nil
}

// usage is processor time between two moments.
type usage struct {
	program  time.Duration // this process: clients and server
	postgres time.Duration // all of PostgreSQL's processes
	others   float64       // of the machine's processors, what neither of them took
}
