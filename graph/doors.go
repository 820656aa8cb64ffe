// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/scalar"
)

// byLink signs in with what of a letter was given.
func (r *Resolver) byLink(ctx context.Context, input model.SignInWithLinkInput) (identity.Person, identity.Tokens, error) {
	device, network := deref(input.DeviceName), of(ctx).Network
	if input.Token != nil {
		return r.Identity.FollowLink(ctx, *input.Token, device, network)
	}
	return r.Identity.TypeCode(ctx, deref(input.RequestToken), deref(input.Code), device, network)
}

// begun presents a ceremony that a device has to answer.
func begun(ctx context.Context, id domain.ID, options json.RawMessage, err error) (*string, scalar.JSON, []model.UserError, error) {
	ceremony, problems, err := answer(ctx, id.String(), err)
	if ceremony == nil {
		return nil, nil, problems, err
	}
	return ceremony, scalar.JSON(options), problems, err
}

// ceremony reads which one is answered; Nowhere, which no ceremony has, for anything else.
func ceremony(text string) domain.ID {
	id, _ := uuid.Parse(text)
	return id
}
