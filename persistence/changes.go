// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
)

// ChangesStore implements changes.Store.
type ChangesStore struct{}

var _ changes.Store = ChangesStore{}

// Still implements changes.Store. Setting the transaction up, and the tenant
// with BEGIN, took no snapshot yet.
func (ChangesStore) Still(ctx context.Context) error {
	_, err := query(ctx).Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`)
	return err
}

// Head implements changes.Store.
func (ChangesStore) Head(ctx context.Context, community domain.ID) (changes.Place, error) {
	var p changes.Place
	var hash []byte
	err := query(ctx).QueryRow(ctx, `SELECT pos, hash FROM journal.head WHERE community_id = $1`, community).Scan(&p.Position, &hash)
	copy(p.Mark[:], hash)
	return p, err
}

// From implements changes.Store, by the primary key.
func (ChangesStore) From(ctx context.Context, community domain.ID, position int64, limit int) ([]changes.Event, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT pos, id, kind, actor_id, subject_id, at, body, hash
		  FROM journal.event
		 WHERE community_id = $1 AND pos >= $2
		 ORDER BY pos
		 LIMIT $3`, community, position, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (changes.Event, error) {
		e := changes.Event{RecordedEvent: domain.RecordedEvent{Community: community}}
		var body, hash []byte
		if err := row.Scan(&e.Position, &e.ID, &e.Kind, &e.Actor, &e.Subject, &e.At, &body, &hash); err != nil {
			return e, err
		}
		copy(e.Mark[:], hash)
		var err error
		e.Payload, err = domain.PayloadOf(body)
		return e, err
	})
}

// Heads implements changes.Store; heads and cursors show positions across
// communities, and nothing else. Both are found by their primary keys.
func (ChangesStore) Heads(ctx context.Context, communities []domain.ID, reader string) (map[domain.ID]changes.Heads, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT h.community_id, h.pos, coalesce(c.pos, 0)
		  FROM journal.head h
		  LEFT JOIN journal.cursor c ON c.community_id = h.community_id AND c.reader = $2
		 WHERE h.community_id = ANY ($1)`, communities, reader)
	if err != nil {
		return nil, err
	}
	heads := make(map[domain.ID]changes.Heads, len(communities))
	var id domain.ID
	var at changes.Heads
	_, err = pgx.ForEachRow(found, []any{&id, &at.Position, &at.Read}, func() error {
		heads[id] = at
		return nil
	})
	return heads, err
}
