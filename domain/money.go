// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

// Money is an amount in the smallest unit of its currency: cents of a euro, whole
// yen. It moves outside; Hora only notes that it did.
type Money struct {
	Minor    int64
	Currency string // ISO 4217
}
