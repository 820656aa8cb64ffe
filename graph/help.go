// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
)

// helperNamed decodes the input of nameHelper.
func helperNamed(input model.NameHelperInput) (membership.NameHelper, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return membership.NameHelper{}, err
	}
	cmd := membership.NameHelper{Community: c.key, Until: input.Until, Consent: deref(input.Consent), Key: deref(input.IdempotencyKey)}
	if cmd.Helper, err = wantIn(c.key, memberID, &input.HelperID, "helperId"); err != nil {
		return cmd, err
	}
	cmd.OnBehalfOf, err = wantIn(c.key, memberID, input.OnBehalfOf, "onBehalfOf")
	return cmd, err
}

// cardHandle names the card of a number; a community that does not exist has
// none, which is not told apart from a wrong PIN.
func (r *Resolver) cardHandle(ctx context.Context, slug string, number int) (string, error) {
	if strings.ContainsRune(slug, 0) {
		return "", nil // no text that PostgreSQL keeps
	}
	where, err := r.Communities.BySlug(ctx, strings.ToValidUTF8(slug, ""))
	if errors.Is(err, domain.NotFound) {
		return "", nil
	}
	return membership.Handle(where.ID, number), err
}
