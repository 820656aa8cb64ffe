// SPDX-License-Identifier: AGPL-3.0-or-later

// Package live keeps the connections that stay open: one hub per server wakes
// those who follow a community when its journal goes on, ends the connections of
// sessions that ended, and takes leave of all when the server stops. Beside it
// stand the two transports, WebSockets and server-sent events.
package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
)

const (
	// pulse is how often the hub looks for what other servers committed; what this
	// one did wakes it at once.
	pulse = 500 * time.Millisecond
	// sweep is how often it looks, in pulses, whether sessions still live.
	sweep = 4
	// patience bounds one look at the database.
	patience = 10 * time.Second
	// most bounds the connections of one server, mostPerson and mostNetwork those of
	// one person, and of strangers from one network: nobody takes them all.
	most        = 10_000
	mostPerson  = 100
	mostNetwork = 200
	// abreast bounds how many followers read at once: they must leave connections
	// to the database for requests.
	abreast = 4
)

// Why a connection ends that nobody closed.
var (
	ErrSessionEnded = errors.New("the session has ended")
	ErrStopping     = errors.New("the server stops; come back")
	ErrFull         = errors.New("no more connections")
)

// Journal says what happened where; changes.Service is it.
type Journal interface {
	Heads(ctx context.Context, communities []domain.ID, reader string) (map[domain.ID]changes.Heads, error)
	Events(ctx context.Context, community domain.ID, after int64, limit int) ([]changes.Event, error)
}

// Sessions says which still live; identity.Service is it.
type Sessions interface {
	Living(ctx context.Context, ids []domain.ID) ([]domain.ID, error)
}

// Hub is one server's. It looks at the database only while somebody is there.
type Hub struct {
	journal  Journal
	sessions Sessions
	relay    string // the reader of the journal that derives notifications
	logger   *slog.Logger

	turns chan struct{}
	poked chan struct{} // holds at most one

	mu      sync.Mutex
	seats   map[*seat]struct{}
	taken   map[string]int // by whom
	watched map[domain.ID]*watched
	woken   map[domain.ID]bool
	busy    bool          // the loop runs
	closed  chan struct{} // closed once the server stops
	empty   chan struct{} // closed once the last has left after that
}

// NewHub makes a hub; relay names the reader of the journal that tells people.
func NewHub(journal Journal, sessions Sessions, relay string, logger *slog.Logger) *Hub {
	return &Hub{
		journal: journal, sessions: sessions, relay: relay, logger: logger,
		turns: make(chan struct{}, abreast), poked: make(chan struct{}, 1),
		seats: map[*seat]struct{}{}, taken: map[string]int{}, watched: map[domain.ID]*watched{}, woken: map[domain.ID]bool{},
		closed: make(chan struct{}), empty: make(chan struct{}),
	}
}

// Caller is whose connection it is: a person's with a session, or, with neither, a
// stranger's from a network.
type Caller struct {
	Person, Session domain.ID
	Network         string
}

// share is under whose name a connection is counted, and how many that may be.
func (c Caller) share() (name string, most int) {
	if c.Person != domain.Nowhere {
		return c.Person.String(), mostPerson
	}
	return c.Network, mostNetwork
}

// seat is one connection.
type seat struct {
	session domain.ID // Nowhere for a stranger's
	end     context.CancelCauseFunc
}

// Enter gives a connection its place. Its context ends with the connection's, or
// with ErrSessionEnded or ErrStopping as the cause. Whoever leaves must say so.
//
// Errors: ErrStopping, ErrFull.
func (h *Hub) Enter(ctx context.Context, who Caller) (_ context.Context, leave func(), err error) {
	name, share := who.share()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping() {
		return nil, nil, ErrStopping
	}
	if len(h.seats) >= most || h.taken[name] >= share {
		return nil, nil, ErrFull
	}
	ctx, end := context.WithCancelCause(ctx)
	s := &seat{who.Session, end}
	h.seats[s] = struct{}{}
	h.taken[name]++
	h.wakeUp()
	return ctx, func() {
		end(nil)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.seats, s)
		if h.taken[name]--; h.taken[name] == 0 {
			delete(h.taken, name)
		}
		if len(h.seats) == 0 && h.stopping() {
			close(h.empty)
		}
	}, nil
}

// Connections is how many are open.
func (h *Hub) Connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.seats)
}

// Close ends all connections and returns when they have taken leave, or ctx ends.
func (h *Hub) Close(ctx context.Context) {
	h.mu.Lock()
	if !h.stopping() {
		close(h.closed)
		if len(h.seats) == 0 {
			close(h.empty)
		}
	}
	for s := range h.seats {
		s.end(ErrStopping)
	}
	h.mu.Unlock()
	select {
	case <-h.empty:
	case <-ctx.Done():
	}
}

func (h *Hub) stopping() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

// watched is a community that somebody follows.
type watched struct {
	heads     changes.Heads // nobody needs waking for what lies before
	known     bool          // false until the first look
	followers map[*Follower]struct{}
}

// Follower waits for what concerns one subscriber in one community.
type Follower struct {
	hub       *Hub
	community domain.ID
	concerns  func(domain.RecordedEvent) bool // nil: what the relay told
	wake      chan struct{}                   // holds at most one
}

