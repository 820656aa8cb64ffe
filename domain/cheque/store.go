// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// Store is what cheques need kept. Every call runs inside InTx of the community.
type Store interface {
	// AddDevice keeps a key. Error: KeyTaken.
	AddDevice(ctx context.Context, d Device) error
	RevokeDevice(ctx context.Context, d Device, by domain.ID) error
	Devices(ctx context.Context, community domain.ID, ids []domain.ID) ([]Device, error)
	// DevicesOf lists a member's, newest first.
	DevicesOf(ctx context.Context, community, member domain.ID) ([]Device, error)

	// Add keeps cheques. Errors: Deposited, NumberTaken, when somebody was quicker.
	Add(ctx context.Context, all []Cheque) error
	// Move saves a cheque's state, exchange and settlement if it is still at its
	// version, which it raises. Error: WrongState, when somebody was quicker.
	Move(ctx context.Context, c Cheque) (Cheque, error)
	// Known reads cheques of one kind by their numbers; undone ones do not count.
	Known(ctx context.Context, community domain.ID, kind Kind, numbers []string) ([]Cheque, error)
	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Cheque, error)
	// Find reads cheques by their ids, those that settled some exchanges, and those
	// of some batches, in their order.
	Find(ctx context.Context, community domain.ID, ids, exchanges, batches []domain.ID) ([]Cheque, error)
	// Of lists the cheques that a batch was keyed in with, in their order.
	Of(ctx context.Context, community, batch domain.ID) ([]Cheque, error)
	List(ctx context.Context, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Cheque], error)

	AddBatch(ctx context.Context, b Batch) error
	// UndoBatch marks a batch and its cheques. Error: BatchUndone.
	UndoBatch(ctx context.Context, b Batch) error
	Batches(ctx context.Context, community domain.ID, ids []domain.ID) ([]Batch, error)
	ListBatches(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[Batch], error)
}
