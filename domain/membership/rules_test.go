// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

var (
	participations = []Participation{Applicant, Newcomer, Active, Engaged, AtRisk, Dormant, Paused, Suspended, Left, Declined}
	capitals       = []Capital{NoCapital, Pending, Investor, Full, Redeeming, Redeemed}
	governances    = []Governance{Guest, Voice, Candidate, Voter, Mandated, Leaving, Former, Excluded}
)

// journey says where a person's act may take somebody: who is here may rest, be
// suspended or go; whoever comes back is what they were; who left starts anew.
func journey(from, to Participation) bool {
	here := []Participation{Newcomer, Active, Engaged, AtRisk, Dormant}
	switch from {
	case Applicant:
		return to == Newcomer || to == Declined
	case Left, Declined:
		return false
	case Paused:
		return slices.Contains(here, to) || to == Suspended || to == Left
	case Suspended:
		return slices.Contains(here, to) || to == Left
	default:
		return to == Paused || to == Suspended || to == Left
	}
}

func TestEveryStepOfParticipation(t *testing.T) {
	for _, from := range participations {
		for _, to := range append(participations, "", "UNHEARD_OF") {
			m, err := Member{Participation: from}.to(to)
			if journey(from, to) {
				if err != nil || m.Participation != to {
					t.Errorf("from %s to %s: %s, %v", from, to, m.Participation, err)
				}
				continue
			}
			e, is := errors.AsType[*domain.Error](err)
			if !is || e.Code != MemberState || e.Args["state"] != string(from) || e.Args["next"] != string(to) {
				t.Errorf("from %s to %q answers %v, want %s with both names", from, to, err, MemberState)
			}
			if m.Participation != from {
				t.Errorf("from %s to %q is refused and leads to %s", from, to, m.Participation)
			}
		}
	}
}

func TestAJourneyNeverLeavesTheTableAndMovesOneFacetOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Member{
			Participation: Applicant,
			Capital:       rapid.SampledFrom(capitals).Draw(t, "capital"),
			Governance:    rapid.SampledFrom(governances).Draw(t, "governance"),
		}
		capital, governance := m.Capital, m.Governance
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			next, err := m.to(rapid.SampledFrom(participations).Draw(t, "next"))
			if err == nil && !journey(m.Participation, next.Participation) {
				t.Fatalf("went from %s to %s", m.Participation, next.Participation)
			}
			m = next
			if !slices.Contains(participations, m.Participation) || m.Capital != capital || m.Governance != governance {
				t.Fatalf("became %s, %s, %s", m.Participation, m.Capital, m.Governance)
			}
		}
	})
}

func TestTheStageFollowsFromTheThreeFacets(t *testing.T) {
	for _, c := range []struct {
		name          string
		participation Participation
		capital       Capital
		governance    Governance
		want          Stage
	}{
		{"a newcomer", Newcomer, NoCapital, Guest, User},
		{"an applicant", Applicant, NoCapital, Guest, User},
		{"somebody who exchanges", Active, NoCapital, Voice, ActiveUser},
		{"somebody who carries the place", Engaged, NoCapital, Candidate, ActiveUser},
		{"a quiet member", Dormant, NoCapital, Guest, User},
		{"somebody about to be quiet", AtRisk, NoCapital, Guest, User},
		{"who came in by a share", Newcomer, Investor, Guest, Investing},
		{"a full share without a vote yet", Active, Full, Candidate, Investing},
		{"a share not paid yet", Active, Pending, Guest, ActiveUser},
		{"a voter without a full share", Active, Investor, Voter, Investing},
		{"a co-owner", Active, Full, Voter, CoOwner},
		{"a co-owner who has been quiet keeps the vote", Dormant, Full, Voter, CoOwner},
		{"a co-owner who rests", Paused, Full, Voter, CoOwner},
		{"a steward", Engaged, Full, Mandated, Steward},
		{"whose share is on its way back", Active, Redeeming, Leaving, ActiveUser},
		{"who left", Left, NoCapital, Guest, Alumni},
		{"who left with a share still to be paid back", Left, Redeeming, Former, Alumni},
		{"who gave up the vote and stays", Active, Redeemed, Former, ActiveUser},
	} {
		m := Member{Participation: c.participation, Capital: c.capital, Governance: c.governance}
		if got := m.Stage(); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNobodyIsACoOwnerWithoutAFullShareAndAVote(t *testing.T) {
	stages := []Stage{User, ActiveUser, Investing, CoOwner, Steward, Alumni}
	for _, p := range participations {
		for _, c := range capitals {
			for _, g := range governances {
				m := Member{Participation: p, Capital: c, Governance: g}
				stage := m.Stage()
				if !slices.Contains(stages, stage) {
					t.Errorf("%s, %s, %s is %q", p, c, g, stage)
				}
				if stage == CoOwner && (c != Full || g != Voter) {
					t.Errorf("%s, %s, %s is a co-owner", p, c, g)
				}
				if p == Left && stage != Alumni {
					t.Errorf("somebody who left is %s", stage)
				}
			}
		}
	}
}

func TestWhatSomebodyMayStandOn(t *testing.T) {
	coordinator := []domain.Role{domain.Coordinator}
	for _, c := range []struct {
		participation        Participation
		admitted, active     bool
		mayCoordinate, leave bool
	}{
		{Applicant, false, false, false, true},
		{Newcomer, true, true, true, true},
		{Active, true, true, true, true},
		{Engaged, true, true, true, true},
		{AtRisk, true, true, true, true},
		{Dormant, true, true, true, true}, // quiet, and welcome any day
		{Paused, true, false, true, true}, // rests from exchanges, not from a role
		{Suspended, true, false, false, true},
		{Left, false, false, false, true},
		{Declined, false, false, false, true},
	} {
		m := Member{ID: domain.NewID(), Participation: c.participation}
		s := m.Standing(coordinator)
		if s.Member != m.ID || s.Admitted != c.admitted || s.Active != c.active {
			t.Errorf("%s stands as %+v", c.participation, s)
		}
		for permission, want := range map[domain.Permission]bool{
			domain.SeeCommunity: c.admitted, domain.TakePart: c.active,
			domain.AdmitMembers: c.mayCoordinate, domain.LeaveCommunity: c.leave,
		} {
			if s.May(permission) != want {
				t.Errorf("%s: %s is %v, want %v", c.participation, permission, !want, want)
			}
		}
	}
}

func TestARegistrationIsTidiedAndChecked(t *testing.T) {
	cmd, err := Register{DisplayName: "  Famille\t Roy ", Kind: Household, Email: " Roy@Exemple.ORG "}.check()
	if err != nil || cmd.DisplayName != "Famille Roy" || cmd.Email != "roy@exemple.org" {
		t.Errorf("kept %+v, %v", cmd, err)
	}
	if _, err := (Register{DisplayName: "Marie", Kind: Person}).check(); err != nil {
		t.Errorf("somebody without e-mail is refused: %v", err)
	}
	_, err = Register{DisplayName: " ", Kind: "COMPANY", Email: strings.Repeat("a", 255)}.check()
	problems, _ := domain.Problems(err)
	var told []string
	for _, p := range problems {
		told = append(told, p.Field+" "+string(p.Code))
	}
	if want := []string{"displayName REQUIRED", "kind VALUE_UNKNOWN", "email EMAIL_INVALID"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
