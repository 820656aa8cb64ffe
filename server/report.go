// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

//go:embed report.html
var reportHTML string

var (
	reportPage = template.Must(template.New("report").Parse(reportHTML))
	reportCSP  = only(reportHTML)
)

// report serves a cycle's report to its members, made whole before the first byte
// goes out.
func (c Config) report(write func(http.Header, *bytes.Buffer, balanceSheet) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, ok := c.asking(w, r)
		if !ok {
			return
		}
		community, cycle, err := graph.CycleID(r.PathValue("id"))
		actor, lang := graph.Caller(ctx)
		var whole bytes.Buffer
		if err == nil {
			var sheet reinvestment.Sheet
			if sheet, err = c.Resolver.Reinvestment.Sheet(ctx, actor, community, cycle); err == nil {
				err = write(w.Header(), &whole, balanceSheet{sheet, lang})
			}
		}
		if err != nil {
			c.refuseWith(ctx, w, err)
			return
		}
		w.Header().Set("Content-Language", string(lang))
		_, _ = whole.WriteTo(w)
	}
}

// reportHTMLOf writes the page to read on a phone or to print.
func reportHTMLOf(h http.Header, out *bytes.Buffer, s balanceSheet) error {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", reportCSP)
	return reportPage.Execute(out, s)
}

// reportSheetOf writes the figures for spreadsheets, as statements are.
func reportSheetOf(f format) func(http.Header, *bytes.Buffer, balanceSheet) error {
	return func(h http.Header, out *bytes.Buffer, s balanceSheet) error {
		t := table{lang: s.lang, name: s.T("file") + "-" + s.Cycle.CreatedAt.Format("20060102")}
		for _, column := range []string{"part", "what", "minutes", "count", "time"} {
			t.head = append(t.head, s.T("column."+column))
		}
		f.announce(h, t)
		return f.write(out, t, s.rows)
	}
}

// rows are the report's figures, line by line.
func (s balanceSheet) rows(row writeRow) error {
	var broken error
	add := func(part, what string, minutes domain.Minutes, count int64) {
		if broken == nil {
			broken = row(s.T(part), harmless(what), minutes, count, s.Time(minutes))
		}
	}
	if only := s.Only(); only != "" {
		add("pool", only, s.Report.Pool.Closing, 1)
	}
	for _, b := range s.Pool() {
		add("pool", b.Label, b.Minutes, b.Times)
	}
	r := s.Report
	for _, line := range []struct {
		id      string
		minutes domain.Minutes
	}{{"envelope", r.Envelope}, {"granted", r.Granted}, {s.Credited(), r.PaidOut}, {"returned", r.Returned}, {"left", r.Left}, {"largest", r.LargestGrant}} {
		if line.id != "largest" || !s.TotalsOnly() {
			add("envelope", s.T(line.id), line.minutes, 1)
		}
	}
	if s.TotalsOnly() {
		add("requests", s.T("asked"), 0, int64(r.Projects))
		add("requests", s.T("helped"), r.Granted, int64(r.FundedProjects))
		return broken
	}
	for _, p := range s.Works() {
		add("projects", p.Title+" – "+s.T("granted"), p.Granted, p.Voters)
		add("projects", p.Title+" – "+s.T("paid"), p.Paid, p.Voters)
	}
	for _, v := range s.Votes() {
		add("votes", v.Label, 0, v.Times)
	}
	return broken
}

// balanceSheet is a report in the language of whoever reads it.
type balanceSheet struct {
	reinvestment.Sheet
	lang i18n.Language
}

// bar is one line of a chart and of the table beside it. X and Width are of 300.
type bar struct {
	Label          string
	Minutes        domain.Minutes
	Times          int64
	Y, X, Width    int64
	Inner, Percent int64
	Class          string
}

// chartWidth is how many units a full bar takes.
const chartWidth = 300

// T is a text of the report.
func (s balanceSheet) T(id string) string { return i18n.Text(s.lang, "report."+id, nil) }

// Only is what the hours of the cycle were given for, in words; empty for anything.
func (s balanceSheet) Only() string {
	if s.Earmark == "" {
		return ""
	}
	return i18n.Text(s.lang, "report.earmark", map[string]any{"for": s.Earmark})
}

// TotalsOnly says whether the report speaks of no single project: of what people
// asked, with what they were granted, nobody reads.
func (s balanceSheet) TotalsOnly() bool { return s.Cycle.Method == allocation.SolidarityDraw }

// Credited names what was credited: for work done, but where hours go to people by
// themselves.
func (s balanceSheet) Credited() string {
	if s.TotalsOnly() || s.Cycle.Method == allocation.PeerEpoch {
		return "credited"
	}
	return "paid"
}

// Lang is the page's language.
func (s balanceSheet) Lang() string { return string(s.lang) }

// Time shows an amount of time.
func (s balanceSheet) Time(m domain.Minutes) string { return i18n.Minutes(s.lang, m) }

// State is where the cycle stands, in words.
func (s balanceSheet) State() string {
	return i18n.Text(s.lang, "state.cycle."+string(s.Cycle.State), nil)
}

