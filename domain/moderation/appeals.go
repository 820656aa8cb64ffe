// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

const (
	// AppealDays is how long after a decision its member may appeal: the time that
	// Mastodon gives, whose members are as free to leave as ours. A measure says the day.
	AppealDays = 20
	// appealAnswerDays is how soon an appeal should be answered: it may ask somebody
	// to read a case anew, and its member waits under the measure meanwhile.
	appealAnswerDays = 14
)

// What can go wrong with an appeal.
const (
	AlreadyAppealed domain.Code = "ALREADY_APPEALED" // once for each measure
	AppealTooLate   domain.Code = "APPEAL_TOO_LATE"  // args: max, the days that there were
	AppealAnswered  domain.Code = "APPEAL_ANSWERED"
	OwnDecision     domain.Code = "OWN_DECISION" // nobody answers an appeal against what they decided
)

// Outcome is what an appeal led to.
type Outcome string

// The outcomes.
const (
	Upheld     Outcome = "UPHELD"     // the measure stands
	Overturned Outcome = "OVERTURNED" // the measure is undone
)

// Appeal is a member's wish that somebody else looks at a measure anew.
type Appeal struct {
	Community domain.ID
	ID        domain.ID
	Measure   domain.ID
	Member    domain.ID // against whom the measure was taken, and who appeals
	Against   domain.ID // who took it
	Reporter  domain.ID // whose report led to it; never told
	Reason    string
	At        time.Time
	AnswerBy  time.Time // when it should be answered at the latest
	OverdueAt time.Time // when moderators were told that it is late
	Outcome   Outcome   // empty while it waits
	Statement string
	DecidedBy domain.ID
	DecidedAt time.Time
	MayDecide bool // whether the reader may; not kept
}

// AppealMeasure is an appeal to be.
type AppealMeasure struct {
	Community domain.ID
	Measure   domain.ID
	Reason    string
	Key       string `json:"-"`
}

// DecideAppeal is an answer to an appeal to be.
type DecideAppeal struct {
	Community domain.ID
	Appeal    domain.ID
	Outcome   Outcome
	Statement string
	Key       string `json:"-"`
}

// The events of appeals.
const (
	Appealed      domain.EventKind = "APPEAL_FILED"
	AppealLate    domain.EventKind = "APPEAL_OVERDUE"
	AppealDecided domain.EventKind = "APPEAL_DECIDED"
)

// AppealTold is their payload.
type AppealTold struct {
	Measure  domain.ID `json:"measure"`
	Member   domain.ID `json:"member"`
	Reporter domain.ID `json:"reporter"` // Nowhere once it is decided
	Against  domain.ID `json:"against"`
	Outcome  Outcome   `json:"outcome"`
}

// AppealBy is until when a measure's member may appeal; zero for what they were not
// told, and so cannot object to.
func (m Measure) AppealBy() time.Time {
	if !m.ToldMember() {
		return time.Time{}
	}
	return m.At.AddDate(0, 0, AppealDays)
}

// appeal is what somebody's wish makes of a measure: it has a term, and what was
// undone needs none. What time ended still stands in its member's record.
func (cmd AppealMeasure) appeal(m Measure, now time.Time) (Appeal, error) {
	if m.EndedBy != domain.Nowhere {
		return Appeal{}, domain.NewError(MeasureEnded, "measureId")
	}
	if now.After(m.AppealBy()) {
		return Appeal{}, domain.NewError(AppealTooLate, "measureId", "max", AppealDays)
	}
	return Appeal{
		Community: m.Community, ID: domain.NewID(), Measure: m.ID, Member: m.Member, Against: m.DecidedBy, Reason: cmd.Reason,
		At: now, AnswerBy: now.AddDate(0, 0, appealAnswerDays),
	}, nil
}

// Place is where an appeal stands among all: those that wait, the most urgent
// first, then those decided, the last first.
func (a Appeal) Place() int64 {
	if a.Outcome == "" {
		return a.AnswerBy.UnixMicro()
	}
	return math.MaxInt64 - a.DecidedAt.UnixMicro()
}

