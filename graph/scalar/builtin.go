// SPDX-License-Identifier: AGPL-3.0-or-later

package scalar

import (
	"encoding/json"
	"math"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// The language's own scalars, as strict as its specification: gqlgen would take
// "5" for an Int and 5 for a String, and so hide an app's mistake until somebody's
// number is called 007. Source: https://spec.graphql.org/October2021/#sec-Scalars

var errScalar = domain.NewError(domain.BadInput, "")

// MarshalInt writes an integer.
func MarshalInt(i int) graphql.Marshaler { return graphql.MarshalInt(i) }

// UnmarshalInt reads an integer of 32 bits.
func UnmarshalInt(v any) (int, error) {
	n, err := UnmarshalInt64(v)
	return int(n), err
}

// MarshalInt64 writes an integer.
func MarshalInt64(i int64) graphql.Marshaler { return graphql.MarshalInt64(i) }

// UnmarshalInt64 reads an integer of 32 bits.
func UnmarshalInt64(v any) (int64, error) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case json.Number:
		var err error
		if n, err = v.Int64(); err != nil {
			return 0, errScalar
		}
	default:
		return 0, errScalar
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, errScalar
	}
	return n, nil
}

// MarshalFloat writes a number.
func MarshalFloat(f float64) graphql.Marshaler { return graphql.MarshalFloat(f) }

// UnmarshalFloat reads a number that is one: neither a text nor infinite.
func UnmarshalFloat(v any) (float64, error) {
	f, err := 0.0, error(nil)
	switch v := v.(type) {
	case float64:
		f = v
	case int64:
		f = float64(v)
	case json.Number:
		f, err = v.Float64()
	default:
		err = errScalar
	}
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, errScalar
	}
	return f, nil
}

// MarshalString writes a text.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a text.
func UnmarshalString(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", errScalar
}
