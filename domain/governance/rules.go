// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance/tally"
	"github.com/hora-coop/hora/domain/membership"
)

const day = 24 * time.Hour

// reminders are the moments at which those who have not voted are reminded, as
// the rules say: at half-time, and a day before the end.
func (d Decision) reminders() (all []time.Time) {
	start := d.OpenedAt
	if d.State == SecondCall {
		start = d.ClosesAt.AddDate(0, 0, -d.Rules.SecondCallDays)
	}
	half, last := start.Add(d.ClosesAt.Sub(start)/2), d.ClosesAt.Add(-day)
	if slices.Contains(d.Rules.Reminders, community.HalfTime) {
		all = append(all, half)
	}
	if slices.Contains(d.Rules.Reminders, community.LastDay) && last.After(half) {
		all = append(all, last)
	}
	return all
}

// Next is when the program has something to do about a decision; ok is false for never.
func (d Decision) Next() (at time.Time, ok bool) {
	switch d.State {
	case Draft:
		return d.OpensAt, !d.OpensAt.IsZero()
	case Open, SecondCall:
		if all := d.reminders(); d.Reminded < len(all) {
			return all[d.Reminded], true
		}
		return d.ClosesAt, true
	case Failed:
		if !d.RetryAt.IsZero() {
			return d.RetryAt, true
		}
		return d.Outcome.ReviewAt, !d.Outcome.ReviewAt.IsZero()
	case Closed, Executed:
		return d.Outcome.ReviewAt, !d.Outcome.ReviewAt.IsZero()
	case Withdrawn:
	}
	return time.Time{}, false
}

// Needed is how many must vote, as the roll stands.
func (d Decision) Needed(t Turnout) int64 {
	if d.Rules.Waived {
		return 0
	}
	return tally.Needed(d.Rules.Quorum, t.Roll-t.Conflicts)
}

// options are those of the ballot.
func (d Decision) options() []tally.Option {
	all := make([]tally.Option, len(d.Options))
	for i, o := range d.Options {
		all[i] = o.Option
	}
	return all
}

// SlotOf is where a member's ballot lies in the box. Without the key nobody can
// say whose slot one is.
func slotOf(key []byte, member domain.ID) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(member[:])
	return mac.Sum(nil)
}

// check tidies a proposal, says all that is wrong with it, and fixes its rules.
func (cmd Propose) check(charter community.Charter, now time.Time) (Propose, Rules, error) {
	rules, err := rulesFor(charter, cmd.Type)
	if err != nil {
		return cmd, rules, err
	}
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 3, 200)
	cmd.Body = c.Text("body", cmd.Body, 0, 10_000)
	rules = cmd.ballot(&c, rules)
	for i := range cmd.Options {
		cmd.Options[i].ID = strconv.Itoa(i + 1)
		cmd.Options[i].Label = c.Line("options."+strconv.Itoa(i)+".label", cmd.Options[i].Label, 1, 200)
		m := cmd.Options[i].Minutes // a budget asks for some, any other ballot for none
		c.That((m >= 0 || rules.Ballot == tally.Budget) && m <= domain.MaxMinutes, domain.MinutesOutOfRange, "options."+strconv.Itoa(i)+".minutes", "min", domain.Minutes(1), "max", domain.MaxMinutes)
	}
	if rules.Ballot == tally.Score && len(cmd.Options) == 0 {
		cmd.Options = []Option{{Option: tally.Option{ID: "1", Label: cmd.Title}}}
	}
	c.Also(rules.Check(Decision{Options: cmd.Options}.options()))
	may := effects[cmd.Type]
	if len(charter.Power[cmd.Type].Governs) > 0 && len(cmd.Options) == 0 {
		may = append(slices.Clone(may), ChangeCharter)
	}
	c.That(cmd.Effect == nil || slices.Contains(may, cmd.Effect.Kind), EffectNotHere, "effect", "known", known(may))
	c.That(cmd.Effect == nil || cmd.Effect.Role == "" || charter.KnownRole(cmd.Effect.Role), membership.RoleUnknown, "effect.role")
	cmd.calendar(&c, rules, now)
	return cmd, rules, c.Err()
}

