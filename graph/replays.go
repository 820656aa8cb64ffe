// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// replays marks the answers that are the first result of a known idempotency key:
// `extensions.replayed` names the fields of the document whose effect had already
// happened. An app may then say so, or not; the answer itself is the same.
type replays struct{}

type replayedKey struct{}

// ExtensionName implements graphql.HandlerExtension.
func (replays) ExtensionName() string { return "Replays" }

// Validate implements graphql.HandlerExtension.
func (replays) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse implements graphql.ResponseInterceptor.
func (replays) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	var fields []string
	response := next(context.WithValue(ctx, replayedKey{}, &fields))
	if len(fields) > 0 {
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions["replayed"] = fields
	}
	return response
}

// InterceptRootField implements graphql.RootFieldInterceptor. Mutations run one by
// one, so nobody else appends meanwhile.
func (replays) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	fields, ok := ctx.Value(replayedKey{}).(*[]string)
	if !ok {
		return next(ctx)
	}
	replayed := false
	answer := next(domain.WithReplays(ctx, func() { replayed = true }))
	if replayed {
		*fields = append(*fields, graphql.GetRootFieldContext(ctx).Field.Alias)
	}
	return answer
}
