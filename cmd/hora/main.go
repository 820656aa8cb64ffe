// SPDX-License-Identifier: AGPL-3.0-or-later

// Hora is a server for time banks and cooperatives where everybody's hour is
// worth the same.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // calendars work on machines without zone files

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
var version = "dev"

type cli struct {
	Serve      serveCmd         `cmd:"" default:"withargs" help:"Serve members, coordinators and partners. With nothing set it brings its own PostgreSQL."`
	Demo       demoCmd          `cmd:"" help:"Serve a filled network to look at: three communities, 600 members."`
	Migrate    migrateCmd       `cmd:"" help:"Bring the database to this version's schema."`
	Worker     workerCmd        `cmd:"" help:"Only do background work, beside servers that run with --no-jobs."`
	Admin      adminCmd         `cmd:"" help:"Look after the platform: administrators and passwords."`
	Schema     schemaCmd        `cmd:"" help:"Print the whole GraphQL contract."`
	Jobs       jobsCmd          `cmd:"" help:"Look after the program's own work: what ran, what will, what failed and why."`
	Verify     verifyCmd        `cmd:"" help:"Recompute every community's books; exit 1 when something differs."`
	Allocation allocationCmd    `cmd:"" help:"Count a participatory budget again, from the file that was published."`
	Bench      benchCmd         `cmd:"" help:"Measure how fast the cooperative's server is on this machine."`
	Version    kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c,
		kong.Name("hora"),
		kong.Description("A time bank where everybody's hour is worth the same."),
		kong.Vars{"version": version, "durable": durableDir()},
		kong.DefaultEnvars("HORA"),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "hora:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
