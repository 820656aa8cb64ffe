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

// CoOwnership is how members become co-owners.
type CoOwnership struct {
	Statutes  int `json:"statutes"`  // the version of the statutes to accept
	TacitDays int `json:"tacitDays"` // on the published list, until nobody's objection admits
}

// InForce is false for a charter that says nothing of progression.
func (p Progression) InForce() bool { return p.WindowDays > 0 }

// check says all that is wrong with a policy: a threshold of zero would move
// everybody, and some numbers cannot be true together.
func (p Progression) check(c *domain.Check) {
	if p == (Progression{}) {
		return // it moves nobody
	}
	var bounds domain.Check
	for _, r := range []struct {
		field             string
		value, least, max int
	}{
		{"windowDays", p.WindowDays, 30, 730},
		{"active.exchanges", p.Active.Exchanges, 1, 1000},
		{"active.partners", p.Active.Partners, 1, 1000},
		{"active.months", p.Active.Months, 1, 24},
		{"engaged.endorsements", p.Engaged.Endorsements, 1, 100},
		{"pair.days", p.Pair.Days, 1, 365},
		{"pair.events", p.Pair.Events, 1, 1000},
		{"hysteresis", p.Hysteresis, 50, 100},
		{"noticeDays", p.NoticeDays, 14, 90},
		{"graceDays", p.GraceDays, 0, 365},
	} {
		between(&bounds, "progression."+r.field, r.value, r.least, r.max)
	}
	bounds.Minutes("progression.engaged.given", p.Engaged.Given)
	bounds.Minutes("progression.engaged.associative", p.Engaged.Associative)
	bounds.Minutes("progression.pair.minutes", p.Pair.Minutes)
	if err := bounds.Err(); err != nil {
		c.Also(err)
		return
	}
	most := func(field string, value, limit int) {
		c.That(value <= limit, PolicyContradiction, "progression."+field, "max", limit)
	}
	most("active.partners", p.Active.Partners, p.Active.Exchanges)
	most("active.months", p.Active.Months, min(p.Active.Exchanges, p.WindowDays/31+1)) // that a window always reaches into
	c.That(p.Engaged.Associative <= p.Engaged.Given, PolicyContradiction, "progression.engaged.associative", "max", p.Engaged.Given)
	most("pair.days", p.Pair.Days, p.WindowDays)
	most("noticeDays", p.NoticeDays, p.WindowDays/2)
	most("graceDays", p.GraceDays, p.WindowDays)
}
