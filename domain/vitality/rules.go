// SPDX-License-Identifier: AGPL-3.0-or-later

package vitality

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/statement"
)

const (
	leastPeople = 5  // a figure of fewer is not told
	usual       = 12 // months, where nobody says which
	mostMonths  = 60 // of a period; as many again lie before it
	unmetDays   = 30 // after which a request is unmet
	quietDays   = 90 // after which a member is isolated
)

// within settles which period is meant: the last twelve whole months of the
// community's calendar where nothing is said, until now where only a beginning is,
// and the twelve months before an end. What is still to come is left out.
func within(asked ledger.Period, where community.Community, now time.Time) (ledger.Period, error) {
	p, zone := asked, where.Zone()
	switch {
	case !p.Until.IsZero():
		p.Until = earlier(p.Until, now)
	case p.From.IsZero():
		p.Until = monthOf(now, zone, 0)
	default:
		p.Until = now
	}
	var c domain.Check
	c.That(asked.Until.IsZero() || p.Until.After(where.CreatedAt), statement.PeriodInvalid, "period.until")
	if p.From.IsZero() {
		p.From = back(p.Until, usual, zone)
	}
	c.That(p.From.Before(p.Until), statement.PeriodInvalid, "period.from")
	c.That(!p.From.Before(back(p.Until, mostMonths, zone)), domain.OutOfRange, "period.from", "min", 1, "max", mostMonths)
	return p, c.Err()
}

func earlier(one, other time.Time) time.Time {
	if other.Before(one) {
		return other
	}
	return one
}

// monthOf is when the month of a moment begins somewhere, or one some months later.
func monthOf(at time.Time, zone *time.Location, later int) time.Time {
	year, month, _ := at.In(zone).Date()
	return domain.OnTheWall(time.Date(year, month+time.Month(later), 1, 0, 0, 0, 0, time.UTC), 0, zone)
}

// back is the same moment of the calendar some months earlier: a month's beginning
// is reckoned from a month's beginning.
func back(at time.Time, months int, zone *time.Location) time.Time {
	if at.Equal(monthOf(at, zone, 0)) {
		return monthOf(at, zone, -months)
	}
	return at.In(zone).AddDate(0, -months, 0).UTC()
}

// before is the period of the same length that ends where one begins: as many months
// before whole months, as many days before whole days, else as long to the moment.
func before(p ledger.Period, zone *time.Location) ledger.Period {
	first, last := monthOf(p.From, zone, 0), monthOf(p.Until, zone, 0)
	if p.From.Equal(first) && p.Until.Equal(last) {
		return ledger.Period{From: monthOf(p.From, zone, -monthsBetween(first, last, zone)), Until: p.From}
	}
	if midnight(p.From, zone) && midnight(p.Until, zone) {
		days := int(day(p.Until, zone).Sub(day(p.From, zone)) / (24 * time.Hour))
		return ledger.Period{From: domain.OnTheWall(day(p.From, zone).AddDate(0, 0, -days), 0, zone), Until: p.From}
	}
	return ledger.Period{From: p.From.Add(-p.Until.Sub(p.From)), Until: p.From}
}

func monthsBetween(from, until time.Time, zone *time.Location) int {
	one, other := from.In(zone), until.In(zone)
	return (other.Year()-one.Year())*12 + int(other.Month()) - int(one.Month())
}

// day is the day of a moment somewhere, as the calendar has it.
func day(at time.Time, zone *time.Location) time.Time {
	year, month, date := at.In(zone).Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
}

func midnight(at time.Time, zone *time.Location) bool {
	return at.Equal(domain.OnTheWall(day(at, zone), 0, zone))
}

// cut is where the months of a period begin, the period's own ends included.
func cut(p ledger.Period, zone *time.Location) []time.Time {
	bounds := []time.Time{p.From}
	for at := monthOf(p.From, zone, 1); at.Before(p.Until); at = monthOf(at, zone, 1) {
		bounds = append(bounds, at)
	}
	return append(bounds, p.Until)
}

// hidden says which of some figures are not told, given how many people each speaks
// of: those of too few, and with them the smallest of the others, since the total is
// known and would tell what is missing.
func hidden(people []int) []bool {
	hide, few, companion := make([]bool, len(people)), false, -1
	for i, n := range people {
		hide[i] = n < leastPeople
		few = few || (hide[i] && n > 0)
		if !hide[i] && (companion < 0 || n < people[companion]) {
			companion = i
		}
	}
	if few && companion >= 0 {
		hide[companion] = true
	}
	return hide
}

// spread tells how giving and receiving are spread.
func (s Sides) spread() Reciprocity {
	counts := []int{s.GaveOnly, s.ReceivedOnly, s.Both}
	hide := hidden(counts)
	part := func(i int) Part {
		if hide[i] {
			return Part{}
		}
		share := float64(counts[i]) / float64(s.active())
		return Part{&counts[i], &share}
	}
	return Reciprocity{part(0), part(1), part(2)}
}

func (s Sides) active() int { return s.GaveOnly + s.ReceivedOnly + s.Both }

// told are a period's figures as they may be told.
func told(p ledger.Period, f Flow, m Movement) Figures {
	figures := Figures{Period: p, Movement: m, Active: f.active(), Exchanges: f.Exchanges, Minutes: f.Minutes, Reciprocity: f.spread()}
	if f.Firsts >= leastPeople {
		figures.FirstExchangeDays = &f.FirstDays
	}
	return figures
}

// together are months' movements as one.
func together(months []Movement) (m Movement) {
	for _, one := range months {
		m = Movement{Members: one.Members, Joined: m.Joined + one.Joined, Left: m.Left + one.Left}
	}
	return m
}

// months lays what was counted between bounds out by month.
func months(bounds []time.Time, zone *time.Location, flows []Flow, movements []Movement) []Month {
	all := make([]Month, len(bounds)-1)
	for i := range all {
		first := day(bounds[i], zone)
		all[i] = Month{
			Month:  first.AddDate(0, 0, 1-first.Day()),
			Joined: movements[i].Joined, Active: flows[i].active(), Exchanges: flows[i].Exchanges, Minutes: flows[i].Minutes,
		}
	}
	return all
}

// families are told where they speak of enough people.
func families(flows []FamilyFlow) []Family {
	people := make([]int, len(flows))
	for i, f := range flows {
		people[i] = f.Members
	}
	hide := hidden(people)
	all := make([]Family, len(flows))
	for i := range flows {
		f := &flows[i]
		all[i] = Family{Code: f.Code}
		if !hide[i] {
			all[i].Members, all[i].Exchanges, all[i].Minutes = &f.Members, &f.Exchanges, &f.Minutes
		}
	}
	return all
}
