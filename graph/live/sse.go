// SPDX-License-Identifier: AGPL-3.0-or-later

package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// SSE is the transport of server-sent events, one connection for each operation:
// https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
type SSE struct {
	Hub *Hub
	// Caller is whose connection it is.
	Caller func(ctx context.Context) Caller
	// Read reads the operation, as over plain HTTP; when it cannot, it says why, with
	// the status.
	Read func(r *http.Request) (asked *graphql.RawParams, status int, err error)
	// Ended is what is told when a session ended.
	Ended error
}

var _ graphql.Transport = SSE{}

// Supports implements graphql.Transport. Some clients name event streams beside
// JSON in every request: they get JSON.
func (SSE) Supports(r *http.Request) bool {
	if r.Method != http.MethodPost || mediaType(r.Header.Get("Content-Type")) != "application/json" {
		return false
	}
	stream := false
	for one := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		name, params, err := mime.ParseMediaType(one)
		if err != nil || strings.Trim(params["q"], "0.") == "" && params["q"] != "" {
			continue // unreadable, or refused with q=0
		}
		switch {
		case name == "text/event-stream":
			stream = true
		case strings.HasSuffix(name, "json"), name == "*/*", name == "application/*":
			return false
		}
	}
	return stream
}

func mediaType(header string) string {
	name, _, _ := mime.ParseMediaType(header)
	return name
}

// Do implements graphql.Transport.
func (t SSE) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	ctx, leave, err := t.Hub.Enter(r.Context(), t.Caller(r.Context()))
	if err != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer leave()
	asked, status, err := t.Read(r)
	if err != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(refuse(ctx, exec, err)) // a client that is gone needs no answer
		return
	}
	asked.Headers = r.Header
	s := &stream{w: w, control: http.NewResponseController(w)}
	if err := s.open(); err != nil {
		http.Error(w, "streams are not possible here", http.StatusInternalServerError)
		return
	}
	defer s.close()
	var operation begun
	aside(func() { operation = begin(ctx, exec, asked) })
	_ = s.write(":\n\n") // whoever is gone shows with the first answer
	refused, err := operation.answer(s.next)
	switch {
	case err != nil: // the client is gone
	case errors.Is(context.Cause(ctx), ErrStopping): // without a complete it comes back
	case errors.Is(context.Cause(ctx), ErrSessionEnded):
		refused = refuse(context.WithoutCancel(ctx), exec, t.Ended)
		fallthrough
	default:
		if refused != nil {
			_ = s.next(refused)
		}
		_ = s.write("event: complete\ndata:\n\n")
	}
}

// stream is one event stream on its way.
type stream struct {
	control *http.ResponseController
	again   *time.Timer

	mu sync.Mutex
	w  http.ResponseWriter
}

// open frees the stream from the server's time limits: a request is read within
// half a minute, a stream may last for days.
func (s *stream) open() error {
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events back
	s.w.WriteHeader(http.StatusOK)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = time.AfterFunc(keepAlive, func() {
		if s.write(":\n\n") == nil {
			s.again.Reset(keepAlive)
		}
	})
	return nil
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again.Stop()
	s.w = nil
}

func (s *stream) next(response *graphql.Response) error {
	data, err := json.Marshal(response)
	if err != nil {
		return err
	}
	return s.write("event: next\ndata: %s\n\n", data)
}

// write sends and flushes; a reader who does not take it in time is cut off.
func (s *stream) write(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return http.ErrHandlerTimeout
	}
	err := s.control.SetWriteDeadline(time.Now().Add(slow)) //nolint:forbidigo // the network's time, not the product's
	if err == nil {
		_, err = fmt.Fprintf(s.w, format, args...)
	}
	if err == nil {
		err = s.control.Flush()
	}
	return err
}
