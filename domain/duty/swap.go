// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// SwapIs is where an offer to swap stands.
type SwapIs string

// The states of a swap.
const (
	SwapOpen  SwapIs = "OPEN"
	SwapTaken SwapIs = "DONE"
	SwapGone  SwapIs = "WITHDRAWN"
)

// Swap is somebody's offer of their place in a shift: for another's, or to whoever
// comes instead of them.
type Swap struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Booking   domain.ID // theirs
	To        domain.ID // who alone may take it; Nowhere for anybody
	State     SwapIs
	At        time.Time
	TakenBy   domain.ID
	For       domain.ID // the booking that was given for it; Nowhere for none
	DoneAt    time.Time
}

// Offer is a swap to be.
type Offer struct {
	Community domain.ID
	Booking   domain.ID
	To        domain.ID
	Key       string `json:"-"`
}

// TakeSwap is somebody's wish to take one.
type TakeSwap struct {
	Community  domain.ID
	Swap       domain.ID
	For        domain.ID // their own booking; Nowhere: they come instead
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// OfferSwap offers one's place in a shift, to somebody or to anybody. It stays one's
// own until it is taken.
//
// Errors: NotFound, Forbidden, Off, BookingState, ShiftOver, OwnSwap, SwapOffered, IdempotencyKeyReused.
func (s *Service) OfferSwap(ctx context.Context, actor domain.Actor, cmd Offer) (Swap, error) {
	var swap Swap
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.TakePart); err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "swapDuty", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			_, shift, b, err := s.own(ctx, actor, cmd.Community, cmd.Booking, now)
			if err == nil {
				err = s.offerable(ctx, actor, cmd, b)
			}
			if err != nil {
				return domain.Nowhere, err
			}
			made := Swap{Community: b.Community, ID: domain.NewID(), Member: b.Member, Booking: b.ID, To: cmd.To, State: SwapOpen, At: now}
			s.tell(ctx, actor, SwapIsOffered, made.ID, Told{Member: b.Member, Other: cmd.To, Shift: shift.ID, Due: shift.StartsAt})
			return made.ID, s.store.AddSwap(ctx, made)
		})
		if err == nil {
			swap, err = s.swap(ctx, cmd.Community, id)
		}
		return err
	})
	return swap, err
}

// offerable looks at whom a swap is offered to; who keeps apart is nobody to the other.
func (s *Service) offerable(ctx context.Context, actor domain.Actor, cmd Offer, b Booking) error {
	if cmd.To == domain.Nowhere {
		return nil
	}
	if cmd.To == b.Member {
		return domain.NewError(OwnSwap, "toId")
	}
	found, err := s.members.LoadAll(ctx, cmd.Community, []domain.ID{cmd.To})
	if err != nil {
		return err
	}
	hidden, err := s.members.Strangers(ctx, actor, cmd.Community, b.Member, cmd.To)
	if err == nil && (hidden || len(found) == 0 || !found[0].Participation.InGoodStanding()) {
		err = domain.NewError(domain.NotFound, "toId")
	}
	return err
}

// TakeSwap takes an offer: two places change hands at once, each as it counted for who
// had it, or one comes instead of the other, who is excused and no more.
//
// Errors: NotFound, Forbidden, Off, SwapOver, OwnSwap, ShiftOver, AlreadyBooked,
// BookingState, membership.VettingMissing, IdempotencyKeyReused.
func (s *Service) TakeSwap(ctx context.Context, actor domain.Actor, cmd TakeSwap) (Swap, error) {
	id, err := s.act(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.Once{Key: cmd.Key, Action: "acceptDutySwap", Input: cmd},
		func(ctx context.Context, at setting, side domain.ID) (domain.ID, error) {
			swap, err := s.swap(ctx, cmd.Community, cmd.Swap)
			if err != nil {
				return domain.Nowhere, err
			}
			switch {
			case swap.Member == side:
				return domain.Nowhere, domain.NewError(OwnSwap, "swapId")
			case swap.To != domain.Nowhere && swap.To != side:
				return domain.Nowhere, domain.NewError(domain.NotFound, "swapId")
			}
			hidden, err := s.members.Strangers(ctx, actor, cmd.Community, swap.Member, side)
			if err == nil && hidden {
				err = domain.NewError(domain.NotFound, "swapId")
			}
			if err != nil {
				return domain.Nowhere, err
			}
			swap.State, swap.TakenBy, swap.For, swap.DoneAt = SwapTaken, side, cmd.For, at.now
			return swap.ID, s.change(ctx, actor, at, swap)
		})
	if err != nil {
		return Swap{}, err
	}
	var swap Swap
	err = s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, _ time.Time) (err error) {
		swap, err = s.swap(ctx, cmd.Community, id)
		return err
	})
	return swap, err
}

