// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Service is what somebody can do about who they are.
type Service struct {
	tx        domain.Tx
	store     Store
	keys      *Keyring
	passwords Passwords
	issuer    Issuer
	memory    Memory
}

// New opens the identity room.
func New(tx domain.Tx, store Store, keys *Keyring, passwords Passwords, issuer Issuer, memory Memory) *Service {
	return &Service{tx: tx, store: store, keys: keys, passwords: passwords, issuer: issuer, memory: memory}
}

// Register is what somebody gives to be known here.
type Register struct {
	Email       string
	Password    string
	DisplayName string
	Locale      string
	DeviceName  string // may be empty
	Network     string // the address the request came from; empty when it is not known
}

// SignIn is what somebody gives to come in again.
type SignIn struct {
	Email      string
	Password   string
	DeviceName string // may be empty
	Network    string // the address the request came from; empty when it is not known
}

// Register makes somebody known and signs the device in.
//
// Errors: EmailInvalid, EmailUnavailable, PasswordTooWeak, RateLimited, and those of the texts.
func (s *Service) Register(ctx context.Context, cmd Register) (Person, Tokens, error) {
	var c domain.Check
	person := newPerson(&c, cmd.Email, cmd.Password, cmd.DisplayName, cmd.Locale)
	device := c.Line("deviceName", cmd.DeviceName, 0, maxDevice)
	if err := c.Err(); err != nil {
		return Person{}, Tokens{}, err
	}
	if err := s.admit(ctx, perNetwork("REGISTER_NETWORK", cmd.Network, registerPerNetwork)); err != nil {
		return Person{}, Tokens{}, err
	}
	hash, err := s.passwords.Hash(ctx, cmd.Password)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	var session Session
	var refresh secret
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		person.CreatedAt = now
		if err := s.store.AddPerson(ctx, person, hash); err != nil {
			return err
		}
		if err := s.makeFamiliar(ctx, person.Email, cmd.Network, now); err != nil {
			return err
		}
		session, refresh, err = s.open(ctx, person, device, now)
		return err
	})
	if err != nil {
		return Person{}, Tokens{}, err
	}
	tokens, err := s.tokens(ctx, person, session, refresh)
	return person, tokens, err
}

// errPasswordMoved tells that the password changed between its proof and its use.
var errPasswordMoved = errors.New("identity: the password changed meanwhile")

// SignIn opens a session for whoever knows the password.
//
// Errors: InvalidCredentials, RateLimited, TextTooLong.
func (s *Service) SignIn(ctx context.Context, cmd SignIn) (Person, Tokens, error) {
	var c domain.Check
	cmd.DeviceName = c.Line("deviceName", cmd.DeviceName, 0, maxDevice)
	if err := c.Err(); err != nil {
		return Person{}, Tokens{}, err
	}
	cmd.Email = normalEmail(cmd.Email)
	person, tokens, err := s.signIn(ctx, cmd)
	if errors.Is(err, errPasswordMoved) { // once more, against what it is now
		person, tokens, err = s.signIn(ctx, cmd)
	}
	if errors.Is(err, errPasswordMoved) {
		return Person{}, Tokens{}, domain.NewError(InvalidCredentials, "")
	}
	return person, tokens, err
}

// signIn counts the attempt for good, proves the password while no transaction is
// open (it takes long), then opens the session.
func (s *Service) signIn(ctx context.Context, cmd SignIn) (Person, Tokens, error) {
	counted, found, err := s.attempt(ctx, cmd)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	newHash, err := s.prove(ctx, found, cmd.Password)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	var session Session
	var refresh secret
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		known, err := s.store.LockCredentials(ctx, found.Person.ID)
		if err != nil {
			return err
		}
		if known.PasswordHash != found.PasswordHash {
			return errPasswordMoved
		}
		if newHash != "" {
			if err := s.store.SetPasswordHash(ctx, found.Person.ID, newHash); err != nil {
				return err
			}
		}
		if err := s.giveBack(ctx, counted, now); err != nil {
			return err
		}
		if err := s.makeFamiliar(ctx, cmd.Email, cmd.Network, now); err != nil {
			return err
		}
		session, refresh, err = s.open(ctx, found.Person, cmd.DeviceName, now)
		return err
	})
	if err != nil {
		return Person{}, Tokens{}, err
	}
	tokens, err := s.tokens(ctx, found.Person, session, refresh)
	return found.Person, tokens, err
}

