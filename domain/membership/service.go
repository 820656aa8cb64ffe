// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// Service is the use cases of coming, staying and going.
type Service struct {
	tx          domain.Tx
	store       Store
	communities *community.Service
	ledger      *ledger.Service
}

// New makes the membership room.
func New(tx domain.Tx, store Store, communities *community.Service, hours *ledger.Service) *Service {
	return &Service{tx: tx, store: store, communities: communities, ledger: hours}
}

// Found makes a community. The founder is its first member and coordinator, and
// starts with the same hours as everybody.
//
// Errors: Unauthenticated and those of community.Create.
func (s *Service) Found(ctx context.Context, actor domain.Actor, cmd community.Create, key string) (community.Community, error) {
	if actor.Person == domain.Nowhere {
		return community.Community{}, domain.Unauthenticated
	}
	// A retry does not know the community's id yet, so a keyed one draws it from
	// the key; the note of the key then lies inside the community itself.
	id := domain.NewID()
	if key != "" {
		id = domain.DerivedID(actor.Person, "createCommunity/"+key)
	}
	var made community.Community
	err := s.tx.InTx(ctx, id, func(ctx context.Context, now time.Time) error {
		_, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: key, Action: "createCommunity", Input: cmd}, func() (domain.ID, error) {
			return id, s.found(ctx, actor, id, cmd, now)
		})
		if err != nil {
			return err
		}
		// Not by its charter: of two calls that race, the one that began first may
		// be the one that waits, and then stands before the day the charter begins.
		found, err := s.communities.ByIDs(ctx, []domain.ID{id})
		if err == nil && len(found) == 1 {
			made = found[0]
		}
		return err
	})
	return made, err
}

func (s *Service) found(ctx context.Context, actor domain.Actor, id domain.ID, cmd community.Create, now time.Time) error {
	name, email, err := s.store.NameOf(ctx, actor.Person)
	if err != nil {
		return err
	}
	charter, err := s.communities.Create(ctx, id, actor.Person, cmd, now)
	if err != nil {
		return err
	}
	founder := newMember(id, actor.Person, name, now)
	founder.Email = email
	if err := s.store.Add(ctx, founder); err != nil {
		return err
	}
	err = s.store.AddRole(ctx, RoleGrant{
		Community: id, ID: domain.NewID(), Member: founder.ID, Role: domain.Coordinator, From: now, GrantedBy: actor.Person,
	})
	if err != nil {
		return err
	}
	_, err = s.admit(ctx, actor, founder, charter, now)
	return err
}

func newMember(community, person domain.ID, name string, now time.Time) Member {
	return Member{
		Community: community, ID: domain.NewID(), Kind: Person, Person: person, DisplayName: name,
		Participation: Applicant, Capital: NoCapital, Governance: Guest, AppliedAt: now, Version: 1,
	}
}

// Apply asks to join. A coordinator then has a conversation and admits.
//
// Errors: Unauthenticated, NotFound, AlreadyMember, TextTooLong, DateInvalid,
// MinorNotAdmitted.
func (s *Service) Apply(ctx context.Context, actor domain.Actor, cmd Apply) (Member, error) {
	if actor.Person == domain.Nowhere {
		return Member{}, domain.Unauthenticated
	}
	var applicant Member
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		var c domain.Check
		cmd.Message = c.Text("message", cmd.Message, 0, 2000)
		if err := c.Err(); err != nil {
			return err
		}
		where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "applyToJoin", Input: cmd}, func() (domain.ID, error) {
			name, email, err := s.store.NameOf(ctx, actor.Person)
			if err != nil {
				return domain.Nowhere, err
			}
			applicant = newMember(cmd.Community, actor.Person, name, now)
			applicant.Email, applicant.Message = email, cmd.Message
			s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: Applied, Actor: actor.Person, Subject: applicant.ID})
			if err := s.store.Add(ctx, applicant); err != nil {
				return domain.Nowhere, err
			}
			return applicant.ID, s.applyUnderAge(ctx, applicant.ID, where, rules.Minors, cmd.ComesOfAgeOn, now)
		})
		if err != nil {
			return err
		}
		applicant, err = s.byID(ctx, cmd.Community, id)
		return err
	})
	return applicant, err
}

