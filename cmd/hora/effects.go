// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/membership"
)

// effects does what decisions decided, by the use cases of the rooms that it
// concerns, as the program itself.
type effects struct {
	members *membership.Service
}

var _ governance.Effects = effects{}

// Execute implements governance.Effects.
func (e effects) Execute(ctx context.Context, community domain.ID, effect governance.Effect) error {
	var err error
	switch effect.Kind {
	case governance.Admit:
		_, err = e.members.Admit(ctx, domain.System, community, effect.Member, "")
	case governance.GrantMandate:
		_, err = e.members.GrantRole(ctx, domain.System, membership.RoleGrant{Community: community, Member: effect.Member, Role: effect.Role, Until: effect.Until})
	}
	return err
}
