// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Who is told of a low or a high balance follows from where a posting leaves the
// accounts, not from the steps in between.
func TestAPostingIsJudgedAsAWhole(t *testing.T) {
	v := aCountry(t).village(t)
	soft, top := domain.Minutes(-100), domain.Minutes(100)
	a := v.opens(t, 3, ledger.Limits{SoftFloor: &soft, Ceiling: &top})
	for _, c := range []struct {
		what      string
		legs      []ledger.Transfer
		low, high []domain.ID
	}{
		{"a balance that is given back at once", []ledger.Transfer{leg(150, a[0], a[1]), leg(150, a[1], a[0])}, nil, nil},
		{"two services received", []ledger.Transfer{leg(90, a[0], a[1]), leg(90, a[0], a[1])}, []domain.ID{a[0]}, []domain.ID{a[1]}},
		{"a low balance that rises, a high one that falls", []ledger.Transfer{leg(10, a[0], a[2]), leg(20, a[1], a[0])}, nil, nil},
		{"one leg alone", []ledger.Transfer{leg(1, a[0], a[1])}, []domain.ID{a[0]}, []domain.ID{a[1]}},
	} {
		before := v.position(t)
		posted, err := v.post(v.posting(c.what, c.legs...))
		want := ledger.Posted{Posting: posted.Posting, Low: c.low, High: c.high}
		if diff := cmp.Diff(want, posted, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", c.what, err, diff)
		}
		if told := v.position(t) - before - 1; told != int64(len(c.low)+len(c.high)) {
			t.Errorf("%s is told %d times", c.what, told)
		}
	}
	v.clean(t)
}

// position is how far the village’s journal goes.
func (v *village) position(t *testing.T) int64 {
	t.Helper()
	return v.count(t, `SELECT pos FROM journal.head WHERE community_id = $1`, v.id)
}

// A phone that sends an undoing again learns again that it crossed a floor.
func TestARepeatedPostingStillSaysThatItCrossedAFloor(t *testing.T) {
	v := aCountry(t).village(t)
	a := v.opens(t, 2, floor(0))
	for i, l := range []ledger.Transfer{leg(60, a[0], a[1]), leg(30, a[1], a[0])} {
		p := v.posting(l.ID.String(), l)
		p.Force = true
		first, err := v.post(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := v.post(p)
		if first.Replayed = true; err != nil || !cmp.Equal(first, again, cmpopts.IgnoreFields(ledger.Posted{}, "Low", "High")) {
			t.Errorf("first %+v, then %+v, %v", first, again, err)
		}
		if crossed := i == 0; first.CrossedFloor != crossed {
			t.Errorf("%+v crossed a floor: %t", l, first.CrossedFloor)
		}
	}
	v.clean(t)
}
