// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong when a complaint is closed or reopened.
const (
	ComplaintState   domain.Code = "COMPLAINT_STATE"    // it was closed, or reopened, already
	ComplaintNotHeld domain.Code = "COMPLAINT_NOT_HELD" // two read it together, or nobody closes it
)

// ComplaintOutcome is what became of a complaint.
type ComplaintOutcome string

// The outcomes of complaints.
const (
	Founded   ComplaintOutcome = "FOUNDED"   // something was wrong, and something was done
	Unfounded ComplaintOutcome = "UNFOUNDED" // nothing was found to be wrong
	Settled   ComplaintOutcome = "SETTLED"   // those concerned agreed
	Withdrawn ComplaintOutcome = "WITHDRAWN" // who complained wished no more of it
)

var complaintOutcomes = []ComplaintOutcome{Founded, Unfounded, Settled, Withdrawn}

// Closing is one closing of a complaint, or its reopening. It is kept for good.
type Closing struct {
	Community domain.ID
	ID        domain.ID
	Complaint domain.ID
	Turn      int // 1 for the first; those that are even reopen
	Officer   domain.ID
	Outcome   ComplaintOutcome // empty for a reopening
	Statement string           // what who complained is told
	At        time.Time
}

// Reopens says whether it took the closing before it back.
func (c Closing) Reopens() bool { return c.Turn%2 == 0 }

// CloseComplaint is a complaint to be closed, or reopened.
type CloseComplaint struct {
	Community domain.ID
	Complaint domain.ID
	Reopen    bool
	Outcome   ComplaintOutcome // empty to reopen
	Statement string           // what who complained is told
	Key       string           `json:"-"`
}

// The events of closing.
const (
	ComplaintClosed   domain.EventKind = "COMPLAINT_CLOSED"
	ComplaintReopened domain.EventKind = "COMPLAINT_REOPENED"
)

// ClosedAt is when a complaint was closed; zero while it is dealt with.
func (c Complaint) ClosedAt() time.Time {
	if len(c.Closings)%2 == 0 {
		return time.Time{}
	}
	return c.Closings[len(c.Closings)-1].At
}

// held says whether an officer reads a complaint together with one of their peers: who
// opened it alone waits for the second before it can be closed.
func (c Complaint) held(officer domain.ID, peers []domain.ID, now time.Time) bool {
	mine, others := false, false
	for _, o := range c.Openings {
		if now.Before(o.At.Add(openFor)) {
			mine = mine || o.Officer == officer
			others = others || slices.Contains(peers, o.Officer)
		}
	}
	return mine && others
}

// closing is the next turn of a complaint, or why there is none.
func (c Complaint) closing(cmd CloseComplaint, officer domain.ID, peers []domain.ID, now time.Time) (Closing, error) {
	if !c.held(officer, peers, now) {
		return Closing{}, domain.NewError(ComplaintNotHeld, "complaintId")
	}
	if cmd.Reopen == c.ClosedAt().IsZero() {
		return Closing{}, domain.NewError(ComplaintState, "complaintId")
	}
	return Closing{
		Community: c.Community, ID: domain.NewID(), Complaint: c.ID, Turn: len(c.Closings) + 1, Officer: officer,
		Outcome: cmd.Outcome, Statement: cmd.Statement, At: now,
	}, nil
}

func (cmd CloseComplaint) check() (CloseComplaint, error) {
	var c domain.Check
	field := "statement"
	if cmd.Reopen {
		field, cmd.Outcome = "reason", ""
	} else {
		c.That(slices.Contains(complaintOutcomes, cmd.Outcome), domain.ValueUnknown, "outcome")
	}
	cmd.Statement = c.Text(field, cmd.Statement, 1, 4000)
	return cmd, c.Err()
}

// CloseComplaint ends a complaint with an outcome and what who complained is told,
// or takes that back before everybody's eyes. It is for one of two who read it
// together, and whom it does not concern.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, ValueUnknown, Involved,
// ComplaintNotHeld, ComplaintState, IdempotencyKeyReused.
func (s *Service) CloseComplaint(ctx context.Context, actor domain.Actor, cmd CloseComplaint) (Complaint, error) {
	cmd, wrong := cmd.check()
	var c Complaint
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.Moderate)
		if err != nil {
			return err
		}
		action := "closeComplaint"
		if cmd.Reopen {
			action = "reopenComplaint"
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: action, Input: cmd}
		_, _, err = s.tx.Once(ctx, once, func() (domain.ID, error) {
			if wrong != nil {
				return domain.Nowhere, wrong
			}
			return s.close(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			c, err = s.complaint(ctx, cmd.Community, cmd.Complaint)
		}
		if err == nil {
			c, err = s.shown(ctx, standing.Member, c, now)
		}
		return err
	})
	return c, err
}

func (s *Service) close(ctx context.Context, actor domain.Actor, officer domain.ID, cmd CloseComplaint, now time.Time) (domain.ID, error) {
	c, err := s.complaint(ctx, cmd.Community, cmd.Complaint)
	if err != nil {
		return domain.Nowhere, domain.NewError(domain.NotFound, "complaintId").Because(err)
	}
	if err := s.apart(ctx, cmd.Community, officer, "complaintId", c.By, c.About); err != nil {
		return domain.Nowhere, err
	}
	peers, err := s.peers(ctx, cmd.Community, officer)
	if err != nil {
		return domain.Nowhere, err
	}
	turn, err := c.closing(cmd, officer, peers, now)
	if err != nil {
		return domain.Nowhere, err
	}
	kind := ComplaintClosed
	if cmd.Reopen {
		kind = ComplaintReopened
	}
	s.tellComplaint(ctx, actor.Person, kind, c)
	return turn.ID, s.store.AddClosing(ctx, turn)
}
