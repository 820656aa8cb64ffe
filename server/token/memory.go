// SPDX-License-Identifier: AGPL-3.0-or-later

package token

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/hora-coop/hora/domain"
)

const (
	// remembered is how long a session that was revoked on another node may still
	// be believed here.
	remembered = 5 * time.Second
	// sessionsKept bounds the memory: those busy at the same moment on one node.
	sessionsKept = 10_000
)

// Memory implements identity.Memory.
type Memory struct {
	clock domain.Clock

	mu   sync.Mutex
	seen *simplelru.LRU[domain.ID, glimpse]
}

// glimpse is what was true of a session at a moment.
type glimpse struct {
	alive bool
	asOf  time.Time
}

// NewMemory makes an empty memory.
func NewMemory(clock domain.Clock) *Memory {
	seen, err := simplelru.NewLRU[domain.ID, glimpse](sessionsKept, nil)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &Memory{clock: clock, seen: seen}
}

// Recall implements identity.Memory.
func (m *Memory) Recall(session domain.ID) (alive, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, ok := m.seen.Get(session)
	if !ok || !m.fresh(last) {
		return false, false
	}
	return last.alive, true
}

// Keep implements identity.Memory. A reader that began before the end and comes
// late must not wake the session: an end that is still fresh stays.
func (m *Memory) Keep(session domain.ID, alive bool, asOf time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last, ok := m.seen.Peek(session); ok && alive && !last.alive && m.fresh(last) {
		return
	}
	m.seen.Add(session, glimpse{alive: alive, asOf: asOf})
}

// fresh also doubts the future: a clock that was set back must not make a glimpse
// last for hours.
func (m *Memory) fresh(g glimpse) bool {
	age := m.clock.Now().Sub(g.asOf)
	return age >= 0 && age < remembered
}
