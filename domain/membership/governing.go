// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// governanceMoves is the one table of how the third facet may change.
var governanceMoves = map[Governance][]Governance{
	Guest:     {Voice, Candidate, Excluded},
	Voice:     {Guest, Candidate, Excluded},
	Candidate: {Guest, Voter, Former, Excluded},
	Voter:     {Mandated, Leaving, Former, Excluded},
	Mandated:  {Voter, Leaving, Former, Excluded},
	Leaving:   {Voter, Former, Excluded},
	Former:    {Guest, Candidate, Excluded},
	Excluded:  {Guest},
}

// MayBecome says whether the governance facet may go from one state to another.
func (g Governance) MayBecome(next Governance) bool { return slices.Contains(governanceMoves[g], next) }

// Basis is what a change of the governance facet rests on. There is no other: a
// rule that counts something is none.
type Basis string

// The bases.
const (
	OwnRequest Basis = "OWN_REQUEST"
	Tacit      Basis = "TACIT"    // asked for, listed long enough, and nobody objected
	ByDecision Basis = "DECISION" // of whom the charter says
	BoughtBack Basis = "REDEEMED" // asked for with the shares; it ends when they were bought back
)

// Because is a basis with what it refers to.
type Because struct {
	Basis     Basis
	Reference domain.ID // the admission, the decision …
	Person    domain.ID // who asked or recorded it; Nowhere where time did
}

// GovernanceMoved says that somebody's governance facet changed; its subject is the member.
const GovernanceMoved domain.EventKind = "GOVERNANCE_MOVED"

// GovernanceTold is its payload.
type GovernanceTold struct {
	From      Governance `json:"from"`
	To        Governance `json:"to"`
	Basis     Basis      `json:"basis"`
	Reference domain.ID  `json:"reference"`
}

// Govern takes a member's governance facet to another state, inside the caller's
// transaction, and answers the member as they are then. What is so already stays.
//
// Error: MemberState.
func (s *Service) Govern(ctx context.Context, m Member, next Governance, why Because, now time.Time) (Member, error) {
	if m.Governance == next {
		return m, nil
	}
	refused := domain.NewError(MemberState, "", "state", string(m.Governance), "next", string(next))
	if !m.Governance.MayBecome(next) {
		return m, refused
	}
	moved, err := s.store.Govern(ctx, m, next, why, now)
	if err != nil || !moved {
		if err == nil {
			err = refused // somebody was quicker
		}
		return m, err
	}
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: GovernanceMoved, Actor: why.Person, Subject: m.ID,
		Payload: GovernanceTold{From: m.Governance, To: next, Basis: why.Basis, Reference: why.Reference},
	})
	return s.byID(ctx, m.Community, m.ID)
}

// endVotes follows shares that are being bought back, or were: the co-owner asked
// for it, the vote ends on the day.
func (s *Service) endVotes(ctx context.Context, community domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		due, err := s.store.VotesWithoutShares(ctx, community, atOnce)
		for _, m := range due {
			next := Leaving
			if m.Capital == Redeemed {
				next = Former
			}
			if err == nil {
				_, err = s.Govern(ctx, m, next, Because{Basis: BoughtBack, Reference: m.ID}, now)
			}
		}
		return err
	})
}

// atOnce bounds what one transaction of the calendar does.
const atOnce = 200
