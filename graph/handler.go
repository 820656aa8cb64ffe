// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/graph/generated"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/internal/telemetry"
)

// deadline is how long one operation may take.
const deadline = 20 * time.Second

// serving answers a schema over HTTP: queries by GET, everything by POST of JSON.
func (r *Resolver) serving(schema *ast.Schema, logger *slog.Logger, metrics *telemetry.Metrics) http.Handler {
	config := r.config()
	config.Schema = schema
	srv := handler.New(generated.NewExecutableSchema(config))
	srv.AddTransport(r.webSocket())
	srv.AddTransport(r.events())
	srv.AddTransport(overHTTP{}) // the last: it answers whatever is left
	known := newKnownDocuments()
	srv.SetQueryCache(known)
	srv.SetDisableSuggestion(true)
	srv.SetErrorPresenter(Presenter(logger))
	srv.SetRecoverFunc(Recover(logger))
	srv.Use(extension.Introspection{})
	srv.Use(&costLimit{budgets: r.Budgets, clock: r.Clock})
	srv.Use(r.Documents)
	srv.Use(documentLimits{known})
	srv.Use(r.Usage)
	srv.Use(&exactValues{})
	srv.Use(replays{})
	srv.Use(newFarewells(schema))
	srv.Use(streaming{r})
	srv.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		// Mutations of one document run one by one; what was read for one of them
		// is not true any more after the next.
		if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
			of(ctx).become(actor(ctx))
		}
		return next(ctx)
	})
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if subscribes(ctx) {
			return next(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, deadline)
		kind, read := graphql.GetOperationContext(ctx).Operation.Operation, func() {}
		ctx, done := metrics.Operation(ctx, string(kind))
		if kind == ast.Query {
			ctx, read = r.Reading(ctx)
		}
		respond := next(ctx)
		return func(ctx context.Context) *graphql.Response {
			defer cancel()
			defer read()
			response := respond(ctx)
			done(outcome(response))
			return response
		}
	})
	return srv
}

func outcome(response *graphql.Response) telemetry.Outcome {
	if response == nil || len(response.Errors) == 0 {
		return telemetry.OK
	}
	for _, e := range response.Errors {
		if e.Extensions["code"] == domain.Internal {
			return telemetry.Failed
		}
	}
	return telemetry.Refused
}

