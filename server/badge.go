// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/server/token"
)

// badges serves what strangers need to verify a badge: keys, issuers, and what was
// revoked. Nobody asks who they are.
func (c Config) badges(mux *http.ServeMux) {
	mux.HandleFunc("GET "+token.BadgeKeysPath, c.keys("application/jwk-set+json", c.Badges.Keys))
	mux.HandleFunc("GET "+token.BadgeKeysPath+"/{id}", c.public("application/jwk+json", func(r *http.Request) ([]byte, error) {
		return c.Badges.Key(r.Context(), r.PathValue("id"))
	}))
	mux.HandleFunc("GET "+token.BadgeIssuerPath+"{community}", c.public("application/ld+json", func(r *http.Request) ([]byte, error) {
		id, err := uuid.Parse(r.PathValue("community"))
		if err != nil {
			return nil, domain.NotFound
		}
		found, err := c.Resolver.Communities.ByIDs(r.Context(), []domain.ID{id})
		if err != nil || len(found) == 0 {
			return nil, errors.Join(err, domain.NotFound)
		}
		return c.Badges.Issuer(found[0])
	}))
	mux.HandleFunc("GET "+token.BadgeStatusPath+"{community}", c.public("application/vc+jwt", func(r *http.Request) ([]byte, error) {
		id, err := uuid.Parse(r.PathValue("community"))
		if err != nil {
			return nil, domain.NotFound
		}
		list, err := c.Resolver.Recognitions.StatusList(r.Context(), id)
		return []byte(list), err
	}))
}

// public serves a document that anybody may read and keep for five minutes.
func (c Config) public(as string, read func(r *http.Request) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		document, err := read(r)
		switch {
		case errors.Is(err, domain.NotFound):
			http.NotFound(w, r)
		case err != nil:
			c.Logger.ErrorContext(r.Context(), "read a public document", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", as)
			w.Header().Set("Cache-Control", "public, max-age=300")
			_, _ = w.Write(document) // a caller who left reads nothing
		}
	}
}
