// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// MakePlan is what somebody says to have the calendar do something regularly.
type MakePlan struct {
	Community domain.ID
	Kind      PlanKind
	Title     string
	From, To  domain.ID
	Minutes   domain.Minutes
	Kept      domain.Minutes
	Terms     Terms
	FirstOn   time.Time
	Rhythm    domain.Rhythm
	Hour      int
	Key       string `json:"-"`
}

// check tidies a plan and says all that is wrong with it.
func (cmd MakePlan) check(zone *time.Location, now time.Time) (MakePlan, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 3, 100)
	if cmd.Kind != PlanInflow { // which never brings all there is
		c.That(cmd.Minutes >= 0 && cmd.Minutes <= domain.MaxMinutes, domain.MinutesOutOfRange, "minutes", "min", 0, "max", domain.MaxMinutes)
	}
	c.That(cmd.Kept >= 0 && cmd.Kept <= domain.MaxMinutes, domain.MinutesOutOfRange, "keptMinutes", "min", 0, "max", domain.MaxMinutes)
	c.That(cmd.Hour >= 0 && cmd.Hour <= 23, domain.OutOfRange, "hour", "min", 0, "max", 23)
	turns := domain.Turns{First: cmd.FirstOn, Rhythm: cmd.Rhythm, Hour: cmd.Hour, Zone: zone}
	c.That(turns.Turn(0).At.After(now.Add(-24*time.Hour)), CalendarInvalid, "firstOn")
	switch cmd.Kind {
	case PlanCycle:
		cmd.Terms.Method = cmp.Or(cmd.Terms.Method, allocation.EqualShares)
		cmd.Terms.Phases = cmd.Terms.Phases.complete(cmd.Terms.Method)
		cmd.Terms.Phases.check(&c, cmd.Terms.Method)
		cmd.Terms.Rule.Utility = cmp.Or(cmd.Terms.Rule.Utility, allocation.PerMinute)
		cmd.Terms.TwoApproversAbove = cmp.Or(cmd.Terms.TwoApproversAbove, 1200)
		c.Minutes("twoApproversAbove", cmd.Terms.TwoApproversAbove)
		c.That(slices.Contains(CycleMethods(), cmd.Terms.Method), MethodNotForVote, "method", "known", methodNames(CycleMethods()))
		checkRule(&c, cmd.Terms.Method, cmd.Terms.Rule, cmp.Or(cmd.Minutes, domain.MaxMinutes+1))
		in := allocation.Instance{Method: cmd.Terms.Method, Rule: allocation.Rule{Utility: cmd.Terms.Rule.Utility, Quorum: cmd.Terms.Rule.Quorum}}
		c.That(in.Check() == nil, allocation.RuleInvalid, "quorum")
	case PlanSplit:
		cmd.Terms.Preset = cmp.Or(cmd.Terms.Preset, NoPreset)
		checkKey(&c, cmd.Terms.Key, cmd.Terms.Preset)
	case PlanInflow:
		c.Minutes("minutes", cmd.Minutes)
	case PlanReserve: // which nobody makes: the charter does
		c.That(false, PlanOfCharter, "kind")
	}
	return cmd, c.Err()
}

// MakePlan has the calendar open cycles, bring hours into a pool, or divide a pool,
// from a day on. A first day up to a day ago comes round at once.
//
// Errors: NotFound, Forbidden, CalendarInvalid, MethodNotForVote, RuleInvalid, NotWithMethod, Required, KeyIncomplete, KeyTwice, ScopKey, ScicKey, AssociationKey, NoFederation, ReserveIndivisible, EarmarkedHours, IdempotencyKeyReused.
func (s *Service) MakePlan(ctx context.Context, actor domain.Actor, cmd MakePlan) (Plan, error) {
	var p Plan
	if cmd.Terms.Federation != domain.Nowhere { // before the transaction, since it lies in another community
		pools, err := s.hours.CommunityAccounts(ctx, cmd.Terms.Federation)
		if err != nil {
			return p, err
		}
		for _, pool := range pools {
			if pool.Kind == ledger.Pool && pool.Purpose == ledger.Projects {
				cmd.Terms.FederationPool = pool.ID
			}
		}
	}
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.RunCycles)
		if err != nil {
			return err
		}
		where, _, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "plan" + string(cmd.Kind), Input: cmd}, func() (domain.ID, error) {
			cmd, err := cmd.check(where.Zone(), now)
			if err == nil {
				err = s.planned(ctx, standing, cmd)
			}
			if err != nil {
				return domain.Nowhere, err
			}
			p := Plan{
				Community: cmd.Community, ID: domain.NewID(), Kind: cmd.Kind, Title: cmd.Title, From: cmd.From, To: cmd.To, Minutes: cmd.Minutes, Kept: cmd.Kept,
				Terms: cmd.Terms, FirstOn: cmd.FirstOn, Rhythm: cmd.Rhythm, Hour: cmd.Hour, MadeBy: actor.Person, CreatedAt: now, Version: 1,
			}
			p.NextAt = p.turns(where.Zone()).Turn(0).At
			s.tell(ctx, actor, PlanMade, p.ID, Told{Minutes: p.Minutes})
			return p.ID, s.store.AddPlan(ctx, p)
		})
		if err != nil {
			return err
		}
		p, err = s.plan(ctx, cmd.Community, id)
		return err
	})
	return p, err
}

