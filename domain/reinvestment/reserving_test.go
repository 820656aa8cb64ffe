// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Whatever comes in, no pool gives more than its part or than it has free, the reserve
// never passes its target by what it receives, and no minute that it may have is kept
// from it.
func TestTheReserveComesFirstAndHasEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(name string, least, most int64) domain.Minutes {
			return domain.Minutes(rapid.Int64Range(least, most).Draw(t, name))
		}
		rule := community.Reserve{BasisPoints: rapid.IntRange(0, 10_000).Draw(t, "part"), Target: rapid.IntRange(0, 10_000).Draw(t, "target")}
		holds, positive := minutes("holds", -50_000, 200_000), minutes("positive", 0, 2_000_000)
		came := make([]Inflow, rapid.IntRange(0, 4).Draw(t, "pools"))
		for i := range came {
			came[i] = Inflow{Minutes: minutes("came", -10_000, 600_000), Free: minutes("free", -10_000, 600_000)}
		}
		room := rule.Room(holds, positive)
		parts, sum, wanted := reserved(rule, came, room), domain.Minutes(0), domain.Minutes(0)
		for i, part := range parts {
			due := max(0, min(came[i].Minutes*domain.Minutes(rule.BasisPoints)/10_000, came[i].Free))
			if !rule.On() {
				due = 0
			}
			if part < 0 || part > due {
				t.Fatalf("%d of %+v, by %+v", part, came[i], rule)
			}
			sum, wanted = sum+part, wanted+due
		}
		if sum != min(wanted, room) {
			t.Fatalf("%d of %d that are due, with room for %d", sum, wanted, room)
		}
		if sum > 0 && (holds+sum)*10_000 > positive*domain.Minutes(rule.Target) {
			t.Fatalf("%d and %d are beyond the target of %+v over %d", holds, sum, rule, positive)
		}
	})
}

// Below its target by a minute the reserve takes that minute and no more; at its target,
// or above it, nothing.
func TestTheReserveAtItsTarget(t *testing.T) {
	rule, came := community.Reserve{BasisPoints: 1500, Target: 1000}, []Inflow{{Minutes: 1000, Free: 1000}, {Minutes: 1000, Free: 1000}}
	for _, c := range []struct {
		holds domain.Minutes
		want  [2]domain.Minutes
	}{{179, [2]domain.Minutes{1, 0}}, {180, [2]domain.Minutes{}}, {181, [2]domain.Minutes{}}} {
		if got := reserved(rule, came, rule.Room(c.holds, 1800)); [2]domain.Minutes(got) != c.want {
			t.Errorf("holding %d of 180: %v, not %v", c.holds, got, c.want)
		}
	}
}

func TestTheReserveOfTheField(t *testing.T) {
	rule := community.Default().Reserve
	pools := func(a, b domain.Minutes) []Inflow { return []Inflow{{Minutes: a, Free: a}, {Minutes: b, Free: b}} }
	for _, c := range []struct {
		what     string
		came     []Inflow
		positive domain.Minutes
		want     [2]domain.Minutes
	}{
		{"15 percent, rounded down", pools(199, 400), 10_000, [2]domain.Minutes{29, 60}},
		{"until it holds 10 percent", pools(1000, 1000), 1009, [2]domain.Minutes{50, 50}},
		{"an odd minute goes to the first", pools(1000, 1000), 1010, [2]domain.Minutes{51, 50}},
		{"of nobody’s hours nothing", pools(1000, 1000), 0, [2]domain.Minutes{}},
		{"what was undone is not given", []Inflow{{Minutes: -90, Free: 500}, {Minutes: 90, Free: 5}}, 10_000, [2]domain.Minutes{0, 5}},
	} {
		if got := reserved(rule, c.came, rule.Room(0, c.positive)); [2]domain.Minutes(got) != c.want {
			t.Errorf("%s: %v, not %v", c.what, got, c.want)
		}
	}
}
