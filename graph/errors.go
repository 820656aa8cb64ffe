// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vikstrous/dataloadgen"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/partner"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/domain/statement"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/internal/i18n"
)

// The edge's own codes; no use case answers them.
const (
	costExceeded       domain.Code = "COST_EXCEEDED"
	requestUnreadable  domain.Code = "REQUEST_UNREADABLE"
	documentUnreadable domain.Code = "DOCUMENT_UNREADABLE"
	documentTooLarge   domain.Code = "DOCUMENT_TOO_LARGE"
	documentNotTrusted domain.Code = "DOCUMENT_NOT_TRUSTED"
	persistedNotFound  domain.Code = "PERSISTED_QUERY_NOT_FOUND"
)

// topLevel are the codes that never travel in userErrors.
var topLevel = []domain.Code{
	domain.Unauthenticated, domain.Forbidden, domain.NotFound, domain.BadInput, domain.RateLimited, domain.Internal, costExceeded, persistedNotFound,
}

// reasons are codes that say more about one of the top level.
var reasons = map[domain.Code]domain.Code{documentTooLarge: costExceeded, identity.StepUpRequired: domain.Forbidden}

// userErrors parts an error in two: what a person can put right goes into the
// payload, anything else is returned and becomes a top-level error.
func userErrors(ctx context.Context, err error) ([]model.UserError, error) {
	told := []model.UserError{}
	if err == nil {
		return told, nil
	}
	problems, ok := domain.Problems(err)
	if !ok || slices.ContainsFunc(problems, func(p *domain.Error) bool { return slices.Contains(topLevel, p.Code) }) {
		return nil, err
	}
	lang := language(ctx)
	for _, p := range problems {
		told = append(told, userError(lang, p))
	}
	return told, nil
}

// passing are the codes whose cause may pass without anybody changing what they
// sent: hours come in, somebody comes back, a minute goes by.
var passing = []domain.Code{
	domain.Unauthenticated, domain.RateLimited, domain.Internal,
	ledger.InsufficientHours, ledger.AccountInUse, membership.OpenCommitments, membership.LastCoordinator, membership.MemberInactive,
	membership.AbilityLimited, membership.VettingMissing, membership.DutySuspended, membership.OnLeave, domain.ConsentMissing,
	recognition.StarsSpent, recognition.StarredRecently, shares.TooEarly, shares.BelowFloor, shares.PublicBodiesCap, shares.WorkersCap,
}

// userError gives an error the type of the contract that carries its figures, and
// the general one when there are none.
func userError(lang i18n.Language, p *domain.Error) model.UserError {
	e := model.GeneralError{Code: p.Code, Message: i18n.Error(lang, p), Retryable: slices.Contains(passing, p.Code)}
	if p.Field != "" {
		e.Field = strings.Split(p.Field, ".")
	}
	switch p.Code {
	case ledger.InsufficientHours:
		return model.InsufficientHours{
			Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable,
			Available: minutesArg(p, "available"), Required: minutesArg(p, "required"),
		}
	case domain.StaleVersion:
		return model.StaleVersion{
			Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable, CurrentVersion: figure(p, "current"),
		}
	case domain.TextTooLong, domain.PageSize, statement.TooLong, recognition.TooLate, recognition.StarsSpent, shares.NotEnough,
		identity.PasskeyLimit, partner.WebhookLimit:
		if most := figure(p, "max"); most != nil {
			return model.LimitReached{
				Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable, Maximum: *most, Actual: figure(p, "actual"),
			}
		}
	case domain.OutOfRange, domain.MinutesOutOfRange:
		if least, most := figure(p, "min"), figure(p, "max"); least != nil && most != nil {
			return model.OutOfRange{
				Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable, Minimum: *least, Maximum: *most,
			}
		}
	case exchange.WrongState, listing.WrongState, membership.MemberState, exchange.NotAvailable, membership.MemberInactive:
		if state, ok := p.Args["state"].(string); ok {
			return model.WrongState{Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable, State: state}
		}
	case membership.AbilityLimited:
		if until, ok := p.Args["until"].(time.Time); ok {
			what, _ := p.Args["what"].(domain.Word)
			return model.AbilityLimited{
				Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable,
				Ability: membership.Ability(strings.TrimPrefix(string(what), "ability.")), Until: until,
			}
		}
	case membership.VettingMissing:
		if kind, ok := p.Args["kind"].(community.VettingKind); ok {
			return model.VettingMissing{Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable, Kind: &kind}
		}
	case community.WrongBody:
		if mode, ok := p.Args["mode"].(domain.Word); ok {
			body, _ := p.Args["body"].(domain.Word)
			return model.WrongBody{
				Code: e.Code, Field: e.Field, Message: e.Message, Retryable: e.Retryable, Type: text(p, "type"),
				Mode: community.Mode(strings.TrimPrefix(string(mode), "mode.")), Body: community.BodyKind(strings.TrimPrefix(string(body), "body.")),
				Name: orAbsent(text(p, "name")),
			}
		}
	default: // it has no figures
	}
	return e
}

