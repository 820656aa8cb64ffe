// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hora-coop/hora/cmd/hora/demo"
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/jobs"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/server/token"
)

type demoCmd struct {
	databaseConfig
	serverConfig
	Seed uint64 `default:"1" help:"Another number, another network."`
}

// Run fills a network, says who one can be in it, and serves it. Without
// --data-dir it lives only as long as the program.
func (c *demoCmd) Run(ctx context.Context) error {
	c.Dev = true
	how := alone
	if c.DataDir == "" {
		how = throwaway
	}
	return withApp(ctx, c.databaseConfig, c.serverConfig, how, func(a *App) error {
		began := time.Now()
		fmt.Fprintln(os.Stderr, "Eighteen months in three communities are being lived; this takes half a minute.")
		told, err := demo.Fill(ctx, demo.Config{Open: a.roomsAt(), Until: a.clock.Now(), Seed: c.Seed, Progress: os.Stderr})
		before := errors.Is(err, identity.EmailUnavailable)
		if err != nil && !before {
			return err
		}
		a.Listening = func(address string) {
			if before {
				fmt.Println("This data folder holds the demonstration already; it goes on from where it was left.")
			} else {
				fmt.Printf("%d members, %d listings, %d exchanges in %d communities, in %.0f s. Their books:\n",
					told.Members, told.Listings, told.Exchanges, len(told.Communities), time.Since(began).Seconds())
			}
			if err := a.verify(ctx, (&verifyCmd{}).print); err != nil {
				fmt.Fprintln(os.Stderr, "hora:", err)
			}
			fmt.Println()
			(&serveCmd{serverConfig: c.serverConfig}).greet(address)
			fmt.Println("\nSign in as:")
			for _, s := range demo.Visitors() {
				fmt.Printf("  %-34s %-18s %s, %s\n", s.Email, s.Password, s.Role, s.Community)
			}
		}
		return a.Run(ctx)
	})
}

// roomsAt opens the program's rooms once more on the same database, living by
// another clock: each community of the demonstration tells its own past.
func (a *App) roomsAt() func(context.Context, domain.Clock) (demo.Rooms, error) {
	return func(ctx context.Context, clock domain.Clock) (demo.Rooms, error) {
		db, err := persistence.Open(ctx, a.url, persistence.Options{Clock: clock, Connections: 4})
		if err != nil {
			return demo.Rooms{}, err
		}
		keys := identity.NewKeyring(db, persistence.IdentityStore{}, clock)
		r := openRooms(db, a.files, token.NewTickets(keys), token.NewBadges(keys, a.cfg.PublicURL), nil, false)
		return demo.Rooms{
			Tx: db, Identity: openIdentity(db, keys, token.New(keys, a.cfg.PublicURL, clock), clock, identity.Doors{}),
			Members: r.members, Listings: r.listings, Exchanges: r.exchanges, Ledger: r.ledger,
			Cheques: r.cheques, Workshops: r.workshops, Activities: r.activities, Communities: r.communities, Duties: r.duties,
			Decisions: r.decisions, Cycles: r.cycles, Moderation: r.moderation, Recognition: r.recognition, Threads: r.threads,
			Journal: persistence.JournalStore{}, Messages: r.messages, Reader: jobs.Reader, Close: db.Close,
			Hearers: []demo.Hearer{r.recognition, r.ways},
		}, nil
	}
}
