// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Refresh exchanges a refresh token for the next pair. A device whose answer was
// lost gets the same successor for a minute; a token that two parties used ends
// the session for both (RFC 9700, section 4.14).
//
// Errors: SessionEnded, RateLimited.
func (s *Service) Refresh(ctx context.Context, refreshToken, network string) (Person, Tokens, error) {
	token, ok := readSecret(refreshToken)
	if !ok {
		return Person{}, Tokens{}, domain.NewError(SessionEnded, "")
	}
	if err := s.admit(ctx, perNetwork("REFRESH_NETWORK", network, refreshPerNetwork)); err != nil {
		return Person{}, Tokens{}, err
	}
	line, err := s.lineage(ctx, token)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	var person Person
	var session Session
	var next secret
	var decided verdict
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		session, next, decided, err = s.rotate(ctx, line, now)
		if err != nil || decided == refused || decided == stolen {
			return err // nil: the end of a stolen session must be committed
		}
		person, err = s.Person(ctx, session.Person)
		return err
	})
	switch {
	case errors.Is(err, domain.NotFound):
		return Person{}, Tokens{}, domain.NewError(SessionEnded, "")
	case err != nil:
		return Person{}, Tokens{}, err
	case decided == stolen:
		s.memory.Keep(session.ID, false, session.EndedAt)
	}
	if decided == refused || decided == stolen {
		return Person{}, Tokens{}, domain.NewError(SessionEnded, "")
	}
	tokens, err := s.tokens(ctx, person, session, next)
	return person, tokens, err
}

// lineage is a token with the successors it can have.
type lineage struct {
	token      secret
	next       secret   // with the key of today
	successors []secret // with any key still trusted
}

// lineage derives them before the transaction, for it may read keys.
func (s *Service) lineage(ctx context.Context, token secret) (lineage, error) {
	key, err := s.keys.Signer(ctx, ForRefresh)
	if err != nil {
		return lineage{}, err
	}
	keys, err := s.keys.Trusted(ctx, ForRefresh)
	if err != nil {
		return lineage{}, err
	}
	line := lineage{token: token, next: token.successor(key)}
	for _, key := range keys {
		line.successors = append(line.successors, token.successor(key))
	}
	return line, nil
}

// rotate holds the session still, decides about the token, and does what follows.
func (s *Service) rotate(ctx context.Context, line lineage, now time.Time) (Session, secret, verdict, error) {
	session, err := s.store.LockSessionOf(ctx, line.token.hash())
	if err != nil {
		return Session{}, secret{}, refused, err
	}
	presented, successor, given, err := s.trace(ctx, line)
	if err != nil {
		return Session{}, secret{}, refused, err
	}
	decided := judge(session, presented, successor, now)
	switch decided {
	case refused:
		return session, secret{}, refused, nil
	case rotated:
		given, session = line.next, session.used(now)
		if err := s.store.UseRefreshToken(ctx, presented.Hash, now); err != nil {
			return Session{}, secret{}, refused, err
		}
		next := RefreshToken{Hash: given.hash(), Session: session.ID, IssuedAt: now}
		if err := s.store.AddRefreshToken(ctx, next); err != nil {
			return Session{}, secret{}, refused, err
		}
	case again:
		session = session.used(now)
	case stolen:
		session = session.ended(now, TokenReused)
	}
	return session, given, decided, s.store.SaveSession(ctx, session)
}

// trace reads what is known of a token and, if it was used, of its successor.
func (s *Service) trace(ctx context.Context, line lineage) (presented RefreshToken, successor *RefreshToken, given secret, err error) {
	byHash := make(map[TokenHash]secret, len(line.successors))
	hashes := []TokenHash{line.token.hash()}
	for _, next := range line.successors {
		byHash[next.hash()] = next
		hashes = append(hashes, next.hash())
	}
	found, err := s.store.RefreshTokens(ctx, hashes)
	if err != nil {
		return RefreshToken{}, nil, secret{}, err
	}
	for _, token := range found {
		if next, is := byHash[token.Hash]; is {
			successor, given = &token, next
		} else {
			presented = token
		}
	}
	return presented, successor, given, nil
}

// SignOut ends the session of the device that asks; twice is as good as once.
func (s *Service) SignOut(ctx context.Context, actor domain.Actor) error {
	return s.end(ctx, actor, actor.Session, SignedOut)
}

// RevokeSession ends one of the actor's sessions, from whichever device. On this
// node it is refused at once, on others within five seconds.
//
// Errors: Unauthenticated, NotFound.
func (s *Service) RevokeSession(ctx context.Context, actor domain.Actor, session domain.ID) error {
	return s.end(ctx, actor, session, Revoked)
}

func (s *Service) end(ctx context.Context, actor domain.Actor, id domain.ID, why Ending) error {
	if actor.Person == domain.Nowhere {
		return domain.Unauthenticated
	}
	var at time.Time
	err := s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		at = now
		session, err := s.store.LockSession(ctx, id)
		if err != nil {
			return err
		}
		if session.Person != actor.Person {
			return domain.NewError(domain.NotFound, "")
		}
		return s.store.SaveSession(ctx, session.ended(now, why))
	})
	if err != nil {
		return err
	}
	s.memory.Keep(id, false, at)
	return nil
}

// Sessions lists the actor's devices that are signed in, latest use first, at
// most as many as the largest page.
func (s *Service) Sessions(ctx context.Context, actor domain.Actor) ([]Session, error) {
	if actor.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	var sessions []Session
	err := s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		sessions, err = s.store.LiveSessions(ctx, actor.Person, now, domain.LargestPage)
		return err
	})
	return sessions, err
}

// Authenticate tells who holds an access token: it must be ours, in its time, and
// its session must live. Everything else is Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, accessToken string) (domain.Actor, error) {
	claims, err := s.issuer.Verify(ctx, accessToken)
	if err != nil {
		return domain.Actor{}, err
	}
	alive, known := s.memory.Recall(claims.Session)
	if !known {
		if alive, err = s.lookUp(ctx, claims.Session); err != nil {
			return domain.Actor{}, err
		}
	}
	if !alive {
		return domain.Actor{}, domain.Unauthenticated
	}
	return domain.Actor{Person: claims.Person, Session: claims.Session, Platform: claims.Platform}, nil
}

// Living says which of some sessions have not ended, for connections that outlive
// the token they were opened with. It asks the database, not the memory.
func (s *Service) Living(ctx context.Context, ids []domain.ID) ([]domain.ID, error) {
	var living []domain.ID
	err := s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		living, err = s.store.Living(ctx, ids, now)
		return err
	})
	return living, err
}

func (s *Service) lookUp(ctx context.Context, id domain.ID) (alive bool, err error) {
	var asOf time.Time
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		asOf, alive = now, false
		session, err := s.store.Session(ctx, id)
		if errors.Is(err, domain.NotFound) {
			return nil
		}
		alive = err == nil && session.Alive(now)
		return err
	})
	if err != nil {
		return false, err
	}
	s.memory.Keep(id, alive, asOf)
	return alive, nil
}