// sides are those who have a part in an appeal, and so do not decide it.
func (a Appeal) sides() []domain.ID { return []domain.ID{a.Member, a.Reporter, a.Against} }

// readBy is an appeal as somebody reads it: those who moderate see whether they may
// decide it.
func (a Appeal) readBy(standing domain.Standing, household []domain.ID) Appeal {
	a.MayDecide = a.Outcome == "" && standing.May(domain.Moderate)
	for _, side := range a.sides() {
		if side == standing.Member || slices.Contains(household, side) {
			a.MayDecide = false
		}
	}
	return a
}

// Appeal asks that somebody else looks at a measure anew. It is for the member whom
// the measure concerns, who may be kept from everything else, and once.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, AlreadyAppealed,
// AppealTooLate, MeasureEnded, IdempotencyKeyReused.
func (s *Service) Appeal(ctx context.Context, actor domain.Actor, cmd AppealMeasure) (Appeal, error) {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, 1, 4000)
	var a Appeal
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "appealMeasure", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := c.Err(); err != nil {
				return domain.Nowhere, err
			}
			return s.appeal(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			a, err = s.appealFor(ctx, standing, cmd.Community, id)
		}
		return err
	})
	return a, err
}

func (s *Service) appeal(ctx context.Context, actor domain.Actor, member domain.ID, cmd AppealMeasure, now time.Time) (domain.ID, error) {
	m, err := s.measure(ctx, cmd.Community, cmd.Measure)
	if err == nil && (m.Member != member || !m.ToldMember()) {
		err = domain.NotFound
	}
	if err != nil {
		return domain.Nowhere, domain.NewError(domain.NotFound, "measureId").Because(err)
	}
	before, err := s.store.AppealsAgainst(ctx, cmd.Community, []domain.ID{m.ID})
	if err == nil && len(before) > 0 {
		err = domain.NewError(AlreadyAppealed, "measureId")
	}
	if err != nil {
		return domain.Nowhere, err
	}
	a, err := cmd.appeal(m, now)
	if err != nil {
		return domain.Nowhere, err
	}
	r, err := s.report(ctx, cmd.Community, m.Report)
	if err != nil {
		return domain.Nowhere, err
	}
	a.Reporter = r.Reporter
	s.tellAppeal(ctx, actor, Appealed, a)
	return a.ID, s.store.AddAppeal(ctx, a)
}

// DecideAppeal answers an appeal, never without a statement. Whoever took the
// measure does not, nor who has a part in the case, nor who lives with one of them.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, ValueUnknown, OwnDecision,
// Involved, AppealAnswered, IdempotencyKeyReused.
func (s *Service) DecideAppeal(ctx context.Context, actor domain.Actor, cmd DecideAppeal) (Appeal, error) {
	var c domain.Check
	cmd.Statement = c.Text("statement", cmd.Statement, 1, 4000)
	c.That(cmd.Outcome == Upheld || cmd.Outcome == Overturned, domain.ValueUnknown, "outcome")
	var a Appeal
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.Moderate)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "decideAppeal", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := c.Err(); err != nil {
				return domain.Nowhere, err
			}
			return cmd.Appeal, s.decideAppeal(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			a, err = s.appealFor(ctx, standing, cmd.Community, id)
		}
		return err
	})
	return a, err
}

func (s *Service) decideAppeal(ctx context.Context, actor domain.Actor, by domain.ID, cmd DecideAppeal, now time.Time) error {
	found, err := s.store.Appeals(ctx, cmd.Community, []domain.ID{cmd.Appeal})
	if err != nil || len(found) == 0 {
		return domain.NewError(domain.NotFound, "appealId").Because(err)
	}
	a := found[0]
	if a.Against == by {
		return domain.NewError(OwnDecision, "appealId")
	}
	if err := s.apart(ctx, cmd.Community, by, "appealId", a.sides()...); err != nil {
		return err
	}
	m, err := s.measure(ctx, cmd.Community, a.Measure)
	if err != nil {
		return err
	}
	a.Outcome, a.Statement, a.DecidedBy, a.DecidedAt = cmd.Outcome, cmd.Statement, by, now
	if err := s.settle(ctx, actor, a); err != nil || cmd.Outcome == Upheld {
		return err
	}
	m.EndedAt, m.EndedBy, m.EndReason = now, by, cmd.Statement
	_, err = s.takeBack(ctx, actor, m, a.ID) // what time ended meanwhile is back already
	return err
}