// Between is what time the report is about.
func (s balanceSheet) Between() string {
	zone := s.Community.Zone()
	return i18n.Text(s.lang, "report.period", map[string]any{
		"from": i18n.Day(s.lang, s.Report.Pool.From, zone), "until": i18n.Day(s.lang, s.Report.Pool.Until, zone),
	})
}

// Made is when the page was made.
func (s balanceSheet) Made() string {
	return i18n.Text(s.lang, "report.made", map[string]any{"at": i18n.DateTime(s.lang, s.At, s.Community.Zone())})
}

func scaled(m, most int64) int64 {
	if most <= 0 || m <= 0 {
		return 0
	}
	return max(1, m*chartWidth/most)
}

// Pool is opening, what came, what went, and closing: each bar begins where the one
// before it ended.
func (s balanceSheet) Pool() []bar {
	book := s.Report.Pool
	bars := []bar{{Label: s.T("opening"), Minutes: book.Opening, Class: "whole"}}
	at, most := int64(book.Opening), max(int64(book.Opening), int64(book.Closing))
	var ends []int64
	moves := []bar{}
	for _, f := range book.Inflows {
		moves = append(moves, bar{Label: s.source(f), Minutes: f.Minutes, Times: f.Times, Class: "came"})
	}
	for _, f := range book.Flows {
		if !f.Incoming {
			moves = append(moves, bar{Label: s.reason(f), Minutes: -f.Minutes, Times: f.Times, Class: "went"})
		}
	}
	for _, b := range moves {
		ends = append(ends, at)
		at += int64(b.Minutes)
		most = max(most, at)
		bars = append(bars, b)
	}
	bars = append(bars, bar{Label: s.T("closing"), Minutes: book.Closing, Class: "whole"})
	for i := range bars {
		b := &bars[i]
		b.Y, b.Width = int64(i)*34, scaled(max(int64(b.Minutes), -int64(b.Minutes)), most)
		if i > 0 && i < len(bars)-1 {
			b.X = scaled(min(ends[i-1], ends[i-1]+int64(b.Minutes)), most)
		}
	}
	return bars
}

// source says where hours of the pool come from.
func (s balanceSheet) source(f reinvestment.SourceFlow) string {
	return i18n.Text(s.lang, "report.source."+string(f.Source), map[string]any{"name": f.Sponsor})
}

// reason says why hours went.
func (s balanceSheet) reason(f reinvestment.Flow) string {
	if f.Kind == ledger.Grant {
		return s.T("flow.went")
	}
	return i18n.Text(s.lang, "statement.kind."+string(f.Kind), nil)
}

// work is a project as the report shows it.
type work struct {
	Title                           string
	Minimum, Maximum, Granted, Paid domain.Minutes
	Voters, Support                 int64
	Progress                        int
	Y, Asked, Got, Done             int64
}

// Works are the projects that stood on the ballot or were not withdrawn.
func (s balanceSheet) Works() (works []work) {
	most := int64(0)
	for _, p := range s.Projects {
		if p.Stage == reinvestment.Withdrawn {
			continue
		}
		voted := s.Lines[p.ID.String()]
		if s.Cycle.Method == allocation.PeerEpoch {
			p.Minimum, p.Maximum = p.Granted, p.Granted // peers ask for nothing
		}
		works = append(works, work{
			Title: p.Title, Minimum: p.Minimum, Maximum: p.Maximum, Granted: p.Granted, Paid: p.Paid, Progress: progress(p),
			Voters: voted.Voters, Support: voted.Support,
		})
		most = max(most, int64(p.Maximum))
	}
	for i := range works {
		w := &works[i]
		w.Y, w.Asked, w.Got, w.Done = int64(i)*34, scaled(int64(w.Maximum), most), scaled(int64(w.Granted), most), scaled(int64(w.Paid), most)
	}
	return works
}

// Votes is how many could vote, did, and see a choice of theirs funded.
func (s balanceSheet) Votes() []bar {
	r := s.Report
	bars := []bar{
		{Label: s.T("roll"), Times: r.Roll, Class: "whole"},
		{Label: s.T("voters"), Times: r.Voters, Class: "came"},
		{Label: s.T("content"), Times: r.VotersWithAFundedChoice, Class: "came"},
	}
	for i := range bars {
		bars[i].Y, bars[i].Width = int64(i)*34, scaled(bars[i].Times, r.Roll)
		if r.Roll > 0 {
			bars[i].Percent = bars[i].Times * 100 / r.Roll
		}
	}
	return bars
}

// Concentration is the largest grant's part of all grants, in percent.
func (s balanceSheet) Concentration() int64 {
	if s.Report.Granted == 0 {
		return 0
	}
	return int64(s.Report.LargestGrant * 100 / s.Report.Granted)
}

// High is how high a chart of so many bars is.
func (s balanceSheet) High(n int) int { return n*34 + 2 }

// Under is where a bar lies below its label.
func (s balanceSheet) Under(y int64) int64 { return y + 17 }

// Base is where a bar's label stands.
func (s balanceSheet) Base(y int64) int64 { return y + 12 }

// progress is how much of a grant was credited, in percent, rounded down.
func progress(p reinvestment.Project) int {
	if p.Granted == 0 {
		return 0
	}
	return int(p.Paid * 100 / p.Granted)
}
