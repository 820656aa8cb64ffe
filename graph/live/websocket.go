// SPDX-License-Identifier: AGPL-3.0-or-later

package live

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"github.com/hora-coop/hora/domain"
)

// Subprotocol is the one that is spoken:
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
const Subprotocol = "graphql-transport-ws"

// Why the server closes a connection, as the protocol numbers it.
const (
	BadRequest          websocket.StatusCode = 4400 // a message that the protocol does not have
	Unauthorized        websocket.StatusCode = 4401 // the token expired (refresh once), or a subscribe before the acknowledgement
	Forbidden           websocket.StatusCode = 4403 // a token that is none, or whose session ended: sign in
	NotAcceptable       websocket.StatusCode = 4406 // another subprotocol
	InitTimeout         websocket.StatusCode = 4408 // no connection_init in time
	AlreadyExists       websocket.StatusCode = 4409 // two operations under one id
	TooManyInitRequests websocket.StatusCode = 4429 // a second connection_init
)

const (
	// initPatience is how long a connection may stay without connection_init.
	initPatience = 10 * time.Second
	// maxMessage bounds a message: a document and its variables.
	maxMessage = 128 << 10
	// buffer is what a connection reads and writes with, in bytes: frames of a listener
	// fit in, and longer ones take several.
	buffer = 512
	// maxOperations bounds what one connection does at once.
	maxOperations = 50
)

// Refusal closes a connection that may not be opened.
type Refusal struct {
	Code   websocket.StatusCode
	Reason string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

// WebSocket is the transport of graphql-transport-ws.
type WebSocket struct {
	Hub *Hub
	// Origins are the sites, https://…, beside this server's own, whose pages may open one.
	Origins []string
	// Network is where a connection comes from.
	Network func(ctx context.Context) string
	// Admit reads what connection_init said, and answers the context of the
	// connection's operations and whose they are, or a *Refusal.
	Admit func(ctx context.Context, header http.Header, init map[string]any) (context.Context, Caller, error)
	// Afresh gives an operation a context of its own.
	Afresh func(ctx context.Context) context.Context
	// TooMany is the error of one operation more than a connection may have.
	TooMany error
}

var _ graphql.Transport = WebSocket{}

// Supports implements graphql.Transport.
func (WebSocket) Supports(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do implements graphql.Transport. Browsers may come from this server's own pages
// and from sites that were named. It returns as soon as the connection stands, so that what a request needs
// (buffers, a stack) is not kept for as long as somebody listens.
func (t WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	// A stranger until connection_init says who it is; then it moves to another seat.
	here, leave, err := t.Hub.Enter(ctx, Caller{Network: t.Network(ctx)})
	if err != nil {
		cancel()
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	wire, err := websocket.Accept(hijacked{w}, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol}, CompressionMode: websocket.CompressionDisabled,
		InsecureSkipVerify: slices.Contains(t.Origins, r.Header.Get("Origin")),
	})
	if err != nil { // it was answered
		leave()
		cancel()
		return
	}
	wire.SetReadLimit(maxMessage)
	c := &connection{
		transport: t, header: r.Header, exec: exec, wire: wire, ctx: ctx, leave: leave, operations: map[string]*running{},
	}
	go func() {
		defer cancel()
		defer func() { c.leave() }()
		defer func() {
			if cause := recover(); cause != nil {
				t.Hub.logger.Error("panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
				_ = wire.CloseNow()
			}
		}()
		if wire.Subprotocol() == "" {
			c.close(NotAcceptable, "Subprotocol not acceptable")
			return
		}
		c.watch(here)
		c.serve()
	}()
}

// hijacked hands a connection over with small buffers: net/http's hold what a page
// needs, eight kilobytes for each that only listens.
type hijacked struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	wire, large, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, _ := large.Reader.Peek(large.Reader.Buffered()) // as many as there are
	small := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), wire), max(buffer, len(early)))
	if _, err = small.Peek(len(early)); err != nil {
		return nil, nil, errors.Join(err, wire.Close())
	}
	return wire, bufio.NewReadWriter(small, bufio.NewWriterSize(wire, buffer)), nil
}

