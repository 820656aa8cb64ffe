// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"log/slog"
	"testing"

	"github.com/riverqueue/river/rivertype"
)

// A job that breaks off in the middle does not go on telling how far it is.
func TestAJobThatBreaksOffTellsNoMore(t *testing.T) {
	t.Parallel()
	r := &Runner{cfg: Config{Logger: slog.New(slog.DiscardHandler)}}
	var told *run
	func() {
		defer func() { _ = recover() }()
		_ = r.observe(t.Context(), &rivertype.JobRow{Kind: "tour"}, func(ctx context.Context) error {
			told = progressOf(ctx)
			told.reached(1, 2)
			panic("it stumbled")
		})
	}()
	select {
	case <-told.ended:
	default:
		t.Error("it tells still")
	}
}
