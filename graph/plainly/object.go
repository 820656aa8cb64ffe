// SPDX-License-Identifier: AGPL-3.0-or-later

package plainly

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// Object is what a graphql.FieldSet came to, once nothing in it is waited for: a value for
// each field that was asked for. No two fields have the same name, and names are of
// letters that stand for themselves.
type Object struct {
	Fields []graphql.CollectedField
	Values []graphql.Marshaler
}

// MarshalGQL implements graphql.Marshaler.
func (o Object) MarshalGQL(w io.Writer) {
	before := `{"`
	for i := range o.Fields {
		_, _ = io.WriteString(w, before) // into memory
		_, _ = io.WriteString(w, o.Fields[i].Alias)
		_, _ = io.WriteString(w, `":`)
		o.Values[i].MarshalGQL(w)
		before = `,"`
	}
	if len(o.Fields) == 0 {
		_, _ = io.WriteString(w, "{")
	}
	_, _ = io.WriteString(w, "}")
}
