// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

var (
	states  = []State{Proposed, Accepted, Done, Confirmed, Declined, Cancelled, Expired, Disputed}
	actions = []Action{Propose, Revise, Accept, Decline, Cancel, Complete, Confirm, Dispute, Resolve, Expire, Remind}
)

// between is an exchange where Marie receives and Paul gives.
func between(state State) (x Exchange, marie, paul domain.ID) {
	marie, paul = domain.NewID(), domain.NewID()
	return Exchange{ID: domain.NewID(), State: state, Provider: paul, Receiver: marie, TermsBy: marie}, marie, paul
}

func unitOf(m domain.Minutes) community.Charter {
	return community.Charter{Hours: community.Hours{Unit: m}}
}

// The life of an exchange as domain.md draws it; what is not here cannot be.
var life = map[State]map[Action]State{
	Proposed: {Revise: Proposed, Accept: Accepted, Decline: Declined, Cancel: Cancelled, Expire: Expired},
	Accepted: {Revise: Proposed, Cancel: Cancelled, Complete: Done},
	Done:     {Confirm: Confirmed, Dispute: Disputed, Remind: Done},
	Disputed: {Resolve: Confirmed},
}

func TestTheLifeOfAnExchange(t *testing.T) {
	for _, from := range states {
		for _, a := range actions {
			x, _, _ := between(from)
			moved, err := x.step(a)
			to, possible := life[from][a]
			if possible {
				if err != nil || moved.State != to {
					t.Errorf("%s in %s leads to %s, %v; want %s", a, from, moved.State, err, to)
				}
				continue
			}
			e, is := errors.AsType[*domain.Error](err)
			if !is || e.Code != WrongState || e.Field != "exchangeId" || e.Args["state"] != string(from) || e.Args["action"] != string(a) {
				t.Errorf("%s in %s answers %v, want %s with both names", a, from, err, WrongState)
			}
			if moved.State != from {
				t.Errorf("%s in %s is refused and leads to %s", a, from, moved.State)
			}
		}
	}
}

func TestEveryActionTellsSomething(t *testing.T) {
	kinds := map[domain.EventKind]Action{}
	for _, a := range actions {
		kind := a.EventKind()
		if other, taken := kinds[kind]; kind == "" || taken {
			t.Errorf("%s records %q, as %s does", a, kind, other)
		}
		kinds[kind] = a
	}
}

// The field's own example: an estimate of 2 h, which comes out a little or a lot
// longer for one side.
func TestTheTwoSidesMinutesAreCompared(t *testing.T) {
	for _, c := range []struct {
		name            string
		unit            domain.Minutes
		marked, answers domain.Minutes
		state           State
		settled         domain.Minutes
	}{
		{"2 h and 2 h", 15, 120, 120, Confirmed, 120},
		{"2 h and 2 h 15: the lower stands", 15, 120, 135, Confirmed, 120},
		{"2 h 15 and 2 h: the lower stands whoever said it", 15, 135, 120, Confirmed, 120},
		{"2 h and 4 h: they need to talk", 15, 120, 240, Disputed, 0},
		{"4 h and 2 h", 15, 240, 120, Disputed, 0},
		{"2 h and 2 h 16, which rounds to 2 h 15", 15, 120, 136, Confirmed, 120},
		{"2 h and 2 h 23, which rounds to 2 h 30", 15, 120, 143, Disputed, 0},
		{"2 h and 2 h 30 by half hours", 30, 120, 150, Confirmed, 120},
		{"1 h 50 and 2 h 10 by hours are the same", 60, 110, 130, Confirmed, 120},
		{"to the minute", 1, 61, 60, Confirmed, 60},
		{"two minutes apart, to the minute", 1, 60, 62, Disputed, 0},
	} {
		x, marie, paul := between(Accepted)
		done, err := x.complete(paul, c.marked, unitOf(c.unit))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if done.State != Done || done.Typed != c.marked || done.Actual != c.marked.Round(c.unit) || done.DoneBy != paul {
			t.Errorf("%s: marked done as %+v", c.name, done)
		}
		answered, err := done.confirm(marie, c.answers, unitOf(c.unit))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if answered.State != c.state || answered.Settled != c.settled || answered.Answered != c.answers {
			t.Errorf("%s: %s with %d settled of %d typed, want %s with %d", c.name,
				answered.State, answered.Settled, answered.Answered, c.state, c.settled)
		}
	}
}

func TestWhoeverMarkedItDoneWaitsForTheOther(t *testing.T) {
	x, marie, paul := between(Accepted)
	done, err := x.complete(marie, 60, unitOf(15))
	if err != nil {
		t.Fatal(err)
	}
	if same, err := done.confirm(marie, 60, unitOf(15)); !errors.Is(err, NotYourTurn) || same.State != Done {
		t.Errorf("Marie confirms what she marked: %s, %v", same.State, err)
	}
	if confirmed, err := done.confirm(paul, 60, unitOf(15)); err != nil || confirmed.Settled != 60 {
		t.Errorf("Paul confirms: %+v, %v", confirmed, err)
	}
}

