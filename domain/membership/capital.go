// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// CapitalMoved says that somebody's capital facet changed.
const CapitalMoved domain.EventKind = "CAPITAL_MOVED"

// CapitalTold is the payload of CapitalMoved.
type CapitalTold struct {
	From Capital `json:"from"`
	To   Capital `json:"to"`
}

// capitalMoves is the one table of how the capital facet may change.
var capitalMoves = map[Capital][]Capital{
	NoCapital: {Pending, Investor, Full},
	Pending:   {NoCapital, Investor, Full, Redeemed},
	Investor:  {Pending, Full, Redeeming, Redeemed},
	Full:      {Pending, Investor, Redeeming, Redeemed},
	Redeeming: {Pending, Investor, Full, Redeemed},
	Redeemed:  {Pending, Investor, Full},
}

// MayBecome says whether the capital facet may go from one state to another.
func (c Capital) MayBecome(next Capital) bool { return slices.Contains(capitalMoves[c], next) }

// MoveCapital sets a member's capital facet, inside the transaction of the share
// operation that causes it; nothing else may. What is so already stays.
//
// Errors: NotFound, MemberState.
func (s *Service) MoveCapital(ctx context.Context, actor domain.Actor, community, member domain.ID, next Capital) error {
	m, err := s.byID(ctx, community, member)
	if err != nil || m.Capital == next {
		return err
	}
	if !m.Capital.MayBecome(next) {
		return domain.NewError(MemberState, "", "state", string(m.Capital), "next", string(next))
	}
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: CapitalMoved, Actor: actor.Person, Subject: member, Payload: CapitalTold{From: m.Capital, To: next},
	})
	return s.store.MoveCapital(ctx, m, next)
}
