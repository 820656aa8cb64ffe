// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/web"
)

// edgeConfig is how the server meets apps it does not know.
type edgeConfig struct {
	TLSCert          string         `name:"tls-cert" type:"existingfile" placeholder:"FILE" help:"Serve https with this certificate chain (PEM); read once."`
	TLSKey           string         `name:"tls-key" type:"existingfile" placeholder:"FILE" help:"The certificate's key (PEM)."`
	CORSOrigins      []string       `name:"cors-origins" placeholder:"ORIGIN" help:"Web apps that may call from a browser: https://app.example.org,…"`
	PasskeyOrigins   []string       `placeholder:"ORIGIN" help:"Apps that may use passkeys beside this server's own pages: android:apk-key-hash:…, https://app.example.org,…"`
	TrustedProxies   []netip.Prefix `placeholder:"PREFIX" help:"Proxies whose X-Forwarded-For is believed: 127.0.0.1/32,…"`
	Documents        string         `default:"any" enum:"any,trusted" help:"Which GraphQL documents to run: any, or trusted ones only."`
	TrustedDocuments string         `type:"path" placeholder:"PATH" help:"Manifest of trusted documents, or a folder with one for each release of an app."`
	CostPerMinute    int            `default:"60000" help:"Points one person, or one network of strangers, may spend a minute, and ten times as many an hour; 0 for no limit."`
}

func (c *edgeConfig) check() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if c.Documents == "trusted" && c.TrustedDocuments == "" {
		return errors.New("--documents=trusted needs the documents: --trusted-documents")
	}
	if c.CostPerMinute < 0 || c.CostPerMinute > 0 && c.CostPerMinute < 10_000 {
		return fmt.Errorf("--cost-per-minute %d: one document may cost 10000 points, so at least as many, or 0 for no limit", c.CostPerMinute)
	}
	for _, origin := range c.CORSOrigins {
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("--cors-origins: %q is not like https://app.example.org", origin)
		}
	}
	return nil
}

func (c *edgeConfig) scheme() string {
	if c.TLSCert != "" {
		return "https"
	}
	return "http"
}

// secured speaks TLS on a listener if there is a certificate; HTTP/2 is offered.
func (c *edgeConfig) secured(plain net.Listener) (net.Listener, error) {
	if c.TLSCert == "" {
		return plain, nil
	}
	certificate, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--tls-cert: %w", err), plain.Close())
	}
	return tls.NewListener(plain, &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}), nil
}

// openDocuments reads the trusted documents, and names those that no longer work.
func (a *App) openDocuments() (*graph.Documents, error) {
	documents, err := graph.OpenDocuments(a.cfg.TrustedDocuments, a.cfg.Documents == "trusted", web.Documents)
	if err != nil {
		return nil, fmt.Errorf("--trusted-documents: %w", err)
	}
	for _, id := range documents.Outdated() {
		a.logger.Warn("a trusted document does not fit the contract any more", "document", id)
	}
	return documents, nil
}
