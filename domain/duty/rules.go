// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

const (
	// noteDays is when whoever should note how a shift went is reminded. Nobody is
	// charged for another's silence: a booking stays to be noted until somebody does.
	noteDays = 2
	// longestExtension is the most time that is given at once, in days.
	longestExtension = 182
	// longestShift is a working day.
	longestShift domain.Minutes = 12 * 60
)

// points is what a shift counts. One that somebody does not owe counts so much more
// that it makes up for one; missing it or being excused counts more by as much.
func points(rules community.Duty, outcome Outcome, owed bool) int {
	var p int
	switch outcome {
	case Attended:
		p = rules.Attended
	case Excused:
		p = rules.Excused
	case Missed:
		p = rules.Missed
	default:
		return 0
	}
	if !owed {
		p += rules.MakeUp
	}
	return p
}

// excusedUntil is the last moment to say that one cannot come.
func excusedUntil(s Shift, rules community.Duty) time.Time {
	return s.StartsAt.Add(-time.Duration(rules.ExcuseHours) * time.Hour)
}

// cancelling is how it counts to say now that one cannot come.
func cancelling(s Shift, rules community.Duty, now time.Time) Outcome {
	if now.After(excusedUntil(s, rules)) {
		return Missed
	}
	return Excused
}

// monday is when the count of cycles begins, for every community.
var monday = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// cycleOf is the first day of the cycle that a day lies in.
func cycleOf(day time.Time, weeks int) time.Time {
	length := 7 * weeks
	days := int(day.Sub(monday).Hours() / 24)
	n := days / length
	if days < 0 && days%length != 0 {
		n--
	}
	return monday.AddDate(0, 0, n*length)
}

// after is the first day of the next cycle.
func after(cycle time.Time, weeks int) time.Time { return cycleOf(cycle, weeks).AddDate(0, 0, 7*weeks) }

// days are those from one to another on which a template comes round.
func (t Template) days(from, until time.Time, weeks int) []time.Time {
	var all []time.Time
	if t.Week > weeks {
		return nil // the charter's cycle became shorter
	}
	day := cycleOf(from, weeks).AddDate(0, 0, 7*(t.Week-1)+t.Weekday-1)
	for ; !day.After(until); day = day.AddDate(0, 0, 7*weeks) {
		if !day.Before(from) {
			all = append(all, day)
		}
	}
	return all
}

// shift is a template on a day. It lasts as long whatever the clocks do meanwhile.
func (t Template) shift(day time.Time, zone *time.Location) Shift {
	starts := domain.OnTheWall(day, t.Hour, zone).Add(time.Duration(t.Minute) * time.Minute)
	return Shift{
		Community: t.Community, ID: domain.DerivedID(t.ID, day.Format(time.DateOnly)), Template: t.ID, Day: day, StartsAt: starts,
		EndsAt: starts.Add(time.Duration(t.Length) * time.Minute), Title: t.Title, Place: t.Place, ServiceType: t.ServiceType,
		Places: t.Places, Lead: t.Lead,
	}
}

// LedBy says whether somebody receives those who come.
func (s Shift) LedBy(member domain.ID) bool { return s.Lead != domain.Nowhere && s.Lead == member }

// overlaps says whether nobody can be at both.
func (s Shift) overlaps(other Shift) bool {
	return s.StartsAt.Before(other.EndsAt) && other.StartsAt.Before(s.EndsAt)
}

// with is where a member stands after some points: behind from the moment that the
// counter falls below zero, until a day; and no more as soon as it is made up for.
func (a Account) with(points int, now, due time.Time) Account {
	a.Balance += points
	a.Entries++
	switch {
	case a.Balance >= 0:
		a.AlertAt, a.DueAt, a.ToldAt = time.Time{}, time.Time{}, time.Time{}
	case a.AlertAt.IsZero():
		a.AlertAt, a.DueAt = now, due
	}
	return a
}

// consequence is what not coming would bring.
func consequence(a Account, s Shift, b Booking, rules community.Duty, now, due time.Time) Consequence {
	c := Consequence{Outcome: cancelling(s, rules, now), ExcusedUntil: excusedUntil(s, rules)}
	c.Points = points(rules, c.Outcome, b.Owed)
	then := a.with(c.Points, now, due)
	c.Balance, c.DueAt = then.Balance, then.DueAt
	return c
}

// check tidies a template under the rules in force.
func (cmd MakeTemplate) check(rules community.Duty) (MakeTemplate, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 1, 120)
	cmd.Place = c.Line("place", cmd.Place, 0, 200)
	for _, r := range []struct {
		field             string
		value, least, max int
	}{
		{"week", cmd.Week, 1, rules.CycleWeeks},
		{"weekday", cmd.Weekday, 1, 7},
		{"hour", cmd.Hour, 0, 23},
		{"minute", cmd.Minute, 0, 59},
		{"places", cmd.Places, 1, 200},
	} {
		c.That(r.value >= r.least && r.value <= r.max, domain.OutOfRange, r.field, "min", r.least, "max", r.max)
	}
	c.That(cmd.Length >= 1 && cmd.Length <= longestShift, domain.MinutesOutOfRange, "minutes", "min", domain.Minutes(1), "max", longestShift)
	return cmd, c.Err()
}

// checkExtension looks at more time that is to be given.
func (a Account) checkExtension(cmd Extend, now time.Time) (Extend, error) {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, 1, 1000)
	c.That(!a.AlertAt.IsZero(), NotBehind, "memberId")
	most := now.AddDate(0, 0, longestExtension)
	c.That(cmd.Until.After(now) && !cmd.Until.Before(a.DueAt) && !cmd.Until.After(most), domain.OutOfRange, "until", "min", 1, "max", longestExtension)
	return cmd, c.Err()
}

// today is the day there, at midnight UTC.
func today(now time.Time, zone *time.Location) time.Time {
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
