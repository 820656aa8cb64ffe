// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

func TestEachSidesLimitHoldsEachWay(t *testing.T) {
	country := aCountry(t)
	wide := trust(6000, 6000)
	for name, c := range map[string]struct {
		north, south ledger.Bilateral
		home         bool // refused before it left
		back         bool // the way back to the north is what is limited
	}{
		"what the north may owe, said by the north":     {north: trust(6000, 100), south: wide, home: true},
		"what the north may owe, said by the south":     {north: wide, south: trust(100, 6000)},
		"what the south may owe, said by the north":     {north: trust(100, 6000), south: wide, back: true},
		"what the south may owe, said by the south":     {north: wide, south: trust(6000, 100), home: true, back: true},
		"nothing at all may be owed, said by the north": {north: trust(6000, 0), south: wide, home: true},
	} {
		t.Run(name, func(t *testing.T) {
			n := country.neighbours(t, c.north, c.south)
			way, sign, limit := n.northward, domain.Minutes(1), domain.Minutes(100)
			if c.back {
				way, sign = n.southward, -1
			}
			if *c.north.WeMayOwe == 0 {
				limit = 0
			}
			if limit > 0 {
				for _, m := range []domain.Minutes{70, 30} {
					if _, err := n.hours.Cross(n.ctx, way(m)); err != nil {
						t.Fatal(err)
					}
				}
			}
			pair, err := n.hours.Cross(n.ctx, way(1))
			wants(t, err, ledger.InsufficientHours)
			if home := pair.Transfer == domain.Nowhere; home != c.home {
				t.Errorf("it came as far as %+v", pair)
			}
			n.stand(t, sign*limit)
		})
	}
}

func TestALoweredLimitNeverFreezesAMirror(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(600, 600))
	for range 2 {
		if _, err := n.hours.Cross(n.ctx, n.northward(90)); err != nil {
			t.Fatal(err)
		}
	}
	changed := n.limit(t, n.north, n.south, trust(600, 60)) // 180 are owed
	if diff := cmp.Diff(trust(600, 60), changed.Limits); diff != "" || changed.Balance != 180 {
		t.Errorf("changed to %+v", changed)
	}
	_, err := n.hours.Cross(n.ctx, n.northward(1))
	short(t, err, changed.Account, -120, 1)
	for _, m := range []domain.Minutes{30, 120} { // still above, and yet given back
		if _, err := n.hours.Cross(n.ctx, n.southward(m)); err != nil {
			t.Error(err)
		}
	}
	if _, err := n.hours.Cross(n.ctx, n.northward(30)); err != nil {
		t.Error(err)
	}
	n.stand(t, 60)
	kept, err := n.asked(n.north.id, `SELECT format('%s %s %s', floor, cap, reason) FROM ledger.limit_change WHERE account_id = $1`, changed.Account)
	if err != nil || !slices.Equal(kept, []string{"-600 60 convenu à deux"}) {
		t.Errorf("why it changed is kept as %q, %v", kept, err)
	}
	_, err = n.hours.OpenMirror(n.ctx, n.north.id, n.south.id, trust(-1, 0))
	wants(t, err, domain.MinutesOutOfRange)
	if again := n.mirrors(t, n.north, n.south, trust(0, 0)); again.Account != changed.Account || *again.Limits.WeMayOwe != 60 {
		t.Errorf("opened again as %+v", again)
	}
	_, err = n.hours.OpenMirror(n.ctx, n.north.id, domain.NewID(), trust(0, 0))
	wants(t, err, ledger.AccountClosed)
	_, err = n.hours.LimitMirror(n.ctx, ledger.MirrorChange{Community: n.north.id, Partner: domain.NewID(), Reason: "?"})
	wants(t, err, ledger.AccountClosed)
}

