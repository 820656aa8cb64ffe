// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// workbook reads a file of Excel's.
func (p *person) workbook(path string, headers ...string) *excelize.File {
	p.t.Helper()
	got := p.gets(path, headers...)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: HTTP %d, %v", path, got.StatusCode, err)
	}
	same(p.t, "what it is", got.Header.Get("Content-Type"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	if name := got.Header.Get("Content-Disposition"); !strings.HasSuffix(name, ".xlsx") {
		p.t.Errorf("%s comes as %s", path, name)
	}
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { f.Close() })
	return f
}

// sameSheet compares a file with the same rows as text, cell by cell: what is summed
// is a number, a moment is a date, and nothing is a formula. It answers the rows.
func (p *person) sameSheet(path, language string, dates, numbers []int) [][]string {
	p.t.Helper()
	plain := p.gets(path+".csv", "Accept-Language", language)
	defer plain.Body.Close()
	raw, err := io.ReadAll(plain.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	read := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(raw), "\ufeff")))
	if language == "fr" {
		read.Comma = ';'
	}
	rows, err := read.ReadAll()
	if err != nil || len(rows) < 2 {
		p.t.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	f := p.workbook(path+".xlsx", "Accept-Language", language)
	sheet := f.GetSheetName(0)
	found, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		p.t.Fatal(err)
	}
	same(p.t, path+": rows", len(found), len(rows))
	panes, err := f.GetPanes(sheet)
	same(p.t, path+": the head stays", []any{panes.Freeze, panes.YSplit, err == nil}, []any{true, 1, true})
	for i, row := range rows {
		for j, text := range row {
			cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
			value := ""
			if j < len(found[i]) {
				value = found[i][j]
			}
			if formula, err := f.GetCellFormula(sheet, cell); formula != "" || err != nil {
				p.t.Errorf("%s %s is the formula %q, %v", path, cell, formula, err)
			}
			if i > 0 && value != "" && (slices.Contains(dates, j) || slices.Contains(numbers, j)) {
				if kind, err := f.GetCellType(sheet, cell); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
					p.t.Errorf("%s %s, %q, is no number: %v, %v", path, cell, value, kind, err)
				}
				value = p.asText(value, text, slices.Contains(dates, j))
			}
			same(p.t, path+" "+cell, value, text)
		}
	}
	return rows
}

// asText is a number of a file as the other form writes it.
func (p *person) asText(value, text string, date bool) string {
	p.t.Helper()
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	if date {
		at, err := excelize.ExcelDateToTime(number, false)
		if err != nil {
			p.t.Fatal(err)
		}
		return at.Format("2006-01-02 15:04")
	}
	_, decimals, fraction := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if !fraction {
		return value
	}
	amount := strconv.FormatFloat(number, 'f', len(decimals), 64)
	if strings.Contains(text, ",") {
		amount = strings.Replace(amount, ".", ",", 1)
	}
	return amount
}

// What the server gives as text for spreadsheets it gives as a workbook, too: the same
// rows, with numbers as numbers and dates as dates of the community's calendar.
func TestAWorkbookHasTheRowsOfTheText(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	bruno.confirms(anna.gave(bruno, 90), 90)
	anna.does("giveHours", input{"from": anna.account(), "to": bruno.account(), "minutes": 30, "message": "=1+1;\n@SUM <b>merci</b>", "idempotencyKey": newKey()})
	for _, language := range []string{"fr", "en"} {
		rows := anna.sameSheet("/accounts/"+anna.account()+"/statement", language, []int{0}, []int{1, 5, 7, 8})
		same(t, "a word that looks like a formula", rows[3][9], "'=1+1; '@SUM <b>merci</b>")
		same(t, "an hour and a half", []string{rows[2][5], plain(rows[2][6])}, []string{"90", "1 h 30"})
	}
	whose := anna.workbook("/accounts/" + anna.account() + "/statement.xlsx")
	props, err := whose.GetDocProps()
	same(t, "its language", []any{props.Language, err == nil}, []any{"fr", true})
	stranger := town.register("Noa", "fr").gets("/accounts/" + anna.account() + "/statement.xlsx")
	defer stranger.Body.Close()
	same(t, "not for a stranger", stranger.StatusCode, http.StatusNotFound)

	treasurer := town.offersShares(nil)
	treasurer.noted(anna.subscribes(10))
	for _, language := range []string{"fr", "en"} {
		treasurer.sameSheet("/communities/"+town.id+"/shares", language, []int{1}, []int{0, 5, 6})
	}
	refused := bruno.gets("/communities/" + town.id + "/shares.xlsx")
	defer refused.Body.Close()
	same(t, "nor is the register for everybody", refused.StatusCode, http.StatusForbidden)
}

func TestAReportsWorkbook(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.withoutReserve()
	anna := town.welcome("Anna", "fr-CA")
	cycle := town.founder.opens(town, 600, nil)
	oven := anna.does("submitProject", input{"cycleId": cycle, "title": "=Four & pain", "body": "Pour tout le quartier, ensemble.", "minimumMinutes": 300, "maximumMinutes": 400}).text("project.id")
	town.advance(15 * day)
	anna.votes(cycle, input{"projectId": oven, "value": 5})
	town.advance(220 * day)
	for _, language := range []string{"fr", "en"} {
		rows := anna.sameSheet("/cycles/"+cycle+"/report", language, nil, []int{2, 3})
		same(t, "hours to read", plain(rows[1][4]), "10 h")
	}
}
