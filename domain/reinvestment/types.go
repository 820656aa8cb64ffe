// SPDX-License-Identifier: AGPL-3.0-or-later

// Package reinvestment puts part of a community's common hours back into common
// projects: a cycle sets an envelope aside from a pool, members submit projects
// and vote, an exact count divides the envelope, and hours move as work is done.
package reinvestment

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// What can go wrong with a cycle.
const (
	CycleState       domain.Code = "CYCLE_STATE"         // args: state; the cycle's state does not allow this
	CalendarInvalid  domain.Code = "CALENDAR_INVALID"    // the dates must follow one another, the first not in the past
	MethodNotForVote domain.Code = "METHOD_NOT_FOR_VOTE" // args: known; cycles do not count by this method
	VoteElsewhere    domain.Code = "VOTE_ELSEWHERE"      // args: community; whose cycle it is: members vote in their own
	EarmarkDiffers   domain.Code = "EARMARK_DIFFERS"     // args: for; empty where the cycle's hours are for anything
	VotedInPerson    domain.Code = "VOTED_IN_PERSON"     // whoever voted is not voted for
	ProjectState     domain.Code = "PROJECT_STATE"       // args: state
	TooManyProjects  domain.Code = "TOO_MANY_PROJECTS"   // args: max; of one member in one cycle
	TooManyDoubts    domain.Code = "TOO_MANY_CHALLENGES" // args: max; of one member in one cycle
	ClaimBeyondGrant domain.Code = "CLAIM_BEYOND_GRANT"  // args: available, required
	ClaimState       domain.Code = "CLAIM_STATE"         // args: state
	OwnClaim         domain.Code = "OWN_CLAIM"           // whoever claims, or files a claim for somebody, never approves it
	HouseholdClaim   domain.Code = "CLAIM_OF_HOUSEHOLD"  // nor whom they live with
	ApprovedBefore   domain.Code = "APPROVED_BEFORE"     // two people look at it, not one twice
)

// State is where a cycle stands.
type State string

// The states, in their order. CANCELLED returns what was set aside.
const (
	Draft       State = "DRAFT"
	OpenCall    State = "OPEN_CALL"
	Feasibility State = "FEASIBILITY"
	Voting      State = "VOTING"
	Tallied     State = "TALLIED"
	Challenge   State = "CHALLENGE"
	Paying      State = "PAYING"
	Reporting   State = "REPORTING"
	Closed      State = "CLOSED"
	Cancelled   State = "CANCELLED"
)

// Calendar is when a cycle moves on; each moment is after the one before.
type Calendar struct {
	CallAt         time.Time `json:"callAt"`         // projects may be submitted
	FeasibilityAt  time.Time `json:"feasibilityAt"`  // no more of them; they are looked at
	VotingAt       time.Time `json:"votingAt"`       // members vote; the policy stands
	TallyAt        time.Time `json:"tallyAt"`        // the count
	ChallengeUntil time.Time `json:"challengeUntil"` // the result may be challenged
	PayUntil       time.Time `json:"payUntil"`       // payouts may be claimed
	CloseAt        time.Time `json:"closeAt"`        // after the report
}

// Cycle is one round of giving common hours back.
type Cycle struct {
	Community domain.ID
	ID        domain.ID
	Title     string
	Pool      domain.ID // the account the envelope was taken from
	Account   domain.ID // the account it lies on: what is not paid out returns to the pool
	Envelope  domain.Minutes
	Method    allocation.Method
	Rule      allocation.Rule
	// TwoApproversAbove is the payout from which a second person approves.
	TwoApproversAbove domain.Minutes
	Calendar          Calendar
	State             State
	Seed              string // breaks the last ties; shown once the count is done
	Commitment        string // of the seed, shown from the beginning
	Roll              int64  // who could vote when voting began
	Reminded          State  // the last of which those it waits for were reminded
	OpenedBy          domain.ID
	CreatedAt         time.Time
	Version           int
}

// Step is one line of a cycle's history.
type Step struct {
	Community, Cycle domain.ID
	Step             int
	State            State
	Person           domain.ID // Nowhere for the program
	Note             string
	Due              time.Time // when the calendar asked for it
	At               time.Time // when it was done
}

// ProjectStage is where a project stands.
type ProjectStage string

// The stages of a project.
const (
	Submitted ProjectStage = "SUBMITTED"
	Eligible  ProjectStage = "ELIGIBLE"
	Refused   ProjectStage = "REFUSED" // with reasons
	Withdrawn ProjectStage = "WITHDRAWN"
	Funded    ProjectStage = "FUNDED"
	Unfunded  ProjectStage = "UNFUNDED"
)

// Milestone is a part of a project that can be claimed by itself.
type Milestone struct {
	Title   string         `json:"title"`
	Minutes domain.Minutes `json:"minutes"`
}

// Project is what members vote on, what somebody asks of a solidarity draw, or what a
// peer of an epoch did.
type Project struct {
	Community, Cycle, ID domain.ID
	Number               int // its place in the order of filing
	Owner                domain.ID
	Title, Body          string
	Minimum, Maximum     domain.Minutes
	Milestones           []Milestone
	Confidential         bool // a request to a solidarity draw
	Stage                ProjectStage
	Reason               string         // of the review
	Granted              domain.Minutes // by the count
	Paid                 domain.Minutes
	CreatedAt            time.Time
	Version              int
}

// Ballot is one member's vote. Only the receipt is ever published.
type Ballot struct {
	Community, Cycle, Member domain.ID
	Helper                   domain.ID // who cast it, where its voter asked them to
	Receipt                  string
	Choices                  []allocation.Choice // projects by their id
	At                       time.Time
}

