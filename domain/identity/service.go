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
	doors     Doors
}

// Doors is what ways in beside passwords and cards need; without it there are none.
type Doors struct {
	Post       Post
	Ceremonies Ceremonies
}

// New opens the identity room.
func New(tx domain.Tx, store Store, keys *Keyring, passwords Passwords, issuer Issuer, memory Memory, doors Doors) *Service {
	return &Service{tx: tx, store: store, keys: keys, passwords: passwords, issuer: issuer, memory: memory, doors: doors}
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
		session, refresh, err = s.open(ctx, person, device, ByPassword, now)
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
		session, refresh, err = s.open(ctx, found.Person, cmd.DeviceName, ByPassword, now)
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
func (s *Service) open(ctx context.Context, person Person, device string, door Door, now time.Time) (Session, secret, error) {
	session := newSession(person.ID, device, door, now)
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