// change moves the places.
func (s *Service) change(ctx context.Context, actor domain.Actor, at setting, swap Swap) error {
	theirs, err := s.booking(ctx, swap.Community, swap.Booking)
	if err != nil {
		return err
	}
	mine := Booking{Community: swap.Community}
	if swap.For != domain.Nowhere {
		if mine, err = s.booking(ctx, swap.Community, swap.For); err != nil || mine.Member != swap.TakenBy {
			return domain.NewError(domain.NotFound, "bookingId").Because(err)
		}
		if mine.State != Booked {
			return domain.NewError(BookingState, "bookingId", "state", string(mine.State))
		}
	}
	shift, other, err := s.lockBoth(ctx, swap.Community, theirs.Shift, mine.Shift)
	if err != nil {
		return err
	}
	first, err := s.store.SaveSwap(ctx, swap, SwapOpen)
	if err != nil {
		return err
	}
	theirs, err = s.booking(ctx, swap.Community, swap.Booking) // as it is now that the shift is held
	if err == nil && (!first || theirs.State != Booked || !shift.StartsAt.After(at.now)) {
		err = domain.NewError(SwapOver, "swapId")
	}
	if err != nil {
		return err
	}
	told := Told{Member: swap.Member, Other: swap.TakenBy, Shift: shift.ID, Due: shift.StartsAt}
	s.tell(ctx, actor, SwapDone, swap.ID, told)
	if swap.For == domain.Nowhere {
		return s.instead(ctx, actor, at, swap, shift, theirs)
	}
	for _, b := range []Booking{theirs, mine} {
		b.State, b.EndedAt = Swapped, at.now
		if err := s.end(ctx, b, "bookingId"); err != nil {
			return err
		}
	}
	shift.Taken--
	if err := s.take(ctx, at, shift, moved(mine, shift, at.now), "swapId"); err != nil {
		return err
	}
	other.Taken--
	return s.take(ctx, at, other, moved(theirs, other, at.now), "bookingId")
}

// moved is a place in another shift that counts as the one before.
func moved(b Booking, to Shift, now time.Time) Booking {
	return Booking{Community: b.Community, ID: domain.NewID(), Shift: to.ID, Member: b.Member, State: Booked, Owed: b.Owed, At: now}
}

// instead has somebody come who owes nothing for it, so that it makes up for another
// shift of theirs; who offered is excused, however late.
func (s *Service) instead(ctx context.Context, actor domain.Actor, at setting, swap Swap, shift Shift, theirs Booking) error {
	theirs.State, theirs.EndedAt = Excused, at.now
	if err := s.end(ctx, theirs, "swapId"); err != nil {
		return err
	}
	a, err := s.store.LockAccount(ctx, swap.Community, swap.Member, at.next())
	if err != nil {
		return err
	}
	e := Entry{Kind: ForShift, Outcome: Excused, Points: points(at.duty(), Excused, theirs.Owed), Booking: theirs.ID}
	if _, err := s.post(ctx, actor, at, a, e, Charged, Told{Shift: shift.ID}); err != nil {
		return err
	}
	if _, err := s.store.LockAccount(ctx, swap.Community, swap.TakenBy, at.next()); err != nil {
		return err
	}
	shift.Taken--
	b := Booking{Community: swap.Community, ID: domain.NewID(), Shift: shift.ID, Member: swap.TakenBy, State: Booked, At: at.now}
	return s.take(ctx, at, shift, b, "swapId")
}

// lockBoth holds one shift or two still, in the same order whoever asks.
func (s *Service) lockBoth(ctx context.Context, in, one, two domain.ID) (a, b Shift, err error) {
	if two == domain.Nowhere || one == two {
		a, err = s.lockShift(ctx, in, one)
		return a, a, err
	}
	if bytes.Compare(one[:], two[:]) > 0 {
		b, a, err = s.lockBoth(ctx, in, two, one)
		return a, b, err
	}
	if a, err = s.lockShift(ctx, in, one); err == nil {
		b, err = s.lockShift(ctx, in, two)
	}
	return a, b, err
}

// WithdrawSwap takes an offer back.
//
// Errors: NotFound, Forbidden, SwapOver.
func (s *Service) WithdrawSwap(ctx context.Context, actor domain.Actor, in, id domain.ID) (Swap, error) {
	var swap Swap
	err := s.tx.InTx(ctx, in, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, in, domain.SeeCommunity); err != nil {
			return err
		}
		var err error
		if swap, err = s.swap(ctx, in, id); err != nil {
			return err
		}
		if _, err := s.members.ActingAs(ctx, actor, in, swap.Member, domain.SeeCommunity); err != nil {
			if errors.Is(err, domain.Forbidden) {
				err = domain.NewError(domain.NotFound, "swapId")
			}
			return err
		}
		swap.State = SwapGone
		first, err := s.store.SaveSwap(ctx, swap, SwapOpen)
		if err == nil && !first {
			err = domain.NewError(SwapOver, "swapId")
		}
		if err == nil {
			s.tell(ctx, actor, SwapWithdrawn, id, Told{Member: swap.Member})
		}
		return err
	})
	return swap, err
}

func (s *Service) swap(ctx context.Context, in, id domain.ID) (Swap, error) {
	found, err := s.store.Swaps(ctx, in, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "swapId")
	}
	if err != nil {
		return Swap{}, err
	}
	return found[0], nil
}
