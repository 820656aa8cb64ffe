// SPDX-License-Identifier: AGPL-3.0-or-later

// Package scalar reads and writes the API's own scalars. A value that cannot be
// read is a domain error, so that the caller is told in their language.
package scalar

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// MarshalMinutes writes whole minutes.
func MarshalMinutes(m domain.Minutes) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatInt(int64(m), 10)) })
}

// UnmarshalMinutes reads whole minutes; fractions, texts and what no 64 bits
// hold are refused.
func UnmarshalMinutes(v any) (domain.Minutes, error) {
	switch v := v.(type) {
	case int:
		return domain.Minutes(v), nil
	case int64:
		return domain.Minutes(v), nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return domain.Minutes(n), nil
		}
	}
	return 0, domain.NewError(domain.MinutesOutOfRange, "", "min", domain.Minutes(1), "max", domain.MaxMinutes)
}

// MarshalDateTime writes a moment in UTC; the zero time means there is none.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.MarshalString(t.UTC().Format(time.RFC3339Nano))
}

// UnmarshalDateTime reads RFC 3339 within the years that calendars know.
func UnmarshalDateTime(v any) (time.Time, error) {
	if text, ok := v.(string); ok {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err == nil && t.Year() >= 1900 && t.Year() <= 9999 {
			return t.UTC().Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, domain.NewError(domain.BadInput, "")
}

// MarshalDate writes a calendar day.
func MarshalDate(t time.Time) graphql.Marshaler {
	return graphql.MarshalString(t.Format(time.DateOnly))
}

// UnmarshalDate reads a calendar day.
func UnmarshalDate(v any) (time.Time, error) {
	if text, ok := v.(string); ok {
		t, err := time.Parse(time.DateOnly, text)
		if err == nil && t.Year() >= 1900 {
			return t, nil
		}
	}
	return time.Time{}, domain.NewError(domain.BadInput, "")
}
