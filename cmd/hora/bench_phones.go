// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/hora-coop/hora/bench"
	"github.com/hora-coop/hora/persistence/embedded"
)

type benchPhonesCmd struct {
	benchCluster
	Phones int           `default:"200" help:"How many."`
	For    time.Duration `default:"2m" help:"For how long."`
	Think  time.Duration `default:"2s" help:"How long a phone waits between two requests, in the mean."`
	Memory int           `default:"120" help:"Megabytes that the program may take at most."`
	JSON   bool          `name:"json" help:"One JSON object instead of text."`
}

// Run has the phones do it, and fails when a promise is broken.
func (c *benchPhonesCmd) Run(ctx context.Context) (err error) {
	srv, remove, err := c.cluster(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Stop(), remove()) }()
	report, err := bench.Crowd(ctx, bench.CrowdOptions{
		Phones: c.Phones, For: c.For, Think: c.Think, Progress: progress(),
		Start: func(ctx context.Context) (*bench.Served, error) {
			return serveForPhones(ctx, srv.URL(embedded.Superuser, embedded.Database))
		},
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(report)
	} else {
		err = report.Print(os.Stdout)
	}
	if broken := report.Answered5xx + report.Lost + report.Twice; err == nil && broken > 0 || report.PeakMegabyte > c.Memory {
		err = errors.New("a promise is broken")
	}
	return err
}

// phonesServe is how the program is started for phones of one computer.
var phonesServe = []string{
	"serve", "--listen=localhost:0", "--metrics-listen=", "--log-level=error", "--public-url=http://hora.test", "--trusted-proxies=127.0.0.1/32,::1/128",
}

// serveForPhones starts this very program as people run it.
func serveForPhones(ctx context.Context, database string) (*bench.Served, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	hora := exec.CommandContext(ctx, self, phonesServe...)
	hora.Env = append(os.Environ(), "HORA_DATABASE_URL="+database)
	hora.Stderr = os.Stderr
	said, err := hora.StdoutPipe()
	if err == nil {
		err = hora.Start()
	}
	if err != nil {
		return nil, err
	}
	stop := func() error { return errors.Join(hora.Process.Signal(syscall.SIGTERM), hora.Wait()) }
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if _, at, found := strings.Cut(lines.Text(), "listens on "); found {
			return &bench.Served{Address: at, Process: hora.Process.Pid, Stop: stop}, nil
		}
	}
	return nil, errors.Join(errors.New("the program does not say where it listens"), fmt.Errorf("it ended: %w", hora.Wait()))
}
