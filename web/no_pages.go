// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build no_ui

package web

import "io/fs"

// Documents are none: a program built with no_ui has no pages of its own.
var Documents []byte

// Pages are none: a program built with no_ui has no pages of its own.
func Pages() fs.FS { return nil }
