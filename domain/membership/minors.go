// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// What can go wrong with minors.
const (
	MinorNotAdmitted domain.Code = "MINOR_NOT_ADMITTED" // args: age; the charter's
	OfAgeOnly        domain.Code = "OF_AGE_ONLY"        // not for a minor
	GuardianUnfit    domain.Code = "GUARDIAN_UNFIT"     // themselves, a minor, or nobody who takes part here
	OwnConsent       domain.Code = "OWN_CONSENT"        // nobody notes their own, or of who lives with them
	NotAMinor        domain.Code = "NOT_A_MINOR"        // nothing says so
)

// Minor is that a member is under age: the day on which they come of age, no date of
// birth, and a guardian's consent. It is taken away on that day, or when they go.
type Minor struct {
	Community    domain.ID
	Member       domain.ID
	ComesOfAgeOn time.Time // midnight UTC of the day
	OfAgeAt      time.Time // when that day begins where the community is
	NotedAt      time.Time
	Consent      *Consent // the last; nil before there was one
}

// Consent is a guardian's, as somebody saw it. What they saw is kept nowhere.
type Consent struct {
	Community   domain.ID
	Guardian    domain.ID // the member who consented; Nowhere for somebody who is none
	Name        string    // of who is no member; else empty
	Covers      string
	SeenBy      domain.ID
	SeenOn      time.Time // midnight UTC of the day
	At          time.Time // when it was noted
	WithdrawnAt time.Time
	WithdrawnBy domain.ID
	Reason      string // why it was withdrawn
}

// Stands says whether a consent stands.
func (m Minor) Stands() bool { return m.Consent != nil && m.Consent.WithdrawnAt.IsZero() }

// guardian is the member whose consent stands; Nowhere when there is none.
func (m Minor) guardian() domain.ID {
	if !m.Stands() {
		return domain.Nowhere
	}
	return m.Consent.Guardian
}

// RecordMinor is the day on which somebody comes of age.
type RecordMinor struct {
	Community    domain.ID
	Member       domain.ID
	ComesOfAgeOn time.Time
	Key          string `json:"-"`
}

// RecordConsent is a guardian's consent to be noted.
type RecordConsent struct {
	Community domain.ID
	Member    domain.ID
	Guardian  domain.ID // or a name
	Name      string
	Covers    string
	SeenOn    time.Time // zero: today
	Key       string    `json:"-"`
}

// The events of minors; their subject is the member. None says on which day somebody
// comes of age, since what is written in the journal stays.
const (
	MinorRecorded    domain.EventKind = "MINOR_RECORDED"
	MinorRemoved     domain.EventKind = "MINOR_REMOVED"
	CameOfAge        domain.EventKind = "MINOR_CAME_OF_AGE"
	ConsentRecorded  domain.EventKind = "GUARDIAN_CONSENT_RECORDED"
	ConsentWithdrawn domain.EventKind = "GUARDIAN_CONSENT_WITHDRAWN" // guardian consent withdrawn by a coordinator
	GuardianWithdrew domain.EventKind = "GUARDIAN_WITHDREW"          // guardian consent withdrawn by the guardian
	GuardianReplaced domain.EventKind = "GUARDIAN_REPLACED"          // another guardian's consent took the place of one's own
)

// MinorTold is their payload.
type MinorTold struct {
	Member   domain.ID `json:"member"`
	Guardian domain.ID `json:"guardian"` // Nowhere where they are no member
}

// minor is what a day says of somebody: it is to come, and nobody is that young.
func minor(where community.Community, member domain.ID, comesOfAge time.Time, field string, now time.Time) (Minor, error) {
	here := today(where, now)
	if !comesOfAge.After(here) || comesOfAge.After(here.AddDate(community.AgeOfMajority, 0, 0)) {
		return Minor{}, domain.NewError(DateInvalid, field)
	}
	return Minor{
		Community: where.ID, Member: member, ComesOfAgeOn: comesOfAge, OfAgeAt: domain.OnTheWall(comesOfAge, 0, where.Zone()), NotedAt: now,
	}, nil
}

// oldEnough refuses whom the charter does not admit yet.
func (m Minor) oldEnough(where community.Community, rules community.Minors, field string, now time.Time) error {
	if rules.Admits(m.ComesOfAgeOn, today(where, now)) {
		return nil
	}
	return domain.NewError(MinorNotAdmitted, field, "age", rules.FromAge)
}