func TestMinutesThatWouldSettleNothingOrTooMuchAreRefused(t *testing.T) {
	for _, c := range []struct{ unit, typed domain.Minutes }{
		{15, 0},
		{15, -15},
		{15, 7},
		{60, 29},
		{15, domain.MaxMinutes + 1},
		{13, domain.MaxMinutes}, // which its unit would carry beyond what one movement may be
	} {
		x, _, paul := between(Accepted)
		done, err := x.complete(paul, c.typed, unitOf(c.unit))
		if !errors.Is(err, domain.MinutesOutOfRange) {
			t.Errorf("%d min by units of %d answer %s, %v", c.typed, c.unit, done.State, err)
		}
	}
	x, _, paul := between(Accepted)
	_, err := x.complete(paul, 7, unitOf(15))
	if e, is := errors.AsType[*domain.Error](err); !is || e.Args["min"] != domain.Minutes(8) || e.Field != "minutes" {
		t.Errorf("7 min answers %v; 8 would be rounded up and should be named", err)
	}
}

func TestACoordinatorDecidesADisputeWithHoursOrNone(t *testing.T) {
	x, _, _ := between(Disputed)
	x.Actual = 240
	decided, err := x.resolve(130, unitOf(15))
	if err != nil || decided.State != Confirmed || decided.Settled != 135 {
		t.Errorf("decided as %s with %d, %v; want CONFIRMED with 2 h 15", decided.State, decided.Settled, err)
	}
	none, err := x.resolve(0, unitOf(15))
	if err != nil || none.State != Cancelled || none.Settled != 0 {
		t.Errorf("decided as %s with %d, %v; want CANCELLED without hours", none.State, none.Settled, err)
	}
	for _, impossible := range []domain.Minutes{-60, 3, domain.MaxMinutes + 15} {
		if _, err := x.resolve(impossible, unitOf(15)); !errors.Is(err, domain.MinutesOutOfRange) {
			t.Errorf("decided with %d minutes: %v", impossible, err)
		}
	}
}

func TestNothingThatTwoPeopleDoLeavesTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, marie, paul := between(Proposed)
		rules := unitOf(domain.Minutes(rapid.SampledFrom([]int{1, 5, 15, 30, 60}).Draw(t, "unit")))
		minutes := rapid.Custom(func(t *rapid.T) domain.Minutes {
			return domain.Minutes(rapid.OneOf(rapid.IntRange(-10, 300), rapid.Just(int(domain.MaxMinutes)+1)).Draw(t, "minutes"))
		})
		var marked, answered domain.Minutes
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			before := x
			a := rapid.SampledFrom(actions).Draw(t, "action")
			side := rapid.SampledFrom([]domain.ID{marie, paul}).Draw(t, "side")
			var err error
			switch typed := minutes.Draw(t, "typed"); a {
			case Complete:
				if x, err = before.complete(side, typed, rules); err == nil {
					marked = typed.Round(rules.Hours.Unit)
				}
			case Confirm:
				if x, err = before.confirm(side, typed, rules); err == nil {
					answered = typed.Round(rules.Hours.Unit)
				}
			case Resolve:
				x, err = before.resolve(typed, rules)
			default:
				x, err = before.step(a)
			}
			if err != nil {
				x = before // a refusal saves nothing
				continue
			}
			usual, possible := life[before.State][a]
			apart := a == Confirm && x.State == Disputed
			nothing := a == Resolve && x.State == Cancelled
			if !possible || (x.State != usual && !apart && !nothing) {
				t.Fatalf("%s took it from %s to %s", a, before.State, x.State)
			}
			if (x.Settled > 0) != (x.State == Confirmed) {
				t.Fatalf("%d minutes settled in %s", x.Settled, x.State)
			}
			if a == Confirm && x.State == Confirmed && (x.Settled > marked || x.Settled > answered || side == x.DoneBy) {
				t.Fatalf("settled %d of %d marked and %d answered", x.Settled, marked, answered)
			}
		}
		if len(life[x.State]) == 0 && !slices.Contains([]State{Confirmed, Declined, Cancelled, Expired}, x.State) {
			t.Fatalf("%s has no way out", x.State)
		}
	})
}

func TestTermsAreTidiedAndMeasured(t *testing.T) {
	terms, err := Terms{Estimated: 90, Travel: 20, Preparation: 10, Place: "  chez\nMarie ", Costs: " 5 $ d'essence ", ScheduledAt: time.Time{}}.check()
	if err != nil || terms.Place != "chez Marie" || terms.Costs != "5 $ d'essence" || terms.Promised() != 120 {
		t.Errorf("kept %+v, %v", terms, err)
	}
	_, err = Terms{Estimated: 0, Travel: -1, Preparation: domain.MaxMinutes + 1, Message: "\x00"}.check()
	problems, _ := domain.Problems(err)
	var told []string
	for _, p := range problems {
		told = append(told, p.Field+" "+string(p.Code))
	}
	slices.Sort(told)
	want := []string{
		"message TEXT_UNREADABLE", "minutes MINUTES_OUT_OF_RANGE", "preparationMinutes MINUTES_OUT_OF_RANGE", "travelMinutes MINUTES_OUT_OF_RANGE",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestPartiesAndTheOtherSide(t *testing.T) {
	x, marie, paul := between(Proposed)
	if x.Other(marie) != paul || x.Other(paul) != marie {
		t.Error("the other side is not the other")
	}
	if !x.Party(marie) || !x.Party(paul) || x.Party(domain.NewID()) || x.Party(domain.Nowhere) {
		t.Error("a stranger is a party, or a party is none")
	}
}
