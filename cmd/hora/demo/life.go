// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// life is one community through its eighteen months: what is planned, who is
// there, and as much of what they have as neighbours keep in mind. The registers
// are the database's; nothing here is written to them but by a use case.
type life struct {
	neighbourhood
	rooms    Rooms
	clock    *clock
	local    *time.Location
	rng      *rand.Rand
	progress io.Writer

	start, end time.Time
	agenda     agenda
	id         domain.ID
	people     []*neighbour // in the order in which they come
	core       int          // how many of them are the cast and those who run the place
	staff      []*neighbour // who decide a dispute, the first who is no party
	names      map[string]bool
	titles     map[string]bool
	offers     deck
	requests   deck

	proposed, published int
	paper               int // slips that were ever printed
	quarrels            int // disputes that should be open at the end, still to come
	takingTurns         bool
	offeredTurn         bool
}

func newLife(cfg Config, n neighbourhood, rooms Rooms, own *clock) *life {
	local, err := time.LoadLocation(n.zone)
	if err != nil {
		local = time.UTC // the founding of the community says it better
	}
	name := fnv.New64a()
	_, _ = io.WriteString(name, n.slug) // a hash takes everything
	l := &life{
		neighbourhood: n.scaled(cfg.Scale), rooms: rooms, clock: own, local: local, progress: cfg.Progress,
		//nolint:gosec // the same seed must tell the same story
		rng:   rand.New(rand.NewPCG(cfg.Seed, name.Sum64())),
		start: cfg.Until.AddDate(0, -storyMonths, 0), end: cfg.Until,
		names: map[string]bool{}, titles: map[string]bool{},
		offers: deck{cards: library.Offers}, requests: deck{cards: library.Requests},
	}
	own.reach(l.start)
	return l
}

// live founds the community and does what is planned until the story ends.
func (l *life) live(ctx context.Context, cast map[string]domain.ID) error {
	if err := l.found(ctx, cast); err != nil {
		return err
	}
	l.planListings()
	l.planExchanges()
	l.planTogether()
	l.planCommons()
	l.planCare()
	l.agenda.add(l.soon(l.start, 7, 7), l.week)
	for month := 6; month < storyMonths; month += 6 {
		l.agenda.add(l.start.AddDate(0, month, 0), l.report)
	}
	for l.agenda.Len() > 0 {
		next, _ := heap.Pop(&l.agenda).(plan)
		if !next.at.Before(l.end) {
			break // it belongs to the visitor's own time
		}
		l.clock.reach(next.at)
		if err := next.do(ctx); err != nil && !refused(err, membership.DutySuspended) { // then nothing comes of it
			return err
		}
	}
	l.clock.reach(l.end)
	if err := l.passTime(ctx); err != nil {
		return err
	}
	return l.report(ctx)
}

// week is what the program's own jobs do, as often as this story needs.
func (l *life) week(ctx context.Context) error {
	l.agenda.add(l.soon(l.clock.Now(), 7, 7), l.week)
	if err := l.giveAway(ctx); err != nil {
		return err
	}
	if err := l.passTime(ctx); err != nil {
		return err
	}
	return l.read(ctx)
}

func (l *life) passTime(ctx context.Context) error {
	return errors.Join(
		l.rooms.Exchanges.PassTime(ctx, l.id),
		l.rooms.Listings.PassTime(ctx, l.id),
		l.rooms.Ledger.ExpireHolds(ctx, l.id),
		l.passTurns(ctx),
		l.rooms.Decisions.PassTime(ctx, l.id),
		l.rooms.Cycles.PassTime(ctx, l.id),
		l.rooms.Moderation.PassTime(ctx, l.id),
		l.hear(ctx),
	)
}

// hear lets people know what happened since they last heard.
func (l *life) hear(ctx context.Context) error {
	const atOnce = 200
	for more := l.rooms.Journal != nil; more; {
		err := l.rooms.Tx.InTx(ctx, l.id, func(ctx context.Context, _ time.Time) error {
			events, err := l.rooms.Journal.Next(ctx, l.id, l.rooms.Reader, atOnce)
			more = len(events) == atOnce
			if err != nil || len(events) == 0 {
				return err
			}
			for _, hearer := range l.rooms.Hearers {
				if err := hearer.Derive(ctx, events); err != nil {
					return err
				}
			}
			if _, err := l.rooms.Messages.Derive(ctx, events); err != nil {
				return err
			}
			return l.rooms.Journal.Advance(ctx, l.id, l.rooms.Reader, events[len(events)-1].Position)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read: whoever the visitor may be has read all but what the last days brought.
func (l *life) read(ctx context.Context) error {
	if l.rooms.Journal == nil || l.end.Sub(l.clock.Now()) < 5*day {
		return nil
	}
	for _, n := range l.people[:l.core] {
		if !n.played || n.person == domain.Nowhere || !n.state.Admitted() {
			continue
		}
		self := domain.Actor{Person: n.person}
		latest, err := l.rooms.Messages.List(ctx, self, l.id, domain.Page{Limit: 2 * domain.LargestPage})
		if err != nil {
			return err
		}
		var unread []domain.ID
		for _, note := range latest.Items {
			if note.ReadAt.IsZero() {
				unread = append(unread, note.ID)
			}
		}
		if len(unread) == 0 {
			continue
		}
		if err := l.rooms.Messages.MarkRead(ctx, self, l.id, unread); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) report(context.Context) error {
	fmt.Fprintf(l.progress, "%s, %s: %d members, %d listings, %d exchanges\n",
		l.name, l.clock.Now().In(l.local).Format("January 2006"), l.present(), l.published, l.proposed)
	return nil
}

// present counts who is admitted and has not left.
func (l *life) present() int {
	n := 0
	for _, p := range l.people {
		if p.state.Admitted() {
			n++
		}
	}
	return n
}

// giveAway: whoever has more hours than they will need gives some to those who
// lack them.
func (l *life) giveAway(ctx context.Context) error {
	for _, n := range l.people {
		if !n.state.InGoodStanding() || n.balance-n.held < 35*60 || l.rng.Float64() > 0.06 {
			continue
		}
		var from, to ledger.Account
		err := l.rooms.Tx.InTx(ctx, l.id, func(ctx context.Context, _ time.Time) (err error) {
			if from, err = l.rooms.Ledger.AccountOf(ctx, l.id, n.id); err != nil {
				return err
			}
			to, err = l.rooms.Ledger.CommunityAccount(ctx, l.id, ledger.Pool, ledger.Solidarity)
			return err
		})
		if err != nil {
			return err
		}
		gift := domain.Minutes(60 * (3 + l.rng.IntN(6)))
		actor, _ := l.as(n)
		_, err = l.rooms.Ledger.Give(ctx, actor, ledger.Give{
			Community: l.id, From: from.ID, To: to.ID, Minutes: gift, Key: "demo/gift/" + domain.NewID().String(),
		})
		if err != nil {
			return err
		}
		n.balance -= gift
	}
	return nil
}

// as is who acts for somebody: themselves, or the coordinator who does it for
// those who have no sign-in.
func (l *life) as(n *neighbour) (actor domain.Actor, onBehalfOf domain.ID) {
	if n.person != domain.Nowhere {
		return domain.Actor{Person: n.person}, domain.Nowhere
	}
	return l.desk(), n.id
}

// desk is the coordinator.
func (l *life) desk() domain.Actor { return domain.Actor{Person: l.staff[0].person} }