// ballot chooses how people vote: as the rules say, and where they say yes or no
// of several options, by approval or a ranking. Then what has the most support
// is chosen; the majority is asked of yes and of scores.
func (cmd Propose) ballot(c *domain.Check, rules Rules) Rules {
	if rules.Ballot == tally.YesNoAbstain && len(cmd.Options) > 0 {
		rules.Ballot = cmp.Or(cmd.Ballot, tally.Approval)
		rules.Majority, rules.AtLeast = tally.Part{Num: 0, Den: 1}, false
		if rules.Ballot == tally.Ranked {
			rules.Ranking = cmp.Or(cmd.Ranking, tally.Schulze)
		}
		if rules.Ballot == tally.Approval {
			rules.Seats = max(cmd.Seats, 1)
		}
		c.That(rules.Ballot == tally.Approval || rules.Ballot == tally.Ranked || rules.Ballot == tally.Score, tally.BallotKind, "ballot", "kind", string(tally.Approval))
		return rules
	}
	c.That(cmd.Ballot == "" || cmd.Ballot == rules.Ballot, tally.BallotKind, "ballot", "kind", string(rules.Ballot))
	return rules
}

// calendar fills in when ballots are taken: nobody gets less time than the rules give.
func (cmd *Propose) calendar(c *domain.Check, rules Rules, now time.Time) {
	opens := now.AddDate(0, 0, rules.NoticeDays)
	if cmd.OpensAt.IsZero() {
		cmd.OpensAt = opens
	}
	c.That(!cmd.OpensAt.Before(opens), TooSoon, "opensAt", "min", rules.NoticeDays)
	least := cmd.OpensAt.AddDate(0, 0, rules.Days)
	if cmd.ClosesAt.IsZero() {
		cmd.ClosesAt = least
	}
	c.That(!cmd.ClosesAt.Before(least), TooSoon, "closesAt", "min", rules.Days)
	c.That(cmd.ClosesAt.Before(cmd.OpensAt.AddDate(1, 0, 0)), domain.OutOfRange, "closesAt", "min", rules.Days, "max", 365)
}

func known(kinds []EffectKind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// Amends is the change of the charter that an effect makes for a decision.
func (e Effect) Amends(d Decision) community.Amendment {
	return community.Amendment{Community: d.Community, Changes: e.Changes, From: e.From, Reason: d.Question, Decision: d.ID, Type: d.Type}
}

// ofEffect puts the fields of an error about a change of the charter where a decision's
// input has them.
func ofEffect(err error) error {
	return domain.Moved(err, func(field string) string { return "effect." + strings.Replace(field, "changes", "charter", 1) })
}

// needsReason: where the rules ask for it, who says no says why.
func (r Rules) needsReason(p tally.Paper) bool {
	if !r.Reasoned {
		return false
	}
	return p.Choice == tally.No || (r.Ballot == tally.Score && slices.ContainsFunc(p.Marks, func(m tally.Mark) bool { return m.Value < 0 }))
}

// instance is what a count depends on.
func (d Decision) instance(t Turnout, colleges map[string]int64, ballots []Ballot) tally.Instance {
	in := tally.Instance{
		Version: tally.Version, Decision: d.ID.String(), Rule: d.Rules.Rule, Options: d.options(), Roll: t.Roll, Conflicted: t.Conflicts,
		Seed: d.Seed, Colleges: []tally.College{}, Votes: make([]tally.Vote, len(ballots)),
	}
	for _, c := range d.Rules.Colleges {
		in.Colleges = append(in.Colleges, tally.College{ID: c.Code, Name: c.Label["fr"], Weight: int64(c.Weight), Entitled: colleges[c.Code]})
	}
	for i, b := range ballots {
		in.Votes[i] = tally.Vote{Receipt: b.Receipt, College: b.College, Paper: b.Paper}
	}
	return in
}

// chosen are the effects of an adopted decision, one for each chosen option.
func (d Decision) chosen() []Effect {
	if d.Effect == nil || d.Result == nil || d.Result.Verdict != tally.Adopted {
		return nil
	}
	if len(d.Options) == 0 {
		return []Effect{*d.Effect}
	}
	var all []Effect
	for _, o := range d.Options {
		if !slices.Contains(d.Result.Chosen, o.ID) {
			continue
		}
		e := *d.Effect
		if o.Member != domain.Nowhere {
			e.Member = o.Member
		}
		all = append(all, e)
	}
	return all
}

// pause is how long the program waits before it tries again what could not be
// done; after a week of trying it leaves it to people.
func pause(attempts int) (time.Duration, bool) {
	waits := []time.Duration{time.Hour, 6 * time.Hour, day, 2 * day, 4 * day}
	if attempts > len(waits) {
		return 0, false
	}
	return waits[attempts-1], true
}
