// SPDX-License-Identifier: AGPL-3.0-or-later

// Package tally counts the ballots of a decision. It knows no database, no clock
// and no person: the same instance gives the same result for anybody, in integers
// and exact fractions.
package tally

import (
	"math/big"

	"github.com/hora-coop/hora/domain"
)

// What can be wrong with a rule or a ballot.
const (
	RuleInvalid   domain.Code = "DECISION_RULE_INVALID" // the field says which part of the rule
	BallotKind    domain.Code = "BALLOT_KIND"           // args: kind; the decision is voted on in another way
	OptionUnknown domain.Code = "OPTION_UNKNOWN"        // not on the ballot
	OptionMissing domain.Code = "OPTION_MISSING"        // args: option; a score ballot speaks of each
	OptionTwice   domain.Code = "OPTION_TWICE"          // named twice on one ballot
	ResultDiffers domain.Code = "TALLY_MISMATCH"        // counting again gives another result
)

// Ballot is how voters say what they think.
type Ballot string

// The kinds of ballot.
const (
	YesNoAbstain Ballot = "YES_NO_ABSTAIN"
	Approval     Ballot = "APPROVAL" // the options somebody can agree to
	Score        Ballot = "SCORE"    // each option from −2 to 2
	Ranked       Ballot = "RANKED"   // options in an order, equal places allowed
	Budget       Ballot = "BUDGET"   // the options, each with its minutes, that an envelope should go to
)

// Ranking is how ranked ballots are counted.
type Ranking string

// The ways to count ranked ballots.
const (
	InstantRunoff Ranking = "INSTANT_RUNOFF"
	Schulze       Ranking = "SCHULZE" // Condorcet, by strongest paths
)

// Denominator is what a majority is a part of.
type Denominator string

// The denominators.
const (
	Cast      Denominator = "CAST"      // every ballot, abstentions too
	Expressed Denominator = "EXPRESSED" // ballots that say something
	Entitled  Denominator = "ENTITLED"  // the roll, less declared conflicts
	Present   Denominator = "PRESENT"   // who was noted present, and whoever cast a ballot
)

// Report is how a college's vote becomes its part of the whole.
type Report string

// The reports.
const (
	Proportional Report = "PROPORTIONAL" // its weight is divided as its vote is
	ByMajority   Report = "MAJORITY"     // its whole weight goes where its majority is
	ByThreshold  Report = "THRESHOLD"    // whole from the threshold on, divided below
)

// Part is an exact part of a whole, 2/3 for instance.
type Part struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

func (p Part) rat() *big.Rat { return big.NewRat(p.Num, p.Den) }

func (p Part) valid() bool { return p.Den > 0 && p.Den <= 10_000 && p.Num >= 0 && p.Num <= p.Den }

// String writes it as a fraction.
func (p Part) String() string { return p.rat().RatString() }

// Rule is how a decision is counted. It is fixed when the decision opens.
type Rule struct {
	Ballot      Ballot      `json:"ballot"`
	Ranking     Ranking     `json:"ranking,omitempty"` // of RANKED
	Quorum      Part        `json:"quorum"`            // of the entitled; rounded up to whole voters
	Denominator Denominator `json:"denominator"`
	Majority    Part        `json:"majority"`
	// AtLeast: reaching the majority is enough; without it, it must be exceeded.
	AtLeast   bool           `json:"atLeast"`
	Seats     int            `json:"seats"`              // how many options may be chosen; 1 unless it says more
	Envelope  domain.Minutes `json:"envelope,omitempty"` // of BUDGET
	Report    Report         `json:"report,omitempty"`   // of colleges
	Threshold Part           `json:"threshold,omitzero"` // of ByThreshold
	Waived    bool           `json:"waived,omitempty"`   // a second call asks for no quorum
}

// Option is something that can be chosen.
type Option struct {
	ID      string         `json:"id"`
	Label   string         `json:"label"`
	Minutes domain.Minutes `json:"minutes,omitempty"` // what it takes of the envelope
}

