// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
)

// transitions is the one table of how participation may change by a person's
// act; the rules of progression have their own.
var transitions = map[Participation][]Participation{
	Applicant: {Newcomer, Declined},
	Newcomer:  {Paused, Suspended, Left},
	Active:    {Paused, Suspended, Left},
	Engaged:   {Paused, Suspended, Left},
	AtRisk:    {Paused, Suspended, Left},
	Dormant:   {Paused, Suspended, Left},
	Paused:    {Newcomer, Active, Engaged, AtRisk, Dormant, Suspended, Left},
	Suspended: {Newcomer, Active, Engaged, AtRisk, Dormant, Left},
}

// to moves the participation facet, or says that its state does not allow it.
func (m Member) to(next Participation) (Member, error) {
	if !slices.Contains(transitions[m.Participation], next) {
		return m, domain.NewError(MemberState, "", "state", string(m.Participation), "next", string(next))
	}
	m.Participation = next
	return m, nil
}

// Stage derives where somebody stands from the three facets.
func (m Member) Stage() Stage {
	switch {
	case m.Participation == Left:
		return Alumni
	case m.Governance == Mandated:
		return Steward
	case m.Capital == Full && m.Governance == Voter:
		return CoOwner
	case m.Capital == Investor || m.Capital == Full:
		return Investing
	case m.Participation == Active || m.Participation == Engaged:
		return ActiveUser
	}
	return User
}

// Standing is what a member may stand on, given the roles whose term runs. A
// suspended member keeps no role's power while it lasts, and a minor has none; nobody is
// kept apart from whoever holds a role that reaches everybody.
func (m Member) Standing(roles []domain.Role, apart ...domain.ID) domain.Standing {
	s := domain.Standing{Member: m.ID, Admitted: m.Participation.Admitted(), Active: m.Participation.InGoodStanding()}
	if m.Participation != Suspended && m.Guarded == nil {
		s.Roles = roles
	}
	s.UnderAge, s.Waiting = m.Guarded != nil, m.Guarded != nil && !m.Guarded.Consented
	if !s.Has(domain.ReachEverybody...) {
		s.Apart = apart
	}
	return s
}

// Allowed lists what a member may do here and through which of their roles, given
// those whose term runs. Whoever left, or was not admitted, stands on nothing.
func (m Member) Allowed(running []RoleGrant) []domain.Allowed {
	if m.Participation == Left || m.Participation == Declined {
		return nil
	}
	roles := make([]domain.Role, len(running))
	for i, g := range running {
		roles[i] = g.Role
	}
	return m.Standing(roles).Allowed()
}

func (cmd Register) check() (Register, error) {
	var c domain.Check
	cmd.DisplayName = c.Line("displayName", cmd.DisplayName, 1, 100)
	c.That(slices.Contains([]Kind{Person, Household, Organisation}, cmd.Kind), domain.ValueUnknown, "kind")
	if cmd.Email = strings.TrimSpace(cmd.Email); cmd.Email != "" {
		cmd.Email = identity.CheckEmail(&c, cmd.Email)
	}
	return cmd, c.Err()
}
