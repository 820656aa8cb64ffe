// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what duty needs kept. Every call runs inside InTx of the community.
type Store interface {
	AddTemplate(ctx context.Context, t Template) error
	Templates(ctx context.Context, community domain.ID, ids []domain.ID) ([]Template, error)
	// TemplatesIn are those that come round, in the order of the cycle.
	TemplatesIn(ctx context.Context, community domain.ID) ([]Template, error)
	// LockTemplate holds one still, so that its last standing place is given once.
	LockTemplate(ctx context.Context, community, id domain.ID) error
	// EndTemplate says that one comes round no more; false when it did not.
	EndTemplate(ctx context.Context, community, id domain.ID, at time.Time) (bool, error)

	// AddShift keeps one; false when its template had come round on that day.
	AddShift(ctx context.Context, s Shift) (bool, error)
	Shifts(ctx context.Context, community domain.ID, ids []domain.ID) ([]Shift, error)
	// LockShift holds a shift still, so that its last place is given once. Error: NotFound.
	LockShift(ctx context.Context, community, id domain.ID) (Shift, error)
	// ShiftsFrom are those that end after a moment, the next first.
	ShiftsFrom(ctx context.Context, community domain.ID, from time.Time, page domain.Page) (domain.Slice[Shift], error)
	// ToCome are a template's that begin after a moment; of any template on a day.
	ToCome(ctx context.Context, community, template domain.ID, from time.Time) ([]Shift, error)
	OnDay(ctx context.Context, community domain.ID, day time.Time) ([]Shift, error)
	// CancelShift calls one off; false when it had been.
	CancelShift(ctx context.Context, s Shift) (bool, error)
	// CloseDay keeps that nothing takes place on a day; false when that was kept.
	CloseDay(ctx context.Context, community domain.ID, day time.Time, reason string, by domain.ID, at time.Time) (bool, error)
	// ClosedOn is why nothing takes place on a day; empty when something does.
	ClosedOn(ctx context.Context, community domain.ID, day time.Time) (string, error)
	// TakeUnnoted marks the shifts that ended before a moment and where somebody's
	// attendance is not noted, and answers them, each once.
	TakeUnnoted(ctx context.Context, community domain.ID, before, now time.Time, limit int) ([]Shift, error)

	// AddBooking keeps one. Error: AlreadyBooked.
	AddBooking(ctx context.Context, b Booking) error
	Bookings(ctx context.Context, community domain.ID, ids []domain.ID) ([]Booking, error)
	// BookingsIn are those in some shifts, but for those that were given up.
	BookingsIn(ctx context.Context, community domain.ID, shifts []domain.ID) ([]Booking, error)
	// BookedBy are a member's in shifts that end after a moment, the next first.
	BookedBy(ctx context.Context, community, member domain.ID, from time.Time) ([]Booking, error)
	// EndBooking notes how one went that stands as it was; false when it does not.
	EndBooking(ctx context.Context, b Booking, was Outcome) (bool, error)
	// Freed are a member's in shifts that began in a time and took place, that counted
	// nothing though they were owed.
	Freed(ctx context.Context, community, member domain.ID, from, until time.Time) ([]Booking, error)
	// ReleaseLeavers ends the bookings to come, and the standing places, of whoever is no
	// member any more.
	ReleaseLeavers(ctx context.Context, community domain.ID, now time.Time) error

	// Account reads where a member stands; one who is new here owes from a given day on.
	// LockAccount holds it still.
	Account(ctx context.Context, community, member domain.ID) (a Account, found bool, err error)
	LockAccount(ctx context.Context, community, member domain.ID, from time.Time) (Account, error)
	SaveAccount(ctx context.Context, a Account) error
	// Enrol opens the accounts of members in good standing who have none.
	Enrol(ctx context.Context, community domain.ID, from time.Time) error
	// Forgive has nobody owe anything before a day.
	Forgive(ctx context.Context, community domain.ID, from time.Time) error
	// StandingOn are the accounts with a standing place in a template.
	StandingOn(ctx context.Context, community, template domain.ID) ([]Account, error)
	// TakeUncharged holds accounts that were not charged what ran before a day.
	TakeUncharged(ctx context.Context, community domain.ID, before time.Time, limit int) ([]Account, error)
	// TakeSuspended marks the accounts whose service is suspended now and answers them, each once.
	TakeSuspended(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Account, error)
	// Behind are accounts that are behind.
	Behind(ctx context.Context, community domain.ID, limit int) ([]Account, error)
	// Late are the members whose counter is below zero, the first to be suspended first.
	Late(ctx context.Context, community domain.ID, limit int) ([]domain.ID, error)

	// AddEntry keeps one; false when there is one for its source.
	AddEntry(ctx context.Context, e Entry) (bool, error)
	Entries(ctx context.Context, community domain.ID, ids []domain.ID) ([]Entry, error)
	// EntriesOf are a member's, newest first.
	EntriesOf(ctx context.Context, community, member domain.ID, page domain.Page) (domain.Slice[Entry], error)

	AddExtension(ctx context.Context, x Extension) error
	// ExtensionsOf are a member's, newest first.
	ExtensionsOf(ctx context.Context, community, member domain.ID) ([]Extension, error)

	AddLeave(ctx context.Context, l Leave) error
	Leaves(ctx context.Context, community domain.ID, ids []domain.ID) ([]Leave, error)
	// LeavesOf are a member's, the last to begin first.
	LeavesOf(ctx context.Context, community, member domain.ID) ([]Leave, error)
	// WaitingLeaves are those that nobody decided on, the oldest first.
	WaitingLeaves(ctx context.Context, community domain.ID, limit int) ([]Leave, error)
	// OnLeave are a member's leaves that touch a time, granted or ended meanwhile.
	OnLeave(ctx context.Context, community, member domain.ID, from, until time.Time) ([]Leave, error)
	// SaveLeave moves one on that stands as it was; false when it does not.
	SaveLeave(ctx context.Context, l Leave, was LeaveIs) (bool, error)

	// AddSwap keeps an offer. Error: SwapOffered.
	AddSwap(ctx context.Context, s Swap) error
	Swaps(ctx context.Context, community domain.ID, ids []domain.ID) ([]Swap, error)
	// OpenSwaps are the offers that a member may take, and their own, the next shift first.
	OpenSwaps(ctx context.Context, community, member domain.ID, now time.Time) ([]Swap, error)
	// SaveSwap moves one on that stands as it was; false when it does not.
	SaveSwap(ctx context.Context, s Swap, was SwapIs) (bool, error)

	// Common is what the common counter has. MoveCommon adds to it, or takes from it;
	// false when there is not as much.
	Common(ctx context.Context, community domain.ID) (int, error)
	MoveCommon(ctx context.Context, community domain.ID, points int) (bool, error)
	// GrantedSince is what a member was granted of it.
	GrantedSince(ctx context.Context, community, member domain.ID, from time.Time) (int, error)
}
