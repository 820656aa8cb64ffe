// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build !no_ui

package jobs

import (
	"log/slog"
	"net/http"

	"riverqueue.com/riverui"
)

// HasPage says that this program was built with its pages.
const HasPage = true

// Page is River's own page of the jobs, below a prefix. Whoever serves it decides who
// sees it. Arguments of jobs hold ids alone, and the lists leave them out.
func (r *Runner) Page(prefix string) (http.Handler, error) {
	// It is not started: what would run in its background is counts of more jobs than a
	// table of ours holds, asked for whether somebody looks or not.
	return riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(r.client, nil), JobListHideArgsByDefault: true,
		Logger: slog.New(warnings{r.cfg.Logger.Handler()}), Prefix: prefix,
	})
}
