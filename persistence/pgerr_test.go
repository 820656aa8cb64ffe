// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

func TestWhatTheDatabaseSaysIsPutInTheDomainsWords(t *testing.T) {
	unique := func(constraint, message string) *pgconn.PgError {
		return &pgconn.PgError{Code: "23505", ConstraintName: constraint, Message: message}
	}
	for name, c := range map[string]struct {
		err   error
		code  domain.Code
		field string
	}{
		"a name taken":              {unique("person_email_key", ""), identity.EmailUnavailable, "email"},
		"only in the message":       {unique("", `duplicate key value violates unique constraint "member_person_key"`), membership.AlreadyMember, "communityId"},
		"with a shard's number":     {unique("", `duplicate key value violates unique constraint "member_person_key_102008"`), membership.AlreadyMember, "communityId"},
		"in the field as well":      {unique("transfer_reverses_key_102034", ""), ledger.AlreadyReversed, "transferId"},
		"a check on a shard":        {&pgconn.PgError{Code: "23514", Message: `new row for relation "person_102009" violates check constraint "person_email_lower_102009"`}, identity.EmailInvalid, "email"},
		"an exchange settled twice": {unique("transfer_exchange_key", ""), exchange.WrongState, "exchangeId"},
		"no row for GORM":           {fmt.Errorf("read it: %w", gorm.ErrRecordNotFound), domain.NotFound, ""},
		"no row for pgx":            {pgx.ErrNoRows, domain.NotFound, ""},
		"a closed account":          {&pgconn.PgError{Code: "LD404"}, ledger.AccountClosed, ""},
		"an account in use":         {&pgconn.PgError{Code: "LD409"}, ledger.AccountInUse, ""},
		"a key used twice":          {fmt.Errorf("post: %w", &pgconn.PgError{Code: "LD422"}), domain.IdempotencyKeyReused, "idempotencyKey"},
		"bytes that are no text":    {&pgconn.PgError{Code: "22021"}, domain.TextUnreadable, ""},
		"hours with no figures":     {&pgconn.PgError{Code: "LD402", Detail: "not JSON"}, ledger.InsufficientHours, ""},
	} {
		got := translate(c.err)
		e, is := errors.AsType[*domain.Error](got)
		if !is || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s becomes %v, want %s %s", name, got, c.code, c.field)
		}
		if !errors.Is(got, c.err) {
			t.Errorf("%s: the cause is lost for the log", name)
		}
	}
}

func TestARefusalKeepsItsFigures(t *testing.T) {
	account := domain.NewID()
	err := translate(&pgconn.PgError{Code: "LD402", Detail: fmt.Sprintf(`{"account" : "%s", "available" : -15, "required" : 90}`, account)})
	e, is := errors.AsType[*domain.Error](err)
	if !is || e.Code != ledger.InsufficientHours || e.Args["account"] != account || e.Args["available"] != domain.Minutes(-15) || e.Args["required"] != domain.Minutes(90) {
		t.Errorf("told as %v", err)
	}
}

func TestWhatNobodyKnowsPassesAsItIs(t *testing.T) {
	already := domain.NewError(domain.Forbidden, "")
	for name, err := range map[string]error{
		"nothing":                        nil,
		"a room's own word":              already,
		"with a cause that it kept back": already.Because(&pgconn.PgError{Code: "LD402"}),
		"a constraint without a text":    &pgconn.PgError{Code: "23505", ConstraintName: "member_number_key"},
		"no constraint at all":           &pgconn.PgError{Code: "23505", Message: "something else"},
		"a bug":                          &pgconn.PgError{Code: "42601"},
		"an error of ours":               errors.New("ours"),
	} {
		if got := translate(err); got != err { //nolint:errorlint // the very same is meant
			t.Errorf("%s becomes %v", name, got)
		}
	}
}

func TestEveryConstraintWithATextIsInTheSchema(t *testing.T) {
	schema, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	for name := range constraints {
		if !regexp.MustCompile(`(CONSTRAINT|INDEX) ` + name + ` `).Match(schema) {
			t.Errorf("no constraint is called %s", name)
		}
		if got := constraintOf(&pgconn.PgError{ConstraintName: name}); got != name {
			t.Errorf("%s is taken for a shard's %s", name, got)
		}
	}
}

// Two who meet must not be told the same thing twice by one shared error.
func TestEachTranslationIsItsOwn(t *testing.T) {
	one := translate(&pgconn.PgError{Code: "23505", ConstraintName: "transfer_exchange_key"})
	first, _ := errors.AsType[*domain.Error](one)
	first.Args["state"] = "changed"
	_ = first.Because(errors.New("mine"))
	second, _ := errors.AsType[*domain.Error](translate(&pgconn.PgError{Code: "23505", ConstraintName: "transfer_exchange_key"}))
	if second.Args["state"] != string(exchange.Confirmed) {
		t.Errorf("the second is told %v", second.Args)
	}
}

func TestOnlyCrossedTransactionsAreWorthAnotherTry(t *testing.T) {
	for code, worth := range map[string]bool{"40001": true, "40P01": true, "23505": false, "55P03": false, "57014": false, "LD402": false} {
		if retryable(fmt.Errorf("inside: %w", &pgconn.PgError{Code: code})) != worth {
			t.Errorf("%s is tried again: %v", code, !worth)
		}
	}
	if retryable(errors.New("40001")) || retryable(nil) {
		t.Error("what the database did not say is tried again")
	}
}
