// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
)

// fate is where an exchange is heading, unless hours are lacking on the way.
type fate int

const (
	goesWell fate = iota
	declined
	ignored   // nobody answers; it expires
	withdrawn // by whoever proposed it
	calledOff // after it was agreed
	forgotten // done; nobody confirms, so it does by itself
	disputed
	quarrel // disputed, and not settled before the story ends
)

// odds are how often each fate comes; the rest goes well.
var odds = []struct {
	fate
	chance float64
}{{declined, 0.055}, {ignored, 0.045}, {withdrawn, 0.03}, {calledOff, 0.05}, {forgotten, 0.08}, {disputed, 0.014}}

// deal is an exchange as its two sides live it.
type deal struct {
	id                 domain.ID
	provider, receiver *neighbour
	asker              *neighbour // whose terms stand; the other answers
	visitor            *neighbour // who should find it waiting for them, in a scene
	notice             *notice    // nil when it did not start from one
	serviceType        string
	terms              exchange.Terms
	held               domain.Minutes
	fate
	answer, meet time.Time // when the other side answers, and the day agreed on
	revisions    int
}

func (d *deal) other(n *neighbour) *neighbour {
	if n == d.provider {
		return d.receiver
	}
	return d.provider
}

// scene is an exchange that a visitor should find open.
type scene struct {
	days float64 // before the end
	fate
	meet float64 // days before the end, negative for after
}

var (
	unanswered = scene{1.3, ignored, -4}
	agreed     = scene{2.6, goesWell, -3}
	toConfirm  = scene{4.4, forgotten, 2}
	unsettled  = scene{13, quarrel, 9}
)

// planExchanges spreads the proposals over the days, more as there are more
// people, fewer in summer, and stages what the visitor should find.
func (l *life) planExchanges() {
	left := l.exchanges - l.onPaper()
	for _, n := range l.people[:l.core] {
		if !n.played {
			continue
		}
		for _, s := range []scene{unanswered, agreed, toConfirm} {
			if n.energy > 0.1 || s == unanswered {
				l.stage(s, n)
				left--
			}
		}
	}
	if l.quarrel {
		l.stage(unsettled, nil)
		left--
	}
	first := l.start.In(l.local)
	midnight := func(d int) time.Time {
		return time.Date(first.Year(), first.Month(), first.Day()+d, 0, 0, 0, 0, l.local)
	}
	var busy []float64 // by day, summed up
	sum := 0.0
	for d := 0; midnight(d + 1).Before(l.end); d++ {
		if d >= 14 {
			sum += l.bustle(midnight(d))
		}
		busy = append(busy, sum)
	}
	for range left {
		x, d := l.rng.Float64()*sum, 0
		for busy[d] < x {
			d++
		}
		l.agenda.add(midnight(d).Add(time.Duration(8*60+l.rng.IntN(13*60))*time.Minute), l.encounter)
	}
}

// bustle is how much happens on a day, compared with others.
func (l *life) bustle(at time.Time) float64 {
	here := 0
	for _, n := range l.people {
		if n.answer == welcome && n.comes.Before(at) {
			here++
		}
	}
	season := 1.0
	switch at.Month() {
	case time.July, time.August, time.December:
		season = 0.65
	case time.September, time.October, time.March, time.April:
		season = 1.2
	default:
	}
	if at.Weekday() == time.Sunday {
		season *= 0.6
	}
	return math.Sqrt(float64(here)) * season
}

// stage lets somebody, or anybody, come into a scene.
func (l *life) stage(s scene, who *neighbour) {
	at := l.onDay(l.end.Add(-days(s.days)))
	l.agenda.add(at, func(ctx context.Context) error {
		now := l.clock.Now()
		return l.meetUp(ctx, deal{visitor: who, fate: s.fate, answer: l.soon(now, 0.1, 0.6), meet: l.onDay(l.end.Add(-days(s.meet)))})
	})
}

// encounter is when two people find that one can help the other.
func (l *life) encounter(ctx context.Context) error {
	d := deal{answer: l.soon(l.clock.Now(), 0, 4)}
	d.meet = l.soon(d.answer, 1, 12)
	chance := l.rng.Float64()
	for _, o := range odds {
		if chance < o.chance {
			d.fate = o.fate
			break
		}
		chance -= o.chance
	}
	// What is disputed late would still be open, and how much of that the visitor
	// finds is staged.
	if d.fate == disputed && l.clock.Now().After(l.end.Add(-50*day)) {
		d.fate = goesWell
	}
	return l.meetUp(ctx, d)
}

