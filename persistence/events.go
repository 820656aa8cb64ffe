// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"

	"github.com/hora-coop/hora/domain"
)

// Record implements domain.Tx.
func (db *DB) Record(ctx context.Context, events ...domain.Event) {
	t := current(ctx)
	t.events = append(t.events, events...)
}

// eventColumns is a run of events as the arrays the journal's functions take.
type eventColumns struct {
	ids, actors, subjects []domain.ID
	kinds                 []string
	bodies                [][]byte
}

// takeEvents empties the transaction's collected events, encoded.
func takeEvents(ctx context.Context) (eventColumns, error) {
	t := current(ctx)
	var c eventColumns
	for _, e := range t.events {
		body, err := e.Canonical()
		if err != nil {
			return c, fmt.Errorf("encode event %s: %w", e.Kind, err)
		}
		c.ids = append(c.ids, e.ID)
		c.kinds = append(c.kinds, string(e.Kind))
		c.actors = append(c.actors, e.Actor)
		c.subjects = append(c.subjects, e.Subject)
		c.bodies = append(c.bodies, body)
	}
	t.events, t.appended = nil, t.appended || len(c.ids) > 0
	return c, nil
}

// appendEvents writes what was recorded and not already appended by a posting.
func appendEvents(ctx context.Context) error {
	t := current(ctx)
	if len(t.events) == 0 {
		return nil
	}
	c, err := takeEvents(ctx)
	if err != nil {
		return err
	}
	_, err = t.pgx.Exec(ctx, `SELECT journal.append($1, $2, $3, $4, $5, $6, $7)`,
		t.community, t.now, c.ids, c.kinds, c.actors, c.subjects, c.bodies)
	if err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	return nil
}
