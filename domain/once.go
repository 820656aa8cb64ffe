// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import "context"

// Once identifies one intended effect.
type Once struct {
	Person ID
	Key    string // chosen by the client when it drafts, at most 100 characters
	Action string // the use case's name: one key never serves two actions
	Input  any    // hashed and compared
	Result ID     // what the effect will be about, when that is known before; else Nowhere
}

type replaysKey struct{}

// WithReplays lets somebody far above a use case learn that what was asked had
// happened before: replayed is called when Once answers a known key.
func WithReplays(ctx context.Context, replayed func()) context.Context {
	return context.WithValue(ctx, replaysKey{}, replayed)
}

// Replayed is for Tx: it tells whoever wants to know that a key was known.
func Replayed(ctx context.Context) {
	if replayed, ok := ctx.Value(replaysKey{}).(func()); ok {
		replayed()
	}
}
