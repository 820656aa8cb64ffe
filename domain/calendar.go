// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"context"
	"time"
)

// Periods keeps what the calendar has had done: one note per community, job and
// period. Calls run inside InTx of the community.
type Periods interface {
	// Done says whether a job has had its effect for a period.
	Done(ctx context.Context, community ID, job, period string) (bool, error)
	// Keep notes that it has, with a result that can be told later. Called first in
	// the transaction of the effect it makes it happen once: it waits for another
	// server that is about to do the same, and answers false when that one did.
	Keep(ctx context.Context, community ID, job, period string, at time.Time, result any) (bool, error)
}

// Periodic is something that the calendar asks for in a community, or that was done.
type Periodic struct {
	Community string    `json:"community"` // its slug
	What      string    `json:"what"`
	Period    string    `json:"period"`
	At        time.Time `json:"at"` // when it is due, or was done
}

// Rhythm is how often something comes round.
type Rhythm string

// The rhythms.
const (
	Daily      Rhythm = "DAILY"
	Weekly     Rhythm = "WEEKLY"
	Monthly    Rhythm = "MONTHLY"
	Quarterly  Rhythm = "QUARTERLY"
	HalfYearly Rhythm = "HALF_YEARLY"
	Yearly     Rhythm = "YEARLY"
)

// Rhythms lists every rhythm, in the order of the SDL enum.
func Rhythms() []Rhythm { return []Rhythm{Daily, Weekly, Monthly, Quarterly, HalfYearly, Yearly} }

// Turns is what comes round on a calendar: its first day, how often, and at what
// hour of the clocks on the wall.
type Turns struct {
	First  time.Time // the day alone counts
	Rhythm Rhythm
	Hour   int // 0 to 23
	Zone   *time.Location
}

// Turn is one time that it comes round.
type Turn struct {
	Period string // its day, "2028-02-29": its name for ever, and its key in Periods
	At     time.Time
}

// Turn is the nth, from 0. Each is reckoned from the first, so that what begins
// on the 31st comes on the 28th of February and on the 31st of March.
func (t Turns) Turn(n int) Turn {
	year, month, day := t.First.Date()
	days, months := t.Rhythm.step()
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).AddDate(0, n*months, 0)
	on := first.AddDate(0, 0, min(day, first.AddDate(0, 1, -1).Day())-1).AddDate(0, 0, n*days)
	return Turn{Period: on.Format(time.DateOnly), At: OnTheWall(on, t.Hour, t.Zone)}
}

func (r Rhythm) step() (days, months int) {
	switch r {
	case Daily:
		return 1, 0
	case Weekly:
		return 7, 0
	case Monthly:
		return 0, 1
	case Quarterly:
		return 0, 3
	case HalfYearly:
		return 0, 6
	case Yearly:
	}
	return 0, 12
}

// OnTheWall is the moment of a day when the clocks of a place show an hour. When
// they show it twice it is the first time; when they skip it, it is as long after
// midnight as it would have been.
func OnTheWall(day time.Time, hour int, zone *time.Location) time.Time {
	year, month, date := day.Date()
	shown := time.Date(year, month, date, hour, 0, 0, 0, time.UTC)
	_, before := shown.Add(-24 * time.Hour).In(zone).Zone()
	_, after := shown.Add(24 * time.Hour).In(zone).Zone()
	at := shown.Add(-time.Duration(before) * time.Second)
	if later := shown.Add(-time.Duration(after) * time.Second); !shows(at.In(zone), shown) && shows(later.In(zone), shown) {
		at = later
	}
	return at.UTC()
}

func shows(local, shown time.Time) bool {
	return local.Hour() == shown.Hour() && local.Minute() == 0 && local.Day() == shown.Day()
}
