// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"fmt"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// MaxOptions bounds a ballot: more cannot be read, let alone compared.
const MaxOptions = 50

// Check says what is wrong with a rule, whatever the ballots.
func (r Rule) Check(options []Option) error {
	var c domain.Check
	c.That(slices.Contains([]Ballot{YesNoAbstain, Approval, Score, Ranked, Budget}, r.Ballot), RuleInvalid, "ballot")
	c.That(r.Ballot != Ranked || r.Ranking == InstantRunoff || r.Ranking == Schulze, RuleInvalid, "ranking")
	c.That(slices.Contains([]Denominator{Cast, Expressed, Entitled, Present}, r.Denominator), RuleInvalid, "denominator")
	c.That(r.Quorum.valid(), RuleInvalid, "quorum")
	c.That(r.Majority.valid(), RuleInvalid, "majority")
	c.That(r.Ballot != YesNoAbstain || (r.Majority.valid() && 2*r.Majority.Num >= r.Majority.Den), RuleInvalid, "majority")
	c.That(r.Report != ByThreshold || (r.Threshold.valid() && 2*r.Threshold.Num > r.Threshold.Den), RuleInvalid, "threshold")
	c.That(r.Report == "" || r.Report == Proportional || r.Ballot == YesNoAbstain, RuleInvalid, "report")
	if r.Ballot == YesNoAbstain {
		c.That(len(options) == 0, RuleInvalid, "options")
		return c.Err()
	}
	c.That(len(options) >= 1 && len(options) <= MaxOptions, domain.OutOfRange, "options", "min", 1, "max", MaxOptions)
	c.That(r.Ballot == Score || r.Ballot == Budget || len(options) != 1, domain.OutOfRange, "options", "min", 2, "max", MaxOptions)
	c.That(r.Seats == 1 || (r.Seats > 1 && r.Seats <= len(options) && r.Ballot == Approval), RuleInvalid, "seats")
	c.That(r.Ballot != Budget || r.Envelope > 0, RuleInvalid, "envelope")
	seen := map[string]bool{}
	for i, o := range options {
		c.That(o.ID != "" && !seen[o.ID], OptionTwice, fmt.Sprintf("options.%d", i))
		c.That(r.Ballot != Budget || o.Minutes > 0, domain.MinutesOutOfRange, fmt.Sprintf("options.%d.minutes", i), "min", domain.Minutes(1), "max", domain.MaxMinutes)
		seen[o.ID] = true
	}
	return c.Err()
}

// checkColleges refuses weights that the law knows not: 10 to 50 percent each,
// 100 together, at least three. None at all is the rule.
//
// Source: French law no. 47-1775, article 19 octies.
func checkColleges(colleges []College) error {
	sum, good := int64(0), len(colleges) == 0 || len(colleges) >= 3
	seen := map[string]bool{}
	for _, c := range colleges {
		sum += c.Weight
		good = good && c.Weight >= 1000 && c.Weight <= 5000 && !seen[c.ID]
		seen[c.ID] = true
	}
	if !good || (len(colleges) > 0 && sum != 10_000) {
		return domain.NewError(RuleInvalid, "colleges")
	}
	return nil
}

// CheckPaper refuses a ballot that this decision cannot count.
func (r Rule) CheckPaper(options []Option, p Paper) error {
	if r.Ballot == YesNoAbstain {
		if len(p.Marks) > 0 {
			return domain.NewError(BallotKind, "choice", "kind", string(r.Ballot))
		}
		if p.Choice == "" {
			return domain.NewError(domain.Required, "choice")
		}
		if p.Choice != Yes && p.Choice != No && p.Choice != Abstain {
			return domain.NewError(domain.ValueUnknown, "choice")
		}
		return nil
	}
	field := r.Field()
	if p.Choice != "" {
		return domain.NewError(BallotKind, field, "kind", string(r.Ballot))
	}
	low, high := map[Ballot]int64{Score: -2}[r.Ballot], int64(1)
	switch r.Ballot {
	case Score:
		high = 2
	case Ranked:
		low, high = 1, int64(len(options))
	case Approval, Budget, YesNoAbstain:
		low = 1
	}
	var c domain.Check
	seen := map[string]bool{}
	for i, m := range p.Marks {
		at := fmt.Sprintf("%s.%d", field, i)
		c.That(slices.ContainsFunc(options, func(o Option) bool { return o.ID == m.Option }), OptionUnknown, at)
		c.That(!seen[m.Option], OptionTwice, at)
		c.That(m.Value >= low && m.Value <= high, domain.OutOfRange, at, "min", low, "max", high)
		seen[m.Option] = true
	}
	if r.Ballot == Score && len(p.Marks) > 0 {
		for _, o := range options {
			c.That(seen[o.ID], OptionMissing, field, "option", o.Label)
		}
	}
	return c.Err()
}

// Field is the field of a ballot's input in which people fill it in.
func (r Rule) Field() string {
	switch r.Ballot {
	case Score:
		return "scores"
	case Ranked:
		return "ranking"
	case YesNoAbstain:
		return "choice"
	case Approval, Budget:
	}
	return "choices"
}

// Check says what is wrong with an instance.
func (in Instance) Check() error {
	var c domain.Check
	c.That(in.Version == Version, domain.ValueUnknown, "version")
	c.Also(in.Rule.Check(in.Options))
	c.Also(checkColleges(in.Colleges))
	entitled := in.Roll - in.Conflicted
	c.That(in.Conflicted >= 0 && entitled >= int64(len(in.Votes)), RuleInvalid, "roll")
	sum := int64(0)
	known := map[string]bool{"": len(in.Colleges) == 0}
	for _, college := range in.Colleges {
		sum += college.Entitled
		known[college.ID] = true
	}
	c.That(len(in.Colleges) == 0 || sum == entitled, RuleInvalid, "colleges")
	if err := c.Err(); err != nil {
		return err
	}
	for i, v := range in.Votes {
		if !known[v.College] {
			return domain.NewError(domain.ValueUnknown, fmt.Sprintf("votes.%d.college", i))
		}
		if err := in.Rule.CheckPaper(in.Options, v.Paper); err != nil {
			return fmt.Errorf("vote %s: %w", v.Receipt, err)
		}
	}
	return nil
}
