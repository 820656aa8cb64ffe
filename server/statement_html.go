// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/internal/i18n"
)

//go:embed statement.html
var statementHTML string

var (
	statementPage = template.Must(template.New("statement").Parse(statementHTML))
	statementCSP  = only(statementHTML)
)

// only is a policy under which a page may be read and nothing else: no script, no
// address, no style but its own, known by its digest.
func only(html string) string {
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(html)[1]
	digest := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// page writes a statement to read on a phone or to print.
func page(w http.ResponseWriter, r *http.Request, p paper) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", statementCSP)
	if r.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriterSize(w, 16<<10)
	s := &printed{paper: p}
	if err := statementPage.Execute(out, s); err != nil {
		return err
	}
	if s.err != nil {
		return s.err
	}
	return out.Flush()
}

// printed is what the page's template asks.
type printed struct {
	paper
	err error // why there are no more rows
}

// row is a line as it is printed.
type row struct {
	Position             int64
	At                   time.Time
	Day                  string
	Other, Detail, Note  string
	Minutes, BalanceText string
}

// Rows are the lines, oldest first; err tells whether they are all.
func (s *printed) Rows() iter.Seq[row] {
	return func(yield func(row) bool) {
		s.err = s.each(func(l statement.Line) error {
			yield(s.row(l)) // a template stops only when it cannot write, and says so itself
			return nil
		})
	}
}

func (s *printed) row(l statement.Line) row {
	var detail []string
	if l.Kind != ledger.Exchange || l.Exchange == 0 { // else its number says so
		detail = append(detail, s.kind(l.Kind))
	}
	if l.ServiceType != "" {
		detail = append(detail, s.service(l.ServiceType))
	}
	if l.Exchange > 0 {
		detail = append(detail, s.text("exchange", map[string]any{"number": l.Exchange}))
	}
	return row{
		Position: l.Position, At: l.At.In(s.zone), Day: i18n.Day(s.lang, l.At, s.zone), Other: s.other(l),
		Detail: strings.Join(detail, "\u00a0· "), Note: l.Note, Minutes: s.signed(l.Minutes), BalanceText: s.Time(l.BalanceAfter),
	}
}

// Lang is the page's language.
func (s *printed) Lang() string { return string(s.lang) }

// Number is the member's, in words; empty for an account of the whole.
func (s *printed) Number() string {
	if s.Holder.Number == 0 {
		return ""
	}
	return s.text("member", map[string]any{"number": s.Holder.Number})
}

// Between is the period in words.
func (s *printed) Between() string {
	from, until := s.bounds()
	return s.text("period", map[string]any{"from": from, "until": until})
}

// Made is when the statement was made, in words.
func (s *printed) Made() string {
	return s.text("made", map[string]any{"at": i18n.DateTime(s.lang, s.At, s.zone)})
}

// Count is how many lines there are, in words.
func (s *printed) Count() string {
	return s.text("count", map[string]any{"count": s.Totals.Lines})
}

// Time shows an amount of time.
func (s *printed) Time(m domain.Minutes) string { return i18n.Minutes(s.lang, m) }

// Some shows an amount of time, and a dash for none.
func (s *printed) Some(m domain.Minutes) string {
	if m == 0 {
		return "–"
	}
	return s.Time(m)
}

// signed shows what a line moved, with the sign that says where to.
func (s *printed) signed(m domain.Minutes) string {
	if m > 0 {
		return "+" + s.Time(m)
	}
	return s.Time(m)
}

// total is a row of the sums.
type total struct {
	Label           string
	Given, Received domain.Minutes
}

// Kinds adds up why hours moved.
func (s *printed) Kinds() (rows []total) {
	for _, k := range s.Totals.ByKind {
		rows = append(rows, total{s.kind(k.Kind), k.Given, k.Received})
	}
	return rows
}

// Services adds up what exchanges moved, by type of service.
func (s *printed) Services() (rows []total) {
	for _, t := range s.Totals.ByServiceType(false) {
		rows = append(rows, total{s.service(t.Code), t.Given, t.Received})
	}
	return rows
}
