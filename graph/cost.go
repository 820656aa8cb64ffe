// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// costLimit refuses a document that asks for too much at once, and says in
// every answer what it cost.
type costLimit struct{ schema graphql.ExecutableSchema }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
	graphql.ResponseInterceptor
} = &costLimit{}

// ExtensionName implements graphql.HandlerExtension.
func (costLimit) ExtensionName() string { return "HoraCost" }

// Validate implements graphql.HandlerExtension.
func (c *costLimit) Validate(schema graphql.ExecutableSchema) error {
	c.schema = schema
	return nil
}

const costKey = "HoraCost"

// MutateOperationContext implements graphql.OperationContextMutator.
func (c *costLimit) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	cost := complexity.Calculate(ctx, c.schema, opCtx.Operation, opCtx.Variables)
	opCtx.Stats.SetExtension(costKey, cost)
	if cost <= maxCost {
		return nil
	}
	refused := domain.NewError(costExceeded, "", "limit", maxCost, "requested", cost)
	return &gqlerror.Error{
		Err: refused, Message: i18n.Error(language(ctx), refused),
		Extensions: map[string]any{"code": costExceeded, "cost": told(cost)},
	}
}

// InterceptResponse implements graphql.ResponseInterceptor.
func (c *costLimit) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil || !graphql.HasOperationContext(ctx) {
		return response
	}
	if cost, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(costKey).(int); ok {
		if response.Extensions == nil {
			response.Extensions = map[string]any{}
		}
		response.Extensions["cost"] = told(cost)
	}
	return response
}

func told(cost int) map[string]int { return map[string]int{"requested": cost, "limit": maxCost} }
