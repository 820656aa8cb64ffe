// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"context"
	"crypto/rand"
	"reflect"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// Cast is a voter's ballot.
type Cast struct {
	Community, Decision domain.ID
	Paper               tally.Paper
	Fields              []string // of the input in which it was written
	Reason              string
}

// Cast casts a ballot, or casts it again: the last one counts. It stays sealed
// until the close, and is then published under its receipt. Whoever stands on the
// roll may, also while their services are suspended.
//
// It takes no idempotency key: the same ballot twice is the same ballot, and a
// note of what somebody sent would be a note of how they voted.
//
// Errors: NotFound, Forbidden, DecisionState, NotOnTheRoll, ConflictDeclared, ReasonNeeded, BallotKind, OptionUnknown, OptionMissing, OptionTwice.
func (s *Service) Cast(ctx context.Context, actor domain.Actor, cmd Cast) (Ballot, error) {
	var b Ballot
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		d, seat, err := s.voter(ctx, actor, cmd.Community, cmd.Decision, now)
		if err != nil {
			return err
		}
		if err := cmd.check(d); err != nil {
			return err
		}
		key, err := s.store.Key(ctx, d.Community, d.ID)
		if err != nil {
			return err
		}
		b = Ballot{
			Community: d.Community, Decision: d.ID, Slot: slotOf(key, seat.Member), Receipt: rand.Text(), College: seat.College,
			Paper: cmd.Paper, Reason: cmd.Reason,
		}
		if !d.Rules.Secret {
			b.Member = seat.Member
		}
		earlier, cast, err := s.store.BallotIn(ctx, d.Community, d.ID, b.Slot)
		if err != nil {
			return err
		}
		if cast && reflect.DeepEqual(earlier.Paper, b.Paper) && earlier.Reason == b.Reason {
			b = earlier
			return nil
		}
		if b, err = s.store.PutBallot(ctx, b); err != nil {
			return err
		}
		s.tell(ctx, domain.System, DecisionCast, d, domain.Nowhere) // who voted is nobody's business
		return s.store.MarkVoted(ctx, d.Community, d.ID, []domain.ID{seat.Member})
	})
	return b, err
}

func (cmd *Cast) check(d Decision) error {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, 0, 2000)
	if field := d.Rules.Field(); len(cmd.Fields) > 1 || (len(cmd.Fields) == 1 && cmd.Fields[0] != field) {
		return domain.NewError(tally.BallotKind, field, "kind", string(d.Rules.Ballot))
	}
	c.Also(d.Rules.CheckPaper(d.options(), cmd.Paper))
	c.That(len(cmd.Fields) == 1 || c.Err() != nil, domain.Required, d.Rules.Field())
	c.That(cmd.Reason != "" || !d.Rules.needsReason(cmd.Paper), ReasonNeeded, "reason")
	return c.Err()
}

// voter reads an open decision, which stays so until the end of the transaction,
// and the caller's line on its roll.
func (s *Service) voter(ctx context.Context, actor domain.Actor, community, id domain.ID, now time.Time) (Decision, Seat, error) {
	standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
	if err != nil {
		return Decision{}, Seat{}, err
	}
	d, ok, err := s.store.Steady(ctx, community, id)
	if err != nil {
		return d, Seat{}, err
	}
	if !ok {
		return d, Seat{}, domain.NewError(domain.NotFound, "decisionId")
	}
	if !d.State.Takes() || !now.Before(d.ClosesAt) {
		return d, Seat{}, domain.NewError(DecisionState, "decisionId", "state", string(d.State))
	}
	seat, ok, err := s.store.Seat(ctx, community, id, standing.Member)
	if err == nil && (!ok || standing.UnderAge) { // noted as a minor since
		err = domain.NewError(NotOnTheRoll, "decisionId")
	}
	if err == nil && seat.Conflict != "" {
		err = domain.NewError(ConflictDeclared, "decisionId")
	}
	return d, seat, err
}

// DeclareConflict takes somebody with a part in the matter out of the
// denominator; they then have no ballot in it.
//
// Errors: NotFound, Forbidden, DecisionState, NotOnTheRoll, ConflictDeclared, AlreadyVoted, Required.
func (s *Service) DeclareConflict(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Decision, error) {
	var d Decision
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		var c domain.Check
		reason = c.Text("reason", reason, 1, 1000)
		var seat Seat
		var err error
		if d, seat, err = s.voter(ctx, actor, community, id, now); err != nil {
			return err
		}
		c.That(!seat.Voted, AlreadyVoted, "decisionId")
		if err := c.Err(); err != nil {
			return err
		}
		s.tell(ctx, actor, DecisionConflict, d, seat.Member)
		return s.store.MarkConflict(ctx, community, id, seat.Member, reason)
	})
	return d, err
}

// Say comments on a decision.
type Say struct {
	Community, Decision domain.ID
	Body                string
	Key                 string `json:"-"`
}

// Comment says something about a decision, with reasons, for all to read.
//
// Errors: NotFound, Forbidden, Required, IdempotencyKeyReused.
func (s *Service) Comment(ctx context.Context, actor domain.Actor, cmd Say) (Decision, error) {
	return s.change(ctx, actor, cmd.Community, cmd.Decision, domain.TakePart, func(ctx context.Context, by domain.ID, d Decision, now time.Time) error {
		var c domain.Check
		said := cmd
		cmd.Body = c.Text("body", cmd.Body, 1, 5000)
		if err := c.Err(); err != nil {
			return err
		}
		_, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "commentOnDecision", Input: said}, func() (domain.ID, error) {
			comment := Comment{Community: d.Community, ID: domain.NewID(), Decision: d.ID, Member: by, Body: cmd.Body, At: now}
			s.tell(ctx, actor, DecisionComment, d, by)
			return comment.ID, s.store.AddComment(ctx, comment)
		})
		return err
	})
}

// Mine is the caller's line on a roll, and their ballot while votes are taken:
// after the close nobody can say which one it was, not even the program.
func (s *Service) Mine(ctx context.Context, actor domain.Actor, community, id domain.ID) (seat Seat, b Ballot, ok bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if seat, ok, err = s.store.Seat(ctx, community, id, standing.Member); err != nil || !ok {
			return err
		}
		key, err := s.store.Key(ctx, community, id)
		if err != nil || key == nil {
			return err
		}
		b, _, err = s.store.BallotIn(ctx, community, id, slotOf(key, seat.Member))
		return err
	})
	return seat, b, ok, err
}
