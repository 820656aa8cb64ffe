// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/internal/i18n"
)

func TestNoTextIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"Merci pour tout":         "Merci pour tout",
		"=1+1":                    "'=1+1",
		"  =1+1":                  "'=1+1",
		"+33 6 12 34 56 78":       "'+33 6 12 34 56 78",
		"-2 h, +1 h":              "'-2 h, '+1 h",
		"@SUM(A1)":                "'@SUM(A1)",
		"＝1+1":                    "'＝1+1",
		"deux\nlignes\tet =1":     "deux lignes et =1",
		"bon;=cmd|' /C calc'!A0;": "bon;'=cmd|' /C calc'!A0;",
		`dit "=1+1"`:              `dit "'=1+1"`,
		"a\r\n=1+1":               "a =1+1",
		"Jean-Pierre, 3 = 2 + 1":  "Jean-Pierre, 3 = 2 + 1",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestAPeriodInWords(t *testing.T) {
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		m, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return m.UTC()
	}
	for _, c := range []struct{ from, until, french, english, file string }{
		{"", "", "Du 3 mars 2026 au 5 avril 2026", "From 3 March 2026 to 5 April 2026", "releve-12"},
		{
			"2026-03-01 00:00", "2026-04-01 00:00", "Du 1er mars 2026 au 31 mars 2026", "From 1 March 2026 to 31 March 2026",
			"releve-12-20260301-20260331",
		},
		{
			"2026-03-01 09:30", "", "Du dimanche 1er mars 2026 à 9 h 30 au 5 avril 2026", "From Sunday 1 March 2026, 09:30 to 5 April 2026",
			"releve-12-20260301",
		},
		{
			"", "2026-03-31 18:00", "Du 3 mars 2026 au mardi 31 mars 2026 à 18 h", "From 3 March 2026 to Tuesday 31 March 2026, 18:00",
			"releve-12-20260331",
		},
	} {
		p := paper{zone: zone, Statement: statement.Statement{
			Community: community.Community{Name: "Accorderie du Port", Slug: "port"}, Holder: membership.Member{Number: 12},
			Account: ledger.Account{OpenedAt: at("2026-03-03 10:00")}, At: at("2026-04-05 10:00"),
			Period: ledger.Period{From: at(c.from), Until: at(c.until)},
		}}
		for lang, want := range map[i18n.Language]string{i18n.French: c.french, i18n.English: c.english} {
			p.lang = lang
			if got := strings.ReplaceAll((&printed{paper: p}).Between(), "\u00a0", " "); got != want {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
		}
		p.lang = i18n.French
		if got := p.file(); got != c.file {
			t.Errorf("kept as %q, want %q", got, c.file)
		}
	}
}

// Half a statement must never look like a whole one.
func TestAStatementThatEndsEarlyIsNone(t *testing.T) {
	lost := errors.New("the database went away")
	for name, write := range map[string]func(http.ResponseWriter, *http.Request, paper) error{"csv": sheet(asCSV), "xlsx": sheet(asXLSX), "html": page} {
		for after, said := range map[string]error{"an error": lost, "nothing": nil} {
			p := paper{lang: i18n.French, zone: time.UTC, lines: func(yield func(statement.Line, error) bool) {
				if yield(statement.Line{Position: 1, Kind: ledger.Gift, Minutes: 5}, nil) && said != nil {
					yield(statement.Line{}, said)
				}
			}}
			p.Totals.Lines = 2
			err := write(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), p)
			if err == nil || said != nil && !errors.Is(err, said) {
				t.Errorf("%s: a line and %s answer %v", name, after, err)
			}
		}
	}
}

func TestEverySideHasAName(t *testing.T) {
	for _, c := range []struct {
		side            statement.Side
		french, english string
	}{
		{statement.Side{Kind: ledger.Member, Name: "Éloïse"}, "Éloïse", "Éloïse"},
		{statement.Side{Kind: ledger.Community}, "Accorderie du Port", "Accorderie du Port"},
		{statement.Side{Kind: ledger.Pool, Purpose: ledger.Solidarity}, "Fonds de solidarité", "Solidarity pool"},
		{statement.Side{Kind: ledger.Pool, Purpose: ledger.Projects}, "Fonds des projets", "Projects pool"},
		{statement.Side{Kind: ledger.Pool, Purpose: ledger.Reserve}, "Réserve", "Reserve"},
		{statement.Side{Kind: ledger.Pool, Purpose: "HIVER"}, "Fonds commun", "Common pool"},
		{statement.Side{Kind: ledger.Mirror}, "Communauté partenaire", "Partner community"},
	} {
		for lang, want := range map[i18n.Language]string{i18n.French: c.french, i18n.English: c.english} {
			p := paper{lang: lang, Statement: statement.Statement{Community: community.Community{Name: "Accorderie du Port"}}}
			if got := p.side(c.side); got != want {
				t.Errorf("%v is %q, want %q", c.side, got, want)
			}
		}
	}
}
