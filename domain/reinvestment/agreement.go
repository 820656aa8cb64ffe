// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// What can go wrong with an agreement to split.
const (
	SplitIncomplete domain.Code = "SPLIT_INCOMPLETE"  // args: actual; the parts make 10,000 basis points
	SplitPartyTwice domain.Code = "SPLIT_PARTY_TWICE" // a member has one part
	SplitNotInForce domain.Code = "SPLIT_NOT_IN_FORCE"
	SplitWaits      domain.Code = "SPLIT_WAITS"    // a version waits for signatures already
	SplitAnswered   domain.Code = "SPLIT_ANSWERED" // that version is in force, refused or replaced
	NotInSplit      domain.Code = "NOT_IN_SPLIT"   // only those it concerns sign, refuse or revise
)

// SplitState is where a version of an agreement stands.
type SplitState string

// The states of a version.
const (
	SplitProposed SplitState = "PROPOSED" // waits for signatures
	SplitInForce  SplitState = "IN_FORCE"
	SplitRefused  SplitState = "REFUSED" // by one party: what was in force stays
	SplitReplaced SplitState = "REPLACED"
)

// SplitPart is what one party receives.
type SplitPart struct {
	Member      domain.ID `json:"member"`
	BasisPoints int64     `json:"basisPoints"` // of 10,000
}

// Agreement divides what is given at its source, among all who give it, without
// any part for the platform.
type Agreement struct {
	Community, ID domain.ID
	Title         string
	CreatedAt     time.Time
	Versions      []SplitVersion // oldest first
}

// SplitVersion is one wording of an agreement. It holds once every party, and every
// party of the version before, has signed; it never applies backwards.
type SplitVersion struct {
	Number     int
	Parts      []SplitPart
	Signers    []domain.ID // who has to sign, in their order
	SignedBy   []domain.ID
	State      SplitState
	Reason     string // of refusing
	ProposedBy domain.ID
	ProposedAt time.Time
	InForceAt  time.Time // zero before
}

// SplitSettlement is one time that hours were divided.
type SplitSettlement struct {
	Community, ID, Agreement domain.ID
	Version                  int
	Receiver                 domain.ID
	Minutes                  domain.Minutes
	Description              string
	Parts                    []SplitShare
	At                       time.Time
}

// SplitShare is what one party received.
type SplitShare struct {
	Member  domain.ID      `json:"member"`
	Minutes domain.Minutes `json:"minutes"`
}

// version finds one by its number; ok is false for none.
func (a Agreement) version(number int) (v SplitVersion, ok bool) {
	i := slices.IndexFunc(a.Versions, func(v SplitVersion) bool { return v.Number == number })
	if i < 0 {
		return v, false
	}
	return a.Versions[i], true
}

// in finds the version in a state; there is at most one that waits, and one in force.
func (a Agreement) in(state SplitState) (v SplitVersion, ok bool) {
	i := slices.IndexFunc(a.Versions, func(v SplitVersion) bool { return v.State == state })
	if i < 0 {
		return v, false
	}
	return a.Versions[i], true
}

// concerns says whether somebody is or was a party.
func (a Agreement) concerns(member domain.ID) bool {
	return slices.ContainsFunc(a.Versions, func(v SplitVersion) bool { return slices.Contains(v.Signers, member) })
}

func checkParts(c *domain.Check, parts []SplitPart) {
	c.That(len(parts) >= 1 && len(parts) <= 20, domain.OutOfRange, "parts", "min", 1, "max", 20)
	sum, seen := int64(0), map[domain.ID]bool{}
	good := true
	for i, p := range parts {
		at, within := "parts."+strconv.Itoa(i), p.BasisPoints >= 1 && p.BasisPoints <= 10_000
		c.That(within, domain.OutOfRange, at+".basisPoints", "min", 1, "max", 10_000)
		c.That(!seen[p.Member], SplitPartyTwice, at+".memberId")
		good = good && within
		seen[p.Member] = true
		sum += p.BasisPoints
	}
	c.That(!good || sum == 10_000, SplitIncomplete, "parts", "actual", sum)
}

// next is the version that follows, signed by who proposes it. All old and new
// parties have to sign.
func (a Agreement) next(parts []SplitPart, by domain.ID, now time.Time) SplitVersion {
	v := SplitVersion{Number: len(a.Versions) + 1, Parts: parts, State: SplitProposed, ProposedBy: by, ProposedAt: now}
	before, _ := a.in(SplitInForce)
	for _, p := range slices.Concat(before.Parts, parts) {
		if !slices.Contains(v.Signers, p.Member) {
			v.Signers = append(v.Signers, p.Member)
		}
	}
	return v.signed(by, now)
}

// signed adds a signature; with the last one the version is in force.
func (v SplitVersion) signed(by domain.ID, now time.Time) SplitVersion {
	if slices.Contains(v.Signers, by) && !slices.Contains(v.SignedBy, by) {
		v.SignedBy = append(slices.Clone(v.SignedBy), by)
	}
	if len(v.SignedBy) == len(v.Signers) {
		v.State, v.InForceAt = SplitInForce, now
	}
	return v
}

// divide splits minutes by a version's parts: largest remainder, ties by the lowest
// account. The parts always add up.
func (v SplitVersion) divide(minutes domain.Minutes, accounts map[domain.ID]ledger.Account) []SplitShare {
	order := slices.Clone(v.Parts)
	slices.SortFunc(order, func(a, b SplitPart) int {
		return strings.Compare(accounts[a.Member].ID.String(), accounts[b.Member].ID.String())
	})
	weights, rank := make([]int64, len(order)), make([]int, len(order))
	for i, p := range order {
		weights[i], rank[i] = p.BasisPoints, i
	}
	shares := make([]SplitShare, len(order))
	for i, part := range allocation.Split(minutes, weights, rank) {
		shares[i] = SplitShare{Member: order[i].Member, Minutes: part}
	}
	return shares
}