// config binds resolvers, the one directive, and what lists cost: as much as
// the page they ask for.
func (r *Resolver) config() generated.Config {
	c := generated.Config{Resolvers: r, Directives: generated.DirectiveRoot{Can: r.can}}
	four := func(child int, first *int, _ *string, last *int, _ *string) int { return pageCost(child, first, last) }
	c.Complexity.Query.Communities = func(child int, _ *model.PlaceInput, _ *string, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Mutation.ActOnMembers = func(child int, in model.ActOnMembersInput) int { return 1 + child*max(1, len(in.MemberIds)) }
	c.Complexity.Query.Changes = func(child int, _ string, _ *string, first *int) int { return pageCost(child, first, nil) }
	c.Complexity.Query.Nodes = func(child int, ids []string) int { return 1 + child*len(ids) }
	c.Complexity.Community.Members = func(child int, _ *model.MemberFilter, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Community.Listings = func(child int, _ *model.ListingFilter, _ listing.Order, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Community.Exchanges = func(child int, _ *model.ExchangeFilter, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Community.TimeCheques = func(child int, _ *model.TimeChequeFilter, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Community.TimeChequeBatches = four
	c.Complexity.Community.GroupSessions = func(child int, _ *model.GroupSessionFilter, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.GroupSession.Seats = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Community.DutyShifts = func(child int, _ *time.Time, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Community.DutyTemplates = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Community.DutySwaps = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Community.DutyLate = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Community.DutyLeaves = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.MemberDuty.Entries = func(child int, first *int, _ *string, last *int, _ *string) int { return pageCost(child, first, last) }
	c.Complexity.Community.Activities = func(child int, _ *model.ActivityFilter, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Listing.Photos = func(child int) int { return 1 + child*media.PerListing }
	c.Complexity.Community.Cycles = four
	c.Complexity.Community.Threads, c.Complexity.Thread.Messages, c.Complexity.Community.Announcements = four, four, four
	c.Complexity.Community.CharterHistory = four
	c.Complexity.Community.Appeals = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	c.Complexity.Community.Decisions = func(child int, _ []governance.State, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Decision.Receipts = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	c.Complexity.Decision.Comments = func(child int) int { return 1 + child*domain.DefaultPage }
	// An audit holds every ballot.
	c.Complexity.Decision.Audit = func(child int) int { return 500 + child }
	c.Complexity.Viewer.NeedsMyVote = func(child int) int { return 1 + child*domain.DefaultPage }
	c.Complexity.Cycle.Projects = func(child int) int { return 1 + child*domain.DefaultPage }
	c.Complexity.Cycle.Suggestions = func(child int, _ []reinvestment.SuggestionState, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	c.Complexity.Viewer.Suggestions = func(child int) int { return 1 + child*domain.DefaultPage }
	c.Complexity.Cycle.Ballots = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	// A count's record holds every ballot, a report adds all of them up.
	c.Complexity.Cycle.Allocation = func(child int) int { return 100 + child }
	c.Complexity.Cycle.Report = func(child int) int { return 50 + child }
	c.Complexity.Project.Claims = func(child int) int { return 1 + child*domain.DefaultPage }
	c.Complexity.ShareRegister.Holders, c.Complexity.ShareRegister.Operations, c.Complexity.MemberShares.Operations = four, four, four
	// A holding is added up from its lines, a register from all of them.
	c.Complexity.Member.Shares = func(child int) int { return 10 + child }
	// Vitality goes through all that a community ever exchanged.
	c.Complexity.Community.Vitality = func(child int, _ *model.PeriodInput) int { return 500 + child }
	c.Complexity.Community.ShareRegister = func(child int, _ *time.Time) int { return 50 + child }
	c.Complexity.Webhook.Deliveries = four
	c.Complexity.Member.Listings = four
	c.Complexity.Member.Exchanges = four
	c.Complexity.Account.LimitChanges = four
	c.Complexity.Recognition.Thanks, c.Complexity.Recognition.Stars, c.Complexity.Recognition.Endorsements = four, four, four
	c.Complexity.Recognition.Badges = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Community.RecognitionFlags = func(child int) int { return 50 + pageCost(child, nil, nil) }
	c.Complexity.Community.RecognitionConcentration = func(child, _, _ int) int { return 50 + child }
	c.Complexity.Community.ModerationQueue = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	c.Complexity.Community.Complaints = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	c.Complexity.Community.AuditLog = func(child int, _ *model.AuditFilter, first *int, _ *string) int {
		return 20 + pageCost(child, first, nil)
	}
	c.Complexity.Community.Measures = func(child int, _ *model.MeasureFilter, first *int, _ *string) int { return pageCost(child, first, nil) }
	c.Complexity.Listing.Reviews = func(child int) int { return 1 + child*domain.DefaultPage }
	c.Complexity.Member.Measures = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Community.Badges = func(child int) int { return pageCost(child, nil, nil) }
	c.Complexity.Account.Entries = func(child int, _ *model.PeriodInput, first *int, _ *string, last *int, _ *string) int {
		return pageCost(child, first, last)
	}
	// Adding up reads every entry of the period, so a page of members asks for few of them.
	c.Complexity.Account.Totals = func(child int, _ *model.PeriodInput) int { return 50 + child }
	// A proof reads a dozen rows of its own for each transfer.
	c.Complexity.Transfer.Proof = func(child int) int { return 20 + child }
	c.Complexity.Community.LedgerCheckpoint = func(child int, _ *string) int { return 20 + child }
	c.Complexity.Mutation.SignIn = func(child int, _ model.SignInInput) int { return passwordCost + child }
	c.Complexity.Mutation.Register = func(child int, _ model.RegisterInput) int { return passwordCost + child }
	c.Complexity.Mutation.SignInWithNumber = func(child int, _ model.SignInWithNumberInput) int { return passwordCost + child }
	c.Complexity.Mutation.GiveCard = func(child int, _ model.GiveCardInput) int { return passwordCost + child }
	c.Complexity.Viewer.Memberships = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	c.Complexity.Viewer.Notifications = func(child int, first *int, _ *string) int { return pageCost(child, first, nil) }
	return c
}

func pageCost(child int, first, last *int) int {
	size := domain.DefaultPage
	if last != nil {
		first = last
	}
	if first != nil {
		size = min(max(*first, 1), domain.LargestPage)
	}
	return 1 + child*size
}
