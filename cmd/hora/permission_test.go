// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/hora-coop/hora/domain"
)

// What the tables of these tests rest on: each call does work.
func TestEachMutationWorks(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	for _, mutation := range mutations(t) {
		c := calls[mutation](s)
		c.by.does(mutation, c.in)
	}
	s.booksAreRight()
}

const (
	may       = "" // may, or is told why it does not fit; not looked at here
	signIn    = "UNAUTHENTICATED"
	forbidden = "FORBIDDEN"
	notFound  = "NOT_FOUND"
)

// refusals says who is refused a call that works for somebody else, and how.
var refusals = map[string][5]string{
	//                    a stranger, signed in, an applicant, a member, a coordinator elsewhere
	"register":           {may, may, may, may, may},
	"signIn":             {may, may, may, may, may},
	"refreshSession":     {may, may, may, may, may},
	"signOut":            {signIn, may, may, may, may},
	"revokeSession":      {signIn, notFound, notFound, notFound, notFound},
	"markRead":           {signIn, notFound, notFound, notFound, notFound},
	"createCommunity":    {signIn, may, may, may, may},
	"applyToJoin":        {signIn, may, may, may, may},
	"admitMember":        {signIn, notFound, forbidden, forbidden, notFound},
	"declineApplication": {signIn, notFound, forbidden, forbidden, notFound},
	"registerMember":     {signIn, notFound, forbidden, forbidden, notFound},
	"grantRole":          {signIn, notFound, forbidden, forbidden, notFound},
	"revokeRole":         {signIn, notFound, forbidden, forbidden, notFound},
	"pauseMembership":    {signIn, notFound, may, may, notFound},
	"resumeMembership":   {signIn, notFound, may, may, notFound},
	"leaveCommunity":     {signIn, notFound, may, may, notFound},
	"createListing":      {signIn, notFound, forbidden, may, notFound},
	"updateListing":      {signIn, notFound, forbidden, forbidden, notFound},
	"renewListing":       {signIn, notFound, forbidden, forbidden, notFound},
	"markListingMet":     {signIn, notFound, forbidden, forbidden, notFound},
	"archiveListing":     {signIn, notFound, forbidden, forbidden, notFound},
	"approveListing":     {signIn, notFound, forbidden, forbidden, notFound},
	"proposeExchange":    {signIn, notFound, forbidden, "NOT_A_PARTY", notFound},
	"reviseExchange":     {signIn, notFound, forbidden, notFound, notFound},
	"acceptExchange":     {signIn, notFound, forbidden, notFound, notFound},
	"declineExchange":    {signIn, notFound, forbidden, notFound, notFound},
	"cancelExchange":     {signIn, notFound, forbidden, notFound, notFound},
	"completeExchange":   {signIn, notFound, forbidden, notFound, notFound},
	"confirmExchange":    {signIn, notFound, forbidden, notFound, notFound},
	"disputeExchange":    {signIn, notFound, forbidden, notFound, notFound},
	"resolveDispute":     {signIn, notFound, forbidden, forbidden, notFound},
	"giveHours":          {signIn, notFound, forbidden, forbidden, notFound},
	"reverseTransfer":    {signIn, notFound, forbidden, forbidden, notFound},
	"correctTransfer":    {signIn, notFound, forbidden, forbidden, notFound},
	"allowBelowFloor":    {signIn, notFound, forbidden, forbidden, notFound},
	"setAccountLimits":   {signIn, notFound, forbidden, forbidden, notFound},
	"writeTimeCheque":    {signIn, notFound, forbidden, may, notFound},
	"depositTimeCheque":  {signIn, "CHEQUE_FORGED", forbidden, "NOT_A_PARTY", "CHEQUE_FORGED"},
	"settleTimeCheque":   {signIn, notFound, forbidden, notFound, notFound},
	"withdrawTimeCheque": {signIn, notFound, forbidden, notFound, notFound},
	"enterTimeCheques":   {signIn, notFound, forbidden, forbidden, notFound},
	"undoTimeCheques":    {signIn, notFound, forbidden, forbidden, notFound},
	"scheduleSession":    {signIn, notFound, forbidden, may, notFound},
	"joinSession":        {signIn, notFound, forbidden, may, notFound},
	"leaveSession":       {signIn, notFound, forbidden, "NOT_JOINED", notFound},
	"cancelSession":      {signIn, notFound, forbidden, forbidden, notFound},
	"settleSession":      {signIn, notFound, forbidden, forbidden, notFound},
	"logActivity":        {signIn, notFound, forbidden, may, notFound},
	"approveActivity":    {signIn, notFound, forbidden, forbidden, notFound},
	"declineActivity":    {signIn, notFound, forbidden, forbidden, notFound},
	"nameHelper":         {signIn, notFound, forbidden, "OWN_HELPER", notFound},
	"withdrawHelper":     {signIn, notFound, forbidden, forbidden, notFound},
	"giveCard":           {signIn, notFound, forbidden, forbidden, notFound},
	"revokeCard":         {signIn, notFound, forbidden, forbidden, notFound},
	"signInWithNumber":   {may, may, may, may, may},
	"signInWithCard":     {may, may, may, may, may},
	"registerDeviceKey":  {signIn, notFound, forbidden, may, notFound},
	"revokeDeviceKey":    {signIn, notFound, notFound, notFound, notFound},
}

