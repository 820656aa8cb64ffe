// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// can is the first net: a field that needs somebody refuses nobody before
// anything is read. What that somebody may do is the use case's to say, which
// knows the community and asks the same table. Proof that is fresh is asked for here
// alone, since how somebody came in is no use case's business.
func (r *Resolver) can(ctx context.Context, _ any, next graphql.Resolver, do domain.Permission, proved bool) (any, error) {
	who := actor(ctx)
	if do != domain.Anyone && who.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	if do == domain.AdministerServer && !who.Platform {
		return nil, domain.Forbidden
	}
	if proved {
		if err := r.Identity.Proved(ctx, who); err != nil {
			return nil, err
		}
	}
	return next(ctx)
}
