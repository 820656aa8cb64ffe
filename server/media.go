// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

const (
	// uploadsAtOnce bounds the pictures held in memory while they come in.
	uploadsAtOnce = 8
	// uploadPatience is how long one may take: ten megabytes over a bad network.
	uploadPatience = 5 * time.Minute
)

// pictureStatuses are what HTTP calls what can be wrong with a picture.
var pictureStatuses = map[domain.Code]int{
	media.TypeRefused:   http.StatusUnsupportedMediaType,
	media.TooLarge:      http.StatusRequestEntityTooLarge,
	media.TooManyPixels: http.StatusRequestEntityTooLarge,
	media.Unreadable:    http.StatusUnprocessableEntity,
	media.WrongState:    http.StatusConflict,
}

// upload takes a picture in. The ticket in the address is all that is asked for: a
// phone sends pictures from the background, where it has no session at hand.
func (c Config) upload() http.Handler {
	place := make(chan struct{}, uploadsAtOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, ok := c.asking(w, r)
		if !ok {
			return
		}
		select {
		case place <- struct{}{}:
			defer func() { <-place }()
		default:
			w.Header().Set("Retry-After", "5")
			c.refuseWith(ctx, w, domain.NewError(domain.RateLimited, "", "retryAfter", 5))
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(c.Resolver.Clock.Now().Add(uploadPatience)) // else the server's own
		err := c.Resolver.Photos.Receive(ctx, r.PathValue("ticket"), http.MaxBytesReader(w, r.Body, media.MaxBytes+1))
		problems, known := domain.Problems(err)
		switch {
		case err == nil:
			w.WriteHeader(http.StatusNoContent)
		case known && pictureStatuses[problems[0].Code] != 0:
			_, lang := graph.Caller(ctx)
			reply(w, pictureStatuses[problems[0].Code], map[string]any{"errors": []any{map[string]any{
				"message": i18n.Error(lang, problems[0]), "extensions": map[string]any{"code": problems[0].Code},
			}}})
		default:
			if errors.Is(err, domain.RateLimited) {
				w.Header().Set("Retry-After", "5")
			}
			c.refuseWith(ctx, w, err)
		}
	})
}

// photo gives a picture out to whoever has its address. It never changes, so a
// phone keeps it; nobody between does, since a picture may be taken back.
func (c Config) photo(w http.ResponseWriter, r *http.Request) {
	address := r.PathValue("address")
	size, ok := media.Known(address, r.PathValue("file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	file, err := c.Resolver.Photos.File(r.Context(), address, size)
	if errors.Is(err, domain.NotFound) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		c.Logger.ErrorContext(r.Context(), "open a picture", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", "inline")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	etag := `"` + address + "-" + string(size) + `"`
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(file) // a caller who left reads nothing
}
