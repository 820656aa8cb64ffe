// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"fmt"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/graph/model"
)

// splitParts decodes the parts of an agreement.
func splitParts(community domain.ID, said []*model.SplitPartInput) ([]reinvestment.SplitPart, error) {
	parts := make([]reinvestment.SplitPart, len(said))
	for i, p := range said {
		member, err := wantIn(community, memberID, &p.MemberID, fmt.Sprintf("parts.%d.memberId", i))
		if err != nil {
			return nil, err
		}
		parts[i] = reinvestment.SplitPart{Member: member, BasisPoints: int64(p.BasisPoints)}
	}
	return parts, nil
}

func membersNamed(ctx context.Context, community domain.ID, ids []domain.ID) ([]*membership.Member, error) {
	named := make([]*membership.Member, len(ids))
	for i, id := range ids { // a few, and the loader has them together
		var err error
		if named[i], err = load(ctx, of(ctx).loaders.members, community, id); err != nil {
			return nil, err
		}
	}
	return named, nil
}

func splitVersion(ctx context.Context, community domain.ID, v reinvestment.SplitVersion) (*model.SplitVersion, error) {
	told := &model.SplitVersion{Number: v.Number, State: v.State, Reason: v.Reason, InForceAt: orAbsent(v.InForceAt), Parts: []*model.SplitPart{}}
	for _, p := range v.Parts {
		member, err := load(ctx, of(ctx).loaders.members, community, p.Member)
		if err != nil {
			return nil, err
		}
		told.Parts = append(told.Parts, &model.SplitPart{Member: member, BasisPoints: int(p.BasisPoints)})
	}
	var err error
	if told.Signers, err = membersNamed(ctx, community, v.Signers); err == nil {
		told.SignedBy, err = membersNamed(ctx, community, v.SignedBy)
	}
	return told, err
}

func splitSettlement(ctx context.Context, x reinvestment.SplitSettlement) (*model.SplitSettlement, error) {
	receiver, err := load(ctx, of(ctx).loaders.members, x.Community, x.Receiver)
	if err != nil {
		return nil, err
	}
	told := &model.SplitSettlement{Version: x.Version, Receiver: receiver, Minutes: x.Minutes, Description: x.Description, At: x.At}
	for _, p := range x.Parts {
		member, err := load(ctx, of(ctx).loaders.members, x.Community, p.Member)
		if err != nil {
			return nil, err
		}
		told.Parts = append(told.Parts, &model.SplitShare{Member: member, Minutes: p.Minutes})
	}
	return told, nil
}
