// SPDX-License-Identifier: AGPL-3.0-or-later

// Package telemetry lets whoever runs Hora see how it is doing, without seeing
// who does what: a log, figures for Prometheus, and a count of SQL statements.
package telemetry

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// NewLogger writes one JSON object a line. What people are called, type or keep
// secret never reaches it, even when somebody passes it by mistake.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: redact}))
}

// private ends the keys whose values stay out of the log: displayName,
// access_token, requestBody. Some harmless ones go with them; that is the price
// of not having to think of each.
var private = []string{"email", "password", "token", "authorization", "name", "body", "variables"}

func redact(groups []string, a slog.Attr) slog.Attr {
	if slices.ContainsFunc(groups, isPrivate) || isPrivate(a.Key) {
		return slog.String(a.Key, "[redacted]")
	}
	if a.Value.Kind() == slog.KindAny {
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, said(err))
		}
		if !plain(a.Value.Any()) {
			return slog.String(a.Key, fmt.Sprintf("[%T]", a.Value.Any()))
		}
	}
	return a
}

// said is an error's text without PostgreSQL's own words, which may quote a value
// that somebody sent.
func said(err error) string {
	text := err.Error()
	for _, pg := range ofPostgres(err) {
		safe := strings.TrimRight(strings.Join([]string{"SQLSTATE", pg.Code, pg.TableName, pg.ConstraintName}, " "), " ")
		if !strings.Contains(text, pg.Error()) {
			return safe // told in other words
		}
		text = strings.ReplaceAll(text, pg.Error(), safe)
	}
	return text
}

// ofPostgres are the errors of the database that an error holds.
func ofPostgres(err error) (all []*pgconn.PgError) {
	switch e := err.(type) { //nolint:errorlint // each of the chain is looked at
	case *pgconn.PgError:
		return []*pgconn.PgError{e}
	case interface{ Unwrap() error }:
		return ofPostgres(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, ofPostgres(one)...)
		}
	}
	return all
}

func isPrivate(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(private, func(word string) bool { return strings.HasSuffix(key, word) })
}

// plain is true for what is one figure or one word. A struct or a map could
// carry a private field under a harmless key, so only its type is written.
func plain(value any) bool {
	switch value.(type) {
	case nil, error, encoding.TextMarshaler:
		return true
	}
	kind := reflect.TypeOf(value).Kind()
	return kind == reflect.String || kind >= reflect.Bool && kind <= reflect.Float64
}
