// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"context"
	"net/http"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

// shareRegister serves a community's share register for spreadsheets, line by line in
// its order, until the end of a day. It is read whole before the first byte goes out.
func (c Config) shareRegister(f format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
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
		t := table{lang: lang, name: text("file")}
		for _, column := range []string{"number", "date", "kind", "from", "to", "shares", "amount", "currency", "reference"} {
			t.head = append(t.head, text("column."+column))
		}
		f.announce(w.Header(), t)
		if r.Method == http.MethodHead {
			return
		}
		err = f.write(w, t, func(row writeRow) error {
			for _, l := range book.Lines {
				err := row(l.Number, l.At.In(book.Zone), harmless(text("kind."+string(l.Kind))), harmless(book.Names[l.From]), harmless(book.Names[l.To]),
					l.Shares, l.Amount, l.Amount.Currency, harmless(l.Reference))
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			if ctx.Err() == nil {
				c.Logger.ErrorContext(ctx, "share register broken off", "error", err)
			}
			panic(http.ErrAbortHandler)
		}
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
