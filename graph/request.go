// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"net/http"
	"sync"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/graph/plainly"
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
// already read for them. What was announced to the loaders of one mutation may
// still be under way when the next begins, so a lock keeps the two apart.
type session struct {
	mu sync.Mutex
	Request
	mentions mentions
	made     *loaders // made when something is read: most streams only wait
	renew    func(domain.Actor) *loaders
}

// rest forgets what was read: whoever waits for hours keeps nothing for it.
func rest(ctx context.Context) {
	s := ctx.Value(requestKey{}).(*session)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = nil
}

// reader is a session ready to read with.
type reader struct {
	*session
	loaders *loaders
}

// become goes on as somebody who just signed in, or after a mutation: what was
// read before is not true any more.
func (s *session) become(actor domain.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Actor, s.made = actor, nil
}

// WithRequest starts a request's context. Loaders live as long as the request:
// nothing one person sees is kept for another.
func (r *Resolver) WithRequest(ctx context.Context, request Request) context.Context {
	return plainly.With(context.WithValue(ctx, requestKey{}, &session{Request: request, renew: r.newLoaders}), resolved())
}

// of is the request's state, ready to read with.
func of(ctx context.Context) reader {
	s := ctx.Value(requestKey{}).(*session)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		s.made = s.renew(s.Actor)
	}
	return reader{s, s.made}
}

// asking is what is known of the request.
func asking(ctx context.Context) Request {
	s := ctx.Value(requestKey{}).(*session)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Request
}

func actor(ctx context.Context) domain.Actor { return asking(ctx).Actor }

// language is the caller's: what the request asks for, if we speak it, else what
// the person reads.
func language(ctx context.Context) i18n.Language {
	s, ok := ctx.Value(requestKey{}).(*session)
	if !ok {
		return i18n.Match("")
	}
	lang, asked := i18n.Wish(s.AcceptLanguage)
	if who := actor(ctx); !asked && who.Person != domain.Nowhere {
		if person, err := of(ctx).loaders.persons.Load(ctx, who.Person); err == nil {
			return i18n.Match(person.Locale)
		}
	}
	return lang
}
