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