func text(p *domain.Error, name string) string {
	s, _ := p.Args[name].(string)
	return s
}

func minutesArg(p *domain.Error, name string) *domain.Minutes {
	if m, ok := p.Args[name].(domain.Minutes); ok {
		return &m
	}
	return nil
}

// figure is a whole number among an error's args, minutes too; nil when it is not there.
func figure(p *domain.Error, name string) *int {
	switch n := p.Args[name].(type) {
	case int:
		return &n
	case domain.Minutes:
		whole := int(n)
		return &whole
	}
	return nil
}

// Presenter turns any error that reaches the top into one of the seven codes.
// What we do not know is our fault: logged once with a trace id, and nothing of
// it is shown.
func Presenter(logger *slog.Logger) graphql.ErrorPresenterFunc {
	words := contractWords()
	return func(ctx context.Context, err error) *gqlerror.Error {
		lang := language(ctx)
		if unknown := unknownValue(ctx, err); unknown != nil {
			err = unknown
		}
		shown := &gqlerror.Error{Path: pathOf(ctx, err)}
		problems, ok := domain.Problems(err)
		parsed, isParsed := errors.AsType[*gqlerror.Error](err)
		switch {
		case ok:
			shown.Message = i18n.Error(lang, problems[0])
			shown.Extensions = known(problems[0])
			if problems[0].Code == persistedNotFound {
				shown.Message = "PersistedQueryNotFound" // Apollo's clients wait for this very word
			}
			if isParsed {
				shown.Locations = parsed.Locations
			}
		case misread(ctx, err):
			shown.Message = i18n.Error(lang, domain.NewError(domain.BadInput, ""))
			shown.Extensions = map[string]any{"code": domain.BadInput}
		case isParsed && parsed.Unwrap() == nil && ctx.Err() == nil && !isExecution(ctx):
			shown = words.about(lang, parsed)
		default:
			trace := domain.NewID().String()
			if !errors.Is(err, context.Canceled) {
				logger.ErrorContext(ctx, "request failed", "trace", trace, "error", err)
			}
			shown.Message = i18n.Error(lang, domain.NewError(domain.Internal, "", "trace", trace))
			shown.Extensions = map[string]any{"code": domain.Internal, "traceId": trace}
		}
		code, _ := shown.Extensions["code"].(domain.Code)
		shown.Extensions["retryable"] = slices.Contains(passing, code)
		return shown
	}
}

// known shows an error of ours: its code at the top level, and what a program
// can do something with.
func known(p *domain.Error) map[string]any {
	shown := map[string]any{"code": p.Code}
	if !slices.Contains(topLevel, p.Code) { // else a value that no scalar can hold
		shown["code"], shown["reason"] = domain.BadInput, p.Code
		if top, ok := reasons[p.Code]; ok {
			shown["code"] = top
		}
	}
	for _, name := range []string{"retryAfter", "what", "limit", "actual"} {
		if value, ok := p.Args[name]; ok {
			shown[name] = value
		}
	}
	if values, ok := p.Args["known"].(string); ok {
		shown["known"] = strings.Split(values, ", ")
	}
	if p.Field != "" {
		shown["field"] = p.Field
	}
	return shown
}

// isExecution is true once resolvers run: from then on an error is ours or a
// use case's, never the parser's.
func isExecution(ctx context.Context) bool { return graphql.GetFieldContext(ctx) != nil }

// misread is true when a value of an argument could not be read: the error then
// lies deeper than the field whose argument it is.
func misread(ctx context.Context, err error) bool {
	field := graphql.GetFieldContext(ctx)
	e, ok := errors.AsType[*gqlerror.Error](err)
	return ok && field != nil && len(e.Path) > len(field.Path())
}

func pathOf(ctx context.Context, err error) ast.Path {
	if p, ok := errors.AsType[*gqlerror.Error](err); ok && len(p.Path) > 0 {
		return p.Path
	}
	return graphql.GetPath(ctx)
}

// Recover turns a panic into an error of ours, with its place in the log.
func Recover(logger *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, cause any) error {
		logger.ErrorContext(ctx, "panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		return fmt.Errorf("panic: %v", cause)
	}
}

// absent turns "there is none" and "not for you" into one answer.
func absent(err error) error {
	if errors.Is(err, domain.Forbidden) || errors.Is(err, dataloadgen.ErrNotFound) {
		return domain.NotFound
	}
	return err
}
