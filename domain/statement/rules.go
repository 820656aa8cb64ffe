// SPDX-License-Identifier: AGPL-3.0-or-later

package statement

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// within reads the bounds that somebody typed: a moment of RFC 3339, or a day of
// the community's calendar, which belongs to the statement whole. Empty is no bound.
func within(from, until string, zone *time.Location) (ledger.Period, error) {
	var p ledger.Period
	var c domain.Check
	var ok bool
	p.From, ok = moment(from, 0, zone)
	c.That(ok, PeriodInvalid, "from")
	p.Until, ok = moment(until, 1, zone)
	c.That(ok, PeriodInvalid, "until")
	if err := c.Err(); err != nil {
		return ledger.Period{}, err
	}
	return p, check(p)
}

func moment(text string, days int, zone *time.Location) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return midnight(day.AddDate(0, 0, days), zone).UTC(), true
	}
	// A plus sign that was not escaped in an address arrives as a space.
	at, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	return at.UTC(), err == nil
}

// midnight is when a day begins somewhere; where clocks go forward at midnight,
// an hour later by the wall.
func midnight(day time.Time, zone *time.Location) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	if at.Day() != day.Day() {
		at = at.Add(time.Hour)
	}
	return at
}

// check refuses a period that ends before it begins.
func check(p ledger.Period) error {
	var c domain.Check
	c.That(p.From.IsZero() || p.Until.IsZero() || p.From.Before(p.Until), PeriodInvalid, "until")
	return c.Err()
}

// add gathers what the store added up per reason and type.
func (t Totals) add(sums []Sum) Totals {
	kinds, types := map[ledger.TransferKind]Moved{}, map[string]Moved{}
	for _, s := range sums {
		t.Moved = t.plus(s.Moved)
		kinds[s.Kind] = kinds[s.Kind].plus(s.Moved)
		if s.ServiceType != "" {
			types[s.ServiceType] = types[s.ServiceType].plus(s.Moved)
		}
	}
	t.ByKind = make([]KindTotal, 0, len(kinds))
	for kind, moved := range kinds {
		t.ByKind = append(t.ByKind, KindTotal{kind, moved})
	}
	slices.SortFunc(t.ByKind, func(a, b KindTotal) int { return cmp.Compare(a.Kind, b.Kind) })
	t.Types = sorted(types)
	return t
}

// ByServiceType is what exchanges moved, per type or rolled up by family.
func (t Totals) ByServiceType(byFamily bool) []TypeTotal {
	if !byFamily {
		return t.Types
	}
	families := map[string]Moved{}
	for _, one := range t.Types {
		family, _, _ := strings.Cut(one.Code, "-")
		families[family] = families[family].plus(one.Moved)
	}
	return sorted(families)
}

func sorted(types map[string]Moved) []TypeTotal {
	list := make([]TypeTotal, 0, len(types))
	for code, moved := range types {
		list = append(list, TypeTotal{code, moved})
	}
	slices.SortFunc(list, func(a, b TypeTotal) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

func (m Moved) plus(o Moved) Moved {
	return Moved{m.Given + o.Given, m.Received + o.Received, m.Lines + o.Lines}
}
