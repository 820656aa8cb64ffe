// SPDX-License-Identifier: AGPL-3.0-or-later

// Package outbound calls addresses that strangers chose, without letting them
// reach what only this machine can reach.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrAddress is an address that nobody may have us call.
var ErrAddress = errors.New("outbound: not a public address")

// closed are networks that look public and are not: shared, translated, tunnelled,
// documentary and future ones.
var closed = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// Public says whether anybody may have us call an address.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return false
	}
	for _, p := range closed {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// NewClient makes a client that calls public addresses alone. What counts is the
// address that a connection is made to, looked at after the name was resolved: a
// name that changes between two looks changes nothing. Redirects are not followed,
// no proxy is used, and an answer must come within the limit. With loopback, this
// very machine may be called too: in development only.
func NewClient(limit time.Duration, loopback bool) *http.Client {
	dialer := &net.Dialer{Timeout: limit / 2, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrAddress, err)
		}
		if Public(to.Addr()) || loopback && to.Addr().Unmap().IsLoopback() {
			return nil
		}
		return ErrAddress
	}}
	return &http.Client{
		Timeout:       limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: limit / 2, ResponseHeaderTimeout: limit,
			MaxResponseHeaderBytes: 16 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		},
	}
}
