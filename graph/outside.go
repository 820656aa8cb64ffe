// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"log/slog"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// Addresses beside GraphQL, a file to download for instance, speak of the same
// ids, in the same language, and refuse in the same words.

// AccountID reads an account's global id. Error: NotFound.
func AccountID(id string) (community, account domain.ID, err error) {
	o, err := want(accountID, id, "id")
	return o.community, o.key, err
}

// BatchID reads the global id of a batch of slips. Error: NotFound.
func BatchID(id string) (community, batch domain.ID, err error) {
	o, err := want(batchID, id, "id")
	return o.community, o.key, err
}

// Caller is who asks, as WithRequest was told.
func Caller(ctx context.Context) (domain.Actor, i18n.Language) { return actor(ctx), language(ctx) }

// SignedIn says whether somebody is known to ask. Unlike the language it costs nothing.
func SignedIn(ctx context.Context) bool { return actor(ctx).Person != domain.Nowhere }

// Refusal is an error as GraphQL would show it at the top, with the field that
// it is about.
func Refusal(ctx context.Context, logger *slog.Logger, err error) (shown *gqlerror.Error, code domain.Code) {
	shown = Presenter(logger)(ctx, err)
	if problems, ok := domain.Problems(err); ok && problems[0].Field != "" {
		shown.Extensions["field"] = problems[0].Field
	}
	code, _ = shown.Extensions["code"].(domain.Code)
	return shown, code
}
