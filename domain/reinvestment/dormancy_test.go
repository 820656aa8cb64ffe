// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// Whatever somebody does meanwhile and however late the server comes: no hours lie
// apart before each attempt had its days, none lapse before their years are over
// unless their member left, and whoever takes part has theirs at once.
func TestQuietHoursTakeTheirTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := community.Dormancy{
			Months: 24, Contacts: rapid.IntRange(1, 5).Draw(t, "contacts"), Days: rapid.IntRange(1, 60).Draw(t, "days"), Years: rapid.IntRange(1, 9).Draw(t, "years"),
		}
		now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		d := Dormant{State: Contacted, Contacts: 1, NextAt: now.AddDate(0, 0, rule.Days), Is: membership.Dormant}
		began, held := now, time.Time{}
		for d.State == Contacted || d.State == Held {
			now = now.AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "days until the server comes"))
			d.Is = rapid.SampledFrom([]membership.Participation{
				membership.Dormant, membership.Dormant, membership.Dormant, membership.Dormant, membership.Suspended, membership.Active, membership.Paused, membership.Left,
			}).Draw(t, "is")
			to, ok := d.next(rule, now)
			takesPart := d.Is == membership.Active || d.Is == membership.Paused
			waits := d.State == Held && d.Is == membership.Suspended // who may not come, loses nothing meanwhile
			if takesPart && (!ok || to != Kept && to != Returned) || waits && ok && to != Held || !ok && (takesPart || d.Is == membership.Left || !d.NextAt.After(now)) {
				t.Fatalf("%s of somebody who is %s goes to %q, %t", d.State, d.Is, to, ok)
			}
			if !ok {
				continue
			}
			if waits {
				d.NextAt = now.AddDate(0, 0, longer)
				continue
			}
			switch to {
			case Contacted:
				d.Contacts, d.NextAt = d.Contacts+1, now.AddDate(0, 0, rule.Days)
			case Held:
				if now.Before(began.AddDate(0, 0, rule.Contacts*rule.Days)) || d.Contacts != rule.Contacts {
					t.Fatalf("apart after %v and %d attempts", now.Sub(began), d.Contacts)
				}
				held, d.NextAt = now, now.AddDate(rule.Years, 0, 0)
			case Lapsed:
				if d.Is != membership.Left && now.Before(held.AddDate(rule.Years, 0, 0)) {
					t.Fatalf("lapsed after %v", now.Sub(held))
				}
			case Kept, Returned:
			}
			d.State = to
		}
		if to, ok := d.next(rule, now.AddDate(100, 0, 0)); ok {
			t.Fatalf("what is over goes on to %s", to)
		}
	})
}

// A charter that no longer asks for it stops asking, and keeps its promise to those
// whose hours lie apart.
func TestACharterThatNoLongerAsksKeepsWhatItPromised(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	asked := Dormant{State: Contacted, Contacts: 1, NextAt: now.AddDate(0, 0, 9), Is: membership.Dormant}
	if to, ok := asked.next(community.Dormancy{}, now); !ok || to != Kept {
		t.Errorf("%s, %t", to, ok)
	}
	held := Dormant{State: Held, NextAt: now.AddDate(4, 0, 0), Is: membership.Dormant}
	if to, ok := held.next(community.Dormancy{}, now); ok {
		t.Errorf("before its date it goes to %s", to)
	}
	if to, ok := held.next(community.Dormancy{}, now.AddDate(4, 0, 0)); !ok || to != Lapsed {
		t.Errorf("on its date it goes to %s, %t", to, ok)
	}
}

// However much is used, given back and reclaimed in whatever order: everybody has back
// what was theirs, what is owed is what lies there and what is in use, and no more is
// used than is safe.
func TestEverybodyHasBackWhatWasTheirs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := community.Dormancy{Months: 24, SafePart: rapid.IntRange(0, 10_000).Draw(t, "safe")}
		var apart, reserve, pool, owed, members, whole domain.Minutes
		var waiting []Dormant
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			book := DormantBook{Owed: owed}.add(ledger.Account{Balance: apart}, rule)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				d := Dormant{Minutes: domain.Minutes(rapid.IntRange(1, 900).Draw(t, "minutes"))}
				waiting, apart, owed, members = append(waiting, d), apart+d.Minutes, owed+d.Minutes, members-d.Minutes
			case 1:
				used := domain.Minutes(rapid.Int64Range(0, int64(book.Usable)).Draw(t, "used"))
				apart, pool = apart-used, pool+used
				if after := (DormantBook{Owed: owed}).add(ledger.Account{Balance: apart}, rule); after.InUse > book.InUse+book.Usable || used > 0 && after.InUse > owed*domain.Minutes(rule.SafePart)/10_000 {
					t.Fatalf("%+v after %d of %+v", after, used, book)
				}
			case 2:
				if len(waiting) == 0 {
					continue
				}
				d := waiting[0]
				lent := d.lent(apart)
				if lent < 0 || lent > d.Minutes {
					t.Fatalf("%d is lent of %d", lent, d.Minutes)
				}
				waiting, apart, reserve, owed, members = waiting[1:], apart+lent-d.Minutes, reserve-lent, owed-d.Minutes, members+d.Minutes
			case 3:
				if len(waiting) == 0 {
					continue
				}
				d := waiting[0]
				left := d.lapsing(apart, owed-d.Minutes)
				if after := (DormantBook{Owed: owed - d.Minutes}).add(ledger.Account{Balance: apart - left}, rule); left < 0 || after.InUse > max(0, book.InUse) {
					t.Fatalf("%+v after %d lapsed of %+v", after, left, book)
				}
				waiting, apart, owed, whole = waiting[1:], apart-left, owed-d.Minutes, whole+left
			case 4: // a pool gives back what it used, and perhaps more
				back := domain.Minutes(rapid.IntRange(0, 900).Draw(t, "back"))
				apart, pool = apart+back, pool-back
			}
			now := DormantBook{Owed: owed}.add(ledger.Account{Balance: apart}, rule)
			if now.Owed != now.On+now.InUse || now.On < 0 || now.Usable < 0 || members+apart+pool+reserve+whole != 0 || now.InUse < 0 && now.Usable < min(-now.InUse, now.On) {
				t.Fatalf("%+v with %d in the pool, %d on the reserve, %d of members, %d of the whole", now, pool, reserve, members, whole)
			}
		}
	})
}