// Run is a count that was made, whole: a stranger can make it again.
type Run struct {
	Community, Cycle domain.ID
	Run              int // the first, or one more after a challenge
	Record           allocation.Record
	At               time.Time
	// Sealed is a count as it is shown to somebody who may not see what was asked:
	// the record holds nothing but their own lines.
	Sealed         bool
	Asked, Granted int // projects that were counted, and that were granted hours
	Voters         int // who cast a ballot
}

// Contest is a challenge to a result: it is counted again, and what came out is kept.
type Contest struct {
	Community, Cycle, ID domain.ID
	Member               domain.ID
	Reason               string
	Same                 bool // the second count gave the same
	At                   time.Time
}

// ClaimStage is where a claim stands.
type ClaimStage string

// The stages of a claim.
const (
	Claimed  ClaimStage = "CLAIMED"
	Paid     ClaimStage = "PAID"
	Declined ClaimStage = "DECLINED"
)

// Claim asks for hours of a grant, for work that was done.
type Claim struct {
	Community, Cycle, Project, ID domain.ID
	Member                        domain.ID // who claims, and is credited
	FiledBy                       domain.ID // who filed it for them; Nowhere for themselves
	Milestone                     int       // from 1; 0 for none
	Minutes                       domain.Minutes
	Proof                         string
	Stage                         ClaimStage
	Reason                        string      // of declining
	Approvers                     []domain.ID // members, in their order
	Approvals                     int         // how many it needs; 0 for claims of before this was kept
	Transfer                      domain.ID   // once paid
	CreatedAt                     time.Time
	Version                       int
}

// Report is a cycle's account of itself; Envelope = PaidOut + Returned + Left, to the minute.
type Report struct {
	Envelope, Granted, PaidOut, Returned, Left domain.Minutes
	Roll, Voters                               int64
	VotersWithAFundedChoice                    int64
	LargestGrant                               domain.Minutes
	Projects, FundedProjects                   int
	Appeals                                    int // challenges to the count
	Pool                                       PoolBook
}

// PoolBook is what a cycle's pool did while the cycle ran: Opening and all flows
// make Closing, to the minute.
type PoolBook struct {
	From, Until      time.Time
	Opening, Closing domain.Minutes
	Flows            []Flow
	Inflows          []SourceFlow
	Outflows         domain.Minutes
}

// Source is where hours of a pool come from.
type Source string

// The sources.
const (
	FromLevy      Source = "LEVY"
	FromGift      Source = "GIFT" // of members, or of the community
	FromSponsor   Source = "SPONSOR"
	FromLeaver    Source = "LEAVER"
	FromCycle     Source = "RETURN"    // what a cycle did not need
	FromPool      Source = "POOL"      // another pool
	FromCommunity Source = "COMMUNITY" // another community
	FromOther     Source = "OTHER"     // payments undone, corrections
)

// SourceFlow is what came into a pool from one source.
type SourceFlow struct {
	Source  Source
	Sponsor string // for SPONSOR
	Minutes domain.Minutes
	Times   int64
}

// Flow is what came into a pool, or went, for one reason.
type Flow struct {
	Kind     ledger.TransferKind
	Incoming bool
	Minutes  domain.Minutes
	Times    int64
}

// The room's events. Payloads hold ids and figures only.
const (
	CycleOpened       domain.EventKind = "CYCLE_OPENED"
	CycleMoved        domain.EventKind = "CYCLE_MOVED"
	ProjectSubmitted  domain.EventKind = "PROJECT_SUBMITTED"
	ProjectReviewed   domain.EventKind = "PROJECT_REVIEWED"
	ProjectWithdrawn  domain.EventKind = "PROJECT_WITHDRAWN"
	ProjectDecided    domain.EventKind = "PROJECT_DECIDED"
	ProjectPaid       domain.EventKind = "PROJECT_PAID" // by itself, without a claim
	BallotCast        domain.EventKind = "BUDGET_BALLOT_CAST"
	AllocationDoubted domain.EventKind = "ALLOCATION_CHALLENGED"
	ClaimMade         domain.EventKind = "CLAIM_MADE"
	ClaimApproved     domain.EventKind = "CLAIM_APPROVED"
	ClaimPaid         domain.EventKind = "CLAIM_PAID"
	ClaimDeclined     domain.EventKind = "CLAIM_DECLINED"
	PlanMade          domain.EventKind = "PLAN_MADE"
	PlanCame          domain.EventKind = "PLAN_CAME_ROUND"
	PlanOver          domain.EventKind = "PLAN_ENDED"
	SplitWorded       domain.EventKind = "SPLIT_WORDED"
	SplitSigned       domain.EventKind = "SPLIT_SIGNED"
	SplitDeclined     domain.EventKind = "SPLIT_REFUSED"
	SplitSettled      domain.EventKind = "SPLIT_SETTLED"
)

// Differs is the state that is told of a challenge whose count gave something else.
const Differs = "DIFFERS"

// Told is the payload of the room's events.
type Told struct {
	Cycle   domain.ID      `json:"cycle,omitzero"`
	State   string         `json:"state,omitempty"`
	Member  domain.ID      `json:"member,omitzero"` // whom it concerns
	Minutes domain.Minutes `json:"minutes,omitempty"`
	// Method is named where hours go to people by themselves.
	Method allocation.Method `json:"method,omitempty"`
	// By is when what is announced comes, of hours that lie apart.
	By time.Time `json:"by,omitzero"`
}
