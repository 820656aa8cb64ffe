// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// smallest is the size from which an answer is compressed; below it costs more
// than it saves.
const smallest = 1 << 10

// coding is one way to compress: its encoders are big, so they are used again.
type coding struct {
	name     string
	encoders sync.Pool
}

// encoder is what the three libraries have in common.
type encoder interface {
	io.WriteCloser
	Reset(to io.Writer)
	Flush() error
}

func newCoding(name string, open func() encoder) *coding {
	return &coding{name: name, encoders: sync.Pool{New: func() any { return open() }}}
}

// codings stand in the order in which they are chosen among those a caller likes
// as well. The levels are those that a phone's wait and our processor both like.
var codings = []*coding{
	newCoding("zstd", func() encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(128<<10))
		if err != nil {
			panic(err) // the options are wrong
		}
		return e
	}),
	newCoding("br", func() encoder { return brotli.NewWriterLevel(nil, 4) }),
	newCoding("gzip", func() encoder {
		e, err := gzip.NewWriterLevel(nil, 5)
		if err != nil {
			panic(err) // the level is wrong
		}
		return e
	}),
}

// chooseCoding reads Accept-Encoding; nil is to leave answers as they are.
func chooseCoding(accept string) (best *coding) {
	liking := 0.0
	for _, c := range codings {
		if l := likes(accept, c.name); l > liking {
			best, liking = c, l
		}
	}
	return best
}

// likes is how much a caller wants a coding, from 0 to 1.
func likes(accept, name string) float64 {
	anything := 0.0
	for part := range strings.SplitSeq(accept, ",") {
		given, params, _ := strings.Cut(part, ";")
		quality := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			quality, _ = strconv.ParseFloat(q, 64)
		}
		switch given = strings.TrimSpace(given); {
		case strings.EqualFold(given, name):
			return quality
		case given == "*":
			anything = quality
		}
	}
	return anything
}

// compressible are the media types worth it; streams of events are not among
// them, since they must not wait.
func compressible(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	switch media {
	case "application/json", "application/graphql-response+json", "text/html", "text/plain", "text/csv", "text/css",
		"text/javascript", "application/javascript", "image/svg+xml":
		return true
	}
	return false
}

// compressed sends long answers in the coding that the caller likes best. No
// cookie signs anybody in, but that of operators, which other sites do not get sent:
// nobody can make a person's browser ask again and again for a secret beside a text of
// their own, and learn from the lengths.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Accept-Encoding")
		chosen := chooseCoding(r.Header.Get("Accept-Encoding"))
		if chosen == nil || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressor{ResponseWriter: w, coding: chosen}
		defer c.close()
		next.ServeHTTP(c, r)
	})
}

// compressor holds an answer back until it knows whether it is long enough.
type compressor struct {
	http.ResponseWriter
	coding  *coding
	status  int
	held    []byte
	started bool
	encoder encoder // nil for an answer left as it is
}

// WriteHeader implements http.ResponseWriter.
func (c *compressor) WriteHeader(status int) {
	if c.started || status < http.StatusOK {
		c.ResponseWriter.WriteHeader(status)
		return
	}
	if c.status == 0 {
		c.status = status
	}
}

// Write implements http.ResponseWriter.
func (c *compressor) Write(some []byte) (int, error) {
	if !c.started {
		if c.status == 0 {
			c.status = http.StatusOK
		}
		if c.worth() && len(c.held)+len(some) < smallest {
			c.held = append(c.held, some...)
			return len(some), nil
		}
		if err := c.start(c.worth()); err != nil {
			return 0, err
		}
	}
	if c.encoder != nil {
		return c.encoder.Write(some)
	}
	return c.ResponseWriter.Write(some)
}

func (c *compressor) worth() bool {
	h := c.Header()
	return h.Get("Content-Encoding") == "" && compressible(h.Get("Content-Type")) &&
		c.status != http.StatusNoContent && c.status != http.StatusNotModified && c.status != http.StatusPartialContent
}

// start sends the header, and what was held back.
func (c *compressor) start(compress bool) error {
	c.started = true
	if compress {
		c.Header().Set("Content-Encoding", c.coding.name)
		c.Header().Del("Content-Length")
		c.encoder = c.coding.encoders.Get().(encoder)
		c.encoder.Reset(c.ResponseWriter)
	}
	if c.status != 0 {
		c.ResponseWriter.WriteHeader(c.status)
	}
	held := c.held
	c.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := c.Write(held)
	return err
}

// Flush implements http.Flusher: who flushes does not want to wait.
func (c *compressor) Flush() {
	if !c.started {
		if c.status == 0 {
			c.status = http.StatusOK
		}
		_ = c.start(c.worth()) // a caller who left reads nothing
	}
	if c.encoder != nil {
		_ = c.encoder.Flush()
	}
	_ = http.NewResponseController(c.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *compressor) close() {
	if !c.started {
		_ = c.start(false) // too short to be worth it
	}
	if c.encoder != nil {
		_ = c.encoder.Close()
		c.coding.encoders.Put(c.encoder)
	}
}
