// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// MemberInactive says that somebody takes no part in exchanges for now, and to those
// who need not know, not why.
const MemberInactive domain.Code = "MEMBER_INACTIVE" // args: name, state

// Guarded is what whoever deals with a member under age needs to know; nil for those
// of age.
type Guarded struct {
	Until     time.Time // when they come of age
	Consented bool      // a guardian's consent stands
	Guardian  domain.ID // the member who gave it; Nowhere where it is on paper alone
}

// UnderAge says whether a member is a minor at a moment. It ends by the clock, whether
// or not anybody noted it.
func (m Member) UnderAge(now time.Time) bool { return m.Guarded != nil && now.Before(m.Guarded.Until) }

// Awaits says whether a member is a minor for whom no consent stands.
func (m Member) Awaits(now time.Time) bool { return m.UnderAge(now) && !m.Guarded.Consented }

// Dealing is what stands between two members who would deal with each other one to one.
type Dealing int

// What can stand between them, the gravest last.
const (
	Free    Dealing = iota
	Checked         // one is an adult who needs the charter's attestation
	Barred          // one is a minor for whom no consent stands
)

// deal is the one rule of who deals with minors one to one: with nobody until a consent
// stands, then among themselves, with their guardian and their household, and with
// adults whose check somebody attests. The adult is the one who needs it.
func deal(one, other Member, together bool, now time.Time) (d Dealing, adult Member) {
	minor, adult := one, other
	if other.UnderAge(now) {
		minor, adult = other, one
	}
	switch {
	case one.Awaits(now) || other.Awaits(now):
		return Barred, Member{}
	case !minor.UnderAge(now) || adult.UnderAge(now):
		return Free, Member{}
	case together || minor.Guarded.Guardian == adult.ID:
		return Free, Member{}
	}
	return Checked, adult
}

// Meet refuses what two members may not do one to one where one of them is a minor,
// inside the caller's transaction: own is the one who acts, and field and otherField
// are what the caller named. Of the reason only the minor learns; to others it is as if
// the other one took no part, or the service asked for an attestation. Where neither is
// a minor it costs nothing.
//
// Errors: domain.ConsentMissing, MemberInactive, VettingMissing.
func (s *Service) Meet(ctx context.Context, own, other Member, field, otherField string, now time.Time) error {
	if own.Awaits(now) {
		return domain.NewError(domain.ConsentMissing, field)
	}
	elsewhere := domain.NewError(MemberInactive, otherField, "name", other.DisplayName)
	d, adult := deal(own, other, false, now)
	if d == Free {
		return nil
	}
	if d == Barred {
		return elsewhere
	}
	together, err := s.Together(ctx, own.Community, own.ID, other.ID)
	if err != nil || together {
		return err
	}
	_, rules, err := s.communities.Rules(ctx, own.Community, now)
	if err != nil {
		return err
	}
	kind, known := rules.Safety.VettingKind(rules.Minors.Vetting)
	if !known {
		return elsewhere
	}
	return s.Vetted(ctx, own.Community, adult.ID, []community.VettingKind{kind}, field, now)
}
