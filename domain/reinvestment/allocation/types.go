// SPDX-License-Identifier: AGPL-3.0-or-later

// Package allocation divides an envelope of minutes among projects, by eight
// methods, in exact arithmetic: integers and fractions, never floats. It knows
// no database and no clock, so that a stranger with the exported file comes to
// the same result to the minute.
package allocation

import (
	"github.com/hora-coop/hora/domain"
)

// Version names this package's way of counting. It is stored with every run: a
// method that changes gets a new one, and old runs stay recomputable.
const Version = "hora-allocation/1"

// Method says how ballots become minutes.
type Method string

// The methods (governance research, section 3.4).
const (
	// FixedKey divides by basis points that were decided beforehand.
	FixedKey Method = "FIXED_KEY"
	// EqualShares gives each voter the same part of the envelope to spend
	// (Peters, Pierczyński and Skowron, "Proportional Participatory Budgeting
	// with Additive Utilities", 2021).
	EqualShares Method = "EQUAL_SHARES"
	// ProposalVote funds what a majority says yes to, with a quorum.
	ProposalVote Method = "PROPOSAL_VOTE"
	// DirectEnvelopes lets each participant give an equal part of the envelope;
	// what does not reach its minimum goes back.
	DirectEnvelopes Method = "DIRECT_ENVELOPES"
	// Knapsack funds by number of votes until nothing more fits.
	Knapsack Method = "KNAPSACK"
	// Quadratic ranks priorities: n votes cost n² of a hundred credits. It never pays out.
	Quadratic Method = "QUADRATIC"
	// SolidarityDraw serves reasoned requests in their order, above the pool's floor.
	SolidarityDraw Method = "SOLIDARITY_DRAW"
	// PeerEpoch lets peers thank one another with equal allowances.
	PeerEpoch Method = "PEER_EPOCH"
)

// Methods lists every method, in the order of the SDL enum.
func Methods() []Method {
	return []Method{FixedKey, EqualShares, ProposalVote, DirectEnvelopes, Knapsack, Quadratic, SolidarityDraw, PeerEpoch}
}

// Utility is what a voter is taken to gain from a funded project.
type Utility string

// The utilities of EQUAL_SHARES.
const (
	// PerProject counts a funded project once, whatever it costs: small projects
	// are cheap happiness.
	PerProject Utility = "PER_PROJECT"
	// PerMinute counts a project by its minutes, so that only support matters.
	PerMinute Utility = "PER_MINUTE"
)

// What can be wrong with an instance.
const (
	MethodUnknown    domain.Code = "METHOD_UNKNOWN"          // args: known
	EnvelopeInvalid  domain.Code = "ENVELOPE_INVALID"        // below nothing or beyond counting
	ProjectInvalid   domain.Code = "PROJECT_COST_INVALID"    // args: name; minimum from 1 to maximum
	ProjectTwice     domain.Code = "PROJECT_TWICE"           // args: name
	ProjectUnknown   domain.Code = "PROJECT_UNKNOWN"         // args: name
	VoterTwice       domain.Code = "VOTER_TWICE"             // args: name
	ChoiceTwice      domain.Code = "CHOICE_TWICE"            // args: name
	ChoiceOutOfRange domain.Code = "CHOICE_OUT_OF_RANGE"     // args: min, max
	BallotOverspent  domain.Code = "BALLOT_OVERSPENT"        // args: limit, actual
	KeyIncomplete    domain.Code = "KEY_INCOMPLETE"          // args: actual; basis points must make 10000
	OwnBallot        domain.Code = "BALLOT_FAVOURS_ONESELF"  // nobody gives to themselves
	RuleInvalid      domain.Code = "ALLOCATION_RULE_INVALID" // args: rule
)

// Project is one thing that minutes may go to: a project, a use of a fixed key,
// a person who asks (solidarity) or a peer.
type Project struct {
	ID      string         `json:"id"`
	Minimum domain.Minutes `json:"minimum"` // below it nothing can be done
	Maximum domain.Minutes `json:"maximum"` // more is of no use
	Filed   int64          `json:"filed"`   // its place in the order of filing; earlier wins a tie
	// Owner is the voter who may not give to it, empty for none; in a
	// solidarity draw the person who asks.
	Owner string `json:"owner,omitempty"`
	// Given is what its owner drew already this year (solidarity).
	Given domain.Minutes `json:"given,omitempty"`
}

// Choice is what a ballot says of one project: 1 for approval, 0 to 5 for a
// score, minutes for an envelope, votes for QUADRATIC, −1, 0, 1 for no,
// abstention and yes, basis points for a key.
type Choice struct {
	Project string `json:"project"`
	Value   int64  `json:"value"`
}

