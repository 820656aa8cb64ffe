// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
)

// long is another document for each number, as long as one that is kept may be.
func long(n int) string {
	text := "{ __typename } #" + strconv.Itoa(n)
	return text + strings.Repeat(" ", ordinaryBytes-len(text))
}

// However many people's apps send however much, what is kept of it is bounded; who
// asks still has theirs.
func TestWhatPeopleHaveKeptIsBounded(t *testing.T) {
	kept := newKeptTexts()
	anna := domain.NewID()
	for range 2 * keptBytes / ordinaryBytes / keptDocuments {
		kept.keep(anna, "hers", "{ __typename }")
		for i, somebody := 0, domain.NewID(); i < keptDocuments+5; i++ {
			kept.keep(somebody, strconv.Itoa(i), long(i))
		}
		if _, found := kept.find(anna, "hers"); !found {
			t.Fatal("Anna, who was here all the time, has lost hers")
		}
	}
	held := 0
	for _, own := range kept.persons.Values() {
		for _, text := range own.Values() {
			held += len(text)
		}
	}
	if held > keptBytes || held != kept.bytes || held < keptBytes/2 {
		t.Errorf("%d bytes are kept, %d are counted", held, kept.bytes)
	}
}

func TestWhatIsKnownOfDocumentsIsBounded(t *testing.T) {
	known := newKnownDocuments()
	for i := range 2 * mostKnown {
		known.Add(t.Context(), "{ a"+strconv.Itoa(i)+" }", &ast.QueryDocument{})
	}
	if known.read.Len() != mostKnown {
		t.Errorf("%d short ones are known", known.read.Len())
	}
	for i := range 2 * mostKnown {
		known.Add(t.Context(), long(i), &ast.QueryDocument{})
		known.Add(t.Context(), long(i), &ast.QueryDocument{})
	}
	known.Add(t.Context(), long(0)+" ", &ast.QueryDocument{})
	held := 0
	for _, text := range known.read.Keys() {
		held += len(text)
	}
	if held != knownBytes || held != known.bytes {
		t.Errorf("%d bytes are known, %d are counted", held, known.bytes)
	}
}
