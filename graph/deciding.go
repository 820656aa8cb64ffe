// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/governance/tally"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/scalar"
	"github.com/hora-coop/hora/internal/i18n"
)

// openDecision decodes the input of openDecision.
func openDecision(input model.OpenDecisionInput) (governance.Propose, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return governance.Propose{}, err
	}
	cmd := governance.Propose{
		Community: c.key, Type: community.DecisionType(input.Type), Title: input.Title, Body: deref(input.Body), Ballot: tally.Ballot(deref(input.Ballot)),
		Ranking: deref(input.Ranking), Seats: deref(input.Seats), OpensAt: deref(input.OpensAt), ClosesAt: deref(input.ClosesAt), Key: deref(input.IdempotencyKey),
	}
	for i, o := range input.Options {
		option := governance.Option{Option: tally.Option{Label: o.Label, Minutes: deref(o.Minutes)}}
		if option.Member, err = wantIn(c.key, memberID, o.MemberID, fmt.Sprintf("options.%d.memberId", i)); err != nil {
			return cmd, err
		}
		cmd.Options = append(cmd.Options, option)
	}
	if e := input.Effect; e != nil {
		cmd.Effect = &governance.Effect{Kind: e.Kind, Role: domain.Role(deref(e.Role)), Until: deref(e.Until)}
		cmd.Effect.From = deref(e.EffectiveFrom)
		cmd.Effect.Member, err = wantIn(c.key, memberID, e.MemberID, "effect.memberId")
		if err == nil && e.Kind == governance.ChangeCharter {
			cmd.Effect.Changes, err = charterChanges("effect.charter", e.Charter)
		}
	}
	return cmd, err
}

// asks is about the minutes of options: none at all is said by leaving them out.
func asks(options []*model.DecisionOptionInput) error {
	var all []error
	for i, o := range options {
		all = append(all, said(o.Minutes, fmt.Sprintf("options.%d.minutes", i)))
	}
	return errors.Join(all...)
}

// paper decodes a ballot; said is the field that it was written in.
func paper(input model.CastBallotInput) (p tally.Paper, said []string) {
	if input.Choice != nil {
		p.Choice, said = *input.Choice, append(said, "choice")
	}
	if input.Choices != nil {
		said = append(said, "choices")
	}
	for _, id := range input.Choices {
		p.Marks = append(p.Marks, tally.Mark{Option: id, Value: 1})
	}
	if input.Scores != nil {
		said = append(said, "scores")
	}
	for _, s := range input.Scores {
		p.Marks = append(p.Marks, tally.Mark{Option: s.OptionID, Value: int64(s.Score)})
	}
	if input.Ranking != nil {
		said = append(said, "ranking")
	}
	for i, id := range input.Ranking {
		p.Marks = append(p.Marks, tally.Mark{Option: id, Value: int64(i + 1)})
	}
	return p, said
}