// move takes the seat of whoever it turned out to be.
func (c *connection) move(who Caller) error {
	if who.Person == domain.Nowhere {
		return nil // a stranger still
	}
	there, leave, err := c.transport.Hub.Enter(c.ctx, who)
	if err != nil {
		return err
	}
	c.leave()
	c.leave = leave
	c.watch(there)
	return nil
}

// connection is one client's. One goroutine reads, each operation has its own.
type connection struct {
	transport WebSocket
	header    http.Header // of the request that opened it
	exec      graphql.GraphExecutor
	wire      *websocket.Conn
	ctx       context.Context // ends when the connection does
	asking    context.Context // of operations; nil before the acknowledgement
	leave     func()          // gives the seat back
	greeted   bool            // connection_init came

	mu         sync.Mutex
	operations map[string]*running
	working    sync.WaitGroup
}

// running is an operation that goes on.
type running struct{ cancel context.CancelFunc }

// message is what travels, both ways.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// watch closes the connection when its seat is taken away.
func (c *connection) watch(seat context.Context) {
	context.AfterFunc(seat, func() {
		switch cause := context.Cause(seat); {
		case errors.Is(cause, ErrSessionEnded):
			c.close(Forbidden, "the session has ended: sign in")
		case errors.Is(cause, ErrStopping):
			c.close(websocket.StatusServiceRestart, "the server restarts: come back")
		}
	})
}

func (c *connection) serve() {
	waiting := time.AfterFunc(initPatience, func() { c.close(InitTimeout, "Connection initialisation timeout") })
	defer waiting.Stop()
	stop := c.keepAlive()
	code, reason := c.read(waiting)
	stop()
	c.mu.Lock()
	for _, o := range c.operations {
		o.cancel()
	}
	clear(c.operations) // nobody hears that they are complete: the next word is why it closes
	c.mu.Unlock()
	if code != 0 {
		c.close(code, reason)
	}
	_ = c.wire.CloseNow() // when the client is gone already
	c.working.Wait()
}

// keepAlive asks now and then whether the client still hears us. Nobody runs
// while nothing is asked.
func (c *connection) keepAlive() (stop func()) {
	var again *time.Timer
	set := make(chan struct{})
	again = time.AfterFunc(keepAlive, func() {
		<-set
		ctx, cancel := context.WithTimeout(c.ctx, slow)
		defer cancel()
		if err := c.wire.Ping(ctx); err != nil {
			_ = c.wire.CloseNow()
			return
		}
		again.Reset(keepAlive)
	})
	close(set)
	return func() { again.Stop() }
}

// read takes messages until the client is gone, or did what ends the connection.
func (c *connection) read(waiting *time.Timer) (code websocket.StatusCode, reason string) {
	for {
		kind, raw, err := c.wire.Read(c.ctx)
		if err != nil {
			return 0, ""
		}
		aside(func() { code, reason = c.take(kind, raw, waiting) })
		if code != 0 {
			return code, reason
		}
	}
}

// take does what a message asks for.
func (c *connection) take(kind websocket.MessageType, raw []byte, waiting *time.Timer) (code websocket.StatusCode, reason string) {
	var m message
	if kind != websocket.MessageText || json.Unmarshal(raw, &m) != nil {
		return BadRequest, "Invalid message received"
	}
	switch m.Type {
	case "connection_init":
		if c.greeted {
			return TooManyInitRequests, "Too many initialisation requests"
		}
		c.greeted = true
		if code, reason := c.admit(m.Payload); code != 0 {
			return code, reason
		}
		waiting.Stop()
	case "ping":
		_ = c.send(message{Type: "pong"}) // the next read tells if the client is gone
	case "pong":
	case "subscribe":
		return c.subscribe(m)
	case "complete":
		if m.ID == "" {
			return BadRequest, "Invalid message received"
		}
		if o := c.drop(m.ID); o != nil {
			o.cancel()
		}
	default:
		return BadRequest, "Invalid message received"
	}
	return 0, ""
}

