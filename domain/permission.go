// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"context"
	"slices"
)

// Permission is one thing that may be done or seen. The schema names it in
// @can, the use case asks for it; a test compares the two.
type Permission string

// The permissions. A use case checks its relation (one's own listing, a party
// to the exchange) beyond what the table below can say.
const (
	Anyone            Permission = "ANYONE"              // no sign-in needed
	SignedIn          Permission = "SIGNED_IN"           // any person
	AdministerServer  Permission = "ADMINISTER_SERVER"   // the platform's administrators
	SeeCommunity      Permission = "SEE_COMMUNITY"       // its members, listings, accounts
	TakePart          Permission = "TAKE_PART"           // list, propose, accept, confirm, give
	LeaveCommunity    Permission = "LEAVE_COMMUNITY"     // pause, resume or leave, for oneself
	ActForMember      Permission = "ACT_FOR_MEMBER"      // do what a member may, in their name
	AdmitMembers      Permission = "ADMIT_MEMBERS"       // admit, decline, register
	GrantRoles        Permission = "GRANT_ROLES"         // entrust a role, end it
	ApproveListings   Permission = "APPROVE_LISTINGS"    // where the charter asks for review
	ResolveDisputes   Permission = "RESOLVE_DISPUTES"    // in exchanges they are no party to
	SeeEveryExchange  Permission = "SEE_EVERY_EXCHANGE"  // not only one's own
	SeeEveryAccount   Permission = "SEE_EVERY_ACCOUNT"   // statements of others
	ReverseTransfers  Permission = "REVERSE_TRANSFERS"   // correct a mistake in the ledger
	SetAccountLimits  Permission = "SET_ACCOUNT_LIMITS"  // floors and ceilings
	GiveFromCommunity Permission = "GIVE_FROM_COMMUNITY" // a gift whose other side is the whole
	RunCycles         Permission = "RUN_CYCLES"          // open and cancel reinvestment, review projects
	ApproveClaims     Permission = "APPROVE_CLAIMS"      // of others, on project hours
	EnterSlips        Permission = "ENTER_SLIPS"         // key in time cheques on paper
	ApproveActivities Permission = "APPROVE_ACTIVITIES"  // work for the community, not one's own
	DecideAdmissions  Permission = "DECIDE_ADMISSIONS"   // record what was decided of a co-owner objected to
	KeepShares        Permission = "KEEP_SHARES"         // confirm that money for shares moved, of others
	MakeAnnouncements Permission = "MAKE_ANNOUNCEMENTS"  // speak to many members at once
	IssueBadges       Permission = "ISSUE_BADGES"        // define, issue and revoke them
	VetMembers        Permission = "VET_MEMBERS"         // attest that a check of somebody else was seen
	ManageDuty        Permission = "MANAGE_DUTY"         // shifts that come round, who came, and what follows
	Moderate          Permission = "MODERATE"            // answer reports in which they have no part
	SeeAuditLog       Permission = "SEE_AUDIT_LOG"       // what those who hold a role did
	ManageApps        Permission = "MANAGE_APPS"         // webhooks, and what partner apps may do here
)

// granted is the one table of who may do what in a community.
var granted = map[Permission][]Role{
	ActForMember:      {Coordinator},
	AdmitMembers:      {Coordinator},
	GrantRoles:        {Coordinator},
	ApproveListings:   {Coordinator, Moderator},
	ResolveDisputes:   {Coordinator, Moderator},
	SeeEveryExchange:  {Coordinator, Moderator, Treasurer},
	SeeEveryAccount:   {Coordinator, Treasurer, Board},
	ReverseTransfers:  {Coordinator, Treasurer},
	SetAccountLimits:  {Coordinator},
	GiveFromCommunity: {Coordinator},
	RunCycles:         {Coordinator, Board},
	ApproveClaims:     {Coordinator, Treasurer},
	EnterSlips:        {Coordinator, Treasurer},
	ApproveActivities: {Coordinator, Board},
	DecideAdmissions:  {Coordinator, Board},
	KeepShares:        {Treasurer, Board},
	MakeAnnouncements: {Coordinator, Moderator, Board},
	IssueBadges:       {Coordinator, Board},
	VetMembers:        {Coordinator},
	ManageDuty:        {Coordinator},
	Moderate:          {Coordinator, Moderator},
	SeeAuditLog:       {Coordinator, Moderator, Board},
	ManageApps:        {Coordinator},
}

// Permissions lists every permission, in the order of the SDL enum.
func Permissions() []Permission {
	return []Permission{
		Anyone, SignedIn, AdministerServer, SeeCommunity, TakePart, LeaveCommunity, ActForMember, AdmitMembers,
		GrantRoles, ApproveListings, ResolveDisputes, SeeEveryExchange, SeeEveryAccount, ReverseTransfers,
		SetAccountLimits, GiveFromCommunity, RunCycles, ApproveClaims, EnterSlips, ApproveActivities,
		DecideAdmissions, KeepShares, MakeAnnouncements, IssueBadges, VetMembers, ManageDuty, Moderate, SeeAuditLog, ManageApps,
	}
}

// May says whether a standing carries a permission inside its community.
func (s Standing) May(p Permission) bool {
	switch p {
	case Anyone:
		return true
	case SignedIn, AdministerServer:
		return false // not a community's to give
	case TakePart:
		return s.Active && !s.Waiting
	case SeeCommunity:
		return s.Admitted
	case LeaveCommunity:
		return s.Member != Nowhere
	}
	return s.Admitted && s.Has(granted[p]...)
}

// Entrusted lists the roles that carry a permission by themselves.
func Entrusted(p Permission) []Role { return slices.Clone(granted[p]) }

// Allowed is one thing that a standing carries, and why.
type Allowed struct {
	Permission Permission
	Through    []Role // each that carries it by itself; none where it comes with belonging
}

// Allowed lists what a standing carries in its community, in the order of
// Permissions. What is no community's to give is not in it.
func (s Standing) Allowed() []Allowed {
	var all []Allowed
	for _, p := range Permissions() {
		if p == Anyone || !s.May(p) {
			continue
		}
		var through []Role
		for _, role := range granted[p] {
			if s.Has(role) {
				through = append(through, role)
			}
		}
		all = append(all, Allowed{p, through})
	}
	return all
}

// Authorise is the first line of every use case: who is this, here, and may
// they? It answers Unauthenticated, Forbidden or, of a minor who would take part,
// ConsentMissing, and the standing otherwise.
// The program's own jobs may do anything.
func Authorise(ctx context.Context, access Access, actor Actor, community ID, p Permission) (Standing, error) {
	if actor.System {
		return Standing{}, nil
	}
	if actor.Person == Nowhere {
		return Standing{}, Unauthenticated
	}
	standing, err := access.Standing(ctx, actor.Person, community)
	if err != nil {
		return Standing{}, err
	}
	if !standing.May(p) {
		// A stranger learns nothing of what is inside.
		if standing.Member == Nowhere {
			return standing, NotFound
		}
		if p == TakePart && standing.Active { // only a consent is missing, and somebody can give it
			return standing, NewError(ConsentMissing, "")
		}
		return standing, Forbidden
	}
	return standing, nil
}
