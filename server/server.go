// SPDX-License-Identifier: AGPL-3.0-or-later

// Package server is HTTP around the GraphQL edge: who asks, health, keys, the
// contract to read, and, for development, the clock and the letters.
package server

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/internal/telemetry"
	"github.com/hora-coop/hora/server/token"
	"github.com/hora-coop/hora/web"
)

const (
	// maxBody bounds a request: the longest pile of slips anybody may key in, with room.
	maxBody = 2 << 20
	// maxStranger bounds a request of somebody who is not signed in.
	maxStranger = 256 << 10
)

// Config is what the server puts behind its addresses.
type Config struct {
	Resolver     *graph.Resolver
	Authenticate func(ctx context.Context, accessToken string) (domain.Actor, error)
	// FollowLink signs in whoever follows a letter's link, once.
	FollowLink func(ctx context.Context, token, device, network string) (identity.Person, identity.Tokens, error)
	JWKS       func(ctx context.Context) ([]byte, error)
	// CheckpointKeys are the public keys of what this server sealed, a line each.
	CheckpointKeys func(ctx context.Context) ([]byte, error)
	Badges         *token.Badges
	Ready          func(ctx context.Context) error
	Metrics        *telemetry.Metrics
	Logger         *slog.Logger
	// TrustedProxies may say in X-Forwarded-For whom they speak for.
	TrustedProxies []netip.Prefix
	// Secure says that people reach this server by https alone.
	Secure bool
	// GraphiQL serves the page to try the API in a browser; in development always.
	GraphiQL bool
	// JobsPage shows operators the server's own work; nil for nobody.
	JobsPage *JobsPage
	// Dev is nil outside development; its addresses then answer 404.
	Dev *Dev
}

// Dev is what only a developer's own machine serves.
type Dev struct {
	Mail  http.Handler
	Clock interface {
		domain.Clock
		Advance(by time.Duration)
	}
	// Moved does everything that the clock has now made due, jobs included.
	Moved func(ctx context.Context) error
}

// New makes the handler of every address.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", c.graphql())
	mux.HandleFunc("GET /accounts/{id}/statement.csv", c.statement(sheet(asCSV)))
	mux.HandleFunc("GET /accounts/{id}/statement.xlsx", c.statement(sheet(asXLSX)))
	mux.HandleFunc("GET /accounts/{id}/statement.html", c.statement(page))
	mux.HandleFunc("GET /accounts/{id}/attestation.html", c.attestation)
	mux.HandleFunc("GET /communities/{id}/shares.csv", c.shareRegister(asCSV))
	mux.HandleFunc("GET /communities/{id}/shares.xlsx", c.shareRegister(asXLSX))
	mux.HandleFunc("GET /cheque-batches/{id}/receipt.html", c.receipt)
	mux.HandleFunc("GET /cycles/{id}/report.html", c.report(reportHTMLOf))
	mux.HandleFunc("GET /cycles/{id}/report.csv", c.report(reportSheetOf(asCSV)))
	mux.HandleFunc("GET /cycles/{id}/report.xlsx", c.report(reportSheetOf(asXLSX)))
	mux.Handle("GET /schema.graphqls", contract())
	mux.Handle("PUT "+graph.UploadPath+"{ticket}", c.upload())
	mux.HandleFunc("GET "+graph.PhotoPath+"{address}/{file}", c.photo)
	mux.HandleFunc("GET /.well-known/jwks.json", c.keys("application/json", c.JWKS))
	mux.HandleFunc("GET /.well-known/hora-checkpoint-keys", c.keys("text/plain; charset=utf-8", c.CheckpointKeys))
	c.badges(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", c.readyz)
	mux.HandleFunc("GET "+SignInPath, c.signInPage)
	mux.HandleFunc("POST "+SignInPath, c.followLink)
	mux.HandleFunc("GET /{$}", c.welcome)
	c.admin(mux)
	c.jobsPage(mux)
	if c.GraphiQL || c.Dev != nil {
		c.graphiql(mux)
	}
	if c.Dev != nil {
		mux.Handle("GET /dev/mail", c.Dev.Mail)
		mux.HandleFunc("GET /dev/clock", c.Dev.clock)
		mux.HandleFunc("POST /dev/clock", c.Dev.advance)
	}
	return c.secure(c.Metrics.HTTP(compressed(mux)))
}

// secure says what browsers may do with our answers: next to nothing; the few pages
// that need more say so themselves. Requests that a browser makes from another
// site are refused before they reach anything.
func (c Config) secure(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	for _, origin := range c.Resolver.Origins {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			panic(err) // the settings were checked
		}
	}
	guarded := guard.Handler(next)
	if len(c.Resolver.Origins) > 0 {
		guarded = c.cors().Handler(guarded)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if c.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		guarded.ServeHTTP(w, r)
	})
}