// admissible refuses to admit a minor who is too young, or whose guardian has not
// consented. Of those of age nothing is asked.
func (s *Service) admissible(ctx context.Context, m Member, where community.Community, rules community.Minors, now time.Time) error {
	if !m.UnderAge(now) {
		return nil
	}
	known, err := s.minor(ctx, m.Community, m.ID)
	if err == nil {
		err = known.oldEnough(where, rules, "memberId", now)
	}
	if err == nil && !known.Stands() {
		err = domain.NewError(domain.ConsentMissing, "memberId")
	}
	return err
}

// applyUnderAge notes what an applicant says of their own age.
func (s *Service) applyUnderAge(ctx context.Context, member domain.ID, where community.Community, rules community.Minors, comesOfAge, now time.Time) error {
	if comesOfAge.IsZero() {
		return nil
	}
	m, err := minor(where, member, comesOfAge, "comesOfAgeOn", now)
	if err == nil {
		err = m.oldEnough(where, rules, "comesOfAgeOn", now)
	}
	if err != nil {
		return err
	}
	return s.store.NoteMinor(ctx, m)
}

// minor reads what is known of a member under age, for who changes it. Error: NotAMinor.
func (s *Service) minor(ctx context.Context, community, member domain.ID) (Minor, error) {
	if err := s.store.HoldMinor(ctx, community, member); err != nil {
		return Minor{}, err
	}
	found, err := s.store.Minors(ctx, community, []domain.ID{member})
	if err == nil && len(found) == 0 {
		err = domain.NewError(NotAMinor, "memberId")
	}
	if err != nil {
		return Minor{}, err
	}
	return found[0], nil
}

// othersMinor is the frame of what staff note of a minor's age and consent: never of
// themselves, of who lives with them, or whose guardian they are; by is the member who
// does it.
func (s *Service) othersMinor(ctx context.Context, actor domain.Actor, community, member domain.ID, once domain.Once,
	act func(ctx context.Context, m Member, by domain.ID, now time.Time) error,
) (Member, error) {
	return s.change(ctx, actor, community, member, domain.AdmitMembers, once, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		standing, err := s.store.Standing(ctx, actor.Person, community)
		if err != nil {
			return m, err
		}
		together, err := s.Together(ctx, community, m.ID, standing.Member)
		if err != nil {
			return m, err
		}
		guardian := m.Guarded != nil && m.Guarded.Guardian == standing.Member
		if m.ID == standing.Member || together || guardian {
			return m, domain.NewError(OwnConsent, "memberId")
		}
		if err := act(ctx, m, standing.Member, now); err != nil {
			return m, err
		}
		return s.byID(ctx, community, m.ID)
	})
}

// RecordMinor notes on which day somebody comes of age, or corrects it. From then on
// they take no part without a guardian's consent, and hold no role; what they asked of a
// vote is over.
//
// Errors: NotFound, Forbidden, DateInvalid, MemberState, OwnConsent, LastCoordinator,
// IdempotencyKeyReused.
func (s *Service) RecordMinor(ctx context.Context, actor domain.Actor, cmd RecordMinor) (Member, error) {
	once := domain.Once{Key: cmd.Key, Action: "recordMinor", Input: cmd}
	return s.othersMinor(ctx, actor, cmd.Community, cmd.Member, once, func(ctx context.Context, m Member, _ domain.ID, now time.Time) error {
		if m.Kind != Person || !m.Participation.Admitted() && m.Participation != Applicant {
			return domain.NewError(MemberState, "memberId", "state", string(m.Participation))
		}
		where, _, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		noted, err := minor(where, m.ID, cmd.ComesOfAgeOn, "comesOfAgeOn", now)
		if err != nil {
			return err
		}
		if err := s.keepsACoordinator(ctx, cmd.Community, m.ID, "memberId", now); err != nil {
			return err
		}
		if err := s.endRoles(ctx, m, now); err != nil {
			return err
		}
		if err := s.releaseWards(ctx, actor, m); err != nil {
			return err
		}
		if m.Governance == Candidate {
			a, err := s.store.OpenAdmission(ctx, m.Community, m.ID)
			if err == nil {
				err = s.lapse(ctx, actor, m, a, now)
			}
			if err != nil {
				return err
			}
		}
		s.tellMinor(ctx, actor, MinorRecorded, m.ID, domain.Nowhere)
		return s.store.NoteMinor(ctx, noted)
	})
}

