// SPDX-License-Identifier: AGPL-3.0-or-later

package media

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what pictures need noted. Every call runs inside InTx of the community.
type Store interface {
	Add(ctx context.Context, p Photo) error
	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Photo, error)
	// Of are the pictures that listings show, in the order of each.
	Of(ctx context.Context, community domain.ID, listings []domain.ID) ([]Photo, error)
	// Unused counts what a person handed in that nothing shows.
	Unused(ctx context.Context, community, person domain.ID) (int, error)
	// Move keeps a picture that still stands where it stood, and may have been
	// claimed since: only one of two wins. Error: WrongState.
	Move(ctx context.Context, p Photo, from State) error
	// Show makes a listing show exactly these pictures, in this order; all are
	// READY, and none is another listing's. Those it no longer shows are unused
	// from now on. Error: InUse.
	Show(ctx context.Context, community, listing domain.ID, photos []domain.ID, now time.Time) error
	// Prove gives READY pictures that nothing shows to a claim, in this order. Error: InUse.
	Prove(ctx context.Context, community, claim domain.ID, photos []domain.ID) error
	// ProofsOf are the pictures of claims, in the order of each.
	ProofsOf(ctx context.Context, community domain.ID, claims []domain.ID) ([]Photo, error)
	// Doom marks pictures unused since before a time as ERASING, and answers all
	// that are, at most limit.
	Doom(ctx context.Context, community domain.ID, before time.Time, limit int) ([]Photo, error)
	// Forget removes a picture that is ERASING.
	Forget(ctx context.Context, community, id domain.ID) error
}

// Files keeps bytes under names. What is put twice is there once; what is not
// there can be removed. Open's error is NotFound when there is nothing.
type Files interface {
	Put(ctx context.Context, name string, data []byte) error
	Open(ctx context.Context, name string) ([]byte, error)
	Remove(ctx context.Context, name string) error
}

// Darkroom makes what is kept out of what was handed in.
//
// Errors: TypeRefused when the bytes are not of the announced type, TooManyPixels, Unreadable.
type Darkroom interface {
	Develop(ctx context.Context, data []byte, announced string) (Pictures, error)
}

// Tickets signs tickets and reads them back. It must be asked outside a
// transaction. Open's error is NotFound for what this server never signed.
type Tickets interface {
	Sign(ctx context.Context, t Ticket) (string, error)
	Open(ctx context.Context, signed string) (Ticket, error)
}
