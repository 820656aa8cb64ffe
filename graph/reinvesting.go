// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/scalar"
	"github.com/hora-coop/hora/internal/i18n"
)

// openCycle decodes the input of openCycle.
func openCycle(input model.OpenCycleInput) (reinvestment.Open, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return reinvestment.Open{}, err
	}
	cal := input.Calendar
	cmd := reinvestment.Open{
		Community: c.key, Title: input.Title, Minutes: input.Minutes, Method: input.Method,
		Rule:              allocation.Rule{Utility: input.Utility, Quorum: int64(input.Quorum)},
		TwoApproversAbove: deref(input.TwoApproversAbove), Key: deref(input.IdempotencyKey),
		Calendar: reinvestment.Calendar{
			CallAt: deref(cal.CallAt), FeasibilityAt: cal.FeasibilityAt, VotingAt: deref(cal.VotingAt), TallyAt: deref(cal.TallyAt),
			ChallengeUntil: deref(cal.ChallengeUntil), PayUntil: deref(cal.PayUntil), CloseAt: deref(cal.CloseAt),
		},
	}
	if cmd.Pool, err = wantIn(c.key, accountID, &input.PoolID, "poolId"); err != nil || input.Rule == nil {
		return cmd, err
	}
	limited(&cmd.Rule, input.Rule)
	return cmd, nil
}

// limited decodes the limits of a draw or an epoch, if there are any.
func limited(rule *allocation.Rule, limits *model.CycleRuleInput) {
	if limits == nil {
		return
	}
	rule.Floor, rule.PersonMaximum = deref(limits.Floor), deref(limits.PersonMaximum)
	rule.Allowance, rule.PairMaximum = deref(limits.Allowance), deref(limits.PairMaximum)
}

// saidOf refuses limits of no minutes at all, where none is said by leaving it out.
func saidOf(twoApproversAbove *domain.Minutes, limits *model.CycleRuleInput) error {
	err := said(twoApproversAbove, "twoApproversAbove")
	if limits != nil {
		err = errors.Join(err, said(limits.PersonMaximum, "rule.personMaximum"),
			said(limits.Allowance, "rule.allowance"), said(limits.PairMaximum, "rule.pairMaximum"))
	}
	return err
}

// limitsOf are those of a draw or an epoch; nil for other methods.
func limitsOf(method allocation.Method, rule *allocation.Rule) *model.CycleRule {
	switch method {
	case allocation.SolidarityDraw:
		return &model.CycleRule{Floor: &rule.Floor, PersonMaximum: &rule.PersonMaximum}
	case allocation.PeerEpoch:
		return &model.CycleRule{Allowance: &rule.Allowance, PairMaximum: &rule.PairMaximum}
	case allocation.FixedKey, allocation.EqualShares, allocation.ProposalVote, allocation.DirectEnvelopes, allocation.Knapsack, allocation.Quadratic:
	}
	return nil
}

// shownOf are the projects of a cycle that the caller may see.
func (r *Resolver) shownOf(ctx context.Context, c *reinvestment.Cycle) ([]*reinvestment.Project, error) {
	all, err := of(ctx).loaders.projectsOf.Load(ctx, at{c.Community, c.ID})
	if err != nil {
		return nil, err
	}
	kept, err := r.Reinvestment.Shown(ctx, actor(ctx), all)
	return pointers(kept), err
}

// requests adds up what was asked of a draw; nil for other methods.
func requests(ctx context.Context, c *reinvestment.Cycle) (*model.CycleRequests, error) {
	if c.Method != allocation.SolidarityDraw {
		return nil, nil
	}
	all, err := of(ctx).loaders.projectsOf.Load(ctx, at{c.Community, c.ID})
	told := &model.CycleRequests{}
	for _, p := range all {
		if p.Stage == reinvestment.Withdrawn {
			continue
		}
		told.Asked++
		if told.Minutes += p.Granted; p.Granted > 0 {
			told.Helped++
		}
	}
	return told, err
}

// makePlan decodes what all plans have, has the rest filled in, and makes the plan.
func (r *Resolver) makePlan(ctx context.Context, community, from, field string, fill func(*reinvestment.MakePlan) error) (reinvestment.Plan, error) {
	c, err := want(communityID, community, "communityId")
	if err != nil {
		return reinvestment.Plan{}, err
	}
	cmd := reinvestment.MakePlan{Community: c.key}
	if cmd.From, err = wantIn(c.key, accountID, &from, field); err == nil {
		err = fill(&cmd)
	}
	if err != nil {
		return reinvestment.Plan{}, err
	}
	return r.Reinvestment.MakePlan(ctx, actor(ctx), cmd)
}

