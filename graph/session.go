// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/workshop"
	"github.com/hora-coop/hora/graph/model"
)

// schedule decodes the input of scheduleSession.
func schedule(input model.ScheduleSessionInput) (workshop.Schedule, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return workshop.Schedule{}, err
	}
	cmd := workshop.Schedule{
		Community: c.key, Title: input.Title, Description: deref(input.Description), StartsAt: input.StartsAt, Place: deref(input.Place),
		Capacity: input.Capacity, Bearer: input.Bearer, Preparation: input.PreparationMinutes, Animation: input.AnimationMinutes,
		Key: deref(input.IdempotencyKey),
	}
	if cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf"); err != nil {
		return cmd, err
	}
	cmd.ServiceType, err = wantType(&input.ServiceTypeID, "serviceTypeId")
	return cmd, err
}

// settling decodes the input of settleSession.
func settling(input model.SettleSessionInput) (workshop.Settle, error) {
	s, err := want(groupSessionID, input.SessionID, "sessionId")
	if err != nil {
		return workshop.Settle{}, err
	}
	cmd := workshop.Settle{
		Community: s.community, Session: s.key, Preparation: input.PreparationMinutes, Animation: input.AnimationMinutes, Key: input.IdempotencyKey,
	}
	for _, id := range input.AttendedIds {
		member, err := wantIn(s.community, memberID, &id, "attendedIds")
		if err != nil {
			return cmd, err
		}
		cmd.Attended = append(cmd.Attended, member)
	}
	return cmd, nil
}

// onSession decodes what every act on a session names, and does it.
func onSession(ctx context.Context, id string, onBehalfOf, key *string, reason string,
	do func(context.Context, domain.Actor, workshop.Act) (workshop.Session, error),
) (*workshop.Session, []model.UserError, error) {
	s, err := want(groupSessionID, id, "sessionId")
	if err != nil {
		return nil, nil, err
	}
	act := workshop.Act{Community: s.community, Session: s.key, Reason: reason, Key: deref(key)}
	if act.OnBehalfOf, err = wantIn(s.community, memberID, onBehalfOf, "onBehalfOf"); err != nil {
		return nil, nil, err
	}
	done, err := do(ctx, actor(ctx), act)
	return answer(ctx, done, err)
}

func (r *Resolver) groupSessions(ctx context.Context, community domain.ID, f *model.GroupSessionFilter, first *int, after *string, last *int, before *string) (*model.GroupSessionConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	var filter workshop.Filter
	if f != nil {
		filter.States = f.States
		if f.Period != nil {
			filter.From, filter.Until = deref(f.Period.From), deref(f.Period.Until)
		}
	}
	s, err := r.Workshops.List(ctx, actor(ctx), community, filter, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectSession)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *workshop.Session) *model.GroupSessionEdge {
		return &model.GroupSessionEdge{Cursor: c, Node: n}
	})
	return &model.GroupSessionConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

// noted decodes the input of logActivity.
func noted(input model.LogActivityInput) (activity.Log, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return activity.Log{}, err
	}
	cmd := activity.Log{
		Community: c.key, Kind: input.ActivityKind, Minutes: input.Minutes, Description: input.Description, Costs: deref(input.Costs),
		Day: deref(input.Date), Key: deref(input.IdempotencyKey),
	}
	cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf")
	return cmd, err
}

// decision decodes what every answer to an activity names.
func decision(id string, minutes *domain.Minutes, reason string, key *string) (activity.Decide, error) {
	a, err := want(activityID, id, "activityId")
	return activity.Decide{Community: a.community, Activity: a.key, Minutes: minutes, Reason: reason, Key: deref(key)}, err
}

func (r *Resolver) activities(ctx context.Context, community domain.ID, f *model.ActivityFilter, first *int, after *string, last *int, before *string) (*model.ActivityConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	var filter activity.Filter
	if f != nil {
		filter.States = f.States
		if filter.Member, err = wantIn(community, memberID, f.MemberID, "filter.memberId"); err != nil {
			return nil, err
		}
	}
	s, err := r.Activities.List(ctx, actor(ctx), community, filter, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectActivity)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *activity.Activity) *model.ActivityEdge {
		return &model.ActivityEdge{Cursor: c, Node: n}
	})
	return &model.ActivityConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}
