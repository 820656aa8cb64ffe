// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// can is the first net: a field that needs somebody refuses nobody before
// anything is read. What that somebody may do is the use case's to say, which
// knows the community and asks the same table.
func can(ctx context.Context, _ any, next graphql.Resolver, do domain.Permission) (any, error) {
	who := actor(ctx)
	if do != domain.Anyone && who.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	if do == domain.AdministerServer && !who.Platform {
		return nil, domain.Forbidden
	}
	return next(ctx)
}
