// SPDX-License-Identifier: AGPL-3.0-or-later

// Package membership keeps who belongs to a community, in which of three facets,
// and what the community entrusts to them.
package membership

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a membership.
const (
	AlreadyMember   domain.Code = "ALREADY_MEMBER"
	MemberState     domain.Code = "MEMBER_STATE"     // args: state; it does not allow this
	OpenCommitments domain.Code = "OPEN_COMMITMENTS" // args: count; exchanges accepted or done first need an end
	LastCoordinator domain.Code = "LAST_COORDINATOR" // hand the role over first
	RoleUnknown     domain.Code = "ROLE_UNKNOWN"
	DateInvalid     domain.Code = "DATE_INVALID" // in the past where the future is meant
)

// Kind says who the member is.
type Kind string

// The kinds of member.
const (
	Person       Kind = "PERSON"
	Household    Kind = "HOUSEHOLD"
	Organisation Kind = "ORGANISATION"
)

// Participation is the first facet: what somebody does here. Rules, the member's
// own request and moderation change it.
type Participation string

// The states of participation.
const (
	Applicant Participation = "APPLICANT"
	Newcomer  Participation = "NEWCOMER"
	Active    Participation = "ACTIVE"
	Engaged   Participation = "ENGAGED"
	AtRisk    Participation = "AT_RISK"
	Dormant   Participation = "DORMANT" // quiet, never deleted
	Paused    Participation = "PAUSED"
	Suspended Participation = "SUSPENDED"
	Left      Participation = "LEFT"
	Declined  Participation = "DECLINED" // an application that was not accepted
)

// Admitted is true from admission until leaving.
func (p Participation) Admitted() bool {
	return p.InGoodStanding() || p == Paused || p == Suspended
}

// InGoodStanding is true when somebody may take part today.
func (p Participation) InGoodStanding() bool {
	switch p {
	case Newcomer, Active, Engaged, AtRisk, Dormant:
		return true
	default:
		return false
	}
}

// Capital is the second facet; only share operations change it.
type Capital string

// The states of capital.
const (
	NoCapital Capital = "NONE"
	Pending   Capital = "PENDING"
	Investor  Capital = "INVESTOR"
	Full      Capital = "FULL"
	Redeeming Capital = "REDEEMING"
	Redeemed  Capital = "REDEEMED"
)

// Governance is the third facet; only a decision or an own request changes it.
type Governance string

// The states of governance.
const (
	Guest     Governance = "GUEST"
	Voice     Governance = "VOICE"
	Candidate Governance = "CANDIDATE"
	Voter     Governance = "VOTER"
	Mandated  Governance = "MANDATED"
	Leaving   Governance = "LEAVING"
	Former    Governance = "FORMER"
	Excluded  Governance = "EXCLUDED"
)

// Stage is where somebody stands between user and co-owner. It is derived from
// the facets and never stored.
type Stage string

// The stages.
const (
	User       Stage = "USER"
	ActiveUser Stage = "ACTIVE_USER"
	Investing  Stage = "INVESTOR"
	CoOwner    Stage = "CO_OWNER"
	Steward    Stage = "STEWARD"
	Alumni     Stage = "ALUMNI"
)

// Member is a person, household or organisation in one community.
type Member struct {
	Community     domain.ID
	ID            domain.ID
	Number        int // given at admission, never reused; 0 before
	Kind          Kind
	Person        domain.ID // Nowhere for somebody without an account of their own
	DisplayName   string
	Email         string
	Participation Participation
	Capital       Capital
	Governance    Governance
	Message       string // what they wrote when they applied
	AppliedAt     time.Time
	AdmittedAt    time.Time
	Oriented      bool          // the conversation that welcomes was noted
	ResumesAs     Participation // what a paused membership returns to
	LeftAt        time.Time
	DeclineReason string
	Limits        []Limit  // what measures keep from them for a time
	Guarded       *Guarded // of a minor; nil for those of age
	Version       int
}

// RoleGrant entrusts a role to a member for a time.
type RoleGrant struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Role      domain.Role
	From      time.Time
	Until     time.Time // zero: until revoked
	GrantedBy domain.ID
	Key       string `json:"-"` // what makes the granting happen once; optional
}

// Filter narrows a community's list of members.
type Filter struct {
	Text           string          // part of the name, accents and case ignored
	Participations []Participation // empty: everybody admitted
	Role           domain.Role     // held now; empty: any or none
	WithoutListing bool            // shows no offer and no request
	QuietSince     time.Time       // admitted before, and has exchanged nothing since; zero: whoever
	UnderAge       bool            // a minor
	Without        []domain.ID     // from whom a block keeps the reader
}

// Register enters a member who may have no e-mail and no device at all.
type Register struct {
	Community   domain.ID
	DisplayName string
	Kind        Kind
	Email       string // optional
	Key         string `json:"-"`
}

// Apply is somebody's wish to join.
type Apply struct {
	Community    domain.ID
	Message      string
	ComesOfAgeOn time.Time `json:",omitzero"` // zero for those of age
	Key          string    `json:"-"`
}

// The events of membership.
const (
	Applied     domain.EventKind = "MEMBER_APPLIED"
	Welcomed    domain.EventKind = "MEMBER_ADMITTED"
	NotAdmitted domain.EventKind = "MEMBER_DECLINED"
	PausedIt    domain.EventKind = "MEMBER_PAUSED"
	Resumed     domain.EventKind = "MEMBER_RESUMED"
	Gone        domain.EventKind = "MEMBER_LEFT"
	RoleGiven   domain.EventKind = "ROLE_GRANTED"
	RoleEnded   domain.EventKind = "ROLE_REVOKED"
)

// RoleTold is the payload of the role events.
type RoleTold struct {
	Role domain.Role `json:"role"`
}
