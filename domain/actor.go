// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"context"
	"slices"
)

// Actor is who asks. The edge makes it from a verified access token, a job acts
// as System; nothing else decides who somebody is.
type Actor struct {
	Person   ID // Nowhere when nobody is signed in
	Session  ID
	Platform bool // a platform administrator
	System   bool // a job of the program itself
}

// System is the program acting by itself: expiry, automatic confirmation.
var System = Actor{System: true}

// Role is what a community entrusts to a member for a time.
type Role string

// The roles every community has; a charter may add others.
const (
	Coordinator Role = "COORDINATOR"
	Treasurer   Role = "TREASURER"
	Moderator   Role = "MODERATOR"
	Board       Role = "BOARD"
	Facilitator Role = "FACILITATOR"
)

// Standing is what somebody is in one community at this moment.
type Standing struct {
	Member   ID     // Nowhere for a stranger
	Admitted bool   // admitted and not left: sees what members see
	Active   bool   // in good standing: neither paused nor suspended
	Roles    []Role // those whose term runs
	Apart    []ID   // members between whom and this one a block stands
	UnderAge bool   // a minor: they hold no role, and act for nobody
	Waiting  bool   // a minor for whom no guardian's consent stands: they take no part
	Wards    []ID   // minors for whom this one consented as a guardian, and it stands
}

// Guards says whether this one is the guardian of one of some members.
func (s Standing) Guards(members ...ID) bool {
	return slices.ContainsFunc(members, func(m ID) bool { return slices.Contains(s.Wards, m) })
}

// ReachEverybody are the roles whose holders see and reach every member, and are
// reached by them: a block with one of them rests.
var ReachEverybody = []Role{Coordinator, Moderator, Treasurer}

// Sees says whether a member is anybody to this one: there is no block between them.
func (s Standing) Sees(member ID) bool { return !slices.Contains(s.Apart, member) }

// Has says whether the standing carries one of the roles.
func (s Standing) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(s.Roles, r) })
}

// Access finds somebody's standing. It is declared here because rooms below
// membership (the ledger) must ask it too.
type Access interface {
	// Standing must be called inside InTx of the community.
	Standing(ctx context.Context, person, community ID) (Standing, error)
}
