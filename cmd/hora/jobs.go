// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/jobs"
	"github.com/hora-coop/hora/server"
)

type jobsCmd struct {
	List     listJobsCmd     `cmd:"" default:"withargs" help:"Tell what ran, what will, and what failed and why."`
	Calendar calendarJobsCmd `cmd:"" help:"Tell what comes round next in each community, and what was done for which period."`
	Retry    retryJobCmd     `cmd:"" help:"Try a job again now; its effect happens once all the same."`
	Page     pageJobsCmd     `cmd:"" help:"Make a link to the page of all this, for somebody who administers the server."`
}

type listJobsCmd struct {
	databaseConfig
	Only  string `default:"all" enum:"all,failed,waiting,done" help:"Which: ${enum}."`
	Limit int    `default:"50" help:"How many, the latest first."`
	JSON  bool   `name:"json" help:"JSON instead of a table."`
}

// Run lists jobs.
func (c *listJobsCmd) Run(ctx context.Context) error {
	states := map[string][]rivertype.JobState{"failed": jobs.Failed(), "waiting": jobs.Waiting(), "done": {rivertype.JobStateCompleted}}
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		found, err := a.jobs.Tried(ctx, c.Limit, states[c.Only]...)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(os.Stdout).Encode(found)
		}
		return printJobs(os.Stdout, found)
	})
}

func printJobs(out io.Writer, found []jobs.Tried) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "id\tjob\tstate\ttries\tdue\tdone\ttrouble")
	for _, j := range found {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%d of %d\t%s\t%s\t%s\n", j.ID, j.Kind, j.State, j.Attempt, j.Attempts, j.Due.UTC().Format(time.DateTime), j.Progress, oneLine(j.Trouble))
	}
	return w.Flush()
}

// oneLine is a text that fits into a table.
func oneLine(text string) string {
	const most = 200
	words := []rune(strings.Join(strings.Fields(text), " "))
	if len(words) > most {
		words = append(words[:most], '…')
	}
	return string(words)
}

type calendarJobsCmd struct {
	databaseConfig
	Limit int  `default:"20" help:"How many of each."`
	JSON  bool `name:"json" help:"JSON instead of tables."`
}

// Run tells the calendar.
func (c *calendarJobsCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		next, last, err := a.jobs.Calendar(ctx, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(os.Stdout).Encode(map[string][]domain.Periodic{"next": next, "last": last})
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for title, list := range map[string][]domain.Periodic{"comes": next, "was done": last} {
			_, _ = fmt.Fprintf(w, "%s\tcommunity\twhat\tfor\n", title)
			for _, p := range list {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.At.UTC().Format(time.DateTime), p.Community, p.What, p.Period)
			}
		}
		return w.Flush()
	})
}

type pageJobsCmd struct {
	databaseConfig
	PublicURL string `default:"http://localhost:8080" help:"Where people reach the server."`
	Email     string `arg:"" help:"The address of somebody who administers the server (hora admin create)."`
}

// Run prints a link that opens the page once.
func (c *pageJobsCmd) Run(ctx context.Context) error {
	if !jobs.HasPage {
		return errors.New("this program was built without pages (no_ui)")
	}
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		token, err := a.people.OperatorLink(ctx, c.Email)
		if errors.Is(err, domain.NotFound) {
			return fmt.Errorf("nobody with the address %s administers this server", c.Email)
		}
		if err == nil {
			fmt.Printf("%s%s?token=%s\nIt opens the page once, within %d minutes, on a server that runs with --jobs-page.\n",
				strings.TrimRight(c.PublicURL, "/"), server.JobsEnterPath, token, int(identity.LinkLife.Minutes()))
		}
		return err
	})
}

type retryJobCmd struct {
	databaseConfig
	ID int64 `arg:"" help:"Its number, as hora jobs shows it."`
}

// Run has it tried again by whichever server works.
func (c *retryJobCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		j, err := a.jobs.Retry(ctx, c.ID)
		if err == nil {
			fmt.Printf("Job %d (%s) is %s and will be tried now.\n", j.ID, j.Kind, j.State)
		}
		return err
	})
}
