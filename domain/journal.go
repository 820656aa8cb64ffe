// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import "context"

// Journal is how what derives from events reads them: notifications, sync,
// evidence. Each reader keeps its own cursor, advanced in the transaction that
// keeps what it derived, so each event is worked on exactly once.
type Journal interface {
	// Behind lists communities where the reader has not seen everything.
	// It runs inside InPlatform.
	Behind(ctx context.Context, reader string) ([]ID, error)
	// Next reads events after the reader's cursor and holds the cursor until
	// the transaction ends, so that two nodes never derive the same event twice.
	Next(ctx context.Context, community ID, reader string, limit int) ([]RecordedEvent, error)
	// Advance moves the reader's cursor.
	Advance(ctx context.Context, community ID, reader string, position int64) error
}
