// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Service levels: how soon a report should be answered.
const (
	answerUnsafe = 24 * time.Hour
	answerDays   = 7
)

// Reasons are all there are, the most urgent first.
var Reasons = []Reason{UnsafeNow, Harassment, Discrimination, Fraud, Unsuitable, Privacy, Spam, Other}

// actions are what may be done, to what, and for how many days at most; 0 is until
// somebody undoes it.
var actions = map[Action]struct {
	on          []SubjectKind
	usual, most int
}{
	Dismiss: {on: []SubjectKind{AboutMember, AboutListing, AboutExchange}},
	Note:    {on: []SubjectKind{AboutMember, AboutListing, AboutExchange}},
	Warn:    {on: []SubjectKind{AboutMember, AboutListing, AboutExchange}},
	Hide:    {on: []SubjectKind{AboutListing}, usual: 14, most: 30},
	Remove:  {on: []SubjectKind{AboutListing}},
	Freeze:  {on: []SubjectKind{AboutMember, AboutListing, AboutExchange}, usual: 7, most: 14},
	Suspend: {on: []SubjectKind{AboutMember, AboutListing, AboutExchange}},
}

// answerBy is when a report should be answered.
func answerBy(r Reason, now time.Time) time.Time {
	if r == UnsafeNow {
		return now.Add(answerUnsafe)
	}
	return now.AddDate(0, 0, answerDays)
}

func (cmd File) check() (File, error) {
	var c domain.Check
	c.That(slices.Contains(Reasons, cmd.Reason), domain.ValueUnknown, "reason")
	cmd.Details = c.Text("details", cmd.Details, 0, 4000)
	return cmd, c.Err()
}

// check tidies an answer: there is none without a statement, and a length only
// where something ends by itself.
func (cmd Resolve) check() (Resolve, error) {
	var c domain.Check
	cmd.Statement = c.Text("statement", cmd.Statement, 1, 4000)
	cmd.Rule = c.Line("rule", cmd.Rule, 0, 200)
	a, known := actions[cmd.Action]
	c.That(known, domain.ValueUnknown, "action")
	if known {
		c.That(cmd.Days >= 0 && cmd.Days <= a.most, domain.OutOfRange, "days", "min", 0, "max", a.most)
	}
	return cmd, c.Err()
}

// measure is what an answer makes of a report.
func (cmd Resolve) measure(r Report, by domain.ID, now time.Time) (Measure, error) {
	a := actions[cmd.Action]
	if !slices.Contains(a.on, r.Subject.Kind) {
		return Measure{}, domain.NewError(ActionUnfit, "action", "action", string(cmd.Action), "subject", string(r.Subject.Kind))
	}
	m := Measure{
		Community: r.Community, ID: domain.NewID(), Report: r.ID, Member: r.Accused, Subject: r.Subject,
		Action: cmd.Action, Rule: cmd.Rule, Statement: cmd.Statement, DecidedBy: by, At: now,
	}
	if m.Rule == "" {
		m.Rule = string(r.Reason)
	}
	if a.usual > 0 {
		days := a.usual
		if cmd.Days > 0 {
			days = cmd.Days
		}
		m.Until = now.AddDate(0, 0, days)
	}
	return m, nil
}
