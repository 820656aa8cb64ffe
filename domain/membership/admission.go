// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can be missing to become a co-owner.
const (
	SharesMissing       domain.Code = "SHARES_MISSING"        // the charter's minimum is not paid
	StatutesNotAccepted domain.Code = "STATUTES_NOT_ACCEPTED" // args: version
	OrientationMissing  domain.Code = "ORIENTATION_MISSING"
	OwnCase             domain.Code = "OWN_CASE" // nobody objects to or decides their own, or what they objected to
)

// AdmissionState is where a wish to be a co-owner stands.
type AdmissionState string

// The states of an admission.
const (
	Listed   AdmissionState = "LISTED" // published; tacit when nobody objects in time
	Objected AdmissionState = "OBJECTED"
	Admitted AdmissionState = "ADMITTED"
	Refused  AdmissionState = "REFUSED"
)

// Admission is a member's wish to be a co-owner, and what became of it.
type Admission struct {
	Community  domain.ID
	ID         domain.ID
	Member     domain.ID
	State      AdmissionState
	Statutes   int // the version that its member accepted
	AppliedAt  time.Time
	TacitAt    time.Time
	DecidedAt  time.Time
	DecidedBy  domain.ID // who recorded a decision; Nowhere when nobody objected
	Reasons    string
	Objections []Objection
}

// Objection says why somebody should not be admitted without a decision.
type Objection struct {
	Community domain.ID
	Admission domain.ID
	Member    domain.ID // who objects
	Reason    string
	At        time.Time
}

// ApplyForCoOwnership is the wish to be a co-owner.
type ApplyForCoOwnership struct {
	Community domain.ID
	Statutes  int    // the version that one accepts; 0 for none
	Key       string `json:"-"`
}

// The events of admission; their subject is the admission.
const (
	OrientationNoted  domain.EventKind = "ORIENTATION_NOTED" // its subject is the member
	AdmissionListed   domain.EventKind = "ADMISSION_LISTED"
	AdmissionObjected domain.EventKind = "ADMISSION_OBJECTED"
	AdmissionSettled  domain.EventKind = "ADMISSION_SETTLED"
	AdmissionLapsed   domain.EventKind = "ADMISSION_LAPSED" // without a decision
)

// AdmissionTold is the payload of the events of admission.
type AdmissionTold struct {
	Member domain.ID      `json:"member"`
	State  AdmissionState `json:"state"`
	Due    time.Time      `json:"due"`
}

// NoteOrientation notes that somebody had the conversation that welcomes. What was
// noted stays.
//
// Errors: NotFound, Forbidden, MemberState.
func (s *Service) NoteOrientation(ctx context.Context, actor domain.Actor, community, member domain.ID) (Member, error) {
	return s.change(ctx, actor, community, member, domain.AdmitMembers, domain.Once{}, func(ctx context.Context, m Member, _ time.Time) (Member, error) {
		if m.Oriented {
			return m, nil
		}
		if !m.Participation.Admitted() && m.Participation != Applicant {
			return m, domain.NewError(MemberState, "memberId", "state", string(m.Participation))
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: OrientationNoted, Actor: actor.Person, Subject: m.ID})
		m.Oriented = true
		return m, s.store.Orient(ctx, m)
	})
}

// ApplyForCoOwnership puts somebody on the published list. They are admitted when
// nobody objects in time; an objection leads to a decision.
//
// Errors: NotFound, Forbidden, MemberState, OfAgeOnly, SharesMissing, StatutesNotAccepted,
// OrientationMissing, IdempotencyKeyReused.
func (s *Service) ApplyForCoOwnership(ctx context.Context, actor domain.Actor, cmd ApplyForCoOwnership) (Admission, error) {
	var a Admission
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, cmd.Community, domain.TakePart)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "applyForCoOwnership", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			m, err := s.byID(ctx, cmd.Community, standing.Member)
			if err != nil {
				return domain.Nowhere, err
			}
			return s.list(ctx, actor, m, cmd.Statutes, now)
		})
		if err == nil {
			a, err = s.admission(ctx, cmd.Community, id)
		}
		return err
	})
	return a, err
}

