// SPDX-License-Identifier: AGPL-3.0-or-later

// Package duty is the work by turns that members of some communities owe: shifts that
// come round, who takes them, and a counter that is only ever added to.
package duty

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with duty.
const (
	Off            domain.Code = "DUTY_OFF"                 // the charter has no duty
	ShiftFull      domain.Code = "DUTY_SHIFT_FULL"          // args: max
	ShiftOver      domain.Code = "DUTY_SHIFT_BEGUN"         // it began, or was called off
	ShiftToCome    domain.Code = "DUTY_SHIFT_TO_COME"       // it is not over
	AlreadyBooked  domain.Code = "DUTY_BOOKED_TWICE"        // or at the same time as another
	BookingState   domain.Code = "DUTY_BOOKING_STATE"       // args: state
	OwnDuty        domain.Code = "OWN_DUTY"                 // nobody notes, corrects or extends their own
	Changed        domain.Code = "DUTY_CONSEQUENCE_CHANGED" // args: points; not what was shown
	TemplateEnded  domain.Code = "DUTY_TEMPLATE_ENDED"      // it comes round no more
	DayClosed      domain.Code = "DUTY_DAY_CLOSED"          // it was closed before
	EntryCorrected domain.Code = "DUTY_ENTRY_CORRECTED"     // once is enough, and no correction is corrected
	NotBehind      domain.Code = "DUTY_NOT_BEHIND"          // there is nothing to extend
	SwapOver       domain.Code = "DUTY_SWAP_OVER"           // it was done, withdrawn, or the shift began
	OwnSwap        domain.Code = "OWN_DUTY_SWAP"            // nobody swaps with themselves
	SwapOffered    domain.Code = "DUTY_SWAP_OFFERED"        // the same turn, already
	LeaveState     domain.Code = "DUTY_LEAVE_STATE"         // args: state
	LeaveOverlaps  domain.Code = "DUTY_LEAVE_OVERLAPS"      // with another one
	CommonShort    domain.Code = "DUTY_COMMON_SHORT"        // args: max; the common counter has not as much
)

// Template is a shift that comes round once in each cycle.
type Template struct {
	Community   domain.ID
	ID          domain.ID
	Title       string
	Place       string
	Week        int // of the cycle, from 1
	Weekday     int // 1 is Monday
	Hour        int // that the clocks there show
	Minute      int
	Length      domain.Minutes
	Places      int
	ServiceType string    // its gates ask for attestations; empty for none
	Lead        domain.ID // who receives those who come; Nowhere for coordinators
	MadeBy      domain.ID
	CreatedAt   time.Time
	EndedAt     time.Time
}

// Shift is one time that a template comes round, as the template was then.
type Shift struct {
	Community   domain.ID
	ID          domain.ID
	Template    domain.ID
	Day         time.Time // midnight UTC of the day there
	StartsAt    time.Time
	EndsAt      time.Time
	Title       string
	Place       string
	ServiceType string
	Places      int
	Taken       int
	Lead        domain.ID
	CancelledAt time.Time
	Reason      string // why it was called off
}

// Outcome is where a booking stands.
type Outcome string

// The outcomes.
const (
	Booked    Outcome = "BOOKED"
	Attended  Outcome = "ATTENDED"
	Excused   Outcome = "EXCUSED"
	Missed    Outcome = "MISSED"
	CalledOff Outcome = "CALLED_OFF" // no fault of theirs: it counts nothing
	Swapped   Outcome = "SWAPPED"    // for another of the same worth
)

// Booking is somebody's place in a shift.
type Booking struct {
	Community domain.ID
	ID        domain.ID
	Shift     domain.ID
	Member    domain.ID
	State     Outcome
	Owed      bool // it came with a standing place; otherwise they booked it themselves
	At        time.Time
	EndedAt   time.Time
	NotedBy   domain.ID // who noted how it went; Nowhere where they cancelled
}

// EntryKind says why the counter moved.
type EntryKind string

// The kinds of entry.
const (
	ForShift    EntryKind = "SHIFT"    // how a shift went
	ForCycle    EntryKind = "CYCLE"    // who books freely owes one each cycle
	ForActivity EntryKind = "ACTIVITY" // work that counts against duty
	Correction  EntryKind = "CORRECTION"
	Given       EntryKind = "GIVEN"   // to the common counter
	Granted     EntryKind = "GRANTED" // from it
)

// Entry is one movement of a member's counter. It is never changed; what was wrong is
// taken back by another that names it.
type Entry struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Position  int // of the member's own, from 1
	Kind      EntryKind
	Outcome   Outcome // of a shift
	Points    int
	Balance   int       // after it
	Booking   domain.ID // Nowhere but for a shift
	Source    domain.ID // what it is for, once: the cycle, the activity
	Corrects  domain.ID
	By        domain.ID // the member who noted it; Nowhere for a job
	Reason    string
	At        time.Time
}

