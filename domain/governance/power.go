// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"maps"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// The decision types that stand ready.
const (
	OpenProject       DecisionType = "OPEN_PROJECT"
	ProjectAccount    DecisionType = "PROJECT_ACCOUNT"
	SafetySuspension  DecisionType = "SAFETY_SUSPENSION"
	DailyWork         DecisionType = "DAILY_WORK"
	HouseAgreement    DecisionType = "HOUSE_AGREEMENT"
	CommonRules       DecisionType = "COMMON_RULES"
	CoOwnerAdmission  DecisionType = "CO_OWNER_ADMISSION"
	ObjectedAdmission DecisionType = "OBJECTED_ADMISSION"
	RoleCandidacy     DecisionType = "ROLE_CANDIDACY"
	AnnualAccounts    DecisionType = "ANNUAL_ACCOUNTS"
	Statutes          DecisionType = "STATUTES"
)

// rulesFor gives the rules with which a decision of a type opens.
//
// Error: DecisionTypeUnknown.
func rulesFor(t DecisionType) (Rules, error) {
	if rules, ok := ready()[t]; ok {
		return rules, nil
	}
	var known []string
	for _, t := range slices.Sorted(maps.Keys(ready())) {
		known = append(known, string(t))
	}
	return Rules{}, domain.NewError(DecisionTypeUnknown, "type", "known", strings.Join(known, ", "))
}

func ready() map[DecisionType]Rules {
	none, quarter, half := tally.Part{Num: 0, Den: 1}, tally.Part{Num: 1, Den: 4}, tally.Part{Num: 1, Den: 2}
	vote := func(days int, ballot tally.Ballot, quorum tally.Part) Rules {
		return Rules{
			Mode: Participatory, Electorate: EveryMember, Days: days,
			Rule: tally.Rule{Ballot: ballot, Quorum: quorum, Denominator: tally.Expressed, Majority: half, Seats: 1},
		}
	}
	twoThirds := func(r Rules) Rules {
		r.Majority, r.AtLeast = tally.Part{Num: 2, Den: 3}, true
		return r
	}
	agreement := vote(7, tally.Score, none)
	agreement.Reasoned, agreement.ReviewMonths = true, 12
	policy := vote(14, tally.YesNoAbstain, quarter)
	policy.SecondCallDays = 7
	admission := vote(14, tally.YesNoAbstain, none)
	admission.Electorate, admission.Secret, admission.SecondCallDays = EveryVoter, true, 7
	role := vote(7, tally.YesNoAbstain, none)
	role.NoticeDays, role.Secret = 7, true
	accounts := vote(7, tally.YesNoAbstain, quarter)
	accounts.NoticeDays, accounts.SecondCallDays = 15, 10
	statutes := twoThirds(vote(14, tally.YesNoAbstain, quarter))
	statutes.NoticeDays, statutes.SecondCallDays = 15, 10
	intent := Rules{Mode: Distributed, Electorate: EveryMember, Days: 3, Reasoned: true}
	tacit := Rules{Mode: Distributed, Electorate: EveryVoter, Days: 14, Reasoned: true}
	return map[DecisionType]Rules{
		OpenProject: intent, ProjectAccount: intent, CoOwnerAdmission: tacit,
		SafetySuspension: {Mode: Hierarchical, Days: 14, Reasoned: true}, DailyWork: {Mode: Hierarchical, Reasoned: true},
		HouseAgreement: agreement, CommonRules: policy, ObjectedAdmission: admission, RoleCandidacy: role,
		AnnualAccounts: accounts, Statutes: statutes,
	}
}

// effects says what a type of decision may do by itself.
var effects = map[DecisionType][]EffectKind{
	ObjectedAdmission: {Admit},
	RoleCandidacy:     {GrantMandate},
}
