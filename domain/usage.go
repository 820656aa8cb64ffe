// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

// FieldUse is one part of the contract as one release of an app used it on one
// day. Who used the app is not in it.
type FieldUse struct {
	Field   string // "Member.number", "Query.nodes(ids:)", "PlaceInput.latitude"
	Client  string // as the app calls itself, at most 40 plain characters
	Release string
	Day     string // 2026-03-03, in UTC
}
