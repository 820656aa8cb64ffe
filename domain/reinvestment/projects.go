// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// Submit is what somebody says to propose a project.
type Submit struct {
	Community, Cycle domain.ID
	OnBehalfOf       domain.ID
	Title, Body      string
	Minimum, Maximum domain.Minutes // 0 as maximum: the minimum; both 0 for a peer's entry
	Milestones       []Milestone
	Earmark          string `json:",omitempty"` // what the hours of the cycle's pool are for, as the submitter says it
	Key              string `json:"-"`
}

// Submit proposes a project while a cycle calls for them, asks a solidarity draw, or
// tells what a peer did.
//
// Errors: NotFound, Forbidden, CycleState, EarmarkDiffers, TooManyProjects, Required, TextTooShort, ProjectInvalid, ClaimBeyondGrant, NotWithMethod,
// IdempotencyKeyReused.
func (s *Service) Submit(ctx context.Context, actor domain.Actor, cmd Submit) (Project, error) {
	var p Project
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		owner, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		c, err := s.cycle(ctx, cmd.Community, cmd.Cycle)
		if err != nil {
			return err
		}
		if cmd, err = cmd.check(c); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "submitProject", Input: cmd}, func() (domain.ID, error) {
			return s.submit(ctx, actor, owner, cmd, now)
		})
		if err != nil {
			return err
		}
		p, err = s.project(ctx, cmd.Community, id)
		return err
	})
	return p, err
}

func (s *Service) submit(ctx context.Context, actor domain.Actor, owner domain.ID, cmd Submit, now time.Time) (domain.ID, error) {
	if err := s.store.TakeCycle(ctx, cmd.Community, cmd.Cycle); err != nil { // nobody else submits, or ends the call, meanwhile
		return domain.Nowhere, err
	}
	c, err := s.cycle(ctx, cmd.Community, cmd.Cycle)
	if err != nil {
		return domain.Nowhere, err
	}
	if c.State != OpenCall {
		return domain.Nowhere, domain.NewError(CycleState, "cycleId", "state", string(c.State))
	}
	if err := s.forIt(ctx, c, cmd.Earmark); err != nil {
		return domain.Nowhere, err
	}
	others, err := s.store.ProjectsOf(ctx, cmd.Community, []domain.ID{c.ID})
	if err != nil {
		return domain.Nowhere, err
	}
	theirs := 0
	for _, p := range others {
		if p.Owner == owner && p.Stage != Withdrawn {
			theirs++
		}
	}
	if most := mostProjects(c.Method); theirs >= most {
		return domain.Nowhere, domain.NewError(TooManyProjects, "cycleId", "max", most)
	}
	p, err := s.store.AddProject(ctx, Project{
		Community: c.Community, Cycle: c.ID, ID: domain.NewID(), Owner: owner, Title: cmd.Title, Body: cmd.Body,
		Minimum: cmd.Minimum, Maximum: cmd.Maximum, Milestones: cmd.Milestones, Stage: Submitted, CreatedAt: now, Version: 1,
		Confidential: c.Method == allocation.SolidarityDraw,
	})
	if err == nil {
		s.tell(ctx, actor, ProjectSubmitted, p.ID, c.told(owner, "", p.Minimum))
	}
	return p.ID, err
}

// forIt refuses what does not say that it is for what the cycle's hours were given for.
func (s *Service) forIt(ctx context.Context, c Cycle, said string) error {
	pool, err := s.account(ctx, c.Community, c.Pool, "cycleId")
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(said), pool.Earmark()) {
		return domain.NewError(EarmarkDiffers, "earmark", "for", pool.Earmark())
	}
	return nil
}

