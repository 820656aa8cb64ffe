// SPDX-License-Identifier: AGPL-3.0-or-later

package scalar

import (
	"encoding/json"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// JSON is an export as it stands; nothing of it is read back.
type JSON json.RawMessage

// MarshalGQL writes the value as it is.
func (j JSON) MarshalGQL(w io.Writer) { _, _ = w.Write(j) }

// UnmarshalGQL refuses: exports only go out.
func (*JSON) UnmarshalGQL(any) error { return domain.BadInput }

var _ interface {
	graphql.Marshaler
	graphql.Unmarshaler
} = (*JSON)(nil)
