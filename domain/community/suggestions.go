// SPDX-License-Identifier: AGPL-3.0-or-later

package community

// Suggestions is who may suggest projects to the community's cycles besides its members.
// They have a voice and no vote. The zero value is nobody, as in the charters that were
// written before there was such a rule.
type Suggestions struct {
	NonMembers bool `json:"nonMembers"` // whoever can sign in
}
