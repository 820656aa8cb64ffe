// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// noon is a clock that stands still.
type noon struct{}

func (noon) Now() time.Time { return time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC) }

func read(t *testing.T, o *Outbox, accept, language string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/dev/mail", nil)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

func TestOutboxKeepsTheLastOnes(t *testing.T) {
	o := NewOutbox(noon{})
	for i := range outboxSize + 7 {
		if err := o.Send(t.Context(), Message{To: "a@example.org", Subject: fmt.Sprint(i), Text: "…"}); err != nil {
			t.Fatal(err)
		}
	}
	var list []sent
	w := read(t, o, "application/json", "")
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != outboxSize || list[0].Subject != "506" || list[outboxSize-1].Subject != "7" {
		t.Errorf("%d messages, from %s to %s", len(list), list[0].Subject, list[len(list)-1].Subject)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %s", got)
	}
}

func TestOutboxPage(t *testing.T) {
	o := NewOutbox(noon{})
	if got := read(t, o, "application/json", "").Body.String(); got != "[]\n" {
		t.Errorf("an empty outbox is %q", got)
	}
	if got := read(t, o, "text/html", "en").Body.String(); !strings.Contains(got, "Nothing yet.") {
		t.Errorf("an empty page says %s", got)
	}
	err := o.Send(t.Context(), Message{
		To:      `"<script>alert(1)</script>" <a@example.org>`,
		Subject: "<b>Deux heures & demie</b>",
		Text:    "Ouvrez\nhttps://hora.example/e/1?a=1&b=\"><script>x</script>\njavascript:alert(2)",
	})
	if err != nil {
		t.Fatal(err)
	}
	w := read(t, o, "text/html,*/*", "fr-CA")
	html := w.Body.String()
	for _, want := range []string{
		`<html lang="fr">`, "Courrier qui serait parti", "&lt;b&gt;Deux heures &amp; demie&lt;/b&gt;", "&lt;script&gt;alert(1)",
		`<a href="https://hora.example/e/1?a=1&amp;b=%22%3e%3cscript%3ex%3c/script%3e">`, "mardi 3\u00a0mars 2026 à 12\u00a0h UTC",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(html, "<script") || strings.Count(html, "<a ") != 1 {
		t.Errorf("not escaped: %s", html)
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("content security policy %q", got)
	}
}
