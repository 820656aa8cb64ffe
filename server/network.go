// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// network is the address that a request came from: the peer's, or, when that is
// a proxy of ours, the last one in X-Forwarded-For that is none.
func (c Config) network(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	from := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !c.isProxy(from) {
			break
		}
		from = before.Unmap()
	}
	return from.String()
}

func (c Config) isProxy(address netip.Addr) bool {
	return slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
