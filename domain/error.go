// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Code names one thing that can go wrong, for programs to act on. Every code has
// a French and an English text in internal/i18n and an entry in the SDL enum
// ErrorCode; a test compares the three.
type Code string

// The categories: codes that stand alone at the top level of an answer. Any
// other code is a matter for the person who typed, and travels in userErrors.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // no session, or it ended
	Forbidden       Code = "FORBIDDEN"       // signed in, but not theirs to do
	NotFound        Code = "NOT_FOUND"       // absent, of another type, or of a community one cannot see
	BadInput        Code = "BAD_USER_INPUT"  // the document or a scalar cannot be read
	RateLimited     Code = "RATE_LIMITED"    // too often; retryAfter says when
	Internal        Code = "INTERNAL"        // our fault; the trace id finds it
)

// Codes that any area may answer.
const (
	Required             Code = "REQUIRED"               // the field is empty
	TextTooLong          Code = "TEXT_TOO_LONG"          // args: max characters
	TextTooShort         Code = "TEXT_TOO_SHORT"         // args: min characters
	TextUnreadable       Code = "TEXT_UNREADABLE"        // NUL, broken encoding, direction overrides
	ValueUnknown         Code = "VALUE_UNKNOWN"          // not one of the known values
	OutOfRange           Code = "OUT_OF_RANGE"           // args: min, max
	MinutesOutOfRange    Code = "MINUTES_OUT_OF_RANGE"   // args: min, max
	StaleVersion         Code = "STALE_VERSION"          // args: current
	PageSize             Code = "PAGE_SIZE"              // args: max
	CursorInvalid        Code = "CURSOR_INVALID"         // not a cursor of this list
	IdempotencyKeyReused Code = "IDEMPOTENCY_KEY_REUSED" // same key, other input
	BothSides            Code = "BOTH_SIDES"             // whoever acts for one side is the other side themselves

	ConsentMissing Code = "GUARDIAN_CONSENT_MISSING" // a minor takes no part until their guardian consents
)

// Error is the one error type of the domain: a code for programs, the input
// field it speaks of, and the figures its translated text needs.
type Error struct {
	Code  Code
	Field string         // dotted path from the input's root, empty when it is about the whole
	Args  map[string]any // figures and names for the text; Minutes are shown as hours and minutes
	cause error
}

// NewError makes an error about a field; args come in pairs of name and value.
func NewError(code Code, field string, args ...any) *Error {
	e := &Error{Code: code, Field: field}
	if len(args) > 0 {
		e.Args = make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			e.Args[args[i].(string)] = args[i+1]
		}
	}
	return e
}

// Because keeps the cause for the log; people never see it.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// Error is for logs; people read the translation of the code.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Field != "" {
		b.WriteString(" " + e.Field)
	}
	if len(e.Args) > 0 {
		fmt.Fprintf(&b, " %v", e.Args)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, domain.NotFound) work anywhere.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Error lets a bare code be compared with errors.Is, and returned as it is.
func (c Code) Error() string { return string(c) }

// Problems takes an error apart into the domain errors it joins; ok is false
// when anything in it is not one, which then is our own fault.
func Problems(err error) (problems []*Error, ok bool) {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		for _, part := range joined.Unwrap() {
			inner, good := Problems(part)
			if !good {
				return nil, false
			}
			problems = append(problems, inner...)
		}
		return problems, len(problems) > 0
	}
	if e, is := errors.AsType[*Error](err); is {
		return []*Error{e}, true
	}
	if code, is := errors.AsType[Code](err); is {
		return []*Error{{Code: code}}, true
	}
	return nil, false
}

// Moved is an error with its fields named as another input has them. What is our own
// fault stays as it is.
func Moved(err error, name func(field string) string) error {
	problems, ok := Problems(err)
	if !ok {
		return err
	}
	moved := make([]error, len(problems))
	for i, p := range problems {
		e := *p
		e.Field = name(p.Field)
		moved[i] = &e
	}
	return errors.Join(moved...)
}
