// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain/simulation"
	"github.com/hora-coop/hora/graph/model"
)

// fewest is the smallest group that a figure speaks of.
const fewest = 5

// unlessFew leaves a count of a few members out, so that nobody can be made out.
func unlessFew(n int) *int {
	if n > 0 && n < fewest {
		return nil
	}
	return &n
}

func simulated(ctx context.Context, o simulation.Outcome) *model.CharterSimulation {
	s := &model.CharterSimulation{
		From: o.From, Until: o.Until, Differences: differences(language(ctx), o.Current, o.Wanted),
		Members: o.Members, Exchanges: o.Exchanges, Exchanged: o.Exchanged, Before: figuresOf(o.Before), After: figuresOf(o.After),
		RefusedMembers: unlessFew(o.RefusedMembers),
	}
	if s.RefusedMembers != nil {
		s.RefusedExchanges = &o.Refused
	}
	return s
}

func figuresOf(f simulation.Figures) *model.CharterFigures {
	shown := &model.CharterFigures{
		Openings: f.Openings, Levy: f.Levy, CommunityBalance: f.Community, Pools: []*model.PoolFigure{},
		Warned: unlessFew(f.Warned), AboveCeiling: unlessFew(f.AboveCeiling),
	}
	for _, p := range f.Pools {
		shown.Pools = append(shown.Pools, &model.PoolFigure{Purpose: p.Purpose, Balance: p.Balance})
	}
	return shown
}