// Admit welcomes an applicant: a number, an account, and the starting hours
// from the community, once.
//
// Errors: NotFound, Forbidden, MemberState, MinorNotAdmitted, domain.ConsentMissing,
// IdempotencyKeyReused.
func (s *Service) Admit(ctx context.Context, actor domain.Actor, community, member domain.ID, key string) (Member, error) {
	once := domain.Once{Key: key, Action: "admitMember", Input: member}
	return s.change(ctx, actor, community, member, domain.AdmitMembers, once, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		where, charter, err := s.communities.Rules(ctx, community, now)
		if err == nil && m.Participation == Applicant {
			err = s.admissible(ctx, m, where, charter.Minors, now)
		}
		if err != nil {
			return m, err
		}
		return s.admit(ctx, actor, m, charter, now)
	})
}

// admit is the one way in: founder, applicant and registered member alike.
func (s *Service) admit(ctx context.Context, actor domain.Actor, m Member, charter community.Charter, now time.Time) (Member, error) {
	if m.Participation != Applicant { // who rests or is suspended comes back another way, with the number that they have
		return m, domain.NewError(MemberState, "", "state", string(m.Participation))
	}
	m, err := m.to(Newcomer)
	if err != nil {
		return m, err
	}
	if m.Number, err = s.store.NextNumber(ctx, m.Community); err != nil {
		return m, err
	}
	m.AdmittedAt = now
	if m, err = s.store.Save(ctx, m); err != nil {
		return m, err
	}
	whole, err := s.ledger.CommunityAccount(ctx, m.Community, ledger.Community, "")
	if err != nil {
		return m, err
	}
	limits := ledger.Limits{Floor: charter.Hours.Floor, SoftFloor: charter.Hours.SoftFloor, Ceiling: charter.Hours.Ceiling}
	account, err := s.ledger.Open(ctx, m.Community, m.ID, limits, now)
	if err != nil {
		return m, err
	}
	welcome := domain.Event{ID: domain.NewID(), Kind: Welcomed, Actor: actor.Person, Subject: m.ID}
	if charter.Hours.Starting == 0 {
		s.tx.Record(ctx, welcome)
		return m, nil
	}
	_, err = s.ledger.Post(ctx, ledger.Posting{
		Community: m.Community,
		Key:       "opening/" + m.ID.String(),
		Legs: []ledger.Transfer{{
			ID: domain.NewID(), Kind: ledger.Opening, Minutes: charter.Hours.Starting, Debit: whole.ID, Credit: account.ID,
		}},
		Event: welcome,
	})
	return m, err
}

// Decline answers an application with a reason; the person may apply again.
//
// Errors: NotFound, Forbidden, MemberState, Required.
func (s *Service) Decline(ctx context.Context, actor domain.Actor, community, member domain.ID, reason string) (Member, error) {
	return s.change(ctx, actor, community, member, domain.AdmitMembers, domain.Once{}, func(ctx context.Context, m Member, _ time.Time) (Member, error) {
		var c domain.Check
		m.DeclineReason = c.Text("reason", reason, 1, 1000)
		if err := c.Err(); err != nil {
			return m, err
		}
		m, err := m.to(Declined)
		if err != nil {
			return m, err
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: NotAdmitted, Actor: actor.Person, Subject: m.ID})
		if err := s.forgetMinor(ctx, m); err != nil {
			return m, err
		}
		return s.store.Save(ctx, m)
	})
}

// Register enters and admits somebody at once: a neighbour without e-mail, a
// household, an organisation. A coordinator then acts for them.
//
// Errors: NotFound, Forbidden, Required, ValueUnknown, EmailInvalid, IdempotencyKeyReused.
func (s *Service) Register(ctx context.Context, actor domain.Actor, cmd Register) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if _, err := s.authorise(ctx, actor, cmd.Community, domain.AdmitMembers); err != nil {
			return err
		}
		cmd, err := cmd.check()
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "registerMember", Input: cmd}, func() (domain.ID, error) {
			_, charter, err := s.communities.Rules(ctx, cmd.Community, now)
			if err != nil {
				return domain.Nowhere, err
			}
			m = newMember(cmd.Community, domain.Nowhere, cmd.DisplayName, now)
			m.Kind, m.Email = cmd.Kind, cmd.Email
			if err := s.store.Add(ctx, m); err != nil {
				return domain.Nowhere, err
			}
			_, err = s.admit(ctx, actor, m, charter, now)
			return m.ID, err
		})
		if err != nil {
			return err
		}
		m, err = s.byID(ctx, cmd.Community, id)
		return err
	})
	return m, err
}

