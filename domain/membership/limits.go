// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// AbilityLimited says that a measure keeps a member from something for a time.
const AbilityLimited domain.Code = "ABILITY_LIMITED" // args: what, until

// Ability is something that a measure may take from a member for a time. Their hours,
// their vote and what they agreed on are not among them.
type Ability string

// The abilities.
const (
	Offering   Ability = "OFFERING"   // list an offer, agree to give, announce a session
	Requesting Ability = "REQUESTING" // list a request, agree to receive
	Messaging  Ability = "MESSAGING"  // write to members, but for what was agreed
	Joining    Ability = "JOINING"    // take a seat in a session
)

// Abilities lists all, in the order of the SDL enum.
func Abilities() []Ability { return []Ability{Offering, Requesting, Messaging, Joining} }

// Limit keeps a member from some things until a moment.
type Limit struct {
	Cause domain.ID // the measure that it comes from
	What  []Ability
	Until time.Time
}

// LimitedUntil is until when something is kept from a member; zero when it is not.
// It ends by the clock, whether or not anybody noted it.
func (m Member) LimitedUntil(a Ability, now time.Time) time.Time {
	var until time.Time
	for _, l := range m.Limits {
		if slices.Contains(l.What, a) && l.Until.After(now) && l.Until.After(until) {
			until = l.Until
		}
	}
	return until
}

// Able refuses what a measure keeps a member from for now, and a minor without their
// guardian's consent from all but writing, inside the caller's transaction; field is
// what the caller named. Errors: AbilityLimited, domain.ConsentMissing.
func (s *Service) Able(ctx context.Context, m Member, a Ability, field string, now time.Time) error {
	if a != Messaging && m.Awaits(now) { // with whom they write is Meet's to say
		return domain.NewError(domain.ConsentMissing, field)
	}
	until := m.LimitedUntil(a, now)
	if until.IsZero() {
		return nil
	}
	where, _, err := s.communities.Rules(ctx, m.Community, now)
	if err != nil {
		return err
	}
	return domain.NewError(AbilityLimited, field, "what", domain.Word("ability."+a), "until", until.In(where.Zone()))
}

// AbleByID is Able for who was not read yet. Errors: NotFound and those of Able.
func (s *Service) AbleByID(ctx context.Context, community, member domain.ID, a Ability, field string, now time.Time) error {
	m, err := s.byID(ctx, community, member)
	if err != nil {
		return err
	}
	return s.Able(ctx, m, a, field, now)
}

// Limit keeps a member from some things, inside the caller's transaction; field is
// what the caller named. Error: MemberState.
func (s *Service) Limit(ctx context.Context, community, member domain.ID, l Limit, field string) error {
	m, err := s.byID(ctx, community, member)
	if err == nil && !m.Participation.Admitted() {
		err = domain.NewError(MemberState, field, "state", string(m.Participation))
	}
	if err != nil {
		return err
	}
	return s.store.Limit(ctx, community, member, l)
}

// Unlimit takes back what came from one measure, inside the caller's transaction;
// another one's limits stay.
func (s *Service) Unlimit(ctx context.Context, community, member, cause domain.ID) error {
	return s.store.Unlimit(ctx, community, member, cause)
}
