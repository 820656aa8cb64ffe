// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// openFor is how long a complaint stays open to those who opened it, and how long
// the first of two waits for the second.
const openFor = 24 * time.Hour

// shortestCause is what opening a complaint alone must at least be explained with.
const shortestCause = 20 // characters

// Complaint is told in confidence. It is in nobody's queue with what it says.
type Complaint struct {
	Community domain.ID
	ID        domain.ID
	By        domain.ID
	About     domain.ID // Nowhere where it is about no member
	Details   string
	MayName   bool // who opens it may know who complained
	At        time.Time
	Openings  []Opening // oldest first
	Closings  []Closing // oldest first; each that is even reopened it
	MayClose  bool      // whether the reader may close or reopen it now; not kept
}

// Opening is somebody's wish to read a complaint, and why. It is kept for good.
type Opening struct {
	Community domain.ID
	ID        domain.ID
	Complaint domain.ID
	Officer   domain.ID
	Reason    string
	Alone     bool // at once, before everybody's eyes
	At        time.Time
}

// Complain is a complaint to be.
type Complain struct {
	Community domain.ID
	About     domain.ID
	Details   string
	MayName   bool
	Key       string `json:"-"`
}

// OpenComplaint is somebody's wish to read one.
type OpenComplaint struct {
	Community domain.ID
	Complaint domain.ID
	Reason    string
	Alone     bool
	Key       string `json:"-"`
}

// The events of complaints.
const (
	Complained     domain.EventKind = "COMPLAINT_FILED"
	ComplaintAsk   domain.EventKind = "COMPLAINT_ASKED"        // one opens it, or waits for a second
	ComplaintAlone domain.EventKind = "COMPLAINT_GLASS_BROKEN" // one opened it alone
)

// ComplaintTold is their payload; nobody is told of it but whom it spares.
type ComplaintTold struct {
	By    domain.ID `json:"by"`
	About domain.ID `json:"whom"`
}

// opened says whether an officer may read a complaint now: they asked within a day,
// and so did one of their peers, or they opened it alone.
func (c Complaint) opened(officer domain.ID, peers []domain.ID, now time.Time) bool {
	mine, others := false, false
	for _, o := range c.Openings {
		if !now.Before(o.At.Add(openFor)) {
			continue
		}
		if o.Officer == officer && o.Alone {
			return true
		}
		mine = mine || o.Officer == officer
		others = others || slices.Contains(peers, o.Officer)
	}
	return mine && others
}

// shownTo is a complaint as somebody reads it: whole for who complained; for who
// opened it, without the name that was not to be told; for the rest, that it exists,
// and when it was closed.
func (c Complaint) shownTo(reader domain.ID, peers []domain.ID, now time.Time) Complaint {
	if reader == c.By {
		return c
	}
	c.MayClose = c.held(reader, peers, now)
	if !c.opened(reader, peers, now) {
		c.Details, c.About, c.Closings = "", domain.Nowhere, slices.Clone(c.Closings)
		for i := range c.Closings {
			c.Closings[i].Outcome, c.Closings[i].Statement = "", ""
		}
	}
	if !c.MayName || c.Details == "" {
		c.By = domain.Nowhere
	}
	return c
}

// Complain files a complaint in confidence.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, OwnReport, IdempotencyKeyReused.
func (s *Service) Complain(ctx context.Context, actor domain.Actor, cmd Complain) (Complaint, error) {
	var c domain.Check
	cmd.Details = c.Text("details", cmd.Details, 1, 8000)
	var filed Complaint
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "fileComplaint", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := c.Err(); err != nil {
				return domain.Nowhere, err
			}
			if cmd.About != domain.Nowhere {
				if _, _, err := s.accused(ctx, actor, standing, cmd.Community, Subject{AboutMember, cmd.About}); err != nil {
					return domain.Nowhere, domain.NewError(domain.NotFound, "memberId").Because(err)
				}
			}
			if cmd.About == standing.Member {
				return domain.Nowhere, domain.NewError(OwnReport, "memberId")
			}
			c := Complaint{Community: cmd.Community, ID: domain.NewID(), By: standing.Member, About: cmd.About, Details: cmd.Details, MayName: cmd.MayName, At: now}
			s.tellComplaint(ctx, domain.Nowhere, Complained, c) // by nobody: the audit log is read by many
			return c.ID, s.store.AddComplaint(ctx, c)
		})
		if err == nil {
			filed, err = s.complaint(ctx, cmd.Community, id)
		}
		return err
	})
	return filed, err
}