// meetUp finds the two: neighbours often turn to those they know, and whoever
// has fewer hours rather gives.
func (l *life) meetUp(ctx context.Context, d deal) error {
	var around []*neighbour
	for _, n := range l.people {
		if l.willing(n) && n != d.visitor {
			around = append(around, n)
		}
	}
	for range 40 {
		a := d.visitor
		if a == nil {
			a = l.draw(around, l.eagerness)
		}
		b := l.draw(around, l.eagerness)
		if len(a.known) > 0 && l.rng.Float64() < 0.35 {
			b = pick(l.rng, a.known)
		}
		if a == b || !l.willing(b) || l.oneVoice(a, b) {
			continue
		}
		if d.fate == quarrel && (slices.Contains(l.staff, a) || slices.Contains(l.staff, b)) {
			continue // who comes to settle it must be no party to it
		}
		d.provider, d.receiver = a, b
		if hours := float64(a.balance-a.held-b.balance+b.held) / 60; l.rng.Float64() > 1/(1+math.Exp(hours/20-a.lean+b.lean)) {
			d.provider, d.receiver = b, a
		}
		d.asker = d.receiver
		if l.rng.Float64() < 0.4 {
			d.asker = d.provider
		}
		if d.visitor != nil && d.fate == ignored {
			d.asker = b
		}
		l.agreeOn(&d)
		// Few ask for hours they do not have; those few are told.
		enough := d.receiver.balance-d.receiver.held+10*60 >= d.terms.Promised()+60
		if enough || d.visitor == nil && d.fate != quarrel && l.rng.Float64() < 0.05 {
			return l.propose(ctx, &d)
		}
	}
	l.agenda.add(l.within(l.clock.Now(), minTime(l.end, l.clock.Now().Add(2*day))), func(ctx context.Context) error { return l.meetUp(ctx, d) })
	return nil
}

// oneVoice is true of the coordinator and somebody for whom the coordinator would
// have to answer.
func (l *life) oneVoice(a, b *neighbour) bool {
	return a == l.staff[0] && b.person == domain.Nowhere || b == l.staff[0] && a.person == domain.Nowhere
}

// draw picks one of some people by weight.
func (l *life) draw(from []*neighbour, weight func(*neighbour) float64) *neighbour {
	sum := 0.0
	for _, n := range from {
		sum += weight(n)
	}
	x := l.rng.Float64() * sum
	for _, n := range from {
		if x -= weight(n); x < 0 {
			return n
		}
	}
	return from[len(from)-1]
}

// agreeOn finds what it is about: something the one offers or the other asks for,
// or something that just came up.
func (l *life) agreeOn(d *deal) {
	notices := d.answerable(l.clock.Now())
	if len(notices) == 0 && d.visitor == nil {
		d.asker = d.other(d.asker)
		notices = d.answerable(l.clock.Now())
	}
	d.notice, d.serviceType = nil, pick(l.rng, library.Offers).Type
	if len(notices) > 0 && l.rng.Float64() < 0.95 {
		d.notice = pick(l.rng, notices)
		d.serviceType = d.notice.Content.ServiceType
	}
	d.terms = exchange.Terms{Estimated: domain.Minutes(pick(l.rng, library.WorkHours[d.serviceType])), ScheduledAt: onTheHour(d.meet)}
	if l.rng.Float64() < 0.12 {
		d.terms.ScheduledAt = time.Time{}
	}
	if l.rng.Float64() < 0.2 {
		d.terms.Travel = pick(l.rng, []domain.Minutes{15, 30, 30})
	}
	if l.rng.Float64() < 0.03 {
		d.terms.Preparation = 30
	}
	if family, _, _ := strings.Cut(d.serviceType, "-"); l.rng.Float64() < 0.2 {
		d.terms.Costs = library.Costs[family][l.language] // most have none
	}
	if l.rng.Float64() < 0.7 {
		d.terms.Message = l.say("propose")
	}
	if l.rng.Float64() < 0.6 {
		d.terms.Place = d.receiver.home.Name
	}
}

// answerable are the listings that one side put up and the other may answer, in
// the roles the two have.
func (d *deal) answerable(now time.Time) []*notice {
	owner, kind := d.provider, listing.Offer
	if d.asker == d.provider {
		owner, kind = d.receiver, listing.Request
	}
	var open []*notice
	for _, n := range owner.notices {
		if n.Kind == kind && n.open(now) {
			open = append(open, n)
		}
	}
	return open
}

