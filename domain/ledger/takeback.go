// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// GiftStays says that a gift is no longer its giver's to take back.
const GiftStays domain.Code = "GIFT_STAYS" // args: why, one of TO_MEMBER, LATE, USED

// HoursTakenBack says that a giver thought again.
const HoursTakenBack domain.EventKind = "HOURS_TAKEN_BACK"

// thinkAgain is how long a giver may take a gift to a pool back.
const thinkAgain = 24 * time.Hour

// TakeBack is what somebody says to have a gift back.
type TakeBack struct {
	Community domain.ID
	Transfer  domain.ID
	Key       string `json:"-"`
}

// mayTakeBack says whether a gift may still be taken back by who gave it: what a member
// received is theirs, and so is what a pool gave on.
func mayTakeBack(gift Transfer, to Account, now time.Time) error {
	var why string
	switch {
	case to.Kind != Pool:
		why = "TO_MEMBER"
	case !now.Before(gift.At.Add(thinkAgain)):
		why = "LATE"
	case to.Balance-to.Held < gift.Minutes:
		why = "USED"
	default:
		return nil
	}
	return domain.NewError(GiftStays, "transferId", "why", why)
}

// TakeBack gives somebody back what they gave a pool within a day, while the pool has it.
//
// Errors: NotFound, Forbidden, GiftStays, AlreadyReversed, Required, IdempotencyKeyReused.
func (s *Service) TakeBack(ctx context.Context, actor domain.Actor, cmd TakeBack) (Transfer, error) {
	var c domain.Check
	c.That(cmd.Key != "", domain.Required, "idempotencyKey")
	w := wish{cmd.Community, domain.TakePart, domain.Once{Key: cmd.Key, Action: "takeBackHours", Input: cmd}, c.Err()}
	return s.moves(ctx, actor, w, func(ctx context.Context, standing domain.Standing, now time.Time) (domain.ID, error) {
		gift, err := s.mistake(ctx, cmd.Community, cmd.Transfer)
		if err != nil {
			return domain.Nowhere, err
		}
		found, err := s.store.Accounts(ctx, cmd.Community, []domain.ID{gift.Debit, gift.Credit})
		if err != nil {
			return domain.Nowhere, err
		}
		from, _ := byID(found, gift.Debit)
		to, _ := byID(found, gift.Credit)
		if gift.Kind != Gift || from.Kind != Member || from.Owner != standing.Member {
			return domain.Nowhere, domain.NewError(domain.NotFound, "transferId")
		}
		if err := mayTakeBack(gift, to, now); err != nil {
			return domain.Nowhere, err
		}
		leg := gift.Undo()
		leg.ID = domain.NewID()
		posted, err := s.Post(ctx, Posting{
			Community: cmd.Community, Key: "reversal/" + gift.ID.String(), Legs: []Transfer{leg},
			Event: domain.Event{ID: domain.NewID(), Kind: HoursTakenBack, Actor: actor.Person, Subject: gift.ID},
		})
		if err == nil && posted.Replayed {
			err = domain.NewError(AlreadyReversed, "transferId") // somebody was quicker
		}
		if err != nil {
			return domain.Nowhere, err
		}
		after, err := s.account(ctx, cmd.Community, to.ID) // nobody takes from it meanwhile
		if err == nil && after.Balance-after.Held < 0 {
			err = domain.NewError(GiftStays, "transferId", "why", "USED")
		}
		return leg.ID, err
	})
}
