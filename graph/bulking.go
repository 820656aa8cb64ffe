// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"fmt"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
)

// actOnMembers does one thing with many members, and tells what became of each.
func (r *Resolver) actOnMembers(ctx context.Context, input model.ActOnMembersInput) (*model.ActOnMembersPayload, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return nil, err
	}
	var members []domain.ID
	if len(input.MemberIds) > 0 { // how many it may be is the use case's to say
		community, named, err := wantMembers(input.MemberIds, "memberIds")
		if err == nil && community != c.key {
			err = domain.NewError(domain.NotFound, "memberIds")
		}
		if err != nil {
			return nil, err
		}
		members = named
	}
	if problems, err := userErrors(ctx, said(input.Minutes, "minutes")); err != nil || len(problems) > 0 {
		return &model.ActOnMembersPayload{UserErrors: problems}, err
	}
	outcomes, now, err := r.Members.ActOnMany(ctx, actor(ctx), membership.Bulk{
		Community: c.key, Members: members, Act: input.Act, Reason: deref(input.Reason), Minutes: deref(input.Minutes),
		Limits: ledger.Limits{Floor: input.Floor, SoftFloor: input.SoftFloor, Ceiling: input.Ceiling}, DryRun: input.DryRun, Key: input.IdempotencyKey,
	})
	problems, err := userErrors(ctx, err)
	if err != nil || len(problems) > 0 {
		return &model.ActOnMembersPayload{UserErrors: problems}, err
	}
	return bulkPayload(ctx, outcomes, now), nil
}

func bulkPayload(ctx context.Context, outcomes []membership.BulkOutcome, now []membership.Member) *model.ActOnMembersPayload {
	byID := make(map[domain.ID]*membership.Member, len(now))
	for i := range now {
		byID[now[i].ID] = &now[i]
	}
	done, refused, lang := 0, 0, language(ctx)
	told := make([]*model.BulkOutcome, len(outcomes))
	for i, o := range outcomes {
		told[i] = &model.BulkOutcome{Member: byID[o.Member], Done: true}
		if why := o.Refusal(fmt.Sprintf("memberIds.%d", o.Place)); why != nil {
			told[i].Done, told[i].Refusal = false, userError(lang, why)
			refused++
			continue
		}
		done++
	}
	return &model.ActOnMembersPayload{Outcomes: told, Done: &done, Refused: &refused, UserErrors: []model.UserError{}}
}
