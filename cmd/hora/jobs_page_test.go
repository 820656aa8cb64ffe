// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build !no_ui

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/internal/telemetry"
	"github.com/hora-coop/hora/persistence/pgtest"
)

// browser keeps cookies, as people's browsers do, and follows no redirect by itself.
type browser struct {
	*program
	client *http.Client
}

func (p *program) browser() *browser {
	jar, _ := cookiejar.New(nil) // it cannot fail
	return &browser{p, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// asks sends a request; headers come in pairs of name and value.
func (b *browser) asks(method, path, body string, headers ...string) (int, string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.address+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// enters with what somebody signed in holds.
func (b *browser) enters(who *person) int {
	b.t.Helper()
	status, _ := b.asks(http.MethodPost, "/jobs/enter", "", "Authorization", "Bearer "+who.bearer())
	return status
}

func (b *browser) submits(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.asks(http.MethodPost, path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// retries has a job tried again, as the page does.
func (b *browser) retries(job int64, headers ...string) int {
	b.t.Helper()
	status, _ := b.asks(http.MethodPost, "/jobs/api/jobs/retry", fmt.Sprintf(`{"ids":["%d"]}`, job), append(headers, "Content-Type", "application/json")...)
	return status
}

// shownJob is a job as the page shows it.
type shownJob struct {
	Kind, State string
	Errors      []struct{ Error string }
	Metadata    struct {
		Output struct {
			Done, All int
			Unit      string
		}
	}
}

// waits looks at a job until it is in some state.
func (b *browser) waits(job int64, state string) (shown shownJob) {
	b.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for range 6000 {
		status, said := b.asks(http.MethodGet, fmt.Sprintf("/jobs/api/jobs/%d", job), "")
		shown = shownJob{}
		if err := json.Unmarshal([]byte(said), &shown); status != http.StatusOK || err != nil {
			b.t.Fatalf("the page answers %d, %v: %s", status, err, said)
		}
		if shown.State == state {
			return shown
		}
		<-again.C
	}
	b.t.Fatalf("the job is never %s: %+v", state, shown)
	return shown
}

// administers makes somebody one who administers the server, and signs them in as such.
func (p *person) administers() *person {
	ask[int](p.program, `WITH w AS (UPDATE person SET platform = true WHERE email = $1 RETURNING 1) SELECT count(*)::int FROM w`, p.email)
	p.take(p.does("signIn", input{"email": p.email, "password": secret}))
	return p
}

// nothing is what the server says of an address that it does not know.
const nothing = "404 page not found\n"

// The night's verification finds wrong books. Who administers the server sees why, and
// has it tried again when they are put right; nobody else sees that there is a page.
func TestOperatorsLookAfterTheServersWork(t *testing.T) {
	t.Parallel()
	journal := &complaints{}
	p := bootLogging(t, edgeConfig{CORSOrigins: []string{"https://app.example.org"}}, telemetry.NewLogger(journal, slog.LevelWarn).Handler())
	town := p.town("Accorderie du Port", "port")
	anna, racine := town.welcome("Anna", "fr"), town.register("Racine", "fr").administers()
	const verification = `SELECT coalesce(max(id), 0) FROM river.river_job WHERE kind = 'verify-books'`
	p.eventually("the books were verified", func() bool { return ask[int64](p, verification) > 0 })
	job := ask[int64](p, verification)

	for who, b := range map[string]*browser{"a stranger": p.browser(), "a member": p.browser(), "a coordinator": p.browser(), "who made up a pass": p.browser()} {
		switch who {
		case "a member":
			same(t, who, b.enters(anna), http.StatusNotFound)
		case "a coordinator":
			same(t, who, b.enters(town.founder), http.StatusNotFound)
		case "who made up a pass":
			at, _ := url.Parse(p.address + "/jobs")
			b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "hora_jobs", Value: strings.Repeat("A", 75), Path: "/jobs"}})
		}
		for _, path := range []string{"/jobs", "/jobs/", "/jobs/leave", "/jobs/api/jobs", "/jobs/api/states", "/jobs/favicon.ico", fmt.Sprintf("/jobs/api/jobs/%d", job)} {
			status, said := b.asks(http.MethodGet, path, "")
			same(t, who+" at "+path, []any{status, said}, []any{http.StatusNotFound, nothing})
		}
		same(t, who+" retries", b.retries(job), http.StatusNotFound)
	}

	page := p.browser()
	same(t, "Racine enters", page.enters(racine), http.StatusNoContent)
	status, said := page.asks(http.MethodGet, "/jobs/", "")
	same(t, "the page", []any{status, strings.Contains(said, `<script type="module" src="/jobs/assets/`)}, []any{http.StatusOK, true})
	page.waits(job, "completed")

	slip := func(minutes int) {
		ask[int](p, `WITH w AS (UPDATE ledger.account SET balance = balance + $2 WHERE owner_id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(anna.member), minutes)
	}
	ask[int](p, `WITH w AS (DELETE FROM job_period WHERE job = 'verify-books' RETURNING 1) SELECT count(*)::int FROM w`) // of a tour that came after the town
	slip(30)
	for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "https://app.example.org", "Sec-Fetch-Site", "same-site"}} {
		same(t, fmt.Sprint("a page elsewhere: ", from), page.retries(job, from...), http.StatusForbidden)
	}
	same(t, "tried again", page.retries(job, "Sec-Fetch-Site", "same-origin"), http.StatusOK)
	failed := page.waits(job, "discarded")
	if len(failed.Errors) != 1 || !strings.Contains(failed.Errors[0].Error, "the books of 1 communities do not add up") {
		t.Errorf("why it failed: %+v", failed.Errors)
	}
	slip(-30)
	same(t, "tried again", page.retries(job, "Sec-Fetch-Site", "same-origin"), http.StatusOK)
	done := page.waits(job, "completed").Metadata.Output
	same(t, "how far it came", []any{done.Done, done.All, done.Unit}, []any{1, 1, "communities"})
	for _, act := range [][2]string{{"POST", "/jobs/api/jobs/delete"}, {"PUT", "/jobs/api/queues/default/pause"}, {"PATCH", "/jobs/api/queues/default"}} {
		status, _ := page.asks(act[0], act[1], fmt.Sprintf(`{"ids":["%d"]}`, job), "Content-Type", "application/json")
		same(t, strings.Join(act[:], " "), status, http.StatusForbidden)
	}
	who := ask[string](p, `SELECT id::text FROM person WHERE email = $1`, racine.email)
	line := fmt.Sprintf(`"msg":"an operator acted on jobs","act":"retry","jobs":"%d","person":"%s"`, job, who)
	same(t, "what the log says", strings.Count(journal.String(), line), 2)
	same(t, "what the log does not", strings.Contains(journal.String(), racine.email), false)
	same(t, "jobs that hold more than ids", ask[int](p, `
		SELECT count(*)::int FROM river.river_job, jsonb_each_text(args) AS held
		 WHERE held.value !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`), 0)
}

// eventually waits for what the program does by itself.
func (p *program) eventually(what string, holds func() bool) {
	p.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for range 6000 {
		if holds() {
			return
		}
		<-again.C
	}
	p.t.Fatalf("never: %s", what)
}

// The link of the command line opens the page once; then the page ends when its
// session does, when somebody no longer administers the server, and after a day's work.
func TestOperatorsComeAndGo(t *testing.T) {
	t.Parallel()
	p := boot(t)
	town := p.town("Accorderie du Port", "port")
	racine := town.register("Racine", "fr").administers()
	seen := func(b *browser) int {
		t.Helper()
		status, _ := b.asks(http.MethodGet, "/jobs/", "")
		return status
	}
	if _, err := p.app.people.OperatorLink(t.Context(), town.founder.email); err == nil {
		t.Error("a coordinator gets a link")
	}
	token, err := p.app.people.OperatorLink(t.Context(), racine.email)
	if err != nil {
		t.Fatal(err)
	}
	page, form := p.browser(), url.Values{"token": {token}}
	status, _ := page.submits("/sign-in", form)
	same(t, "it signs nobody in elsewhere", status, http.StatusBadRequest)
	for range 2 { // whoever looks at a link does not use it
		status, said := page.asks(http.MethodGet, "/jobs/enter?token="+token, "", "Accept-Language", "fr")
		same(t, "the link’s page", []any{status, strings.Contains(said, "Ouvrir la page")}, []any{http.StatusOK, true})
	}
	status, _ = page.asks(http.MethodPost, "/jobs/enter", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site")
	same(t, "a page elsewhere uses it", status, http.StatusForbidden)
	status, _ = page.submits("/jobs/enter", form)
	same(t, "Racine uses it", []int{status, seen(page)}, []int{http.StatusSeeOther, http.StatusOK})
	status, _ = p.browser().submits("/jobs/enter", form)
	same(t, "somebody else uses it", status, http.StatusBadRequest)
	status, _ = page.asks(http.MethodGet, "/jobs/leave", "")
	same(t, "the way out", []int{status, seen(page)}, []int{http.StatusOK, http.StatusOK})
	kept := page.client.Jar.Cookies(must(url.Parse(p.address + "/jobs")))
	status, _ = page.submits("/jobs/leave", nil)
	same(t, "signed out", []int{status, seen(page)}, []int{http.StatusOK, http.StatusNotFound})
	page.client.Jar.SetCookies(must(url.Parse(p.address+"/jobs")), kept)
	same(t, "with the cookie of before", seen(page), http.StatusNotFound)

	b := p.browser()
	same(t, "Racine comes from the app", []int{b.enters(racine), seen(b)}, []int{http.StatusNoContent, http.StatusOK})
	status, _ = b.submits("/jobs/leave", nil)
	same(t, "and leaves", []int{status, seen(b)}, []int{http.StatusOK, http.StatusNotFound})
	same(t, "she is signed in there still", racine.reads(`{ viewer { person { displayName } } }`, nil).text("viewer.person.displayName"), "Racine")

	late := must(p.app.people.OperatorLink(t.Context(), racine.email))
	ask[int](p, `WITH w AS (UPDATE person SET platform = false WHERE email = $1 RETURNING 1) SELECT count(*)::int FROM w`, racine.email)
	before := ask[int](p, `SELECT count(*)::int FROM session`)
	status, _ = p.browser().submits("/jobs/enter", url.Values{"token": {late}})
	same(t, "a link of whoever administers nothing any more", []int{status, ask[int](p, `SELECT count(*)::int FROM session`)}, []int{http.StatusBadRequest, before})

	for how, ends := range map[string]func(){
		"signed out in the app": func() { racine.does("signOut", nil) },
		"eight hours later":     func() { p.advance(8 * time.Hour) },
		"without the role": func() {
			ask[int](p, `WITH w AS (UPDATE person SET platform = false WHERE email = $1 RETURNING 1) SELECT count(*)::int FROM w`, racine.email)
		},
	} {
		racine.administers()
		b := p.browser()
		same(t, how+": enters", []int{b.enters(racine), seen(b)}, []int{http.StatusNoContent, http.StatusOK})
		ends()
		same(t, how, seen(b), http.StatusNotFound)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Without being asked to, a server has no such page.
func TestTheJobsPageIsOffByDefault(t *testing.T) {
	t.Parallel()
	app, err := Open(t.Context(), serverConfig{Listen: "localhost:0"}, pgtest.URL(t), slog.New(slog.DiscardHandler), &clock{})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	for _, path := range []string{"/jobs", "/jobs/", "/jobs/enter"} {
		w := httptest.NewRecorder()
		app.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		same(t, path, []any{w.Code, w.Body.String()}, []any{http.StatusNotFound, nothing})
	}
}
