// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

var (
	montreal = Community{TimeZone: "America/Toronto"}
	midMay   = time.Date(2027, time.May, 15, 12, 0, 0, 0, time.UTC)
)

// line makes a timeline of versions that begin so many days after mid May.
func line(c Charter, days ...int) []Charter {
	var versions []Charter
	for i, d := range days {
		next := c
		next.Version, next.EffectiveFrom = i+1, midMay.AddDate(0, 0, d)
		versions = append(versions, next)
	}
	return versions
}

func TestPeriodsBeginAtMidnightThere(t *testing.T) {
	for period, want := range map[Period]string{EachMonth: "2027-06-01T04:00:00Z", EachQuarter: "2027-07-01T04:00:00Z", EachYear: "2028-01-01T05:00:00Z"} {
		if got := montreal.NextPeriod(midMay, period).Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", period, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := midMay.Add(time.Duration(rapid.Int64Range(0, 5*365*24).Draw(t, "hours")) * time.Hour)
		period := rapid.SampledFrom([]Period{EachMonth, EachQuarter, EachYear}).Draw(t, "period")
		next := montreal.NextPeriod(at, period)
		if !next.After(at) || next.Sub(at) > 367*24*time.Hour || next.In(montreal.Zone()).Day() != 1 {
			t.Fatalf("after %v comes %v", at, next)
		}
	})
}

