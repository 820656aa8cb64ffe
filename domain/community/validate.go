// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// longest is the most that a delay of the charter may be, in days.
const longest = 3660

// codeShape is how roles, activities, colleges and decision types are called.
var codeShape = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,39}$`)

// Validate looks at the charter as a whole and names every part that is wrong.
// What depends on who is there is for LockedOut.
//
// Errors: OutOfRange, OutOfUnit, MinutesOutOfRange, ValueUnknown, Required,
// LimitsInvalid, GovernedTwice, CollegeWeights, PolicyContradiction, LocksOut.
func (c Charter) Validate() error {
	var check domain.Check
	c.Hours.check(&check)
	held := 1 // promised hours stay so until an exchange confirms itself
	if c.AutoConfirmDays >= 1 && c.AutoConfirmDays <= longest {
		held = c.AutoConfirmDays
	}
	ranges := []struct {
		field             string
		value, least, max int
	}{
		{"exchanges.answerDays", c.AnswerDays, 1, longest},
		{"exchanges.autoConfirmDays", c.AutoConfirmDays, 1, longest},
		{"exchanges.holdDays", c.HoldDays, held, longest},
		{"listings.expiryDays", c.ExpiryDays, 0, longest},
		{"cheques.depositDays", c.DepositDays, 0, longest},
		{"cheques.slipDays", c.SlipDays, 0, longest},
		{"sessions.noticeHours", c.NoticeHours, 0, 24 * 60},
		{"levy.basisPoints", c.Levy.BasisPoints, 0, HighestLevy},
		{"levy.roleShare", c.Levy.RoleShare, 0, 10_000},
		{"reserve.basisPoints", c.Reserve.BasisPoints, 0, 10_000},
		{"reserve.target", c.Reserve.Target, 0, 10_000},
		{"coOwnership.statutes", c.CoOwnership.Statutes, 0, 10_000},
		{"coOwnership.tacitDays", c.CoOwnership.TacitDays, 0, 90},
		{"founding.members", c.Founding.Members, 0, 1000},
	}
	for _, r := range ranges {
		between(&check, r.field, r.value, r.least, r.max)
	}
	pools := []string{ledger.Solidarity, ledger.Projects, ledger.Reserve}
	known(&check, "membership.closingPool", c.ClosingPool, pools...)
	if c.Levy.BasisPoints > 0 {
		known(&check, "levy.pool", c.Levy.Pool, pools...)
	}
	shared := c.Levy.RoleShare > 0 && c.Levy.RoleShare <= 10_000 // else that is what is wrong
	check.That(!shared && c.Levy.Role == "" || c.KnownRole(c.Levy.Role), domain.ValueUnknown, "levy.role")
	codes(&check, "membership.roles", c.Roles)
	c.Dormancy.check(&check)
	c.Payouts.check(&check)
	c.Activities.check(&check)
	c.Progression.check(&check)
	c.Shares.check(&check)
	c.Safety.check(&check)
	c.Minors.check(&check, c.Safety)
	c.Duty.check(&check)
	known(&check, "assembly.period", c.Assembly.Period, EachMonth, EachQuarter, EachYear)
	c.checkColleges(&check)
	c.checkPower(&check)
	return check.Err()
}

// between says that a figure lies outside its bounds.
func between(check *domain.Check, field string, value, least, most int) {
	check.That(value >= least && value <= most, domain.OutOfRange, field, "min", least, "max", most)
}

// known says which values there are, to somebody who sent another.
func known[V ~string](check *domain.Check, field string, value V, all ...V) {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = string(v)
	}
	check.That(slices.Contains(all, value), domain.ValueUnknown, field, "known", strings.Join(texts, ", "))
}

// codes checks names that are the charter's own: of a readable shape, each once.
func codes(check *domain.Check, field string, names []string) {
	between(check, field, len(names), 0, domain.LargestPage)
	for i, name := range names {
		check.That(codeShape.MatchString(name) && !slices.Contains(names[:i], name), domain.ValueUnknown, fmt.Sprintf("%s.%d", field, i))
	}
}

// labels checks a text that the charter gives in both languages.
func labels(check *domain.Check, field string, label map[string]string) {
	check.Line(field+".fr", label["fr"], 1, 100)
	check.Line(field+".en", label["en"], 1, 100)
}

// units are those that an hour can be told in.
var units = []domain.Minutes{1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60}

// mostStarting is a hundred hours.
const mostStarting domain.Minutes = 6000

func (h Hours) check(check *domain.Check) {
	unit := slices.Contains(units, h.Unit)
	check.That(unit, domain.ValueUnknown, "hours.unit", "known", "1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60")
	good := h.Starting >= 0 && h.Starting <= mostStarting
	check.That(good, domain.MinutesOutOfRange, "hours.starting", "min", domain.Minutes(0), "max", mostStarting)
	check.That(!unit || !good || h.Starting%h.Unit == 0, OutOfUnit, "hours.starting", "unit", h.Unit)
	limits := []struct {
		field string
		value *domain.Minutes
	}{{"hours.floor", h.Floor}, {"hours.softFloor", h.SoftFloor}, {"hours.ceiling", h.Ceiling}}
	for _, l := range limits {
		within := l.value == nil || (*l.value >= -domain.MaxMinutes && *l.value <= domain.MaxMinutes)
		good = good && within
		check.That(within, domain.MinutesOutOfRange, l.field, "min", -domain.MaxMinutes, "max", domain.MaxMinutes)
	}
	if !good {
		return // how they stand to one another says nothing yet
	}
	check.That((ledger.Limits{Floor: h.Floor, SoftFloor: h.SoftFloor, Ceiling: h.Ceiling}).Valid(), ledger.LimitsInvalid, "hours.floor")
	// The opening is credited to an account that begins at nothing.
	check.That(h.Floor == nil || *h.Floor <= 0, LocksOut, "hours.floor", "why", floorAboveZero)
	check.That(h.Ceiling == nil || *h.Ceiling >= h.Starting, ledger.LimitsInvalid, "hours.ceiling")
}

func (a Activities) check(check *domain.Check) {
	names := make([]string, len(a.Kinds))
	for i, k := range a.Kinds {
		names[i] = k.Code
		field := "activities.kinds." + k.Code
		labels(check, field+".label", k.Label)
		known(check, field+".level", k.Level, "ASSOCIATIVE", "COLLECTIVE")
		known(check, field+".compensation", k.Compensation, ByHours, UnpaidStatutory, RecognitionOnly, ByDuty, ReimbursedCost)
		// Who is refused hours is told by which rule.
		check.That(k.Compensation == ByHours || k.Rule != "", domain.Required, field+".rule")
		check.Line(field+".rule", k.Rule, 0, 200)
	}
	codes(check, "activities.kinds", names)
}

// The weights of colleges, in hundredths of a percent.
const (
	leastWeight  = 1000
	mostWeight   = 5000
	allTheWeight = 10000
)

func (c Charter) checkColleges(check *domain.Check) {
	colleges := c.Assembly.Colleges
	if len(colleges) == 0 {
		return
	}
	sum, others, good := 0, 0, true
	names := make([]string, len(colleges))
	for i, college := range colleges {
		names[i] = college.Code
		field := "assembly.colleges." + college.Code
		labels(check, field+".label", college.Label)
		between(check, field+".weight", college.Weight, leastWeight, mostWeight)
		good = good && college.Weight >= leastWeight && college.Weight <= mostWeight
		check.That(college.Role == "" || c.KnownRole(college.Role), domain.ValueUnknown, field+".role")
		sum += college.Weight
		if college.Role == "" {
			others++
		}
	}
	codes(check, "assembly.colleges", names)
	check.That(len(colleges) >= 3 && (!good || sum == allTheWeight), CollegeWeights, "assembly.colleges", "actual", sum)
	check.That(others == 1, LocksOut, "assembly.colleges", "why", noCollegeForOthers)
}
