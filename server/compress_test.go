// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// A stream of events arrives event by event, as it was written, whatever the
// caller accepts.
func TestEventsAreNeverHeldBack(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	front := httptest.NewServer(compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n", i)
			w.(http.Flusher).Flush()
			<-next
		}
	})))
	defer front.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip, br, zstd")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if coding := response.Header.Get("Content-Encoding"); coding != "" {
		t.Errorf("the stream is compressed: %s", coding)
	}
	lines := bufio.NewScanner(response.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) { // the handler waits until this one was read
			t.Fatalf("event %d: %q, %v", i, lines.Text(), lines.Err())
		}
		next <- struct{}{}
	}
}

// What becomes a WebSocket is handed through untouched.
func TestAConnectionMayBeTakenOver(t *testing.T) {
	t.Parallel()
	front := httptest.NewServer(compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello")
		_ = conn.Close()
	})))
	defer front.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Upgrade", "x")
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols || string(said) != "hello" {
		t.Errorf("HTTP %d %q %v", response.StatusCode, said, err)
	}
}

func TestStatusesWithoutABodyStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNoContent, http.StatusNotModified, http.StatusFound, http.StatusNotFound} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", "br")
		compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
		})).ServeHTTP(w, r)
		if w.Code != status || w.Header().Get("Content-Encoding") != "" || w.Body.Len() != 0 {
			t.Errorf("%d: HTTP %d %v %q", status, w.Code, w.Header(), w.Body)
		}
	}
}

func TestTheNetworkOfARequest(t *testing.T) {
	t.Parallel()
	ours := Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}}
	for _, c := range []struct {
		of        Config
		peer      string
		forwarded []string
		want      string
	}{
		{Config{}, "192.0.2.1:4000", nil, "192.0.2.1"},
		{Config{}, "127.0.0.1:4000", []string{"192.0.2.1"}, "127.0.0.1"}, // nobody is believed
		{ours, "127.0.0.1:4000", nil, "127.0.0.1"},
		{ours, "127.0.0.1:4000", []string{"192.0.2.1"}, "192.0.2.1"},
		{ours, "[::ffff:127.0.0.1]:4000", []string{"192.0.2.1"}, "192.0.2.1"},
		{ours, "127.0.0.1:4000", []string{"6.6.6.6, 192.0.2.1"}, "192.0.2.1"}, // the caller made up the first
		{ours, "127.0.0.1:4000", []string{"6.6.6.6", "192.0.2.1, 10.0.0.5"}, "192.0.2.1"},
		{ours, "127.0.0.1:4000", []string{"6.6.6.6, nonsense, 10.0.0.5"}, "10.0.0.5"},
		{ours, "203.0.113.9:4000", []string{"192.0.2.1"}, "203.0.113.9"},
		{ours, "127.0.0.1:4000", []string{"2001:db8::1"}, "2001:db8::1"},
		{ours, "nowhere", []string{"192.0.2.1"}, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := c.of.network(r); got != c.want {
			t.Errorf("%s for %v: %s, not %s", c.peer, c.forwarded, got, c.want)
		}
	}
}