// Ballot is one voter's choices. Voter is a name that the exported file may
// carry: a receipt, never a person.
type Ballot struct {
	Voter   string   `json:"voter"`
	Choices []Choice `json:"choices"`
}

// Rule is the policy under which the ballots were cast, fixed when voting opens.
type Rule struct {
	Utility Utility `json:"utility,omitempty"` // EQUAL_SHARES; default PER_MINUTE
	// Raise is by how much each voter's virtual share rises at each step of the
	// completion of EQUAL_SHARES; 0 is a twentieth of the share, at least one minute.
	Raise domain.Minutes `json:"raise,omitempty"`
	// Roll is how many people could have voted; Quorum is in basis points of it (PROPOSAL_VOTE).
	Roll   int64 `json:"roll,omitempty"`
	Quorum int64 `json:"quorum,omitempty"`
	// Floor stays in the pool (SOLIDARITY_DRAW); PersonMaximum is what one person may receive
	// in a year (SOLIDARITY_DRAW) and PairMaximum what one may give to one peer (PEER_EPOCH).
	Floor         domain.Minutes `json:"floor,omitempty"`
	PersonMaximum domain.Minutes `json:"personMaximum,omitempty"`
	PairMaximum   domain.Minutes `json:"pairMaximum,omitempty"`
	// Allowance is what each peer may give in all (PEER_EPOCH).
	Allowance domain.Minutes `json:"allowance,omitempty"`
}

// Instance is everything a run depends on. Equal instances give equal results
// on every machine.
type Instance struct {
	Version  string         `json:"version"`
	Method   Method         `json:"method"`
	Cycle    string         `json:"cycle"`
	Seed     string         `json:"seed"` // committed to before the vote, revealed with the result
	Envelope domain.Minutes `json:"envelope"`
	Rule     Rule           `json:"rule"`
	Projects []Project      `json:"projects"`
	Ballots  []Ballot       `json:"ballots"`
}

// Cause is why a project got what it got.
type Cause string

// The causes.
const (
	Shared         Cause = "SHARED"         // its supporters' shares cover it
	Completed      Cause = "COMPLETED"      // from what was left, most support per minute first
	Voted          Cause = "VOTED"          // enough votes, and it fitted
	ByKey          Cause = "BY_KEY"         // its part of the key
	Given          Cause = "GIVEN"          // participants gave at least its minimum
	Served         Cause = "SERVED"         // a request within the limits
	Ranked         Cause = "RANKED"         // placed in an order; nothing is paid
	NoSupport      Cause = "NO_SUPPORT"     // nobody chose it
	EnvelopeSpent  Cause = "ENVELOPE_SPENT" // what was left of the envelope was not enough
	QuorumMissed   Cause = "QUORUM_MISSED"  // too few people voted on it
	NoMajority     Cause = "NO_MAJORITY"    // not more yes than no
	MinimumMissed  Cause = "MINIMUM_MISSED" // what was given went back
	YearlyMaximum  Cause = "YEARLY_MAXIMUM" // the person has received what one may in a year
	PoolAtItsFloor Cause = "POOL_AT_ITS_FLOOR"
)

// Line is the result for one project, with the figures that explain it.
type Line struct {
	Project string         `json:"project"`
	Minutes domain.Minutes `json:"minutes"` // granted; 0 when not funded
	Cause   Cause          `json:"cause"`
	Place   int            `json:"place"`   // in the order of being funded (or ranked), from 1; 0 when not
	Support int64          `json:"support"` // sum of what ballots said of it
	Voters  int64          `json:"voters"`  // ballots that chose it
	// PerPoint is what a supporter's share gave per point of their score, an exact
	// fraction of minutes ("7/3"); those with less left gave all they had (EQUAL_SHARES).
	PerPoint string `json:"perPoint,omitempty"`
	// Missing is how many minutes were lacking when it was last looked at.
	Missing domain.Minutes `json:"missing,omitempty"`
}

// Result is what a run decided. The lines stand in the projects' order.
type Result struct {
	InputHash string         `json:"inputHash"` // SHA-256 of the instance's canonical bytes
	Lines     []Line         `json:"lines"`
	Spent     domain.Minutes `json:"spent"`
	Left      domain.Minutes `json:"left"`
	// Share is each voter's part of the envelope, an exact fraction, and Virtual
	// what it was raised to in the completion (EQUAL_SHARES).
	Share   string `json:"share,omitempty"`
	Virtual string `json:"virtual,omitempty"`
}
