// SPDX-License-Identifier: AGPL-3.0-or-later

package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
)

// withSecret hides a private field behind a harmless key.
type withSecret struct{ Email string }

func (withSecret) String() string { return "secret" }

// lazySecret becomes a group only when it is written.
type lazySecret struct{}

func (lazySecret) LogValue() slog.Value { return slog.GroupValue(slog.String("Email", "secret")) }

func TestNothingPrivateIsLogged(t *testing.T) {
	for name, write := range map[string]func(*slog.Logger){
		"a key":               func(l *slog.Logger) { l.Info("m", "email", "secret") },
		"in capitals":         func(l *slog.Logger) { l.Info("m", "Authorization", "Bearer secret") },
		"the end of a key":    func(l *slog.Logger) { l.Info("m", "refreshToken", "secret", "display_name", "secret") },
		"in a group":          func(l *slog.Logger) { l.Info("m", slog.Group("input", "password", "secret")) },
		"a group by its name": func(l *slog.Logger) { l.Info("m", slog.Group("variables", "x", "secret")) },
		"deep in it":          func(l *slog.Logger) { l.Info("m", slog.Group("variables", slog.Group("a", "b", "secret"))) },
		"an open group":       func(l *slog.Logger) { l.WithGroup("body").Info("m", "x", "secret") },
		"kept by the logger":  func(l *slog.Logger) { l.With("token", "secret").Info("m") },
		"a struct":            func(l *slog.Logger) { l.Info("m", "person", withSecret{"secret"}) },
		"a pointer":           func(l *slog.Logger) { l.Info("m", "person", &withSecret{"secret"}) },
		"a map":               func(l *slog.Logger) { l.Info("m", "input", map[string]any{"email": "secret"}) },
		"a list":              func(l *slog.Logger) { l.Info("m", "people", []string{"secret"}) },
		"raw JSON":            func(l *slog.Logger) { l.Info("m", "payload", json.RawMessage(`"secret"`)) },
		"bytes":               func(l *slog.Logger) { l.Info("m", "payload", []byte("secret")) },
		"a lazy value":        func(l *slog.Logger) { l.Info("m", "person", lazySecret{}) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			write(NewLogger(&out, slog.LevelInfo))
			if strings.Contains(out.String(), "secret") {
				t.Error(out.String())
			}
			if !json.Valid(out.Bytes()) {
				t.Errorf("not JSON: %s", out.String())
			}
		})
	}
}

// PostgreSQL quotes values in its messages; where it happened helps all the same.
func TestWhatPostgreSQLQuotesIsNotLogged(t *testing.T) {
	quoted := &pgconn.PgError{Severity: "ERROR", Code: "22P02", Message: `invalid input syntax for type uuid: "secret"`, TableName: "member", ConstraintName: "member_pkey"}
	for name, err := range map[string]error{
		"as it is": quoted, "wrapped": fmt.Errorf("look: %w", quoted),
		"with another": errors.Join(errors.New("and so"), fmt.Errorf("look: %w", quoted), &pgconn.PgError{Code: "23505", Message: "secret"}),
		"in a request": gqlerror.Wrap(fmt.Errorf("look: %w", quoted)), "in other words": other{quoted},
	} {
		var out bytes.Buffer
		NewLogger(&out, slog.LevelInfo).Error("m", "error", err)
		if line := out.String(); strings.Contains(line, "secret") || !strings.Contains(line, "SQLSTATE 22P02 member member_pkey") {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// other tells an error in words of its own.
type other struct{ error }

func (o other) Error() string { return "a secret: " + strings.ToUpper(o.error.Error()) }
func (o other) Unwrap() error { return o.error }

func TestWhatHelpsIsLogged(t *testing.T) {
	var out bytes.Buffer
	id := domain.NewID()
	logger := NewLogger(&out, slog.LevelWarn)
	logger.Info("below the level")
	logger.Error("it broke", "trace", "7f", "community", id, "code", domain.NotFound, "rows", 3, "cause", errors.New("no route"), "none", nil)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"level": "ERROR", "msg": "it broke", "trace": "7f", "community": id.String(), "code": "NOT_FOUND",
		"rows": 3.0, "cause": "no route", "none": nil,
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
}
