// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hora-coop/hora/bench"
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/persistence/embedded"
)

type benchCmd struct {
	Ledger     benchLedgerCmd     `cmd:"" help:"Measure the ledger against its promises; see docs/performance.md."`
	Read       benchReadCmd       `cmd:"" help:"Measure reading against a bare handler and with many listings; see docs/performance.md."`
	Phones     benchPhonesCmd     `cmd:"" help:"Have phones read and confirm while the server is stopped and started in the middle."`
	Allocation benchAllocationCmd `cmd:"" help:"Count votes of growing size by equal shares, exactly; see docs/performance.md."`
}

type benchAllocationCmd struct {
	Ballots  []int  `default:"1000,3000,10000,30000,100000" help:"Sizes of the votes, each counted once."`
	Projects int    `default:"1000" help:"How many projects they are about."`
	Seed     uint64 `default:"7" help:"Equal seeds give equal votes, and equal results on every machine."`
	JSON     bool   `name:"json" help:"JSON instead of a table."`
	Strict   bool   `help:"Exit 1 when a count takes more than 20 seconds or 1 GB."`
}

// Run counts, and prints how time and memory grow.
func (c *benchAllocationCmd) Run(ctx context.Context) error {
	counts, err := bench.Allocation(ctx, c.Ballots, c.Projects, c.Seed)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(counts)
	} else {
		err = bench.PrintCounts(os.Stdout, counts)
	}
	for _, one := range counts {
		if c.Strict && (one.Took > bench.CountWithin || one.Memory > bench.CountMemory) {
			err = errors.Join(err, fmt.Errorf("%d ballots took %s and %d MB", one.Ballots, one.Took, one.Memory>>20))
		}
	}
	return err
}

// benchCluster is the durable PostgreSQL that is measured on.
type benchCluster struct {
	PGBin string `name:"pg-bin" help:"Folder of PostgreSQL's programs; default: searched." placeholder:"DIR"`
	Dir   string `default:"${durable}" help:"Where the data lies meanwhile: a disk, since memory would make commits free." placeholder:"DIR"`
}

// benchRatios is what every measure against a baseline is asked for.
type benchRatios struct {
	benchCluster
	DatabaseURL string        `help:"A superuser's address on a server to measure instead; databases are made beside that one and dropped." placeholder:"URL"`
	Rounds      int           `default:"5" help:"Each runs every workload once."`
	Slice       time.Duration `default:"1s" help:"How long a workload runs in a round."`
	Clients     int           `default:"8" help:"How many speak to the program or the database at once."`
	JSON        bool          `name:"json" help:"One JSON object instead of tables."`
	Strict      bool          `help:"Exit 1 when a gate is missed."`
}

type benchLedgerCmd struct {
	benchRatios
	Many int `default:"1000000" help:"Accounts of the larger ledger."`
}

// Run measures, and prints what came out.
func (c *benchLedgerCmd) Run(ctx context.Context) error {
	return c.measure(ctx, bench.Ledger, bench.Options{Communities: 64, Accounts: 10_000, Many: c.Many})
}

type benchReadCmd struct {
	benchRatios
	Many         int    `default:"1000000" help:"Listings of the larger community."`
	PostGraphile string `name:"postgraphile" default:"bench/postgraphile" help:"Where PostGraphile is installed, to compare with it; left out where it is not." placeholder:"DIR"`
}

// Run measures, and prints what came out.
func (c *benchReadCmd) Run(ctx context.Context) error {
	return c.measure(ctx, bench.Read, bench.Options{Accounts: 10_000, Many: c.Many, PostGraphile: c.PostGraphile})
}

func (c *benchRatios) measure(ctx context.Context, measure func(context.Context, bench.Options) (bench.Report, error), o bench.Options) (err error) {
	o.DatabaseURL, o.Rounds, o.Slice, o.Clients = c.DatabaseURL, c.Rounds, c.Slice, c.Clients
	o.Open, o.Progress = openForBench, progress()
	if o.DatabaseURL == "" {
		srv, remove, startErr := c.cluster(ctx)
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, srv.Stop(), remove()) }()
		o.DatabaseURL = srv.URL(embedded.Superuser, embedded.Database)
	}
	report, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if err := c.print(os.Stdout, report); err != nil {
		return err
	}
	if missed := report.Missed(); c.Strict && len(missed) > 0 {
		return fmt.Errorf("missed: %s", strings.Join(missed, "; "))
	}
	return nil
}

// progress is where a line may be written over again: a terminal, or nowhere.
func progress() io.Writer {
	if stat, err := os.Stderr.Stat(); err == nil && stat.Mode()&os.ModeCharDevice != 0 {
		return os.Stderr
	}
	return nil
}

func (c *benchRatios) print(out io.Writer, r bench.Report) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	return r.Print(out)
}

// durableDir is the system's folder for temporary files that outlive a restart,
// which is on a disk; the other one is often in memory.
func durableDir() string {
	if stat, err := os.Stat("/var/tmp"); err == nil && stat.IsDir() {
		return "/var/tmp"
	}
	return os.TempDir()
}

// cluster starts it; what it answers takes its data away afterwards.
func (c *benchCluster) cluster(ctx context.Context) (*embedded.Server, func() error, error) {
	dir, err := os.MkdirTemp(c.Dir, "hora-bench-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	// PostgreSQL may run as somebody else, who must get there.
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	srv, err := embedded.Start(ctx, embedded.Options{DataDir: filepath.Join(dir, "data"), BinDir: c.PGBin, Progress: os.Stderr})
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return srv, remove, nil
}

// openForBench opens the whole program, which then answers over HTTP, with the memory
// it has when people run it. Its jobs stay off: they follow, at their own pace.
func openForBench(ctx context.Context, url string) (*bench.Program, error) {
	a, err := Open(ctx, quiet(), url, newLogger("error"), &clock{})
	if err != nil {
		return nil, err
	}
	go keepSmall(ctx)
	return &bench.Program{
		Handler: a.Handler, Close: a.Close,
		Token: func(ctx context.Context, person, session domain.ID) (string, error) {
			now := a.clock.Now()
			return a.issuer.Sign(ctx, identity.Claims{Person: person, Session: session, IssuedAt: now, ExpiresAt: now.Add(time.Hour)})
		},
	}, nil
}
