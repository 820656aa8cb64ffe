// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Bilateral says how far two communities trust one another with hours, as one
// of them sees it; nil means no limit. Each keeps its own, and the tighter holds.
type Bilateral struct {
	TheyMayOwe *domain.Minutes // how much more their members may receive from ours than give
	WeMayOwe   *domain.Minutes // how much more our members may receive from theirs than give
}

// check says all that is wrong with bilateral limits.
func (b Bilateral) check(c *domain.Check) {
	for _, limit := range []struct {
		field string
		at    *domain.Minutes
	}{{"theyMayOwe", b.TheyMayOwe}, {"weMayOwe", b.WeMayOwe}} {
		c.That(limit.at == nil || (*limit.at >= 0 && *limit.at <= furthest), domain.MinutesOutOfRange, limit.field,
			"min", domain.Minutes(0), "max", furthest)
	}
}

// MirrorAccount is a partner community's account in our ledger: the partner as
// if it were one member. It rises when their members give to ours and falls when they
// receive, so its balance is what their members gave to ours less what they
// received from them. Our mirror in their ledger has the opposite balance.
type MirrorAccount struct {
	Community domain.ID
	Partner   domain.ID
	Account   domain.ID
	Balance   domain.Minutes
	Entries   int64
	Limits    Bilateral
	OpenedAt  time.Time
}

// Side is where a community stands in a crossing.
type Side string

// The sides.
const (
	ReceiverSide Side = "RECEIVER"
	ProviderSide Side = "PROVIDER"
)

// PairState says how far a crossing has come.
type PairState string

// The states of a pair. The provider's half is never OPEN: it is what decides.
const (
	PairOpen      PairState = "OPEN"      // the receiver's half is posted; the provider's ledger has not answered
	PairCompleted PairState = "COMPLETED" // both are posted
	PairUndone    PairState = "UNDONE"    // the provider's ledger refused; the receiver has the hours back
)

// PairReason says why a crossing was undone.
type PairReason string

// The reasons.
const (
	PartnerLimit   PairReason = "PARTNER_LIMIT"   // beyond what the provider's community lets ours owe
	ProviderClosed PairReason = "PROVIDER_CLOSED" // the provider's account is absent or closed
	NoMirror       PairReason = "NO_MIRROR"       // the provider's community keeps no mirror of ours
	PairIDReused   PairReason = "PAIR_ID_REUSED"  // the provider's ledger knows the id from another crossing
)

// Party is an account and where it is.
type Party struct{ Community, Account domain.ID }

// Crossing is hours that a member of one community gave to one of another.
type Crossing struct {
	ID       domain.ID // what makes it happen once
	Receiver Party
	Provider Party
	Minutes  domain.Minutes
	Actor    domain.ID   // the person who acted
	Holds    []domain.ID // open holds of the receiver that it fulfils
}

// Valid says whether a crossing could happen at all.
func (c Crossing) Valid() error {
	var check domain.Check
	check.That(c.ID != domain.Nowhere, domain.Required, "id")
	check.That(c.Receiver.Community != c.Provider.Community, domain.ValueUnknown, "provider")
	check.Minutes("minutes", c.Minutes)
	return check.Err()
}

// Pair is one community's half of a crossing.
type Pair struct {
	Community      domain.ID
	ID             domain.ID // the same in both communities
	Partner        domain.ID
	Side           Side
	State          PairState
	Account        domain.ID // ours
	PartnerAccount domain.ID
	Minutes        domain.Minutes
	Transfer       domain.ID  // Nowhere when this side refused
	Undo           domain.ID  // the transfer that gave the hours back, or Nowhere
	Reason         PairReason // empty unless UNDONE
	Actor          domain.ID
	OpenedAt       time.Time
	ClosedAt       time.Time // zero while OPEN
}

// opening is the receiver's half of a crossing at its beginning.
func (c Crossing) opening() Pair {
	return Pair{
		Community: c.Receiver.Community, ID: c.ID, Partner: c.Provider.Community, Side: ReceiverSide, State: PairOpen,
		Account: c.Receiver.Account, PartnerAccount: c.Provider.Account, Minutes: c.Minutes, Actor: c.Actor,
	}
}

// answer is the provider's half of a pair that is open at the receiver's.
func (p Pair) answer() Pair {
	return Pair{
		Community: p.Partner, ID: p.ID, Partner: p.Community, Side: ProviderSide, State: PairCompleted,
		Account: p.PartnerAccount, PartnerAccount: p.Account, Minutes: p.Minutes, Actor: p.Actor,
	}
}

// same says whether two records are the same half of the same crossing.
func (p Pair) same(q Pair) bool {
	return p.Community == q.Community && p.ID == q.ID && p.Partner == q.Partner && p.Side == q.Side &&
		p.Account == q.Account && p.PartnerAccount == q.PartnerAccount && p.Minutes == q.Minutes
}

// leg is the transfer of a half: who received goes down, who gave goes up, and
// the partner's mirror stands for whoever is elsewhere.
func (p Pair) leg(mirror domain.ID) Transfer {
	leg := Transfer{ID: domain.NewID(), Kind: Intercommunity, Minutes: p.Minutes, Debit: p.Account, Credit: mirror}
	if p.Side == ProviderSide {
		leg.Debit, leg.Credit = mirror, p.Account
	}
	return leg
}

