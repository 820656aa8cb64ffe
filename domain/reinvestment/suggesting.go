// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Suggest lets somebody who is no member suggest a project to an open call, where the
// charter lets. A member submits projects, and is told so.
//
// Errors: Unauthenticated, NotFound, SuggestionsClosed, MembersSubmit, SuggesterBarred, CycleState, NotWithMethod, TooManySuggestions, CallFull,
// Required, TextTooShort, ProjectInvalid, IdempotencyKeyReused.
func (s *Service) Suggest(ctx context.Context, actor domain.Actor, cmd Suggest) (Suggestion, error) {
	if actor.Person == domain.Nowhere {
		return Suggestion{}, domain.Unauthenticated
	}
	var g Suggestion
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "suggestProject", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := s.maySuggest(ctx, actor, cmd.Community, now); err != nil {
				return domain.Nowhere, err
			}
			checked, err := cmd.check()
			if err != nil {
				return domain.Nowhere, err
			}
			return s.suggest(ctx, actor, checked, now)
		})
		if err == nil {
			g, err = s.suggestion(ctx, cmd.Community, id)
		}
		return err
	})
	return g, err
}

// maySuggest: whom the charter lets, and whom the community has not sent away.
func (s *Service) maySuggest(ctx context.Context, actor domain.Actor, where domain.ID, now time.Time) error {
	_, charter, err := s.communities.Rules(ctx, where, now)
	if err != nil {
		return err
	}
	if !charter.Suggestions.NonMembers {
		return domain.NewError(SuggestionsClosed, "cycleId")
	}
	standing, err := s.access.Standing(ctx, actor.Person, where)
	barred := false
	if err == nil && !standing.Active {
		barred, err = s.store.SentAway(ctx, where, actor.Person)
	}
	switch {
	case err != nil:
		return err
	case barred:
		return domain.NewError(SuggesterBarred, "cycleId")
	case standing.Admitted:
		return domain.NewError(MembersSubmit, "cycleId")
	}
	return nil
}

func (s *Service) suggest(ctx context.Context, actor domain.Actor, cmd Suggest, now time.Time) (domain.ID, error) {
	if err := s.store.TakeCycle(ctx, cmd.Community, cmd.Cycle); err != nil { // nobody ends the call meanwhile, nor suggests
		return domain.Nowhere, err
	}
	c, err := s.cycle(ctx, cmd.Community, cmd.Cycle)
	if err == nil {
		err = c.takes(now)
	}
	if err != nil {
		return domain.Nowhere, err
	}
	already, err := s.store.Suggested(ctx, c.Community, c.ID, actor.Person)
	if err == nil {
		err = already.room()
	}
	if err != nil {
		return domain.Nowhere, err
	}
	g := Suggestion{
		Community: c.Community, Cycle: c.ID, ID: domain.NewID(), Person: actor.Person, Title: cmd.Title, Purpose: cmd.Purpose,
		Beneficiaries: cmd.Beneficiaries, Note: cmd.Note, Minimum: cmd.Minimum, Maximum: cmd.Maximum, State: SuggestionOpen, CreatedAt: now, Version: 1,
	}
	s.tell(ctx, actor, SuggestionMade, g.ID, Told{Cycle: c.ID, State: string(g.State), Minutes: g.Minimum})
	return g.ID, s.store.AddSuggestion(ctx, g)
}

// Adopt makes a project of a suggestion. It is the adopting member's like any other:
// whoever suggested it is named, and neither votes nor claims.
//
// Errors: NotFound, Forbidden, SuggestionStands, CycleState, EarmarkDiffers, TooManyProjects, Required, TextTooShort, ProjectInvalid,
// ClaimBeyondGrant, IdempotencyKeyReused.
func (s *Service) Adopt(ctx context.Context, actor domain.Actor, cmd Adopt) (Project, error) {
	var p Project
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		owner, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "adoptSuggestion", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			return s.adopt(ctx, actor, owner, cmd, now)
		})
		if err == nil {
			p, err = s.project(ctx, cmd.Community, id)
		}
		return err
	})
	return p, err
}

func (s *Service) adopt(ctx context.Context, actor domain.Actor, owner domain.ID, cmd Adopt, now time.Time) (domain.ID, error) {
	g, c, err := s.takeSuggestion(ctx, actor, cmd.Community, cmd.Suggestion)
	if err != nil {
		return domain.Nowhere, err
	}
	if g, err = g.to(SuggestionAdopted, now); err != nil {
		return domain.Nowhere, err
	}
	submit, err := cmd.Submit.of(g).check(c)
	if err != nil {
		return domain.Nowhere, err
	}
	if g.Project, err = s.submit(ctx, actor, owner, submit, now); err != nil {
		return domain.Nowhere, err
	}
	s.tell(ctx, actor, SuggestionTaken, g.ID, Told{Cycle: c.ID, State: string(g.State), Member: owner, Minutes: submit.Minimum})
	return g.Project, s.store.SaveSuggestion(ctx, g)
}