// Account is where a member stands.
type Account struct {
	Community    domain.ID
	Member       domain.ID
	Template     domain.ID // their standing place; Nowhere for who books freely
	StandingFrom time.Time // the first day of the cycle from which they have it
	OwesFrom     time.Time // the first day that was not charged yet
	Balance      int
	Entries      int
	AlertAt      time.Time // since when they are behind; zero while they are not
	DueAt        time.Time // when service is suspended, or was
	ToldAt       time.Time // when that was told
}

// Suspended says whether service is suspended at a moment.
func (a Account) Suspended(at time.Time) bool { return !a.DueAt.IsZero() && !at.Before(a.DueAt) }

// Extension is more time for somebody who is behind.
type Extension struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Until     time.Time
	Reason    string
	By        domain.ID
	At        time.Time
}

// Consequence is what follows from not coming, shown before.
type Consequence struct {
	Outcome Outcome
	Points  int
	Balance int       // after it
	DueAt   time.Time // when service would be suspended; zero if it would not
	// ExcusedUntil is until when they are excused.
	ExcusedUntil time.Time
}

// MakeTemplate is a template to be.
type MakeTemplate struct {
	Community     domain.ID
	Title, Place  string
	Week, Weekday int
	Hour, Minute  int
	Length        domain.Minutes
	Places        int
	ServiceType   string
	Lead          domain.ID
	Key           string `json:"-"`
}

// Act names a shift, and on whose side one acts.
type Act struct {
	Community  domain.ID
	Shift      domain.ID
	OnBehalfOf domain.ID
	Key        string `json:"-"`
}

// Cancel says that somebody cannot come. Points, where given, are those that were
// shown before.
type Cancel struct {
	Community domain.ID
	Booking   domain.ID
	Points    *int
}

// Attendance is how a shift went for somebody.
type Attendance struct {
	Member  domain.ID
	Outcome Outcome
}

// Record is how a shift went.
type Record struct {
	Community  domain.ID
	Shift      domain.ID
	Attendance []Attendance
}

// Extend is more time to be given.
type Extend struct {
	Community domain.ID
	Member    domain.ID
	Until     time.Time
	Reason    string
	Key       string `json:"-"`
}

// The events of duty.
const (
	TemplateMade   domain.EventKind = "DUTY_TEMPLATE_MADE"
	TemplateOver   domain.EventKind = "DUTY_TEMPLATE_ENDED"
	ShiftCancelled domain.EventKind = "DUTY_SHIFT_CANCELLED"
	DayIsClosed    domain.EventKind = "DUTY_DAY_CLOSED"
	PatternSet     domain.EventKind = "DUTY_PATTERN_SET"
	PlaceTaken     domain.EventKind = "DUTY_BOOKED"
	PlaceLeft      domain.EventKind = "DUTY_CANCELLED"
	PlaceCalledOff domain.EventKind = "DUTY_CALLED_OFF"
	Noted          domain.EventKind = "DUTY_NOTED"
	Charged        domain.EventKind = "DUTY_CHARGED"
	MadeUp         domain.EventKind = "DUTY_MADE_UP"
	Corrected      domain.EventKind = "DUTY_CORRECTED"
	Alerted        domain.EventKind = "DUTY_ALERTED"
	Suspended      domain.EventKind = "DUTY_SUSPENDED"
	Restored       domain.EventKind = "DUTY_RESTORED"
	Extended       domain.EventKind = "DUTY_EXTENDED"
	ToNote         domain.EventKind = "DUTY_TO_NOTE"
	SwapIsOffered  domain.EventKind = "DUTY_SWAP_OFFERED"
	SwapWithdrawn  domain.EventKind = "DUTY_SWAP_WITHDRAWN"
	SwapDone       domain.EventKind = "DUTY_SWAPPED"
	LeaveAsked     domain.EventKind = "DUTY_LEAVE_REQUESTED"
	LeaveBegins    domain.EventKind = "DUTY_LEAVE_TAKEN" // of a kind that nobody decides on
	LeaveDecided   domain.EventKind = "DUTY_LEAVE_DECIDED"
	LeaveEnded     domain.EventKind = "DUTY_LEAVE_ENDED"
	PointsGiven    domain.EventKind = "DUTY_POINTS_GIVEN"
	PointsGranted  domain.EventKind = "DUTY_POINTS_GRANTED"
)

// Told is the payload of these events.
type Told struct {
	Member  domain.ID      `json:"member"`
	Lead    domain.ID      `json:"lead"`
	Shift   domain.ID      `json:"shift"`
	Outcome Outcome        `json:"outcome"`
	Points  int            `json:"points"`
	Minutes domain.Minutes `json:"minutes"`
	Due     time.Time      `json:"due"`
	Undoes  domain.ID      `json:"undoes"` // the entry that a correction takes back
	Other   domain.ID      `json:"other"`  // of a swap, the other side
	Granted bool           `json:"granted"`
}
