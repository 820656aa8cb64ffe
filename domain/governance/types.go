// SPDX-License-Identifier: AGPL-3.0-or-later

// Package governance is how a community decides: ballots over a frozen roll,
// counted exactly and published under receipts, whose decisions execute themselves.
package governance

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// What can go wrong with a decision.
const (
	DecisionState    domain.Code = "DECISION_STATE"    // args: state; it does not allow this
	NotOnTheRoll     domain.Code = "NOT_ON_THE_ROLL"   // not on the roll that was frozen at the opening
	RollEmpty        domain.Code = "ROLL_EMPTY"        // nobody could vote
	ConflictDeclared domain.Code = "CONFLICT_DECLARED" // who has a part in it does not vote
	AlreadyVoted     domain.Code = "ALREADY_VOTED"     // a ballot was cast; it would have to be undone
	ReasonNeeded     domain.Code = "REASON_NEEDED"     // who says no says why
	EffectNotHere    domain.Code = "EFFECT_NOT_HERE"   // args: known; this type of decision does something else
	TooSoon          domain.Code = "TOO_SOON"          // args: min; days that this type of decision gives at least
)

// Rules are how a decision is taken: the row of the power matrix as it was when
// the decision was announced.
type Rules struct {
	Mode           community.Mode       `json:"mode"`
	Body           community.Body       `json:"body"`
	Electorate     community.Electorate `json:"electorate"`
	NoticeDays     int                  `json:"noticeDays"` // from the announcement until ballots are taken
	Days           int                  `json:"days"`       // how long ballots are taken
	Secret         bool                 `json:"secret"`     // for good: after the close nobody can say whose a ballot was
	Reasoned       bool                 `json:"reasoned"`   // a no or a negative score comes with its reason
	Mandates       int                  `json:"mandates"`   // how many others one may vote for
	Reminders      []community.Reminder `json:"reminders"`
	SecondCallDays int                  `json:"secondCallDays"`
	ReviewMonths   int                  `json:"reviewMonths"` // the outcome comes back after; 0 for never
	Colleges       []community.College  `json:"colleges"`     // whose votes weigh together; none, or at least three
	tally.Rule
}

// State is where a decision stands.
type State string

// The states of a decision.
const (
	Draft      State = "DRAFT"       // announced, or drafted by a review
	Open       State = "OPEN"        // ballots are taken
	SecondCall State = "SECOND_CALL" // too few came: once more, without a quorum
	Closed     State = "CLOSED"      // counted; there was nothing to execute
	Executed   State = "EXECUTED"    // counted, and done
	Failed     State = "FAILED"      // counted, and what it decided could not be done yet
	Withdrawn  State = "WITHDRAWN"
)

// Takes says whether ballots are taken.
func (s State) Takes() bool { return s == Open || s == SecondCall }

// Counted says whether the result is known.
func (s State) Counted() bool { return s == Closed || s == Executed || s == Failed }

// EffectKind is what a decision does by itself once it is adopted.
type EffectKind string

// The effects.
const (
	Admit         EffectKind = "ADMIT"          // an applicant becomes a member
	GrantMandate  EffectKind = "GRANT_MANDATE"  // a member holds a role
	ChangeCharter EffectKind = "CHANGE_CHARTER" // the charter has other rules
)

// Effect is what an adopted decision does. With options, Member of the chosen
// option takes the place of Member here.
type Effect struct {
	Kind   EffectKind  `json:"kind"`
	Member domain.ID   `json:"member,omitzero"`
	Role   domain.Role `json:"role,omitempty"`
	Until  time.Time   `json:"until,omitzero"`
	// Changes of the charter, against its version Charter; they take effect From, or as soon as the matrix lets them.
	Changes community.Changes `json:"changes,omitempty"`
	Charter int               `json:"charter,omitempty"`
	From    time.Time         `json:"from,omitzero"`
}

