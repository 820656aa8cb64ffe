// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
)

// download is a statement as a phone gets it.
type download struct {
	status int
	header http.Header
	body   string
}

// downloads asks for a statement; the query begins with a question mark.
func (p *person) downloads(account, format, query string, headers ...string) download {
	p.t.Helper()
	response := p.gets("/accounts/"+account+"/statement."+format+query, headers...)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return download{response.StatusCode, response.Header, string(body)}
}

// gets begins to read an address.
func (p *person) gets(path string, headers ...string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.address+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token := p.bearer(); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

// cells are the rows of a file for spreadsheets, which must begin with the mark of UTF-8.
func (d download) cells(t *testing.T, separator rune) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(d.body, "\ufeff")
	if !marked || d.status != http.StatusOK {
		t.Fatalf("HTTP %d: %.300s", d.status, d.body)
	}
	read := csv.NewReader(strings.NewReader(text))
	read.Comma = separator
	rows, err := read.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// plain writes spaces that do not break as simple ones.
func plain(text string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
}

// date is the town's calendar some days ago. The clock of a booted program is the
// wall's, so dates are told from it.
func (w *town) date(ago time.Duration) string {
	w.t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.now().Add(-ago).In(zone).Format(time.DateOnly)
}

func TestAMemberKeepsAStatement(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	mine := anna.account()
	first := town.date(0)
	town.advance(10 * day)
	x := anna.gave(bruno, 90)
	bruno.confirms(x, 90)
	number := anna.sees(x, "Exchange { number }").int("number")
	town.advance(10 * day)
	gift := anna.does("giveHours", input{
		"from": mine, "to": bruno.account(), "minutes": 30, "message": "=1+1;\n@SUM <b>merci</b>", "idempotencyKey": newKey(),
	}).text("transfer.id")
	town.founder.does("reverseTransfer", input{"transferId": gift, "reason": "Par erreur.", "idempotencyKey": newKey()})

	file := anna.downloads(mine, "csv", "")
	rows := file.cells(t, ';')
	for i := range rows {
		rows[i][0], rows[i][6] = rows[i][0][:min(10, len(rows[i][0]))], plain(rows[i][6])
	}
	n := strconv.Itoa(number)
	service, _ := listing.TypeByCode("102-A-1")
	same(t, "Anna’s file", rows, [][]string{
		{"Date", "N°", "Nature", "Avec", "Service", "Minutes", "Durée", "Solde après (minutes)", "Échange n°", "Mot"},
		{town.date(20 * day), "1", "Heures de départ", "Accorderie du Port", "", "900", "15 h", "900", "", ""},
		{town.date(10 * day), "2", "Échange", "Bruno", service.Label("fr"), "90", "1 h 30", "990", n, ""},
		{town.date(0), "3", "Don d’heures", "Bruno", "", "-30", "−30 min", "960", "", "'=1+1; '@SUM <b>merci</b>"},
		{town.date(0), "4", "Annulation", "Bruno", "", "30", "30 min", "990", "", "Par erreur."},
	})
	same(t, "its name", file.header.Get("Content-Disposition"), "attachment; filename=releve-2.csv")

	// Days are the community's and belong to the statement whole.
	only := bruno.downloads(bruno.account(), "csv", "?from="+town.date(10*day)+"&until="+town.date(10*day)).cells(t, ',')
	same(t, "Bruno’s day, in English", []string{only[0][2], only[1][2], only[1][3], only[1][4], only[1][5], only[1][7]},
		[]string{"Kind", "Exchange", "Anna", "Getting started with a computer", "-90", "810"})
	same(t, "its rows", len(only), 2)
	none := bruno.downloads(bruno.account(), "csv", "?from="+town.date(9*day)+"&until="+town.date(day)).cells(t, ',')
	same(t, "rows of the days between", len(none), 1)
	moment := town.now().Add(-15 * day).Format(time.RFC3339)
	same(t, "rows until a moment", len(bruno.downloads(bruno.account(), "csv", "?until="+moment).cells(t, ',')), 2)
	same(t, "rows since the first day", len(anna.downloads(mine, "csv", "?from="+first).cells(t, ';')), 5)
	same(t, "what who keeps the books reads", town.founder.downloads(mine, "csv", "").cells(t, ';'), anna.downloads(mine, "csv", "").cells(t, ';'))
}

func TestAStatementToPrint(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	bruno.confirms(anna.gave(bruno, 90), 90)
	anna.does("giveHours", input{
		"from": anna.account(), "to": bruno.account(), "minutes": 30, "message": "<script>alert(1)</script>", "idempotencyKey": newKey(),
	})
	for language, words := range map[string][]string{
		"fr": {
			`<html lang="fr">`, "Accorderie du Port", "Relevé de compte-temps", "<strong>Anna</strong>", "Membre n° 2", "Solde au début", "Solde à la fin",
			"Heures de départ", "échange n° 1", "+1 h 30", "−30 min", "16 h 30", "Par nature", "Services échangés",
		},
		"en": {
			`<html lang="en">`, "Time account statement", "Member no. 2", "Opening balance", "Closing balance", "Starting hours",
			"Getting started with a computer", "By kind", "Services exchanged",
		},
	} {
		page := anna.downloads(anna.account(), "html", "", "Accept-Language", language)
		for _, word := range append(words, "&lt;script&gt;alert(1)&lt;/script&gt;") {
			if text := plain(page.body); !strings.Contains(text, word) && !strings.Contains(html.UnescapeString(text), word) {
				t.Errorf("in %s the page lacks %q", language, word)
			}
		}
		style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page.body)
		digest := sha256.Sum256([]byte(style[1]))
		policy := page.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+"';") || strings.Contains(policy, "unsafe") {
			t.Errorf("under %q the page has no style", policy)
		}
		if found := regexp.MustCompile(`(?i)<script|\sstyle=|\son[a-z]+=|src=|http`).FindString(page.body); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
	page := anna.downloads(anna.account(), "html", "?from=2001-02-03&until=2001-02-03")
	if text := plain(page.body); !strings.Contains(text, "Du 3 février 2001 au 3 février 2001") || !strings.Contains(text, "Aucune heure n’a bougé") {
		t.Errorf("a day without hours: %s", text)
	}
	whole := bruno.downloads(town.founder.reads(`query($slug: String!) { community(slug: $slug) { account { id } } }`, input{"slug": town.slug}).
		text("community.account.id"), "html", "")
	if whole.status != http.StatusOK || strings.Contains(whole.body, "Member no.") || !strings.Contains(plain(whole.body), "−45 h") {
		t.Errorf("the whole’s, which everybody may read: HTTP %d", whole.status)
	}
}

func TestStatementsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, left := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Carl", "fr")
	other := town.program.town("Accorderie de la Colline", "colline")
	mine, gone := anna.account(), left.account()
	left.does("leaveCommunity", input{"communityId": town.id})
	theirs := other.founder.account()
	for what, c := range map[string]struct {
		by             *person
		account, query string
		status         int
		code, reason   string
	}{
		"nobody":                      {town.stranger(), mine, "", 401, "UNAUTHENTICATED", ""},
		"another member":              {bruno, mine, "", 403, "FORBIDDEN", ""},
		"somebody from elsewhere":     {other.founder, mine, "", 404, "NOT_FOUND", ""},
		"another community’s account": {anna, theirs, "", 404, "NOT_FOUND", ""},
		"an account moved into ours":  {anna, forged(theirs, town.id), "", 404, "NOT_FOUND", ""},
		"whoever left":                {left, gone, "", 404, "NOT_FOUND", ""},
		"a leaver’s, by a member":     {bruno, gone, "", 403, "FORBIDDEN", ""},
		"no account but a member":     {anna, anna.member, "", 404, "NOT_FOUND", ""},
		"no id":                       {anna, "n%C3%AEmporte%20quoi", "", 404, "NOT_FOUND", ""},
		"no date":                     {anna, mine, "?from=hier", 400, "BAD_USER_INPUT", "PERIOD_INVALID"},
		"a day that never was":        {anna, mine, "?until=2026-02-30", 400, "BAD_USER_INPUT", "PERIOD_INVALID"},
		"a far year":                  {anna, mine, "?from=12026-01-01", 400, "BAD_USER_INPUT", "PERIOD_INVALID"},
		"inside out":                  {anna, mine, "?from=2026-03-02&until=2026-03-01", 400, "BAD_USER_INPUT", "PERIOD_INVALID"},
	} {
		said := map[string]string{}
		for _, language := range []string{"fr", "en"} {
			for _, format := range []string{"csv", "html"} {
				got := c.by.downloads(c.account, format, c.query, "Accept-Language", language)
				var told struct {
					Errors []struct {
						Message    string
						Extensions struct{ Code, Reason string }
					}
				}
				if err := json.Unmarshal([]byte(got.body), &told); err != nil || len(told.Errors) != 1 {
					t.Errorf("%s: %v: %s", what, err, got.body)
					continue
				}
				e := told.Errors[0]
				if got.status != c.status || e.Extensions.Code != c.code || e.Extensions.Reason != c.reason || got.header.Get("Content-Disposition") != "" {
					t.Errorf("%s: HTTP %d, %s", what, got.status, got.body)
				}
				said[language] = e.Message
			}
		}
		if said["fr"] == said["en"] || said["fr"] == "" {
			t.Errorf("%s: it says %q in French and %q in English", what, said["fr"], said["en"])
		}
	}
	if kept := town.founder.downloads(gone, "csv", "").cells(t, ';'); len(kept) != 3 {
		t.Errorf("the leaver’s statement has %d rows for who keeps the books", len(kept))
	}
	same(t, "a plus that was not escaped", anna.downloads(mine, "csv", "?from=2001-01-01T00:00:00+01:00").status, 200)
	same(t, "ten thousand years", anna.downloads(mine, "csv", "?from=0000-01-01&until=9999-12-31").status, 200)
}

