// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"context"
	"encoding/csv"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

// shareRegister serves a community's share register as a sheet, line by line in its
// order, until the end of a day. It is read whole before the first byte goes out.
func (c Config) shareRegister(w http.ResponseWriter, r *http.Request) {
	ctx, ok := c.asking(w, r)
	if !ok {
		return
	}
	book, err := c.openRegister(ctx, r)
	if err != nil {
		c.refuseWith(ctx, w, err)
		return
	}
	_, lang := graph.Caller(ctx)
	text := func(id string) string { return i18n.Text(lang, "register."+id, nil) }
	w.Header().Set("Content-Language", string(lang))
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": text("file") + ".csv"}))
	if r.Method == http.MethodHead {
		return
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if lang == i18n.French {
		out.Comma = ';'
	}
	var head []string
	for _, column := range []string{"number", "date", "kind", "from", "to", "shares", "amount", "currency", "reference"} {
		head = append(head, text("column."+column))
	}
	_, err = io.WriteString(w, "\ufeff")
	if err == nil {
		err = out.Write(head)
	}
	for _, l := range book.Lines {
		if err == nil {
			err = out.Write([]string{
				strconv.Itoa(l.Number), l.At.In(book.Zone).Format("2006-01-02 15:04"), harmless(text("kind." + string(l.Kind))),
				harmless(book.Names[l.From]), harmless(book.Names[l.To]), strconv.Itoa(l.Shares), i18n.Figure(lang, l.Amount), l.Amount.Currency, harmless(l.Reference),
			})
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		if ctx.Err() == nil {
			c.Logger.ErrorContext(ctx, "share register broken off", "error", err)
		}
		panic(http.ErrAbortHandler)
	}
}

func (c Config) openRegister(ctx context.Context, r *http.Request) (shares.Book, error) {
	community, err := graph.CommunityID(r.PathValue("id"))
	if err != nil {
		return shares.Book{}, err
	}
	var day time.Time
	if asked := r.URL.Query().Get("asOf"); asked != "" {
		if day, err = time.Parse(time.DateOnly, asked); err != nil {
			return shares.Book{}, domain.NewError(domain.BadInput, "asOf")
		}
	}
	actor, _ := graph.Caller(ctx)
	return c.Resolver.ShareBook.Book(ctx, actor, community, day)
}
