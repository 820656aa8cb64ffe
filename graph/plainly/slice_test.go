// SPDX-License-Identifier: AGPL-3.0-or-later

package plainly

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query { listings: [Listing!]! nodes: [Node!]! }
	interface Node { id: ID! name: String! }
	type Listing implements Node { id: ID! name: String! member: Member! }
	type Member implements Node { id: ID! name: String! account: Account! }
	type Account { balance: Int! }`})

// asked is the list that a document asks for.
func asked(t *testing.T, document string) graphql.CollectedField {
	t.Helper()
	read, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	field := read.Operations[0].SelectionSet[0].(*ast.Field)
	return graphql.CollectedField{Field: field, Selections: field.SelectionSet}
}

func TestAListIsWrittenPlainlyWhereNothingInItWaits(t *testing.T) {
	for document, plain := range map[string]bool{
		`{ listings { id name __typename } }`:                                            true,
		`{ listings { id member { id name } } }`:                                         true, // being read for all of them
		`{ listings { id member { account { balance } } } }`:                             false,
		`{ listings { ... on Listing { member { account { balance } } } } }`:             false,
		`{ listings { ...x } } fragment x on Listing { id member { name } }`:             true,
		`{ listings { ...x } } fragment x on Listing { member { account { balance } } }`: false,
		`{ nodes { id } }`:                      true,
		`{ nodes { name } }`:                    false, // its types may do what they like
		`{ nodes { ... on Listing { name } } }`: true,
	} {
		ctx := With(t.Context(), map[string]bool{"Listing.id": true, "Listing.member": true, "Member.account": true})
		Foresee(ctx, "Listing.member")
		r := ctx.Value(readingKey{}).(*Reading)
		if got := !r.waits(asked(t, document).Selections); got != plain {
			t.Errorf("%s: plainly %v, not %v", document, got, plain)
		}
	}
}

// goroutine is the number of the goroutine that asks.
func goroutine() string {
	stack := make([]byte, 64)
	return strings.Fields(string(stack[:runtime.Stack(stack, false)]))[1]
}

// Whichever way it is written, a list is the same, and what goes wrong in one item is
// told with its place.
func TestBothWaysOfWritingAListSayTheSame(t *testing.T) {
	field := asked(t, `{ listings { name } }`)
	var told [2]string
	for i, resolved := range []map[string]bool{{}, {"Listing.name": true}} {
		ctx := graphql.WithResponseContext(With(t.Context(), resolved), graphql.DefaultErrorPresenter, func(_ context.Context, err any) error {
			return errors.New(err.(string))
		})
		ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: field})
		own, here := 0, goroutine()
		ret := MarshalSlice(ctx, 5, 1, false, func(ctx context.Context, at int) graphql.Marshaler {
			if goroutine() == here {
				own++
			}
			if at == 3 {
				panic("no name")
			}
			return graphql.MarshalString(graphql.GetFieldContext(ctx).Path().String() + strconv.Itoa(at))
		})
		if want := map[bool]int{true: 5, false: 0}[len(resolved) == 0]; own != want {
			t.Errorf("%v: %d items in the list's own goroutine, not %d", resolved, own, want)
		}
		var said strings.Builder
		ret.MarshalGQL(&said)
		told[i] = said.String() + graphql.GetErrors(ctx).Error()
	}
	if told[0] != told[1] || !strings.Contains(told[0], "listings[3]") {
		t.Errorf("plainly: %s\nbeside each other: %s", told[0], told[1])
	}
}

func TestAnObjectIsWrittenAsItsFieldsCameTo(t *testing.T) {
	for _, document := range []string{`{ listings { id name } }`, `{ listings { a: id B_2: name } }`, `{ listings { id } }`} {
		var fields []graphql.CollectedField
		for _, s := range asked(t, document).Selections {
			fields = append(fields, graphql.CollectedField{Field: s.(*ast.Field)})
		}
		set := graphql.NewFieldSet(fields)
		for i := range fields {
			set.Values[i] = graphql.MarshalString("« " + strconv.Itoa(i) + " \"\n")
		}
		var usual, plain strings.Builder
		set.MarshalGQL(&usual)
		Object{Fields: fields, Values: set.Values}.MarshalGQL(&plain)
		if usual.String() != plain.String() {
			t.Errorf("%s: %s, not %s", document, plain.String(), usual.String())
		}
	}
}
