// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// mostCalls is how many open calls a community tells of outside.
const mostCalls = 20

// Call is what people outside are told of a cycle that calls for projects.
type Call struct {
	Community, Cycle domain.ID
	Title            string
	ClosesAt         time.Time
	Purpose          string // of the pool
	Earmark          string // what its hours were given for; empty for anything
}

// OpenCalls lists the calls to which anybody may suggest projects, the one that ends
// first before the others; none where the charter does not let. Error: NotFound.
func (s *Service) OpenCalls(ctx context.Context, where domain.ID) ([]Call, error) {
	var calls []Call
	err := s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		_, charter, err := s.communities.Rules(ctx, where, now)
		if err != nil || !charter.Suggestions.NonMembers {
			return err
		}
		cycles, err := s.store.CyclesIn(ctx, where, OpenCall)
		if err != nil {
			return err
		}
		cycles = slices.DeleteFunc(cycles, func(c Cycle) bool { return c.takes(now) != nil })
		slices.SortStableFunc(cycles, func(a, b Cycle) int { return a.Calendar.FeasibilityAt.Compare(b.Calendar.FeasibilityAt) })
		cycles = cycles[:min(len(cycles), mostCalls)]
		pools := make([]domain.ID, len(cycles))
		for i, c := range cycles {
			pools[i] = c.Pool
		}
		accounts, err := s.hours.Accounts(ctx, where, pools)
		for _, c := range cycles {
			i := slices.IndexFunc(accounts, func(a ledger.Account) bool { return a.ID == c.Pool })
			if i >= 0 {
				calls = append(calls, Call{
					Community: where, Cycle: c.ID, Title: c.Title, ClosesAt: c.Calendar.FeasibilityAt, Purpose: accounts[i].Purpose, Earmark: accounts[i].Earmark(),
				})
			}
		}
		return err
	})
	return calls, err
}

// Suggestion reads one for whoever sees it. Errors: NotFound, Unauthenticated.
func (s *Service) Suggestion(ctx context.Context, actor domain.Actor, community, id domain.ID) (Suggestion, error) {
	var g Suggestion
	if actor.Person == domain.Nowhere {
		return g, domain.Unauthenticated
	}
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		g, err = s.suggestionFor(ctx, actor, community, id)
		return err
	})
	return g, err
}

// SuggestionsSeen reads those of some suggestions that somebody sees, for a page at once.
func (s *Service) SuggestionsSeen(ctx context.Context, actor domain.Actor, community domain.ID, ids []domain.ID) (seen []Suggestion, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.access.Standing(ctx, actor.Person, community)
		if err == nil {
			seen, err = s.store.Suggestions(ctx, community, ids)
		}
		seen = slices.DeleteFunc(seen, func(g Suggestion) bool { return !g.visibleTo(standing, actor.Person) })
		return err
	})
	return seen, err
}

// SuggestionsOf reads the suggestions that projects were made of, for a page at once:
// whoever sees a project may know its source.
func (s *Service) SuggestionsOf(ctx context.Context, community domain.ID, projects []domain.ID) (found []Suggestion, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.SuggestionsOf(ctx, community, projects)
		return err
	})
	return found, err
}

// Behind is the suggestion that a project was made of, or the one of that id, inside the
// caller's transaction; ok is false for none.
func (s *Service) Behind(ctx context.Context, community, id domain.ID) (g Suggestion, ok bool, err error) {
	found, err := s.store.Suggestions(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		found, err = s.store.SuggestionsOf(ctx, community, []domain.ID{id})
	}
	if err != nil || len(found) == 0 {
		return g, false, err
	}
	return found[0], true, nil
}

// Suggested reads what the actor suggested to a community, newest first, a hundred at
// most; nobody needs to be a member for it.
func (s *Service) Suggested(ctx context.Context, actor domain.Actor, community domain.ID) (found []Suggestion, err error) {
	if actor.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.SuggestionsBy(ctx, community, actor.Person)
		return err
	})
	return found, err
}

// ListSuggestions reads what was suggested to a cycle, newest first, in some states or in
// any, as somebody sees it.
//
// Errors: NotFound, Unauthenticated.
func (s *Service) ListSuggestions(ctx context.Context, actor domain.Actor, c Cycle, states []SuggestionState, page domain.Page, count bool) (domain.Slice[Suggestion], int, error) {
	var found domain.Slice[Suggestion]
	var all int
	err := s.tx.InTx(ctx, c.Community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, c.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		seen := seenBy(standing)
		if len(states) > 0 {
			seen = slices.DeleteFunc(seen, func(state SuggestionState) bool { return !slices.Contains(states, state) })
		}
		if count {
			if all, err = s.store.CountSuggestions(ctx, c.Community, c.ID, seen); err != nil {
				return err
			}
		}
		found, err = s.store.ListSuggestions(ctx, c.Community, c.ID, seen, page)
		return err
	})
	return found, all, err
}
