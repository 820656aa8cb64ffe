// SPDX-License-Identifier: AGPL-3.0-or-later

// Package progression is the way of members: what they did, where it leads them by
// the charter's policy, and what is missing to go further. It moves participation
// and nothing else; shares and votes are other registers'.
package progression

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// Kind is what somebody did.
type Kind string

// The kinds of contribution.
const (
	Exchanged   Kind = "EXCHANGE"
	Attended    Kind = "SESSION" // given or received in a group
	Worked      Kind = "ACTIVITY"
	OnDuty      Kind = "DUTY"
	Endorsed    Kind = "ENDORSEMENT"
	Orientation Kind = "ORIENTATION"
	Mandate     Kind = "MANDATE"
)

// Contribution is one thing that an event says of a member. It is never changed:
// what turns out not to have been is undone by another that names it.
type Contribution struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Partner   domain.ID // with whom; Nowhere for work for the whole
	Kind      Kind
	Minutes   domain.Minutes // that the member gave; 0 for whoever received
	At        time.Time      // when it was
	NotedAt   time.Time      // when it was derived from
	Position  int64          // of its event
	Source    domain.ID      // the exchange, session, activity, endorsement …
	Undoes    domain.ID
}

// Metrics are what counts of a member's contributions within the policy's window:
// without the household, and no more of one partner than the policy allows.
type Metrics struct {
	Exchanges    int
	Partners     int
	Months       int
	Given        domain.Minutes
	Associative  domain.Minutes // of which for the whole
	Endorsements int            // by voters of as many other households
}

// Notice announces a change for the worse before it takes effect.
type Notice struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Was       membership.Participation
	Becomes   membership.Participation
	Policy    int // the charter's version
	GivenAt   time.Time
	DueAt     time.Time
}

// Standing is where the evaluation finds a member.
type Standing struct {
	Member     domain.ID
	Is         membership.Participation
	GraceUntil time.Time
	Notice     *Notice // that is pending
	Metrics    Metrics
	Seen       *Metrics // of the evaluation that was kept last
}

// Evaluation is what a night found of a member; kept where something changed or
// nearly did.
type Evaluation struct {
	Community domain.ID
	Member    domain.ID
	Day       time.Time // midnight UTC of the community's day
	Policy    int
	Was       membership.Participation
	Became    membership.Participation
	Metrics   Metrics
	At        time.Time
}

// Move takes a member from one state of participation to another.
type Move struct {
	Member   domain.ID
	From, To membership.Participation
	Grace    time.Time // zero leaves it as it is
}

// The events of progression.
const (
	Moved        domain.EventKind = "PARTICIPATION_MOVED"
	NoticeGiven  domain.EventKind = "NOTICE_GIVEN"
	NoticeLifted domain.EventKind = "NOTICE_LIFTED"
)

// MovedTold is the payload of Moved; its subject is the member.
type MovedTold struct {
	From     membership.Participation `json:"from"`
	To       membership.Participation `json:"to"`
	Restored bool                     `json:"restored,omitempty"` // what an announcement had said or done is undone
	Policy   int                      `json:"policy"`
}

// NoticeTold is the payload of the notices' events; their subject is the notice.
type NoticeTold struct {
	Member  domain.ID                `json:"member"`
	Was     membership.Participation `json:"was"`
	Becomes membership.Participation `json:"becomes"`
	Due     time.Time                `json:"due"`
	Policy  int                      `json:"policy"`
}
