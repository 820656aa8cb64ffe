// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"context"
	"time"
)

// Tx runs a use case as one transaction. The context it gives carries the
// transaction; stores find it there, and nested calls join it.
type Tx interface {
	// InTx works inside one community: nothing of another is visible. The clock
	// is read once, so everything in a use case happens at the same moment.
	// It retries when the database asks for it, so fn must be repeatable.
	InTx(ctx context.Context, community ID, fn func(ctx context.Context, now time.Time) error) error

	// InPlatform works on what belongs to no community: persons, sessions, the
	// directory of communities. No tenant's row is visible there.
	InPlatform(ctx context.Context, fn func(ctx context.Context, now time.Time) error) error

	// Record notes events of the running use case. They are appended together
	// just before COMMIT, so the community's head is held as briefly as possible.
	Record(ctx context.Context, events ...Event)

	// Once runs an effect at most once per person and key. A second call with
	// the same input answers the first result's id without running fn; with
	// another input it is refused as IdempotencyKeyReused. The note commits
	// with the effect. An empty key runs fn every time.
	Once(ctx context.Context, once Once, fn func() (ID, error)) (result ID, replayed bool, err error)
}
