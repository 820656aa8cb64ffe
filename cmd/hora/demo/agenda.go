// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"container/heap"
	"context"
	"sync/atomic"
	"time"
)

// clock is a community's own time. It only moves forward.
type clock struct{ micros atomic.Int64 }

// Now implements domain.Clock.
func (c *clock) Now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

// reach moves to a moment, or a second on when that is past: no two things happen
// at once, so whatever the database sorts by time has one order.
func (c *clock) reach(t time.Time) {
	c.micros.Store(max(t.UnixMicro(), c.micros.Load()+time.Second.Microseconds()))
}

// plan is something that will happen.
type plan struct {
	at  time.Time
	seq int // of two at one moment, what was planned first comes first
	do  func(context.Context) error
}

// agenda is what is planned, the next first.
type agenda struct {
	plans []plan
	count int
}

func (a *agenda) add(at time.Time, do func(context.Context) error) {
	a.count++
	heap.Push(a, plan{at, a.count, do})
}

// Len implements heap.Interface.
func (a *agenda) Len() int { return len(a.plans) }

// Less implements heap.Interface.
func (a *agenda) Less(i, j int) bool {
	if p, q := a.plans[i], a.plans[j]; !p.at.Equal(q.at) {
		return p.at.Before(q.at)
	}
	return a.plans[i].seq < a.plans[j].seq
}

// Swap implements heap.Interface.
func (a *agenda) Swap(i, j int) { a.plans[i], a.plans[j] = a.plans[j], a.plans[i] }

// Push implements heap.Interface.
func (a *agenda) Push(p any) { a.plans = append(a.plans, p.(plan)) }

// Pop implements heap.Interface.
func (a *agenda) Pop() any {
	last := a.plans[len(a.plans)-1]
	a.plans = a.plans[:len(a.plans)-1]
	return last
}

const day = 24 * time.Hour

// days is a stretch of time in days and parts of one.
func days(n float64) time.Duration { return time.Duration(n * float64(day)) }

// onDay is a moment of a day at which neighbours ring at each other's door.
func (l *life) onDay(t time.Time) time.Time {
	t = t.In(l.local)
	return time.Date(t.Year(), t.Month(), t.Day(), 8+l.rng.IntN(13), l.rng.IntN(60), l.rng.IntN(60), 0, l.local)
}

// civil puts off to the next morning what would happen at night.
func (l *life) civil(t time.Time) time.Time {
	t = t.In(l.local)
	morning := time.Date(t.Year(), t.Month(), t.Day(), 8, l.rng.IntN(90), l.rng.IntN(60), 0, l.local)
	switch {
	case t.Hour() < 8:
		return morning
	case t.Hour() >= 22:
		return morning.AddDate(0, 0, 1)
	}
	return t
}

// soon is a moment of the day between so many days from another.
func (l *life) soon(from time.Time, least, most float64) time.Time {
	t := l.onDay(from.Add(days(least + l.rng.Float64()*(most-least))))
	if !t.After(from) {
		t = l.civil(from.Add(time.Duration(5+l.rng.IntN(90)) * time.Minute))
	}
	return t
}

// within is a moment between two.
func (l *life) within(from, until time.Time) time.Time {
	t := l.soon(from, 0, max(0, until.Sub(from).Hours()/24))
	if !t.Before(until) {
		return from.Add(time.Duration(l.rng.Float64() * float64(until.Sub(from))))
	}
	return t
}
