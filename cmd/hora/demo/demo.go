// SPDX-License-Identifier: AGPL-3.0-or-later

// Package demo makes a network of time banks with eighteen months behind it, for
// whoever wants to look around before there is anybody. It lives that time: every
// person, listing and exchange comes about through the same use cases as in real
// life, so whatever the rooms guarantee holds here as well.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
)

// Password is that of everybody in the demonstration who can sign in.
const Password = "demo-hora-2026"

// storyMonths is how far back the network begins.
const storyMonths = 18

// Config says what story to tell, and where.
type Config struct {
	// Open gives the program's rooms on its database, living by the given clock.
	// It is called once per community: they live side by side, each in its own time.
	Open func(ctx context.Context, clock domain.Clock) (Rooms, error)
	// Until is when the story ends and the visitor comes in; usually now. Required.
	Until time.Time
	// Seed chooses among all stories; the same seed tells the same one.
	Seed uint64
	// Scale shrinks the network, in percent, for tests; 0 means 100, 10 is the least.
	Scale int
	// Progress gets a line now and then for a person who waits; nil for nobody.
	Progress io.Writer
}

// Rooms are the areas that the story passes through.
type Rooms struct {
	Tx        domain.Tx
	Identity  *identity.Service
	Members   *membership.Service
	Listings  *listing.Service
	Exchanges *exchange.Service
	Ledger    *ledger.Service

	Cheques    *cheque.Service
	Workshops  *workshop.Service
	Activities *activity.Service
	// Where members do work by turns, the charter says so.
	Communities *community.Service
	Duties      *duty.Service
	// What the community decides and gives as one, and how it looks after people.
	Decisions   *governance.Service
	Cycles      *reinvestment.Service
	Moderation  *moderation.Service
	Recognition *recognition.Service
	Threads     *conversation.Service
	// Journal and Messages let people hear of things on the day, as beside a running
	// server; Reader is the relay's name in the journal, which thereby finds the past
	// told, and sends no letters about it. Without a journal all of it waits for
	// whichever relay comes first.
	Journal  domain.Journal
	Messages *messaging.Service
	Reader   string
	// Hearers keep what the journal says of members, as the relay has them do.
	Hearers []Hearer
	// Close gives back what Open took; it may be nil.
	Close func()
}

// Hearer is a room that keeps something of what happened.
type Hearer interface {
	Derive(ctx context.Context, events []domain.RecordedEvent) error
}

// Summary is what a visitor needs to know.
type Summary struct {
	Communities                  []string // slugs
	Members, Listings, Exchanges int      // admitted members; all listings and exchanges there ever were
}

// Visitors are those whom somebody may be in the demonstration.
func Visitors() []SignIn {
	var all []SignIn
	for _, c := range cast {
		if !slices.ContainsFunc(all, func(s SignIn) bool { return s.Email == c.email }) { // not twice for a second community
			all = append(all, SignIn{Name: c.name, Email: c.email, Password: Password, Role: c.role, Community: c.home().name})
		}
	}
	return all
}

// SignIn is a person to look around as.
type SignIn struct {
	Name, Email, Password string
	Role                  string // in English, for the command line
	Community             string // its name
}

// Fill lives eighteen months in three communities and returns once it is Until in
// all of them. The database should be migrated and hold none of these communities
// yet; Fill is not one transaction, so what an error interrupts stays half told.
//
// Error: EmailUnavailable, when it was told here before.
func Fill(ctx context.Context, cfg Config) (Summary, error) {
	if cfg.Scale == 0 {
		cfg.Scale = 100
	}
	if cfg.Scale < 10 {
		return Summary{}, fmt.Errorf("demo: at %d percent there are fewer people than roles", cfg.Scale)
	}
	if cfg.Progress == nil {
		cfg.Progress = io.Discard
	}
	cfg.Progress = &oneAtATime{to: cfg.Progress}
	var lives []*life
	defer func() {
		for _, l := range lives {
			if l.rooms.Close != nil {
				l.rooms.Close()
			}
		}
	}()
	for _, c := range network {
		own := &clock{}
		rooms, err := cfg.Open(ctx, own)
		if err != nil {
			return Summary{}, fmt.Errorf("open the rooms for %s: %w", c.name, err)
		}
		lives = append(lives, newLife(cfg, c, rooms, own))
	}
	// Somebody may belong to two communities, so the cast exists before either.
	persons, err := casting(ctx, lives[0])
	if err != nil {
		return Summary{}, err
	}
	side, sideCtx := errgroup.WithContext(ctx)
	for _, l := range lives {
		side.Go(func() error {
			if err := l.live(sideCtx, persons); err != nil {
				return fmt.Errorf("%s, %s: %w", l.name, l.clock.Now().Format(time.DateTime), err)
			}
			return nil
		})
	}
	if err := side.Wait(); err != nil {
		return Summary{}, err
	}
	var sum Summary
	for _, l := range lives {
		sum.Communities = append(sum.Communities, l.slug)
		sum.Members += l.present()
		sum.Listings += l.published
		sum.Exchanges += l.proposed
	}
	return sum, nil
}

// casting registers those whom the visitor may be.
func casting(ctx context.Context, l *life) (map[string]domain.ID, error) {
	persons := make(map[string]domain.ID, len(cast))
	for _, c := range cast {
		if _, known := persons[c.email]; known {
			continue // in a second community
		}
		person, err := l.register(ctx, c.name, c.email, c.home().locale)
		if err != nil {
			return nil, fmt.Errorf("register %s: %w", c.email, err)
		}
		persons[c.email] = person
	}
	return persons, nil
}

// register makes somebody known who signs in by themselves.
func (l *life) register(ctx context.Context, name, email, locale string) (domain.ID, error) {
	person, _, err := l.rooms.Identity.Register(ctx, identity.Register{
		Email: email, Password: Password, DisplayName: name, Locale: locale,
	})
	return person.ID, err
}

// oneAtATime keeps the lines of communities that live side by side apart.
type oneAtATime struct {
	mu sync.Mutex
	to io.Writer
}

func (w *oneAtATime) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// refused says that an error is one of those that life brings.
func refused(err error, codes ...domain.Code) bool {
	for _, code := range codes {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}
