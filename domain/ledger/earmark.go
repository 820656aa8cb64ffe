// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with hours given for something.
const (
	EarmarkedHours  domain.Code = "EARMARKED"         // args: for; they go nowhere but into cycles for it
	TooManyEarmarks domain.Code = "TOO_MANY_EARMARKS" // args: max
)

// MostEarmarks is how many purposes a community opens pools for.
const MostEarmarks = 100

// earmarked begins the purpose of a pool whose hours were given for something. What
// they are for follows, so that no two pools of a community are for the same, and what
// givers were told can never be changed.
const earmarked = "EARMARKED/"

// Earmark is what a pool's hours were given for; empty for every other account.
func (a Account) Earmark() string { return EarmarkOf(a.Kind, a.Purpose) }

// EarmarkOf is Earmark where no more is known of an account.
func EarmarkOf(kind AccountKind, purpose string) string {
	if title, ok := strings.CutPrefix(purpose, earmarked); ok && kind == Pool {
		return title
	}
	return ""
}

// Unearmarked refuses to take hours that were given for something.
func (a Account) Unearmarked(field string) error {
	if a.Earmark() == "" {
		return nil
	}
	return domain.NewError(EarmarkedHours, field, "for", a.Earmark())
}

// OpenEarmark is what somebody says to let hours be given for something.
type OpenEarmark struct {
	Community domain.ID
	For       string // in the community's own words
	Key       string `json:"-"`
}

// Earmarked is the payload of EarmarkOpened.
type Earmarked struct {
	Account domain.ID `json:"account"`
}

// OpenEarmark opens a pool whose hours are for one thing only: members and sponsors
// give to it as to any other, cycles for it take from it, and nothing else does. What
// is open already, written in small letters or capitals, is answered as it is.
//
// Errors: NotFound, Forbidden, TextTooShort, TextTooLong, TooManyEarmarks, IdempotencyKeyReused.
func (s *Service) OpenEarmark(ctx context.Context, actor domain.Actor, cmd OpenEarmark) (Account, error) {
	var opened Account
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.GiveFromCommunity); err != nil {
			return err
		}
		var c domain.Check
		cmd.For = c.Line("for", cmd.For, 3, 60)
		if err := c.Err(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "openEarmark", Input: cmd}, func() (domain.ID, error) {
			return s.openEarmark(ctx, actor, cmd, now)
		})
		if err == nil {
			opened, err = s.account(ctx, cmd.Community, id)
		}
		return err
	})
	return opened, err
}

func (s *Service) openEarmark(ctx context.Context, actor domain.Actor, cmd OpenEarmark, now time.Time) (domain.ID, error) {
	if err := s.store.QueueEarmarks(ctx, cmd.Community); err != nil { // two at once for the same, in other capitals, are one
		return domain.Nowhere, err
	}
	all, err := s.store.CommunityAccounts(ctx, cmd.Community)
	if err != nil {
		return domain.Nowhere, err
	}
	open := 0
	for _, a := range all {
		if strings.EqualFold(a.Earmark(), cmd.For) {
			return a.ID, nil
		}
		if a.Earmark() != "" {
			open++
		}
	}
	if open >= MostEarmarks {
		return domain.Nowhere, domain.NewError(TooManyEarmarks, "for", "max", MostEarmarks)
	}
	a := Account{Community: cmd.Community, ID: domain.NewID(), Kind: Pool, Purpose: earmarked + cmd.For, OpenedAt: now}
	if err := s.store.OpenAccount(ctx, a); err != nil {
		return domain.Nowhere, err
	}
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: EarmarkOpened, Actor: actor.Person, Subject: a.ID, Payload: Earmarked{a.ID}})
	return a.ID, nil
}