// key is what makes a half be posted once.
func (p Pair) key() string {
	if p.Side == ProviderSide {
		return "pair/" + p.ID.String() + "/provider"
	}
	return "pair/" + p.ID.String() + "/receiver"
}

// onMirror is what the half has moved its mirror by.
func (p Pair) onMirror() domain.Minutes {
	switch {
	case p.State == PairUndone:
		return 0
	case p.Side == ReceiverSide:
		return p.Minutes
	}
	return -p.Minutes
}

// refused says why the provider's ledger refuses for good; ok is false for
// trouble that may pass, after which the pair is still open.
func refused(err error) (why PairReason, ok bool) {
	switch {
	case errors.Is(err, errNoMirror):
		return NoMirror, true
	case errors.Is(err, InsufficientHours): // what is debited there is our mirror
		return PartnerLimit, true
	case errors.Is(err, AccountClosed):
		return ProviderClosed, true
	case errors.Is(err, domain.IdempotencyKeyReused):
		return PairIDReused, true
	}
	return "", false
}

// Err tells the caller of a crossing that it was undone; nil otherwise.
func (p Pair) Err() error {
	if p.State != PairUndone {
		return nil
	}
	switch p.Reason {
	case PartnerLimit:
		return domain.NewError(InsufficientHours, "minutes")
	case PairIDReused:
		return domain.NewError(domain.IdempotencyKeyReused, "id")
	case ProviderClosed, NoMirror:
	}
	return domain.NewError(AccountClosed, "provider")
}

// errNoMirror is how a missing mirror is told from a closed account; to callers
// both are an account that is not there.
var errNoMirror = errors.New("no mirror")

// The events of crossings; their subject is the pair. Each half has its own in
// its own community's journal.
const (
	CrossingOpened    domain.EventKind = "CROSSING_OPENED"    // the receiver's hours are on their way
	CrossingCompleted domain.EventKind = "CROSSING_COMPLETED" // the provider has them; the receiver's side knows
	CrossingRefused   domain.EventKind = "CROSSING_REFUSED"   // the provider's ledger will not take them
	CrossingUndone    domain.EventKind = "CROSSING_UNDONE"    // the receiver has them back; a coordinator should look
)

// Crossed is what the events of crossings tell.
type Crossed struct {
	Pair    domain.ID      `json:"pair"`
	Partner domain.ID      `json:"partner"`
	Side    Side           `json:"side"`
	Minutes domain.Minutes `json:"minutes"`
	Reason  PairReason     `json:"reason,omitempty"`
	Member  domain.ID      `json:"member,omitzero"` // whose hours came back, when undone
}

// event tells of a half; actor is Nowhere for what the program does by itself.
func (p Pair) event(kind domain.EventKind, actor domain.ID) domain.Event {
	return domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor, Subject: p.ID,
		Payload: Crossed{Pair: p.ID, Partner: p.Partner, Side: p.Side, Minutes: p.Minutes, Reason: p.Reason},
	}
}

// MirrorChange keeps who changed a mirror's limits, and why.
type MirrorChange struct {
	Community domain.ID
	ID        domain.ID
	Partner   domain.ID
	Limits    Bilateral
	Reason    string
	Actor     domain.ID
	At        time.Time
}

// Reflection is one side of a comparison, read at one moment.
type Reflection struct {
	Mirror MirrorAccount // its zero value when there is none
	Open   []Pair        // of this side, with that partner
	Halves []Pair        // of this side, of the pairs asked for
}

// PairStore is what hours between communities need kept. Each call runs inside
// InTx of the community it names, and never looks into another.
type PairStore interface {
	// OpenMirror answers the mirror's account, which may have been there before.
	OpenMirror(ctx context.Context, m MirrorAccount) (account domain.ID, err error)
	// LimitMirror changes limits. Error: AccountClosed when there is no mirror.
	LimitMirror(ctx context.Context, change MirrorChange) error
	// Mirrors reads all mirrors, or those of some partners.
	Mirrors(ctx context.Context, community domain.ID, partners ...domain.ID) ([]MirrorAccount, error)

	// KeepPair keeps a half, after its transfer; false when it was there before.
	// InsufficientHours above the mirror's cap; IdempotencyKeyReused when another
	// answer stands, so that the transfer cannot.
	KeepPair(ctx context.Context, p Pair) (kept bool, err error)
	// ClosePair ends a half that was open; false when it was closed before.
	ClosePair(ctx context.Context, p Pair) (closed bool, err error)
	// Pairs reads halves by id.
	Pairs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Pair, error)
	// OpenPairs lists what was opened before a time, oldest first, after one of them.
	OpenPairs(ctx context.Context, community domain.ID, before time.Time, after Pair, limit int) ([]Pair, error)
	// PairsWith lists a partner's pairs by id, after one of them.
	PairsWith(ctx context.Context, community, partner, after domain.ID, limit int) ([]Pair, error)
	// Reflect reads a mirror, its open pairs and the halves of some ids at one
	// moment; it must be the first thing that its transaction reads.
	Reflect(ctx context.Context, community, partner domain.ID, ids []domain.ID) (Reflection, error)
}