func TestAChangeWaitsForThePeriodWhereTheMatrixSaysSo(t *testing.T) {
	now := midMay.AddDate(0, 0, 1)
	propose := func(a Amendment, alone bool) (Proposal, error) {
		return montreal.propose(line(accorderie(t), 0), a, alone, now)
	}
	hours, listings := Changes(`{"hours":{"starting":600}}`), Changes(`{"listings":{"expiryDays":90}}`)
	july := time.Date(2027, time.July, 1, 4, 0, 0, 0, time.UTC)
	p, err := propose(Amendment{Changes: hours}, false)
	if err != nil || !p.From.Equal(july) || !slices.Equal(p.Types, []DecisionType{CommonRules}) {
		t.Errorf("hours change at %v by %v: %v", p.From, p.Types, err)
	}
	if p, err = propose(Amendment{Changes: hours}, true); err != nil || !p.From.Equal(now) {
		t.Errorf("a founder alone waits until %v: %v", p.From, err)
	}
	if p, err = propose(Amendment{Changes: listings}, false); err != nil || !p.From.Equal(now) || !slices.Equal(p.Types, []DecisionType{HouseAgreement}) {
		t.Errorf("listings change at %v by %v: %v", p.From, p.Types, err)
	}
	for name, wrong := range map[string]time.Time{"before": july.Add(-time.Second), "in two years": now.AddDate(2, 0, 0), "last year": now.AddDate(-1, 0, 0)} {
		if _, err := propose(Amendment{Changes: hours, From: wrong}, false); !isOnly(err, "effectiveFrom", EffectDate) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := propose(Amendment{Changes: Changes(`{"hours":{"starting":900}}`)}, false); !isOnly(err, "changes", Unchanged) {
		t.Errorf("no change is a change: %v", err)
	}
	if _, err := propose(Amendment{Changes: Changes(`{"hours":{"starting":901}}`)}, false); !isOnly(err, "changes.hours.starting", OutOfUnit) {
		t.Errorf("what is wrong is not told by its field: %v", err)
	}
}

// What is decided for later is neither lost nor undone by what changes meanwhile.
func TestAnUrgentChangeIsCarriedIntoThoseToCome(t *testing.T) {
	c := accorderie(t)
	versions := line(c, 0, 30)
	versions[1].Hours.Starting, versions[1].Reason = 600, "voted"
	p, err := montreal.propose(versions, Amendment{Changes: Changes(`{"listings":{"expiryDays":90}}`)}, false, midMay.AddDate(0, 0, 1))
	if err != nil || len(p.carried) != 1 {
		t.Fatalf("%d are carried: %v", len(p.carried), err)
	}
	if now := p.After; now.Hours.Starting != 900 || now.ExpiryDays != 90 {
		t.Errorf("at once: %+v, %+v", now.Hours, now.Listings)
	}
	if then := p.carried[0]; then.Hours.Starting != 600 || then.ExpiryDays != 90 || then.Carries != 2 || then.Reason != "voted" || !then.EffectiveFrom.Equal(versions[1].EffectiveFrom) {
		t.Errorf("then: %+v", then)
	}
	if _, err := montreal.propose(versions, Amendment{Changes: Changes(`{"hours":{"starting":1200}}`)}, true, midMay.AddDate(0, 0, 1)); !isOnly(err, "changes.hours.starting", ChangePending) {
		t.Errorf("a change to come is overwritten: %v", err)
	}
	after := Amendment{Changes: Changes(`{"hours":{"starting":1200}}`), From: midMay.AddDate(0, 0, 31)}
	if p, err = montreal.propose(versions, after, true, midMay.AddDate(0, 0, 1)); err != nil || p.Before.Hours.Starting != 600 || p.After.Hours.Starting != 1200 {
		t.Errorf("after it, from %v: %v", p.Before.Hours.Starting, err)
	}
}

// Whatever is decided and when, whoever asks on a day what the charter says is told
// the same as by the rule of the database: the newest version whose day has come.
func TestTheTimelineIsWhatTheDaysWillSay(t *testing.T) {
	c := accorderie(t)
	rapid.Check(t, func(t *rapid.T) {
		versions := line(c, append([]int{0}, rapid.SliceOfN(rapid.IntRange(1, 40), 0, 8).Draw(t, "days")...)...)
		kept := timeline(versions)
		for day := range 42 {
			at := midMay.AddDate(0, 0, day)
			inForce := func(all []Charter) (version int) {
				for _, v := range all {
					if !v.EffectiveFrom.After(at) {
						version = v.Version
					}
				}
				return version
			}
			if inForce(kept) != inForce(versions) {
				t.Fatalf("on day %d version %d, and %d of the timeline", day, inForce(versions), inForce(kept))
			}
		}
		for i := 1; i < len(kept); i++ {
			if !kept[i].EffectiveFrom.After(kept[i-1].EffectiveFrom) || kept[i].Version <= kept[i-1].Version {
				t.Fatalf("%v is no timeline", kept)
			}
		}
	})
}

func TestWhoMayChangeWhat(t *testing.T) {
	c := accorderie(t).must(t, `{"power":{"HOUSE_AGREEMENT":{"mode":"HIERARCHICAL","electorate":"BODY","officers":1,"body":{"kind":"ROLE","name":"MODERATOR"}}}}`)
	moderator := domain.Standing{Active: true, Roles: []domain.Role{domain.Moderator}}
	listings := Proposal{Types: []DecisionType{HouseAgreement}}
	both := Proposal{Types: []DecisionType{HouseAgreement, CommonRules}}
	if err := listings.decides(c, moderator); err != nil {
		t.Errorf("whom the matrix entrusts with it may not: %v", err)
	}
	if err := listings.decides(c, domain.Standing{Active: true}); !errors.Is(err, WrongBody) {
		t.Errorf("anybody may: %v", err)
	}
	if err := both.decides(c, moderator); !isOnly(err, "changes", WrongBody) {
		t.Errorf("hours change along: %v", err)
	}
	if both.takenBy(c, CommonRules) == nil || (Proposal{Types: []DecisionType{CommonRules}}).takenBy(c, CommonRules) != nil {
		t.Error("a decision changes what is not its own, or may not change what is")
	}
}

func TestAFounderIsAloneAtTheBeginningOnly(t *testing.T) {
	c := accorderie(t)
	founder, other := domain.NewID(), domain.NewID()
	for _, b := range []struct {
		Beginnings
		person domain.ID
		alone  bool
	}{
		{Beginnings{founder, 1, false}, founder, true},
		{Beginnings{founder, 19, false}, founder, true},
		{Beginnings{founder, 20, false}, founder, false},
		{Beginnings{founder, 5, true}, founder, false},
		{Beginnings{founder, 5, false}, other, false},
		{Beginnings{domain.Nowhere, 5, false}, domain.Nowhere, false},
	} {
		if b.Alone(c, b.person) != b.alone {
			t.Errorf("%+v is alone: %v", b.Beginnings, !b.alone)
		}
	}
}
