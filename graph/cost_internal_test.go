// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"testing"

	"github.com/hora-coop/hora/graph/generated"
)

// Wherever the contract offers a page, a longer one costs as much more.
func TestEveryPageCostsByItsLength(t *testing.T) {
	priced, pages := generated.NewExecutableSchema((&Resolver{}).config()), 0
	for _, def := range contract().Types {
		for _, field := range def.Fields {
			if field.Arguments.ForName("first") == nil {
				continue
			}
			pages++
			cost := func(first int) int {
				points, _ := priced.Complexity(t.Context(), def.Name, field.Name, 1, map[string]any{"first": first})
				return points
			}
			if one, all := cost(1), cost(100); all != one+99 {
				t.Errorf("%s.%s costs %d for one item and %d for a hundred", def.Name, field.Name, one, all)
			}
		}
	}
	if pages < 30 {
		t.Errorf("only %d pages were found", pages)
	}
}

// Whatever proves or keeps a password or a PIN costs what that does.
func TestEachProofOfASecretHasItsPrice(t *testing.T) {
	priced := generated.NewExecutableSchema((&Resolver{}).config())
	for _, mutation := range []string{"signIn", "register", "signInWithNumber", "giveCard"} {
		if points, _ := priced.Complexity(t.Context(), "Mutation", mutation, 1, nil); points < passwordCost {
			t.Errorf("%s costs %d", mutation, points)
		}
	}
}
