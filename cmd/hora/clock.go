// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"sync/atomic"
	"time"
)

// clock is the program's time: the wall clock, which a developer may move
// forward. It is the only place that reads the wall clock.
type clock struct{ ahead atomic.Int64 }

// Now implements domain.Clock.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the program's clock forward; it never goes back.
func (c *clock) Advance(by time.Duration) { c.ahead.Add(int64(by)) }
