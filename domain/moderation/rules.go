// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// Service levels: how soon a report should be answered.
const (
	answerUnsafe = 24 * time.Hour
	answerDays   = 7
)

// Reasons are all there are, the most urgent first.
var Reasons = []Reason{UnsafeNow, Harassment, Discrimination, Fraud, Unsuitable, Privacy, Spam, Other}

// byCharter stands for a longest time that the charter says.
const byCharter = -1

// anything is all that a report may be about.
var anything = []SubjectKind{AboutMember, AboutListing, AboutExchange, AboutMessage, AboutSession, AboutProject, AboutAnnouncement, AboutComment}

// shown is what can be taken from everybody's sight; what was said, by the measure alone
// that holds against it.
var shown = []SubjectKind{AboutListing, AboutMessage, AboutComment}

// Said says whether a subject is words, which the measure against them hides.
func (about Subject) Said() bool { return about.Kind == AboutMessage || about.Kind == AboutComment }

// actions are what may be done, to what, and for how many days at most; 0 is until
// somebody undoes it.
var actions = map[Action]struct {
	on          []SubjectKind
	usual, most int
}{
	Dismiss: {on: anything},
	Note:    {on: anything},
	Warn:    {on: anything},
	Hide:    {on: shown, usual: 14, most: 30},
	Remove:  {on: shown},
	Limit:   {on: anything, usual: 14, most: byCharter},
	Freeze:  {on: anything, usual: 7, most: 14},
	Suspend: {on: anything},
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

// bounds are for how many days an action lasts, unless said otherwise and at most.
func (a Action) bounds(rules community.Safety) (usual, most int) {
	usual, most = actions[a].usual, actions[a].most
	if most == byCharter {
		most = rules.LimitDays
	}
	return min(usual, most), most
}

// check tidies an answer: there is none without a statement, a length only where
// something ends by itself, and something is kept from a member where that is said.
func (cmd Resolve) check(rules community.Safety) (Resolve, error) {
	var c domain.Check
	cmd.Statement = c.Text("statement", cmd.Statement, 1, 4000)
	cmd.Rule = c.Line("rule", cmd.Rule, 0, 200)
	_, known := actions[cmd.Action]
	c.That(known, domain.ValueUnknown, "action")
	if known {
		_, most := cmd.Action.bounds(rules)
		c.That(cmd.Days >= 0 && cmd.Days <= most, domain.OutOfRange, "days", "min", 0, "max", most)
	}
	var kept []membership.Ability // each once, in one order
	for _, a := range membership.Abilities() {
		if slices.Contains(cmd.Limits, a) {
			kept = append(kept, a)
		}
	}
	strange := slices.ContainsFunc(cmd.Limits, func(a membership.Ability) bool { return !slices.Contains(kept, a) })
	c.That(!strange, domain.ValueUnknown, "limits")
	if known && !strange {
		c.That(cmd.Action != Limit || len(kept) > 0, domain.Required, "limits")
		c.That(cmd.Action == Limit || len(kept) == 0, LimitsUnfit, "limits")
	}
	cmd.Limits = kept
	return cmd, c.Err()
}

// measure is what an answer makes of a report.
func (cmd Resolve) measure(r Report, rules community.Safety, by domain.ID, now time.Time) (Measure, error) {
	a := actions[cmd.Action]
	if !slices.Contains(a.on, r.Subject.Kind) {
		return Measure{}, domain.NewError(ActionUnfit, "action", "action", string(cmd.Action), "subject", string(r.Subject.Kind))
	}
	m := Measure{
		Community: r.Community, ID: domain.NewID(), Report: r.ID, Member: r.Accused, Subject: r.Subject,
		Action: cmd.Action, Limits: cmd.Limits, Rule: cmd.Rule, Statement: cmd.Statement, DecidedBy: by, At: now,
	}
	if m.Rule == "" {
		m.Rule = string(r.Reason)
	}
	if days, _ := cmd.Action.bounds(rules); days > 0 {
		if cmd.Days > 0 {
			days = cmd.Days
		}
		m.Until = now.AddDate(0, 0, days)
	}
	return m, nil
}
