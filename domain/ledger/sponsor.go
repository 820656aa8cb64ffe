// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// ReserveFillsItself says that nobody brings hours into the reserve: it receives its
// part of what comes into the other pools, up to its target, and is never shared.
const ReserveFillsItself domain.Code = "RESERVE_FILLS_ITSELF"

// Sponsorship is what somebody says to record hours that a sponsor brings.
type Sponsorship struct {
	Community domain.ID
	Pool      domain.ID // the account
	Minutes   domain.Minutes
	Sponsor   string // a town, a foundation: it has no account and no vote
	Note      string // optional
	Key       string `json:"-"`
}

// Sponsored is who brought the hours of a transfer.
type Sponsored struct {
	Community, Transfer domain.ID
	Sponsor             string
}

// RecordSponsored posts a sponsor's hours from the community, which from then on owes
// them, into a pool, and keeps whose they were. Not into the reserve: what a sponsor
// brings is for people and projects, and the reserve takes its own part of it.
//
// Errors: NotFound, Forbidden, ReserveFillsItself, Required, MinutesOutOfRange, IdempotencyKeyReused.
func (s *Service) RecordSponsored(ctx context.Context, actor domain.Actor, cmd Sponsorship) (Transfer, error) {
	var c domain.Check
	cmd.Sponsor = c.Line("sponsor", cmd.Sponsor, 1, 120)
	cmd.Note = c.Text("note", cmd.Note, 0, 1000)
	c.Minutes("minutes", cmd.Minutes)
	c.That(cmd.Key != "", domain.Required, "idempotencyKey")
	w := wish{cmd.Community, domain.GiveFromCommunity, domain.Once{Key: cmd.Key, Action: "recordSponsorHours", Input: cmd}, c.Err()}
	return s.moves(ctx, actor, w, func(ctx context.Context, _ domain.Standing, now time.Time) (domain.ID, error) {
		whole, err := s.CommunityAccount(ctx, cmd.Community, Community, "")
		if err != nil {
			return domain.Nowhere, err
		}
		found, err := s.store.Accounts(ctx, cmd.Community, []domain.ID{cmd.Pool})
		if err != nil {
			return domain.Nowhere, err
		}
		pool, ok := byID(found, cmd.Pool)
		switch {
		case !ok || pool.Kind != Pool || pool.apart():
			return domain.Nowhere, domain.NewError(domain.NotFound, "poolId")
		case pool.Purpose == Reserve:
			return domain.Nowhere, domain.NewError(ReserveFillsItself, "poolId")
		}
		leg := Transfer{ID: domain.NewID(), Kind: Gift, Minutes: cmd.Minutes, Debit: whole.ID, Credit: pool.ID}
		if err := s.store.KeepSponsor(ctx, Sponsored{cmd.Community, leg.ID, cmd.Sponsor}); err != nil {
			return domain.Nowhere, err
		}
		_, err = s.Post(ctx, Posting{
			Community: cmd.Community,
			Key:       "sponsored/" + leg.ID.String(),
			Legs:      []Transfer{leg},
			Event:     domain.Event{ID: domain.NewID(), Kind: HoursSponsored, Actor: actor.Person, Subject: leg.ID},
		})
		if err == nil && cmd.Note != "" {
			err = s.store.Note(ctx, Note{cmd.Community, leg.ID, actor.Person, cmd.Note, now})
		}
		return leg.ID, err
	})
}

// Sponsors reads who brought the hours of transfers, for a page of them at once.
func (s *Service) Sponsors(ctx context.Context, community domain.ID, transfers []domain.ID) (found []Sponsored, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Sponsors(ctx, community, transfers)
		return err
	})
	return found, err
}
