// SPDX-License-Identifier: AGPL-3.0-or-later

package activity

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// check tidies what was logged, under the charter in force.
func (cmd Log) check(where community.Community, rules community.Charter, now time.Time) (Activity, error) {
	var c domain.Check
	kind, known := rules.ActivityKind(cmd.Kind)
	c.That(known, KindUnknown, "activityKind")
	c.Minutes("minutes", cmd.Minutes)
	a := Activity{
		Community: cmd.Community, ID: domain.NewID(), State: Logged, Kind: cmd.Kind, Charter: rules.Version,
		Compensation: kind.Compensation, Rule: kind.Rule, Level: kind.Level, Minutes: cmd.Minutes,
		Description: c.Text("description", cmd.Description, 1, 1000), Costs: c.Text("costs", cmd.Costs, 0, 500), Day: cmd.Day, CreatedAt: now, Version: 1,
	}
	year, month, day := now.In(where.Zone()).Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if a.Day.IsZero() {
		a.Day = today
	}
	c.That(!a.Day.After(today), DayToCome, "date")
	return a, c.Err()
}

// approve says what an activity brings. Hours for a kind that brings none are
// refused with the rule's name; without a word on minutes it is simply noted.
func (a Activity) approve(by domain.ID, minutes *domain.Minutes, unit domain.Minutes, now time.Time) (Activity, error) {
	if a.State != Logged {
		return a, domain.NewError(WrongState, "activityId", "state", string(a.State))
	}
	if by == a.Member {
		return a, domain.NewError(OwnActivity, "activityId")
	}
	if a.Compensation != community.ByHours {
		if minutes != nil && *minutes != 0 {
			return a, domain.NewError(CreditRefused, "minutes", "rule", a.Rule)
		}
	} else {
		credited := a.Minutes
		if minutes != nil {
			credited = *minutes
		}
		a.Credited = credited.Round(unit)
		if a.Credited <= 0 || a.Credited > a.Minutes.Round(unit) {
			return a, domain.NewError(domain.MinutesOutOfRange, "minutes", "min", (unit+1)/2, "max", a.Minutes)
		}
	}
	a.State, a.DecidedBy, a.DecidedAt = Approved, by, now
	return a, nil
}

// decline says no, with reasons.
func (a Activity) decline(by domain.ID, reason string, now time.Time) (Activity, error) {
	if a.State != Logged {
		return a, domain.NewError(WrongState, "activityId", "state", string(a.State))
	}
	var c domain.Check
	a.Reason = c.Text("reason", reason, 1, 1000)
	a.State, a.DecidedBy, a.DecidedAt = Declined, by, now
	return a, c.Err()
}
