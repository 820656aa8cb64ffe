// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// MoveCapital implements membership.Store.
func (MemberStore) MoveCapital(ctx context.Context, m membership.Member, next membership.Capital) error {
	done, err := query(ctx).Exec(ctx, `
		UPDATE member SET capital = $4, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND capital = $3`, m.Community, m.ID, string(m.Capital), string(next))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(membership.MemberState, "")
	}
	return err
}
