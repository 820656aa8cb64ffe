// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// town is a community of members with accounts.
type town struct {
	id       domain.ID
	pool     domain.ID
	members  []domain.ID
	accounts []domain.ID // each member's, in their order
}

// pair is two of them at random, by their places.
func (t *town) pair() (a, b int) {
	a, b = rand.IntN(len(t.accounts)), rand.IntN(len(t.accounts)-1) //nolint:gosec // a sample
	if b >= a {
		b++
	}
	return a, b
}

// fill founds communities, and one more, the first, that has as many accounts as
// all the others together, up to ten thousand.
func (a *arena) fill(ctx context.Context, communities, accounts int) error {
	a.towns = make([]*town, communities+1)
	for i := range a.towns {
		size := accounts / communities
		if i == 0 {
			size = min(accounts, 10_000)
		}
		t, err := a.found(ctx, i, size)
		if err != nil {
			return fmt.Errorf("fill a community: %w", err)
		}
		a.towns[i] = t
	}
	_, err := a.root.Exec(ctx, `VACUUM (ANALYZE, FREEZE)`)
	return err
}

// found founds a community as people do, and copies accounts in as a superuser.
// Their floor lies so deep that it is looked at and never reached.
func (a *arena) found(ctx context.Context, number, size int) (*town, error) {
	t := &town{id: domain.NewID()}
	hours := ledger.New(a.db, persistence.LedgerStore{}, persistence.MemberStore{})
	communities := community.New(a.db, persistence.CommunityStore{}, persistence.MemberStore{}, hours)
	var opened time.Time
	err := a.db.InTx(ctx, t.id, func(ctx context.Context, now time.Time) error {
		opened = now
		_, err := communities.Create(ctx, t.id, domain.NewID(), community.Create{
			Name: "Accorderie", Slug: fmt.Sprintf("ville-%d", number), Preset: "accorderie", Locale: "fr", TimeZone: "Europe/Paris",
		}, now)
		if err != nil {
			return err
		}
		pool, err := hours.CommunityAccount(ctx, t.id, ledger.Pool, ledger.Solidarity)
		t.pool = pool.ID
		return err
	})
	if err != nil {
		return nil, err
	}
	for range size {
		t.members, t.accounts = append(t.members, domain.NewID()), append(t.accounts, domain.NewID())
	}
	_, err = a.root.CopyFrom(ctx, pgx.Identifier{"ledger", "account"},
		[]string{"community_id", "id", "kind", "owner_id", "floor", "soft_floor", "ceiling", "opened_at"},
		pgx.CopyFromSlice(size, func(i int) ([]any, error) {
			return []any{t.id, t.accounts[i], "MEMBER", t.members[i], -1_000_000, -900_000, 900_000, opened}, nil
		}))
	return t, err
}
