// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"slices"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// transitions is the life of an exchange: for each action, the states it may
// start from and the one it leads to. Confirm and Resolve name the usual end;
// minutes that differ lead to a dispute, a dispute may end without hours.
var transitions = map[Action]struct {
	from []State
	to   State
}{
	Revise:   {[]State{Proposed, Accepted}, Proposed},
	Accept:   {[]State{Proposed}, Accepted},
	Decline:  {[]State{Proposed}, Declined},
	Cancel:   {[]State{Proposed, Accepted}, Cancelled},
	Expire:   {[]State{Proposed}, Expired},
	Complete: {[]State{Accepted}, Done},
	Confirm:  {[]State{Done}, Confirmed},
	Dispute:  {[]State{Done}, Disputed},
	Resolve:  {[]State{Disputed}, Confirmed},
	Remind:   {[]State{Done}, Done},
}

// step moves an exchange by an action, or says that its state does not allow it.
func (x Exchange) step(a Action) (Exchange, error) {
	t := transitions[a]
	if !slices.Contains(t.from, x.State) {
		return x, domain.NewError(WrongState, "exchangeId", "state", string(x.State), "action", string(a))
	}
	x.State = t.to
	return x, nil
}

// answer checks that it is this side's turn: who proposed the terms, or marked
// it done, waits for the other.
func (x Exchange) answer(by, proposer domain.ID) error {
	if by == proposer {
		return domain.NewError(NotYourTurn, "exchangeId")
	}
	return nil
}

// complete marks it done with the minutes that one side counted.
func (x Exchange) complete(by domain.ID, typed domain.Minutes, rules community.Charter) (Exchange, error) {
	x, err := x.step(Complete)
	if err != nil {
		return x, err
	}
	rounded, err := settleable("minutes", typed, rules)
	if err != nil {
		return x, err
	}
	x.Typed, x.Actual, x.DoneBy = typed, rounded, by
	return x, nil
}

// confirm compares the two sides' minutes. Within the charter's unit the lower
// stands; beyond, they need to talk.
func (x Exchange) confirm(by domain.ID, typed domain.Minutes, rules community.Charter) (Exchange, error) {
	confirmed, err := x.step(Confirm)
	if err != nil {
		return x, err
	}
	if err := x.answer(by, x.DoneBy); err != nil {
		return x, err
	}
	rounded, err := settleable("minutes", typed, rules)
	if err != nil {
		return x, err
	}
	if apart := max(x.Actual, rounded) - min(x.Actual, rounded); apart > rules.Hours.Unit {
		x.State, x.Answered = Disputed, typed
		return x, nil
	}
	confirmed.Answered, confirmed.Settled = typed, min(x.Actual, rounded)
	return confirmed, nil
}

// resolve is a coordinator's word on a dispute: these minutes, or none at all.
func (x Exchange) resolve(minutes domain.Minutes, rules community.Charter) (Exchange, error) {
	x, err := x.step(Resolve)
	if err != nil {
		return x, err
	}
	if minutes == 0 {
		x.State = Cancelled
		return x, nil
	}
	x.Settled, err = settleable("minutes", minutes, rules)
	return x, err
}

// settleable rounds actual minutes to the charter's unit, once. Less than half
// a unit would settle nothing and is refused.
func settleable(field string, typed domain.Minutes, rules community.Charter) (domain.Minutes, error) {
	var c domain.Check
	c.Minutes(field, typed)
	if err := c.Err(); err != nil {
		return 0, err
	}
	rounded := typed.Round(rules.Hours.Unit)
	c.That(rounded > 0 && rounded <= domain.MaxMinutes, domain.MinutesOutOfRange, field,
		"min", (rules.Hours.Unit+1)/2, "max", domain.MaxMinutes)
	return rounded, c.Err()
}

func (t Terms) check() (Terms, error) {
	var c domain.Check
	c.Minutes("minutes", t.Estimated)
	for field, m := range map[string]domain.Minutes{"travelMinutes": t.Travel, "preparationMinutes": t.Preparation} {
		c.That(m >= 0 && m <= domain.MaxMinutes, domain.MinutesOutOfRange, field, "min", domain.Minutes(0), "max", domain.MaxMinutes)
	}
	t.Place = c.Line("place", t.Place, 0, 200)
	t.Costs = c.Text("costs", t.Costs, 0, 500)
	t.Message = c.Text("message", t.Message, 0, 2000)
	return t, c.Err()
}