// yield answers the appeal that waits against a measure that somebody undoes without
// it: its member has what they asked for, and nobody has to decide.
func (s *Service) yield(ctx context.Context, actor domain.Actor, m Measure) (domain.ID, error) {
	found, err := s.store.AppealsAgainst(ctx, m.Community, []domain.ID{m.ID})
	if err != nil || len(found) == 0 || found[0].Outcome != "" {
		return domain.Nowhere, err
	}
	a := found[0]
	a.Outcome, a.Statement, a.DecidedBy, a.DecidedAt = Overturned, m.EndReason, m.EndedBy, m.EndedAt
	return a.ID, s.settle(ctx, actor, a)
}

// settle keeps what became of an appeal. Error: AppealAnswered.
func (s *Service) settle(ctx context.Context, actor domain.Actor, a Appeal) error {
	first, err := s.store.DecideAppeal(ctx, a)
	if err != nil {
		return err
	}
	if !first {
		return domain.NewError(AppealAnswered, "appealId")
	}
	a.Reporter = domain.Nowhere
	s.tellAppeal(ctx, actor, AppealDecided, a)
	return nil
}

// appealFor reads one as somebody sees it.
func (s *Service) appealFor(ctx context.Context, standing domain.Standing, community, id domain.ID) (Appeal, error) {
	found, err := s.store.Appeals(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Appeal{}, err
	}
	err = s.readBy(ctx, standing, community, found)
	return found[0], err
}

// readBy marks which of some appeals the reader may decide.
func (s *Service) readBy(ctx context.Context, standing domain.Standing, community domain.ID, all []Appeal) error {
	household, err := s.members.LivesWith(ctx, community, standing.Member)
	for i, a := range all {
		all[i] = a.readBy(standing, household)
	}
	return err
}

// OneAppeal reads one for its member and for those who moderate and do not live with
// them. Error: NotFound for everybody else.
func (s *Service) OneAppeal(ctx context.Context, actor domain.Actor, community, id domain.ID) (Appeal, error) {
	var a Appeal
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		a, err = s.appealFor(ctx, standing, community, id)
		if err == nil && a.Member != standing.Member && (!standing.May(domain.Moderate) || slices.Contains(near, a.Member)) {
			err = domain.NotFound
		}
		return err
	})
	return a, err
}

// Appeals lists all, those that wait first, for those who moderate: also those that
// somebody else must decide, so that they can be asked to, but none of their household's.
//
// Errors: NotFound, Forbidden.
func (s *Service) Appeals(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page, count bool) (domain.Slice[Appeal], int, error) {
	var found domain.Slice[Appeal]
	var waiting int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.Moderate)
		if err != nil {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		if count {
			if waiting, err = s.store.CountAppeals(ctx, community, near); err != nil {
				return err
			}
		}
		if found, err = s.store.AppealsIn(ctx, community, near, page); err != nil {
			return err
		}
		return s.readBy(ctx, standing, community, found.Items)
	})
	return found, waiting, err
}

// AppealsAgainst reads those against measures that the actor was shown.
func (s *Service) AppealsAgainst(ctx context.Context, actor domain.Actor, community domain.ID, measures []domain.ID) ([]Appeal, error) {
	var found []Appeal
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.access.Standing(ctx, actor.Person, community)
		if err != nil {
			return err
		}
		if found, err = s.store.AppealsAgainst(ctx, community, measures); err != nil || len(found) == 0 {
			return err
		}
		return s.readBy(ctx, standing, community, found)
	})
	return found, err
}

func (s *Service) tellAppeal(ctx context.Context, actor domain.Actor, kind domain.EventKind, a Appeal) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: a.ID, Payload: AppealTold{
		Measure: a.Measure, Member: a.Member, Reporter: a.Reporter, Against: a.Against, Outcome: a.Outcome,
	}})
}
