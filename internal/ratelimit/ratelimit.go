// SPDX-License-Identifier: AGPL-3.0-or-later

// Package ratelimit keeps how much each caller may still ask for. The rule is
// GCRA: of every bucket only the moment is kept at which it is full again.
package ratelimit

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Limit lets Points be spent at once; what was spent comes back evenly over Per.
type Limit struct {
	Name   string // for the RateLimit header fields: "minute"
	Points int
	Per    time.Duration
}

// Left is what a bucket holds after something was, or was not, spent.
type Left struct {
	Limit     Limit
	Remaining int           // points, never negative
	Reset     time.Duration // until the bucket is full again
	Wait      time.Duration // until what was refused would pass; 0 when it was not
}

// Spend takes points from a bucket that is full again at a moment, if it holds
// them. It answers when the bucket is full from now on, and what is left.
func (l Limit) Spend(full time.Time, points int, now time.Time) (next time.Time, left Left) {
	if full.Before(now) {
		full = now
	}
	next = full.Add(l.time(points))
	if over := next.Sub(now) - l.Per; over > 0 {
		left = l.left(full, now)
		left.Wait = over
		return full, left
	}
	return next, l.left(next, now)
}

// Charge takes points for work that was already done: it empties the bucket, at worst.
func (l Limit) Charge(full time.Time, points int, now time.Time) (next time.Time, left Left) {
	if full.Before(now) {
		full = now
	}
	next = full.Add(l.time(points))
	if empty := now.Add(l.Per); next.After(empty) {
		next = empty
	}
	return next, l.left(next, now)
}

func (l Limit) time(points int) time.Duration {
	return l.Per / time.Duration(l.Points) * time.Duration(points)
}

func (l Limit) left(full, now time.Time) Left {
	reset := full.Sub(now)
	return Left{Limit: l, Remaining: int((l.Per - reset) / l.time(1)), Reset: reset}
}

// Budget is the buckets of many callers, each with all the limits. Of the
// callers it remembers the latest: who was forgotten starts anew.
type Budget struct {
	limits []Limit
	mu     sync.Mutex
	full   *lru.Cache[string, []time.Time]
}

// NewBudget remembers so many callers.
func NewBudget(callers int, limits ...Limit) *Budget {
	full, err := lru.New[string, []time.Time](callers)
	if err != nil {
		panic(err) // callers is not positive
	}
	return &Budget{limits: limits, full: full}
}

// Spend takes points from every bucket of the caller, or from none: then the
// tightest one's Wait is not zero.
func (b *Budget) Spend(caller string, points int, now time.Time) []Left {
	return b.change(caller, now, func(l Limit, full time.Time) (time.Time, Left) { return l.Spend(full, points, now) })
}

// Charge takes points from every bucket for work that was already done.
func (b *Budget) Charge(caller string, points int, now time.Time) []Left {
	return b.change(caller, now, func(l Limit, full time.Time) (time.Time, Left) { return l.Charge(full, points, now) })
}

func (b *Budget) change(caller string, now time.Time, rule func(Limit, time.Time) (time.Time, Left)) []Left {
	b.mu.Lock()
	defer b.mu.Unlock()
	full, known := b.full.Get(caller)
	if !known {
		full = make([]time.Time, len(b.limits))
	}
	next, left := make([]time.Time, len(b.limits)), make([]Left, len(b.limits))
	refused := false
	for i, l := range b.limits {
		next[i], left[i] = rule(l, full[i])
		refused = refused || left[i].Wait > 0
	}
	if !refused {
		b.full.Add(caller, next)
		return left
	}
	for i, l := range b.limits { // nothing was spent anywhere
		wait := left[i].Wait
		_, left[i] = l.Spend(full[i], 0, now)
		left[i].Wait = wait
	}
	return left
}

// Tightest is the bucket that stops the caller first: one that refuses, longest,
// else the one with the fewest points left.
func Tightest(all []Left) Left {
	tight := all[0]
	for _, l := range all[1:] {
		if l.Wait > tight.Wait || l.Wait == tight.Wait && l.Remaining < tight.Remaining {
			tight = l
		}
	}
	return tight
}
