// SPDX-License-Identifier: AGPL-3.0-or-later

// Package moderation is how members say that something is wrong, and how those
// whom the community entrusts with it answer: with a reason, a rule, and a way back.
package moderation

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// What can go wrong when something is reported or answered.
const (
	OwnReport       domain.Code = "OWN_REPORT"       // nobody reports what is their own
	AlreadyReported domain.Code = "ALREADY_REPORTED" // by the same member, and not answered yet
	ReportAnswered  domain.Code = "REPORT_ANSWERED"
	Involved        domain.Code = "INVOLVED"      // the case is one's own, or one's household's
	ActionUnfit     domain.Code = "ACTION_UNFIT"  // args: action, subject; only a listing or a message is hidden or removed
	LimitsUnfit     domain.Code = "LIMITS_UNFIT"  // only LIMIT says what is kept from a member
	MeasureEnded    domain.Code = "MEASURE_ENDED" // or there is nothing to undo
)

// Reason is what is wrong, as somebody says it with one tap.
type Reason string

// The reasons.
const (
	UnsafeNow      Reason = "UNSAFE_NOW" // somebody feels in danger: before anything else
	Harassment     Reason = "HARASSMENT"
	Discrimination Reason = "DISCRIMINATION"
	Fraud          Reason = "FRAUD"
	Unsuitable     Reason = "UNSUITABLE" // no service for here
	Privacy        Reason = "PRIVACY"
	Spam           Reason = "SPAM"
	Other          Reason = "OTHER"
)

// SubjectKind says what a report is about.
type SubjectKind string

// The subjects.
const (
	AboutMember       SubjectKind = "MEMBER"
	AboutListing      SubjectKind = "LISTING"
	AboutExchange     SubjectKind = "EXCHANGE"
	AboutMessage      SubjectKind = "MESSAGE" // of a conversation, by who received it
	AboutSession      SubjectKind = "SESSION"
	AboutProject      SubjectKind = "PROJECT"
	AboutAnnouncement SubjectKind = "ANNOUNCEMENT"
	AboutComment      SubjectKind = "COMMENT" // on a decision
)

// Subject is what a report is about.
type Subject struct {
	Kind SubjectKind
	ID   domain.ID
}

// Report says that something is wrong.
type Report struct {
	Community  domain.ID
	ID         domain.ID
	Reporter   domain.ID
	Subject    Subject
	Accused    domain.ID // the member whom it concerns, who never learns who reported
	Reason     Reason
	Details    string // may be empty
	Quote      string // what was reported said then; empty where it can be looked at
	At         time.Time
	AnswerBy   time.Time // when it should be answered at the latest
	OverdueAt  time.Time // when moderators were told that it is late
	AnsweredAt time.Time
}

// Action is what moderators do about a report, from nothing to the hardest.
type Action string

// The actions, in the order of their weight.
const (
	Dismiss Action = "NONE"    // no rule was broken
	Note    Action = "NOTE"    // kept for those who moderate
	Warn    Action = "WARN"    // the member is told
	Hide    Action = "HIDE"    // a listing, for some days
	Remove  Action = "REMOVE"  // a listing, for good
	Limit   Action = "LIMIT"   // some things are kept from the member, for some days
	Freeze  Action = "FREEZE"  // the member takes part in nothing, for some days
	Suspend Action = "SUSPEND" // the member takes part in nothing, until somebody undoes it
)

// Measure is the answer to a report. It is never changed: it ends by time, or is
// undone for a reason.
type Measure struct {
	Community domain.ID
	ID        domain.ID
	Report    domain.ID
	Member    domain.ID
	Subject   Subject
	Action    Action
	Rule      string // a Reason, or the moderator's own words
	Statement string
	DecidedBy domain.ID
	At        time.Time
	Limits    []membership.Ability // what LIMIT keeps from the member
	Until     time.Time            // zero: it does not end by itself
	Before    string               // what undoing brings back
	EndedAt   time.Time
	EndedBy   domain.ID // Nowhere when time ended it
	EndReason string

	HandedOverAt time.Time // when somebody gave the statement to a member without an account
	HandedOverBy domain.ID
}

// ToldMember says whether the member is told of it: what changes nothing for them
// stays among those who moderate.
func (m Measure) ToldMember() bool { return m.Action != Dismiss && m.Action != Note }

// File is somebody's wish to report.
type File struct {
	Community domain.ID
	Subject   Subject
	Reason    Reason
	Details   string
	Key       string `json:"-"`
}

// Resolve is an answer to be.
type Resolve struct {
	Community domain.ID
	Report    domain.ID
	Action    Action
	Rule      string // empty: the one that the report's reason names
	Statement string
	Days      int                  // for what ends by itself; 0: as long as is usual
	Limits    []membership.Ability `json:",omitempty"` // for LIMIT
	Key       string               `json:"-"`
}

// The events of moderation.
const (
	Reported      domain.EventKind = "REPORT_FILED"
	ReportLate    domain.EventKind = "REPORT_OVERDUE"
	MeasureTaken  domain.EventKind = "MEASURE_TAKEN"
	MeasureUndone domain.EventKind = "MEASURE_UNDONE"
	MeasureLapsed domain.EventKind = "MEASURE_LAPSED"
	MeasureHanded domain.EventKind = "MEASURE_HANDED_OVER" // a statement of reasons given on paper
)

// Told is the payload of these events.
type Told struct {
	Report   domain.ID `json:"report"`
	Reporter domain.ID `json:"reporter"` // Nowhere but for reports and what answers them
	Member   domain.ID `json:"member"`
	Action   Action    `json:"action"`
	Reason   Reason    `json:"reason"`
	Appeal   domain.ID `json:"appeal"` // that had it undone; Nowhere without one
}
