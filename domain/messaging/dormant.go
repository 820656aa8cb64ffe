// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
)

// tellDormant: whoever nobody heard of is told what becomes of their hours. Each time
// they are asked, coordinators hear it too: a call may reach whom no letter did.
func tellDormant(e domain.RecordedEvent) (t told, ok bool, err error) {
	var about reinvestment.Told
	if err := said(e, &about); err != nil {
		return t, false, err
	}
	t = told{kind: Kind(e.Kind), members: []domain.ID{about.Member}, minutes: about.Minutes, due: about.By}
	if e.Kind == reinvestment.DormantContacted {
		t.toStaff, t.whom = MemberUnheard, about.Member
	}
	return t, true, nil
}
