// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/shares"
)

// tellShares: those who keep the register hear of money that is to move, members
// of what was entered about their shares, and both sides of what passes between two.
func tellShares(e domain.RecordedEvent) (t told, ok bool, err error) {
	var s shares.Told
	if err := payload(e, &s); err != nil {
		return t, false, err
	}
	t = told{kind: Kind(e.Kind), members: []domain.ID{s.Member}, whom: s.Member, staff: []domain.Role{domain.Treasurer}}
	switch e.Kind {
	case shares.Subscribed:
		t.toStaff = SharePaymentAwaited
	case shares.Asked:
		t.toStaff = ShareRedemptionAwaited
	case shares.SecondAwaited:
		t.members, t.toStaff, t.staff = nil, SharesSecondAwaited, []domain.Role{domain.Treasurer, domain.Board}
	case shares.Transferred, shares.Given:
		t.members = append(t.members, s.Other)
		t.about = map[domain.ID]domain.ID{s.Member: s.Other, s.Other: s.Member}
	}
	return t, true, nil
}