// budgetBallot decodes the input of castBudgetBallot.
func budgetBallot(input model.CastBudgetBallotInput) (reinvestment.Cast, error) {
	c, err := want(cycleID, input.CycleID, "cycleId")
	if err != nil {
		return reinvestment.Cast{}, err
	}
	cmd := reinvestment.Cast{Community: c.community, Cycle: c.key}
	if cmd.OnBehalfOf, err = wantIn(c.community, memberID, input.OnBehalfOf, "onBehalfOf"); err != nil {
		return cmd, err
	}
	if len(input.Entries) > domain.LargestPage {
		return cmd, domain.NewError(domain.PageSize, "entries", "max", domain.LargestPage)
	}
	for i, e := range input.Entries {
		id, err := wantIn(c.community, projectID, &e.ProjectID, fmt.Sprintf("entries.%d.projectId", i))
		if err != nil {
			return cmd, err
		}
		cmd.Entries = append(cmd.Entries, reinvestment.Entry{Project: id, Value: int64(e.Value)})
	}
	return cmd, nil
}

func values[V any](list []*V) []V {
	out := make([]V, len(list))
	for i, v := range list {
		out[i] = *v
	}
	return out
}

// counting says whether a cycle has its count: what was sealed may then be shown.
func counting(s reinvestment.State) bool {
	switch s {
	case reinvestment.Tallied, reinvestment.Challenge, reinvestment.Paying, reinvestment.Reporting, reinvestment.Closed:
		return true
	case reinvestment.Draft, reinvestment.OpenCall, reinvestment.Feasibility, reinvestment.Voting, reinvestment.Cancelled:
	}
	return false
}

// projectOf is the global id of a project as a record names it.
func projectOf(community domain.ID, id string) string {
	key, _ := uuid.Parse(id) // our own record
	return globalID(projectID, community, key)
}

func ballotShown(community domain.ID, receipt string, choices []allocation.Choice) *model.CycleBallot {
	b := &model.CycleBallot{Receipt: receipt, Entries: make([]*model.BallotEntry, len(choices))}
	for i, c := range choices {
		b.Entries[i] = &model.BallotEntry{ProjectID: projectOf(community, c.Project), Value: int(c.Value)}
	}
	return b
}

// ballots pages through the record of the count; the cursor is a place in it,
// since a record never changes.
func (r *Resolver) ballots(ctx context.Context, c *reinvestment.Cycle, first *int, after *string) (*model.CycleBallotConnection, error) {
	p, err := page(first, after, nil, nil)
	if err != nil {
		return nil, err
	}
	run, _, err := r.Reinvestment.Allocation(ctx, actor(ctx), c.Community, c.ID)
	if err != nil {
		return nil, err
	}
	all, start := run.Record.Instance.Ballots, 0
	if p.After != "" {
		if start, err = strconv.Atoi(p.After); err != nil || start < 0 || start > len(all) {
			return nil, domain.NewError(domain.CursorInvalid, "after")
		}
	}
	end := min(start+p.Limit, len(all))
	s := domain.Slice[model.CycleBallot]{HasMore: end < len(all), Cursor: func(i int) string { return strconv.Itoa(start + i + 1) }}
	for _, b := range all[start:end] {
		s.Items = append(s.Items, *ballotShown(c.Community, b.Voter, b.Choices))
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, b *model.CycleBallot) *model.CycleBallotEdge {
		return &model.CycleBallotEdge{Cursor: c, Node: b}
	})
	return &model.CycleBallotConnection{Edges: edges, Nodes: nodes, PageInfo: info, TotalCount: total(ctx, len(all))}, nil
}

// because says in words why a project got what it got.
func because(lang i18n.Language, method allocation.Method, line allocation.Line) string {
	if method == allocation.PeerEpoch && line.Cause == allocation.Given {
		return i18n.Text(lang, "allocation.peers", map[string]any{"cut": int64(line.Minutes) < line.Support})
	}
	return i18n.Text(lang, "allocation.cause."+string(line.Cause), map[string]any{"missing": line.Missing, "place": line.Place, "share": line.PerPoint})
}

// cast is what the ballot of a receipt says; in an epoch its gifts, each of which is
// published by itself.
func cast(in allocation.Instance, receipt string) (choices []allocation.Choice, found bool) {
	for _, b := range in.Ballots {
		gift := in.Method == allocation.PeerEpoch && len(b.Choices) == 1 && b.Voter == reinvestment.GiftName(receipt, b.Choices[0].Project)
		if gift || b.Voter == receipt {
			choices, found = append(choices, b.Choices...), true
		}
	}
	return choices, found
}

