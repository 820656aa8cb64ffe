// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/duty"
)

// tellDuty: a member hears what is noted and decided about them, and whoever leads a
// shift, or coordinators where nobody does, what there is to see to.
func tellDuty(e domain.RecordedEvent) (t told, ok bool, err error) {
	var d duty.Told
	if err := said(e, &d); err != nil {
		return t, false, err
	}
	t = told{kind: Kind(e.Kind), members: []domain.ID{d.Member}, due: d.Due, whom: d.Member}
	switch e.Kind {
	case duty.PlaceTaken, duty.PatternSet, duty.LeaveBegins, duty.LeaveEnded, duty.PointsGiven, duty.SwapWithdrawn: // theirs to know where somebody acted for them
		return told{actedFor: d.Member}, true, nil
	case duty.PlaceLeft, duty.ToNote:
		t.actedFor = d.Member
		if d.Lead != domain.Nowhere && d.Lead != d.Member {
			t.members, t.about = []domain.ID{d.Lead}, map[domain.ID]domain.ID{d.Lead: d.Member}
		} else {
			t.members, t.toStaff = nil, t.kind
		}
	case duty.Suspended:
		t.toStaff = MemberDutySuspended
	case duty.LeaveAsked:
		t.members, t.toStaff, t.actedFor = nil, DutyLeaveRequested, d.Member
	case duty.LeaveDecided:
		t.kind = DutyLeaveDeclined
		if d.Granted {
			t.kind = DutyLeaveGranted
		}
	case duty.SwapIsOffered:
		if d.Other == domain.Nowhere { // who looks finds it
			return told{actedFor: d.Member}, true, nil
		}
		t.actedFor = d.Member
		t.members, t.about = []domain.ID{d.Other}, map[domain.ID]domain.ID{d.Other: d.Member}
	case duty.SwapDone:
		t.members, t.about = []domain.ID{d.Member, d.Other}, map[domain.ID]domain.ID{d.Member: d.Other, d.Other: d.Member}
	}
	return t, true, nil
}
