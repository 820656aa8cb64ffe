// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/server"
	"github.com/hora-coop/hora/web"
)

type serveCmd struct {
	databaseConfig
	serverConfig
}

// Run serves until it is asked to stop.
func (c *serveCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, c.serverConfig, alone, func(a *App) error {
		a.Listening = func(address string) { c.greet(address) }
		return a.Run(ctx)
	})
}

// greet tells a person what to open.
func (c *serveCmd) greet(address string) {
	at := c.scheme() + "://" + localName(address)
	fmt.Printf("Hora %s listens on %s\n", version, at)
	if web.Pages() != nil {
		fmt.Printf("  dashboard %s%s\n", at, server.AdminPath)
	}
	fmt.Printf("  GraphQL   %s/graphql\n  contract  %s/schema.graphqls\n", at, at)
	if c.Dev || c.GraphiQL {
		fmt.Printf("  GraphiQL  %s/graphiql\n", at)
	}
	if c.Dev {
		fmt.Printf("  letters   %s/dev/mail\n  clock     %s/dev/clock\n", at, at)
	}
}

// localName writes a loopback address as people type it, and as passkeys need it.
func localName(address string) string {
	if port, ok := strings.CutPrefix(address, "127.0.0.1:"); ok {
		return "localhost:" + port
	}
	return address
}

// withApp starts a database if none is named, migrates it, opens the program
// on it, and takes everything down again in the right order.
func withApp(ctx context.Context, d databaseConfig, s serverConfig, how manner, fn func(*App) error) (err error) {
	logger := newLogger(s.LogLevel)
	url, closeDB, err := d.open(ctx, logger, how)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	if err := d.migrate(ctx, url); err != nil {
		return err
	}
	if s.MediaURL == "" && how != throwaway {
		if s.MediaURL, err = d.media(); err != nil {
			return err
		}
	}
	a, err := Open(ctx, s, url, logger, &clock{})
	if err != nil {
		return err
	}
	defer a.Close()
	return fn(a)
}

type workerCmd struct {
	databaseConfig
	serverConfig
}

// Run does background work until it is asked to stop.
func (c *workerCmd) Run(ctx context.Context) error {
	if c.DatabaseURL == "" {
		return errors.New("a worker needs the servers' database: set HORA_DATABASE_URL")
	}
	c.Jobs, c.Dev = true, false
	return withApp(ctx, c.databaseConfig, c.serverConfig, alone, func(a *App) error {
		if err := a.jobs.Start(ctx); err != nil {
			return err
		}
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		return a.jobs.Stop(last)
	})
}

type migrateCmd struct{ databaseConfig }

// Run migrates and says so.
func (c *migrateCmd) Run(ctx context.Context) (err error) {
	url, closeDB, err := c.open(ctx, newLogger("warn"), beside)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	if err := c.migrate(ctx, url); err != nil {
		return err
	}
	fmt.Println("The database has this version's schema.")
	return nil
}

type schemaCmd struct{}

// Run prints the contract.
func (*schemaCmd) Run() error {
	_, err := fmt.Print(graph.SDL())
	return err
}

type adminCmd struct {
	Create        createAdminCmd   `cmd:"" help:"Create a platform administrator, or make a person one."`
	ResetPassword resetPasswordCmd `cmd:"" help:"Give a person a new password and end all their sessions."`
	FieldUsage    fieldUsageCmd    `cmd:"" help:"Tell which release of which app uses a field, an argument or a type of the contract."`
	RotateKey     rotateKeyCmd     `cmd:"" help:"Sign with a new key from now on: access tokens, refresh tokens, seals, upload tickets or badges."`
}

type createAdminCmd struct {
	databaseConfig
	Email string `arg:"" help:"The address to sign in with."`
	Name  string `default:"Administrator" help:"What to call them."`
}

// Run reads the password from standard input, so that no process list shows it.
func (c *createAdminCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		secret, err := readPassword()
		if err != nil {
			return err
		}
		if _, err := a.people.CreateAdministrator(ctx, c.Email, secret, c.Name); err != nil {
			return err
		}
		fmt.Println(c.Email, "administers this server.")
		return nil
	})
}

type resetPasswordCmd struct {
	databaseConfig
	Email string `arg:"" help:"Whose."`
}

// Run reads the new password from standard input.
func (c *resetPasswordCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		secret, err := readPassword()
		if err != nil {
			return err
		}
		if err := a.people.ResetPassword(ctx, c.Email, secret); err != nil {
			return err
		}
		fmt.Println(c.Email, "has a new password; every session of theirs has ended.")
		return nil
	})
}

// quiet is the configuration of a command that serves nobody.
func quiet() serverConfig { return serverConfig{Listen: "localhost:0", LogLevel: "error"} }

func readPassword() (string, error) {
	fmt.Fprint(os.Stderr, "New password: ")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", fmt.Errorf("no password was given on standard input: %w", err)
	}
	return line, nil
}

type verifyCmd struct {
	databaseConfig
	JSON       bool   `name:"json" help:"One JSON object per community instead of a line."`
	Checkpoint string `type:"existingfile" placeholder:"FILE" help:"Prove that one community's journal extends what this checkpoint signed, instead of looking at all communities."`
}

// errBooksDiffer makes the command's exit status speak.
var errBooksDiffer = errors.New("the books differ; each line above names where")

// Run recomputes every community's books and prints a line for each.
func (c *verifyCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		if c.Checkpoint != "" {
			signed, err := a.verifyAgainst(ctx, c.Checkpoint, c.print)
			if err == nil && !c.JSON {
				fmt.Printf("  the journal extends the checkpoint of position %d\n", signed.Size)
			}
			return err
		}
		return a.verifyWithMirrors(ctx, c.print, c.printMirrors)
	})
}

// verify recomputes every community's books and has each told.
func (a *App) verify(ctx context.Context, tell func(slug string, v ledger.Verification)) error {
	var all []community.Community
	err := a.db.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		all, err = persistence.JobStore{}.Communities(ctx)
		return err
	})
	if err != nil {
		return err
	}
	right := true
	for _, one := range all {
		watch, done := terminalBar(os.Stderr, one.Slug)
		v, err := a.notary.Verify(ctx, one.ID, watch)
		done()
		if err != nil {
			return fmt.Errorf("%s: %w", one.Slug, err)
		}
		right = right && len(v.Differences) == 0
		tell(one.Slug, v)
	}
	if !right {
		return errBooksDiffer
	}
	return nil
}

func (c *verifyCmd) print(slug string, v ledger.Verification) { fmt.Print(c.told(slug, v)) }

func (c *verifyCmd) told(slug string, v ledger.Verification) string {
	if c.JSON {
		line, _ := json.Marshal(map[string]any{ // plain values always encode
			"community": slug, "sum": v.Sum, "accounts": v.Accounts, "transfers": v.Transfers, "entries": v.Entries,
			"events": v.Events, "differences": v.Differences,
		})
		return string(line) + "\n"
	}
	verdict := "ok"
	if len(v.Differences) > 0 {
		verdict = fmt.Sprintf("%d DIFFERENCES", len(v.Differences))
	}
	var said strings.Builder
	fmt.Fprintf(&said, "%-20s Σ = %d  %5d accounts  %6d transfers  %6d entries  %6d events  %s\n",
		slug, v.Sum, v.Accounts, v.Transfers, v.Entries, v.Events, verdict)
	for _, d := range v.Differences {
		fmt.Fprintf(&said, "  %s: %s\n", slug, d)
	}
	return said.String()
}
