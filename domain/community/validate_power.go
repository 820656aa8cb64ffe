// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// Why nobody could go on; each has its text.
const (
	escalatesNowhere   domain.Word = "lockout.ESCALATES_NOWHERE"
	floorAboveZero     domain.Word = "lockout.FLOOR_ABOVE_ZERO"
	mandateOfNobody    domain.Word = "lockout.MANDATE_OF_NOBODY"
	moreThanAll        domain.Word = "lockout.MORE_THAN_ALL"
	noCollegeForOthers domain.Word = "lockout.NO_COLLEGE_FOR_OTHERS"
	noColleges         domain.Word = "lockout.NO_COLLEGES"
	noStatutes         domain.Word = "lockout.NO_STATUTES"
	powerWithoutVote   domain.Word = "lockout.POWER_WITHOUT_VOTE"
	roleOfNobody       domain.Word = "lockout.ROLE_OF_NOBODY"
)

// entrenched are the parts that only a vote changes: who decides is never one
// mandate holder's to rewrite.
var entrenched = []Part{"power", "assembly", "founding"}

func (c Charter) checkPower(check *domain.Check) {
	if _, ok := c.Power[Statutes]; !ok {
		check.That(false, LocksOut, "power."+string(Statutes), "why", noStatutes)
	}
	between(check, "power", len(c.Power), 1, domain.LargestPage)
	governed := map[Part]DecisionType{}
	for _, t := range c.Power.Types() {
		rule, field := c.Power[t], "power."+string(t)
		check.That(codeShape.MatchString(string(t)), domain.ValueUnknown, field)
		rule.check(check, field)
		c.checkBody(check, field, rule)
		for _, part := range rule.Governs {
			known(check, field+".governs", part, Parts()...)
			if other, twice := governed[part]; twice {
				check.That(false, GovernedTwice, field+".governs", "what", string(part), "known", fmt.Sprintf("%s, %s", other, t))
			}
			governed[part] = t
			check.That(!slices.Contains(entrenched, part) || rule.Mode == Participatory, LocksOut, field+".mode", "why", powerWithoutVote)
		}
		check.That(rule.Fallback != Escalate || c.escalates(t), LocksOut, field+".escalateTo", "why", escalatesNowhere)
	}
}

// escalates follows objections and appeals to where people vote: a circle of
// decisions that pass on to one another would decide nothing.
func (c Charter) escalates(t DecisionType) bool {
	for range c.Power {
		rule, ok := c.Power[t]
		if !ok {
			return false
		}
		if rule.Mode == Participatory {
			return true
		}
		t = rule.EscalateTo
	}
	return false
}

// check looks at a row by itself.
func (r Rule) check(check *domain.Check, field string) {
	labels(check, field+".label", r.Label)
	known(check, field+".mode", r.Mode, Participatory, Hierarchical, Distributed)
	known(check, field+".electorate", r.Electorate, EveryMember, EveryVoter, OfTheBody)
	known(check, field+".ballot", r.Ballot, YesNoAbstain, Approval, Score, Ranked, Budget)
	known(check, field+".denominator", r.Denominator, OfCast, OfExpressed, OfEntitled, OfPresent)
	known(check, field+".fallback", r.Fallback, SecondCall, KeepDiscussing, Escalate, Lapse)
	known(check, field+".effect", r.Effect, AtOnce, NextPeriod)
	for _, reminder := range r.Reminders {
		known(check, field+".reminders", reminder, HalfTime, LastDay)
	}
	between(check, field+".noticeDays", r.NoticeDays, 0, 366)
	between(check, field+".reviewMonths", r.ReviewMonths, 0, 120)
	between(check, field+".mandates", r.Mandates, 0, 2)
	least := 1
	if r.Mode == Hierarchical {
		least = 0 // an act takes no time
	}
	between(check, field+".days", r.Days, least, 366)
	call, officers := 0, 0 // where there is none, none may be said
	if r.Fallback == SecondCall {
		call = 1
	}
	if r.Mode == Hierarchical {
		officers = 1
	}
	between(check, field+".fallbackDays", r.FallbackDays, call, 60)
	between(check, field+".officers", r.Officers, officers, 10)
	r.Quorum.check(check, field+".quorum", false)
	r.Majority.check(check, field+".majority", r.Majority.MoreThan)
}

// check wants an exact part of a whole that can be reached: more than everybody
// is never there, nor for it.
func (f Fraction) check(check *domain.Check, field string, moreThan bool) {
	readable := f.Denominator > 0 && f.Denominator <= 1000 && f.Numerator >= 0
	check.That(readable, domain.OutOfRange, field, "min", 0, "max", 1000)
	reachable := f.Numerator < f.Denominator || f.Numerator == f.Denominator && !moreThan
	check.That(!readable || reachable, LocksOut, field, "why", moreThanAll)
}

// checkBody looks at who decides: somebody must be able to.
func (c Charter) checkBody(check *domain.Check, field string, r Rule) {
	known(check, field+".body", r.Body.Kind, TheAssembly, ACollege, ACircle, ARole)
	switch r.Body.Kind {
	case TheAssembly:
		check.That(r.Body.Name == "", domain.ValueUnknown, field+".body")
		check.That(r.Mode != Hierarchical, LocksOut, field+".body", "why", mandateOfNobody)
		check.That(r.Electorate != OfTheBody, domain.ValueUnknown, field+".electorate", "known", "MEMBERS, VOTERS")
	case ACollege:
		at := slices.IndexFunc(c.Assembly.Colleges, func(college College) bool { return college.Code == r.Body.Name })
		check.That(at >= 0, domain.ValueUnknown, field+".body", "known", c.collegeCodes())
	case ACircle:
		check.That(codeShape.MatchString(r.Body.Name), domain.Required, field+".body")
	case ARole:
		check.That(c.KnownRole(domain.Role(r.Body.Name)), LocksOut, field+".body", "why", roleOfNobody)
	}
	check.That(!r.ByCollege || len(c.Assembly.Colleges) > 0, LocksOut, field+".byCollege", "why", noColleges)
}

func (c Charter) collegeCodes() string {
	codes := make([]string, len(c.Assembly.Colleges))
	for i, college := range c.Assembly.Colleges {
		codes[i] = college.Code
	}
	return strings.Join(codes, ", ")
}

// Holders is how many members in good standing hold each role.
type Holders map[domain.Role]int

// LockedOut says where nobody would be left to decide: a role that nobody holds,
// more officers than there are. Only decisions that something waits for count:
// those that change the charter, and those that others pass on to.
//
// Error: LocksOut.
func (c Charter) LockedOut(held Holders) error {
	var check domain.Check
	needed := map[DecisionType]bool{}
	for _, part := range Parts() {
		needed[c.Governing(part)] = true
	}
	for _, t := range c.Power.Types() {
		if rule := c.Power[t]; needed[t] && rule.Fallback == Escalate {
			needed[rule.EscalateTo] = true
		}
	}
	for _, t := range c.Power.Types() {
		if !needed[t] {
			continue
		}
		if rule := c.Power[t]; rule.Body.Kind == ARole {
			enough := held[domain.Role(rule.Body.Name)] >= max(1, rule.Officers)
			check.That(enough, LocksOut, "power."+string(t)+".body", "why", roleOfNobody)
		}
	}
	return check.Err()
}
