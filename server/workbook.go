// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// A longer table goes on in another sheet. Widths are in characters.
const (
	rowsPerSheet  = 1_048_576
	narrowColumn  = 12
	wideColumn    = 60
	sheetNameMost = 31
)

// workbook is a table as a file of Excel's. Rows go through memory into a temporary
// file, so that a long one takes no more of it than a short one.
type workbook struct {
	table
	file                *excelize.File
	stream              *excelize.StreamWriter
	sheets, row         int
	bold, moment, money int // styles
	cells               []any
	perSheet            int
}

// writeXLSX writes a table with its numbers as numbers and its moments as dates of
// the community's calendar. Nothing goes out before all of it was read.
func writeXLSX(out io.Writer, t table, rows func(writeRow) error) error {
	return writeSheets(out, t, rows, rowsPerSheet)
}

func writeSheets(out io.Writer, t table, rows func(writeRow) error, perSheet int) (err error) {
	b := &workbook{table: t, file: excelize.NewFile(), perSheet: perSheet}
	defer func() { err = errors.Join(err, b.file.Close()) }() // which removes what was laid aside
	if err := b.begin(); err != nil {
		return err
	}
	if err := rows(b.add); err != nil {
		return err
	}
	if err := b.stream.Flush(); err != nil {
		return err
	}
	_, err = b.file.WriteTo(out)
	return err
}

// begin makes the styles, says what file it is, and opens the first sheet.
func (b *workbook) begin() error {
	minute, amount := "yyyy-mm-dd hh:mm", "#,##0.00"
	var problems [4]error
	b.bold, problems[0] = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	b.moment, problems[1] = b.file.NewStyle(&excelize.Style{CustomNumFmt: &minute})
	b.money, problems[2] = b.file.NewStyle(&excelize.Style{CustomNumFmt: &amount})
	problems[3] = b.file.SetDocProps(&excelize.DocProperties{Title: b.name, Creator: "Hora", Language: string(b.lang)})
	if err := errors.Join(problems[:]...); err != nil {
		return err
	}
	return b.nextSheet()
}

// sheetName is a name that Excel takes.
func (b *workbook) sheetName() string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return '-'
		}
		return r
	}, b.name)
	suffix := ""
	if b.sheets > 1 {
		suffix = " " + strconv.Itoa(b.sheets)
	}
	for utf8.RuneCountInString(name)+len(suffix) > sheetNameMost {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name + suffix
}

// nextSheet opens a sheet whose first row says what is in the columns, and stays in
// sight.
func (b *workbook) nextSheet() error {
	b.sheets++
	name := b.sheetName()
	var err error
	if b.sheets == 1 {
		err = b.file.SetSheetName(b.file.GetSheetName(0), name)
	} else {
		if err = b.stream.Flush(); err == nil {
			_, err = b.file.NewSheet(name)
		}
	}
	if err != nil {
		return err
	}
	if b.stream, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	for i, title := range b.head {
		width := float64(min(max(utf8.RuneCountInString(title)+2, narrowColumn), wideColumn))
		if err := b.stream.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := b.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	head := make([]any, len(b.head))
	for i, title := range b.head {
		head[i] = excelize.Cell{StyleID: b.bold, Value: title}
	}
	b.row = 1
	return b.stream.SetRow("A1", head)
}

// add writes a row.
func (b *workbook) add(cells ...any) error {
	if b.row == b.perSheet {
		if err := b.nextSheet(); err != nil {
			return err
		}
	}
	b.row++
	b.cells = b.cells[:0]
	for _, cell := range cells {
		switch v := cell.(type) {
		case domain.Minutes:
			cell = int64(v)
		case time.Time:
			cell = excelize.Cell{StyleID: b.moment, Value: serial(v)}
		case domain.Money:
			figure, err := strconv.ParseFloat(i18n.Figure(i18n.English, v), 64)
			if err != nil {
				return err
			}
			cell = excelize.Cell{StyleID: b.money, Value: figure}
		case string:
			if v == "" {
				cell = nil
			}
		}
		b.cells = append(b.cells, cell)
	}
	return b.stream.SetRow("A"+strconv.Itoa(b.row), b.cells)
}

// serial is a moment as spreadsheets count: days since the last of 1899 on the clock
// of its own zone, to the minute.
func serial(at time.Time) float64 {
	wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, time.UTC)
	return float64(wall.Sub(time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC))/time.Minute) / (24 * 60)
}
