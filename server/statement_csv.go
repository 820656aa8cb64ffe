// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"encoding/csv"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/internal/i18n"
)

// sheet writes a statement for spreadsheets, as volunteers open them with a
// double click: the mark that says UTF-8 to Excel, and the separator that it
// expects where the comma parts decimals. Minutes are plain integers, to be summed.
func sheet(w http.ResponseWriter, r *http.Request, p paper) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": p.file() + ".csv"}))
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if p.lang == i18n.French {
		out.Comma = ';'
	}
	var head []string
	for _, column := range []string{"date", "position", "kind", "other", "service", "minutes", "duration", "balance", "exchange", "note"} {
		head = append(head, p.T("column."+column))
	}
	err := out.Write(head)
	if err == nil {
		err = p.each(func(l statement.Line) error { return out.Write(p.cells(l)) })
	}
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func (p paper) cells(l statement.Line) []string {
	number := ""
	if l.Exchange > 0 {
		number = strconv.Itoa(l.Exchange)
	}
	return []string{
		l.At.In(p.zone).Format("2006-01-02 15:04"),
		strconv.FormatInt(l.Position, 10),
		harmless(p.kind(l.Kind)),
		harmless(p.other(l)),
		harmless(p.service(l.ServiceType)),
		strconv.FormatInt(int64(l.Minutes), 10),
		i18n.Minutes(p.lang, l.Minutes),
		strconv.FormatInt(int64(l.BalanceAfter), 10),
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
