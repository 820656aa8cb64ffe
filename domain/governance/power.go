// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// rulesFor reads the row of the power matrix by which the community votes on a
// type of decision.
//
// Errors: community.DecisionTypeUnknown, community.WrongBody.
func rulesFor(c community.Charter, t community.DecisionType) (Rules, error) {
	row, err := c.Decides(t)
	if err != nil {
		return Rules{}, err
	}
	if row, err = c.Require(t, community.Participatory, row.Body); err != nil {
		return Rules{}, err
	}
	rules := Rules{
		Mode: row.Mode, Body: row.Body, Electorate: row.Electorate, NoticeDays: row.NoticeDays, Days: row.Days, Secret: row.Secret, Reasoned: row.Reasoned,
		Mandates: row.Mandates, Reminders: row.Reminders, ReviewMonths: row.ReviewMonths,
		Rule: tally.Rule{
			Ballot: tally.Ballot(row.Ballot), Quorum: part(row.Quorum), Denominator: tally.Denominator(row.Denominator),
			Majority: part(row.Majority.Fraction), AtLeast: !row.Majority.MoreThan, Seats: 1,
		},
	}
	if row.Fallback == community.SecondCall {
		rules.SecondCallDays = row.FallbackDays
	}
	if row.ByCollege {
		rules.Colleges = c.Assembly.Colleges
	}
	if row.Body.Kind == community.ACollege { // only those of it vote, and weigh alike
		for _, college := range c.Assembly.Colleges {
			if college.Code == row.Body.Name {
				rules.Body = community.Body{Kind: community.ARole, Name: string(college.Role)}
			}
		}
	}
	return rules, nil
}

func part(f community.Fraction) tally.Part { return tally.Part{Num: f.Numerator, Den: f.Denominator} }

// effects says what a type of decision may do by itself.
var effects = map[community.DecisionType][]EffectKind{
	community.ObjectedAdmission: {Admit},
	community.RoleCandidacy:     {GrantMandate},
}
