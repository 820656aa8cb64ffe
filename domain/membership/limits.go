// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What keeps a member from something.
const (
	AbilityLimited domain.Code = "ABILITY_LIMITED"   // args: what, until; a measure, for a time
	DutySuspended  domain.Code = "SERVICE_SUSPENDED" // args: since; until what is owed is made up for
	OnLeave        domain.Code = "ON_LEAVE"          // args: until; of a kind that does not keep service
)

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

// Limit keeps a member from some things, from one moment until another.
type Limit struct {
	Cause domain.ID // what it comes from: a measure, or what the rule says
	What  []Ability
	From  time.Time // zero: at once
	Until time.Time // zero: until it is taken back
	Rule  Rule
}

// Rule is what a limit comes from.
type Rule string

// The rules.
const (
	ByMeasure Rule = ""      // moderators'
	ByDuty    Rule = "DUTY"  // the member is behind with duty
	ByLeave   Rule = "LEAVE" // the member is away
)

// holds says whether it keeps something from its member at a moment.
func (l Limit) holds(a Ability, at time.Time) bool {
	return slices.Contains(l.What, a) && !l.From.After(at) && (l.Until.IsZero() || l.Until.After(at))
}

// LimitedUntil is until when measures keep something from a member; zero when none
// does. It ends by the clock, whether or not anybody noted it.
func (m Member) LimitedUntil(a Ability, now time.Time) time.Time {
	var until time.Time
	for _, l := range m.Limits {
		if l.Rule == ByMeasure && l.holds(a, now) && l.Until.After(until) {
			until = l.Until
		}
	}
	return until
}

// Limited says whether anything keeps something from a member at a moment.
func (m Member) Limited(a Ability, at time.Time) bool {
	return slices.ContainsFunc(m.Limits, func(l Limit) bool { return l.holds(a, at) })
}

// Able refuses what a measure, or duty, keeps a member from for now, and a minor
// without their guardian's consent from all but writing, inside the caller's
// transaction; field is what the caller named.
//
// Errors: AbilityLimited, DutySuspended, OnLeave, domain.ConsentMissing.
func (s *Service) Able(ctx context.Context, m Member, a Ability, field string, now time.Time) error {
	if a != Messaging && m.Awaits(now) { // with whom they write is Meet's to say
		return domain.NewError(domain.ConsentMissing, field)
	}
	if !m.Limited(a, now) {
		return nil
	}
	where, _, err := s.communities.Rules(ctx, m.Community, now)
	if err != nil {
		return err
	}
	if until := m.LimitedUntil(a, now); !until.IsZero() {
		return domain.NewError(AbilityLimited, field, "what", domain.Word("ability."+a), "until", until.In(where.Zone()))
	}
	for _, l := range m.Limits {
		switch {
		case !l.holds(a, now):
		case l.Rule == ByDuty:
			return domain.NewError(DutySuspended, field, "since", l.From.In(where.Zone()))
		case l.Rule == ByLeave:
			return domain.NewError(OnLeave, field, "until", l.Until.In(where.Zone()))
		}
	}
	return nil
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
