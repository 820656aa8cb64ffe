// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/progression"
)

// tellWay: a member hears where they stand now, and before it, of a change for the
// worse. AT_RISK itself is what its announcement says.
func tellWay(e domain.RecordedEvent) (t told, ok bool, err error) {
	if e.Kind == progression.NoticeGiven {
		var n progression.NoticeTold
		err := said(e, &n)
		t = told{kind: MemberAtRisk, members: []domain.ID{n.Member}, due: n.Due}
		if n.Becomes == membership.Active {
			t.kind = EngagementEnding
		}
		return t, err == nil, err
	}
	var m progression.MovedTold
	if err := said(e, &m); err != nil {
		return t, false, err
	}
	t.members = []domain.ID{e.Subject}
	switch {
	case m.Restored:
		t.kind = MemberRestored
	case m.To == membership.Dormant:
		t.kind = MemberDormant
	case m.To == membership.Engaged:
		t.kind = MemberEngaged
	case m.From == membership.Engaged && m.To == membership.Active:
		t.kind = EngagementEnded
	case m.To == membership.Active:
		t.kind = MemberActive
	}
	return t, t.kind != "", nil
}

// tellAdmission: whoever asks to be a co-owner hears how it stands, and coordinators
// when there is something to decide.
func tellAdmission(e domain.RecordedEvent) (t told, ok bool, err error) {
	var a membership.AdmissionTold
	if err := said(e, &a); err != nil {
		return t, false, err
	}
	t = told{members: []domain.ID{a.Member}, whom: a.Member}
	switch a.State {
	case membership.Listed:
		t.members, t.toStaff, t.due = nil, AdmissionListed, a.Due // whoever asked knows
	case membership.Objected:
		t.kind, t.toStaff = AdmissionObjected, AdmissionToDecide
	case membership.Admitted:
		t.kind = CoOwnerAdmitted
	case membership.Refused:
		t.kind = AdmissionRefused
	}
	return t, true, nil
}

// tellVote: whose shares are bought back hears that the vote goes with them; what
// somebody does themselves, they know.
func tellVote(e domain.RecordedEvent) (t told, ok bool, err error) {
	var g membership.GovernanceTold
	if err := said(e, &g); err != nil || g.Basis != membership.BoughtBack {
		return t, false, err
	}
	t = told{kind: VoteEnding, members: []domain.ID{e.Subject}}
	if g.To == membership.Former {
		t.kind = VoteEnded
	}
	return t, true, nil
}

// tellVetting: a member hears of each attestation about them; coordinators hear when
// one ends soon, so that somebody looks again in time.
func tellVetting(e domain.RecordedEvent) (t told, ok bool, err error) {
	var v membership.VettingTold
	if err := said(e, &v); err != nil {
		return t, false, err
	}
	t = told{kind: Kind(e.Kind), members: []domain.ID{v.Member}, whom: v.Member}
	if e.Kind == membership.VettingExpiring {
		t.toStaff, t.due = MemberVettingExpiring, v.Due
	}
	return t, true, nil
}

// tellMinor: a minor and their guardian each hear what is noted of the age of one and the
// consent of the other, and that it is over; coordinators hear when a guardian withdraws.
func tellMinor(e domain.RecordedEvent) (t told, ok bool, err error) {
	var m membership.MinorTold
	if err := said(e, &m); err != nil {
		return t, false, err
	}
	t = told{kind: Kind(e.Kind), members: []domain.ID{m.Member}, also: m.Guardian, about: map[domain.ID]domain.ID{m.Guardian: m.Member, m.Member: m.Guardian}, whom: m.Member}
	switch e.Kind {
	case membership.ConsentRecorded:
		t.alsoKind = WardConsentRecorded
	case membership.ConsentWithdrawn:
		t.alsoKind = WardConsentWithdrawn
	case membership.GuardianWithdrew:
		t.kind, t.alsoKind, t.toStaff = ConsentWithdrawn, WardConsentWithdrawn, MemberConsentWithdrawn
	case membership.GuardianReplaced: // the minor hears of the consent that stands now
		t = told{kind: WardConsentReplaced, members: []domain.ID{m.Guardian}, about: map[domain.ID]domain.ID{m.Guardian: m.Member}, whom: m.Member}
	case membership.MinorRemoved, membership.CameOfAge:
		t.alsoKind = WardReleased
	default: // nobody has consented
		t.also = domain.Nowhere
	}
	return t, true, nil
}
