// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/workshop"
)

// tellSession: the host hears who comes and goes, everybody concerned hears when
// it is called off or settled, each with their own minutes.
func tellSession(e domain.RecordedEvent) (t told, ok bool, err error) {
	var s workshop.Told
	if err := said(e, &s); err != nil {
		return t, false, err
	}
	t = told{kind: Kind(e.Kind), about: map[domain.ID]domain.ID{}}
	switch e.Kind {
	case workshop.SeatTaken, workshop.SeatWaits, workshop.SeatLeft:
		t.members, t.about[s.Host], t.actedFor = []domain.ID{s.Host}, s.Member, s.Member
		t.about[s.Member] = s.Host
		return t, true, nil
	}
	t.each = map[domain.ID]domain.Minutes{}
	for member, minutes := range s.Shares {
		t.members = append(t.members, member)
		t.about[member], t.each[member] = s.Host, max(minutes, -minutes)
	}
	return t, true, nil
}

// tellActivity: those who approve hear what was logged, and its member the answer.
func tellActivity(e domain.RecordedEvent) (t told, ok bool, err error) {
	var a activity.Told
	if err := said(e, &a); err != nil {
		return t, false, err
	}
	if e.Kind == activity.Noted {
		return told{toStaff: ActivityLogged, whom: a.Member, minutes: a.Minutes, actedFor: a.Member}, true, nil
	}
	return told{kind: Kind(e.Kind), members: []domain.ID{a.Member}, minutes: a.Minutes}, true, nil
}

// tellHelp: both sides hear of it, whoever noted it.
func tellHelp(e domain.RecordedEvent) (t told, ok bool, err error) {
	var h membership.HelpTold
	err = said(e, &h)
	return told{
		kind: Kind(e.Kind), members: []domain.ID{h.Member, h.Helper},
		about: map[domain.ID]domain.ID{h.Member: h.Helper, h.Helper: h.Member},
	}, err == nil, err
}

// tellDelegation: the one who did not do it hears of it, also when theirs went to somebody else.
func tellDelegation(e domain.RecordedEvent) (t told, ok bool, err error) {
	var g governance.Entrusted
	err = said(e, &g)
	return told{kind: Kind(e.Kind), members: []domain.ID{g.From, g.To}, about: map[domain.ID]domain.ID{g.From: g.To, g.To: g.From}}, err == nil, err
}
