// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store keeps persons, sessions and keys. Every method is called inside
// InPlatform; what is absent is answered as NotFound.
type Store interface {
	CardStore // how somebody without an address signs in
	LinkStore
	PasskeyStore

	// AddPerson fails as EmailUnavailable when somebody has the address.
	AddPerson(ctx context.Context, person Person, passwordHash string) error
	// Persons finds those that exist, in no order.
	Persons(ctx context.Context, ids []domain.ID) ([]Person, error)
	// Credentials finds a person by the address they sign in with.
	Credentials(ctx context.Context, email string) (Credentials, error)
	// LockCredentials holds the person still until the transaction ends.
	LockCredentials(ctx context.Context, person domain.ID) (Credentials, error)
	SetPasswordHash(ctx context.Context, person domain.ID, hash string) error

	AddSession(ctx context.Context, session Session) error
	Session(ctx context.Context, id domain.ID) (Session, error)
	// LockSession and LockSessionOf hold a session still until the transaction
	// ends, so that parallel refreshes pass one after another and agree.
	LockSession(ctx context.Context, id domain.ID) (Session, error)
	LockSessionOf(ctx context.Context, token TokenHash) (Session, error)
	// SaveSession keeps its use, its expiry and its end.
	SaveSession(ctx context.Context, session Session) error
	// LiveSessions are a person's, latest use first.
	LiveSessions(ctx context.Context, person domain.ID, now time.Time, limit int) ([]Session, error)
	// Living are those of some sessions that have not ended, in no order.
	Living(ctx context.Context, ids []domain.ID, now time.Time) ([]domain.ID, error)
	// EndSessions ends all of a person's and says which.
	EndSessions(ctx context.Context, person domain.ID, now time.Time, why Ending) ([]domain.ID, error)

	AddRefreshToken(ctx context.Context, token RefreshToken) error
	UseRefreshToken(ctx context.Context, hash TokenHash, now time.Time) error
	// RefreshTokens finds those that exist, in no order. It must see what was
	// committed while LockSessionOf waited.
	RefreshTokens(ctx context.Context, hashes []TokenHash) ([]RefreshToken, error)

	// LockKeys lets one node at a time add or retire keys.
	LockKeys(ctx context.Context) error
	// Keys are all of a purpose, newest first.
	Keys(ctx context.Context, purpose Purpose) ([]Key, error)
	AddKey(ctx context.Context, key Key) error
	// RetireKeys sets when those of a purpose that have no such time lose trust.
	RetireKeys(ctx context.Context, purpose Purpose, at time.Time) error

	// Bucket reads a bucket without creating it; an unknown one is the zero time.
	Bucket(ctx context.Context, key string) (time.Time, error)
	// LockBuckets reads buckets and holds them still, so that parallel attempts
	// are counted one by one; an unknown one is created empty, as now.
	LockBuckets(ctx context.Context, keys []string, now time.Time) (map[string]time.Time, error)
	FillBuckets(ctx context.Context, full map[string]time.Time) error

	// Prune forgets empty buckets, tokens used before a time, sessions that ended or
	// expired before another, and links and ceremonies begun before a third.
	Prune(ctx context.Context, now, tokensBefore, sessionsBefore, doorsBefore time.Time) error
}

// Passwords turns passwords into something that can be kept.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify compares a password with a kept hash; stale asks for a new hash,
	// because the cost rose since. With an empty hash it does the same work and
	// answers no: how long it takes must not say whether an account exists.
	Verify(ctx context.Context, hash, password string) (right, stale bool, err error)
}

// Issuer signs access tokens and reads them back.
type Issuer interface {
	Sign(ctx context.Context, claims Claims) (string, error)
	// Verify answers Unauthenticated for any token that is not ours, or not now.
	Verify(ctx context.Context, token string) (Claims, error)
}

// Memory spares the database a question per request: it remembers, for a few
// seconds, whether a session lives.
type Memory interface {
	// Recall answers known false when it must be looked up.
	Recall(session domain.ID) (alive, known bool)
	// Keep remembers what was true at a moment. A session that ended stays ended,
	// whatever a slower reader still saw.
	Keep(session domain.ID, alive bool, asOf time.Time)
}
