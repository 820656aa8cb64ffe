// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"encoding/csv"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// table is rows for a spreadsheet, in the language of who opens it.
type table struct {
	lang i18n.Language
	name string // of the file, and of the sheet
	head []string
}

// A cell of a row is one of these: a text, which must be harmless; a number, to be
// summed; a moment, in the zone whose calendar it is told by; an amount; or nil.

// writeRow adds a row to a table.
type writeRow func(cells ...any) error

// format is a way to write a table.
type format struct {
	ending, contentType string
	write               func(out io.Writer, t table, rows func(writeRow) error) error
}

var (
	asCSV  = format{"csv", "text/csv; charset=utf-8; header=present", writeCSV}
	asXLSX = format{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", writeXLSX}
)

// announce says what file comes.
func (f format) announce(h http.Header, t table) {
	h.Set("Content-Language", string(t.lang))
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": t.name + "." + f.ending}))
}

// writeCSV writes a table as volunteers open it with a double click: the mark that
// says UTF-8 to Excel, and the separator that it expects where the comma parts
// decimals.
func writeCSV(out io.Writer, t table, rows func(writeRow) error) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if t.lang == i18n.French {
		w.Comma = ';'
	}
	if err := w.Write(t.head); err != nil {
		return err
	}
	line := make([]string, 0, len(t.head))
	err := rows(func(cells ...any) error {
		line = line[:0]
		for _, cell := range cells {
			line = append(line, inText(t.lang, cell))
		}
		return w.Write(line)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// inText is a cell as text files have it.
func inText(lang i18n.Language, cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case domain.Minutes:
		return strconv.FormatInt(int64(v), 10)
	case time.Time:
		return v.Format("2006-01-02 15:04")
	case domain.Money:
		return i18n.Figure(lang, v)
	}
	panic(fmt.Sprintf("server: no cell is a %T", cell))
}
