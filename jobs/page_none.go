// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build no_ui

package jobs

import "net/http"

// HasPage says that this program was built without its pages.
const HasPage = false

// Page is none in a program built without pages.
func (r *Runner) Page(string) (http.Handler, error) { return http.NotFoundHandler(), nil }