// attempt counts one attempt to sign in, and finds whose it is; nobody's
// credentials are empty. It is a transaction of its own: the count stays whatever
// comes of the attempt.
func (s *Service) attempt(ctx context.Context, cmd SignIn) (counted bucket, found Credentials, err error) {
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		familiar := false
		if cmd.Network != "" {
			until, err := s.store.Bucket(ctx, familiarKey(cmd.Email, cmd.Network))
			if err != nil {
				return err
			}
			familiar = now.Before(until)
		}
		counted = accountBucket(cmd.Email, cmd.Network, familiar)
		buckets := append(perNetwork("SIGN_IN_NETWORK", cmd.Network, signInPerNetwork), counted)
		if err := s.admit(ctx, buckets); err != nil {
			return err
		}
		found = Credentials{}
		if !isEmail(cmd.Email) {
			return nil
		}
		found, err = s.store.Credentials(ctx, cmd.Email)
		if errors.Is(err, domain.NotFound) {
			return nil
		}
		return err
	})
	return counted, found, err
}

// prove answers a new hash when the kept one grew too cheap, else none. An unknown
// person costs the same work and gets the same answer as a wrong password.
func (s *Service) prove(ctx context.Context, found Credentials, password string) (newHash string, err error) {
	right, stale, err := s.passwords.Verify(ctx, found.PasswordHash, password)
	switch {
	case err != nil:
		return "", err
	case !right:
		return "", domain.NewError(InvalidCredentials, "")
	case stale:
		return s.passwords.Hash(ctx, password)
	}
	return "", nil
}

// open begins a session with its first refresh token.
func (s *Service) open(ctx context.Context, person Person, device string, now time.Time) (Session, secret, error) {
	session := newSession(person.ID, device, now)
	if err := s.store.AddSession(ctx, session); err != nil {
		return Session{}, secret{}, err
	}
	var first secret
	_, _ = rand.Read(first[:]) // never fails: without randomness the program stops
	err := s.store.AddRefreshToken(ctx, RefreshToken{Hash: first.hash(), Session: session.ID, IssuedAt: now})
	return session, first, err
}

// tokens hands out what a device keeps. It is called once the session is
// committed: signing may read keys.
func (s *Service) tokens(ctx context.Context, person Person, session Session, refresh secret) (Tokens, error) {
	claims := Claims{
		Person: person.ID, Session: session.ID, Platform: person.Platform,
		IssuedAt: session.LastUsedAt, ExpiresAt: session.LastUsedAt.Add(AccessLife),
	}
	access, err := s.issuer.Sign(ctx, claims)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{Access: access, Refresh: refresh.text(), AccessExpiresAt: claims.ExpiresAt, Session: session}, nil
}

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

// Person finds one person, or answers NotFound. Who may see their e-mail is for
// the caller to know.
func (s *Service) Person(ctx context.Context, id domain.ID) (Person, error) {
	persons, err := s.Persons(ctx, []domain.ID{id})
	if err != nil {
		return Person{}, err
	}
	person, ok := persons[id]
	if !ok {
		return Person{}, domain.NewError(domain.NotFound, "")
	}
	return person, nil
}

// Persons finds many at once, by id; those that do not exist are left out.
func (s *Service) Persons(ctx context.Context, ids []domain.ID) (map[domain.ID]Person, error) {
	byID := make(map[domain.ID]Person, len(ids))
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) error {
		found, err := s.store.Persons(ctx, ids)
		for _, person := range found {
			byID[person.ID] = person
		}
		return err
	})
	return byID, err
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

