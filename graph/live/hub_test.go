// SPDX-License-Identifier: AGPL-3.0-or-later

package live

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"

	"github.com/hora-coop/hora/domain"
)

// fill takes seats for somebody until there are no more.
func (h *Hub) fill(t *testing.T, who Caller) (leave []func()) {
	t.Helper()
	for {
		_, out, err := h.Enter(t.Context(), who)
		if errors.Is(err, ErrFull) {
			return leave
		}
		if err != nil || len(leave) > most {
			t.Fatalf("after %d seats: %v", len(leave), err)
		}
		leave = append(leave, out)
	}
}

// One person, or one network of strangers, leaves seats to all others.
func TestNobodyTakesAllSeats(t *testing.T) {
	h := NewHub(nil, nil, "", slog.New(slog.DiscardHandler))
	anna, bruno := Caller{Person: domain.NewID(), Network: "192.0.2.0/24"}, Caller{Person: domain.NewID(), Network: "192.0.2.0/24"}
	here, there := Caller{Network: "192.0.2.0/24"}, Caller{Network: "198.51.100.0/24"}
	var leave []func()
	for _, c := range []struct {
		who  Caller
		most int
	}{{here, mostNetwork}, {anna, mostPerson}, {bruno, mostPerson}, {there, mostNetwork}} {
		out := h.fill(t, c.who)
		if len(out) != c.most {
			t.Errorf("%+v takes %d seats", c.who, len(out))
		}
		leave = append(leave, out...)
	}
	leave[0]()
	if again := h.fill(t, here); len(again) != 1 {
		t.Errorf("after one left, %d more come", len(again))
	} else {
		leave[0] = again[0]
	}
	for _, out := range leave {
		out()
	}
	if h.Connections() != 0 || len(h.taken) != 0 {
		t.Errorf("all left, yet %d stay: %v", h.Connections(), h.taken)
	}
}

// A connection is a stranger's until it says whose it is; then its network has room
// for another.
func TestWhoSignsInGivesTheStrangersSeatBack(t *testing.T) {
	h := NewHub(nil, nil, "", slog.New(slog.DiscardHandler))
	anna := Caller{Person: domain.NewID(), Network: "192.0.2.0/24"}
	transport := WebSocket{
		Hub: h, Network: func(context.Context) string { return anna.Network },
		Admit: func(ctx context.Context, _ http.Header, _ map[string]any) (context.Context, Caller, error) {
			return ctx, anna, nil
		},
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { transport.Do(w, r, nil) }))
	defer front.Close()
	dial := func() (*websocket.Conn, int) {
		wire, response, err := websocket.Dial(t.Context(), front.URL, &websocket.DialOptions{Subprotocols: []string{Subprotocol}}) //nolint:bodyclose // the library does
		if response == nil {
			t.Fatal(err)
		}
		if err == nil {
			t.Cleanup(func() { _ = wire.CloseNow() })
		}
		return wire, response.StatusCode
	}
	h.fill(t, Caller{Network: anna.Network})[0]()
	wire, status := dial()
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("the last seat: HTTP %d", status)
	}
	if _, status := dial(); status != http.StatusServiceUnavailable {
		t.Errorf("one stranger too many: HTTP %d", status)
	}
	if err := wire.Write(t.Context(), websocket.MessageText, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	if _, said, err := wire.Read(t.Context()); err != nil || string(said) != `{"type":"connection_ack"}` {
		t.Fatalf("%s %v", said, err)
	}
	if _, status := dial(); status != http.StatusSwitchingProtocols {
		t.Errorf("after Anna signed in: HTTP %d", status)
	}
}
