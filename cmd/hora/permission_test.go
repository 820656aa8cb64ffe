// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
)

// may reads what a member may do, each with the roles that carry it.
func (p *person) may(member string) (all []string) {
	p.t.Helper()
	for _, m := range p.sees(member, "Member { permissions { permission through } }").list("permissions") {
		said := m.text("permission")
		for _, role := range m["through"].([]any) {
			said += " " + role.(string)
		}
		all = append(all, said)
	}
	return all
}

// Bruno is asked why he can undo transfers: he is a treasurer until the summer. What he
// may do is said as he stands today.
func TestWhyAPersonMayDoSomething(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	bruno, clara := w.welcome("Bruno", "fr"), w.welcome("Clara", "en")
	belonging := []string{"SEE_COMMUNITY", "TAKE_PART", "LEAVE_COMMUNITY"}
	same(t, "a member", bruno.may(bruno.member), belonging)
	same(t, "is nobody else’s to read", [][]string{bruno.may(clara.member), bruno.may(w.founder.member)}, [][]string{nil, nil})

	w.founder.does("grantRole", input{"memberId": bruno.member, "role": "TREASURER", "until": w.now().Add(90 * day)})
	w.founder.does("grantRole", input{"memberId": bruno.member, "role": "BOARD"})
	w.founder.does("grantRole", input{"memberId": bruno.member, "role": "FACILITATOR"})
	both := append(slices.Clone(belonging), "SEE_EVERY_EXCHANGE TREASURER", "SEE_EVERY_ACCOUNT TREASURER BOARD", "REVERSE_TRANSFERS TREASURER",
		"RUN_CYCLES BOARD", "APPROVE_CLAIMS TREASURER", "ENTER_SLIPS TREASURER", "APPROVE_ACTIVITIES BOARD", "DECIDE_ADMISSIONS BOARD",
		"KEEP_SHARES TREASURER BOARD", "MAKE_ANNOUNCEMENTS BOARD", "ISSUE_BADGES BOARD", "SEE_AUDIT_LOG BOARD")
	same(t, "through which role", w.founder.may(bruno.member), both)
	same(t, "he reads the same", bruno.may(bruno.member), both)
	same(t, "whoever only keeps the books does not read it of others", bruno.may(clara.member), nil)

	bruno.does("pauseMembership", input{"communityId": w.id})
	resting := slices.DeleteFunc(slices.Clone(both), func(s string) bool { return s == "TAKE_PART" })
	same(t, "who rests keeps a role and takes no part", bruno.may(bruno.member), resting)
	bruno.does("resumeMembership", input{"communityId": w.id})
	w.advance(91 * day)
	same(t, "a term that is over carries nothing", strings.Contains(strings.Join(w.founder.may(bruno.member), ","), "TREASURER"), false)

	w.founder.decides(clara.reports(bruno.member, "HARASSMENT"), "SUSPEND")
	same(t, "a suspension leaves what belonging leaves", bruno.may(bruno.member), []string{"SEE_COMMUNITY", "LEAVE_COMMUNITY"})
	clara.does("leaveCommunity", input{"communityId": w.id})
	same(t, "who left may nothing", w.founder.may(clara.member), nil)
	dario := w.register("Dario", "fr")
	dario.applies()
	same(t, "who applies may take it back", [][]string{dario.may(dario.member), w.founder.may(dario.member)}, [][]string{{"LEAVE_COMMUNITY"}, {"LEAVE_COMMUNITY"}})
	same(t, "a coordinator, all of one's own", len(w.founder.may(w.founder.member)), 3+23-1)
}

// What members may do is read with their roles, for a whole page at once.
func TestPermissionsCostNoStatementMoreThanRoles(t *testing.T) {
	count := &counted{}
	w := boot(t, count.wrap).town("Accorderie du Port", "port")
	for range 20 {
		w.registers("Membre")
	}
	directory := func(fields string) string {
		return `query($first: Int) { community(slug: "port") { members(first: $first) { nodes { displayName ` + fields + ` } } } }`
	}
	few := count.cheapest(w.founder, directory("permissions { permission through }"), input{"first": 2})
	many := count.cheapest(w.founder, directory("roles { role } permissions { permission through }"), input{"first": 20})
	roles := count.cheapest(w.founder, directory("email roles { role }"), input{"first": 20})
	same(t, "twenty, with roles", []int64{many.statements - few.statements, many.statements - roles.statements}, []int64{0, 0})
}
