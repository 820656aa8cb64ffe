// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a change of the charter.
const (
	Unchanged     domain.Code = "CHARTER_UNCHANGED"      // the charter says so already
	ChangePending domain.Code = "CHARTER_CHANGE_PENDING" // args: from; a change to come speaks of the same
	EffectDate    domain.Code = "EFFECT_DATE"            // args: from, until; when the change may take effect
)

// CharterChanged says that a version was added; it may take effect later.
const CharterChanged domain.EventKind = "CHARTER_CHANGED"

// ChangeTold is the payload of CharterChanged.
type ChangeTold struct {
	Version  int       `json:"version"`
	From     time.Time `json:"from"`
	Decision domain.ID `json:"decision,omitzero"`
}

// Amendment is a change of the charter as somebody asks for it, or as a decision
// has it.
type Amendment struct {
	Community domain.ID
	Changes   Changes
	From      time.Time    // when it takes effect; zero for as soon as the matrix lets it
	Version   int          // the newest version its author knew; 0 when they do not care
	Reason    string       // 1 to 1,000 characters
	Decision  domain.ID    // the decision that was adopted; Nowhere for a mandate holder's or the founder's own act
	Type      DecisionType // of that decision
	Key       string       `json:"-"`
}

// Proposal is what an amendment would make.
type Proposal struct {
	Before, After Charter
	From          time.Time // when it would take effect
	Differences   []Difference
	Types         []DecisionType // who must decide it, as the matrix names them
	carried       []Charter      // the changes to come, with this one in them
}

// Beginnings is how far a community has come since it was founded.
type Beginnings struct {
	Founder  domain.ID // the person
	Admitted int       // how many members were ever admitted
	Decided  bool      // a decision has changed the charter
}

// Alone says whether somebody may still change the charter alone: the founder,
// until enough members were admitted or the charter was changed by a decision.
func (b Beginnings) Alone(c Charter, person domain.ID) bool {
	return person != domain.Nowhere && person == b.Founder && !b.Decided && b.Admitted < c.Founding.Members
}

// furthest is how far ahead a change may be decided, in days.
const furthest = 366

// timeline keeps of all versions, the oldest first, those that are or will be in
// force: one that a newer one overtakes before its day never is.
func timeline(versions []Charter) []Charter {
	var line []Charter
	for _, c := range slices.Backward(versions) {
		if len(line) == 0 || c.EffectiveFrom.Before(line[0].EffectiveFrom) {
			line = slices.Insert(line, 0, c)
		}
	}
	return line
}

// propose works out what an amendment makes of a timeline, whose first version
// is in force: a version that differs from the one in force on its day, and one
// for each change that is to come after, so that this one is not forgotten then.
// Whoever changes it alone need not wait for a period.
//
// Errors: those of With and Validate, Unchanged, EffectDate, ChangePending.
func (where Community) propose(line []Charter, a Amendment, alone bool, now time.Time) (Proposal, error) {
	today, err := line[0].With(a.Changes)
	if err != nil {
		return Proposal{}, ofChanges(err)
	}
	p := Proposal{From: a.From}
	soonest, latest := now, now.AddDate(0, 0, furthest)
	for _, part := range Touched(line[0].Diff(today)) {
		// By the charter of today: a change to come cannot hand over its own keeper.
		t := line[0].Governing(part)
		if !slices.Contains(p.Types, t) {
			p.Types = append(p.Types, t)
		}
		if !alone && line[0].Power[t].Effect == NextPeriod {
			soonest = where.NextPeriod(now, line[0].Assembly.Period)
		}
	}
	if p.From.IsZero() || a.Decision != domain.Nowhere && p.From.Before(soonest) { // a vote may last longer than was foreseen
		p.From = soonest
	}
	if p.From.Before(soonest) || p.From.After(latest) {
		return p, domain.NewError(EffectDate, "effectiveFrom", "from", soonest.In(where.Zone()), "until", latest.In(where.Zone()))
	}
	later := slices.IndexFunc(line, func(c Charter) bool { return c.EffectiveFrom.After(p.From) })
	if later < 0 {
		later = len(line)
	}
	p.Before = line[max(later-1, 0)]
	if p.After, err = p.Before.With(a.Changes); err == nil {
		err = p.After.Validate()
	}
	p.Differences = p.Before.Diff(p.After)
	if err == nil && len(p.Differences) == 0 {
		return p, domain.NewError(Unchanged, "changes")
	}
	p.After.EffectiveFrom, p.After.Reason, p.After.Decision = p.From, a.Reason, a.Decision
	for _, coming := range line[later:] {
		if err == nil {
			err = where.carry(&p, coming, a.Changes)
		}
	}
	return p, ofChanges(err)
}

// carry brings a change into one that is to come. They may not speak of the same.
func (where Community) carry(p *Proposal, coming Charter, changes Changes) error {
	for _, theirs := range p.Before.Diff(coming) {
		if slices.ContainsFunc(p.Differences, func(ours Difference) bool { return ours.Path == theirs.Path }) {
			return domain.NewError(ChangePending, theirs.Path, "from", coming.EffectiveFrom.In(where.Zone()))
		}
	}
	next, err := coming.With(changes)
	if err == nil {
		err = next.Validate()
	}
	next.EffectiveFrom, next.Reason, next.Decision, next.By, next.Carries = coming.EffectiveFrom, coming.Reason, coming.Decision, coming.By, coming.Version
	p.carried = append(p.carried, next)
	return err
}

// Tried is the charter with changes that are only proposed; fields of errors are
// below "changes".
func (c Charter) Tried(changes Changes) (Charter, error) {
	next, err := c.With(changes)
	if err == nil {
		err = next.Validate()
	}
	return next, ofChanges(err)
}

// ofChanges puts the fields of an error below the changes that it is about.
func ofChanges(err error) error {
	return domain.Moved(err, func(field string) string { return strings.TrimSuffix("changes."+field, ".") })
}

// NextPeriod is when the community's next period begins: at midnight of its
// first day, by the clocks there.
func (where Community) NextPeriod(t time.Time, period Period) time.Time {
	year, month, _ := t.In(where.Zone()).Date()
	switch period {
	case EachMonth:
		month++
	case EachQuarter:
		month = (month-1)/3*3 + 4
	case EachYear:
		year, month = year+1, time.January
	}
	return domain.OnTheWall(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), 0, where.Zone())
}

// decides says whether somebody may make a change alone, or which body decides.
//
// Error: WrongBody.
func (p Proposal) decides(inForce Charter, standing domain.Standing) error {
	var check domain.Check
	for _, t := range p.Types {
		if rule := inForce.Power[t]; !rule.MayAct(standing) || rule.Officers > 1 {
			check.Also(rule.elsewhere(t, "changes"))
		}
	}
	return check.Err()
}

// takenBy says whether a type of decision may make the change.
//
// Error: WrongBody.
func (p Proposal) takenBy(inForce Charter, taken DecisionType) error {
	for _, t := range p.Types {
		if t != taken {
			return inForce.Power[t].elsewhere(t, "changes")
		}
	}
	return nil
}