// Review says whether a project can be done, with reasons when it cannot. Nobody
// reviews their own.
//
// Errors: NotFound, Forbidden, CycleState, ProjectState, Required.
func (s *Service) Review(ctx context.Context, actor domain.Actor, community, id domain.ID, feasible bool, reason string) (Project, error) {
	return s.onProject(ctx, actor, community, id, domain.RunCycles, func(ctx context.Context, standing domain.Standing, c Cycle, p Project) (Project, error) {
		var check domain.Check
		said, least := p.Reason, 0
		if !feasible {
			least = 1
		}
		p.Reason = check.Text("reason", reason, least, 1000)
		if err := check.Err(); err != nil {
			return p, err
		}
		switch {
		case standing.Member == p.Owner:
			return p, domain.Forbidden
		case c.State != OpenCall && c.State != Feasibility:
			return p, domain.NewError(CycleState, "projectId", "state", string(c.State))
		case p.Stage == Withdrawn:
			return p, domain.NewError(ProjectState, "projectId", "state", string(p.Stage))
		}
		before := p.Stage
		p.Stage = Refused
		if feasible {
			p.Stage = Eligible
		}
		if p.Stage == before && p.Reason == said {
			return p, errNothingNew
		}
		s.tell(ctx, actor, ProjectReviewed, p.ID, c.told(p.Owner, string(p.Stage), 0))
		return p, nil
	})
}

// Withdraw takes one's own project back, until voting begins.
//
// Errors: NotFound, Forbidden, CycleState.
func (s *Service) Withdraw(ctx context.Context, actor domain.Actor, community, id domain.ID) (Project, error) {
	return s.onProject(ctx, actor, community, id, domain.TakePart, func(ctx context.Context, standing domain.Standing, c Cycle, p Project) (Project, error) {
		if standing.Member != p.Owner && !standing.May(domain.ActForMember) {
			return p, domain.Forbidden
		}
		if c.State != OpenCall && c.State != Feasibility {
			return p, domain.NewError(CycleState, "projectId", "state", string(c.State))
		}
		if p.Stage == Withdrawn {
			return p, errNothingNew
		}
		p.Stage = Withdrawn
		s.tell(ctx, actor, ProjectWithdrawn, p.ID, Told{Cycle: c.ID, Member: p.Owner})
		return p, nil
	})
}

// errNothingNew ends an act that would change nothing.
var errNothingNew = errors.New("nothing new")

func (s *Service) onProject(ctx context.Context, actor domain.Actor, community, id domain.ID, may domain.Permission,
	do func(context.Context, domain.Standing, Cycle, Project) (Project, error),
) (Project, error) {
	var p Project
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, may)
		if err != nil {
			return err
		}
		if p, err = s.projectFor(ctx, standing, community, id); err != nil {
			return err
		}
		c, err := s.held(ctx, community, p.Cycle) // voting does not begin before this is done
		if err != nil {
			return err
		}
		changed, err := do(ctx, standing, c, p)
		if errors.Is(err, errNothingNew) {
			return nil
		}
		if p = changed; err != nil {
			return err
		}
		p, err = s.store.SaveProject(ctx, p)
		return err
	})
	return p, err
}

func (s *Service) project(ctx context.Context, community, id domain.ID) (Project, error) {
	found, err := s.store.Projects(ctx, community, []domain.ID{id})
	if err != nil {
		return Project{}, err
	}
	if len(found) == 0 {
		return Project{}, domain.NewError(domain.NotFound, "projectId")
	}
	return found[0], nil
}

// Project reads one project for a member who may see it. Errors: NotFound, Unauthenticated.
func (s *Service) Project(ctx context.Context, actor domain.Actor, community, id domain.ID) (Project, error) {
	var p Project
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			p, err = s.projectFor(ctx, standing, community, id)
		}
		return err
	})
	return p, err
}

// ProjectsOf reads the projects of a page of cycles at once, in their order of filing;
// Shown says which of them somebody sees.
func (s *Service) ProjectsOf(ctx context.Context, community domain.ID, cycles []domain.ID) (found []Project, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.ProjectsOf(ctx, community, cycles)
		return err
	})
	return found, err
}
