// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var everyRole = []Role{Coordinator, Treasurer, Moderator, Board, Facilitator, "GARDENER"}

// What somebody is told they may do is what the use cases let them do, and each role
// named would do alone.
func TestWhatIsAllowedIsWhatMayBeDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Standing{Member: NewID(), Admitted: rapid.Bool().Draw(t, "admitted"), Roles: rapid.SliceOfDistinct(rapid.SampledFrom(everyRole), rapid.ID[Role]).Draw(t, "roles")}
		s.Active = s.Admitted && rapid.Bool().Draw(t, "active")
		told := map[Permission][]Role{}
		var order []Permission
		for _, a := range s.Allowed() {
			told[a.Permission] = a.Through
			order = append(order, a.Permission)
		}
		if !slices.IsSortedFunc(order, func(a, b Permission) int {
			return slices.Index(Permissions(), a) - slices.Index(Permissions(), b)
		}) {
			t.Fatalf("told out of order: %v", order)
		}
		bare := s
		bare.Roles = nil
		for _, p := range Permissions() {
			through, may := told[p]
			if may != (s.May(p) && p != Anyone) {
				t.Fatalf("%s is told %t", p, may)
			}
			if may && (len(through) == 0) != bare.May(p) {
				t.Fatalf("%s comes through %v, and without any role: %t", p, through, bare.May(p))
			}
			for _, role := range s.Roles {
				alone := bare
				alone.Roles = []Role{role}
				if may && slices.Contains(through, role) != (alone.May(p) && !bare.May(p)) {
					t.Fatalf("%s comes through %v; %s alone carries it: %t", p, through, role, alone.May(p))
				}
			}
		}
	})
}