func TestWhoMayNotChangesNothing(t *testing.T) {
	t.Parallel()
	same(t, "mutations that the table knows", slices.Sorted(maps.Keys(refusals)), mutations(t))
	s, hill := twoScenes(t)
	people := [5]*person{s.stranger(), s.nobody, s.dario, s.clara, hill.founder}
	made := map[string]call{}
	for _, mutation := range mutations(t) {
		made[mutation] = calls[mutation](s)
	}
	for mutation, c := range made {
		for i, code := range refusals[mutation] {
			if code != may {
				people[i].cannot(mutation, c.in, code, anyField)
			}
		}
	}
}

// What @can says in the contract is what the use case does, for each role.
func TestRolesMayWhatTheContractSays(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	holders := map[domain.Role]*person{}
	for _, role := range []domain.Role{domain.Coordinator, domain.Treasurer, domain.Moderator, domain.Board, domain.Facilitator} {
		holders[role] = s.welcome("Titulaire "+string(role), "fr")
		s.founder.does("grantRole", input{"memberId": holders[role].member, "role": role})
	}
	plain := domain.Standing{Member: domain.NewID(), Admitted: true, Active: true}
	asked := 0
	for _, m := range contract().Mutation.Fields {
		permission := permissionOf(m)
		if plain.May(permission) || !aCommunitysToGive(permission) {
			continue // not a matter of roles
		}
		in := calls[m.Name](s).in
		var able []*person
		for role, holder := range holders {
			asked++
			if (domain.Standing{Member: domain.NewID(), Admitted: true, Active: true, Roles: []domain.Role{role}}).May(permission) {
				able = append(able, holder)
			} else {
				holder.cannot(m.Name, in, forbidden, anyField)
			}
		}
		for _, holder := range able {
			holder.does(m.Name, calls[m.Name](s).in)
		}
	}
	if asked < 40 {
		t.Errorf("only %d calls were tried", asked)
	}
	s.booksAreRight()
}

// aCommunitysToGive is true for what some role carries.
func aCommunitysToGive(p domain.Permission) bool {
	return domain.Standing{Member: domain.NewID(), Admitted: true, Roles: []domain.Role{
		domain.Coordinator, domain.Treasurer, domain.Moderator, domain.Board, domain.Facilitator,
	}}.May(p)
}

func TestNobodyReadsAcrossTheWall(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	objects := s.objects()
	public := []string{"Community", "ServiceType"}
	staffs := []string{"TimeChequeBatch"}
	inside := append(public, "Member", "Listing", "Account", "GroupSession") // what members see of one another
	for _, def := range contract().GetPossibleTypes(contract().Types["Node"]) {
		id, known := objects[def.Name]
		if !known {
			t.Errorf("the tests have no %s to read", def.Name)
			continue
		}
		own := s.anna
		if slices.Contains(staffs, def.Name) {
			own = s.founder
		}
		same(t, "Anna’s "+def.Name, own.sees(id, def.Name+" { id }").text("id"), id)
		for _, p := range []*person{s.nobody, hill.founder, hill.anna, s.clara, s.stranger()} {
			open := slices.Contains(public, def.Name) || (p == s.clara && slices.Contains(inside, def.Name))
			p.looksFor(id, def.Name, open)
			if !open {
				p.looksFor(forged(id, hill.id), def.Name, false)
			}
		}
	}
	same(t, "Anna’s hours, for Clara", s.clara.sees(objects["Account"], "Account { balance held available floor softFloor ceiling }"),
		thing{"balance": nil, "held": nil, "available": nil, "floor": nil, "softFloor": nil, "ceiling": nil})
	a := s.clara.gql(s.clara.bearer(), `query($id: ID!) { node(id: $id) { ... on Account { entries { nodes { minutes } } } } }`, input{"id": objects["Account"]})
	if len(a.Errors) != 1 || a.problems()[0].Code != forbidden {
		t.Errorf("Clara reads Anna’s statement: %s", a.raw)
	}
}

// looksFor reads a node: it is there, or it is not found and looks as if it never was.
func (p *person) looksFor(id, of string, there bool) {
	p.t.Helper()
	a := p.gql(p.bearer(), `query($id: ID!) { node(id: $id) { __typename id } }`, input{"id": id})
	found := thing(a.Data).thing("node")
	switch {
	case there:
		same(p.t, of+" for "+p.name, found.text("id"), id)
	case found != nil || len(a.problems()) != 1:
		p.t.Errorf("%s reads a %s of others: %s", p.name, of, a.raw)
	default:
		if code := a.problems()[0].Code; code != notFound && (code != signIn || p.tokens.AccessToken != "") {
			p.t.Errorf("%s learns of a %s: %s", p.name, of, a.raw)
		}
	}
	all := p.reads(`query($id: ID!) { nodes(ids: [$id]) { id } }`, input{"id": id})
	same(p.t, of+" among nodes, for "+p.name, all.find("nodes.0") != nil, there)
}