func (s *Service) complaint(ctx context.Context, community, id domain.ID) (Complaint, error) {
	found, err := s.store.Complaints(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Complaint{}, err
	}
	return found[0], nil
}

// OpenComplaint asks to read a complaint. Two who ask within a day read it for a
// day; one who cannot wait reads it alone, and everybody concerned hears of it.
// Whoever it is about, who complained, and who lives with either open none of it.
//
// Errors: NotFound, Forbidden, Required, TextTooShort, TextTooLong, Involved,
// IdempotencyKeyReused.
func (s *Service) OpenComplaint(ctx context.Context, actor domain.Actor, cmd OpenComplaint) (Complaint, error) {
	var check domain.Check
	least := 1
	if cmd.Alone {
		least = shortestCause
	}
	cmd.Reason = check.Text("reason", cmd.Reason, least, 1000)
	var c Complaint
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.Moderate)
		if err != nil {
			return err
		}
		action := "openComplaint"
		if cmd.Alone {
			action = "breakGlass"
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: action, Input: cmd}
		_, _, err = s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := check.Err(); err != nil {
				return domain.Nowhere, err
			}
			return s.open(ctx, actor, standing.Member, cmd, now)
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

func (s *Service) open(ctx context.Context, actor domain.Actor, officer domain.ID, cmd OpenComplaint, now time.Time) (domain.ID, error) {
	c, err := s.complaint(ctx, cmd.Community, cmd.Complaint)
	if err != nil {
		return domain.Nowhere, domain.NewError(domain.NotFound, "complaintId").Because(err)
	}
	if err := s.apart(ctx, cmd.Community, officer, "complaintId", c.By, c.About); err != nil {
		return domain.Nowhere, err
	}
	o := Opening{Community: cmd.Community, ID: domain.NewID(), Complaint: c.ID, Officer: officer, Reason: cmd.Reason, Alone: cmd.Alone, At: now}
	kind := ComplaintAsk
	if cmd.Alone {
		kind = ComplaintAlone
	}
	s.tellComplaint(ctx, actor.Person, kind, c)
	return o.ID, s.store.AddOpening(ctx, o)
}

// peers are who may be the second of two beside an officer: they moderate now, are not
// suspended, and do not live with them.
func (s *Service) peers(ctx context.Context, community, officer domain.ID) ([]domain.ID, error) {
	near, err := s.near(ctx, community, officer)
	var peers []domain.ID
	for _, role := range domain.Entrusted(domain.Moderate) {
		if err != nil {
			return nil, err
		}
		var holders []membership.Member
		holders, err = s.members.Holders(ctx, community, role)
		for _, m := range holders {
			if m.Participation.Admitted() && m.Participation != membership.Suspended && !slices.Contains(near, m.ID) {
				peers = append(peers, m.ID)
			}
		}
	}
	return peers, err
}

// shown is a complaint as somebody may read it now.
func (s *Service) shown(ctx context.Context, reader domain.ID, c Complaint, now time.Time) (Complaint, error) {
	peers, err := s.peers(ctx, c.Community, reader)
	return c.shownTo(reader, peers, now), err
}

// Complaint reads one as somebody may: who complained, and those who moderate, whom it
// does not concern and who live with nobody whom it does. Error: NotFound for
// everybody else.
func (s *Service) Complaint(ctx context.Context, actor domain.Actor, community, id domain.ID) (Complaint, error) {
	var c Complaint
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if c, err = s.complaint(ctx, community, id); err != nil {
			return err
		}
		if c.By == standing.Member {
			return nil
		}
		near, err := s.near(ctx, community, standing.Member)
		if err == nil && (slices.Contains(near, c.About) || !standing.May(domain.Moderate)) {
			err = domain.NotFound
		}
		if err == nil {
			c, err = s.shown(ctx, standing.Member, c, now)
		}
		return err
	})
	return c, err
}

// Complaints lists the complaints, newest first, for those who moderate: what each
// says is for who opened it, and none is there that concerns the reader.
//
// Errors: NotFound, Forbidden.
func (s *Service) Complaints(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page) (domain.Slice[Complaint], error) {
	var found domain.Slice[Complaint]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.Moderate)
		if err != nil {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		peers, err := s.peers(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		found, err = s.store.ComplaintsFor(ctx, community, standing.Member, near, page)
		for i, c := range found.Items {
			found.Items[i] = c.shownTo(standing.Member, peers, now)
		}
		return err
	})
	return found, err
}

func (s *Service) tellComplaint(ctx context.Context, person domain.ID, kind domain.EventKind, c Complaint) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: person, Subject: c.ID, Payload: ComplaintTold{By: c.By, About: c.About}})
}
