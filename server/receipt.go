// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/internal/i18n"
)

//go:embed receipt.html
var receiptHTML string

var (
	receiptPage = template.Must(template.New("receipt").Parse(receiptHTML))
	receiptCSP  = only(receiptHTML)
)

// receipt serves what a batch of paper slips moved, to read or to print. It is
// made whole before the first byte goes out.
func (c Config) receipt(w http.ResponseWriter, r *http.Request) {
	ctx, ok := c.asking(w, r)
	if !ok {
		return
	}
	community, batch, err := graph.BatchID(r.PathValue("id"))
	var page bytes.Buffer
	actor, lang := graph.Caller(ctx)
	if err == nil {
		var made cheque.Receipt
		if made, err = c.Resolver.Cheques.Receipt(ctx, actor, community, batch); err == nil {
			err = receiptPage.Execute(&page, slip{made, lang})
		}
	}
	if err != nil {
		c.refuseWith(ctx, w, err)
		return
	}
	w.Header().Set("Content-Language", string(lang))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", receiptCSP)
	_, _ = page.WriteTo(w)
}

// slip is a receipt in the language of whoever reads it.
type slip struct {
	cheque.Receipt
	lang i18n.Language
}

// T is a text of the receipt.
func (s slip) T(id string) string { return i18n.Text(s.lang, "receipt."+id, nil) }

// Lang is the page's language.
func (s slip) Lang() string { return string(s.lang) }

// Count is how many slips there are, in words.
func (s slip) Count() string {
	return i18n.Text(s.lang, "receipt.count", map[string]any{"count": s.Batch.Cheques})
}

// Entered says who keyed them in, and when.
func (s slip) Entered() string { return s.said("entered", s.Batch.EnteredBy, s.Batch.EnteredAt, "") }

// Undone says who undid the batch, when and why; empty while it stands.
func (s slip) Undone() string {
	if s.Batch.UndoneAt.IsZero() {
		return ""
	}
	return s.said("undone", s.Batch.UndoneBy, s.Batch.UndoneAt, s.Batch.UndoReason)
}

// Made is when the page was made.
func (s slip) Made() string { return s.said("made", domain.Nowhere, s.At, "") }

func (s slip) said(id string, who domain.ID, at time.Time, reason string) string {
	return i18n.Text(s.lang, "receipt."+id, map[string]any{
		"name": s.Name(who), "at": i18n.DateTime(s.lang, at, s.Community.Zone()), "reason": reason,
	})
}

// Name is what a member is called, with the number on their card.
func (s slip) Name(member domain.ID) string { return s.People[member].DisplayName }

// Card is the number on a member's card.
func (s slip) Card(member domain.ID) int { return s.People[member].Number }

// Day is a day in words.
func (s slip) Day(day time.Time) string { return i18n.Day(s.lang, day, time.UTC) }

// Time shows an amount of time.
func (s slip) Time(m domain.Minutes) string { return i18n.Minutes(s.lang, m) }

// Service is what a type of service is called.
func (s slip) Service(code string) string {
	t, _ := listing.TypeByCode(code)
	return t.Label(string(s.lang))
}
