// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/graph/live"
)

// webSocket is graphql-transport-ws as this schema's callers sign in to it.
func (r *Resolver) webSocket() graphql.Transport {
	return live.WebSocket{
		Hub: r.Live, Origins: r.Origins, Admit: r.greet, Afresh: r.afresh,
		Network: func(ctx context.Context) string { return caller(asking(ctx)).Network },
		TooMany: domain.NewError(domain.RateLimited, "", "retryAfter", 1),
	}
}

// events is graphql-sse; its callers sign in like those of any other request.
func (r *Resolver) events() graphql.Transport {
	return live.SSE{
		Hub:    r.Live,
		Caller: func(ctx context.Context) live.Caller { return caller(asking(ctx)) },
		Read: func(r *http.Request) (*graphql.RawParams, int, error) {
			params, status, about := readRequest(r)
			if about != "" {
				return nil, status, domain.NewError(requestUnreadable, "", "about", about)
			}
			return params, status, nil
		},
		Ended: domain.Unauthenticated,
	}
}

// caller is whose connection a request opens; networks are counted as budgets count them.
func caller(said Request) live.Caller {
	return live.Caller{Person: said.Actor.Person, Session: said.Actor.Session, Network: identity.Neighbourhood(said.Network)}
}

// afresh gives an operation, or a later answer of a subscription, loaders of its
// own: what was read for an earlier one may not be so any more.
func (r *Resolver) afresh(ctx context.Context) context.Context {
	return r.WithRequest(ctx, asking(ctx))
}

// greet says who opens a WebSocket: the token of connection_init, else that of
// the request. Without any, a stranger.
func (r *Resolver) greet(ctx context.Context, header http.Header, init map[string]any) (context.Context, live.Caller, error) {
	said := asking(ctx)
	authorization := header.Get("Authorization")
	for name, value := range init {
		text, _ := value.(string)
		switch strings.ToLower(name) {
		case "authorization":
			authorization = text
		case "accept-language":
			said.AcceptLanguage = text
		}
	}
	said.Actor = domain.Actor{}
	if authorization != "" {
		token, _ := strings.CutPrefix(authorization, "Bearer ")
		who, err := r.Identity.Authenticate(ctx, strings.TrimSpace(token))
		switch {
		case errors.Is(err, identity.ErrTokenExpired):
			return nil, live.Caller{}, &live.Refusal{Code: live.Unauthorized, Reason: "the access token has expired: refresh it once"}
		case errors.Is(err, domain.Unauthenticated):
			return nil, live.Caller{}, &live.Refusal{Code: live.Forbidden, Reason: "no session goes with this token: sign in"}
		case err != nil:
			return nil, live.Caller{}, err
		}
		said.Actor = who
	}
	return r.WithRequest(ctx, said), caller(said), nil
}

// streaming knows what differs for subscriptions: they are not for plain HTTP,
// and each of their answers reads anew.
type streaming struct{ resolver *Resolver }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
} = streaming{}

// ExtensionName implements graphql.HandlerExtension.
func (streaming) ExtensionName() string { return "HoraStreaming" }

// Validate implements graphql.HandlerExtension.
func (streaming) Validate(graphql.ExecutableSchema) error { return nil }

func subscribes(ctx context.Context) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	operation := graphql.GetOperationContext(ctx).Operation
	return operation != nil && operation.Operation == ast.Subscription
}

// InterceptOperation implements graphql.OperationInterceptor: a subscription over
// plain HTTP would be answered when something happens, or never.
func (s streaming) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if subscribes(ctx) && !live.Streaming(ctx) {
		refused := &gqlerror.Error{
			Message:    "A subscription needs a WebSocket (graphql-transport-ws), or Accept: text/event-stream and nothing else.",
			Extensions: map[string]any{"code": domain.BadInput},
		}
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{refused}})
	}
	return next(ctx)
}

// InterceptResponse implements graphql.ResponseInterceptor.
func (s streaming) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if subscribes(ctx) {
		ctx = s.resolver.afresh(ctx)
	}
	return next(ctx)
}