func (s *Service) list(ctx context.Context, actor domain.Actor, m Member, statutes int, now time.Time) (domain.ID, error) {
	where, rules, err := s.communities.Rules(ctx, m.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	if m.UnderAge(now) {
		return domain.Nowhere, domain.NewError(OfAgeOnly, "communityId")
	}
	if !m.Governance.MayBecome(Candidate) || m.Kind != Person {
		return domain.Nowhere, domain.NewError(MemberState, "communityId", "state", string(m.Governance))
	}
	var c domain.Check
	c.That(m.Capital == Full, SharesMissing, "communityId")
	c.That(statutes == rules.CoOwnership.Statutes, StatutesNotAccepted, "statutesVersion", "version", rules.CoOwnership.Statutes)
	c.That(m.Oriented, OrientationMissing, "communityId")
	if err := c.Err(); err != nil {
		return domain.Nowhere, err
	}
	a := Admission{
		Community: m.Community, ID: domain.NewID(), Member: m.ID, State: Listed, Statutes: statutes,
		AppliedAt: now, TacitAt: where.After(now, rules.CoOwnership.TacitDays),
	}
	if err := s.store.AddAdmission(ctx, a); err != nil {
		return domain.Nowhere, err
	}
	s.tx.Record(ctx, a.event(actor, AdmissionListed))
	_, err = s.Govern(ctx, m, Candidate, Because{OwnRequest, a.ID, actor.Person}, now)
	return a.ID, err
}

// Object says why somebody should not be admitted without a decision; it is read
// by all. Who objected already has said it.
//
// Errors: NotFound, Forbidden, OwnCase, MemberState, Required.
func (s *Service) Object(ctx context.Context, actor domain.Actor, community, member domain.ID, reason string) (Admission, error) {
	return s.onAdmission(ctx, actor, community, member, domain.TakePart, func(ctx context.Context, a Admission, by domain.ID, now time.Time) error {
		var c domain.Check
		reason = c.Text("reason", reason, 1, 1000)
		if err := c.Err(); err != nil {
			return err
		}
		first, err := s.store.Object(ctx, Objection{Community: community, Admission: a.ID, Member: by, Reason: reason, At: now})
		if err != nil || !first {
			return err
		}
		a.State = Objected
		s.tx.Record(ctx, a.event(actor, AdmissionObjected))
		return s.store.SettleAdmission(ctx, a)
	})
}

// DecideAdmission records what was decided of somebody who was objected to, with
// the reasons. Who objected does not decide.
//
// Errors: NotFound, Forbidden, OwnCase, MemberState, Required.
func (s *Service) DecideAdmission(ctx context.Context, actor domain.Actor, community, member domain.ID, admit bool, reasons string) (Admission, error) {
	return s.onAdmission(ctx, actor, community, member, domain.DecideAdmissions, func(ctx context.Context, a Admission, by domain.ID, now time.Time) error {
		var c domain.Check
		reasons = c.Text("reasons", reasons, 1, 2000)
		if err := c.Err(); err != nil {
			return err
		}
		if a.State != Objected {
			return domain.NewError(MemberState, "memberId", "state", string(Candidate)) // it is still the list's
		}
		for _, o := range a.Objections {
			if o.Member == by {
				return domain.NewError(OwnCase, "memberId")
			}
		}
		a.DecidedBy = by
		return s.SettleAdmission(ctx, actor, a, admit, reasons, Because{ByDecision, a.ID, actor.Person}, now)
	})
}

// SettleAdmission does what was decided of an admission, inside the transaction of
// whoever decided.
//
// Error: MemberState.
func (s *Service) SettleAdmission(ctx context.Context, actor domain.Actor, a Admission, admit bool, reasons string, why Because, now time.Time) error {
	m, err := s.byID(ctx, a.Community, a.Member)
	if err != nil {
		return err
	}
	if m.UnderAge(now) {
		return s.lapse(ctx, actor, m, a, now)
	}
	next := Guest
	a.State, a.DecidedAt, a.Reasons = Refused, now, reasons
	if admit {
		a.State, next = Admitted, Voter
	}
	// The vote first: the database looks at the admission as it still is.
	if _, err := s.Govern(ctx, m, next, why, now); err != nil {
		return err
	}
	s.tx.Record(ctx, a.event(actor, AdmissionSettled))
	return s.store.SettleAdmission(ctx, a)
}

// lapse ends the open wish of somebody under age, who has no vote, whatever time or others
// would have made of it. No reason is published with it, since few may know that they are
// under age; what is noted of their age tells them.
func (s *Service) lapse(ctx context.Context, actor domain.Actor, m Member, a Admission, now time.Time) error {
	a.State, a.DecidedAt, a.DecidedBy = Refused, now, domain.Nowhere
	if _, err := s.Govern(ctx, m, Guest, Because{ByDecision, a.ID, actor.Person}, now); err != nil {
		return err
	}
	s.tx.Record(ctx, a.event(actor, AdmissionLapsed))
	return s.store.SettleAdmission(ctx, a)
}

// onAdmission is the frame of what others do about somebody's open admission.
func (s *Service) onAdmission(ctx context.Context, actor domain.Actor, community, member domain.ID, p domain.Permission,
	do func(context.Context, Admission, domain.ID, time.Time) error,
) (Admission, error) {
	var a Admission
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, p)
		if err != nil {
			return err
		}
		if standing.Member == member {
			return domain.NewError(OwnCase, "memberId")
		}
		open, err := s.store.OpenAdmission(ctx, community, member)
		if err != nil {
			return err
		}
		if err := do(ctx, open, standing.Member, now); err != nil {
			return err
		}
		a, err = s.admission(ctx, community, open.ID)
		return err
	})
	return a, err
}

