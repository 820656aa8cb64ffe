// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/persistence"
)

// honour awards a star between two, or shows or hides one that there is: many at once
// want it otherwise.
func (b *bustle) honour(ctx context.Context, now time.Time) error {
	giver, receiver := b.someone(), b.someone()
	if giver.member == receiver.member {
		return nil
	}
	told := recognition.Told{Giver: giver.member, Member: receiver.member}
	n := b.honours.Load()
	if n < 20 {
		star := recognition.Star{Category: recognition.Care, Reason: "Elle a passé trois samedis à réparer le toit.", Given: recognition.Given{
			Community: b.id, ID: domain.NewID(), Giver: giver.member, Member: receiver.member, Hidden: true, At: now,
		}}
		b.db.Record(ctx, domain.Event{ID: domain.NewID(), Kind: recognition.Starred, Subject: star.ID, Payload: told})
		b.stars.Store(b.honours.Add(1)-1, star.ID)
		return persistence.RecognitionStore{}.AddStar(ctx, star)
	}
	id, ok := b.stars.Load(rand.Int64N(n))
	if !ok {
		return nil
	}
	found, err := persistence.RecognitionStore{}.Stars(ctx, b.id, []domain.ID{id.(domain.ID)})
	if err != nil || len(found) == 0 {
		return err
	}
	star := found[0]
	star.Hidden = rand.IntN(2) == 0
	kind := recognition.Showed
	if star.Hidden {
		kind = recognition.Hid
	}
	b.db.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Subject: star.ID, Payload: recognition.Told{Giver: star.Giver, Member: star.Member}})
	return persistence.RecognitionStore{}.Hide(ctx, recognition.OfStars, star.Given)
}

// shade is a star's version: whether it is hidden.
func shade(hidden bool) int64 {
	if hidden {
		return 1
	}
	return 2
}