// Option is something that can be chosen, and whom it is about.
type Option struct {
	tally.Option
	Member domain.ID `json:"member,omitzero"`
}

// Decision is one question that the community answers.
type Decision struct {
	Community, ID  domain.ID
	Type           community.DecisionType
	Question, Body string
	Options        []Option
	Effect         *Effect
	Rules          Rules
	State          State
	OpensAt        time.Time // zero: when somebody opens the draft
	ClosesAt       time.Time
	OpenedAt       time.Time // when the roll was frozen; zero before
	Reminded       int       // how many reminders were sent
	Seed           string    // shown with the result
	Commitment     string    // of the seed, shown from the beginning
	Roll           int64
	By             domain.ID // the member who asked
	CreatedAt      time.Time
	ClosedAt       time.Time
	Result         *tally.Result // nil before
	Failure        domain.Code   // why it could not be done; empty unless FAILED
	Attempts       int
	RetryAt        time.Time
	Reason         string // of the withdrawal
	Outcome        Outcome
	Reviews        domain.ID // the decision that this one looks at again
	Version        int
}

// Outcome is what follows from a decision: who sees to it, and when it is looked
// at again.
type Outcome struct {
	Text     string
	Owner    domain.ID
	ReviewAt time.Time
}

// Ballot is a vote in the box. Its slot is the only tie to a member: it is
// made with a key of the decision that is destroyed with the box at the close.
type Ballot struct {
	Community, Decision domain.ID
	Slot                []byte
	Receipt             string
	College             string
	Paper               tally.Paper
	Reason              string
	Member              domain.ID // Nowhere when the ballot is secret
	Carried             bool      // cast by whoever represents the voter; it leaves with a first call that fails
}

// Published is a ballot as everybody reads it after the close.
type Published struct {
	Community, Decision domain.ID
	Receipt             string
	College             string
	Paper               tally.Paper
	Reason              string
	Member              domain.ID // Nowhere when the ballot was secret
}

// Seat is somebody's line on a frozen roll.
type Seat struct {
	Community, Decision, Member domain.ID
	College                     string
	Voted                       bool
	Conflict                    string // what they declared; empty for none
}

// Represented is somebody on a roll who did not vote, and who did in their place.
type Represented struct {
	From, To, Delegation domain.ID
	College              string // of From
}

// Comment is what somebody says of a decision.
type Comment struct {
	Community, ID, Decision, Member domain.ID
	Body                            string // empty once removed
	Removed                         bool   // a measure holds against it
	At                              time.Time
}

// Turnout is how a roll stands.
type Turnout struct {
	Decision               domain.ID
	Roll, Voted, Conflicts int64
}

// The room's events. Payloads hold ids and figures only, and never who voted.
const (
	DecisionProposed  domain.EventKind = "DECISION_PROPOSED"
	DecisionOpened    domain.EventKind = "DECISION_OPENED"
	DecisionRemembers domain.EventKind = "DECISION_REMINDER"
	DecisionCast      domain.EventKind = "DECISION_BALLOT_CAST"
	DecisionConflict  domain.EventKind = "DECISION_CONFLICT_DECLARED"
	DecisionCalled    domain.EventKind = "DECISION_SECOND_CALL"
	DecisionClosed    domain.EventKind = "DECISION_CLOSED"
	DecisionExecuted  domain.EventKind = "DECISION_EXECUTED"
	DecisionFailed    domain.EventKind = "DECISION_FAILED"
	DecisionWithdrawn domain.EventKind = "DECISION_WITHDRAWN"
	DecisionOutcome   domain.EventKind = "DECISION_OUTCOME_SET"
	DecisionReview    domain.EventKind = "DECISION_REVIEW_DUE"
	DecisionComment   domain.EventKind = "DECISION_COMMENTED"
)

// Told is the payload of the room's events.
type Told struct {
	State  State     `json:"state,omitempty"`
	Member domain.ID `json:"member,omitzero"` // whom it concerns
}
