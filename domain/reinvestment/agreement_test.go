// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// However people word, sign and refuse, one version at most is in force, and it has
// the signature of all its parties and of those whom it replaced.
func TestNoVersionHoldsWithoutEverySignature(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		people := []domain.ID{domain.NewID(), domain.NewID(), domain.NewID(), domain.NewID()}
		var a Agreement
		for range rapid.IntRange(1, 30).Draw(t, "acts") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			waiting, waits := a.in(SplitProposed)
			at := slices.IndexFunc(a.Versions, func(v SplitVersion) bool { return v.Number == waiting.Number })
			switch {
			case !waits:
				parties := people[:rapid.IntRange(1, len(people)).Draw(t, "parties")]
				var parts []SplitPart
				for _, p := range parties {
					parts = append(parts, SplitPart{Member: p, BasisPoints: 1})
				}
				a = adopted(a, a.next(parts, who, now), len(a.Versions))
			case rapid.IntRange(0, 4).Draw(t, "refuses") == 0:
				a.Versions[at].State = SplitRefused
			default:
				a = adopted(a, waiting.signed(who, now), at)
			}
			inForce := 0
			for _, v := range a.Versions {
				if v.State != SplitInForce {
					continue
				}
				inForce++
				for _, p := range v.Parts {
					if !slices.Contains(v.SignedBy, p.Member) {
						t.Fatalf("%+v holds without %s", v, p.Member)
					}
				}
			}
			if inForce > 1 {
				t.Fatalf("%d versions are in force", inForce)
			}
		}
	})
}

// adopted is the agreement with a version as it now stands, as it is kept.
func adopted(a Agreement, v SplitVersion, at int) Agreement {
	if v.State == SplitInForce {
		for i := range a.Versions {
			if a.Versions[i].State == SplitInForce {
				a.Versions[i].State = SplitReplaced
			}
		}
	}
	if at == len(a.Versions) {
		a.Versions = append(a.Versions, v)
	} else {
		a.Versions[at] = v
	}
	return a
}

func TestASplitAddsUpWhoeverIsNamedFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(1, 9998).Draw(t, "first")
		second := rapid.Int64Range(1, 9999-first).Draw(t, "second")
		minutes := domain.Minutes(rapid.Int64Range(1, 600_000).Draw(t, "minutes"))
		v := SplitVersion{Parts: []SplitPart{{domain.NewID(), first}, {domain.NewID(), second}, {domain.NewID(), 10_000 - first - second}}}
		accounts := map[domain.ID]ledger.Account{}
		for _, p := range v.Parts {
			accounts[p.Member] = ledger.Account{ID: domain.NewID()}
		}
		shares := v.divide(minutes, accounts)
		sum := domain.Minutes(0)
		for _, s := range shares {
			sum += s.Minutes
		}
		if sum != minutes {
			t.Fatalf("%d are divided into %d", minutes, sum)
		}
		slices.Reverse(v.Parts)
		if again := v.divide(minutes, accounts); !slices.Equal(shares, again) {
			t.Fatalf("%v, and the other way round %v", shares, again)
		}
	})
}
