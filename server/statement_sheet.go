// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/internal/i18n"
)

// sheet writes a statement for spreadsheets. Minutes are plain integers, to be
// summed, with hours to read beside them.
func sheet(f format) func(http.ResponseWriter, *http.Request, paper) error {
	return func(w http.ResponseWriter, r *http.Request, p paper) error {
		t := table{lang: p.lang, name: p.file()}
		for _, column := range []string{"date", "position", "kind", "other", "service", "minutes", "duration", "balance", "exchange", "note"} {
			t.head = append(t.head, p.T("column."+column))
		}
		f.announce(w.Header(), t)
		if r.Method == http.MethodHead {
			return nil
		}
		return f.write(w, t, func(row writeRow) error {
			return p.each(func(l statement.Line) error { return row(p.cells(l)...) })
		})
	}
}

func (p paper) cells(l statement.Line) []any {
	var number any
	if l.Exchange > 0 {
		number = l.Exchange
	}
	return []any{
		l.At.In(p.zone),
		l.Position,
		harmless(p.kind(l.Kind)),
		harmless(p.other(l)),
		harmless(p.service(l.ServiceType)),
		l.Minutes,
		i18n.Minutes(p.lang, l.Minutes),
		l.BalanceAfter,
		number,
		harmless(l.Note),
	}
}

// A text that begins like this is a formula to a spreadsheet, also where one that
// was told another separator would begin a cell.
var formula = regexp.MustCompile(`(^|[,;"'])(\s*)([=+\-@＝＋－＠])`)

// harmless is a text on one line that no spreadsheet takes for a formula: an
// apostrophe before the sign says that it is a text.
func harmless(text string) string {
	return formula.ReplaceAllString(strings.Join(strings.Fields(text), " "), "$1$2'$3")
}
