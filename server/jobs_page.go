// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

const (
	// JobsPath is where operators look after the server's own work.
	JobsPath = "/jobs"
	// JobsEnterPath is where a link of theirs leads.
	JobsEnterPath = JobsPath + "/enter"
	// passCookie holds an operator's pass. It goes to JobsPath alone.
	passCookie = "hora_jobs"
	// jobsPolicy lets River's page load its own files, ask its own addresses, and write
	// styles into itself, which its messages do.
	jobsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// JobsPage shows those who administer the server its own work.
type JobsPage struct {
	// Show makes the page, when it is first asked for.
	Show      func(prefix string) (http.Handler, error)
	Operators Operators
}

// Operators knows who administers the server, and by which pass their browser is known.
type Operators interface {
	EnterByLink(ctx context.Context, token, device, network string) (pass string, err error)
	EnterSignedIn(ctx context.Context, actor domain.Actor) (pass string, err error)
	Operator(ctx context.Context, pass string) (domain.Actor, error)
	Leave(ctx context.Context, pass string) error
}

// jobActs is what an operator may do to jobs here. Nobody deletes one, which would take
// away what happened, or stops a queue, which would keep everybody's letters.
var jobActs = map[string]string{JobsPath + "/api/jobs/retry": "retry", JobsPath + "/api/jobs/cancel": "cancel"}

// maxJobs bounds the body of an act: a thousand numbers.
const maxJobs = 64 << 10

// jobsPage serves the page to operators; for anybody else there is nothing. A pass is a
// cookie, so an act must come from this very origin, whichever others may call the API.
func (c Config) jobsPage(mux *http.ServeMux) {
	if c.JobsPage == nil {
		return
	}
	show := sync.OnceValues(func() (http.Handler, error) { return c.JobsPage.Show(JobsPath) })
	guard := http.NewCrossOriginProtection()
	mux.HandleFunc("GET "+JobsEnterPath, c.jobsDoor)
	mux.Handle("POST "+JobsEnterPath, guard.Handler(http.HandlerFunc(c.enterJobs)))
	mux.Handle("GET "+JobsPath+"/leave", c.operating(func(w http.ResponseWriter, r *http.Request, _ domain.Actor) {
		lang := i18n.Match(r.Header.Get("Accept-Language"))
		c.show(w, http.StatusOK, leaf{Lang: string(lang), Title: text(lang, "jobs.title"), Say: []string{text(lang, "jobs.leave")}, Token: "leave", Go: text(lang, "jobs.out")})
	}))
	mux.Handle("POST "+JobsPath+"/leave", guard.Handler(c.operating(c.leaveJobs)))
	page := guard.Handler(c.operating(func(w http.ResponseWriter, r *http.Request, who domain.Actor) {
		page, err := show()
		if err != nil {
			c.Logger.ErrorContext(r.Context(), "open the page of jobs", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		c.serveJobs(w, r, who, page)
	}))
	mux.Handle(JobsPath, page)
	mux.Handle(JobsPath+"/", page)
}

// operating lets operators through, and shows others nothing.
func (c Config) operating(next func(http.ResponseWriter, *http.Request, domain.Actor)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass, err := r.Cookie(passCookie)
		var who domain.Actor
		if err == nil {
			who, err = c.JobsPage.Operators.Operator(r.Context(), pass.Value)
		}
		switch {
		case err == nil:
			next(w, r, who)
		case errors.Is(err, http.ErrNoCookie) || errors.Is(err, domain.Unauthenticated):
			http.NotFound(w, r)
		default:
			c.Logger.ErrorContext(r.Context(), "know an operator", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

// serveJobs shows the page, and lets what is done there leave a trace.
func (c Config) serveJobs(w http.ResponseWriter, r *http.Request, who domain.Actor, page http.Handler) {
	h := w.Header()
	h.Set("Content-Security-Policy", jobsPolicy)
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(r.URL.Path, JobsPath+"/assets/") {
		h.Set("Cache-Control", "private, max-age=86400") // the name changes with what is in it
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		page.ServeHTTP(w, r)
		return
	}
	act, may := jobActs[r.URL.Path]
	if r.Method != http.MethodPost || !may {
		reply(w, http.StatusForbidden, map[string]string{"message": "Here jobs are tried again or cancelled; nothing else is done to them."})
		return
	}
	var on struct {
		IDs []json.Number `json:"ids"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJobs)).Decode(&on); err != nil || len(on.IDs) == 0 {
		reply(w, http.StatusBadRequest, map[string]string{"message": "The numbers of the jobs are missing."})
		return
	}
	body, _ := json.Marshal(on) // numbers always encode
	var numbers []string
	for _, id := range on.IDs {
		numbers = append(numbers, id.String())
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	done := &noted{ResponseWriter: w, status: http.StatusOK}
	page.ServeHTTP(done, r)
	// A warning, so that it is in the log of those who log little.
	c.Logger.WarnContext(r.Context(), "an operator acted on jobs",
		"act", act, "jobs", strings.Join(numbers, ","), "person", who.Person, "session", who.Session, "status", done.status)
}

// noted remembers how a request was answered.
type noted struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (n *noted) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// jobsDoor is where a link leads. It says the same to everybody; only its button uses
// the link.
func (c Config) jobsDoor(w http.ResponseWriter, r *http.Request) {
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	c.show(w, http.StatusOK, leaf{
		Lang: string(lang), Title: text(lang, "jobs.title"), Say: []string{text(lang, "jobs.ask"), text(lang, "jobs.then")},
		Token: r.URL.Query().Get("token"), Go: text(lang, "jobs.go"),
	})
}

// enterJobs lets an operator in: by a link, or by the access token of whoever is signed
// in already.
func (c Config) enterJobs(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		c.enterSignedIn(w, r)
		return
	}
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	pass, err := c.JobsPage.Operators.EnterByLink(r.Context(), r.PostFormValue("token"), browserName(r), c.network(r))
	problems, told := domain.Problems(err)
	switch {
	case err == nil:
		http.SetCookie(w, c.pass(pass))
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, JobsPath+"/", http.StatusSeeOther)
	case told:
		c.show(w, http.StatusBadRequest, leaf{Lang: string(lang), Title: text(lang, "jobs.title"), Say: []string{text(lang, "jobs.failed"), i18n.Error(lang, problems[0])}})
	default:
		c.Logger.ErrorContext(r.Context(), "let an operator in", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (c Config) enterSignedIn(w http.ResponseWriter, r *http.Request) {
	ctx, ok := c.asking(w, r)
	if !ok {
		return
	}
	actor, _ := graph.Caller(ctx)
	pass, err := c.JobsPage.Operators.EnterSignedIn(ctx, actor)
	switch {
	case err == nil:
		http.SetCookie(w, c.pass(pass))
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, domain.Unauthenticated):
		http.NotFound(w, r)
	default:
		c.refuseWith(ctx, w, err)
	}
}

// pass makes the cookie of an operator's pass: no script reads it, no other site and no
// other address of this one gets it.
func (c Config) pass(pass string) *http.Cookie {
	return &http.Cookie{
		Name: passCookie, Value: pass, Path: JobsPath, HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteStrictMode,
		MaxAge: int(identity.PassLife.Seconds()),
	}
}

// leaveJobs ends the visit of whoever is here.
func (c Config) leaveJobs(w http.ResponseWriter, r *http.Request, _ domain.Actor) {
	pass, err := r.Cookie(passCookie)
	if err == nil {
		err = c.JobsPage.Operators.Leave(r.Context(), pass.Value)
	}
	if err != nil {
		c.Logger.ErrorContext(r.Context(), "sign an operator out", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	gone := c.pass("")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	c.show(w, http.StatusOK, leaf{Lang: string(lang), Title: text(lang, "jobs.title"), Say: []string{text(lang, "jobs.left")}})
}
