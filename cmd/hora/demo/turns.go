// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/membership"
)

// turnsFor is since when members do work by turns where they do, in days before the end:
// not so long that a whole cycle of it was owed.
const turnsFor = 24

// turn is some work by turns; it comes round each week.
type turn struct {
	title, place  string
	weekday, hour int
	length        domain.Minutes
	places        int
}

// turns are what there is to do, by language.
var turns = map[string][]turn{
	"fr": {{"Accueil", "Local", 2, 10, 120, 3}, {"Café des voisins", "Cuisine", 4, 14, 180, 4}, {"Repair café", "Atelier", 6, 9, 180, 3}},
	"en": {{"Welcome desk", "Front room", 2, 10, 120, 3}, {"Neighbours’ café", "Kitchen", 4, 14, 180, 4}, {"Repair café", "Workshop", 6, 9, 180, 3}},
}

// agreeOnTurns has the charter want work by turns, while there are few to ask.
func (l *life) agreeOnTurns(ctx context.Context, founder domain.Actor) error {
	if !l.turns {
		return nil
	}
	_, err := l.rooms.Communities.Amend(ctx, founder, community.Amendment{
		Community: l.id, Changes: community.Changes(`{"duty": {"on": true, "alertDays": 14}}`), Reason: l.in("Le local vit de tout le monde.", "Everybody keeps the house going."),
	})
	if err != nil {
		return fmt.Errorf("agree on work by turns: %w", err)
	}
	l.agenda.add(l.end.AddDate(0, 0, -turnsFor), l.beginTurns)
	return nil
}

// beginTurns puts the work of some weeks on the calendar; some take it, one forgets it
// for too long and another since a few days.
func (l *life) beginTurns(ctx context.Context) error {
	l.takingTurns = true
	for week := 1; week <= 4; week++ {
		for _, t := range turns[l.language] {
			if _, err := l.rooms.Duties.MakeTemplate(ctx, l.desk(), duty.MakeTemplate{
				Community: l.id, Title: t.title, Place: t.place, Week: week, Weekday: t.weekday, Hour: t.hour, Length: t.length, Places: t.places,
			}); err != nil {
				return fmt.Errorf("make a turn: %w", err)
			}
		}
	}
	if err := l.rooms.Duties.PassTime(ctx, l.id); err != nil {
		return err
	}
	hands := l.hands(12)
	if len(hands) < 4 {
		return nil
	}
	calendar, err := l.rooms.Duties.Shifts(ctx, l.desk(), l.id, time.Time{}, domain.Page{Limit: domain.LargestPage})
	if err != nil {
		return err
	}
	lost, late := hands[0], hands[1] // they do not come, early and lately
	rest := hands[2:]
	for i, shift := range calendar.Items {
		before := l.end.Sub(shift.EndsAt)
		if before < -15*day {
			break
		}
		comes := []*neighbour{rest[i%len(rest)]}
		if len(rest) > 1 {
			comes = append(comes, rest[(i+1)%len(rest)])
		}
		missing := lost
		switch {
		case lost != nil && before > 16*day:
			lost = nil
		case late != nil && before < 12*day && before > 3*day:
			missing, late = late, nil
		default:
			missing = nil
		}
		if err := l.takeTurn(ctx, shift, comes, missing); err != nil {
			return err
		}
		if before < 0 && before > -5*day {
			l.agenda.add(l.end.AddDate(0, 0, -1), func(ctx context.Context) error { return l.offerTurn(ctx, comes[0]) })
		}
	}
	return nil
}

// hands are some who take part, those who do least first; not the desk.
func (l *life) hands(most int) []*neighbour {
	var found []*neighbour
	for _, n := range l.people {
		if n != l.staff[0] && !n.played && !n.young && n.kind == membership.Person && n.state.InGoodStanding() && (n.rests.IsZero() || n.rests.Before(l.clock.Now())) {
			found = append(found, n)
		}
	}
	slices.SortStableFunc(found, func(a, b *neighbour) int { return cmp.Compare(a.energy, b.energy) })
	return found[:min(most, len(found))]
}

// takeTurn has some book a shift, and the desk note who came; of the last days nobody
// has noted it yet.
func (l *life) takeTurn(ctx context.Context, shift duty.Shift, comes []*neighbour, missing *neighbour) error {
	var went []duty.Attendance
	book := func(n *neighbour, outcome duty.Outcome) error {
		actor, onBehalfOf := l.as(n)
		if _, err := l.rooms.Duties.Book(ctx, actor, duty.Act{Community: l.id, Shift: shift.ID, OnBehalfOf: onBehalfOf}); err != nil {
			return fmt.Errorf("book a turn: %w", err)
		}
		went = append(went, duty.Attendance{Member: n.id, Outcome: outcome})
		return nil
	}
	for _, n := range comes {
		if err := book(n, duty.Attended); err != nil {
			return err
		}
	}
	if missing != nil {
		if err := book(missing, duty.Missed); err != nil {
			return err
		}
	}
	if l.end.Sub(shift.EndsAt) < 3*day { // whichever day it is, there was one
		return nil
	}
	l.agenda.add(shift.EndsAt, func(ctx context.Context) error {
		if _, err := l.rooms.Duties.RecordAttendance(ctx, l.desk(), duty.Record{Community: l.id, Shift: shift.ID, Attendance: went}); err != nil {
			return fmt.Errorf("note a turn: %w", err)
		}
		return nil
	})
	return nil
}

// offerTurn: somebody cannot come, and asks whether another could; next month they look
// after their mother.
func (l *life) offerTurn(ctx context.Context, n *neighbour) error {
	actor, onBehalfOf := l.as(n)
	if l.offeredTurn || !n.state.InGoodStanding() {
		return nil
	}
	theirs, err := l.rooms.Duties.BookedBy(ctx, actor, l.id, n.id)
	if err != nil || len(theirs) == 0 {
		return err
	}
	l.offeredTurn = true
	if _, err := l.rooms.Duties.OfferSwap(ctx, actor, duty.Offer{Community: l.id, Booking: theirs[len(theirs)-1].ID}); err != nil {
		return fmt.Errorf("offer a turn: %w", err)
	}
	from := l.clock.Now().In(l.local).AddDate(0, 1, 0)
	first := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	_, err = l.rooms.Duties.RequestLeave(ctx, actor, duty.AskLeave{
		Community: l.id, Kind: duty.Care, From: first, Until: first.AddDate(0, 0, 20), Reason: l.in("Ma mère se fait opérer.", "My mother has an operation."), OnBehalfOf: onBehalfOf,
	})
	return err
}

// passTurns is what the calendar does to work by turns, once there is some.
func (l *life) passTurns(ctx context.Context) error {
	if !l.takingTurns {
		return nil
	}
	return l.rooms.Duties.PassTime(ctx, l.id)
}