// onDecision decodes a decision's id and does something about it.
func onDecision(ctx context.Context, id string, do func(community, decision domain.ID) (governance.Decision, error)) (*governance.Decision, []model.UserError, error) {
	o, err := want(decisionID, id, "decisionId")
	if err != nil {
		return nil, nil, err
	}
	d, err := do(o.community, o.key)
	return answer(ctx, d, err)
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func chosen(c tally.Choice) *tally.Choice {
	if c == "" {
		return nil
	}
	return &c
}

func ballotOf(b governance.Ballot) *model.DecisionBallot {
	return &model.DecisionBallot{Receipt: b.Receipt, Choice: chosen(b.Paper.Choice), Marks: pointers(b.Paper.Marks), Reason: b.Reason}
}

// decisionOptions shows what can be chosen.
func decisionOptions(ctx context.Context, d *governance.Decision) ([]*model.DecisionOption, error) {
	shown := make([]*model.DecisionOption, len(d.Options))
	for i, o := range d.Options {
		m, err := load(ctx, of(ctx).loaders.members, d.Community, o.Member)
		if err != nil {
			return nil, err
		}
		shown[i] = &model.DecisionOption{ID: o.ID, Label: o.Label, Minutes: o.Minutes, Member: m}
	}
	return shown, nil
}

func decisionRules(r governance.Rules) *model.DecisionRules {
	shown := &model.DecisionRules{
		Ballot: community.Ballot(r.Ballot), Secret: r.Secret, Reasoned: r.Reasoned, Quorum: r.Quorum.String(), Base: r.Denominator, Majority: r.Majority.String(),
		AtLeast: r.AtLeast, Seats: r.Seats, Mandates: r.Mandates, SecondCallDays: r.SecondCallDays,
	}
	if r.Ranking != "" {
		shown.Ranking = &r.Ranking
	}
	return shown
}

// turnout reads how a roll stands; zeros before it is frozen.
func turnout(ctx context.Context, d *governance.Decision) (governance.Turnout, error) {
	all, err := of(ctx).loaders.turnouts.Load(ctx, at{d.Community, d.ID})
	if err != nil || len(all) == 0 {
		return governance.Turnout{}, err
	}
	return all[0], nil
}

// decisionResult tells a count with its figures, and in words.
func decisionResult(ctx context.Context, d *governance.Decision) *model.DecisionResult {
	r := d.Result
	if r == nil || !d.State.Counted() {
		return nil
	}
	label := map[string]string{}
	for _, o := range d.Options {
		label[o.ID] = o.Label
	}
	named := func(id string) string {
		if l, ok := label[id]; ok {
			return l
		}
		return id
	}
	shown := &model.DecisionResult{
		Verdict: r.Verdict, Entitled: int(r.Entitled), Quorum: int(r.Quorum), Turnout: int(r.Turnout), Expressed: int(r.Expressed),
		Denominator: r.Denominator, Chosen: r.Chosen, Rounds: []*model.DecisionRound{}, Seed: d.Seed, InputHash: r.InputHash,
	}
	best, chosen := "", ""
	for i, l := range r.Lines {
		shown.Lines = append(shown.Lines, &model.DecisionLine{
			Option: l.Option, Label: named(l.Option), Voters: int(l.Voters), Sum: int(l.Sum), Weight: l.Weight, Share: l.Share, Place: l.Place, Chosen: l.Chosen,
		})
		if i == 0 {
			best = l.Share
		}
		if l.Chosen && len(d.Options) > 1 { // of one alone the question has its name
			if chosen != "" {
				chosen += ", "
			}
			chosen += named(l.Option)
		}
	}
	for _, round := range r.Rounds {
		shown.Rounds = append(shown.Rounds, &model.DecisionRound{Lines: pointers(round.Weights), Out: round.Out})
	}
	shown.Explanation = i18n.Text(language(ctx), "decision.verdict."+string(r.Verdict), map[string]any{
		"count": int(r.Turnout), "max": int(r.Entitled), "required": int(r.Quorum), "share": best, "majority": d.Rules.Majority.String(), "name": chosen,
	})
	return shown
}

func (r *Resolver) receipts(ctx context.Context, d *governance.Decision, first *int, after *string) (*model.DecisionReceiptConnection, error) {
	p, err := page(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	s, err := r.Governance.Receipts(ctx, actor(ctx), d.Community, d.ID, p)
	if err != nil {
		return nil, err
	}
	shown := domain.Slice[model.DecisionReceipt]{Cursor: s.Cursor, HasMore: s.HasMore}
	for _, b := range s.Items {
		m, err := load(ctx, of(ctx).loaders.members, b.Community, b.Member)
		if err != nil {
			return nil, err
		}
		shown.Items = append(shown.Items, model.DecisionReceipt{Receipt: b.Receipt, Choice: chosen(b.Paper.Choice), Marks: pointers(b.Paper.Marks), Reason: b.Reason, Member: m})
	}
	edges, nodes, info := connect(ctx, shown, p, func(c string, n *model.DecisionReceipt) *model.DecisionReceiptEdge {
		return &model.DecisionReceiptEdge{Cursor: c, Node: n}
	})
	return &model.DecisionReceiptConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

func (r *Resolver) audit(ctx context.Context, d *governance.Decision) (scalar.JSON, error) {
	record, ok, err := r.Governance.Audit(ctx, actor(ctx), d.Community, d.ID)
	if err != nil || !ok {
		return nil, err
	}
	raw, err := json.Marshal(record)
	return scalar.JSON(raw), err
}

// everywhere reads what one has in each of one's communities, one or two.
func everywhere[T any](ctx context.Context, r *Resolver, read func(context.Context, domain.Actor, domain.ID) ([]T, error)) ([]*T, error) {
	members, err := r.Members.Memberships(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	var all []T
	for _, m := range members {
		if !m.Participation.Admitted() {
			continue
		}
		found, err := read(ctx, actor(ctx), m.Community)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return pointers(all), nil
}

// decisionUpdated follows one decision of those that its community decides.
func (r *Resolver) decisionUpdated(ctx context.Context, id string, since *string) (<-chan *model.DecisionUpdate, error) {
	o, err := want(decisionID, id, "decisionId")
	if err != nil {
		return nil, err
	}
	if _, err := r.Governance.Decision(ctx, actor(ctx), o.community, o.key); err != nil {
		return nil, err
	}
	return follow(ctx, r, globalID(communityID, o.community, o.community), since, func(_ context.Context, c changes.Change) (*model.DecisionUpdate, error) {
		d, ok := c.Value.(governance.Decision)
		if !ok || d.ID != o.key {
			return nil, nil
		}
		return &model.DecisionUpdate{Cursor: c.Cursor.String(), Decision: &d}, nil
	}, changes.Decision)
}

func (r *Resolver) decisionEffect(ctx context.Context, d *governance.Decision) (*model.DecisionEffect, error) {
	if d.Effect == nil {
		return nil, nil
	}
	m, err := load(ctx, of(ctx).loaders.members, d.Community, d.Effect.Member)
	if err != nil {
		return nil, err
	}
	charter, err := r.wouldChange(ctx, d)
	return &model.DecisionEffect{
		Kind: d.Effect.Kind, Member: m, Role: orAbsent(string(d.Effect.Role)), Until: moment(d.Effect.Until),
		Charter: charter, EffectiveFrom: moment(d.Effect.From),
	}, err
}

// wouldChange tells what a decision changes in the charter that was in force when it
// was announced: its voters read the same before and after.
func (r *Resolver) wouldChange(ctx context.Context, d *governance.Decision) ([]*model.CharterDifference, error) {
	if d.Effect.Kind != governance.ChangeCharter {
		return []*model.CharterDifference{}, nil
	}
	old, err := r.Communities.Version(ctx, d.Community, d.Effect.Charter)
	if err != nil {
		return nil, err
	}
	changed, err := old.Tried(d.Effect.Changes)
	return differences(language(ctx), old, changed), err
}

func decisionOutcome(ctx context.Context, d *governance.Decision) (*model.DecisionOutcome, error) {
	if d.Outcome.Owner == domain.Nowhere {
		return nil, nil
	}
	m, err := load[membership.Member](ctx, of(ctx).loaders.members, d.Community, d.Outcome.Owner)
	return &model.DecisionOutcome{Text: d.Outcome.Text, Owner: m, ReviewAt: moment(d.Outcome.ReviewAt)}, err
}
