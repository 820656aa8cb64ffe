// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
)

// dispute says so, or shows in the minutes.
func (l *life) dispute(ctx context.Context, d *deal, x exchange.Exchange, by *neighbour) error {
	actor, act := l.act(d, by)
	var err error
	if d.fate == quarrel || l.rng.Float64() < 0.5 {
		act.Reason = l.say("dispute")
		_, err = l.rooms.Exchanges.Dispute(ctx, actor, act)
	} else {
		act.Key, act.Minutes = "demo/confirm/"+d.id.String(), x.Actual+60
		if by == d.receiver && x.Actual > 90 {
			act.Minutes = x.Actual - 60
		}
		_, err = l.rooms.Exchanges.Confirm(ctx, actor, act)
	}
	if err == nil && d.fate != quarrel {
		l.agenda.add(l.soon(l.clock.Now(), 2, 10), func(ctx context.Context) error { return l.resolve(ctx, d) })
	}
	return err
}

// resolve is the word of the first of the staff who is no party to it.
func (l *life) resolve(ctx context.Context, d *deal) error {
	act := exchange.Act{Community: l.id, Exchange: d.id, Reason: l.say("resolve"), Minutes: d.terms.Promised()}
	if l.rng.Float64() < 0.25 {
		act.Minutes = 0
	}
	var judge *neighbour
	for _, n := range l.staff {
		if judge == nil && n != d.provider && n != d.receiver {
			judge = n
		}
	}
	x, err := l.rooms.Exchanges.Resolve(ctx, domain.Actor{Person: judge.person}, act)
	if refused(err, ledger.InsufficientHours) {
		act.Minutes = 0
		x, err = l.rooms.Exchanges.Resolve(ctx, domain.Actor{Person: judge.person}, act)
	}
	if err != nil {
		return err
	}
	if x.State == exchange.Confirmed {
		l.settled(d, x.Settled)
	} else {
		l.release(d)
	}
	return nil
}