// planned says whether a plan's accounts are such that hours may move that way:
// out of a pool, but never out of the reserve, or out of the community into a pool.
func (s *Service) planned(ctx context.Context, standing domain.Standing, cmd MakePlan) error {
	field := "poolId"
	if cmd.Kind == PlanInflow {
		field = "fromId"
	}
	from, err := s.account(ctx, cmd.Community, cmd.From, field)
	if err != nil {
		return err
	}
	if cmd.Kind != PlanCycle { // which is for what the hours of its pool are for
		if err := from.Unearmarked(field); err != nil {
			return err
		}
	}
	if cmd.Kind != PlanInflow {
		if err := divisible(from, "poolId"); err != nil {
			return err
		}
		return s.federated(ctx, cmd)
	}
	to, err := s.account(ctx, cmd.Community, cmd.To, "poolId")
	switch {
	case err != nil:
		return err
	case to.Kind != ledger.Pool || to.Purpose == ledger.Dormant:
		return domain.NewError(domain.NotFound, "poolId")
	case from.Purpose == ledger.Dormant:
		return domain.NewError(domain.NotFound, "fromId")
	case from.Kind == ledger.Pool && from.Purpose == ledger.Reserve:
		return domain.NewError(ReserveIndivisible, "fromId")
	case from.Kind != ledger.Community && from.Kind != ledger.ServicePoint && from.Kind != ledger.Pool:
		return domain.NewError(domain.NotFound, "fromId")
	case !standing.May(domain.GiveFromCommunity):
		return domain.Forbidden
	}
	return nil
}

// federated says whether the part for a federation can get there: the two exchange
// hours already, each by its own word.
func (s *Service) federated(ctx context.Context, cmd MakePlan) error {
	if cmd.Terms.Federation != domain.Nowhere {
		mirrors, err := s.hours.Mirrors(ctx, cmd.Community)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(mirrors, func(m ledger.MirrorAccount) bool { return m.Partner == cmd.Terms.Federation }) {
			return domain.NewError(domain.NotFound, "federationId")
		}
	}
	part := slices.ContainsFunc(cmd.Terms.Key, func(p Part) bool { return p.Use == ForFederation })
	if part != (cmd.Terms.FederationPool != domain.Nowhere) {
		return domain.NewError(NoFederation, "federationId")
	}
	return nil
}

// divisible is for hours that go to people or projects.
func divisible(from ledger.Account, field string) error {
	if from.Kind != ledger.Pool || from.Purpose == ledger.Dormant {
		return domain.NewError(domain.NotFound, field)
	}
	if from.Purpose == ledger.Reserve {
		return domain.NewError(ReserveIndivisible, field)
	}
	return nil
}

func (s *Service) account(ctx context.Context, community, id domain.ID, field string) (ledger.Account, error) {
	found, err := s.hours.Accounts(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, field)
	}
	if err != nil {
		return ledger.Account{}, err
	}
	return found[0], nil
}

