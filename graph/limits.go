// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/hora-coop/hora/domain"
)

// What one document may hold. Validation of overlapping fields is quadratic in
// the document and fragments multiply, so all of this is measured before it.
const (
	maxBytes         = 64 << 10
	maxTokens        = 1000
	maxName          = 128 // bytes
	maxDepth         = 12
	maxAliases       = 30   // each time their fragment is spread
	maxFields        = 1000 // likewise
	maxIntrospection = 2    // of __schema and __type
	maxTold          = 5    // errors of a document that is not run
)

// documentLimits measures documents before anything is done with them.
type documentLimits struct {
	known graphql.Cache[*ast.QueryDocument]
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = documentLimits{}

// ExtensionName implements graphql.HandlerExtension.
func (documentLimits) ExtensionName() string { return "HoraDocumentLimits" }

// Validate implements graphql.HandlerExtension.
func (documentLimits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters implements graphql.OperationParameterMutator. What
// was run before is within its limits.
func (l documentLimits) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if _, known := l.known.Get(ctx, params.Query); known {
		return nil
	}
	return measure(params.Query)
}

// measure refuses a document that cannot be read or is beyond a limit.
func measure(text string) *gqlerror.Error {
	if len(text) > maxBytes {
		return tooLarge("bytes", maxBytes, len(text))
	}
	source := &ast.Source{Input: text}
	tokens := 0
	for words := lexer.New(source); ; tokens++ {
		token, err := words.ReadToken()
		if err != nil {
			return unreadable(err)
		}
		if token.Kind == lexer.EOF {
			break
		}
		if token.Kind == lexer.Name && len(token.Value) > maxName {
			return tooLarge("name", maxName, len(token.Value))
		}
		if tokens == maxTokens {
			return tooLarge("tokens", maxTokens, maxTokens+1)
		}
	}
	document, err := parser.ParseQuery(source)
	if err != nil {
		return unreadable(err)
	}
	m := measurer{document: document, fragments: map[string]extent{}}
	for _, operation := range document.Operations {
		if err := m.of(operation.SelectionSet).refusal(); err != nil {
			return err
		}
	}
	return nil
}

// extent is how much a selection asks for.
type extent struct{ depth, aliases, fields, introspection int }

func (e extent) refusal() *gqlerror.Error {
	for _, m := range []struct {
		what          string
		limit, actual int
	}{
		{"depth", maxDepth, e.depth},
		{"aliases", maxAliases, e.aliases},
		{"fields", maxFields, e.fields},
		{"introspection", maxIntrospection, e.introspection},
	} {
		if m.actual > m.limit {
			return tooLarge(m.what, m.limit, m.actual)
		}
	}
	return nil
}

// many is a number that is beyond every limit, and stays one when it is added up.
const many = 1 << 20

func (e extent) and(other extent) extent {
	return extent{
		depth: max(e.depth, other.depth), aliases: min(e.aliases+other.aliases, many),
		fields: min(e.fields+other.fields, many), introspection: min(e.introspection+other.introspection, many),
	}
}

// measurer measures each fragment once, however often it is spread.
type measurer struct {
	document  *ast.QueryDocument
	fragments map[string]extent
}

func (m measurer) of(set ast.SelectionSet) (all extent) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			all = all.and(m.field(s))
		case *ast.InlineFragment:
			all = all.and(m.of(s.SelectionSet))
		case *ast.FragmentSpread:
			all = all.and(m.fragment(s.Name))
		}
	}
	return all
}

// field measures a field with what stands under it. What introspection may ask
// for is bounded by a rule of its own, which knows lists from their wrappers.
func (m measurer) field(f *ast.Field) extent {
	under := m.of(f.SelectionSet)
	if f.Name == "__schema" || f.Name == "__type" {
		under = extent{aliases: under.aliases, introspection: under.introspection + 1}
	}
	under.depth, under.fields = under.depth+1, min(under.fields+1, many)
	if f.Alias != f.Name {
		under.aliases = min(under.aliases+1, many)
	}
	return under
}

// fragment measures a fragment; one that holds itself is refused by validation.
func (m measurer) fragment(name string) extent {
	if known, ok := m.fragments[name]; ok {
		return known
	}
	m.fragments[name] = extent{}
	if f := m.document.Fragments.ForName(name); f != nil {
		m.fragments[name] = m.of(f.SelectionSet)
	}
	return m.fragments[name]
}

func tooLarge(what string, limit, actual int) *gqlerror.Error {
	return refuse(domain.NewError(documentTooLarge, "", "what", what, "limit", limit, "actual", actual))
}

// unreadable says where a document stops making sense, and nothing of what stands there.
func unreadable(err error) *gqlerror.Error {
	refused := refuse(domain.NewError(documentUnreadable, ""))
	if at, ok := err.(*gqlerror.Error); ok && at != nil { //nolint:errorlint // the parser's own, never wrapped
		refused.Locations = at.Locations
	}
	return refused
}

// refuse carries an error of ours to the presenter.
func refuse(why *domain.Error) *gqlerror.Error {
	return &gqlerror.Error{Err: why, Message: string(why.Code)}
}

// knownDocuments keeps what was read and found right, as long as it is of an
// ordinary size: strangers choose what stands here. What is read of a text takes
// many times its bytes.
type knownDocuments struct {
	mu    sync.Mutex
	bytes int
	read  *simplelru.LRU[string, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = &knownDocuments{}

const (
	ordinaryBytes = 8 << 10
	mostKnown     = 500
	knownBytes    = 512 << 10 // of all of them together
)

func newKnownDocuments() *knownDocuments {
	k := &knownDocuments{}
	k.read, _ = simplelru.NewLRU(mostKnown, func(text string, _ *ast.QueryDocument) { k.bytes -= len(text) }) // positive
	return k
}

// Get implements graphql.Cache.
func (k *knownDocuments) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read.Get(text)
}

// Add implements graphql.Cache.
func (k *knownDocuments) Add(_ context.Context, text string, document *ast.QueryDocument) {
	if len(text) > ordinaryBytes {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.read.Contains(text) {
		k.bytes += len(text)
	}
	k.read.Add(text, document)
	for k.bytes > knownBytes {
		k.read.RemoveOldest()
	}
}
