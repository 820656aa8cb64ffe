// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// Give is what somebody has more than they need, for the common counter.
type Give struct {
	Community  domain.ID
	Points     int
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// Grant is what somebody is given of it.
type Grant struct {
	Community domain.ID
	Member    domain.ID
	Points    int
	Reason    string
	Key       string `json:"-"`
}

// GivePoints gives what one has above zero to the common counter. Nobody is told who
// gave, and nothing is had for it.
//
// Errors: NotFound, Forbidden, Off, OutOfRange, IdempotencyKeyReused.
func (s *Service) GivePoints(ctx context.Context, actor domain.Actor, cmd Give) (domain.ID, error) {
	return s.act(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.Once{Key: cmd.Key, Action: "giveDutyPoints", Input: cmd},
		func(ctx context.Context, at setting, side domain.ID) (domain.ID, error) {
			a, err := s.store.LockAccount(ctx, cmd.Community, side, at.next())
			if err != nil {
				return side, err
			}
			if cmd.Points < 1 || cmd.Points > a.Balance {
				return side, domain.NewError(domain.OutOfRange, "points", "min", 1, "max", max(0, a.Balance))
			}
			if _, err := s.store.MoveCommon(ctx, cmd.Community, cmd.Points); err != nil {
				return side, err
			}
			_, err = s.post(ctx, actor, at, a, Entry{Kind: Given, Points: -cmd.Points}, PointsGiven, Told{})
			return side, err
		})
}

// GrantPoints gives somebody points of the common counter, for a reason that they
// read; nobody decides on their own, and none has more in a year than the charter says.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, OutOfRange, OwnDuty,
// CommonShort, IdempotencyKeyReused.
func (s *Service) GrantPoints(ctx context.Context, actor domain.Actor, cmd Grant) (domain.ID, error) {
	return s.manage(ctx, actor, cmd.Community, domain.Once{Key: cmd.Key, Action: "grantDutyPoints", Input: cmd},
		func(ctx context.Context, at setting, by domain.ID) (domain.ID, error) {
			var c domain.Check
			reason := c.Text("reason", cmd.Reason, 1, 1000)
			if err := c.Err(); err != nil {
				return domain.Nowhere, err
			}
			found, err := s.members.Load(ctx, cmd.Community, cmd.Member)
			if err != nil || !found[0].Participation.Admitted() {
				return domain.Nowhere, domain.NewError(domain.NotFound, "memberId").Because(err)
			}
			if err := s.apart(ctx, cmd.Community, by, cmd.Member, "memberId"); err != nil {
				return domain.Nowhere, err
			}
			a, err := s.store.LockAccount(ctx, cmd.Community, cmd.Member, at.next())
			if err != nil {
				return domain.Nowhere, err
			}
			had, err := s.store.GrantedSince(ctx, cmd.Community, cmd.Member, at.now.AddDate(-1, 0, 0))
			if err != nil {
				return domain.Nowhere, err
			}
			if left := max(0, at.duty().YearlyGrant-had); cmd.Points < 1 || cmd.Points > left {
				return domain.Nowhere, domain.NewError(domain.OutOfRange, "points", "min", 1, "max", left)
			}
			enough, err := s.store.MoveCommon(ctx, cmd.Community, -cmd.Points)
			if err == nil && !enough {
				err = domain.NewError(CommonShort, "points")
			}
			if err != nil {
				return domain.Nowhere, err
			}
			_, err = s.post(ctx, actor, at, a, Entry{Kind: Granted, Points: cmd.Points, By: by, Reason: reason}, PointsGranted, Told{})
			return cmd.Member, err
		})
}