// onTheHour is how people agree on a time.
func onTheHour(t time.Time) time.Time { return t.Add(30 * time.Minute).Truncate(30 * time.Minute) }

func (l *life) propose(ctx context.Context, d *deal) error {
	actor, onBehalfOf := l.as(d.asker)
	p := exchange.Proposal{Community: l.id, OnBehalfOf: onBehalfOf, Terms: d.terms, Provider: d.provider.id, Receiver: d.receiver.id, ServiceType: d.serviceType}
	if d.notice != nil {
		p.Listing = d.notice.ID
	}
	x, err := l.rooms.Exchanges.Propose(ctx, actor, p)
	if err != nil {
		return err
	}
	l.proposed++
	d.id = x.ID
	if d.fate == ignored {
		l.watch(d, x.ExpiresAt)
		return nil
	}
	l.agenda.add(d.answer, func(ctx context.Context) error { return l.answered(ctx, d) })
	return nil
}

// act is what somebody does to an exchange.
func (l *life) act(d *deal, by *neighbour) (domain.Actor, exchange.Act) {
	actor, onBehalfOf := l.as(by)
	return actor, exchange.Act{Community: l.id, Exchange: d.id, OnBehalfOf: onBehalfOf}
}

// answered is the other side's turn: other terms, no, or yes.
func (l *life) answered(ctx context.Context, d *deal) error {
	by := d.other(d.asker)
	switch {
	case !d.provider.state.Admitted() || !d.receiver.state.Admitted():
		l.release(d) // one of them left, which cancelled it
		return nil
	case d.fate == withdrawn || !d.provider.state.InGoodStanding() || !d.receiver.state.InGoodStanding():
		return l.cancel(ctx, d, d.asker)
	case d.fate == declined:
		return l.decline(ctx, d, "decline")
	case d.visitor == nil && d.fate != quarrel && d.revisions < 2 && l.rng.Float64() < 0.12:
		return l.revise(ctx, d, by)
	}
	actor, act := l.act(d, by)
	x, err := l.rooms.Exchanges.Accept(ctx, actor, act)
	if refused(err, ledger.InsufficientHours) {
		return l.decline(ctx, d, "short")
	}
	if err != nil {
		return err
	}
	d.receiver.held += x.Terms.Promised() - d.held
	d.held = x.Terms.Promised()
	if d.meet.Before(l.clock.Now()) {
		d.meet = l.soon(l.clock.Now(), 0, 2)
	}
	switch {
	case d.fate == calledOff:
		l.agenda.add(l.within(l.clock.Now(), d.meet), func(ctx context.Context) error { return l.cancel(ctx, d, l.either(d)) })
	case d.visitor == nil && d.revisions < 2 && d.fate == goesWell && l.rng.Float64() < 0.03: // it must be put off
		l.agenda.add(l.within(l.clock.Now(), d.meet), func(ctx context.Context) error { return l.revise(ctx, d, l.either(d)) })
	default:
		end := d.meet.Add(time.Duration(d.terms.Promised()) * time.Minute)
		l.agenda.add(l.civil(end.Add(time.Duration(10+l.rng.IntN(300))*time.Minute)), func(ctx context.Context) error { return l.done(ctx, d) })
	}
	return nil
}

func (l *life) either(d *deal) *neighbour {
	if l.rng.Float64() < 0.5 {
		return d.provider
	}
	return d.receiver
}

func (l *life) decline(ctx context.Context, d *deal, why string) error {
	actor, act := l.act(d, d.other(d.asker))
	act.Reason = l.say(why)
	_, err := l.rooms.Exchanges.Decline(ctx, actor, act)
	l.release(d)
	return err
}

func (l *life) cancel(ctx context.Context, d *deal, by *neighbour) error {
	actor, act := l.act(d, by)
	act.Reason = l.say("cancel")
	_, err := l.rooms.Exchanges.Cancel(ctx, actor, act)
	l.release(d)
	return err
}

