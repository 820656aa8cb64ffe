// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Member reads one member for somebody who may see the community, or who is
// that member. Errors: NotFound, Unauthenticated.
func (s *Service) Member(ctx context.Context, actor domain.Actor, community, id domain.ID) (Member, error) {
	return s.see(ctx, actor, community, func(ctx context.Context) (Member, error) { return s.byID(ctx, community, id) })
}

// ByNumber finds a member by the number on their card.
func (s *Service) ByNumber(ctx context.Context, actor domain.Actor, community domain.ID, number int) (Member, error) {
	return s.see(ctx, actor, community, func(ctx context.Context) (Member, error) { return s.store.ByNumber(ctx, community, number) })
}

func (s *Service) see(ctx context.Context, actor domain.Actor, community domain.ID, load func(context.Context) (Member, error)) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity) // anybody known here
		if err != nil {
			return err
		}
		if m, err = load(ctx); err != nil {
			return err
		}
		if !m.VisibleTo(standing) {
			return domain.NotFound
		}
		return nil
	})
	return m, err
}

// VisibleTo says who may read it: members see members, but for those from
// whom a block keeps them; applications are for those who admit, for the applicant, and
// for the guardian of one.
func (m Member) VisibleTo(standing domain.Standing) bool {
	if m.ID == standing.Member || standing.Guards(m.ID) {
		return true
	}
	return standing.Admitted && standing.Sees(m.ID) && (!m.AdmittedAt.IsZero() || standing.May(domain.AdmitMembers))
}

// List reads a community's members. Only those who admit see applications, and only
// those who see every exchange see who has none.
//
// Errors: Unauthenticated, NotFound, Forbidden, RoleUnknown.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, filter Filter, page domain.Page, count bool) (domain.Slice[Member], int, error) {
	var found domain.Slice[Member]
	var total int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if !filter.allowed(standing) {
			return domain.Forbidden
		}
		if filter.Role != "" {
			_, charter, err := s.communities.Rules(ctx, community, now)
			if err == nil && !charter.KnownRole(filter.Role) {
				err = domain.NewError(RoleUnknown, "filter.role")
			}
			if err != nil {
				return err
			}
		}
		filter.Without = standing.Apart
		if count {
			if total, err = s.store.Count(ctx, community, filter); err != nil {
				return err
			}
		}
		found, err = s.store.List(ctx, community, filter, page)
		return err
	})
	return found, total, err
}

// allowed says whether somebody may look for members in this way.
func (f Filter) allowed(standing domain.Standing) bool {
	for _, p := range f.Participations {
		if !p.Admitted() && !standing.May(domain.AdmitMembers) {
			return false
		}
	}
	if f.UnderAge && !standing.May(domain.AdmitMembers) {
		return false
	}
	return f.QuietSince.IsZero() || standing.May(domain.SeeEveryExchange)
}

// Own is one's membership of a community. Error: NotFound.
func (s *Service) Own(ctx context.Context, actor domain.Actor, community domain.ID) (Member, error) {
	var m Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		m, err = s.store.OfPerson(ctx, community, actor.Person)
		return err
	})
	return m, err
}

// Memberships lists where the actor belongs, as members.
func (s *Service) Memberships(ctx context.Context, actor domain.Actor) ([]Member, error) {
	if actor.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	var places []Belonging
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		places, err = s.store.Memberships(ctx, actor.Person)
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []Member
	for _, place := range places { // few: one person belongs to one or two communities
		err := s.tx.InTx(ctx, place.Community, func(ctx context.Context, _ time.Time) error {
			m, err := s.byID(ctx, place.Community, place.Member)
			if err == nil {
				all = append(all, m)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Places are the communities where the actor has something to read: where they belong, or
// belonged, and where they suggested something without belonging. Error: Unauthenticated.
func (s *Service) Places(ctx context.Context, actor domain.Actor) (places []domain.ID, err error) {
	if actor.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		places, err = s.store.Places(ctx, actor.Person)
		return err
	})
	return places, err
}

// Standing tells what somebody is in a community, for the edge's own checks.
func (s *Service) Standing(ctx context.Context, actor domain.Actor, community domain.ID) (domain.Standing, error) {
	var standing domain.Standing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		standing, err = s.store.Standing(ctx, actor.Person, community)
		return err
	})
	return standing, err
}

// Roles reads the roles whose term runs, for a page of members at once.
func (s *Service) Roles(ctx context.Context, community domain.ID, members []domain.ID) ([]RoleGrant, error) {
	var grants []RoleGrant
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
		grants, err = s.store.RolesOf(ctx, community, members, now)
		return err
	})
	return grants, err
}

func (s *Service) byID(ctx context.Context, community, id domain.ID) (Member, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err != nil {
		return Member{}, err
	}
	if len(found) == 0 {
		return Member{}, domain.NotFound
	}
	return found[0], nil
}