// EndPlan has a plan come round no more; what it began goes on.
//
// Errors: NotFound, Forbidden, PlanEnded, PlanOfCharter, Required.
func (s *Service) EndPlan(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Plan, error) {
	var p Plan
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, community, domain.RunCycles); err != nil {
			return err
		}
		var err error
		if p, err = s.plan(ctx, community, id); err != nil {
			return err
		}
		var c domain.Check
		p.Reason = c.Text("reason", reason, 1, 1000)
		c.That(!p.NextAt.IsZero(), PlanEnded, "planId")
		c.That(p.Kind != PlanReserve, PlanOfCharter, "planId")
		if err := c.Err(); err != nil {
			return err
		}
		p.NextAt = time.Time{}
		s.tell(ctx, actor, PlanOver, p.ID, Told{})
		p, err = s.store.SavePlan(ctx, p)
		return err
	})
	return p, err
}

// come does the one turn of a plan that is due, with its own date. Taking the row
// comes first, then the note under the period's name: whoever else tries waits
// there, and does nothing.
func (s *Service) come(ctx context.Context, community domain.ID, what Due) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		p, err := s.plan(ctx, community, what.ID)
		if err == nil && p.Version != what.Version { // another server was first, and something else may be due before the next turn
			err = domain.NewError(domain.StaleVersion, "planId")
		}
		if err != nil || p.NextAt.IsZero() || p.NextAt.After(now) {
			return err
		}
		where, _, err := s.communities.Rules(ctx, community, now)
		if err != nil {
			return err
		}
		turns := p.turns(where.Zone())
		turn := turns.Turn(p.Turn)
		turn.At = p.NextAt // as it was announced, should the community have moved to another zone
		p.Turn++
		p.NextAt = turns.Turn(p.Turn).At
		if p, err = s.store.SavePlan(ctx, p); err != nil {
			return err
		}
		from, err := s.account(ctx, community, p.From, "fromId")
		if err != nil {
			return err
		}
		done := PlanTurn{Due: turn.At, Minutes: p.available(from.Balance, from.Held)}
		if from.Kind != ledger.Pool {
			done.Minutes = p.Minutes // the community's own account is what the whole owes its members
		}
		return s.perform(ctx, p, turn, done, where.Zone(), now)
	})
}

// perform does what a turn is for, once under the name of its period.
func (s *Service) perform(ctx context.Context, p Plan, turn domain.Turn, done PlanTurn, zone *time.Location, now time.Time) error {
	var legs []ledger.Transfer
	var err error
	switch p.Kind {
	case PlanCycle:
		if done.Minutes > 0 {
			done.Cycle = domain.NewID()
		}
	case PlanInflow:
		legs = []ledger.Transfer{grant(done.Minutes, p.From, p.To)}
	case PlanSplit:
		legs, done, err = s.split(ctx, p, turn, done)
	case PlanReserve:
		legs, done, err = s.setAside(ctx, p, turn, done)
	}
	if err != nil {
		return err
	}
	first, err := s.periods.Keep(ctx, p.Community, p.job(), turn.Period, now, done)
	if err != nil || !first {
		return err
	}
	legs = slices.DeleteFunc(legs, func(l ledger.Transfer) bool { return l.Minutes == 0 || l.Debit == l.Credit })
	switch {
	case done.Cycle != domain.Nowhere:
		return s.begin(ctx, domain.System, Cycle{
			Community: p.Community, ID: done.Cycle, Title: p.Title + " · " + turn.Period, Pool: p.From, Envelope: done.Minutes,
			Method: p.Terms.Method, Rule: p.Terms.Rule, TwoApproversAbove: p.Terms.TwoApproversAbove,
			Calendar: p.Terms.Phases.calendar(turn, p.Hour, zone), OpenedBy: p.MadeBy, CreatedAt: now,
		})
	case len(legs) > 0:
		_, err = s.hours.Post(ctx, ledger.Posting{
			Community: p.Community, Key: p.job() + "/" + turn.Period, Legs: legs,
			Event: domain.Event{ID: domain.NewID(), Kind: PlanCame, Subject: p.ID, Payload: Told{Minutes: done.Minutes}},
		})
		switch {
		case err == nil && p.Kind == PlanSplit:
			err = s.federate(ctx, p, turn, done)
		case err == nil && (p.Kind == PlanReserve || p.Kind == PlanInflow):
			err = s.unchanged(ctx, p, legs)
		}
		return err
	}
	s.tell(ctx, domain.System, PlanCame, p.ID, Told{})
	return s.federate(ctx, p, turn, done)
}

