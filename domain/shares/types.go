// SPDX-License-Identifier: AGPL-3.0-or-later

// Package shares keeps the register of cooperative shares: operations that are
// only ever added, and what follows from them. Money moves outside; whoever keeps
// the register notes that it did. Shares buy neither hours nor votes.
package shares

import (
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// What can go wrong with shares.
const (
	NotOffered      domain.Code = "SHARES_NOT_OFFERED" // the charter has none
	ConsentMissing  domain.Code = "CONSENT_MISSING"    // args: about, the text to agree to
	OwnPayment      domain.Code = "OWN_PAYMENT"        // nobody confirms money of their own
	ConfirmedBefore domain.Code = "CONFIRMED_BEFORE"   // the second person is another
	NothingDue      domain.Code = "NOTHING_DUE"        // all of it is confirmed, or it was withdrawn
	TooEarly        domain.Code = "NOT_DUE_YET"        // args: limit, when it is
	BelowFloor      domain.Code = "CAPITAL_FLOOR"      // args: available, required
	NotEnough       domain.Code = "NOT_ENOUGH_SHARES"  // args: max
	ToOneself       domain.Code = "SHARES_TO_ONESELF"
	PublicBodiesCap domain.Code = "SCIC_PUBLIC_BODIES"
	WorkersCap      domain.Code = "SCOP_WORKERS"
	PaidAlready     domain.Code = "PAID_ALREADY"
)

// MostShares bounds one request.
const MostShares = 100_000

// Category is in what quality somebody holds shares, as the law asks.
type Category string

// The categories of holders.
const (
	User       Category = "USER" // benefits from what the cooperative does
	Worker     Category = "WORKER"
	Producer   Category = "PRODUCER"
	PublicBody Category = "PUBLIC_BODY"
	Supporter  Category = "SUPPORTER" // brings capital, and does not cooperate
)

// Categories lists them, in the order of the SDL enum.
func Categories() []Category { return []Category{User, Worker, Producer, PublicBody, Supporter} }

// Kind says what an operation does.
type Kind string

// The kinds of operation.
const (
	Subscribe Kind = "SUBSCRIBE"
	Withdraw  Kind = "WITHDRAW" // a subscription of which nothing was paid
	Pay       Kind = "PAY"
	Transfer  Kind = "TRANSFER"
	Gift      Kind = "GIFT"
	Request   Kind = "REQUEST" // to be bought back
	Keep      Kind = "KEEP"    // a request taken back
	Redeem    Kind = "REDEEM"
)

// Operation is one line of the register; it is never changed.
type Operation struct {
	Community domain.ID
	ID        domain.ID
	Number    int // in the community's register, from 1
	Kind      Kind
	Order     domain.ID // the subscription or redemption it belongs to; Nowhere for a transfer
	Part      int       // which of its payments, from 1; 0 when none moved
	From, To  domain.ID // members; Nowhere is the community
	Shares    int
	Amount    domain.Money
	Reference string    // of the payment, as the bank knows it
	Person    domain.ID // who noted it; Nowhere for the program
	At        time.Time
}

// OrderKind says which way an order goes.
type OrderKind string

// The kinds of order.
const (
	Subscription OrderKind = "SUBSCRIPTION"
	Redemption   OrderKind = "REDEMPTION"
)

// OrderState is derived from the operations that followed.
type OrderState string

// The states of an order.
const (
	Open      OrderState = "OPEN"
	Done      OrderState = "DONE"
	Withdrawn OrderState = "WITHDRAWN"
)

// Order is a subscription to be paid, or a redemption to be paid out, in parts.
type Order struct {
	Community domain.ID
	ID        domain.ID
	Kind      OrderKind
	Member    domain.ID
	Shares    int
	Nominal   domain.Money // of one share
	Charter   int          // the version it was made under
	At        time.Time
	Withdrawn bool
	Parts     []Part
}

// Part is one payment of an order.
type Part struct {
	Order     domain.ID
	Number    int // from 1
	Shares    int // that it completes, or takes away
	Amount    domain.Money
	Due       time.Time
	DoneAt    time.Time // zero until it is confirmed
	Confirmed []Confirmation
}

// Confirmation is one person's word that money moved.
type Confirmation struct {
	Person    domain.ID
	Treasurer bool
	Reference string
	At        time.Time
}

// Holding is what follows for a member from all operations until a day.
type Holding struct {
	Community  domain.ID
	Member     domain.ID
	Paid       int // whole shares
	Leaving    int // of these, to be bought back
	Subscribed int // not yet paid
	Capital    int64
	Ever       bool // held a paid share at some time
	First      int  // the number of the operation that made them a holder
	Since      time.Time
	Reduced    time.Time // when shares of theirs last went; zero for never
}

// Free is how many shares may be passed on or asked back.
func (h Holding) Free() int { return h.Paid - h.Leaving }

// Holder is in what quality somebody holds shares.
type Holder struct {
	Community domain.ID
	Member    domain.ID
	Category  Category
	LowIncome bool // then fewer shares make a full holder
}

// Total is the register added up.
type Total struct {
	Shares  int
	Capital int64
	Highest int64 // the capital at its highest
	Last    int   // the number of the newest operation
}

// Wish is somebody's wish to subscribe, or to have shares bought back.
type Wish struct {
	Community   domain.ID
	OnBehalfOf  domain.ID
	Quantity    int
	Instalments int
	LowIncome   bool
	Texts       []community.SharesText // code and version of what they agree to
	Key         string                 `json:"-"`
}

// Pass hands shares to another member, for money or as a gift.
type Pass struct {
	Community  domain.ID
	OnBehalfOf domain.ID
	To         domain.ID
	Quantity   int
	Gift       bool
	Key        string `json:"-"`
}

// Confirm is the word that the next part of an order was paid.
type Confirm struct {
	Community domain.ID
	Order     domain.ID
	Reference string
	Key       string `json:"-"`
}

// The events of the share register.
const (
	Subscribed    domain.EventKind = "SHARES_SUBSCRIBED"
	Unsubscribed  domain.EventKind = "SHARES_UNSUBSCRIBED"
	Paid          domain.EventKind = "SHARES_PAID"
	SecondAwaited domain.EventKind = "SHARES_SECOND_AWAITED"
	Transferred   domain.EventKind = "SHARES_TRANSFERRED"
	Given         domain.EventKind = "SHARES_GIVEN"
	Asked         domain.EventKind = "SHARES_REDEMPTION_ASKED"
	Kept          domain.EventKind = "SHARES_REDEMPTION_KEPT"
	PaidOut       domain.EventKind = "SHARES_REDEEMED"
	TermsAccepted domain.EventKind = "SHARE_TERMS_ACCEPTED"
	HolderNoted   domain.EventKind = "SHAREHOLDER_NOTED"
)

// Told is the payload of these events.
type Told struct {
	Member domain.ID `json:"member"`
	Other  domain.ID `json:"other"` // who receives; Nowhere where nobody does
	Shares int       `json:"shares"`
	Minor  int64     `json:"minor"` // of the charter's currency
}
