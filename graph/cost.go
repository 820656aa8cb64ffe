// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/internal/ratelimit"
)

// What documents cost, in points: about one per value they may answer.
const (
	maxCost = 10_000
	// A document that is refused costs what reading it does.
	refusedCost = 100
	// Proving or keeping a password keeps a processor busy for a while.
	passwordCost = 1_000
	// The contract, told by introspection, is a hundred times longer than a page.
	introspectionCost = 1_000
)

// Budgets bound what one caller asks for over time. Nil is no bound.
type Budgets struct {
	Persons   *ratelimit.Budget // by person
	Strangers *ratelimit.Budget // by network, for whoever is not signed in
}

// NewBudgets gives everybody so many points a minute, and ten times as many an
// hour; none when it is 0.
func NewBudgets(pointsPerMinute int) Budgets {
	if pointsPerMinute == 0 {
		return Budgets{}
	}
	limits := []ratelimit.Limit{
		{Name: "minute", Points: pointsPerMinute, Per: time.Minute},
		{Name: "hour", Points: 10 * pointsPerMinute, Per: time.Hour},
	}
	return Budgets{Persons: ratelimit.NewBudget(50_000, limits...), Strangers: ratelimit.NewBudget(50_000, limits...)}
}

func (b Budgets) of(who Request) (budget *ratelimit.Budget, key string) {
	if who.Actor.Person != domain.Nowhere {
		return b.Persons, who.Actor.Person.String()
	}
	return b.Strangers, identity.Neighbourhood(who.Network)
}

// costLimit refuses a document that asks for too much at once, or a caller who
// asks for too much over time, and says in every answer what it cost.
type costLimit struct {
	schema  graphql.ExecutableSchema
	budgets Budgets
	clock   domain.Clock
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
	graphql.ResponseInterceptor
} = &costLimit{}

// ExtensionName implements graphql.HandlerExtension.
func (*costLimit) ExtensionName() string { return "HoraCost" }

// Validate implements graphql.HandlerExtension.
func (c *costLimit) Validate(schema graphql.ExecutableSchema) error {
	c.schema = schema
	return nil
}

// told is what an answer says of its cost: the bucket that would stop the caller first.
type told struct {
	Requested int       `json:"requested"`
	Limit     int       `json:"limit"`
	Remaining int       `json:"remaining"`
	ResetAt   time.Time `json:"resetAt"`

	left    []ratelimit.Left
	settled bool // paid in full, or turned away
}

const costKey = "HoraCost"

// MutateOperationParameters turns away, before anything is read, who has nothing left.
func (c *costLimit) MutateOperationParameters(ctx context.Context, _ *graphql.RawParams) *gqlerror.Error {
	return c.spend(ctx, graphql.GetOperationContext(ctx), told{Requested: refusedCost}, 1)
}

// MutateOperationContext implements graphql.OperationContextMutator.
func (c *costLimit) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	asked := measurer{document: opCtx.Doc, fragments: map[string]extent{}}.of(opCtx.Operation.SelectionSet)
	cost := complexity.Calculate(ctx, c.schema, opCtx.Operation, opCtx.Variables) + introspectionCost*asked.introspection
	if cost > maxCost {
		opCtx.Stats.SetExtension(costKey, told{Requested: cost})
		return refuse(domain.NewError(costExceeded, "", "limit", maxCost, "actual", cost))
	}
	return c.spend(ctx, opCtx, told{Requested: cost, settled: true}, max(cost-1, 0)) // one point was for coming in
}

// spend takes points from the caller and notes what is left.
func (c *costLimit) spend(ctx context.Context, opCtx *graphql.OperationContext, note told, points int) (refused *gqlerror.Error) {
	now := c.clock.Now()
	if budget, key := c.budgets.of(of(ctx).Request); budget != nil {
		note.left = budget.Spend(key, points, now)
		if wait := ratelimit.Tightest(note.left).Wait; wait > 0 {
			note.settled = true
			refused = refuse(domain.NewError(domain.RateLimited, "", "retryAfter", int(math.Ceil(wait.Seconds()))))
		}
	}
	opCtx.Stats.SetExtension(costKey, note.at(now))
	return refused
}

// at fills in the tightest bucket. Where nobody counts over time, that is one document's.
func (n told) at(now time.Time) told {
	n.Limit, n.Remaining, n.ResetAt = maxCost, maxCost, now.UTC()
	if len(n.left) > 0 {
		tight := ratelimit.Tightest(n.left)
		n.Limit, n.Remaining, n.ResetAt = tight.Limit.Points, tight.Remaining, now.Add(tight.Reset).UTC()
	}
	n.ResetAt = n.ResetAt.Truncate(time.Millisecond)
	return n
}

// InterceptResponse implements graphql.ResponseInterceptor.
func (c *costLimit) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	if response == nil {
		return nil
	}
	note := c.noted(ctx)
	if response.Extensions == nil {
		response.Extensions = map[string]any{}
	}
	response.Extensions["cost"] = note
	if response.Data == nil && len(response.Errors) > maxTold {
		response.Errors = response.Errors[:maxTold]
	}
	return response
}

// noted is what the operation cost; one that was never run pays for being read.
func (c *costLimit) noted(ctx context.Context) told {
	note := told{Requested: refusedCost}
	if graphql.HasOperationContext(ctx) {
		if kept, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(costKey).(told); ok {
			note = kept
		}
	}
	if note.settled {
		return note
	}
	now := c.clock.Now()
	if budget, key := c.budgets.of(of(ctx).Request); budget != nil {
		note.left = budget.Charge(key, refusedCost, now)
	}
	return note.at(now)
}

// header tells the buckets as header fields do.
// Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
func (n told) header(h http.Header) {
	for _, l := range n.left {
		h.Add("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", l.Limit.Name, l.Limit.Points, int(l.Limit.Per.Seconds())))
		h.Add("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", l.Limit.Name, l.Remaining, int(math.Ceil(l.Reset.Seconds()))))
	}
}