func (c *connection) admit(payload json.RawMessage) (websocket.StatusCode, string) {
	var init map[string]any
	if len(payload) > 0 && json.Unmarshal(payload, &init) != nil {
		return BadRequest, "Invalid message received"
	}
	asking, who, err := c.transport.Admit(c.ctx, c.header, init)
	if err == nil {
		err = c.move(who)
	}
	refusal, refused := errors.AsType[*Refusal](err)
	switch {
	case refused:
		return refusal.Code, refusal.Reason
	case errors.Is(err, ErrStopping):
		return websocket.StatusServiceRestart, err.Error()
	case err != nil:
		return websocket.StatusTryAgainLater, "Try again later"
	}
	c.asking = asking
	_ = c.send(message{Type: "connection_ack"})
	return 0, ""
}

// subscribe begins an operation before the next message is read: a ping sent
// after a subscription is answered when nothing can be missed any more.
func (c *connection) subscribe(m message) (websocket.StatusCode, string) {
	if c.asking == nil {
		return Unauthorized, "Unauthorized"
	}
	asked, err := params(bytes.NewReader(m.Payload))
	if m.ID == "" || err != nil {
		return BadRequest, "Invalid message received"
	}
	ctx, cancel := context.WithCancel(c.transport.Afresh(c.asking))
	o := &running{cancel}
	c.mu.Lock()
	_, taken := c.operations[m.ID]
	full := len(c.operations) >= maxOperations
	if !taken && !full {
		c.operations[m.ID] = o
	}
	c.mu.Unlock()
	switch {
	case taken:
		cancel()
		return AlreadyExists, "Subscriber for " + short(m.ID) + " already exists"
	case full:
		cancel()
		c.fail(m.ID, refuse(ctx, c.exec, c.transport.TooMany))
		return 0, ""
	}
	asked.Headers = c.header
	operation := begin(ctx, c.exec, asked)
	c.working.Go(func() {
		defer cancel()
		refused, err := operation.answer(func(response *graphql.Response) error { return c.next(m.ID, response) })
		switch {
		case err != nil || !c.dropThis(m.ID, o): // the client is gone, or has had enough
		case refused != nil:
			c.fail(m.ID, refused)
		default:
			_ = c.send(message{ID: m.ID, Type: "complete"})
		}
	})
	return 0, ""
}

// short keeps a reason within what a close frame holds.
func short(id string) string {
	if len(id) > 60 {
		return "this id"
	}
	return id
}

// drop forgets an operation; nil when there is none.
func (c *connection) drop(id string) *running {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.operations[id]
	delete(c.operations, id)
	return o
}

// dropThis forgets an operation unless the client did, and took its id again.
func (c *connection) dropThis(id string, o *running) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.operations[id] != o {
		return false
	}
	delete(c.operations, id)
	return true
}

func (c *connection) next(id string, response *graphql.Response) error {
	payload, err := json.Marshal(response)
	if err != nil {
		return err
	}
	return c.send(message{ID: id, Type: "next", Payload: payload})
}

func (c *connection) fail(id string, refused *graphql.Response) {
	payload, err := json.Marshal(refused.Errors)
	if err == nil {
		_ = c.send(message{ID: id, Type: "error", Payload: payload}) // a client that is gone needs no answer
	}
}

// send writes a message; a reader who does not take it in time is cut off.
func (c *connection) send(m message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, slow)
	defer cancel()
	return c.wire.Write(ctx, websocket.MessageText, raw)
}

func (c *connection) close(code websocket.StatusCode, reason string) {
	_ = c.wire.Close(code, reason) // whoever does not answer is gone
}