// cors lets the web apps that the operator named call; nobody is signed in there by a
// cookie, so no credentials are asked for.
func (c Config) cors() *cors.Cors {
	return cors.New(cors.Options{
		AllowedOrigins: c.Resolver.Origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodPut},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Accept-Language", "If-None-Match", graph.SchemaHeader,
			"Hora-Client-Name", "Hora-Client-Version", "Apollographql-Client-Name", "Apollographql-Client-Version",
		},
		ExposedHeaders: []string{"ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Deprecation", "Sunset", "Link"},
		MaxAge:         int((2 * time.Hour).Seconds()),
	})
}

func (c Config) graphql() http.Handler {
	edge := c.Resolver.Handler(c.Logger, c.Metrics)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, ok := c.asking(w, r)
		if !ok {
			return
		}
		limit := int64(maxBody)
		if !graph.SignedIn(ctx) {
			limit = maxStranger
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		edge.ServeHTTP(w, r.WithContext(ctx))
	})
}

// asking starts the context of a request that somebody makes for themselves. It
// answers the request, and is false, when nobody can say who that is.
func (c Config) asking(w http.ResponseWriter, r *http.Request) (ctx context.Context, ok bool) {
	request := graph.Request{
		AcceptLanguage: r.Header.Get("Accept-Language"), Network: c.network(r),
		Client:  first(r.Header, "Hora-Client-Name", "Apollographql-Client-Name"),
		Release: first(r.Header, "Hora-Client-Version", "Apollographql-Client-Version"),
	}
	if r.Header.Get("Upgrade") == "" {
		request.Answer = w.Header()
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		actor, err := c.Authenticate(r.Context(), strings.TrimSpace(token))
		switch {
		case err == nil:
			request.Actor = actor
		case !errors.Is(err, domain.Unauthenticated):
			c.Logger.ErrorContext(r.Context(), "authenticate", "error", err)
			refuse(w, request.AcceptLanguage, http.StatusServiceUnavailable, domain.Internal)
			return nil, false
		}
		// With a token that no longer holds one is a stranger: refreshing the
		// session must still work, and anything else says UNAUTHENTICATED.
	}
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Add("Vary", "Authorization, Accept-Language")
	return c.Resolver.WithRequest(r.Context(), request), true
}

func first(h http.Header, names ...string) string {
	for _, name := range names {
		if value := h.Get(name); value != "" {
			return value
		}
	}
	return ""
}

func refuse(w http.ResponseWriter, accept string, status int, code domain.Code) {
	reply(w, status, map[string]any{"errors": []any{map[string]any{
		"message": i18n.Error(i18n.Match(accept), domain.NewError(code, "", "trace", "")), "extensions": map[string]any{"code": code},
	}}})
}

// keys serves public keys, which a new one joins a minute before it signs.
func (c Config) keys(as string, read func(context.Context) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		keys, err := read(r.Context())
		if err != nil {
			c.Logger.ErrorContext(r.Context(), "read keys", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", as)
		w.Header().Set("Cache-Control", "public, max-age=60")
		_, _ = w.Write(keys)
	}
}

func (c Config) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := c.Ready(ctx); err != nil {
		c.Logger.WarnContext(r.Context(), "not ready", "error", err)
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "the database does not answer"})
		return
	}
	reply(w, http.StatusOK, map[string]string{"status": "ready"})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller who left reads nothing
}

//go:embed welcome.html
var welcomeHTML string

var welcomePage = template.Must(template.New("welcome").Parse(welcomeHTML))

// welcome tells whoever opens the server in a browser what it is.
func (c Config) welcome(w http.ResponseWriter, r *http.Request) {
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	text := func(id string) string { return i18n.Text(lang, "welcome."+id, nil) }
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	admin := ""
	if web.Pages() != nil {
		admin = AdminPath
	}
	_ = welcomePage.Execute(w, map[string]any{
		"Lang": lang, "Text": text, "Dev": c.Dev != nil, "Version": c.Resolver.Version, "Admin": admin,
	})
}

// clock tells the program's moment.
func (d *Dev) clock(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"now": d.Clock.Now().UTC()})
}

// advance moves the program's clock forward, jobs included, and answers when
// everything that became due is done.
func (d *Dev) advance(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Advance string `json:"advance"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&asked)
	by, parseErr := time.ParseDuration(asked.Advance)
	if err != nil || parseErr != nil || by <= 0 {
		reply(w, http.StatusBadRequest, map[string]string{"error": `send {"advance":"672h"}: a positive duration; the clock never goes back`})
		return
	}
	d.Clock.Advance(by)
	if err := d.Moved(r.Context()); err != nil {
		reply(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	d.clock(w, r)
}
