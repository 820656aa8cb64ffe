// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// maxRetries bounds how often a use case is tried again when the database says
// that two of them crossed.
const maxRetries = 3

// retryable is true for a serialization failure and for a deadlock's victim.
func retryable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// writes is true for what had to write where only reading was expected.
func writes(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "25006"
}

// pause waits a little, differently each time, so that two that met do not meet again.
func pause(ctx context.Context, attempt int) error {
	wait := time.Duration(1+rand.IntN(10<<attempt)) * time.Millisecond //nolint:gosec // jitter needs no secrecy
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}
