// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/membership"
)

// effects does what decisions decided, by the use cases of the rooms that it
// concerns, as the program itself.
type effects struct {
	members     *membership.Service
	communities *community.Service
}

var _ governance.Effects = effects{}

// Execute implements governance.Effects.
func (e effects) Execute(ctx context.Context, d governance.Decision, effect governance.Effect, now time.Time) error {
	var err error
	switch effect.Kind {
	case governance.Admit:
		_, err = e.members.Admit(ctx, domain.System, d.Community, effect.Member, "")
	case governance.GrantMandate:
		_, err = e.members.GrantRole(ctx, domain.System, membership.RoleGrant{Community: d.Community, Member: effect.Member, Role: effect.Role, Until: effect.Until})
	case governance.ChangeCharter:
		_, err = e.communities.Execute(ctx, effect.Amends(d), now)
	}
	return err
}
