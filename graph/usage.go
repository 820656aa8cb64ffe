// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
)

// What strangers call themselves is written down, so it is short, plain, and
// there are few of them a day.
const (
	maxClientName   = 40
	maxReleases     = 100 // a day
	maxByStrangers  = 50  // of them, named first by somebody who is not signed in
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
	invented int // releases that a stranger named first
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
// input fields and enum values that were given.
func (u *Usage) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	used := names(contract(), graphql.GetOperationContext(ctx))
	maps.DeleteFunc(used, func(name string, _ bool) bool { return strings.HasPrefix(name, "__") || strings.Contains(name, ".__") })
	u.count(asking(ctx), used)
	return next(ctx)
}

func (u *Usage) count(by Request, named map[string]bool) {
	client, release, stranger := plainName(by.Client), plainName(by.Release), by.Actor.Person == domain.Nowhere
	day := u.clock.Now().UTC().Format("2006-01-02")
	u.mu.Lock()
	defer u.mu.Unlock()
	if day != u.day {
		u.day, u.releases, u.invented = day, map[[2]string]bool{}, 0
	}
	who := [2]string{client, release}
	switch {
	case u.releases[who]:
	case len(u.releases) >= maxReleases, stranger && u.invented >= maxByStrangers:
		who = [2]string{otherClient, otherClient}
	case stranger:
		u.invented++
		fallthrough
	default:
		u.releases[who] = true
	}
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

// Deprecated are the parts of the contract that will be removed, named as usage is.
func Deprecated() map[string]bool {
	removed := map[string]bool{}
	schema := contract()
	known := newFarewells(schema).known
	for coordinate := range known {
		removed[coordinate] = true
	}
	for _, def := range schema.Types { // with a field its arguments go
		for _, f := range def.Fields {
			for _, a := range f.Arguments {
				if name := def.Name + "." + f.Name; removed[name] {
					removed[name+"("+a.Name+":)"] = true
				}
			}
		}
	}
	return removed
}
