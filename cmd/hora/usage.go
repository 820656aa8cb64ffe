// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/persistence"
)

// keepUsage writes down every minute which app used what, until ctx ends, and
// once more then. What a crash loses is a minute of statistics.
func (a *App) keepUsage(ctx context.Context) {
	again := time.NewTicker(time.Minute)
	defer again.Stop()
	for done := false; !done; {
		select {
		case <-again.C:
		case <-ctx.Done():
			done = true
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		a.flushUsage(last)
		cancel()
	}
}

func (a *App) flushUsage(ctx context.Context) {
	counts := a.usage.Take()
	if len(counts) == 0 {
		return
	}
	err := a.db.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		return persistence.UsageStore{}.Add(ctx, counts, now)
	})
	if err != nil {
		a.usage.GiveBack(counts)
		a.logger.WarnContext(ctx, "usage is kept later", "error", err)
	}
}

type fieldUsageCmd struct {
	databaseConfig
	Field      string `arg:"" optional:"" help:"A field, Member.number, or a type, Member; without it everything."`
	Days       int    `default:"90" help:"How far to look back; at most 400."`
	Deprecated bool   `help:"Only what the contract announces to remove."`
}

// Run prints a line for each release of each app.
func (c *fieldUsageCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error { return c.tell(ctx, a, os.Stdout) })
}

func (c *fieldUsageCmd) tell(ctx context.Context, a *App, to io.Writer) error {
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "FIELD\tCLIENT\tRELEASE\tLAST\tUSES")
	leaving := graph.Deprecated()
	err := a.db.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		return persistence.UsageStore{}.Since(ctx, c.Field, now.AddDate(0, 0, -c.Days), func(last domain.FieldUse, uses int64) {
			if !c.Deprecated || leaving[last.Field] {
				fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\n", last.Field, last.Client, last.Release, last.Day, uses)
			}
		})
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
