// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/workshop"
)

// planTogether plans what members do beyond exchanging two by two: each month a
// workshop, a pile of paper cheques from those who have no device, and some work
// for the community itself.
func (l *life) planTogether() {
	for month := 1; month < storyMonths; month++ {
		for _, do := range []func(context.Context) error{l.announce, l.keyIn, l.lendAHand, l.lendAHand} {
			at := l.start.AddDate(0, month, l.rng.IntN(24)).In(l.local)
			l.agenda.add(time.Date(at.Year(), at.Month(), at.Day(), 9, 5*l.rng.IntN(60), 0, 0, l.local), do)
		}
	}
}

// pile is how many slips come together in a month; they are exchanges too.
func (l *life) pile() int { return max(1, l.exchanges/170) }

// onPaper is how many of a story's exchanges come as slips.
func (l *life) onPaper() int { return (storyMonths - 1) * l.pile() }

// some picks up to so many who take part today and can spare some hours.
func (l *life) some(most int, spare domain.Minutes, without ...*neighbour) []*neighbour {
	var found []*neighbour
	for _, i := range l.rng.Perm(len(l.people)) {
		n := l.people[i]
		if len(found) == most {
			break
		}
		// Those who often take part; others stay as quiet as their story has them.
		if n.energy > 0.4 && n.state.InGoodStanding() && n.balance-n.held >= spare && (len(without) == 0 || n != without[0]) {
			found = append(found, n)
		}
	}
	return found
}

// workshops are what somebody shows to several, by language; each with its type.
var workshops = map[string][]struct{ title, serviceType string }{
	"fr": {{"Atelier téléphone : les photos et les messages", "102-A-1"}, {"Premiers pas sur une tablette", "102-A-1"}, {"Classer ses papiers sans y passer l’hiver", "101-A-1"}},
	"en": {{"Phones: photos and messages", "102-A-1"}, {"First steps with a tablet", "102-A-1"}, {"Sorting papers before the winter", "101-A-1"}},
}

// announce plans a workshop for the next week; whoever comes shares its time.
func (l *life) announce(ctx context.Context) error {
	hosts := l.some(1, 0)
	if len(hosts) == 0 {
		return nil
	}
	theme := workshops[l.language][l.rng.IntN(len(workshops[l.language]))]
	actor, onBehalfOf := l.as(hosts[0])
	at := onTheHour(l.clock.Now().AddDate(0, 0, 7).Add(5 * time.Hour))
	s, err := l.rooms.Workshops.Schedule(ctx, actor, workshop.Schedule{
		Community: l.id, Title: theme.title, ServiceType: theme.serviceType, StartsAt: at, Capacity: 6, Bearer: workshop.Participants,
		Preparation: 30, Animation: domain.Minutes(60 + 30*l.rng.IntN(4)), OnBehalfOf: onBehalfOf,
	})
	if err != nil {
		return fmt.Errorf("announce a workshop: %w", err)
	}
	guests := l.some(5+l.rng.IntN(4), 0, hosts[0])
	for _, guest := range guests {
		actor, onBehalfOf := l.as(guest)
		if _, err := l.rooms.Workshops.Join(ctx, actor, workshop.Act{Community: l.id, Session: s.ID, OnBehalfOf: onBehalfOf}); err != nil {
			return fmt.Errorf("join a workshop: %w", err)
		}
	}
	l.agenda.add(at.Add(4*time.Hour), func(ctx context.Context) error { return l.gather(ctx, s, hosts[0], guests) })
	return nil
}

// gather settles a workshop with those who came: the first six but one.
func (l *life) gather(ctx context.Context, s workshop.Session, host *neighbour, guests []*neighbour) error {
	var came []domain.ID
	for _, guest := range guests[:min(len(guests), s.Capacity)] {
		if guest.state.InGoodStanding() && guest.balance-guest.held > 0 && len(came) < s.Capacity-1 {
			came = append(came, guest.id)
		}
	}
	if !host.state.InGoodStanding() || len(came) == 0 {
		_, err := l.rooms.Workshops.Cancel(ctx, l.desk(), workshop.Act{Community: l.id, Session: s.ID, Reason: "Grippe."})
		return err
	}
	if _, err := l.rooms.Workshops.Settle(ctx, l.desk(), workshop.Settle{Community: l.id, Session: s.ID, Attended: came, Key: "demo/session/" + s.ID.String()}); err != nil {
		return fmt.Errorf("settle a workshop: %w", err)
	}
	return l.recount(ctx, append(guests, host)...)
}

// keyIn: the coordinator keys in the month's paper cheques.
func (l *life) keyIn(ctx context.Context) error {
	var lines []cheque.Line
	sides := l.some(2*l.pile(), 60)
	for i := 0; i+1 < len(sides); i += 2 {
		lines = append(lines, cheque.Line{
			Number: fmt.Sprintf("%d-%05d", l.start.Year(), l.paper), Provider: sides[i].id, Receiver: sides[i+1].id,
			Minutes: domain.Minutes(30 * (1 + l.rng.IntN(2))), Day: l.clock.Now().In(l.local).AddDate(0, 0, -1-l.rng.IntN(10)).Format(time.DateOnly),
			ServiceType: workshops[l.language][0].serviceType,
		})
		l.paper++
	}
	if len(lines) == 0 {
		return nil
	}
	if _, err := l.rooms.Cheques.Enter(ctx, l.desk(), cheque.Enter{Community: l.id, Lines: lines, Key: "demo/slips/" + lines[0].Number}); err != nil {
		return fmt.Errorf("key in slips: %w", err)
	}
	l.proposed += len(lines)
	return l.recount(ctx, sides...)
}

// lendAHand: somebody works for the community, and the coordinator approves it,
// but for the last days, which the visitor finds waiting.
func (l *life) lendAHand(ctx context.Context) error {
	helpers := l.some(2, -10*60, l.staff[0])
	for i, n := range helpers {
		actor, onBehalfOf := l.as(n)
		a, err := l.rooms.Activities.Log(ctx, actor, activity.Log{
			Community: l.id, Kind: []string{"FRONT_DESK", "COMMITTEE", "BOARD_MEETING"}[l.rng.IntN(3)], Minutes: domain.Minutes(60 * (1 + l.rng.IntN(2))),
			Description: l.in("Avec l’équipe", "With the team"), OnBehalfOf: onBehalfOf,
		})
		if err != nil {
			return fmt.Errorf("log some work: %w", err)
		}
		if i > 0 && l.end.Sub(l.clock.Now()) < 40*day {
			continue
		}
		if _, err := l.rooms.Activities.Approve(ctx, l.desk(), activity.Decide{Community: l.id, Activity: a.ID}); err != nil {
			return fmt.Errorf("approve some work: %w", err)
		}
	}
	return l.recount(ctx, helpers...)
}

// recount lets neighbours know what they have, after the ledger moved it.
func (l *life) recount(ctx context.Context, people ...*neighbour) error {
	return l.rooms.Tx.InTx(ctx, l.id, func(ctx context.Context, _ time.Time) error {
		for _, n := range people {
			a, err := l.rooms.Ledger.AccountOf(ctx, l.id, n.id)
			if err != nil {
				return err
			}
			n.balance = a.Balance
		}
		return nil
	})
}
