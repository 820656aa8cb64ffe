// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"net/http"
	"sync"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/internal/i18n"
)

// Request is what the server knows of one request before GraphQL reads it.
type Request struct {
	Actor          domain.Actor // verified; the zero Actor when nobody is signed in
	AcceptLanguage string
	Network        string // the caller's address, for throttling only
	Client         string // what the app calls itself, and its release
	Release        string
	Answer         http.Header // of the answer, while it may still be written; nil on a connection that stays
}

type requestKey struct{}

// session is one request's state: who asks, in which language, and what was
// already read for them.
type session struct {
	Request
	mentions mentions
	loaders  *loaders // made when something is read: most streams only wait
	ready    sync.Once
	renew    func(domain.Actor) *loaders
}

// become goes on as somebody who just signed in. Mutations run one by one, so
// nobody reads meanwhile.
func (s *session) become(actor domain.Actor) {
	s.Actor = actor
	s.ready = sync.Once{}
}

// WithRequest starts a request's context. Loaders live as long as the request:
// nothing one person sees is kept for another.
func (r *Resolver) WithRequest(ctx context.Context, request Request) context.Context {
	return context.WithValue(ctx, requestKey{}, &session{Request: request, renew: r.newLoaders})
}

// of is the request's state, ready to read with.
func of(ctx context.Context) *session {
	s := ctx.Value(requestKey{}).(*session)
	s.ready.Do(func() { s.loaders = s.renew(s.Actor) })
	return s
}

// asking is what is known of the request.
func asking(ctx context.Context) Request { return ctx.Value(requestKey{}).(*session).Request }

func actor(ctx context.Context) domain.Actor { return asking(ctx).Actor }

// language is the caller's: what the request asks for, if we speak it, else what
// the person reads.
func language(ctx context.Context) i18n.Language {
	s, ok := ctx.Value(requestKey{}).(*session)
	if !ok {
		return i18n.Match("")
	}
	lang, asked := i18n.Wish(s.AcceptLanguage)
	if !asked && s.Actor.Person != domain.Nowhere {
		if person, err := of(ctx).loaders.persons.Load(ctx, s.Actor.Person); err == nil {
			return i18n.Match(person.Locale)
		}
	}
	return lang
}
