// SPDX-License-Identifier: AGPL-3.0-or-later

package progression

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// asked is the policy that communities start from.
func asked(t interface{ Fatal(...any) }) community.Progression {
	for _, p := range community.Presets() {
		if p.Name == "accorderie" {
			return p.Charter.Progression
		}
	}
	t.Fatal("the default preset is gone")
	return community.Progression{}
}

var night1 = time.Date(2026, time.March, 2, 7, 0, 0, 0, time.UTC)

func TestWhereWhatSomebodyDidLeadsThem(t *testing.T) {
	three := Metrics{Exchanges: 3, Partners: 3, Months: 2}
	carries := Metrics{Exchanges: 9, Partners: 4, Months: 4, Given: 720, Associative: 120}
	less := carries
	less.Given = 647 // 0.9 of 720 is 648
	vouched := three
	vouched.Endorsements = 3
	pending := func(was, becomes membership.Participation, due time.Duration) *Notice {
		return &Notice{Was: was, Becomes: becomes, DueAt: night1.Add(due)}
	}
	for name, c := range map[string]struct {
		is     membership.Participation
		did    Metrics
		notice *Notice
		grace  time.Duration
		want   outcome
	}{
		"a newcomer after three exchanges":    {is: membership.Newcomer, did: three, want: outcome{To: membership.Active}},
		"a newcomer in one month only":        {is: membership.Newcomer, did: Metrics{Exchanges: 9, Partners: 9, Months: 1}, want: outcome{To: membership.Newcomer}},
		"a newcomer with two partners":        {is: membership.Newcomer, did: Metrics{Exchanges: 9, Partners: 2, Months: 2}, want: outcome{To: membership.Newcomer}},
		"a newcomer who carries already":      {is: membership.Newcomer, did: carries, want: outcome{To: membership.Active}}, // one step a night
		"somebody active who carries":         {is: membership.Active, did: carries, want: outcome{To: membership.Engaged}},
		"somebody active who is vouched for":  {is: membership.Active, did: vouched, want: outcome{To: membership.Engaged}},
		"somebody active with little for all": {is: membership.Active, did: Metrics{Exchanges: 9, Partners: 4, Months: 4, Given: 2000, Associative: 119}, want: outcome{To: membership.Active}},
		"somebody active who is quiet":        {is: membership.Active, want: outcome{To: membership.AtRisk, Give: membership.Dormant}},
		"quiet within a grace":                {is: membership.Active, grace: time.Hour, want: outcome{To: membership.Active}},
		"a grace that ends now":               {is: membership.Active, grace: 0, want: outcome{To: membership.AtRisk, Give: membership.Dormant}},
		"at risk, before the day":             {is: membership.AtRisk, notice: pending(membership.Active, membership.Dormant, time.Hour), want: outcome{To: membership.AtRisk}},
		"at risk, on the day":                 {is: membership.AtRisk, notice: pending(membership.Active, membership.Dormant, 0), want: outcome{To: membership.Dormant, Effect: true}},
		"at risk, on the day, with a grace":   {is: membership.AtRisk, grace: time.Hour, notice: pending(membership.Active, membership.Dormant, 0), want: outcome{To: membership.AtRisk}},
		"at risk, and back":                   {is: membership.AtRisk, did: three, notice: pending(membership.Engaged, membership.Dormant, 0), want: outcome{To: membership.Engaged, Restored: true, Lift: true}},
		"asleep, and back":                    {is: membership.Dormant, did: three, want: outcome{To: membership.Active, Restored: true}},
		"asleep":                              {is: membership.Dormant, did: Metrics{Exchanges: 2, Partners: 2, Months: 2}, want: outcome{To: membership.Dormant}},
		"engaged at nine tenths":              {is: membership.Engaged, did: Metrics{Exchanges: 9, Partners: 4, Months: 4, Given: 648, Associative: 108}, want: outcome{To: membership.Engaged}},
		"engaged below nine tenths":           {is: membership.Engaged, did: less, want: outcome{To: membership.Engaged, Give: membership.Active}},
		"engaged below, announced":            {is: membership.Engaged, did: less, notice: pending(membership.Engaged, membership.Active, time.Hour), want: outcome{To: membership.Engaged}},
		"engaged below, on the day":           {is: membership.Engaged, did: less, notice: pending(membership.Engaged, membership.Active, 0), want: outcome{To: membership.Active, Effect: true}},
		"engaged again in time":               {is: membership.Engaged, did: carries, notice: pending(membership.Engaged, membership.Active, 0), want: outcome{To: membership.Engaged, Lift: true}},
		"engaged and quiet":                   {is: membership.Engaged, notice: pending(membership.Engaged, membership.Active, time.Hour), want: outcome{To: membership.AtRisk, Give: membership.Dormant, Lift: true}},
		"a pause is nobody's business":        {is: membership.Paused, want: outcome{To: membership.Paused}},
		"a suspension is no rule's":           {is: membership.Suspended, did: carries, want: outcome{To: membership.Suspended}},
	} {
		got := next(Standing{Is: c.is, Metrics: c.did, Notice: c.notice, GraceUntil: night1.Add(c.grace)}, asked(t), night1)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Whatever somebody did and was told, the rules take them along the table and no
// other way; a change for the worse was announced, and on the day or later.
func TestTheRulesNeverLeaveTheirTable(t *testing.T) {
	policy := asked(t)
	all := []membership.Participation{
		membership.Applicant, membership.Newcomer, membership.Active, membership.Engaged, membership.AtRisk,
		membership.Dormant, membership.Paused, membership.Suspended, membership.Left, membership.Declined,
	}
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.IntRange(0, 5)
		minutes := rapid.Custom(func(t *rapid.T) domain.Minutes { return domain.Minutes(rapid.IntRange(0, 900).Draw(t, "minutes")) })
		s := Standing{
			Is: rapid.SampledFrom(all).Draw(t, "is"),
			Metrics: Metrics{
				Exchanges: few.Draw(t, "exchanges"), Partners: few.Draw(t, "partners"), Months: few.Draw(t, "months"),
				Given: minutes.Draw(t, "given"), Associative: minutes.Draw(t, "associative"), Endorsements: few.Draw(t, "endorsements"),
			},
			GraceUntil: night1.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "grace")) * time.Hour),
		}
		if rapid.Bool().Draw(t, "announced") {
			s.Notice = &Notice{
				Was:   rapid.SampledFrom([]membership.Participation{membership.Active, membership.Engaged}).Draw(t, "was"),
				DueAt: night1.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "due")) * time.Hour),
			}
		}
		o := next(s, policy, night1)
		if o.To != s.Is && !May(s.Is, o.To) {
			t.Fatalf("%+v goes to %s", s, o.To)
		}
		worse := o.To == membership.Dormant && s.Is != o.To || s.Is == membership.Engaged && o.To == membership.Active
		if worse && (s.Notice == nil || !o.Effect || s.Notice.DueAt.After(night1) || s.GraceUntil.After(night1)) {
			t.Fatalf("%+v falls unannounced: %+v", s, o)
		}
		if (o.Lift || o.Effect) && s.Notice == nil || o.Lift && o.Effect {
			t.Fatalf("%+v ends what was never announced: %+v", s, o)
		}
		if o.Give != "" && (s.GraceUntil.After(night1) || s.Notice != nil && !o.Lift) {
			t.Fatalf("%+v is announced something twice, or within a grace: %+v", s, o)
		}
		if again := next(s, policy, night1); again != o {
			t.Fatalf("asked twice: %+v, then %+v", o, again)
		}
	})
}

func TestTheSmallestNextStep(t *testing.T) {
	a := Answer{Criteria: []Criterion{
		{Code: ByExchanges, Required: 3, Actual: 1}, {Code: ByPartners, Required: 3, Actual: 2}, {Code: ByMonths, Required: 2, Actual: 1},
	}}
	if got := a.Nearest(); got == nil || got.Code != ByPartners {
		t.Errorf("of %+v the nearest is %+v", a.Criteria, got)
	}
	for i := range a.Criteria {
		a.Criteria[i].Actual = 9
	}
	if got := a.Nearest(); got != nil {
		t.Errorf("nothing is missing, yet %+v", got)
	}
}
