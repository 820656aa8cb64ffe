// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// smallHeap is what a server may take before it clears up often: a time bank runs
	// on the smallest machine there is.
	smallHeap = 60 << 20
	// seldom is GOGC below it, where clearing up would cost more than memory does.
	seldom = 400
	// liveHeap is what was still needed when the heap was last cleared, in bytes.
	liveHeap = "/gc/heap/live:bytes"
)

// keepSmall bounds the program's memory as long as it needs little, and gives it twice
// what it needs beyond, which is Go's own measure. A password's 19 MiB would else let
// the heap grow to several times that before it is cleared. Whoever sets GOGC or
// GOMEMLIMIT knows better.
func keepSmall(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(seldom)
	debug.SetMemoryLimit(smallHeap)
	sample := []metrics.Sample{{Name: liveHeap}}
	for again := time.NewTicker(time.Second); ; {
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-again.C:
			metrics.Read(sample)
			debug.SetMemoryLimit(bounded(sample[0].Value.Uint64()))
		}
	}
}

// bounded is how much memory a program may take that needs so much.
func bounded(live uint64) int64 {
	switch {
	case live < smallHeap*3/4:
		return smallHeap
	case live > math.MaxInt64/2:
		return math.MaxInt64
	}
	return 2 * int64(live)
}