// ActingAs finds on whose side somebody acts, inside the caller's transaction:
// their own, or that of a member they may act for, who must then be in good
// standing where taking part is asked for.
//
// Errors: Unauthenticated, NotFound, Forbidden, MemberState, domain.ConsentMissing.
func (s *Service) ActingAs(ctx context.Context, actor domain.Actor, community, onBehalfOf domain.ID, p domain.Permission) (domain.ID, error) {
	standing, err := s.authorise(ctx, actor, community, p)
	if err != nil || onBehalfOf == domain.Nowhere || onBehalfOf == standing.Member {
		return standing.Member, err
	}
	if err := s.mayActFor(ctx, standing, community, onBehalfOf); err != nil {
		return domain.Nowhere, err
	}
	m, err := s.byID(ctx, community, onBehalfOf)
	if err == nil && p == domain.TakePart && !m.Participation.InGoodStanding() {
		err = domain.NewError(MemberState, "onBehalfOf", "state", string(m.Participation))
	}
	if err == nil && p == domain.TakePart && m.Guarded != nil && !m.Guarded.Consented {
		err = domain.NewError(domain.ConsentMissing, "onBehalfOf")
	}
	return m.ID, err
}

// NotTheirHelper says that what is done in somebody's name only when they asked for it,
// as to vote, was not asked of the actor.
const NotTheirHelper domain.Code = "NOT_THEIR_HELPER"

// ByConsent is ActingAs for what nobody does in another's name unless that person named
// them: whoever acts for everybody needs to be named as well, and not by their own word.
// The helper is Nowhere for oneself.
//
// Errors: Unauthenticated, Forbidden, NotFound, NotTheirHelper, MemberState.
func (s *Service) ByConsent(ctx context.Context, actor domain.Actor, community, onBehalfOf domain.ID, p domain.Permission) (member, helper domain.ID, err error) {
	standing, err := s.authorise(ctx, actor, community, p)
	if err != nil || onBehalfOf == domain.Nowhere || onBehalfOf == standing.Member {
		return standing.Member, domain.Nowhere, err
	}
	m, err := s.byID(ctx, community, onBehalfOf)
	if err != nil {
		return m.ID, domain.Nowhere, err
	}
	if standing.UnderAge {
		return m.ID, domain.Nowhere, domain.NewError(NotTheirHelper, "onBehalfOf")
	}
	named, err := s.named(ctx, actor, m, standing.Member)
	switch {
	case err != nil:
	case !named:
		err = domain.NewError(NotTheirHelper, "onBehalfOf")
	case p == domain.TakePart && !m.Participation.InGoodStanding():
		err = domain.NewError(MemberState, "onBehalfOf", "state", string(m.Participation))
	}
	return m.ID, standing.Member, err
}

// named says whether a member's consent to be helped by the actor holds in what nobody
// does in another's name unasked. What the actor noted themselves does not, nor what
// somebody noted for whom the actor notes the like: two who coordinate would vouch for each
// other, and who is helped may have heard of neither. It takes a third one, or the member.
func (s *Service) named(ctx context.Context, actor domain.Actor, m Member, helper domain.ID) (named bool, err error) {
	err = s.tx.InTx(ctx, m.Community, func(ctx context.Context, now time.Time) error {
		all, err := s.store.HelpersOf(ctx, m.Community, []domain.ID{m.ID}, now)
		i := slices.IndexFunc(all, func(h Helper) bool { return h.Helper == helper && h.GivenBy != actor.Person })
		if err != nil || i < 0 {
			return err
		}
		if named = all[i].GivenBy == m.Person; named {
			return nil
		}
		each, err := s.store.NotedFor(ctx, m.Community, actor.Person, all[i].GivenBy, now)
		named = err == nil && !each
		return err
	})
	return named, err
}

// mayActFor: those who act for everybody, and whom the member named. Helpers act
// while the consent stands; they need not be told why it does not.
func (s *Service) mayActFor(ctx context.Context, standing domain.Standing, community, member domain.ID) error {
	if standing.May(domain.ActForMember) {
		return nil
	}
	if standing.UnderAge {
		return domain.Forbidden
	}
	all, err := s.Helpers(ctx, community, []domain.ID{member})
	if err == nil && !helps(all, standing.Member) {
		err = domain.Forbidden
	}
	return err
}

// Load reads members inside the caller's transaction, for the rooms above; each
// must exist. Error: NotFound.
func (s *Service) Load(ctx context.Context, community domain.ID, ids ...domain.ID) ([]Member, error) {
	found, err := s.store.ByIDs(ctx, community, ids)
	if err != nil {
		return nil, err
	}
	if len(found) < len(ids) {
		return nil, domain.NotFound
	}
	return found, nil
}

// LoadAll reads members inside the caller's transaction, those that exist.
func (s *Service) LoadAll(ctx context.Context, community domain.ID, ids []domain.ID) ([]Member, error) {
	return s.store.ByIDs(ctx, community, ids)
}

// Numbered finds a member by the number on their card, inside the caller's
// transaction. Error: NotFound.
func (s *Service) Numbered(ctx context.Context, community domain.ID, number int) (Member, error) {
	return s.store.ByNumber(ctx, community, number)
}

// Holders reads who holds a role now, inside the caller's transaction.
func (s *Service) Holders(ctx context.Context, community domain.ID, role domain.Role) ([]Member, error) {
	var found []Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
		found, err = s.store.Holders(ctx, community, role, now)
		return err
	})
	return found, err
}

// InStates reads who is in one of some states of participation, inside the caller's
// transaction.
func (s *Service) InStates(ctx context.Context, community domain.ID, states []Participation) ([]Member, error) {
	return s.store.InStates(ctx, community, states)
}
