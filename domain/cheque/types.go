// SPDX-License-Identifier: AGPL-3.0-or-later

// Package cheque keeps time cheques: the receiver's word, on a phone or on
// paper, that a service was given. Each settles an exchange; what an exchange is
// and how its hours move is exchange's to know.
package cheque

import (
	"crypto/ed25519"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a cheque.
const (
	Unreadable  domain.Code = "CHEQUE_UNREADABLE"   // not a cheque of a version we know
	Forged      domain.Code = "CHEQUE_FORGED"       // changed since it was signed, or signed by nobody known here
	Revoked     domain.Code = "CHEQUE_REVOKED"      // its device was revoked; args: at
	Expired     domain.Code = "CHEQUE_EXPIRED"      // args: max days
	Postdated   domain.Code = "CHEQUE_POSTDATED"    // dated after today
	Deposited   domain.Code = "CHEQUE_DEPOSITED"    // somebody brought it before; args: at
	NumberTaken domain.Code = "CHEQUE_NUMBER_TAKEN" // a slip with this number was keyed in
	WrongState  domain.Code = "CHEQUE_STATE"        // args: state
	DayInvalid  domain.Code = "DAY_INVALID"         // no day of the calendar
	KeyInvalid  domain.Code = "DEVICE_KEY_INVALID"  // no Ed25519 public key
	KeyTaken    domain.Code = "DEVICE_KEY_TAKEN"    // known here already
	BatchUndone domain.Code = "BATCH_UNDONE"        // a batch is undone once
)

// Kind says how a cheque came.
type Kind string

// The kinds of cheque.
const (
	Written Kind = "WRITTEN" // online, by the receiver
	Signed  Kind = "SIGNED"  // offline, by the receiver's device
	Slip    Kind = "SLIP"    // on paper, keyed in
)

// State is where a cheque stands.
type State string

// The states of a cheque.
const (
	Settled   State = "SETTLED"
	Pending   State = "PENDING"   // deposited, but the receiver's hours were too short
	Withdrawn State = "WITHDRAWN" // whoever would be credited gave it up
	Undone    State = "UNDONE"    // its batch was undone
)

// Cheque is the receiver's word that somebody gave a service.
type Cheque struct {
	Community   domain.ID
	ID          domain.ID
	Kind        Kind
	State       State
	Number      string // a slip's as printed, a signed one's serial; empty for a written one
	Provider    domain.ID
	Receiver    domain.ID
	ServiceType string
	Description string
	Day         time.Time      // midnight UTC of the day it is dated
	Minutes     domain.Minutes // as written
	Settled     domain.Minutes // what moved, in the charter's unit; 0 while pending
	Exchange    domain.ID      // what it settled; Nowhere while pending
	Device      domain.ID      // whose key signed it
	Raw         []byte         // what was signed, to be checked again
	Batch       domain.ID      // the pile it was keyed in with
	Line        int            // its place in the pile, from 0
	EnteredBy   domain.ID      // the member who wrote, deposited or keyed it in; Nowhere when that is none
	EnteredAt   time.Time
	SettledAt   time.Time
	Version     int
}

// Party says whether a member gives or receives by it.
func (c Cheque) Party(member domain.ID) bool {
	return member != domain.Nowhere && (member == c.Provider || member == c.Receiver)
}

// VisibleTo says who sees a cheque: its parties, and those who see every exchange.
func (c Cheque) VisibleTo(standing domain.Standing) bool {
	return c.Party(standing.Member) || standing.May(domain.SeeEveryExchange)
}

// Device is a phone that may sign cheques for a member while it is offline.
type Device struct {
	Community    domain.ID
	ID           domain.ID
	Member       domain.ID
	Person       domain.ID
	Name         string
	PublicKey    ed25519.PublicKey
	RegisteredAt time.Time
	RevokedAt    time.Time // zero while it is trusted
}

// Batch is a pile of paper slips that somebody keyed in.
type Batch struct {
	Community  domain.ID
	ID         domain.ID
	Cheques    int
	Minutes    domain.Minutes
	EnteredBy  domain.ID // member
	EnteredAt  time.Time
	UndoneBy   domain.ID // member; Nowhere while it stands
	UndoneAt   time.Time
	UndoReason string
}

// Write is a cheque that the receiver writes online; it settles at once.
type Write struct {
	Community   domain.ID
	Provider    domain.ID
	Minutes     domain.Minutes
	ServiceType string
	Description string
	OnBehalfOf  domain.ID
	Key         string `json:"-"`
}

// Line is one paper slip as it was keyed in.
type Line struct {
	Number      string
	Provider    domain.ID // Nowhere: no member of this community
	Receiver    domain.ID
	Minutes     domain.Minutes
	Day         string // as typed
	ServiceType string
}

// Filter narrows a list of cheques.
type Filter struct {
	Member domain.ID // giver or receiver
	Batch  domain.ID
	States []State
}

// The events of cheques. One that settles is told by its exchange.
const (
	Waits            domain.EventKind = "TIME_CHEQUE_PENDING"
	GivenUp          domain.EventKind = "TIME_CHEQUE_WITHDRAWN"
	BatchIsUndone    domain.EventKind = "TIME_CHEQUES_UNDONE"
	DeviceRegistered domain.EventKind = "DEVICE_KEY_REGISTERED"
	DeviceRevoked    domain.EventKind = "DEVICE_KEY_REVOKED"
)

// Told is the payload of the events of one cheque.
type Told struct {
	Member   domain.ID      `json:"member"` // on whose side it was done
	Provider domain.ID      `json:"provider"`
	Receiver domain.ID      `json:"receiver"`
	Minutes  domain.Minutes `json:"minutes"`
}

// Concerned is the payload of BatchIsUndone and of the devices' events.
type Concerned struct {
	Members []domain.ID `json:"members"`
}