// College is a part of the roll with a weight of its own, in hundredths of a percent.
type College struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Weight   int64  `json:"weight"`
	Entitled int64  `json:"entitled"` // its part of the roll, less declared conflicts
}

// Choice is what a YES_NO_ABSTAIN ballot says.
type Choice string

// The choices.
const (
	Yes     Choice = "YES"
	No      Choice = "NO"
	Abstain Choice = "ABSTAIN"
)

// Mark is what a ballot says of one option: 1 for an approval, −2 to 2 for a
// score, the place from 1 for a ranking.
type Mark struct {
	Option string `json:"option"`
	Value  int64  `json:"value"`
}

// Paper is what a ballot says.
type Paper struct {
	Choice Choice `json:"choice,omitempty"`
	Marks  []Mark `json:"marks,omitempty"`
}

// Vote is a ballot as it is published: under its receipt only.
type Vote struct {
	Receipt string `json:"receipt"`
	College string `json:"college,omitempty"`
	Paper
}

// Version names the way of counting; another way gets another name.
const Version = "hora-tally-1"

// Instance is everything that a count depends on.
type Instance struct {
	Version    string    `json:"version"`
	Decision   string    `json:"decision"`
	Rule       Rule      `json:"rule"`
	Options    []Option  `json:"options"`
	Roll       int64     `json:"roll"`       // frozen at opening
	Conflicted int64     `json:"conflicted"` // declared; they leave the denominator
	Present    int64     `json:"present"`    // noted present, in a meeting
	Seed       string    `json:"seed"`       // breaks ties between options that leave a runoff
	Colleges   []College `json:"colleges"`
	Votes      []Vote    `json:"votes"`
}

// Verdict is what a count comes to.
type Verdict string

// The verdicts. Only ADOPTED has an effect.
const (
	Adopted  Verdict = "ADOPTED"
	Rejected Verdict = "REJECTED"
	Tied     Verdict = "TIED"      // keep discussing
	NoQuorum Verdict = "NO_QUORUM" // too few took part
	Void     Verdict = "VOID"      // a college is empty, and the others cannot bear its weight
)

// Line is the result of one option, or of YES, NO and ABSTAIN.
type Line struct {
	Option string `json:"option"`
	Voters int64  `json:"voters"` // ballots that support it
	Sum    int64  `json:"sum"`    // of scores; elsewhere the voters
	Weight string `json:"weight"` // what the count compares: an exact number, colleges weighted
	Share  string `json:"share"`  // of the denominator, an exact fraction
	Place  int    `json:"place"`  // from 1; equal places are equal
	Chosen bool   `json:"chosen"`
}

// Round is one round of an instant runoff.
type Round struct {
	Weights   []Line   `json:"weights"` // of the options still there
	Exhausted string   `json:"exhausted"`
	Out       []string `json:"out"` // who leaves after it
}

// Body is the result of one college.
type Body struct {
	College  string `json:"college"`
	Weight   string `json:"weight"` // in hundredths of a percent, after empty colleges were shared out
	Entitled int64  `json:"entitled"`
	Turnout  int64  `json:"turnout"`
	Lines    []Line `json:"lines"`
}

// Result is what a count gives, with the figures that explain it.
type Result struct {
	InputHash   string     `json:"inputHash"`
	Verdict     Verdict    `json:"verdict"`
	Entitled    int64      `json:"entitled"`
	Quorum      int64      `json:"quorum"` // voters needed
	Turnout     int64      `json:"turnout"`
	Expressed   int64      `json:"expressed"`
	Denominator string     `json:"denominator"` // 10000 with colleges
	Lines       []Line     `json:"lines"`
	Chosen      []string   `json:"chosen"`
	Colleges    []Body     `json:"colleges"`
	Rounds      []Round    `json:"rounds,omitempty"`
	Duels       [][]string `json:"duels,omitempty"` // by rows and columns of options: who prefers the row
	Paths       [][]string `json:"paths,omitempty"` // the strongest path from row to column
	Spent       int64      `json:"spent,omitempty"` // minutes of the envelope
}