// CreateAdministrator makes a person who administers the server; only the command
// line of the machine itself offers it.
//
// Errors: EmailInvalid, EmailUnavailable, PasswordTooWeak, and those of the texts.
func (s *Service) CreateAdministrator(ctx context.Context, email, password, displayName string) (Person, error) {
	var c domain.Check
	person := newPerson(&c, email, password, displayName, defaultLocale)
	if err := c.Err(); err != nil {
		return Person{}, err
	}
	person.Platform = true
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return Person{}, err
	}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		person.CreatedAt = now
		return s.store.AddPerson(ctx, person, hash)
	})
	if err != nil {
		return Person{}, err
	}
	return person, nil
}

// ResetPassword gives somebody a new password and ends all their sessions; only
// the command line of the machine itself offers it.
//
// Errors: NotFound, PasswordTooWeak.
func (s *Service) ResetPassword(ctx context.Context, email, newPassword string) error {
	var found Credentials
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Credentials(ctx, normalEmail(email))
		return err
	})
	if err != nil {
		return err
	}
	var c domain.Check
	checkPassword(&c, newPassword, found.Person)
	if err := c.Err(); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, newPassword)
	if err != nil {
		return err
	}
	var ended []domain.ID
	var at time.Time
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		at = now
		// A sign-in holds the same lock: it is either seen here and ended, or finds
		// that the password moved.
		if _, err := s.store.LockCredentials(ctx, found.Person.ID); err != nil {
			return err
		}
		if err := s.store.SetPasswordHash(ctx, found.Person.ID, hash); err != nil {
			return err
		}
		ended, err = s.store.EndSessions(ctx, found.Person.ID, now, PasswordReset)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ended {
		s.memory.Keep(id, false, at)
	}
	return nil
}

const (
	// A used token is kept for a week: presented meanwhile, it betrays a thief;
	// afterwards it is merely unknown, and refused as well.
	usedTokensKept = 7 * 24 * time.Hour
	// A session that is over stays for a month, for whoever asks what happened.
	overSessionsKept = 30 * 24 * time.Hour
)

// Prune forgets what no longer matters: empty buckets, long used tokens, sessions
// long over. A nightly job calls it; calling it more often changes nothing.
func (s *Service) Prune(ctx context.Context) error {
	return s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		return s.store.Prune(ctx, now, now.Add(-usedTokensKept), now.Add(-overSessionsKept))
	})
}

// admit counts one attempt in every bucket, or answers RateLimited with the
// seconds to wait. A refused attempt leaves no trace, so a transaction around it
// may roll back.
func (s *Service) admit(ctx context.Context, buckets []bucket) error {
	if len(buckets) == 0 {
		return nil
	}
	keys := make([]string, len(buckets))
	for i, b := range buckets {
		keys[i] = b.key
	}
	return s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		full, err := s.store.LockBuckets(ctx, keys, now)
		if err != nil {
			return err
		}
		next, wait := admitAll(buckets, full, now)
		if wait > 0 {
			seconds := int((wait + time.Second - 1) / time.Second)
			return domain.NewError(domain.RateLimited, "", "retryAfter", seconds)
		}
		return s.store.FillBuckets(ctx, next)
	})
}

// giveBack uncounts an attempt that was right: only guesses are limited.
func (s *Service) giveBack(ctx context.Context, counted bucket, now time.Time) error {
	full, err := s.store.LockBuckets(ctx, []string{counted.key}, now)
	if err != nil {
		return err
	}
	return s.store.FillBuckets(ctx, map[string]time.Time{counted.key: counted.limit.GiveBack(full[counted.key])})
}

// makeFamiliar remembers that somebody signed in from a network.
func (s *Service) makeFamiliar(ctx context.Context, email, network string, now time.Time) error {
	if network == "" {
		return nil
	}
	return s.store.FillBuckets(ctx, map[string]time.Time{familiarKey(email, network): now.Add(familiarFor)})
}
