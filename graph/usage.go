// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/graph/generated"
)

// What strangers call themselves is written down, so it is short, plain, and
// there are few of them a day.
const (
	maxClientName   = 40
	maxReleases     = 100 // a day
	otherClient     = "other"
	unnamedClient   = "unnamed"
	maxUsageCounted = 50_000
)

// Usage counts which parts of the contract each release of each app uses, until
// somebody takes the counts to keep them.
type Usage struct {
	clock    domain.Clock
	mu       sync.Mutex
	day      string
	releases map[[2]string]bool
	counts   map[domain.FieldUse]int64
}

// NewUsage starts with no counts.
func NewUsage(clock domain.Clock) *Usage {
	return &Usage{clock: clock, releases: map[[2]string]bool{}, counts: map[domain.FieldUse]int64{}}
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
} = &Usage{}

// ExtensionName implements graphql.HandlerExtension.
func (*Usage) ExtensionName() string { return "HoraUsage" }

// Validate implements graphql.HandlerExtension.
func (*Usage) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation counts what an operation names: fields, arguments, and the
// input fields that were given.
func (u *Usage) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	operation := graphql.GetOperationContext(ctx)
	named := nameSet{}
	named.selection(operation.Operation.SelectionSet, map[string]bool{})
	for _, v := range operation.Operation.VariableDefinitions {
		named.variable(v, operation.Variables[v.Variable])
	}
	u.count(of(ctx).Client, of(ctx).Release, named)
	return next(ctx)
}

func (u *Usage) count(client, release string, named nameSet) {
	client, release = plainName(client), plainName(release)
	day := u.clock.Now().UTC().Format("2006-01-02")
	u.mu.Lock()
	defer u.mu.Unlock()
	if day != u.day {
		u.day, u.releases = day, map[[2]string]bool{}
	}
	who := [2]string{client, release}
	if !u.releases[who] && len(u.releases) >= maxReleases {
		who = [2]string{otherClient, otherClient}
	}
	u.releases[who] = true
	for name := range named {
		use := domain.FieldUse{Field: name, Client: who[0], Release: who[1], Day: day}
		if _, known := u.counts[use]; known || len(u.counts) < maxUsageCounted {
			u.counts[use]++
		}
	}
}

// Take gives what was counted since the last time.
func (u *Usage) Take() map[domain.FieldUse]int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.counts
	u.counts = map[domain.FieldUse]int64{}
	return taken
}

// GiveBack counts again what could not be kept.
func (u *Usage) GiveBack(counts map[domain.FieldUse]int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for use, n := range counts {
		u.counts[use] += n
	}
}

// plainName is a client's name if it is one.
func plainName(text string) string {
	odd := func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-+/()", r)
	}
	switch {
	case text == "":
		return unnamedClient
	case len(text) > maxClientName || strings.ContainsFunc(text, odd):
		return otherClient
	}
	return text
}

// nameSet are parts of the contract: "Member.number", "Query.nodes(ids:)", "PlaceInput.latitude".
type nameSet map[string]bool

func (n nameSet) selection(set ast.SelectionSet, seen map[string]bool) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			n.field(s)
			n.selection(s.SelectionSet, seen)
		case *ast.InlineFragment:
			n.selection(s.SelectionSet, seen)
		case *ast.FragmentSpread:
			if !seen[s.Name] {
				seen[s.Name] = true
				n.selection(s.Definition.SelectionSet, seen)
			}
		}
	}
}

func (n nameSet) field(f *ast.Field) {
	if strings.HasPrefix(f.Name, "__") || strings.HasPrefix(f.ObjectDefinition.Name, "__") {
		return
	}
	name := f.ObjectDefinition.Name + "." + f.Name
	n[name] = true
	for _, a := range f.Arguments {
		n[name+"("+a.Name+":)"] = true
		n.literal(a.Value)
	}
}

// literal counts input fields written into the document.
func (n nameSet) literal(v *ast.Value) {
	for _, child := range v.Children {
		if v.Kind == ast.ObjectValue && v.Definition != nil {
			n[v.Definition.Name+"."+child.Name] = true
		}
		n.literal(child.Value)
	}
}

// variable counts the input fields of a variable's value, one level down, which
// is as deep as inputs are here but for places and periods.
func (n nameSet) variable(v *ast.VariableDefinition, value any) {
	if fields, ok := value.(map[string]any); ok && v.Definition != nil && v.Definition.Kind == ast.InputObject {
		for name := range fields {
			n[v.Definition.Name+"."+name] = true
		}
	}
}

// Deprecated are the parts of the contract that will be removed, named as usage is.
func Deprecated() map[string]bool {
	removed := map[string]bool{}
	for _, def := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			removed[name] = f.Directives.ForName("deprecated") != nil
			for _, a := range f.Arguments {
				removed[name+"("+a.Name+":)"] = removed[name] || a.Directives.ForName("deprecated") != nil
			}
		}
	}
	return removed
}
