// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import "github.com/hora-coop/hora/domain"

// Duty is the work by turns that everybody owes where it is on: what counts, and what
// follows when somebody falls behind. The vote never follows it.
type Duty struct {
	On         bool `json:"on"`
	CycleWeeks int  `json:"cycleWeeks"` // everybody owes one shift in so many weeks
	// What a shift that one owes counts, by how it went.
	Attended int `json:"attended"`
	Excused  int `json:"excused"`
	Missed   int `json:"missed"`
	// MakeUp is what a shift counts more that one does not owe; who books freely is
	// charged as much each cycle, so that both ways come to the same.
	MakeUp      int `json:"makeUp"`
	AlertDays   int `json:"alertDays"`   // below zero, until service is suspended
	ExcuseHours int `json:"excuseHours"` // before it begins, one is still excused
	AheadWeeks  int `json:"aheadWeeks"`  // shifts stand on the calendar
	YearlyGrant int `json:"yearlyGrant"` // points that one member has of the common counter in a year at most
}

func (d Duty) check(check *domain.Check) {
	if d == (Duty{}) {
		return // as in a charter that was written before there was duty
	}
	between(check, "duty.cycleWeeks", d.CycleWeeks, 1, 12)
	between(check, "duty.attended", d.Attended, 0, 4)
	between(check, "duty.excused", d.Excused, -8, 0)
	between(check, "duty.missed", d.Missed, -8, 0)
	between(check, "duty.makeUp", d.MakeUp, 1, 4)
	between(check, "duty.alertDays", d.AlertDays, 7, 365)
	between(check, "duty.excuseHours", d.ExcuseHours, 0, 336)
	between(check, "duty.aheadWeeks", d.AheadWeeks, 1, 26)
	between(check, "duty.yearlyGrant", d.YearlyGrant, 0, 52)
	worse := d.Missed <= d.Excused || d.Missed > 0 || d.Excused < -8 // else that is what is wrong
	check.That(worse, PolicyContradiction, "duty.missed", "max", d.Excused)
}