// RemoveMinor takes away what was noted of somebody's age by mistake, and the consent
// with it.
//
// Errors: NotFound, Forbidden, NotAMinor, OwnConsent.
func (s *Service) RemoveMinor(ctx context.Context, actor domain.Actor, community, member domain.ID) (Member, error) {
	return s.othersMinor(ctx, actor, community, member, domain.Once{}, func(ctx context.Context, m Member, _ domain.ID, _ time.Time) error {
		known, err := s.minor(ctx, community, m.ID)
		if err != nil {
			return err
		}
		s.tellMinor(ctx, actor, MinorRemoved, m.ID, known.guardian())
		return s.store.ForgetMinor(ctx, community, m.ID)
	})
}

// RecordConsent notes that somebody saw a guardian's consent: of another adult member,
// or on paper of somebody who is none. It takes the place of the one before.
//
// Errors: NotFound, Forbidden, NotAMinor, MinorNotAdmitted, GuardianUnfit, OwnConsent,
// DateInvalid, Required, TextTooLong, IdempotencyKeyReused.
func (s *Service) RecordConsent(ctx context.Context, actor domain.Actor, cmd RecordConsent) (Member, error) {
	once := domain.Once{Key: cmd.Key, Action: "recordGuardianConsent", Input: cmd}
	return s.othersMinor(ctx, actor, cmd.Community, cmd.Member, once, func(ctx context.Context, m Member, by domain.ID, now time.Time) error {
		where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		given, err := cmd.consent(where, by, now)
		if err != nil {
			return err
		}
		known, err := s.minor(ctx, cmd.Community, m.ID)
		if err != nil {
			return err
		}
		if err := s.fitGuardian(ctx, m, given.Guardian, by, now); err != nil {
			return err
		}
		if err := known.oldEnough(where, rules.Minors, "memberId", now); err != nil {
			return err
		}
		if former := known.guardian(); former != domain.Nowhere && former != given.Guardian {
			s.tellMinor(ctx, actor, GuardianReplaced, m.ID, former)
		}
		known.Consent = &given
		s.tellMinor(ctx, actor, ConsentRecorded, m.ID, given.Guardian)
		return s.store.SaveConsent(ctx, known)
	})
}

// consent is what a record makes: of a member or of a name, seen today or before.
func (cmd RecordConsent) consent(where community.Community, by domain.ID, now time.Time) (Consent, error) {
	var c domain.Check
	least := 1
	if cmd.Guardian != domain.Nowhere {
		least = 0
	}
	name := c.Line("guardianName", cmd.Name, least, 100)
	covers := c.Text("covers", cmd.Covers, 1, 500)
	seen := cmd.SeenOn
	if seen.IsZero() {
		seen = today(where, now)
	}
	c.That(!seen.After(today(where, now)), DateInvalid, "seenOn")
	if c.Err() == nil && cmd.Guardian != domain.Nowhere && name != "" {
		return Consent{}, domain.NewError(GuardianUnfit, "guardianName") // a member has a name
	}
	return Consent{Community: cmd.Community, Guardian: cmd.Guardian, Name: name, Covers: covers, SeenBy: by, SeenOn: seen, At: now}, c.Err()
}

// fitGuardian: an adult who takes part here, another one than the minor, and neither the
// one who saw their consent nor of that one's household.
func (s *Service) fitGuardian(ctx context.Context, m Member, guardian, by domain.ID, now time.Time) error {
	switch guardian {
	case domain.Nowhere:
		return nil
	case m.ID:
		return domain.NewError(GuardianUnfit, "guardianId")
	case by:
		return domain.NewError(OwnConsent, "guardianId")
	}
	g, err := s.byID(ctx, m.Community, guardian)
	if err != nil {
		return domain.NewError(domain.NotFound, "guardianId").Because(err)
	}
	together, err := s.Together(ctx, m.Community, guardian, by)
	if err != nil {
		return err
	}
	if together {
		return domain.NewError(OwnConsent, "guardianId")
	}
	if g.Kind != Person || !g.Participation.InGoodStanding() || g.UnderAge(now) {
		return domain.NewError(GuardianUnfit, "guardianId")
	}
	return nil
}

