// SPDX-License-Identifier: AGPL-3.0-or-later

package progression

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// Requirement names a criterion; each has its words in both languages.
type Requirement string

// The criteria.
const (
	ByMembership   Requirement = "MEMBERSHIP"
	ByExchanges    Requirement = "EXCHANGES"
	ByPartners     Requirement = "PARTNERS"
	ByMonths       Requirement = "MONTHS"
	ByGiven        Requirement = "HOURS_GIVEN"       // in minutes
	ByAssociative  Requirement = "HOURS_ASSOCIATIVE" // in minutes
	ByEndorsements Requirement = "ENDORSEMENTS"
	ByShare        Requirement = "SHARE"
	ByShares       Requirement = "SHARES"
	ByStatutes     Requirement = "STATUTES"
	ByOrientation  Requirement = "ORIENTATION"
	ByVote         Requirement = "VOTE"
	ByMandate      Requirement = "MANDATE"
	ByFarewell     Requirement = "FAREWELL"
)

// Criterion is one thing that a stage asks for, and how far a member is.
type Criterion struct {
	Code     Requirement
	Way      int // those of one way hold together; one way is enough
	Days     int // how far back it looks; 0: always
	Required int
	Actual   int
	Evidence []Contribution // what counts towards it or would, newest first
}

// Met says whether the criterion holds.
func (c Criterion) Met() bool { return c.Actual >= c.Required }

// Missing is what a criterion still asks for.
func (c Criterion) Missing() int { return max(0, c.Required-c.Actual) }

// Answer is why somebody is not, or is, at a stage.
type Answer struct {
	Reached  bool
	Criteria []Criterion
}

// Nearest is the criterion that is closest to being met, of those that are missing:
// the smallest next step. Nil when nothing is.
func (a Answer) Nearest() *Criterion {
	var nearest *Criterion
	for i := range a.Criteria {
		c := &a.Criteria[i]
		if !c.Met() && (nearest == nil || c.Missing()*nearest.Required < nearest.Missing()*c.Required) {
			nearest = c
		}
	}
	return nearest
}

// mostEvidence bounds what an answer shows of each criterion.
const mostEvidence = 20

// dealings are what exchanges are counted by.
var dealings = []Kind{Exchanged, Attended}

// WhyNot answers a member, and those who admit, what is missing to be at a stage;
// found is false for everybody else. Error: NotFound.
func (s *Service) WhyNot(ctx context.Context, actor domain.Actor, community, id domain.ID, stage membership.Stage) (a Answer, found bool, err error) {
	err = s.measured(ctx, actor, community, id, func(ctx context.Context, m membership.Member, of Standing, look Look) (err error) {
		found = true
		a, err = s.answer(ctx, m, of, look, stage)
		return err
	})
	return a, found, err
}

// WhyNotEngaged answers what is missing to be ENGAGED, as WhyNot does.
func (s *Service) WhyNotEngaged(ctx context.Context, actor domain.Actor, community, id domain.ID) (a Answer, found bool, err error) {
	err = s.measured(ctx, actor, community, id, func(ctx context.Context, m membership.Member, of Standing, look Look) error {
		found = true
		worked, err := s.store.Latest(ctx, community, id, []Kind{Worked, OnDuty}, look.Since, mostEvidence)
		if err != nil {
			return err
		}
		gave, err := s.store.Latest(ctx, community, id, []Kind{Exchanged, Attended, Worked, OnDuty}, look.Since, mostEvidence)
		if err != nil {
			return err
		}
		by, err := s.store.Latest(ctx, community, id, []Kind{Endorsed}, look.Since, mostEvidence)
		asks := look.Policy.Engaged
		a.Reached = m.Participation == membership.Engaged
		a.Criteria = []Criterion{
			{Code: ByGiven, Way: 1, Days: look.Policy.WindowDays, Required: int(asks.Given), Actual: int(of.Metrics.Given), Evidence: gave},
			{Code: ByAssociative, Way: 1, Days: look.Policy.WindowDays, Required: int(asks.Associative), Actual: int(of.Metrics.Associative), Evidence: worked},
			{Code: ByEndorsements, Way: 2, Days: look.Policy.WindowDays, Required: asks.Endorsements, Actual: of.Metrics.Endorsements, Evidence: by},
		}
		return err
	})
	return a, found, err
}

