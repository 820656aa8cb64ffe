// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

func longTable(rows int) (table, func(writeRow) error) {
	at := time.Date(2026, time.March, 3, 14, 30, 0, 0, time.UTC)
	return table{lang: i18n.French, name: "releve", head: []string{"Date", "N°", "Nature", "Minutes", "Durée", "Mot"}}, func(row writeRow) error {
		for n := range rows {
			minutes := domain.Minutes(n%600 + 1)
			if err := row(at.Add(time.Duration(n)*time.Minute), n+1, "Échange", minutes, i18n.Minutes(i18n.French, minutes), "Merci pour le coup de main, et à bientôt"); err != nil {
				return err
			}
		}
		return nil
	}
}

// peak is how much more memory is in use, at most, while a table is written.
func peak(tb testing.TB, f format, rows int) int64 {
	tb.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := int64(m.HeapAlloc), int64(0)
	t, all := longTable(rows)
	n := 0
	err := f.write(io.Discard, t, func(row writeRow) error {
		return all(func(cells ...any) error {
			if n++; n%10_000 == 0 {
				runtime.GC() // what nobody holds any more does not count
				runtime.ReadMemStats(&m)
				most = max(most, int64(m.HeapAlloc)-before)
			}
			return row(cells...)
		})
	})
	if err != nil {
		tb.Fatal(err)
	}
	return most
}

// A workbook ten times as long takes no more memory: what is written goes to a file.
func TestALongWorkbookIsNotHeldInMemory(t *testing.T) {
	short, long := peak(t, asXLSX, 12_000), peak(t, asXLSX, 120_000)
	t.Logf("12,000 rows: %d KiB, 120,000 rows: %d KiB", short>>10, long>>10)
	if long > 48<<20 {
		t.Errorf("120,000 rows are held in %d MiB", long>>20)
	}
}

// BenchmarkSheets writes 100,000 rows in both forms, and tells what a workbook takes
// as a multiple of what the text takes in the same run.
func BenchmarkSheets(b *testing.B) {
	const rows = 100_000
	t, all := longTable(rows)
	var allocated [2]uint64
	var held [2]int64
	for b.Loop() {
		for i, f := range []format{asCSV, asXLSX} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := f.write(io.Discard, t, all); err != nil {
				b.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			allocated[i] = after.TotalAlloc - before.TotalAlloc
			held[i] = max(held[i], peak(b, f, rows))
		}
	}
	b.ReportMetric(float64(allocated[1])/float64(allocated[0]), "allocated-xlsx/csv")
	b.ReportMetric(float64(max(held[1], 1))/float64(max(held[0], 1)), "held-xlsx/csv")
	b.ReportMetric(float64(held[1])/(1<<20), "held-xlsx-MiB")
}

// A table that is longer than a sheet goes on in another, under the same head.
func TestALongTableGoesOnInAnotherSheet(t *testing.T) {
	tab, all := longTable(7)
	var out bytes.Buffer
	if err := writeSheets(&out, tab, all, 4); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var numbers []string
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil || rows[0][1] != "N°" || len(rows) > 4 {
			t.Fatalf("%s: %v, %v", sheet, rows, err)
		}
		for _, row := range rows[1:] {
			numbers = append(numbers, row[1])
		}
	}
	if got := fmt.Sprint(f.GetSheetList(), numbers); got != "[releve releve 2 releve 3] [1 2 3 4 5 6 7]" {
		t.Error(got)
	}
}

// What cannot be read to its end is no file at all.
func TestAWorkbookThatEndsEarlyIsNone(t *testing.T) {
	lost := errors.New("the database went away")
	var out bytes.Buffer
	tab, _ := longTable(0)
	err := writeXLSX(&out, tab, func(row writeRow) error { return errors.Join(row("un"), lost) })
	if !errors.Is(err, lost) || out.Len() > 0 {
		t.Errorf("%v, and %d bytes", err, out.Len())
	}
}

// A moment is the same minute on the clock, whatever the zone and the time of year.
func TestAMomentIsTheClocksOwn(t *testing.T) {
	zones := []string{"America/Toronto", "Europe/Paris", "Asia/Kolkata", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "at"), 0).In(zone)
		shown, err := excelize.ExcelDateToTime(serial(at), false)
		if err != nil || shown.Format("2006-01-02 15:04") != at.Format("2006-01-02 15:04") {
			t.Fatalf("%s is shown as %s, %v", at, shown, err)
		}
	})
}