// ballotDid tells what one ballot did in a count.
func (r *Resolver) ballotDid(ctx context.Context, c domain.ID, record allocation.Record, receipt string) (*model.AllocationBallot, error) {
	in, lang := record.Instance, language(ctx)
	choices, found := cast(in, receipt)
	if !found {
		return nil, nil
	}
	gave, left := map[string]string{}, new(big.Rat)
	if _, shares := left.SetString(record.Result.Virtual); shares {
		for _, p := range allocation.Payments(in, record.Result) {
			if minutes, ok := new(big.Rat).SetString(p.Minutes); ok && p.Voter == receipt {
				gave[p.Project] = p.Minutes
				left.Sub(left, minutes)
			}
		}
	}
	told := &model.AllocationBallot{Receipt: receipt, Lines: []*model.AllocationBallotLine{}}
	if record.Result.Virtual != "" {
		told.Left = orAbsent(left.RatString())
	}
	lines := byKey(record.Result.Lines, func(l allocation.Line) string { return l.Project })
	for _, choice := range choices {
		key, err := uuid.Parse(choice.Project)
		if err != nil {
			return nil, err
		}
		project, err := load(ctx, of(ctx).loaders.projects, c, key)
		if err != nil {
			return nil, err
		}
		line := lines[choice.Project]
		words := because(lang, in.Method, line)
		if share, ok := gave[choice.Project]; ok {
			words += " " + i18n.Text(lang, "allocation.gave", map[string]any{"share": share})
		}
		told.Lines = append(told.Lines, &model.AllocationBallotLine{
			Project: project, Value: int(choice.Value), Minutes: line.Minutes, Gave: orAbsent(gave[choice.Project]), Explanation: words,
		})
	}
	return told, nil
}

// allocation tells a count with its reasons.
func (r *Resolver) allocation(ctx context.Context, c *reinvestment.Cycle) (*model.Allocation, error) {
	run, ok, err := r.Reinvestment.Allocation(ctx, actor(ctx), c.Community, c.ID)
	if err != nil || !ok {
		return nil, err
	}
	lang, result := language(ctx), run.Record.Result
	a := &model.Allocation{
		Run:    run,
		Method: c.Method, Version: run.Record.Instance.Version, InputHash: result.InputHash, Spent: result.Spent, Left: result.Left,
		Share: orAbsent(result.Share), VirtualShare: orAbsent(result.Virtual), Lines: []*model.AllocationLine{},
	}
	for _, line := range result.Lines {
		key, err := uuid.Parse(line.Project)
		if err != nil {
			return nil, err
		}
		project, err := load(ctx, of(ctx).loaders.projects, c.Community, key)
		if err != nil {
			return nil, err
		}
		a.Lines = append(a.Lines, &model.AllocationLine{
			Project: project, Minutes: line.Minutes, Cause: line.Cause, Place: line.Place, Voters: int(line.Voters), Support: int(line.Support),
			PerPoint: orAbsent(line.PerPoint), Missing: line.Missing,
			Explanation: because(lang, c.Method, line),
		})
	}
	summary := "allocation.summary"
	if c.Method == allocation.SolidarityDraw || c.Method == allocation.PeerEpoch {
		summary += "." + string(c.Method)
	}
	a.Explanation = i18n.Text(lang, summary, map[string]any{
		"funded": run.Granted, "projects": run.Asked, "spent": result.Spent, "envelope": c.Envelope, "voters": run.Voters,
	})
	return a, nil
}

// record is a count as it is exported, for those who may see all of it.
func record(run reinvestment.Run) (scalar.JSON, error) {
	if run.Sealed {
		return nil, domain.Forbidden
	}
	text, err := json.Marshal(run.Record)
	return scalar.JSON(text), err
}

// turnCount is the count of a key's turn as it is exported; null for other plans.
func (r *Resolver) turnCount(ctx context.Context, turn *reinvestment.PlanTurn) (scalar.JSON, error) {
	p, err := load(ctx, of(ctx).loaders.plans, turn.Community, turn.Plan)
	if err != nil || p == nil {
		return nil, err
	}
	counted, ok, err := p.Count(*turn)
	if err != nil || !ok {
		return nil, err
	}
	text, err := json.Marshal(counted)
	return scalar.JSON(text), err
}

// phases decodes how long each part of a planned cycle takes. What is left out is
// as usual; no days at all is not the same.
func phases(input *model.PlanPhasesInput, into *reinvestment.Phases) error {
	for _, phase := range []struct {
		field string
		said  *int
		days  *int
	}{
		{"callDays", input.CallDays, &into.Call},
		{"reviewDays", input.ReviewDays, &into.Review},
		{"voteDays", input.VoteDays, &into.Vote},
		{"challengeDays", input.ChallengeDays, &into.Challenge},
		{"payDays", input.PayDays, &into.Pay},
		{"reportDays", input.ReportDays, &into.Report},
	} {
		if phase.said == nil {
			continue
		}
		if *phase.said == 0 {
			return domain.NewError(domain.OutOfRange, "phases."+phase.field, "min", 1, "max", reinvestment.MostDays)
		}
		*phase.days = *phase.said
	}
	return nil
}
