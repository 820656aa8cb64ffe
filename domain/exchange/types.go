// SPDX-License-Identifier: AGPL-3.0-or-later

// Package exchange keeps the agreement between two members and its life, from a
// proposal to the hours that move.
package exchange

import (
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/listing"
)

// What can go wrong with an exchange.
const (
	WrongState    domain.Code = "EXCHANGE_STATE"      // args: state; it does not allow this any more, or not yet
	NotYourTurn   domain.Code = "NOT_YOUR_TURN"       // the other side must answer
	SameMember    domain.Code = "SAME_MEMBER"         // giver and receiver are one
	OwnListing    domain.Code = "OWN_LISTING"         // nobody answers their own listing
	NotAvailable  domain.Code = "LISTING_UNAVAILABLE" // met, expired, archived
	NotAParty     domain.Code = "NOT_A_PARTY"         // neither gives nor receives in it
	MemberUnknown domain.Code = "MEMBER_UNKNOWN"      // in a list: no member of this community
)

// State is where an exchange stands.
type State string

// The states of an exchange.
const (
	Proposed  State = "PROPOSED"
	Accepted  State = "ACCEPTED"
	Done      State = "DONE"
	Confirmed State = "CONFIRMED" // the hours moved
	Declined  State = "DECLINED"
	Cancelled State = "CANCELLED"
	Expired   State = "EXPIRED"
	Disputed  State = "DISPUTED"
)

// Action is what somebody did to an exchange.
type Action string

// The actions. Each but the last two is somebody's use case.
const (
	Propose  Action = "PROPOSE"
	Revise   Action = "REVISE"
	Accept   Action = "ACCEPT"
	Decline  Action = "DECLINE"
	Cancel   Action = "CANCEL"
	Complete Action = "COMPLETE"
	Confirm  Action = "CONFIRM"
	Dispute  Action = "DISPUTE"
	Resolve  Action = "RESOLVE"
	Expire   Action = "EXPIRE"
	Remind   Action = "REMIND"
)

// Terms are what the two sides agree on. Amounts are minutes; money that is
// refunded directly is a note beside them, never an amount of hours.
type Terms struct {
	Estimated   domain.Minutes
	Travel      domain.Minutes
	Preparation domain.Minutes
	ScheduledAt time.Time // zero: to be agreed
	Place       string
	Costs       string
	Message     string
}

// Promised is what accepting holds on the receiver's account.
func (t Terms) Promised() domain.Minutes { return t.Estimated + t.Travel + t.Preparation }

// Exchange is the agreement and its life; the ledger has what moved.
type Exchange struct {
	Community   domain.ID
	ID          domain.ID
	Number      int
	State       State
	Provider    domain.ID // the member who gives
	Receiver    domain.ID // the member who receives
	Listing     domain.ID // Nowhere when it did not start from one
	ServiceType string
	Level       listing.Level

	Terms
	TermsVersion int
	TermsBy      domain.ID // the member whose proposal stands; the other answers

	Typed    domain.Minutes // actual minutes as typed by the side that marked it done
	Actual   domain.Minutes // the same, in the charter's unit
	DoneBy   domain.ID
	DoneAt   time.Time
	Answered domain.Minutes // the other side's minutes, as typed
	Settled  domain.Minutes // what moved

	Hold      domain.ID
	ExpiresAt time.Time // while PROPOSED
	ConfirmAt time.Time // while DONE: when it confirms itself
	Reminded  int
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int
}

// Other is the other side.
func (x Exchange) Other(member domain.ID) domain.ID {
	if member == x.Provider {
		return x.Receiver
	}
	return x.Provider
}

// UnderWay says whether the two still have something to settle.
func (x Exchange) UnderWay() bool {
	return slices.Contains([]State{Proposed, Accepted, Done, Disputed}, x.State)
}

// Party says whether a member gives or receives in it.
func (x Exchange) Party(member domain.ID) bool {
	return member != domain.Nowhere && (member == x.Provider || member == x.Receiver)
}

// Step is one line of an exchange's history.
type Step struct {
	Community domain.ID
	Exchange  domain.ID
	Step      int
	State     State // the state it led to
	Action    Action
	Member    domain.ID // on whose side; Nowhere for the program
	Person    domain.ID // who did it; another than the member's own when acting for them
	Minutes   domain.Minutes
	Note      string
	At        time.Time
}

// Proposal is an exchange to be. From a listing the sides follow from its kind; without one
// both must be named.
type Proposal struct {
	Community   domain.ID
	Listing     domain.ID
	Provider    domain.ID
	Receiver    domain.ID
	ServiceType string
	Terms       Terms
	OnBehalfOf  domain.ID
	Key         string `json:"-"`
}

// Act names an exchange, on whose side one acts, and what that act needs.
type Act struct {
	Community  domain.ID
	Exchange   domain.ID
	OnBehalfOf domain.ID      // Nowhere: one's own side
	Minutes    domain.Minutes // complete, confirm, resolve
	Reason     string         // decline, cancel, dispute, resolve
	Terms      Terms          // revise
	Key        string         `json:"-"`
}

// Filter narrows a list of exchanges.
type Filter struct {
	States      []State
	Member      domain.ID // giver or receiver
	ServiceType string    // with everything below it in the catalogue
	From, Until time.Time // of creation
}

// EventKind is the event an action records.
func (a Action) EventKind() domain.EventKind {
	return map[Action]domain.EventKind{
		Propose: "EXCHANGE_PROPOSED", Revise: "EXCHANGE_REVISED", Accept: "EXCHANGE_ACCEPTED",
		Decline: "EXCHANGE_DECLINED", Cancel: "EXCHANGE_CANCELLED", Complete: "EXCHANGE_DONE",
		Confirm: "EXCHANGE_CONFIRMED", Dispute: "EXCHANGE_DISPUTED", Resolve: "EXCHANGE_RESOLVED",
		Expire: "EXCHANGE_EXPIRED", Remind: "EXCHANGE_REMINDER",
		Write: "EXCHANGE_CONFIRMED", Deposit: "EXCHANGE_CONFIRMED", Enter: "EXCHANGE_CONFIRMED",
	}[a]
}

// Told is the payload of an exchange's events.
type Told struct {
	State    State          `json:"state"`
	Member   domain.ID      `json:"member"` // on whose side it was done
	Provider domain.ID      `json:"provider"`
	Receiver domain.ID      `json:"receiver"`
	Minutes  domain.Minutes `json:"minutes"`
	Cheque   Action         `json:"cheque,omitempty"` // how a time cheque settled it
}
