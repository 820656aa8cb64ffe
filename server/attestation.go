// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strconv"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

//go:embed attestation.html
var attestationHTML string

var (
	attestationPage = template.Must(template.New("attestation").Parse(attestationHTML))
	attestationCSP  = only(attestationHTML)
)

// byGiving are the kinds of transfer by which somebody is credited for what they
// gave of their time; gifts and starting hours are none.
var byGiving = map[ledger.TransferKind]bool{
	ledger.Exchange: true, ledger.GroupShare: true, ledger.Associative: true, ledger.Intercommunity: true,
}

// attestation serves what a member gave in a year, to print for their own use. Who
// may read their statement may print it: coordinators do for those without internet.
func (c Config) attestation(w http.ResponseWriter, r *http.Request) {
	ctx, ok := c.asking(w, r)
	if !ok {
		return
	}
	community, account, err := graph.AccountID(r.PathValue("id"))
	actor, lang := graph.Caller(ctx)
	year := r.URL.Query().Get("year")
	var page bytes.Buffer
	if err == nil {
		var st statement.Statement
		st, err = c.Resolver.Statements.Open(ctx, actor, community, account, year+"-01-01", year+"-12-31")
		if err == nil && st.Account.Kind != ledger.Member {
			err = domain.NotFound // nobody's own
		}
		if err == nil {
			err = attestationPage.Execute(&page, attested{paper{Statement: st, lang: lang, zone: st.Community.Zone()}, year})
		}
	}
	if err != nil {
		c.refuseWith(ctx, w, err)
		return
	}
	w.Header().Set("Content-Language", string(lang))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", attestationCSP)
	_, _ = page.WriteTo(w) // a caller who left reads nothing
}

// attested is what the page's template asks.
type attested struct {
	paper
	Year string
}

// T is a text of the page.
func (a attested) T(id string) string { return a.said(id, nil) }

func (a attested) said(id string, args map[string]any) string {
	return i18n.Text(a.lang, "attestation."+id, args)
}

// Lang is the page's language.
func (a attested) Lang() string { return string(a.lang) }

// Attests says whose hours these are, and of which year.
func (a attested) Attests() string {
	return a.said("attests", map[string]any{"name": a.Holder.DisplayName, "number": strconv.Itoa(a.Holder.Number), "community": a.Community.Name, "year": a.Year})
}

// Given is all that the member was credited for giving, mistakes taken off.
func (a attested) Given() string {
	var given domain.Minutes
	for _, k := range a.Totals.ByKind {
		if byGiving[k.Kind] {
			given += k.Given
		}
	}
	return i18n.Minutes(a.lang, given)
}

// given is a row: for what, and how long.
type given struct{ Label, Time string }

// Kinds adds up for which reason.
func (a attested) Kinds() (rows []given) {
	for _, k := range a.Totals.ByKind {
		if byGiving[k.Kind] && k.Given != 0 {
			rows = append(rows, given{a.kind(k.Kind), i18n.Minutes(a.lang, k.Given)})
		}
	}
	return rows
}

// Services adds up by type of service.
func (a attested) Services() (rows []given) {
	for _, t := range a.Totals.ByServiceType(false) {
		if t.Given != 0 {
			rows = append(rows, given{a.service(t.Code), i18n.Minutes(a.lang, t.Given)})
		}
	}
	return rows
}

// Made is when the page was made.
func (a attested) Made() string {
	return a.said("made", map[string]any{"at": i18n.DateTime(a.lang, a.At, a.zone)})
}
