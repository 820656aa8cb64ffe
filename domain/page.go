// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

// Page asks for a stretch of a list: the first Limit items after a cursor, or
// the last Limit before one. Cursors are keys of the list's order, so a page
// neither repeats nor skips when rows are added meanwhile.
type Page struct {
	Limit    int
	After    string
	Before   string
	Backward bool
}

// Default and largest page, as the API promises.
const (
	DefaultPage = 20
	LargestPage = 100
)

// Slice is one page of a list, in the list's own order.
type Slice[T any] struct {
	Items   []T
	Cursor  func(i int) string // of an item: most pages are asked for their last one alone
	HasMore bool               // beyond this page in the direction asked for
}
