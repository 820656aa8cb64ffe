// SPDX-License-Identifier: AGPL-3.0-or-later

// Package domain is the cooperative's shared vocabulary: who acts, when, with
// which minutes, and what can go wrong. The areas below it (ledger, identity,
// community, …) each speak of one register; they import this package and the
// areas listed above them in docs/decisions/0001, and nothing else.
package domain