// Follow wakes a follower whenever something may concern them: after an event of
// which concerns is true, or, if it is nil, after the relay told people. It may
// wake them for nothing; it never misses anything that is committed after it returns.
func (h *Hub) Follow(community domain.ID, wake chan struct{}, concerns func(domain.RecordedEvent) bool) *Follower {
	f := &Follower{hub: h, community: community, concerns: concerns, wake: wake}
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[community]
	if w == nil {
		w = &watched{followers: map[*Follower]struct{}{}}
		h.watched[community] = w
	}
	w.followers[f] = struct{}{}
	h.wakeUp()
	return f
}

// Leave ends the following.
func (f *Follower) Leave() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	w := f.hub.watched[f.community]
	delete(w.followers, f)
	if len(w.followers) == 0 {
		delete(f.hub.watched, f.community)
	}
}

// Told is how far the relay has come in communities: what lies beyond is still to
// be told.
func (h *Hub) Told(ctx context.Context, communities []domain.ID) (map[domain.ID]int64, error) {
	heads, err := h.journal.Heads(ctx, communities, h.relay)
	told := make(map[domain.ID]int64, len(heads))
	for c, at := range heads {
		told[c] = at.Read
	}
	return told, err
}

// Happened says how far each community's journal goes.
func (h *Hub) Happened(ctx context.Context, communities []domain.ID) (map[domain.ID]int64, error) {
	heads, err := h.journal.Heads(ctx, communities, h.relay)
	happened := make(map[domain.ID]int64, len(heads))
	for c, at := range heads {
		happened[c] = at.Position
	}
	return happened, err
}

// Turn waits until a follower may read, and gives back the way to end that.
func (h *Hub) Turn(ctx context.Context) (done func(), err error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Wake says that something was committed in a community on this server. It never waits.
func (h *Hub) Wake(community domain.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watched[community] == nil {
		return
	}
	h.woken[community] = true
	select {
	case h.poked <- struct{}{}:
	default: // a look is coming anyway
	}
}

func (f *Follower) poke() {
	select {
	case f.wake <- struct{}{}:
	default: // they are awake
	}
}

// wakeUp starts the loop if it rests. The caller holds the lock.
func (h *Hub) wakeUp() {
	if !h.busy {
		h.busy = true
		go h.run()
	}
}

// run goes on while anybody is there.
func (h *Hub) run() {
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for pulses := 0; ; {
		select {
		case <-h.poked:
			h.look(h.takeWoken())
		case <-tick.C:
			pulses++
			all, rest := h.everywhere()
			if rest {
				return
			}
			h.look(all)
			if pulses%sweep == 0 {
				h.sweep()
			}
		}
	}
}

func (h *Hub) takeWoken() []domain.ID {
	h.mu.Lock()
	defer h.mu.Unlock()
	communities := make([]domain.ID, 0, len(h.woken))
	for c := range h.woken {
		communities = append(communities, c)
	}
	clear(h.woken)
	return communities
}

// everywhere lists what is followed; rest ends the loop.
func (h *Hub) everywhere() (communities []domain.ID, rest bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.watched {
		communities = append(communities, c)
	}
	h.busy = len(h.seats)+len(h.watched) > 0
	return communities, !h.busy
}

// look finds what is new, and wakes those whom it may concern.
func (h *Hub) look(communities []domain.ID) {
	if len(communities) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	heads, err := h.journal.Heads(ctx, communities, h.relay)
	if err != nil {
		h.logger.Error("the hub cannot look for new events", "error", err)
		return
	}
	for community, now := range heads {
		h.tell(ctx, community, now)
	}
}

// newsAtOnce is how many events the hub reads to know whom they concern; after
// more it wakes everybody.
const newsAtOnce = 200

func (h *Hub) tell(ctx context.Context, community domain.ID, now changes.Heads) {
	h.mu.Lock()
	w := h.watched[community]
	if w == nil || (w.known && w.heads == now) {
		h.mu.Unlock()
		return
	}
	before, known := w.heads, w.known
	h.mu.Unlock()

	var events []changes.Event
	everybody := !known || now.Position < before.Position || now.Position-before.Position > newsAtOnce
	if !everybody && now.Position > before.Position {
		var err error
		if events, err = h.journal.Events(ctx, community, before.Position, newsAtOnce); err != nil {
			h.logger.Error("the hub cannot read new events", "community", community, "error", err)
			return // the next look tries again
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	w.heads, w.known = now, true
	for f := range w.followers {
		if everybody || f.hears(events, now.Read != before.Read) {
			f.poke()
		}
	}
}

func (f *Follower) hears(events []changes.Event, relayed bool) bool {
	if f.concerns == nil {
		return relayed
	}
	for _, e := range events {
		if f.concerns(e.RecordedEvent) {
			return true
		}
	}
	return false
}

// sweep ends the connections of sessions that ended, on whichever server.
func (h *Hub) sweep() {
	h.mu.Lock()
	of := map[domain.ID][]*seat{}
	for s := range h.seats {
		if s.session != domain.Nowhere {
			of[s.session] = append(of[s.session], s)
		}
	}
	h.mu.Unlock()
	if len(of) == 0 {
		return
	}
	ids := make([]domain.ID, 0, len(of))
	for id := range of {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	living, err := h.sessions.Living(ctx, ids)
	if err != nil {
		h.logger.Error("the hub cannot look after sessions", "error", err)
		return
	}
	for _, id := range living {
		delete(of, id)
	}
	for _, seats := range of {
		for _, s := range seats {
			s.end(ErrSessionEnded)
		}
	}
}
