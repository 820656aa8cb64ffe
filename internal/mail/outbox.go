// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// outboxSize is how many messages an Outbox keeps.
const outboxSize = 500

// Outbox keeps the last messages instead of sending them, for development. It
// shows them as a page, or as JSON to those who ask for it, newest first.
type Outbox struct {
	clock    domain.Clock
	mu       sync.Mutex
	messages []sent // oldest first
}

type sent struct {
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
}

// NewOutbox makes an empty outbox.
func NewOutbox(clock domain.Clock) *Outbox { return &Outbox{clock: clock} }

// Send implements Sender. It refuses what the real one would.
func (o *Outbox) Send(_ context.Context, m Message) error {
	if _, err := m.recipient(); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.messages) == outboxSize {
		o.messages = append(o.messages[:0], o.messages[1:]...)
	}
	o.messages = append(o.messages, sent{At: o.clock.Now().UTC(), To: m.To, Subject: m.Subject, Text: m.Text})
	return nil
}

// ServeHTTP implements http.Handler.
func (o *Outbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept, Accept-Language")
	header.Set("X-Content-Type-Options", "nosniff")
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		header.Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(o.newest()) // the reader left
		return
	}
	lang := i18n.Match(r.Header.Get("Accept-Language"))
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", string(lang))
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = page.Execute(w, view{Lang: lang, Messages: o.newest()}) // the reader left
}

// newest copies the messages, newest first; never nil, so that JSON says [].
func (o *Outbox) newest() []sent {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]sent, 0, len(o.messages))
	for _, m := range slices.Backward(o.messages) {
		list = append(list, m)
	}
	return list
}

type view struct {
	Lang     i18n.Language
	Messages []sent
}

func (v view) Say(id string) string { return i18n.Text(v.Lang, "outbox."+id, nil) }

func (v view) When(t time.Time) string { return i18n.DateTime(v.Lang, t, time.UTC) + " UTC" }

// piece is a stretch of text, or an address to follow.
type piece struct {
	Text string
	Link bool
}

var link = regexp.MustCompile(`https?://\S+`)

// Pieces parts a text at its addresses, so that a sign-in link can be tapped.
func (s sent) Pieces() []piece {
	var pieces []piece
	rest := 0
	for _, at := range link.FindAllStringIndex(s.Text, -1) {
		pieces = append(pieces, piece{Text: s.Text[rest:at[0]]}, piece{Text: s.Text[at[0]:at[1]], Link: true})
		rest = at[1]
	}
	return append(pieces, piece{Text: s.Text[rest:]})
}

var page = template.Must(template.New("outbox").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Say "title"}}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 0 auto; padding: 1rem; }
article { border-top: 1px solid; padding: 1rem 0; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin: 0; }
p { margin: .25rem 0; }
h2, p { overflow-wrap: anywhere; }
.text { white-space: pre-wrap; margin-top: .75rem; }
</style>
</head>
<body>
<main>
<h1>{{.Say "title"}}</h1>
{{range .Messages}}<article>
<h2>{{.Subject}}</h2>
<p>{{.To}}</p>
<p><time datetime="{{.At.Format "2006-01-02T15:04:05Z07:00"}}">{{$.When .At}}</time></p>
<p class="text">{{range .Pieces}}{{if .Link}}<a href="{{.Text}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}</p>
</article>
{{else}}<p>{{.Say "empty"}}</p>
{{end}}</main>
</body>
</html>
`))