// Pause lets somebody rest: their listings hide, nothing new can be asked of
// them, what was agreed can still be finished. Errors: NotFound, MemberState.
func (s *Service) Pause(ctx context.Context, actor domain.Actor, community domain.ID) (Member, error) {
	return s.changeOwn(ctx, actor, community, domain.Once{}, func(ctx context.Context, m Member, _ time.Time) (Member, error) {
		before := m.Participation
		m, err := m.to(Paused)
		if err != nil {
			return m, err
		}
		m.ResumesAs = before
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: PausedIt, Actor: actor.Person, Subject: m.ID})
		return s.store.Save(ctx, m)
	})
}

// Resume ends a pause; somebody comes back as what they were.
func (s *Service) Resume(ctx context.Context, actor domain.Actor, community domain.ID) (Member, error) {
	return s.changeOwn(ctx, actor, community, domain.Once{}, func(ctx context.Context, m Member, _ time.Time) (Member, error) {
		if m.Participation != Paused {
			return m, domain.NewError(MemberState, "", "state", string(m.Participation))
		}
		m, err := m.to(m.ResumesAs)
		if err != nil {
			return m, err
		}
		m.ResumesAs = ""
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: Resumed, Actor: actor.Person, Subject: m.ID})
		return s.store.Save(ctx, m)
	})
}

// Leave ends one's own membership. A credit goes to the charter's pool, a debt
// is absorbed by the reserve; the history stays.
//
// Errors: NotFound, MemberState, OpenCommitments, LastCoordinator, IdempotencyKeyReused.
func (s *Service) Leave(ctx context.Context, actor domain.Actor, community domain.ID, key string) (Member, error) {
	return s.changeOwn(ctx, actor, community, domain.Once{Key: key, Action: "leaveCommunity"}, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		open, err := s.store.OpenCommitments(ctx, community, m.ID)
		if err != nil {
			return m, err
		}
		if open > 0 {
			return m, domain.NewError(OpenCommitments, "", "count", open)
		}
		if err := s.keepsACoordinator(ctx, community, m.ID, "", now); err != nil {
			return m, err
		}
		wasAdmitted := m.Participation.Admitted()
		if wasAdmitted {
			m, err = m.to(Left)
		} else {
			m, err = m.to(Declined) // an application taken back
		}
		if err != nil {
			return m, err
		}
		m.LeftAt = now
		if err := s.forgetMinor(ctx, m); err != nil {
			return m, err
		}
		if err := s.releaseWards(ctx, actor, m); err != nil {
			return m, err
		}
		if m, err = s.store.Save(ctx, m); err != nil {
			return m, err
		}
		if !wasAdmitted {
			s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: NotAdmitted, Actor: actor.Person, Subject: m.ID})
			return m, nil
		}
		if err := s.endRoles(ctx, m, now); err != nil {
			return m, err
		}
		if m.Governance.MayBecome(Former) { // the vote goes with whoever had one
			if m, err = s.Govern(ctx, m, Former, Because{OwnRequest, m.ID, actor.Person}, now); err != nil {
				return m, err
			}
		}
		return m, s.closeAccount(ctx, actor, m, now)
	})
}

// closeAccount settles a leaver's balance with the whole, then closes it.
func (s *Service) closeAccount(ctx context.Context, actor domain.Actor, m Member, now time.Time) error {
	_, charter, err := s.communities.Rules(ctx, m.Community, now)
	if err != nil {
		return err
	}
	account, err := s.ledger.AccountOf(ctx, m.Community, m.ID)
	if err != nil {
		return err
	}
	gone := domain.Event{ID: domain.NewID(), Kind: Gone, Actor: actor.Person, Subject: m.ID}
	if account.Balance == 0 {
		s.tx.Record(ctx, gone)
		return s.ledger.Close(ctx, account, now)
	}
	purpose := charter.Membership.ClosingPool
	if account.Balance < 0 {
		purpose = ledger.Reserve
	}
	pool, err := s.ledger.CommunityAccount(ctx, m.Community, ledger.Pool, purpose)
	if err != nil {
		return err
	}
	leg := ledger.Transfer{ID: domain.NewID(), Kind: ledger.Closing, Minutes: account.Balance, Debit: account.ID, Credit: pool.ID}
	if account.Balance < 0 {
		leg.Minutes, leg.Debit, leg.Credit = -account.Balance, pool.ID, account.ID
	}
	_, err = s.ledger.Post(ctx, ledger.Posting{
		Community: m.Community, Key: "closing/" + m.ID.String(), Legs: []ledger.Transfer{leg},
		Force: true, // emptying an account crosses any floor above zero
		Event: gone,
	})
	if err != nil {
		return err
	}
	return s.ledger.Close(ctx, account, now)
}
