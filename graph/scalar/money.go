// SPDX-License-Identifier: AGPL-3.0-or-later

package scalar

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// MarshalMinorUnits writes an amount of a currency's smallest unit.
func MarshalMinorUnits(minor int64) graphql.Marshaler { return graphql.MarshalInt64(minor) }

// UnmarshalMinorUnits refuses: amounts follow from shares, nobody sends one.
func UnmarshalMinorUnits(any) (int64, error) { return 0, domain.BadInput }
