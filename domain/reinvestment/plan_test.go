// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

func TestAKeyAgreesWithTheLawItNames(t *testing.T) {
	for _, c := range []struct {
		what   string
		preset Preset
		key    []Part
		want   domain.Code
	}{
		{"a SCOP", Scop, []Part{{ForReserve, 1600}, {ForProjects, 900}, {MembersByHours, 7500}}, ""},
		{"a SCOP without development", Scop, []Part{{ForReserve, 2500}, {MembersByHours, 7500}}, ScopKey},
		{"a SCOP with too little for those who worked", Scop, []Part{{ForReserve, 7000}, {ForProjects, 501}, {MembersByHours, 2499}}, ScopKey},
		{"a SCOP with too small a reserve", Scop, []Part{{ForReserve, 1499}, {ForProjects, 1001}, {MembersByHours, 7500}}, ScopKey},
		{"a SCIC at the limit", Scic, []Part{{ForReserve, 5750}, {ForProjects, 4250}}, ""},
		{"a SCIC below it", Scic, []Part{{ForReserve, 5749}, {ForProjects, 4251}}, ScicKey},
		{"an association", Association, []Part{{ForProjects, 5000}, {ForSolidarity, 5000}}, ""},
		{"an association that shares", Association, []Part{{ForProjects, 9999}, {MembersByHours, 1}}, AssociationKey},
		{"no law", NoPreset, []Part{{MembersByHours, 10_000}}, ""},
		{"less than the whole", NoPreset, []Part{{ForProjects, 9999}}, allocation.KeyIncomplete},
		{"one use twice", NoPreset, []Part{{ForProjects, 5000}, {ForProjects, 5000}}, KeyTwice},
	} {
		var check domain.Check
		checkKey(&check, c.key, c.preset)
		switch err := check.Err(); {
		case c.want == "" && err != nil:
			t.Errorf("%s is refused: %v", c.what, err)
		case c.want != "" && !errors.Is(err, c.want):
			t.Errorf("%s: %v, wants %s", c.what, err, c.want)
		}
	}
}

// Whatever is divided adds up, whatever the key and whatever people gave.
func TestWhatIsDividedAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(1, 9998).Draw(t, "first")
		second := rapid.Int64Range(1, 9999-first).Draw(t, "second")
		p := Plan{ID: domain.NewID(), Terms: Terms{Key: []Part{{ForReserve, first}, {ForProjects, second}, {MembersByHours, 10_000 - first - second}}}}
		envelope := domain.Minutes(rapid.Int64Range(0, 600_000).Draw(t, "envelope"))
		parts, err := p.divide(envelope, "2027-01-31")
		if err != nil {
			t.Fatal(err)
		}
		sum := domain.Minutes(0)
		for i, part := range parts {
			sum += part.Minutes
			exact := int64(envelope) * p.Terms.Key[i].BasisPoints
			if off := exact - int64(part.Minutes)*10_000; off <= -10_000 || off >= 10_000 {
				t.Fatalf("%s gets %d of %d, a minute or more from its part", part.Use, part.Minutes, envelope)
			}
		}
		if sum != envelope {
			t.Fatalf("%d are divided into %d", envelope, sum)
		}
		var given []Given
		for _, minutes := range rapid.SliceOfN(rapid.Int64Range(1, 10_000), 1, 40).Draw(t, "given") {
			given = append(given, Given{Member: domain.NewID(), Account: domain.NewID(), Minutes: domain.Minutes(minutes)})
		}
		sum = 0
		for _, share := range shares(envelope, given) {
			sum += share.Minutes
		}
		if sum != envelope {
			t.Fatalf("%d are shared as %d", envelope, sum)
		}
	})
}

func TestAPlannedCycleKeepsItsHour(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	turn := domain.Turns{First: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), Rhythm: domain.Monthly, Hour: 9, Zone: paris}.Turn(0)
	c := Phases{Call: 20}.complete(allocation.EqualShares).calendar(turn, 9, paris)
	for _, at := range []time.Time{c.CallAt, c.FeasibilityAt, c.VotingAt, c.TallyAt, c.ChallengeUntil, c.PayUntil, c.CloseAt} {
		if at.In(paris).Hour() != 9 {
			t.Errorf("%v is not at nine", at.In(paris))
		}
	}
	if got := c.VotingAt.In(paris).Format(time.DateOnly); got != "2027-03-28" {
		t.Errorf("voting begins on %s", got)
	}
	if err := c.check(allocation.EqualShares, c.CallAt); err != nil {
		t.Error(err)
	}
}

// The dates that are left out come at the hour of the first, by the clocks of the place.
func TestTheUsualDatesKeepTheirHour(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	c := Calendar{FeasibilityAt: time.Date(2027, 3, 20, 18, 30, 0, 0, paris)}.complete(allocation.EqualShares, paris)
	for _, at := range []time.Time{c.VotingAt, c.TallyAt, c.ChallengeUntil, c.PayUntil, c.CloseAt} {
		if local := at.In(paris); local.Hour() != 18 || local.Minute() != 30 {
			t.Errorf("%v is not at half past six", local)
		}
	}
	if got := c.TallyAt.In(paris).Format(time.DateOnly); got != "2027-04-10" {
		t.Errorf("voting ends on %s", got)
	}
}
