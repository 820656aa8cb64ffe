// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/graph/model"
)

// delegated decodes the input of delegateVote.
func delegated(input model.DelegateVoteInput) (governance.Delegate, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return governance.Delegate{}, err
	}
	cmd := governance.Delegate{Community: c.key, Type: community.DecisionType(deref(input.Type)), Until: deref(input.Until), Key: deref(input.IdempotencyKey)}
	if cmd.To, err = wantIn(c.key, memberID, &input.ToID, "toId"); err != nil {
		return cmd, err
	}
	cmd.Decision, err = wantIn(c.key, decisionID, input.DecisionID, "decisionId")
	return cmd, err
}

// carried loads the decisions in which somebody was represented.
func carried(ctx context.Context, g *governance.Delegation) ([]*governance.Decision, error) {
	keys := make([]at, len(g.Carried))
	for i, id := range g.Carried {
		keys[i] = at{g.Community, id}
	}
	found, err := of(ctx).loaders.decisions.asking().LoadAll(ctx, keys)
	return pointers(found), err
}

// entrusted adds to a seat whom its holder stands for, and who for them, if it is asked.
func (r *Resolver) entrusted(ctx context.Context, d *governance.Decision, shown *model.DecisionSeat) error {
	if !mentioned(ctx, "DecisionSeat.delegation") && !mentioned(ctx, "DecisionSeat.mandates") {
		return nil
	}
	given, held, err := r.Governance.Entrusted(ctx, actor(ctx), *d)
	shown.Delegation, shown.Mandates = given, pointers(held)
	return err
}
