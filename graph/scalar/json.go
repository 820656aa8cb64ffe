// SPDX-License-Identifier: AGPL-3.0-or-later

package scalar

import (
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// JSON is an export, or what a browser handed over, as it stands.
type JSON json.RawMessage

// MarshalGQL writes the value as it is.
func (j JSON) MarshalGQL(w io.Writer) { _, _ = w.Write(j) }

// UnmarshalGQL keeps the value for whoever can read it.
func (j *JSON) UnmarshalGQL(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return domain.BadInput
	}
	*j = text
	return nil
}

var _ interface {
	graphql.Marshaler
	graphql.Unmarshaler
} = (*JSON)(nil)
