// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

// paper is a statement in the language of whoever reads it.
type paper struct {
	statement.Statement
	lines iter.Seq2[statement.Line, error]
	lang  i18n.Language
	zone  *time.Location
}

// statement serves an account's statement, written line by line as it is read.
// The head is read before the first byte goes out, so whatever is refused is
// refused properly; if the rest fails, the connection breaks off, because half a
// statement must never look like a whole one.
func (c Config) statement(write func(http.ResponseWriter, *http.Request, paper) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, ok := c.asking(w, r)
		if !ok {
			return
		}
		p, err := c.open(ctx, r)
		if err != nil {
			c.refuseWith(ctx, w, err)
			return
		}
		w.Header().Set("Content-Language", string(p.lang))
		if err := write(w, r, p); err != nil {
			if ctx.Err() == nil {
				c.Logger.ErrorContext(ctx, "statement broken off", "error", err)
			}
			panic(http.ErrAbortHandler)
		}
	}
}

func (c Config) open(ctx context.Context, r *http.Request) (paper, error) {
	community, account, err := graph.AccountID(r.PathValue("id"))
	if err != nil {
		return paper{}, err
	}
	actor, lang := graph.Caller(ctx)
	asked := r.URL.Query()
	st, err := c.Resolver.Statements.Open(ctx, actor, community, account, asked.Get("from"), asked.Get("until"))
	return paper{st, c.Resolver.Statements.Lines(ctx, st), lang, st.Community.Zone()}, err
}

// statuses are what HTTP calls the codes that stand at the top of an answer.
var statuses = map[domain.Code]int{
	domain.Unauthenticated: http.StatusUnauthorized,
	domain.Forbidden:       http.StatusForbidden,
	domain.NotFound:        http.StatusNotFound,
	domain.BadInput:        http.StatusBadRequest,
	domain.RateLimited:     http.StatusTooManyRequests,
	domain.Internal:        http.StatusInternalServerError,
}

// refuseWith answers an error as GraphQL would, under the status that HTTP has for it.
func (c Config) refuseWith(ctx context.Context, w http.ResponseWriter, err error) {
	shown, code := graph.Refusal(ctx, c.Logger, err)
	if code == domain.Unauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	reply(w, cmp.Or(statuses[code], http.StatusInternalServerError), map[string]any{"errors": []error{shown}})
}

// T is a text of the statement.
func (p paper) T(id string) string { return p.text(id, nil) }

func (p paper) text(id string, args map[string]any) string {
	return i18n.Text(p.lang, "statement."+id, args)
}

// kind says why hours moved.
func (p paper) kind(k ledger.TransferKind) string { return p.T("kind." + string(k)) }

// service is what a type of service is called.
func (p paper) service(code string) string {
	if t, ok := listing.TypeByCode(code); ok {
		return t.Label(string(p.lang))
	}
	return code
}

// side is what people call an account.
func (p paper) side(s statement.Side) string {
	switch {
	case s.Name != "":
		return s.Name
	case s.Kind == ledger.Community:
		return p.Community.Name
	case ledger.EarmarkOf(s.Kind, s.Purpose) != "":
		return i18n.Text(p.lang, "statement.pool.EARMARKED", map[string]any{"for": ledger.EarmarkOf(s.Kind, s.Purpose)})
	case s.Kind == ledger.Pool, s.Kind == ledger.Project && s.Purpose != "":
		if id := "pool." + s.Purpose; p.T(id) != "statement."+id {
			return p.T(id)
		}
	}
	return p.T("account." + string(s.Kind))
}

// other is whom a line is with: of hours that somebody brought from outside, who did.
func (p paper) other(l statement.Line) string {
	if l.Sponsor != "" {
		return l.Sponsor
	}
	return p.side(l.Other)
}

// Who is whose account it is.
func (p paper) Who() string {
	return p.side(statement.Side{Kind: p.Account.Kind, Purpose: p.Account.Purpose, Name: cmp.Or(p.Holder.DisplayName, p.Partner.Name)})
}

// bounds are the period's first and last day, or moment where it does not begin
// or end with one; a statement without bounds runs from the account's first day to now.
func (p paper) bounds() (from, until string) {
	begin, end := p.Period.From, p.Period.Until
	if begin.IsZero() {
		begin = p.Account.OpenedAt
		from = i18n.Day(p.lang, begin, p.zone)
	} else {
		from = p.bound(begin, begin)
	}
	if end.IsZero() {
		return from, i18n.Day(p.lang, p.At, p.zone)
	}
	return from, p.bound(end, end.Add(-time.Nanosecond))
}

func (p paper) bound(at, day time.Time) string {
	if local := at.In(p.zone); local.Hour() == 0 && local.Minute() == 0 && local.Second() == 0 {
		return i18n.Day(p.lang, day, p.zone)
	}
	return i18n.DateTime(p.lang, at, p.zone)
}

// file is the name to keep the statement under: whose it is, and the days.
func (p paper) file() string {
	whose := p.Community.Slug
	if p.Holder.Number > 0 {
		whose = strconv.Itoa(p.Holder.Number)
	}
	parts := []string{p.T("file"), whose}
	if !p.Period.From.IsZero() {
		parts = append(parts, p.Period.From.In(p.zone).Format("20060102"))
	}
	if !p.Period.Until.IsZero() {
		parts = append(parts, p.Period.Until.Add(-time.Nanosecond).In(p.zone).Format("20060102"))
	}
	return strings.Join(parts, "-")
}

// each hands over the statement's lines until one fails.
func (p paper) each(do func(statement.Line) error) error {
	n := 0
	for line, err := range p.lines {
		if err == nil {
			err = do(line)
		}
		if err != nil {
			return err
		}
		n++
	}
	if n != p.Totals.Lines {
		return fmt.Errorf("a statement of %d lines has %d", p.Totals.Lines, n)
	}
	return nil
}