// WithdrawConsent ends a guardian's consent, for a reason that both sides read: the
// guardian may at any time, and those who admit. Who is neither learns nothing of it.
//
// Errors: NotFound, Forbidden, domain.ConsentMissing, Required, TextTooLong.
func (s *Service) WithdrawConsent(ctx context.Context, actor domain.Actor, community, member domain.ID, reason string) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if m, err = s.byID(ctx, community, member); err != nil {
			return err
		}
		own := standing.Guards(m.ID)
		switch {
		case !own && !m.VisibleTo(standing):
			return domain.NotFound
		case !own && (!standing.May(domain.AdmitMembers) || standing.Member == m.ID):
			return domain.Forbidden
		}
		var c domain.Check
		reason = c.Text("reason", reason, 1, 1000)
		if err := c.Err(); err != nil {
			return err
		}
		known, err := s.minor(ctx, community, m.ID)
		if err != nil {
			return err
		}
		if !known.Stands() {
			return domain.NewError(domain.ConsentMissing, "memberId")
		}
		kind := ConsentWithdrawn
		if own {
			kind = GuardianWithdrew
		}
		known.Consent.WithdrawnAt, known.Consent.WithdrawnBy, known.Consent.Reason = now, standing.Member, reason
		s.tellMinor(ctx, actor, kind, m.ID, known.Consent.Guardian)
		if err := s.store.SaveConsent(ctx, known); err != nil {
			return err
		}
		m, err = s.byID(ctx, community, m.ID)
		return err
	})
	return m, err
}

// MinorOf reads what is known of a member under age, for themselves, their guardian and
// those who admit; nil for everybody else, and of those of age.
func (s *Service) MinorOf(ctx context.Context, actor domain.Actor, m Member) (*Minor, error) {
	if m.Guarded == nil {
		return nil, nil
	}
	var known *Minor
	err := s.tx.InTx(ctx, m.Community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, m.Community, domain.LeaveCommunity)
		if err != nil {
			return err
		}
		found, err := s.store.Minors(ctx, m.Community, []domain.ID{m.ID})
		if err != nil || len(found) == 0 || !now.Before(found[0].OfAgeAt) {
			return err
		}
		guardian := found[0].Consent != nil && found[0].Consent.Guardian == standing.Member
		if m.ID == standing.Member || guardian || standing.May(domain.AdmitMembers) {
			known = &found[0]
		}
		return nil
	})
	return known, err
}

// WardsOf reads for whom a member is the guardian, for themselves and for those who
// admit; nobody for everybody else.
func (s *Service) WardsOf(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]Member, error) {
	var wards []Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity)
		if err != nil || (standing.Member != member && !standing.May(domain.AdmitMembers)) {
			return err
		}
		ids, err := s.store.WardsOf(ctx, community, member, now)
		if err == nil && len(ids) > 0 {
			wards, err = s.LoadAll(ctx, community, ids)
		}
		return err
	})
	return wards, err
}

// releaseWards ends the consents of a guardian who can be none any more.
func (s *Service) releaseWards(ctx context.Context, actor domain.Actor, m Member) error {
	wards, err := s.store.ReleaseWards(ctx, m.Community, m.ID)
	for _, ward := range wards {
		s.tellMinor(ctx, actor, GuardianWithdrew, ward, m.ID)
	}
	return err
}

// forgetMinor takes away what is known of a minor who goes.
func (s *Service) forgetMinor(ctx context.Context, m Member) error {
	if m.Guarded == nil {
		return nil
	}
	return s.store.ForgetMinor(ctx, m.Community, m.ID)
}

// comeOfAge takes away what is known of those who are of age now, each once, and tells
// them and their guardians.
func (s *Service) comeOfAge(ctx context.Context, community domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		due, err := s.store.TakeOfAge(ctx, community, now, atOnce)
		for _, m := range due {
			s.tellMinor(ctx, domain.System, CameOfAge, m.Member, m.guardian())
		}
		return err
	})
}

func (s *Service) tellMinor(ctx context.Context, actor domain.Actor, kind domain.EventKind, member, guardian domain.ID) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: member, Payload: MinorTold{member, guardian}})
}
