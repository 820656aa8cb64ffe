// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// FlagKind says what a person might want to look at.
type FlagKind string

// The kinds of flag.
const (
	Reciprocity FlagKind = "RECIPROCITY" // two who recognise hardly anybody but one another
	SmallRing   FlagKind = "SMALL_RING"  // three to five among whom it goes round
)

// The bounds of flags; below them there is nothing to see.
const (
	watchedDays = 365
	leastFlow   = 3    // recognitions from each to the next
	mostlyThem  = 0.75 // of all that each of them gave
	largestRing = 5
)

// Flag asks people to look. Nothing follows from it by itself.
type Flag struct {
	Community domain.ID
	Kind      FlagKind
	Members   []domain.ID
	Count     int // recognitions among them
}

// Flow is how often a member recognised another.
type Flow struct {
	Giver, Member domain.ID
	Count         int
}

// flags finds pairs and small rings in which each gives most of their recognition
// to the next. Whoever gives most to one person has no second such person, so each
// path is followed one way and ends.
func flags(community domain.ID, flows []Flow) []Flag {
	gave := map[domain.ID]int{}
	for _, f := range flows {
		gave[f.Giver] += f.Count
	}
	next := map[domain.ID]Flow{}
	for _, f := range flows {
		if f.Count >= leastFlow && float64(f.Count) >= mostlyThem*float64(gave[f.Giver]) {
			next[f.Giver] = f
		}
	}
	var found []Flag
	for first := range next {
		flag := Flag{Community: community, Kind: SmallRing}
		at := first
		for range largestRing {
			step, goes := next[at]
			if !goes {
				break
			}
			flag.Members, flag.Count = append(flag.Members, at), flag.Count+step.Count
			if at = step.Member; at == first {
				break
			}
		}
		// Each ring is met from every side; it is told from its lowest id.
		if at != first || slices.ContainsFunc(flag.Members, func(m domain.ID) bool { return bytes.Compare(m[:], first[:]) < 0 }) {
			continue
		}
		if len(flag.Members) == 2 {
			flag.Kind = Reciprocity
		}
		found = append(found, flag)
	}
	slices.SortFunc(found, func(a, b Flag) int { return bytes.Compare(a.Members[0][:], b.Members[0][:]) })
	return found
}

// Flags are what those who look after members might want to look at, of the last
// year; nothing for everybody else.
func (s *Service) Flags(ctx context.Context, actor domain.Actor, community domain.ID) ([]Flag, error) {
	var found []Flag
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil || !standing.May(domain.AdmitMembers) {
			return err
		}
		flows, err := s.store.Flows(ctx, community, now.AddDate(0, 0, -watchedDays))
		found = flags(community, flows)
		return err
	})
	return found, err
}

// Concentration says how widely a quarter's stars and thanks were spread. It names
// nobody, and is silent where it would speak of a few.
type Concentration struct {
	From, Until     time.Time
	Thanks, Stars   int
	Givers, Members int      // how many different ones gave, and received
	TopTenthStars   *float64 // share of the stars that the tenth with most received; nil under five
	TopTenthThanks  *float64
}

// leastPeople is how many a figure must speak of.
const leastPeople = 5

// topTenth is the share that the tenth of members with most received, rounded up
// to whole members; nil when too few received any.
func topTenth(received []int) *float64 {
	if len(received) < leastPeople {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(received), func(a, b int) int { return b - a })
	all, top := 0, 0
	for i, n := range sorted {
		all += n
		if i < (len(sorted)+9)/10 {
			top += n
		}
	}
	share := float64(top) / float64(all)
	return &share
}

// quarter is a stretch of the community's calendar.
func quarter(year, n int, zone *time.Location) (from, until time.Time) {
	from = time.Date(year, time.Month(3*n-2), 1, 0, 0, 0, 0, zone)
	return from.UTC(), from.AddDate(0, 3, 0).UTC()
}

// Concentration reads a quarter that is over, for members. What was given never
// goes, so it is the same whenever it is read.
//
// Errors: NotFound, Forbidden, OutOfRange.
func (s *Service) Concentration(ctx context.Context, actor domain.Actor, community domain.ID, year, n int) (Concentration, error) {
	var c Concentration
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity); err != nil {
			return err
		}
		where, _, err := s.communities.Rules(ctx, community, now)
		if err != nil {
			return err
		}
		if n < 1 || n > 4 {
			return domain.NewError(domain.OutOfRange, "quarter", "min", 1, "max", 4)
		}
		c.From, c.Until = quarter(year, n, where.Zone())
		if year < where.CreatedAt.Year() || c.Until.After(now) {
			return domain.NewError(domain.OutOfRange, "year", "min", where.CreatedAt.Year(), "max", now.Year())
		}
		spread, err := s.store.Spread(ctx, community, c.From, c.Until)
		if err != nil {
			return err
		}
		c.Givers, c.Members = spread.Givers, spread.Members
		c.TopTenthThanks, c.TopTenthStars = topTenth(spread.Thanks), topTenth(spread.Stars)
		for _, received := range spread.Thanks {
			c.Thanks += received
		}
		for _, received := range spread.Stars {
			c.Stars += received
		}
		return nil
	})
	return c, err
}

// Spread is how many thanks and stars each member received who received any.
type Spread struct {
	Thanks, Stars   []int
	Givers, Members int
}