// TakeBack withdraws one's own suggestion while it is open.
//
// Errors: Unauthenticated, NotFound, Forbidden, SuggestionStands.
func (s *Service) TakeBack(ctx context.Context, actor domain.Actor, community, id domain.ID) (Suggestion, error) {
	return s.onSuggestion(ctx, actor, community, id, "", func(g Suggestion, now time.Time) (Suggestion, domain.EventKind, error) {
		if g.Person != actor.Person {
			return g, "", domain.Forbidden
		}
		if g.State == SuggestionWithdrawn {
			return g, "", errNothingNew
		}
		g, err := g.to(SuggestionWithdrawn, now)
		return g, SuggestionGone, err
	})
}

// Refuse declines a suggestion, with reasons that whoever made it reads; nobody declines
// their own.
//
// Errors: NotFound, Forbidden, SuggestionStands, Required.
func (s *Service) Refuse(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Suggestion, error) {
	return s.onSuggestion(ctx, actor, community, id, domain.RunCycles, func(g Suggestion, now time.Time) (Suggestion, domain.EventKind, error) {
		if g.Person == actor.Person {
			return g, "", domain.Forbidden
		}
		g, err := g.answered(SuggestionDeclined, reason, now)
		return g, SuggestionRefused, err
	})
}

// TakeAway removes a suggestion that breaks a rule from members' sight, with reasons that
// whoever made it reads.
//
// Errors: NotFound, Forbidden, SuggestionStands, Required.
func (s *Service) TakeAway(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Suggestion, error) {
	return s.onSuggestion(ctx, actor, community, id, domain.Moderate, func(g Suggestion, now time.Time) (Suggestion, domain.EventKind, error) {
		if g.Person == actor.Person {
			return g, "", domain.Forbidden
		}
		g, err := g.answered(SuggestionRemoved, reason, now)
		return g, SuggestionTakenAway, err
	})
}

// answered moves a suggestion with reasons.
func (g Suggestion) answered(next SuggestionState, reason string, now time.Time) (Suggestion, error) {
	var c domain.Check
	reason = c.Text("reason", reason, 1, 1000)
	if err := c.Err(); err != nil {
		return g, err
	}
	g, err := g.to(next, now)
	g.Reason = reason
	return g, err
}

// onSuggestion is the frame of what is done with one: by whoever holds a permission, or
// without one by anybody who sees it.
func (s *Service) onSuggestion(ctx context.Context, actor domain.Actor, community, id domain.ID, may domain.Permission,
	do func(Suggestion, time.Time) (Suggestion, domain.EventKind, error),
) (Suggestion, error) {
	if actor.Person == domain.Nowhere {
		return Suggestion{}, domain.Unauthenticated
	}
	var g Suggestion
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		if may != "" {
			if _, err := domain.Authorise(ctx, s.access, actor, community, may); err != nil {
				return err
			}
		}
		before, c, err := s.takeSuggestion(ctx, actor, community, id)
		if err != nil {
			return err
		}
		after, told, err := do(before, now)
		if errors.Is(err, errNothingNew) {
			g = before
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.store.SaveSuggestion(ctx, after); err != nil {
			return err
		}
		s.tell(ctx, actor, told, after.ID, Told{Cycle: c.ID, State: string(after.State)})
		g, err = s.suggestion(ctx, community, id)
		return err
	})
	return g, err
}

// takeSuggestion reads one that the actor sees, and its cycle, with nobody else moving
// either of them meanwhile.
func (s *Service) takeSuggestion(ctx context.Context, actor domain.Actor, community, id domain.ID) (g Suggestion, c Cycle, err error) {
	if g, err = s.suggestionFor(ctx, actor, community, id); err != nil {
		return g, c, err
	}
	if err = s.store.TakeCycle(ctx, community, g.Cycle); err != nil {
		return g, c, err
	}
	if g, err = s.suggestion(ctx, community, id); err == nil { // as whoever was first left it
		c, err = s.cycle(ctx, community, g.Cycle)
	}
	return g, c, err
}

// suggestionFor reads one that somebody may see; for others it is not there.
func (s *Service) suggestionFor(ctx context.Context, actor domain.Actor, community, id domain.ID) (Suggestion, error) {
	standing, err := s.access.Standing(ctx, actor.Person, community)
	if err != nil {
		return Suggestion{}, err
	}
	g, err := s.suggestion(ctx, community, id)
	if err == nil && !g.visibleTo(standing, actor.Person) {
		err = domain.NewError(domain.NotFound, "suggestionId")
	}
	return g, err
}

func (s *Service) suggestion(ctx context.Context, community, id domain.ID) (Suggestion, error) {
	found, err := s.store.Suggestions(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "suggestionId")
	}
	if err != nil {
		return Suggestion{}, err
	}
	return found[0], nil
}

// endCall lets the suggestions lapse that nobody adopted while a cycle called for projects.
func (s *Service) endCall(ctx context.Context, c Cycle, now time.Time) error {
	lapsed, err := s.store.LapseSuggestions(ctx, c.Community, c.ID, now)
	for _, id := range lapsed {
		s.tell(ctx, domain.System, SuggestionOver, id, Told{Cycle: c.ID, State: string(SuggestionLapsed)})
	}
	return err
}
