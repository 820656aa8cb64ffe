// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/graph/model"
)

// thanksFor decodes what somebody thanks for. A member is no such thing, and the
// use case says why.
func thanksFor(input model.GiveThanksInput) (recognition.Thank, error) {
	cmd := recognition.Thank{Message: deref(input.Message), Key: deref(input.IdempotencyKey)}
	o, ok := parseID(input.SubjectID)
	switch {
	case ok && o.kind == exchangeID:
		cmd.Exchange = o.key
	case ok && o.kind == memberID:
		cmd.Member = o.key
	default:
		return cmd, domain.NewError(domain.NotFound, "subjectId")
	}
	cmd.Community = o.community
	return cmd, nil
}

// wantRecognition reads the id of anything that somebody received.
func wantRecognition(id string) (object, recognition.Kind, error) {
	kinds := map[idKind]recognition.Kind{thanksID: recognition.OfThanks, starID: recognition.OfStars, endorsementID: recognition.OfEndorsements, milestoneID: recognition.OfMilestones, issuedBadgeID: recognition.OfBadges}
	o, ok := parseID(id)
	kind, known := kinds[o.kind]
	if !ok || !known {
		return o, "", domain.NewError(domain.NotFound, "recognitionId")
	}
	return o, kind, nil
}

// wantMembers reads members of one community, at least one.
func wantMembers(ids []string, field string) (community domain.ID, members []domain.ID, err error) {
	if len(ids) == 0 {
		return community, nil, domain.NewError(domain.Required, field)
	}
	for i, id := range ids {
		o, err := want(memberID, id, field)
		if err == nil && i > 0 && o.community != community {
			err = domain.NewError(domain.NotFound, field)
		}
		if err != nil {
			return community, nil, err
		}
		community = o.community
		members = append(members, o.key)
	}
	return community, members, nil
}

// thankedFor is the exchange of thanks, for whoever may see it.
func (r *Resolver) thankedFor(ctx context.Context, t recognition.Thanks) (*exchange.Exchange, error) {
	standing, err := of(ctx).loaders.standings.Load(ctx, t.Community)
	if err != nil {
		return nil, err
	}
	x, err := load(ctx, of(ctx).loaders.exchanges, t.Community, t.Exchange)
	if err != nil || !x.VisibleTo(standing) {
		return nil, err
	}
	return x, nil
}

func (l *loaders) expectThanks(ctx context.Context, t recognition.Thanks) {
	expect(ctx, "Thanks.giver", l.members, t.Community, t.Giver)
	expect(ctx, "Thanks.member", l.members, t.Community, t.Member)
	expect(ctx, "Thanks.exchange", l.exchanges, t.Community, t.Exchange)
}

func (l *loaders) expectStar(ctx context.Context, s recognition.Star) {
	expect(ctx, "Star.giver", l.members, s.Community, s.Giver)
	expect(ctx, "Star.member", l.members, s.Community, s.Member)
}

func (l *loaders) expectEndorsement(ctx context.Context, e recognition.Endorsement) {
	expect(ctx, "Endorsement.giver", l.members, e.Community, e.Giver)
	expect(ctx, "Endorsement.member", l.members, e.Community, e.Member)
}
