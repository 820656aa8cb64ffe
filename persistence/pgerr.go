// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"encoding/json"
	"errors"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/recognition"
)

// constraints says what breaking each named constraint means to people.
var constraints = map[string]*domain.Error{
	"person_email_key": domain.NewError(identity.EmailUnavailable, "email"),
	// For letters that Go and PostgreSQL lower differently.
	"person_email_lower":     domain.NewError(identity.EmailInvalid, "email"),
	"community_slug_key":     domain.NewError(community.SlugTaken, "slug"),
	"charter_pkey":           domain.NewError(domain.StaleVersion, ""),
	"account_pool_key":       domain.NewError(domain.StaleVersion, ""), // two opened it at once
	"member_person_key":      domain.NewError(membership.AlreadyMember, "communityId"),
	"transfer_reverses_key":  domain.NewError(ledger.AlreadyReversed, "transferId"),
	"thanks_once":            domain.NewError(recognition.AlreadyThanked, "subjectId"),
	"endorsement_once":       domain.NewError(recognition.AlreadyEndorsed, "serviceTypeId"),
	"report_open_once":       domain.NewError(moderation.AlreadyReported, "subjectId"),
	"appeal_once":            domain.NewError(moderation.AlreadyAppealed, "measureId"),
	"complaint_closing_turn": domain.NewError(moderation.ComplaintState, "complaintId"),
	"transfer_exchange_key":  domain.NewError(exchange.WrongState, "exchangeId", "state", string(exchange.Confirmed)),

	"duty_booking_once":        domain.NewError(duty.AlreadyBooked, "shiftId"),
	"duty_entry_corrects_once": domain.NewError(duty.EntryCorrected, "entryId"),
	"duty_swap_open_once":      domain.NewError(duty.SwapOffered, "bookingId"),

	"device_key_public_key":  domain.NewError(cheque.KeyTaken, "publicKey"),
	"time_cheque_serial_key": domain.NewError(cheque.Deposited, "cheque"),
	"time_cheque_number_key": domain.NewError(cheque.NumberTaken, "cheques"),
}

// translate turns what PostgreSQL says into the domain's words. SQLSTATE first,
// then the constraint's name. What it does not know passes through and becomes
// INTERNAL at the edge.
func translate(err error) error {
	if _, said := errors.AsType[*domain.Error](err); said || err == nil {
		return err // a room already spoke; what it kept back stays back
	}
	if errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, pgx.ErrNoRows) {
		return domain.NewError(domain.NotFound, "").Because(err)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch pg.Code {
	case "LD402":
		return insufficientHours(pg).Because(err)
	case "LD404":
		return domain.NewError(ledger.AccountClosed, "").Because(err)
	case "LD409":
		return domain.NewError(ledger.AccountInUse, "").Because(err)
	case "LD422":
		return domain.NewError(domain.IdempotencyKeyReused, "idempotencyKey").Because(err)
	case "22021": // invalid byte sequence: text that slipped past a check
		return domain.NewError(domain.TextUnreadable, "").Because(err)
	case "23505", "23514", "23503":
		if known, ok := constraints[constraintOf(pg)]; ok {
			return domain.NewError(known.Code, known.Field, flatten(known.Args)...).Because(err)
		}
	}
	return err
}

func insufficientHours(pg *pgconn.PgError) *domain.Error {
	var d struct {
		Account             domain.ID      `json:"account"`
		Available, Required domain.Minutes `json:",omitempty"`
	}
	if json.Unmarshal([]byte(pg.Detail), &d) != nil {
		return domain.NewError(ledger.InsufficientHours, "")
	}
	return domain.NewError(ledger.InsufficientHours, "minutes", "account", d.Account, "available", d.Available, "required", d.Required)
}

var (
	quotedConstraint = regexp.MustCompile(`constraint "([^"]+)"`)
	shardNumber      = regexp.MustCompile(`_\d+$`)
)

// constraintOf reads the name from the message when the field is empty, and
// leaves the shard's number away: a distributed database gives no more.
func constraintOf(pg *pgconn.PgError) string {
	name := pg.ConstraintName
	if m := quotedConstraint.FindStringSubmatch(pg.Message); name == "" && m != nil {
		name = m[1]
	}
	return shardNumber.ReplaceAllString(name, "")
}

func flatten(args map[string]any) []any {
	var pairs []any
	for name, value := range args {
		pairs = append(pairs, name, value)
	}
	return pairs
}