func TestAMirrorMovesWithAPairOnly(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(600, 600))
	pair, err := n.hours.Cross(n.ctx, n.northward(60))
	if err != nil {
		t.Fatal(err)
	}
	mirror, eloise := n.compare(t).A.Account, n.north.eloise
	for name, try := range map[string]func() error{
		"a gift to it": func() error {
			_, err := n.hours.Give(n.ctx, n.marie.Actor, ledger.Give{Community: n.north.id, From: n.marie.account, To: mirror, Minutes: 5, Key: "a"})
			return err
		},
		"a coordinator's gift from it": func() error {
			_, err := n.hours.Give(n.ctx, eloise.Actor, ledger.Give{Community: n.north.id, From: mirror, To: n.marie.account, Minutes: 5, Key: "b"})
			return err
		},
		"undoing one half": func() error {
			_, err := n.hours.Reverse(n.ctx, eloise.Actor, ledger.Reverse{Community: n.north.id, Transfer: pair.Transfer, Reason: "erreur", Key: "c"})
			return err
		},
		"correcting one half": func() error {
			_, err := n.hours.Correct(n.ctx, eloise.Actor, ledger.Correction{Community: n.north.id, Transfer: pair.Transfer, Minutes: 30, Reason: "erreur", Key: "d"})
			return err
		},
	} {
		if err := try(); !errors.Is(err, domain.Forbidden) {
			t.Errorf("%s answers %v", name, err)
		}
	}
	// The database itself refuses a posting and a batch that are no crossing, as a whole.
	for name, try := range map[string]func(ledger.Posting) error{
		"a posting": func(p ledger.Posting) error {
			_, err := n.north.post(p)
			return err
		},
		"a batch": func(p ledger.Posting) error {
			return n.db.InTx(n.ctx, n.north.id, func(ctx context.Context, _ time.Time) error {
				_, err := n.hours.PostBatch(ctx, n.north.id, []ledger.Posting{p})
				return err
			})
		},
	} {
		for _, l := range []ledger.Transfer{leg(5, n.marie.account, mirror), leg(5, mirror, n.marie.account)} {
			if err := try(n.north.posting(name, leg(1, n.marie.account, eloise.account), l)); state(err) != "42501" {
				t.Errorf("%s that moves a mirror answers %v", name, err)
			}
		}
	}
	n.stand(t, 60)
	// The database's own functions keep no half that its transfer does not show.
	gift := n.north.gives(t, 60, n.marie.account, eloise.account)
	for name, args := range map[string][]any{
		"a gift":           {domain.NewID(), "RECEIVER", "OPEN", 60, gift},
		"other minutes":    {domain.NewID(), "RECEIVER", "OPEN", 61, pair.Transfer},
		"another pair's":   {domain.NewID(), "RECEIVER", "OPEN", 60, pair.Transfer},
		"the other side's": {domain.NewID(), "PROVIDER", "COMPLETED", 60, pair.Transfer},
		"its own, again":   {pair.ID, "RECEIVER", "OPEN", 60, pair.Transfer},
	} {
		err := n.north.asServer(`SELECT ledger.keep_pair($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $1, now())`,
			n.north.id, args[0], n.south.id, args[1], args[2], n.marie.account, n.paul.account, args[3], args[4])
		if got := state(err); got != "P0001" && got != "LD422" {
			t.Errorf("%s as a half answers %s", name, got)
		}
	}
	if err := n.north.asServer(`SELECT ledger.close_pair($1, $2, 'UNDONE', $3, 'MINE', now())`, n.north.id, pair.ID, gift); state(err) != "P0001" {
		t.Errorf("a gift as its undoing answers %v", err)
	}
	n.stand(t, 60)
}

func TestMirrorsThatDisagreeSayWhere(t *testing.T) {
	c := aCountry(t)
	for name, crime := range map[string]struct {
		does    func(n *neighbours, pair ledger.Pair, theirs ledger.MirrorAccount)
		between string // what comparing the two must name: "pair", or a text
		books   string // what verifying the south alone must name: "pair", "mirror", or nothing
	}{
		"hours put on a mirror by hand": {
			func(n *neighbours, _ ledger.Pair, theirs ledger.MirrorAccount) {
				n.south.movesAMirror(t, 25, n.paul.account, theirs.Account)
			}, "do not explain 25", "mirror",
		},
		"a balance": {
			func(n *neighbours, _ ledger.Pair, theirs ledger.MirrorAccount) {
				n.breaks(t, `UPDATE ledger.account SET balance = balance - 5 WHERE id = $1`, theirs.Account)
			}, "do not explain -5", "mirror",
		},
		"a half's minutes": {
			func(n *neighbours, p ledger.Pair, _ ledger.MirrorAccount) {
				n.breaks(t, `UPDATE ledger.pair SET minutes = 61 WHERE id = $1 AND community_id = $2`, p.ID, n.south.id)
			}, "", "pair",
		},
		"a half that was taken away": {
			func(n *neighbours, p ledger.Pair, theirs ledger.MirrorAccount) {
				n.south.movesAMirror(t, 60, n.paul.account, theirs.Account)
				n.breaks(t, `DELETE FROM ledger.pair WHERE id = $1 AND community_id = $2`, p.ID, n.south.id)
			}, "pair", "mirror",
		},
		"an answer turned round": {
			func(n *neighbours, p ledger.Pair, theirs ledger.MirrorAccount) {
				n.south.movesAMirror(t, 60, n.paul.account, theirs.Account)
				n.breaks(t, `UPDATE ledger.pair SET state = 'UNDONE', reason = 'MINE', transfer_id = NULL WHERE id = $1 AND community_id = $2`, p.ID, n.south.id)
			}, "pair", "mirror",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := c.neighbours(t, trust(600, 600), trust(600, 600))
			if _, err := n.hours.Cross(n.ctx, n.southward(15)); err != nil {
				t.Fatal(err)
			}
			pair, err := n.hours.Cross(n.ctx, n.northward(60))
			if err != nil {
				t.Fatal(err)
			}
			n.stand(t, 45)
			theirs := n.compare(t).B
			crime.does(n, pair, theirs)
			names := map[string]string{"pair": pair.ID.String(), "mirror": theirs.Account.String()}
			contains := func(differences []string, text string) bool {
				if id, is := names[text]; is {
					text = id
				}
				return slices.ContainsFunc(differences, func(d string) bool { return strings.Contains(d, text) })
			}
			if found := n.compare(t); (crime.between == "") != (len(found.Differences) == 0) || (crime.between != "" && !contains(found.Differences, crime.between)) {
				t.Errorf("compared, they say %q", found.Differences)
			}
			if found := n.south.verify(t); !contains(found.Differences, crime.books) {
				t.Errorf("the south's own books say %q", found.Differences)
			}
			if n.south, n.north = n.north, n.south; len(n.compare(t).Differences) == 0 && crime.between != "" {
				t.Error("compared from the other side, they agree")
			}
		})
	}
}
