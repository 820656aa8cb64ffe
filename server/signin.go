// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// SignInPath is where a letter's link leads. Mail scanners follow links, so a GET
// shows a page and only its button uses the link.
const SignInPath = "/sign-in"

// pageCookie holds the access token of who signed in on this server's own pages.
const pageCookie = "hora_page"

//go:embed pages.html
var pagesHTML string

var pageTemplate = template.Must(template.New("page").Parse(pagesHTML))

// leaf is one of the server's own pages, plain HTML without scripts.
type leaf struct {
	Lang, Title string
	Say         []string
	Token, Go   string // of the one form, if there is one
}

func (c Config) signInPage(w http.ResponseWriter, r *http.Request) {
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	c.show(w, http.StatusOK, leaf{
		Lang: string(lang), Title: text(lang, "signin.title"), Say: []string{text(lang, "signin.ask")},
		Token: r.URL.Query().Get("token"), Go: text(lang, "signin.go"),
	})
}

// followLink uses a link and signs this browser in on the server's own pages.
func (c Config) followLink(w http.ResponseWriter, r *http.Request) {
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	_, tokens, err := c.FollowLink(r.Context(), r.PostFormValue("token"), browserName(r), c.network(r))
	problems, told := domain.Problems(err)
	switch {
	case err == nil:
		http.SetCookie(w, c.keep(tokens.Access))
		c.show(w, http.StatusOK, leaf{Lang: string(lang), Title: text(lang, "signin.title"), Say: []string{text(lang, "signin.done")}})
	case told:
		c.show(w, http.StatusBadRequest, leaf{Lang: string(lang), Title: text(lang, "signin.title"), Say: []string{text(lang, "signin.failed"), i18n.Error(lang, problems[0])}})
	default:
		c.Logger.ErrorContext(r.Context(), "follow a link", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// keep makes the cookie that remembers who is at this browser, for as long as the
// access token lives. No script reads it and no other site sends it along.
func (c Config) keep(access string) *http.Cookie {
	return &http.Cookie{Name: pageCookie, Value: access, Path: "/", HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode, MaxAge: 600}
}

// browserName is what a browser calls itself, as far as it helps to know it again.
func browserName(r *http.Request) string {
	agent := r.UserAgent()
	for _, name := range []string{"Firefox", "Edg", "Chrome", "Safari"} {
		if strings.Contains(agent, name) {
			return strings.Replace(name, "Edg", "Edge", 1)
		}
	}
	return ""
}

func text(lang i18n.Language, id string) string { return i18n.Text(lang, id, nil) }

// show writes a page that may send its form here and nowhere else.
func (c Config) show(w http.ResponseWriter, status int, p leaf) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, p) // the reader left
}
