// SPDX-License-Identifier: AGPL-3.0-or-later

// Package token puts the server's keys to work: it makes and reads access tokens,
// JSON Web Tokens signed with Ed25519, and signs checkpoints. It also remembers for
// a moment which sessions live.
package token

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
)

const (
	// leeway forgives the clocks of two nodes for not being quite the same.
	leeway = 5 * time.Second
	// tokensProven bounds the memory of tokens whose signature was checked: an app
	// sends the same one for a quarter of an hour, and checking costs as much as
	// reading a row.
	tokensProven = 10_000
)

// Keys is where the shared signing keys come from; identity.Keyring is it.
type Keys interface {
	Signer(ctx context.Context, purpose identity.Purpose) (identity.Key, error)
	Trusted(ctx context.Context, purpose identity.Purpose) ([]identity.Key, error)
	Find(ctx context.Context, purpose identity.Purpose, id string) (key identity.Key, ok bool, err error)
}

// Issuer implements identity.Issuer.
type Issuer struct {
	keys   Keys
	name   string
	clock  domain.Clock
	parser *jwt.Parser
	halves sync.Map                              // public halves by key id: making one costs half as much as a verification
	proven *lru.Cache[[sha256.Size]byte, proven] // by the token's digest
}

// proven is what a token says whose signature was checked, and who signed.
type proven struct {
	says identity.Claims
	kid  string
}

// claims is the body of a token, in the names of RFC 7519 and OpenID's sid.
type claims struct {
	jwt.RegisteredClaims
	Session  string `json:"sid"`
	Platform bool   `json:"plt,omitempty"`
}

// New makes an issuer. The name is this server's public address: it stands in
// every token as issuer and audience, so that a token of one server, or one
// meant for another, opens nothing here.
func New(keys Keys, name string, clock domain.Clock) *Issuer {
	memory, err := lru.New[[sha256.Size]byte, proven](tokensProven)
	if err != nil {
		panic(err) // only for a size that is not positive
	}
	return &Issuer{keys: keys, name: name, clock: clock, proven: memory, parser: jwt.NewParser(
		// The header of a token is a stranger's word: it never chooses the method.
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(name),
		jwt.WithAudience(name),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(clock.Now),
		jwt.WithStrictDecoding(),
	)}
}

// Sign implements identity.Issuer.
func (i *Issuer) Sign(ctx context.Context, c identity.Claims) (string, error) {
	key, err := i.keys.Signer(ctx, identity.ForAccess)
	if err != nil {
		return "", err
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    i.name,
			Audience:  jwt.ClaimStrings{i.name},
			Subject:   c.Person.String(),
			IssuedAt:  jwt.NewNumericDate(c.IssuedAt),
			NotBefore: jwt.NewNumericDate(c.IssuedAt),
			ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
		Session:  c.Session.String(),
		Platform: c.Platform,
	})
	unsigned.Header["kid"] = key.ID
	return unsigned.SignedString(ed25519.NewKeyFromSeed(key.Secret))
}

// errUnknownKey is a token signed with a key that is not, or no longer, ours.
var errUnknownKey = errors.New("unknown key")

// Verify implements identity.Issuer.
func (i *Issuer) Verify(ctx context.Context, text string) (identity.Claims, error) {
	digest := sha256.Sum256([]byte(text))
	if before, known := i.proven.Get(digest); known && i.holds(before.says) {
		if _, ok, err := i.keys.Find(ctx, identity.ForAccess, before.kid); err == nil && ok {
			return before.says, nil
		}
	}
	now, err := i.prove(ctx, text) // which also says what does not hold any more
	if err == nil {
		i.proven.Add(digest, now)
	}
	return now.says, err
}

// holds says whether a token's time has come and not passed.
func (i *Issuer) holds(c identity.Claims) bool {
	now := i.clock.Now()
	return now.Before(c.ExpiresAt.Add(leeway)) && !now.Before(c.IssuedAt.Add(-leeway))
}

func (i *Issuer) prove(ctx context.Context, text string) (proven, error) {
	var body claims
	var kid string
	var ours error // a failure to read the keys is not the caller's
	_, err := i.parser.ParseWithClaims(text, &body, func(t *jwt.Token) (any, error) {
		kid, _ = t.Header["kid"].(string)
		key, ok, err := i.keys.Find(ctx, identity.ForAccess, kid)
		if err != nil {
			ours = fmt.Errorf("read the signing keys: %w", err)
			return nil, ours
		}
		if !ok {
			return nil, errUnknownKey
		}
		half, known := i.halves.Load(key.ID)
		if !known {
			half, _ = i.halves.LoadOrStore(key.ID, publicHalf(key))
		}
		return half, nil
	})
	if ours != nil {
		return proven{}, ours
	}
	if errors.Is(err, jwt.ErrTokenExpired) {
		err = identity.ErrTokenExpired
	}
	if err != nil {
		return proven{}, domain.NewError(domain.Unauthenticated, "").Because(err)
	}
	person, err := uuid.Parse(body.Subject)
	session, err2 := uuid.Parse(body.Session)
	if err := errors.Join(err, err2); err != nil {
		return proven{}, domain.NewError(domain.Unauthenticated, "").Because(err)
	}
	says := identity.Claims{Person: person, Session: session, Platform: body.Platform, ExpiresAt: body.ExpiresAt.UTC()}
	if body.IssuedAt != nil {
		says.IssuedAt = body.IssuedAt.UTC()
	}
	return proven{says, kid}, nil
}

// jwk is a public key as RFC 8037 writes it.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	Public    string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS is the document for /.well-known/jwks.json: the public halves of all keys
// whose tokens are believed, newest first. A new key appears a minute before it
// signs.
func (i *Issuer) JWKS(ctx context.Context) ([]byte, error) {
	keys, err := i.keys.Trusted(ctx, identity.ForAccess)
	if err != nil {
		return nil, err
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, key := range keys {
		set.Keys = append(set.Keys, jwk{
			Type: "OKP", Curve: "Ed25519", Public: base64.RawURLEncoding.EncodeToString(publicHalf(key)),
			ID: key.ID, Use: "sig", Algorithm: jwt.SigningMethodEdDSA.Alg(),
		})
	}
	return json.Marshal(set)
}

func publicHalf(key identity.Key) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(key.Secret).Public().(ed25519.PublicKey) //nolint:forcetypeassert // by its documentation
}