// revise is another day, or a little more or less time.
func (l *life) revise(ctx context.Context, d *deal, by *neighbour) error {
	d.revisions++
	d.asker = by
	d.answer = l.soon(l.clock.Now(), 0, 2)
	d.meet = l.soon(d.answer, 1, 9)
	d.terms.Message, d.terms.ScheduledAt = "", onTheHour(d.meet)
	if l.rng.Float64() < 0.5 {
		d.terms.Estimated = max(30, d.terms.Estimated+pick(l.rng, []domain.Minutes{-30, -15, 15, 30}))
	}
	actor, act := l.act(d, by)
	if _, err := l.rooms.Exchanges.Revise(ctx, actor, act, d.terms); err != nil {
		return err
	}
	l.agenda.add(d.answer, func(ctx context.Context) error { return l.answered(ctx, d) })
	return nil
}

// done tells how long it took, which is seldom to the minute what was thought.
func (l *life) done(ctx context.Context, d *deal) error {
	by := d.provider
	if l.rng.Float64() < 0.25 && d.receiver.state.InGoodStanding() {
		by = d.receiver
	}
	if d.visitor != nil {
		by = d.other(d.visitor)
	}
	actor, act := l.act(d, by)
	act.Minutes = d.terms.Promised()
	if l.rng.Float64() < 0.35 {
		act.Minutes = max(20, act.Minutes+pick(l.rng, []domain.Minutes{-20, -15, -10, -5, 5, 10, 15, 20, 30, 45}))
	}
	x, err := l.rooms.Exchanges.Complete(ctx, actor, act)
	if err != nil {
		return err
	}
	other := d.other(by)
	switch d.fate {
	case forgotten:
		half := x.DoneAt.Add(x.ConfirmAt.Sub(x.DoneAt) / 2)
		for _, reminder := range []time.Time{half, x.ConfirmAt.Add(-day)} {
			l.agenda.add(reminder.Add(time.Minute), func(ctx context.Context) error { return l.rooms.Exchanges.PassTime(ctx, l.id) })
		}
		l.watch(d, x.ConfirmAt)
	case disputed, quarrel:
		l.agenda.add(l.soon(x.DoneAt, 0, 2), func(ctx context.Context) error { return l.dispute(ctx, d, x, other) })
	default:
		l.agenda.add(l.soon(x.DoneAt, 0, 5), func(ctx context.Context) error { return l.confirm(ctx, d, x, other) })
	}
	return nil
}

// confirm agrees, at times with a few minutes more or less.
func (l *life) confirm(ctx context.Context, d *deal, x exchange.Exchange, by *neighbour) error {
	actor, act := l.act(d, by)
	act.Key = "demo/confirm/" + d.id.String()
	if l.rng.Float64() < 0.12 {
		act.Minutes = max(15, x.Actual+pick(l.rng, []domain.Minutes{-15, -10, -5, 5, 10, 15}))
	}
	confirmed, err := l.rooms.Exchanges.Confirm(ctx, actor, act)
	if refused(err, ledger.InsufficientHours) {
		l.watch(d, x.ConfirmAt) // it took longer than the account allows; somebody will ask the two
		return nil
	}
	if err != nil {
		return err
	}
	l.settled(d, confirmed.Settled)
	return nil
}

// watch looks what became of an exchange that was left to time.
func (l *life) watch(d *deal, due time.Time) {
	l.agenda.add(due.Add(time.Minute), func(ctx context.Context) error {
		if err := l.rooms.Exchanges.PassTime(ctx, l.id); err != nil {
			return err
		}
		x, err := l.rooms.Exchanges.Exchange(ctx, l.desk(), l.id, d.id)
		if err != nil {
			return err
		}
		switch x.State {
		case exchange.Confirmed:
			l.settled(d, x.Settled)
		case exchange.Disputed:
			l.agenda.add(l.soon(l.clock.Now(), 1, 4), func(ctx context.Context) error { return l.resolve(ctx, d) })
		default:
			l.release(d)
		}
		return nil
	})
}

// settled remembers that hours moved, and with whom it went well.
func (l *life) settled(d *deal, minutes domain.Minutes) {
	l.release(d)
	d.receiver.balance -= minutes
	d.provider.balance += minutes
	d.receiver.known = append(d.receiver.known, d.provider)
	d.provider.known = append(d.provider.known, d.receiver)
	l.thank(d)
	if d.notice != nil && d.notice.Kind == listing.Request && l.rng.Float64() < 0.7 {
		l.agenda.add(l.soon(l.clock.Now(), 0, 1), func(ctx context.Context) error { return l.met(ctx, d.notice) })
	}
}

func (l *life) release(d *deal) {
	d.receiver.held -= d.held
	d.held = 0
}
