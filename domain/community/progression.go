// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import "github.com/hora-coop/hora/domain"

// PolicyContradiction says that numbers of a policy cannot be true together; args:
// what, least or most, and the limit that another number sets.
const PolicyContradiction domain.Code = "POLICY_CONTRADICTION"

// Progression is the policy by which participation follows from what members do.
// A charter without one moves nobody.
type Progression struct {
	WindowDays int             `json:"windowDays"` // how far back evidence counts
	Active     ActiveCriteria  `json:"active"`
	Engaged    EngagedCriteria `json:"engaged"`
	Pair       PairLimits      `json:"pair"`
	// Hysteresis is how much of a threshold keeps somebody where they are, in percent.
	Hysteresis int `json:"hysteresis"`
	NoticeDays int `json:"noticeDays"` // between the announcement of a change for the worse and its effect
	GraceDays  int `json:"graceDays"`  // after a change for the better, before the rules look for the worse
}

// ActiveCriteria all hold for who takes part regularly.
type ActiveCriteria struct {
	Exchanges int `json:"exchanges"`
	Partners  int `json:"partners"`
	Months    int `json:"months"` // different ones of the community's calendar
}

// EngagedCriteria are two ways: hours given, with some for the whole among them; or endorsements.
type EngagedCriteria struct {
	Given        domain.Minutes `json:"given"`
	Associative  domain.Minutes `json:"associative"`  // of which for the whole
	Endorsements int            `json:"endorsements"` // by voters of as many other households
}

// PairLimits bound what dealings with one partner count in any Days.
type PairLimits struct {
	Days    int            `json:"days"`
	Events  int            `json:"events"`
	Minutes domain.Minutes `json:"minutes"`
}

// InForce is false for a charter that says nothing of progression.
func (p Progression) InForce() bool { return p.WindowDays > 0 }

// Check says all that is wrong with a policy: a threshold of zero would move
// everybody, and some numbers cannot be true together.
func (p Progression) Check(c *domain.Check) {
	between := func(value, least, most int, field string) {
		c.That(value >= least && value <= most, domain.OutOfRange, "progression."+field, "min", least, "max", most)
	}
	between(p.WindowDays, 30, 730, "windowDays")
	between(p.Active.Exchanges, 1, 1000, "active.exchanges")
	between(p.Active.Partners, 1, 1000, "active.partners")
	between(p.Active.Months, 1, 24, "active.months")
	between(p.Engaged.Endorsements, 1, 100, "engaged.endorsements")
	between(p.Pair.Days, 1, 365, "pair.days")
	between(p.Pair.Events, 1, 1000, "pair.events")
	between(p.Hysteresis, 50, 100, "hysteresis")
	between(p.NoticeDays, 14, 90, "noticeDays")
	between(p.GraceDays, 0, 365, "graceDays")
	c.Minutes("progression.engaged.given", p.Engaged.Given)
	c.Minutes("progression.engaged.associative", p.Engaged.Associative)
	c.Minutes("progression.pair.minutes", p.Pair.Minutes)
	if c.Err() != nil {
		return
	}
	most := func(value, limit int, field string) {
		c.That(value <= limit, PolicyContradiction, "progression."+field, "max", limit)
	}
	most(p.Active.Partners, p.Active.Exchanges, "active.partners")
	most(p.Active.Months, min(p.Active.Exchanges, p.WindowDays/31+1), "active.months") // days that lie in so many months at most, whenever it is
	c.That(p.Engaged.Associative <= p.Engaged.Given, PolicyContradiction, "progression.engaged.associative", "max", p.Engaged.Given)
	most(p.Pair.Days, p.WindowDays, "pair.days")
	most(p.NoticeDays, p.WindowDays/2, "noticeDays")
	most(p.GraceDays, p.WindowDays, "graceDays")
}