// federate opens the way of the federation's part into its pool, and sees that the
// pool here had what left it. The other half follows within minutes, or all of it
// comes back.
func (s *Service) federate(ctx context.Context, p Plan, turn domain.Turn, done PlanTurn) error {
	for _, part := range done.Parts {
		if part.Use == ForFederation && part.Minutes > 0 {
			_, err := s.hours.OpenPair(ctx, ledger.Crossing{
				ID:       uuid.NewSHA1(p.ID, []byte(turn.Period)), // the same whoever tries
				Receiver: ledger.Party{Community: p.Community, Account: p.From},
				Provider: ledger.Party{Community: p.Terms.Federation, Account: p.Terms.FederationPool},
				Minutes:  part.Minutes,
			})
			if err != nil {
				return err
			}
		}
	}
	if p.Kind != PlanSplit || done.Minutes == 0 {
		return nil
	}
	return s.covered(ctx, p.Community, p.From, done.Minutes)
}

func grant(minutes domain.Minutes, from, to domain.ID) ledger.Transfer {
	return ledger.Transfer{ID: domain.NewID(), Kind: ledger.Grant, Minutes: minutes, Debit: from, Credit: to}
}

// split is where the parts of a key go. What is for members while none gave
// anything stays where it is.
func (s *Service) split(ctx context.Context, p Plan, turn domain.Turn, done PlanTurn) ([]ledger.Transfer, PlanTurn, error) {
	done.Divided = done.Minutes
	parts, err := p.divide(done.Minutes, turn.Period)
	if err != nil {
		return nil, done, err
	}
	var legs []ledger.Transfer
	for i, part := range parts {
		if part.Use == ForFederation {
			continue // it crosses to another ledger
		}
		if part.Use != MembersByHours {
			pool, err := s.hours.CommunityAccount(ctx, p.Community, ledger.Pool, string(part.Use))
			if err != nil {
				return nil, done, err
			}
			legs = append(legs, grant(part.Minutes, p.From, pool.ID))
			continue
		}
		since, err := s.turnBefore(ctx, p)
		if err != nil {
			return nil, done, err
		}
		given, err := s.store.HoursGiven(ctx, p.Community, since, turn.At)
		if err != nil {
			return nil, done, err
		}
		paid := shares(part.Minutes, given)
		if len(paid) == 0 {
			done.Minutes -= part.Minutes
			parts[i].Minutes = 0
		}
		for _, share := range paid {
			legs = append(legs, grant(share.Minutes, p.From, share.Account))
		}
	}
	done.Parts = parts
	return legs, done, nil
}

// turnBefore is when the turn before this one was due, as it was then, should the community
// have moved to another zone since; for the first one when the plan was made.
func (s *Service) turnBefore(ctx context.Context, p Plan) (time.Time, error) {
	before, err := s.store.PlanTurns(ctx, p.Community, []domain.ID{p.ID})
	if err != nil || len(before) == 0 {
		return p.CreatedAt, err
	}
	return before[0].Due, nil
}

func (s *Service) plan(ctx context.Context, community, id domain.ID) (Plan, error) {
	found, err := s.store.Plans(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "planId")
	}
	if err != nil {
		return Plan{}, err
	}
	return found[0], nil
}

// Plan reads one plan for a member. Errors: NotFound, Unauthenticated.
func (s *Service) Plan(ctx context.Context, actor domain.Actor, community, id domain.ID) (Plan, error) {
	var p Plan
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			p, err = s.plan(ctx, community, id)
		}
		return err
	})
	return p, err
}

// LoadPlans reads plans by id inside the caller's transaction, for a page at once.
func (s *Service) LoadPlans(ctx context.Context, community domain.ID, ids []domain.ID) ([]Plan, error) {
	return s.store.Plans(ctx, community, ids)
}

// Plans lists a community's plans, the newest first.
func (s *Service) Plans(ctx context.Context, actor domain.Actor, community domain.ID) ([]Plan, error) {
	var found []Plan
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.store.ListPlans(ctx, community)
		}
		return err
	})
	return found, err
}

// Turns reads what plans did, the latest first, for a page of them at once.
func (s *Service) Turns(ctx context.Context, community domain.ID, plans []domain.ID) (found []PlanTurn, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.PlanTurns(ctx, community, plans)
		return err
	})
	return found, err
}
