// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
)

// told is who an event concerns, before members become persons.
type told struct {
	kind     Kind
	members  []domain.ID
	toStaff  Kind // what coordinators are told; empty when it is not for them
	exchange domain.ID
	about    map[domain.ID]domain.ID // for each side told, the other it speaks of
	whom     domain.ID               // the member of whom coordinators are told
	minutes  domain.Minutes
	actedFor domain.ID // told as well when somebody else acted in their name
}

// tell says whom an event concerns; ok is false when nobody needs to know.
func tell(e domain.RecordedEvent) (t told, ok bool, err error) {
	if strings.HasPrefix(string(e.Kind), "EXCHANGE_") {
		t, err = tellExchange(e)
		return t, true, err
	}
	switch e.Kind {
	case membership.Applied:
		return told{toStaff: MemberApplied, whom: e.Subject}, true, nil
	case membership.NotAdmitted:
		return told{kind: MemberDeclined, members: []domain.ID{e.Subject}}, true, nil
	case membership.Welcomed:
		t := told{kind: MemberAdmitted, members: []domain.ID{e.Subject}}
		var posted ledger.PostedLegs
		if err := payload(e, &posted); err != nil {
			return t, false, err
		}
		for _, leg := range posted.Legs {
			t.minutes += leg.Minutes
		}
		return t, true, nil
	case ledger.BalanceLow, ledger.BalanceHigh:
		return tellBalance(e)
	case recognition.Thanked, recognition.Starred, recognition.Endorsed:
		return tellRecognition(e)
	case recognition.MilestoneReached:
		var m recognition.MilestoneTold
		err := payload(e, &m)
		return told{kind: Kind("MILESTONE_" + m.Reached), members: []domain.ID{m.Member}}, true, err
	}
	return t, false, nil
}

// tellBalance: a member hears that their balance is low or high, coordinators
// that somebody's is low, so that they can help to find what that member can give.
func tellBalance(e domain.RecordedEvent) (t told, ok bool, err error) {
	var at ledger.Stands
	if err := payload(e, &at); err != nil || at.Member == domain.Nowhere {
		return t, false, err
	}
	t = told{kind: BalanceHigh, members: []domain.ID{at.Member}, minutes: at.Balance}
	if e.Kind == ledger.BalanceLow {
		t.kind, t.toStaff, t.whom = BalanceLow, MemberBalanceLow, at.Member
	}
	return t, true, nil
}

// tellRecognition: whoever is recognised hears by whom, and for which exchange.
func tellRecognition(e domain.RecordedEvent) (t told, ok bool, err error) {
	var g recognition.Told
	if err := payload(e, &g); err != nil {
		return t, false, err
	}
	kinds := map[domain.EventKind]Kind{recognition.Thanked: ThanksReceived, recognition.Starred: StarReceived, recognition.Endorsed: SkillEndorsed}
	return told{
		kind: kinds[e.Kind], members: []domain.ID{g.Member}, about: map[domain.ID]domain.ID{g.Member: g.Giver}, exchange: g.Exchange,
	}, true, nil
}

// tellExchange: what one side does, the other hears; what the program or a
// coordinator does, both hear.
func tellExchange(e domain.RecordedEvent) (told, error) {
	var posted struct {
		About *exchange.Told `json:"about"`
	}
	var x exchange.Told
	if err := payload(e, &posted); err != nil {
		return told{}, err
	}
	if posted.About != nil {
		x = *posted.About
	} else if err := payload(e, &x); err != nil {
		return told{}, err
	}
	t := told{
		kind: Kind(e.Kind), exchange: e.Subject, minutes: x.Minutes,
		about: map[domain.ID]domain.ID{x.Provider: x.Receiver, x.Receiver: x.Provider},
	}
	switch x.Member {
	case x.Provider:
		t.members = []domain.ID{x.Receiver}
	case x.Receiver:
		t.members = []domain.ID{x.Provider}
	default:
		t.members = []domain.ID{x.Provider, x.Receiver}
	}
	if e.Actor != domain.Nowhere && len(t.members) == 1 {
		t.actedFor = x.Member
	}
	if t.kind == ExchangeDisputed {
		t.toStaff = DisputeToSettle
	}
	return t, nil
}

func payload(e domain.RecordedEvent, into any) error {
	if len(e.Payload) == 0 || string(e.Payload) == "null" {
		return nil
	}
	if err := json.Unmarshal(e.Payload, into); err != nil {
		return fmt.Errorf("event %d of %s: %w", e.Position, e.Community, err)
	}
	return nil
}