// measured is the frame of an answer: who may ask, and what counts today.
func (s *Service) measured(ctx context.Context, actor domain.Actor, community, id domain.ID,
	do func(context.Context, membership.Member, Standing, Look) error,
) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity) // anybody known here, of themselves
		if err != nil || (standing.Member != id && !standing.May(domain.AdmitMembers)) {
			return err
		}
		found, err := s.members.Load(ctx, community, id)
		if err != nil {
			return err
		}
		where, rules, err := s.communities.Rules(ctx, community, now)
		if err != nil {
			return err
		}
		look := over(where, rules, now)
		look.Member = id
		of := Standing{Member: id, Is: found[0].Participation}
		if err := s.store.Standings(ctx, look, func(measured Standing) { of = measured }); err != nil {
			return err
		}
		return do(ctx, found[0], of, look)
	})
}

// answer lists what a stage asks for. What one already is, is not asked for again
// under the rules of today.
func (s *Service) answer(ctx context.Context, m membership.Member, of Standing, look Look, stage membership.Stage) (Answer, error) {
	a := Answer{Reached: m.Stage() == stage}
	share := Criterion{Code: ByShare, Way: 1, Required: 1, Actual: one(m.Capital == membership.Investor || m.Capital == membership.Full)}
	shares := Criterion{Code: ByShares, Way: 1, Required: 1, Actual: one(m.Capital == membership.Full)}
	vote := Criterion{Code: ByVote, Way: 1, Required: 1, Actual: one(m.Governance == membership.Voter || m.Governance == membership.Mandated)}
	switch stage {
	case membership.User:
		a.Criteria = []Criterion{{Code: ByMembership, Way: 1, Required: 1, Actual: one(m.Participation.Admitted())}}
		a.Reached = m.Participation.Admitted()
	case membership.ActiveUser:
		with, err := s.store.Latest(ctx, m.Community, m.ID, dealings, look.Since, mostEvidence)
		if err != nil {
			return a, err
		}
		asks := look.Policy.Active
		a.Reached = m.Participation == membership.Active || m.Participation == membership.Engaged
		a.Criteria = []Criterion{
			{Code: ByExchanges, Way: 1, Days: look.Policy.WindowDays, Required: asks.Exchanges, Actual: of.Metrics.Exchanges, Evidence: with},
			{Code: ByPartners, Way: 1, Days: look.Policy.WindowDays, Required: asks.Partners, Actual: of.Metrics.Partners, Evidence: with},
			{Code: ByMonths, Way: 1, Days: look.Policy.WindowDays, Required: asks.Months, Actual: of.Metrics.Months, Evidence: with},
		}
	case membership.Investing:
		a.Criteria = []Criterion{share}
	case membership.CoOwner:
		welcomed, err := s.store.Latest(ctx, m.Community, m.ID, []Kind{Orientation}, time.Time{}, 1)
		if err != nil {
			return a, err
		}
		asked, found, err := s.members.AdmissionOf(ctx, m.Community, m.ID)
		if err != nil {
			return a, err
		}
		statutes := Criterion{Code: ByStatutes, Way: 1, Required: 1, Actual: one(found && asked.State != membership.Refused)}
		oriented := Criterion{Code: ByOrientation, Way: 1, Required: 1, Actual: one(m.Oriented), Evidence: welcomed}
		a.Criteria = []Criterion{shares, oriented, statutes, vote}
	case membership.Steward:
		held, err := s.store.Latest(ctx, m.Community, m.ID, []Kind{Mandate}, time.Time{}, mostEvidence)
		if err != nil {
			return a, err
		}
		mandate := Criterion{Code: ByMandate, Way: 1, Required: 1, Actual: one(m.Governance == membership.Mandated), Evidence: held}
		a.Criteria = []Criterion{shares, vote, mandate}
	case membership.Alumni:
		a.Criteria = []Criterion{{Code: ByFarewell, Way: 1, Required: 1, Actual: one(a.Reached)}}
	}
	return a, nil
}

func one(holds bool) int {
	if holds {
		return 1
	}
	return 0
}
