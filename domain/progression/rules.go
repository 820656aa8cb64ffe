// SPDX-License-Identifier: AGPL-3.0-or-later

package progression

import (
	"slices"
	"time"

	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// moves is the one table of where the rules may take somebody. Pausing, suspension
// and leaving are acts of people, and stand in membership's own.
var moves = map[membership.Participation][]membership.Participation{
	membership.Newcomer: {membership.Active},
	membership.Active:   {membership.Engaged, membership.AtRisk},
	membership.Engaged:  {membership.Active, membership.AtRisk},
	membership.AtRisk:   {membership.Active, membership.Engaged, membership.Dormant},
	membership.Dormant:  {membership.Active, membership.Engaged},
}

// May says whether a rule may take somebody from one state to another.
func May(from, to membership.Participation) bool { return slices.Contains(moves[from], to) }

// outcome is what the rules say of somebody on a day.
type outcome struct {
	To       membership.Participation
	Restored bool
	Give     membership.Participation // what is announced; empty for nothing
	Lift     bool                     // the pending announcement falls
	Effect   bool                     // the pending announcement has taken effect
}

// next says what becomes of somebody, by what they did and what was announced.
func next(s Standing, p community.Progression, now time.Time) outcome {
	stay := outcome{To: s.Is}
	adverse := !now.Before(s.GraceUntil)
	due := s.Notice != nil && adverse && !now.Before(s.Notice.DueAt)
	switch s.Is {
	case membership.Newcomer, membership.Dormant:
		if active(s.Metrics, p, 100) {
			return outcome{To: membership.Active, Restored: s.Is == membership.Dormant}
		}
	case membership.AtRisk:
		switch {
		case active(s.Metrics, p, 100):
			return outcome{To: regained(s), Restored: true, Lift: s.Notice != nil}
		case due:
			return outcome{To: membership.Dormant, Effect: true}
		}
	case membership.Active, membership.Engaged:
		return ofActive(s, p, adverse, due)
	case membership.Applicant, membership.Paused, membership.Suspended, membership.Left, membership.Declined: // not the rules' to move
	}
	return stay
}

// ofActive: somebody who takes part stays, rises, or hears what is coming.
func ofActive(s Standing, p community.Progression, adverse, due bool) outcome {
	pending := s.Notice != nil
	switch {
	case !active(s.Metrics, p, p.Hysteresis) && adverse:
		return outcome{To: membership.AtRisk, Give: membership.Dormant, Lift: pending}
	case s.Is == membership.Active && engaged(s.Metrics, p, 100):
		return outcome{To: membership.Engaged}
	case s.Is == membership.Engaged && engaged(s.Metrics, p, p.Hysteresis):
		return outcome{To: s.Is, Lift: pending}
	case s.Is == membership.Engaged && due:
		return outcome{To: membership.Active, Effect: true}
	case s.Is == membership.Engaged && adverse && !pending:
		return outcome{To: s.Is, Give: membership.Active}
	}
	return outcome{To: s.Is}
}

// regained is what somebody is again whose announcement falls.
func regained(s Standing) membership.Participation {
	if s.Notice == nil {
		return membership.Active
	}
	return s.Notice.Was
}

// active says whether what somebody did reaches a part, in percent, of what the
// policy asks of an active member.
func active(m Metrics, p community.Progression, percent int) bool {
	return reaches(m.Exchanges, p.Active.Exchanges, percent) && reaches(m.Partners, p.Active.Partners, percent) &&
		reaches(m.Months, p.Active.Months, percent)
}

// engaged does so for an engaged member; there are two ways.
func engaged(m Metrics, p community.Progression, percent int) bool {
	hours := reaches(int(m.Given), int(p.Engaged.Given), percent) && reaches(int(m.Associative), int(p.Engaged.Associative), percent)
	return hours || reaches(m.Endorsements, p.Engaged.Endorsements, percent)
}

func reaches(actual, threshold, percent int) bool { return actual*100 >= threshold*percent }

// near says whether somebody stays who is one criterion away from moving, or would
// be announced something but for a grace.
func near(s Standing, p community.Progression) bool {
	missing := func(met ...bool) (n int) {
		for _, ok := range met {
			if !ok {
				n++
			}
		}
		return n
	}
	short := missing(s.Metrics.Exchanges >= p.Active.Exchanges, s.Metrics.Partners >= p.Active.Partners, s.Metrics.Months >= p.Active.Months)
	switch s.Is {
	case membership.Newcomer, membership.AtRisk, membership.Dormant:
		return short == 1
	case membership.Active:
		return short > 0 || missing(s.Metrics.Given >= p.Engaged.Given, s.Metrics.Associative >= p.Engaged.Associative) == 1 ||
			s.Metrics.Endorsements == p.Engaged.Endorsements-1 && s.Metrics.Endorsements > 0
	case membership.Engaged:
		return short > 0 || !engaged(s.Metrics, p, 100)
	case membership.Applicant, membership.Paused, membership.Suspended, membership.Left, membership.Declined: // nothing is near them
	}
	return false
}

// remembered says whether a member's evaluation is kept: something changed, or
// nearly did and otherwise than when it was kept last.
func remembered(s Standing, o outcome, p community.Progression) bool {
	if o.To != s.Is || o.Give != "" || o.Lift || o.Effect {
		return true
	}
	return near(s, p) && (s.Seen == nil || *s.Seen != s.Metrics)
}