func TestTotalsThroughTheAPI(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	before := town.now()
	town.advance(day)
	bruno.confirms(anna.gave(bruno, 90), 90)
	const totals = `Account { totals(period: { from: "FROM" }) { opening given received closing lines
		byKind { kind given received lines } byServiceType { serviceType { code } given } families: byServiceType(byFamily: true) { serviceType { code label } given } }
		entries(period: { from: "FROM" }) { totalCount } }`
	got := anna.sees(anna.account(), strings.ReplaceAll(totals, "FROM", before.Add(time.Hour).Format(time.RFC3339)))
	same(t, "Anna’s", got, thing{
		"entries": map[string]any{"totalCount": 1.0},
		"totals": map[string]any{
			"opening": 900.0, "given": 90.0, "received": 0.0, "closing": 990.0, "lines": 1.0,
			"byKind":        []any{map[string]any{"kind": "EXCHANGE", "given": 90.0, "received": 0.0, "lines": 1.0}},
			"byServiceType": []any{map[string]any{"serviceType": map[string]any{"code": "102-A-1"}, "given": 90.0}},
			"families":      []any{map[string]any{"serviceType": map[string]any{"code": "102", "label": "Informatique"}, "given": 90.0}},
		},
	})
	for who, code := range map[*person]string{bruno: "FORBIDDEN", town.stranger(): "NOT_FOUND"} {
		a := who.gql(who.bearer(), `query($id: ID!) { node(id: $id) { ... on Account { totals { opening } } } }`, input{"id": anna.account()})
		if len(a.problems()) == 0 || a.problems()[0].Code != code {
			t.Errorf("%s reads Anna’s totals: %s", who.name, a.raw)
		}
	}
}

// It runs alone, so that what it weighs is its own. The reader is slow: it looks
// at the program's memory on the way.
func TestTenThousandLinesGoOutInConstantMemory(t *testing.T) {
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	mine := anna.account()
	const lines = 10_000
	anna.works(lines)
	town.settle() // what the program makes of the postings is not what is weighed
	for _, format := range []string{"csv", "html"} {
		began := time.Now()
		whole := anna.downloads(mine, format, "")
		took := time.Since(began)
		response := anna.gets("/accounts/" + mine + "/statement." + format)
		read := bufio.NewScanner(response.Body)
		n, first, last := 0, int64(0), int64(0)
		for read.Scan() {
			if n++; n%2000 == 1000 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				if last = int64(m.HeapAlloc); first == 0 {
					first = last
				}
			}
		}
		if err := response.Body.Close(); err != nil || read.Err() != nil || n < lines || n != strings.Count(whole.body, "\n") {
			t.Errorf("%s: %d lines, %v", format, n, read.Err())
		}
		t.Logf("%s: %d lines, %d KiB in %s; %d KiB more in memory at the last lines than at the first",
			format, n, len(whole.body)>>10, took.Round(time.Millisecond), (last-first)>>10)
		if last-first > 4<<20 {
			t.Errorf("%s: memory grows by %d KiB on the way", format, (last-first)>>10)
		}
	}
}

// works credits minutes one by one, as the ledger does, some hundreds in a posting.
func (p *person) works(minutes int) {
	p.t.Helper()
	read := p.reads(`query($slug: String!) { community(slug: $slug) { id account { id } membership { account { id } } } }`, input{"slug": p.slug}).thing("community")
	place, whole, mine := domain.ID(keyOf(read.text("id"))), domain.ID(keyOf(read.text("account.id"))), domain.ID(keyOf(read.text("membership.account.id")))
	for done := 0; done < minutes; {
		var legs []ledger.Transfer
		for ; done < minutes && len(legs) < 500; done++ {
			legs = append(legs, ledger.Transfer{ID: domain.NewID(), Kind: ledger.Associative, Minutes: 1, Debit: whole, Credit: mine})
		}
		err := p.app.db.InTx(p.t.Context(), place, func(ctx context.Context, _ time.Time) error {
			_, err := p.app.rooms.ledger.Post(ctx, ledger.Posting{
				Community: place, Key: newKey(), Legs: legs, Event: domain.Event{ID: domain.NewID(), Kind: ledger.HoursGiven, Subject: legs[0].ID},
			})
			return err
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
}
