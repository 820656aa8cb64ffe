// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// Decision reads one decision for a member. Errors: NotFound, Unauthenticated.
func (s *Service) Decision(ctx context.Context, actor domain.Actor, community, id domain.ID) (Decision, error) {
	return s.change(ctx, actor, community, id, domain.SeeCommunity, func(context.Context, domain.ID, Decision, time.Time) error { return nil })
}

// List reads a community's decisions, the newest first.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, states []State, page domain.Page) (found domain.Slice[Decision], err error) {
	err = s.read(ctx, actor, community, func(ctx context.Context, _ domain.ID) (err error) {
		found, err = s.store.ListDecisions(ctx, community, states, page)
		return err
	})
	return found, err
}

// NeedsMyVote lists what waits for the caller's ballot, the first to close first.
func (s *Service) NeedsMyVote(ctx context.Context, actor domain.Actor, community domain.ID) (found []Decision, err error) {
	err = s.read(ctx, actor, community, func(ctx context.Context, member domain.ID) (err error) {
		found, err = s.store.Waiting(ctx, community, member)
		return err
	})
	return found, err
}

// Receipts reads the ballots of a counted decision, under their receipts.
func (s *Service) Receipts(ctx context.Context, actor domain.Actor, community, id domain.ID, page domain.Page) (found domain.Slice[Published], err error) {
	err = s.read(ctx, actor, community, func(ctx context.Context, _ domain.ID) (err error) {
		found, err = s.store.ListPublished(ctx, community, id, page)
		return err
	})
	return found, err
}

// Audit is the whole count of a decision, for a stranger to make again; ok is
// false before there is one.
func (s *Service) Audit(ctx context.Context, actor domain.Actor, community, id domain.ID) (record tally.Record, ok bool, err error) {
	err = s.read(ctx, actor, community, func(ctx context.Context, _ domain.ID) error {
		d, err := s.decision(ctx, community, id)
		if err != nil || d.Result == nil {
			return err
		}
		turnouts, err := s.store.Turnouts(ctx, community, []domain.ID{id})
		if err != nil {
			return err
		}
		colleges, err := s.store.Colleges(ctx, community, id)
		if err != nil {
			return err
		}
		published, err := s.store.PublishedBallots(ctx, community, id)
		ballots := make([]Ballot, len(published))
		for i, p := range published {
			ballots[i] = Ballot{Receipt: p.Receipt, College: p.College, Paper: p.Paper}
		}
		if ok = len(turnouts) > 0; ok {
			record = tally.Record{Instance: d.instance(turnouts[0], colleges, ballots), Result: *d.Result}
		}
		return err
	})
	return record, ok, err
}

func (s *Service) read(ctx context.Context, actor domain.Actor, community domain.ID, load func(ctx context.Context, member domain.ID) error) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		return load(ctx, standing.Member)
	})
}

// Decisions reads decisions by id inside the caller's transaction, for a page at once.
func (s *Service) Decisions(ctx context.Context, community domain.ID, ids []domain.ID) ([]Decision, error) {
	return s.store.Decisions(ctx, community, ids)
}

// Undecided lists those of a roll who neither voted nor declared a conflict,
// inside the caller's transaction.
func (s *Service) Undecided(ctx context.Context, community, id domain.ID) ([]domain.ID, error) {
	return s.store.Undecided(ctx, community, id)
}

// Turnouts reads how rolls stand, for a page of decisions at once.
func (s *Service) Turnouts(ctx context.Context, community domain.ID, ids []domain.ID) (found []Turnout, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Turnouts(ctx, community, ids)
		return err
	})
	return found, err
}

// OneComment reads one for every member. Error: NotFound.
func (s *Service) OneComment(ctx context.Context, actor domain.Actor, community, id domain.ID) (c Comment, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity); err != nil {
			return err
		}
		found, ok, err := s.store.CommentByID(ctx, community, id)
		if c = found; err == nil && !ok {
			err = domain.NotFound
		}
		return err
	})
	return c, err
}

// Comments reads what was said of decisions, for a page of them at once.
func (s *Service) Comments(ctx context.Context, community domain.ID, ids []domain.ID) (found []Comment, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Comments(ctx, community, ids)
		return err
	})
	return found, err
}
