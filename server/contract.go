// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/hora-coop/hora/graph"
)

// contract serves the whole contract to read, and the next release's to those who
// ask for it as they do at /graphql. It changes with the program only.
func contract() http.Handler {
	type text struct{ body, etag string }
	tagged := func(sdl string) text {
		sum := sha256.Sum256([]byte(sdl))
		return text{sdl, `"` + hex.EncodeToString(sum[:16]) + `"`}
	}
	today, next := tagged(graph.SDL()), tagged(graph.NextSDL())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := today
		if graph.AsksNext(r) {
			answer = next
		}
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "public, no-cache")
		h.Set("Vary", graph.SchemaHeader)
		h.Set("ETag", answer.etag)
		if r.Header.Get("If-None-Match") == answer.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte(answer.body)) // a caller who left reads nothing
	})
}
