// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/graph/live"
)

// quiet is a journal in which nothing happens.
type quiet struct{}

func (quiet) Heads(context.Context, []domain.ID, string) (map[domain.ID]changes.Heads, error) {
	return nil, nil
}

func (quiet) Events(context.Context, domain.ID, int64, int) ([]changes.Event, error) { return nil, nil }

// After a restart all who follow come back together; each waits for its turn before
// anything is read for it. No database is there to be asked.
func TestAStreamBeginsInItsTurn(t *testing.T) {
	hub := live.NewHub(quiet{}, nil, "", slog.New(slog.DiscardHandler))
	r := &Resolver{Live: hub}
	ctx, cancel := context.WithCancel(t.Context())
	for range 4 {
		if _, err := hub.Turn(ctx); err != nil {
			t.Fatal(err)
		}
	}
	cancel() // who cannot wait any longer goes
	ctx = r.WithRequest(ctx, Request{})
	town := domain.NewID()
	for what, begin := range map[string]func() error{
		"changes":       func() error { _, err := follow(ctx, r, globalID(communityID, town, town), nil, presented); return err },
		"notifications": func() error { _, err := r.receive(ctx); return err },
		"messages":      func() error { _, err := r.written(ctx); return err },
	} {
		if err := begin(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
