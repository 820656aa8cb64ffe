// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/graph/model"
)

// suggest decodes the input of suggestProject and suggests.
func (r *Resolver) suggest(ctx context.Context, input model.SuggestProjectInput) (reinvestment.Suggestion, error) {
	o, err := want(cycleID, input.CycleID, "cycleId")
	if err == nil {
		err = said(input.MaximumMinutes, "maximumMinutes")
	}
	if err != nil {
		return reinvestment.Suggestion{}, err
	}
	return r.Reinvestment.Suggest(ctx, actor(ctx), reinvestment.Suggest{
		Community: o.community, Cycle: o.key, Title: input.Title, Purpose: input.Purpose, Beneficiaries: input.Beneficiaries, Note: input.Note,
		Minimum: input.MinimumMinutes, Maximum: deref(input.MaximumMinutes), Key: deref(input.IdempotencyKey),
	})
}

// adopt decodes the input of adoptSuggestion and adopts.
func (r *Resolver) adopt(ctx context.Context, input model.AdoptSuggestionInput) (reinvestment.Project, error) {
	var none reinvestment.Project
	o, err := want(suggestionID, input.SuggestionID, "suggestionId")
	if err != nil {
		return none, err
	}
	cmd := reinvestment.Adopt{Suggestion: o.key, Submit: reinvestment.Submit{
		Community: o.community, Title: anew(input.Title), Body: anew(input.Body), Minimum: deref(input.MinimumMinutes), Maximum: deref(input.MaximumMinutes),
		Milestones: values(input.Milestones), Earmark: deref(input.Earmark), Key: deref(input.IdempotencyKey),
	}}
	if cmd.OnBehalfOf, err = wantIn(o.community, memberID, input.OnBehalfOf, "onBehalfOf"); err != nil {
		return none, err
	}
	if err = errors.Join(said(input.MinimumMinutes, "minimumMinutes"), said(input.MaximumMinutes, "maximumMinutes")); err != nil {
		return none, err
	}
	return r.Reinvestment.Adopt(ctx, actor(ctx), cmd)
}

// anew is a text in the place of another; what is empty is not the same as nothing said.
func anew(text *string) string {
	if text != nil && *text == "" {
		return " "
	}
	return deref(text)
}

// onSuggestion decodes a suggestion's id and does something to it.
func onSuggestion(ctx context.Context, id string, do func(community, id domain.ID) (reinvestment.Suggestion, error)) (*reinvestment.Suggestion, []model.UserError, error) {
	o, err := want(suggestionID, id, "suggestionId")
	if err != nil {
		return nil, nil, err
	}
	done, err := do(o.community, o.key)
	return answer(ctx, done, err)
}

// suggestions are a page of what was suggested to a cycle.
func (r *Resolver) suggestions(ctx context.Context, c *reinvestment.Cycle, states []reinvestment.SuggestionState, first *int, after *string, last *int, before *string) (*model.SuggestionConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, n, err := r.Reinvestment.ListSuggestions(ctx, actor(ctx), *c, states, p, counted(ctx))
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, g *reinvestment.Suggestion) *model.SuggestionEdge {
		return &model.SuggestionEdge{Cursor: c, Node: g}
	})
	return &model.SuggestionConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, n)}, nil
}

// suggested are the caller's own suggestions, wherever they made some.
func (r *Resolver) suggested(ctx context.Context) ([]*reinvestment.Suggestion, error) {
	places, err := r.Members.Places(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	var all []reinvestment.Suggestion
	for _, c := range places {
		found, err := r.Reinvestment.Suggested(ctx, actor(ctx), c)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return pointers(all), nil
}

// within says whether the caller sees what lies inside a community.
func within(ctx context.Context, community domain.ID) (bool, error) {
	if actor(ctx).Person == domain.Nowhere {
		return false, nil
	}
	standing, err := of(ctx).loaders.standings.Load(ctx, community)
	return standing.Admitted, err
}

// becameOf is what became of a suggestion's project, for those who may not read it.
func becameOf(ctx context.Context, g *reinvestment.Suggestion) (*model.SuggestionOutcome, error) {
	p, err := load(ctx, of(ctx).loaders.projects, g.Community, g.Project)
	if err != nil || p == nil {
		return nil, err
	}
	return &model.SuggestionOutcome{Title: p.Title, Stage: p.Stage, Granted: p.Granted, Paid: p.Paid}, nil
}

// suggestionOf is the suggestion that a notification tells of; nil for none, and for one
// that the caller sees no more.
func suggestionOf(ctx context.Context, n *messaging.Notification) (*reinvestment.Suggestion, error) {
	if !strings.HasPrefix(string(n.Kind), "SUGGESTION_") {
		return nil, nil
	}
	found, err := of(ctx).loaders.suggestions.Load(ctx, at{n.Community, n.About})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
