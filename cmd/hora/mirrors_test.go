// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

func TestVerifyComparesWhatCommunitiesKeepOfOneAnother(t *testing.T) {
	t.Parallel()
	p := boot(t)
	ctx, hours := t.Context(), p.app.rooms.ledger
	var ids, accounts []domain.ID
	for _, name := range []string{"nord", "sud", "est"} {
		founder, err := p.app.people.CreateAdministrator(ctx, name+"@example.org", "correct horse battery staple", name)
		if err != nil {
			t.Fatal(err)
		}
		actor := domain.Actor{Person: founder.ID}
		made, err := p.app.rooms.members.Found(ctx, actor, community.Create{Name: name, Slug: name, Preset: "accorderie", Locale: "fr-CA", TimeZone: "America/Montreal"}, "")
		if err != nil {
			t.Fatal(err)
		}
		own, err := p.app.rooms.members.Own(ctx, actor, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		err = p.app.db.InTx(ctx, made.ID, func(ctx context.Context, _ time.Time) error {
			a, err := hours.AccountOf(ctx, made.ID, own.ID)
			accounts = append(accounts, a.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.ID)
	}
	verify := func() (said []string, err error) {
		err = p.app.verifyWithMirrors(ctx, func(slug string, v ledger.Verification) {
			said = append(said, fmt.Sprint(slug, " ", len(v.Differences)))
		}, func(one, other string, found ledger.Agreement) {
			said = append(said, fmt.Sprintf("%s-%s %d %d %d %d", one, other, found.A.Balance, found.B.Balance, len(found.Open), len(found.Differences)))
		})
		return said, err
	}
	if said, err := verify(); err != nil || !slices.Equal(said, []string{"nord 0", "sud 0", "est 0"}) {
		t.Errorf("without mirrors it says %q, %v", said, err)
	}
	for i := range ids {
		for _, partner := range ids {
			if partner != ids[i] {
				if _, err := hours.OpenMirror(ctx, ids[i], partner, ledger.Bilateral{}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	x := ledger.Crossing{
		ID: domain.NewID(), Minutes: 60, Receiver: ledger.Party{Community: ids[0], Account: accounts[0]}, Provider: ledger.Party{Community: ids[1], Account: accounts[1]},
	}
	if _, err := hours.OpenPair(ctx, x); err != nil {
		t.Fatal(err)
	}
	want := []string{"nord 0", "sud 0", "est 0", "nord-sud 60 0 1 0", "nord-est 0 0 0 0", "sud-est 0 0 0 0"}
	if said, err := verify(); err != nil || !slices.Equal(said, want) {
		t.Errorf("with a crossing under way it says %q, %v", said, err)
	}
	if _, err := hours.SettlePair(ctx, ids[0], x.ID); err != nil {
		t.Fatal(err)
	}
	want[3] = "nord-sud 60 -60 0 0"
	if said, err := verify(); err != nil || !slices.Equal(said, want) {
		t.Errorf("afterwards it says %q, %v", said, err)
	}
	p.advance(time.Nanosecond) // which verifies this night's books: they were still right
	if _, err := p.owner.Exec(ctx, `UPDATE ledger.account SET balance = balance + 5 WHERE kind = 'MIRROR' AND community_id = $1 AND partner_id = $2`, ids[1], ids[2]); err != nil {
		t.Fatal(err)
	}
	said, err := verify()
	if !errors.Is(err, errBooksDiffer) || !strings.Contains(strings.Join(said, ", "), "sud-est 5 0 0 1") {
		t.Errorf("after a slip it says %q, %v", said, err)
	}
}
