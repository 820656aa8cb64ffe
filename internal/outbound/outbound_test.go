// SPDX-License-Identifier: AGPL-3.0-or-later

package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestWhatIsPublic(t *testing.T) {
	for address, public := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"0.0.0.0": false, "::": false, "100.64.0.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"fe80::1": false, "fc00::1": false, "fd12::1": false, "ff02::1": false, "fec0::1": false, "2001:db8::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:93.184.216.34": true,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001::1": false, "192.0.2.1": false, "203.0.113.5": false,
	} {
		if got := Public(netip.MustParseAddr(address)); got != public {
			t.Errorf("%s is public: %t", address, got)
		}
	}
}

// reached counts who came in from outside.
func receiver(t *testing.T, answer http.HandlerFunc) (address string, reached *int) {
	t.Helper()
	reached = new(int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*reached++
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, reached
}

func get(t *testing.T, client *http.Client, address string) (int, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

func TestThisMachineIsNotCalled(t *testing.T) {
	address, reached := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := get(t, NewClient(time.Second, false), address); !errors.Is(err, ErrAddress) || *reached != 0 {
		t.Errorf("%v, reached %d times", err, *reached)
	}
	if status, err := get(t, NewClient(time.Second, true), address); err != nil || status != http.StatusOK {
		t.Errorf("in development: %d, %v", status, err)
	}
}

// names answers every question for an address with the next of some answers, the
// last one for good.
func names(t *testing.T, answers ...[4]byte) {
	t.Helper()
	var config net.ListenConfig
	wire, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for packet := make([]byte, 512); ; {
			n, from, err := wire.ReadFrom(packet)
			if err != nil {
				return
			}
			var asked dnsmessage.Message
			if asked.Unpack(packet[:n]) != nil || len(asked.Questions) != 1 {
				continue
			}
			asked.Response, asked.Additionals = true, nil
			if q := asked.Questions[0]; q.Type == dnsmessage.TypeA {
				asked.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: answers[0]},
				}}
				answers = answers[min(1, len(answers)-1):]
			}
			if packed, err := asked.Pack(); err == nil {
				_, _ = wire.WriteTo(packed, from)
			}
		}
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", wire.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = wire.Close()
	})
}

// A name that was public when it was looked at, and leads home when it is called.
func TestANameThatIsRebound(t *testing.T) {
	address, reached := receiver(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(address[len("http://"):])
	names(t, [4]byte{93, 184, 216, 34}, [4]byte{127, 0, 0, 1})
	if first, err := net.DefaultResolver.LookupHost(t.Context(), "rebind.example.org"); err != nil || first[0] != "93.184.216.34" {
		t.Fatalf("at first %v, %v", first, err)
	}
	if _, err := get(t, NewClient(time.Second, false), "http://rebind.example.org:"+port); !errors.Is(err, ErrAddress) || *reached != 0 {
		t.Errorf("%v, reached %d times", err, *reached)
	}
	if status, err := get(t, NewClient(time.Second, true), "http://rebind.example.org:"+port); err != nil || status != http.StatusOK {
		t.Errorf("the name does not lead here after all: %d, %v", status, err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	inside, reached := receiver(t, func(http.ResponseWriter, *http.Request) {})
	outside, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inside, http.StatusTemporaryRedirect)
	})
	if status, err := get(t, NewClient(time.Second, true), outside); err != nil || status != http.StatusTemporaryRedirect || *reached != 0 {
		t.Errorf("%d, %v, reached %d times", status, err, *reached)
	}
}

func TestWhoeverHangsIsLeft(t *testing.T) {
	hangs, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	began := time.Now()
	_, err := get(t, NewClient(200*time.Millisecond, true), hangs)
	var late net.Error
	if !errors.As(err, &late) || !late.Timeout() || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