// Admissions is the published list: who asks to be a co-owner, the longest first.
func (s *Service) Admissions(ctx context.Context, actor domain.Actor, community domain.ID) ([]Admission, error) {
	var all []Admission
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		if _, err := s.authorise(ctx, actor, community, domain.SeeCommunity); err != nil {
			return err
		}
		var err error
		all, err = s.store.OpenAdmissions(ctx, community, domain.LargestPage)
		return err
	})
	return all, err
}

// Admission is a member's last wish to be a co-owner, for members; found is false
// when there is none.
func (s *Service) Admission(ctx context.Context, actor domain.Actor, community, member domain.ID) (a Admission, found bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity)
		if err != nil || (standing.Member != member && !standing.Admitted) {
			return err
		}
		a, found, err = s.store.AdmissionOf(ctx, community, member)
		return err
	})
	return a, found, err
}

// AdmissionOf is a member's last wish to be a co-owner, inside the caller's
// transaction; found is false when there is none.
func (s *Service) AdmissionOf(ctx context.Context, community, member domain.ID) (a Admission, found bool, err error) {
	return s.store.AdmissionOf(ctx, community, member)
}

// PassTime admits whom nobody objected to in time, and ends votes whose shares were
// bought back; it tells whose attestations end soon, and who is of age. It does what
// people had asked for, and nothing by counting.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		due, err := s.store.TacitAdmissions(ctx, community, now, atOnce)
		for _, a := range due {
			if err == nil {
				err = s.SettleAdmission(ctx, domain.System, a, true, "", Because{Basis: Tacit, Reference: a.ID}, now)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(s.endVotes(ctx, community), s.remindOfVettings(ctx, community), s.comeOfAge(ctx, community))
}

func (s *Service) admission(ctx context.Context, community, id domain.ID) (Admission, error) {
	found, err := s.store.AdmissionsByID(ctx, community, []domain.ID{id})
	if err != nil || len(found) == 0 {
		if err == nil {
			err = domain.NotFound
		}
		return Admission{}, err
	}
	return found[0], nil
}

func (a Admission) event(actor domain.Actor, kind domain.EventKind) domain.Event {
	return domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: a.ID,
		Payload: AdmissionTold{Member: a.Member, State: a.State, Due: a.TacitAt},
	}
}
