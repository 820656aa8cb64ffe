// SPDX-License-Identifier: AGPL-3.0-or-later

package token_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/server/token"
)

const here = "https://hora.example"

// hands is a clock that a test turns.
type hands struct{ now time.Time }

func (h *hands) Now() time.Time { return h.now }

// ring is a list of keys, newest first, of which the first signs.
type ring struct {
	keys   []identity.Key
	broken error
}

func (r *ring) Signer(context.Context, identity.Purpose) (identity.Key, error) {
	return r.keys[0], r.broken
}

func (r *ring) Trusted(context.Context, identity.Purpose) ([]identity.Key, error) {
	return r.keys, r.broken
}

func (r *ring) Find(_ context.Context, _ identity.Purpose, id string) (identity.Key, bool, error) {
	for _, key := range r.keys {
		if key.ID == id {
			return key, true, r.broken
		}
	}
	return identity.Key{}, false, r.broken
}

func key(id string, fill byte) identity.Key {
	secret := make([]byte, ed25519.SeedSize)
	for i := range secret {
		secret[i] = fill
	}
	return identity.Key{ID: id, Purpose: identity.ForAccess, Secret: secret}
}

type testBundle struct {
	clock  *hands
	ring   *ring
	issuer *token.Issuer
	claims identity.Claims
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	clock := &hands{time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	ring := &ring{keys: []identity.Key{key("first", 1)}}
	return &testBundle{
		clock: clock, ring: ring, issuer: token.New(ring, here, clock),
		claims: identity.Claims{
			Person: domain.NewID(), Session: domain.NewID(), Platform: true,
			IssuedAt: clock.now, ExpiresAt: clock.now.Add(identity.AccessLife),
		},
	}
}

func (b *testBundle) sign(t *testing.T) string {
	t.Helper()
	text, err := b.issuer.Sign(t.Context(), b.claims)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forge makes a token that is right in everything but what the test changes.
func (b *testBundle) forge(t *testing.T, method jwt.SigningMethod, key any, change func(*jwt.Token, jwt.MapClaims)) string {
	t.Helper()
	body := jwt.MapClaims{
		"iss": here, "aud": here, "sub": b.claims.Person.String(), "sid": b.claims.Session.String(), "plt": true,
		"iat": b.claims.IssuedAt.Unix(), "nbf": b.claims.IssuedAt.Unix(), "exp": b.claims.ExpiresAt.Unix(),
	}
	made := jwt.NewWithClaims(method, body)
	made.Header["kid"] = "first"
	change(made, body)
	text, err := made.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATokenReadsBack(t *testing.T) {
	b := setup(t)
	for _, platform := range []bool{true, false} {
		b.claims.Platform = platform
		read, err := b.issuer.Verify(t.Context(), b.sign(t))
		if err != nil || read != b.claims {
			t.Errorf("read %+v, want %+v (%v)", read, b.claims, err)
		}
	}
}

func TestATokenHasItsTime(t *testing.T) {
	b := setup(t)
	text := b.sign(t)
	for _, tc := range []struct {
		why   string
		after time.Duration
		good  bool
	}{
		{"at once", 0, true},
		{"on a node whose clock is a little behind", -4 * time.Second, true},
		{"not yet valid", -time.Minute, false},
		{"in its last second", identity.AccessLife - time.Second, true},
		{"expired", identity.AccessLife + 6*time.Second, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			b.clock.now = b.claims.IssuedAt.Add(tc.after)
			if _, err := b.issuer.Verify(t.Context(), text); (err == nil) != tc.good {
				t.Errorf("answered %v", err)
			}
		})
	}
}

func TestForgeriesOpenNothing(t *testing.T) {
	b := setup(t)
	ours := ed25519.NewKeyFromSeed(b.ring.keys[0].Secret)
	public := ours.Public().(ed25519.PublicKey)
	same := func(*jwt.Token, jwt.MapClaims) {}
	set := func(name string, value any) func(*jwt.Token, jwt.MapClaims) {
		return func(_ *jwt.Token, c jwt.MapClaims) { c[name] = value }
	}
	if _, err := b.issuer.Verify(t.Context(), b.forge(t, jwt.SigningMethodEdDSA, ours, same)); err != nil {
		t.Fatalf("the model of all forgeries must itself be good: %v", err)
	}
	good := b.sign(t)
	parts := strings.Split(good, ".")
	for why, text := range map[string]string{
		"another server's key":       b.forge(t, jwt.SigningMethodEdDSA, ed25519.NewKeyFromSeed(key("first", 2).Secret), same),
		"alg none":                   b.forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"HS256 with the public key":  b.forge(t, jwt.SigningMethodHS256, []byte(public), same),
		"HS256 with the seed":        b.forge(t, jwt.SigningMethodHS256, b.ring.keys[0].Secret, same),
		"a key nobody knows":         b.forge(t, jwt.SigningMethodEdDSA, ours, func(t *jwt.Token, _ jwt.MapClaims) { t.Header["kid"] = "other" }),
		"no key named":               b.forge(t, jwt.SigningMethodEdDSA, ours, func(t *jwt.Token, _ jwt.MapClaims) { delete(t.Header, "kid") }),
		"a key that is no text":      b.forge(t, jwt.SigningMethodEdDSA, ours, func(t *jwt.Token, _ jwt.MapClaims) { t.Header["kid"] = 7 }),
		"another audience":           b.forge(t, jwt.SigningMethodEdDSA, ours, set("aud", "https://other.example")),
		"no audience":                b.forge(t, jwt.SigningMethodEdDSA, ours, func(_ *jwt.Token, c jwt.MapClaims) { delete(c, "aud") }),
		"another issuer":             b.forge(t, jwt.SigningMethodEdDSA, ours, set("iss", "https://other.example")),
		"no issuer":                  b.forge(t, jwt.SigningMethodEdDSA, ours, func(_ *jwt.Token, c jwt.MapClaims) { delete(c, "iss") }),
		"no end":                     b.forge(t, jwt.SigningMethodEdDSA, ours, func(_ *jwt.Token, c jwt.MapClaims) { delete(c, "exp") }),
		"a person that is no id":     b.forge(t, jwt.SigningMethodEdDSA, ours, set("sub", "marie")),
		"no session":                 b.forge(t, jwt.SigningMethodEdDSA, ours, func(_ *jwt.Token, c jwt.MapClaims) { delete(c, "sid") }),
		"another body, same seal":    parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`)) + "." + parts[2],
		"no seal":                    parts[0] + "." + parts[1] + ".",
		"two parts":                  parts[0] + "." + parts[1],
		"four parts":                 good + ".x",
		"another's end of the seal":  good[:len(good)-20] + strings.Repeat("A", 20), // its very last byte is often 0
		"nothing":                    "",
		"garbage":                    "garbage",
		"dots":                       "..",
		"bytes that are no text":     "\xff\xfe.\x00.\x00",
		"a very long piece of paper": strings.Repeat("a.", 50_000),
	} {
		t.Run(why, func(t *testing.T) {
			read, err := b.issuer.Verify(t.Context(), text)
			if !errors.Is(err, domain.Unauthenticated) || read != (identity.Claims{}) {
				t.Errorf("answered %+v, %v", read, err)
			}
		})
	}
}

func TestARetiringKeyIsStillBelieved(t *testing.T) {
	b := setup(t)
	old := b.sign(t)
	b.ring.keys = []identity.Key{key("second", 2), key("first", 1)}
	for _, text := range []string{old, b.sign(t)} {
		if _, err := b.issuer.Verify(t.Context(), text); err != nil {
			t.Error(err)
		}
	}
	b.ring.keys = b.ring.keys[:1]
	if _, err := b.issuer.Verify(t.Context(), old); !errors.Is(err, domain.Unauthenticated) {
		t.Errorf("a retired key opened: %v", err)
	}
}

func TestKeysThatCannotBeReadAreOurOwnFault(t *testing.T) {
	b := setup(t)
	text := b.sign(t)
	b.ring.broken = errors.New("no database")
	_, err := b.issuer.Verify(t.Context(), text)
	if !errors.Is(err, b.ring.broken) || errors.Is(err, domain.Unauthenticated) {
		t.Errorf("answered %v", err)
	}
}

func TestStrangersCanVerifyWithThePublishedKeys(t *testing.T) {
	b := setup(t)
	b.ring.keys = append(b.ring.keys, key("older", 3))
	document, err := b.issuer.JWKS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(document, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 2 || set.Keys[0]["kid"] != "first" || set.Keys[1]["kid"] != "older" {
		t.Fatalf("published %s", document)
	}
	_, err = jwt.Parse(b.sign(t), func(tk *jwt.Token) (any, error) {
		if tk.Header["kid"] != set.Keys[0]["kid"] || tk.Header["alg"] != set.Keys[0]["alg"] {
			t.Errorf("the token says %v, the document %v", tk.Header, set.Keys[0])
		}
		x, err := base64.RawURLEncoding.DecodeString(set.Keys[0]["x"])
		return ed25519.PublicKey(x), err
	}, jwt.WithTimeFunc(b.clock.Now))
	if err != nil {
		t.Error(err)
	}
	if secret := base64.RawURLEncoding.EncodeToString(b.ring.keys[0].Secret); strings.Contains(string(document), secret) {
		t.Error("the document gives the secret away")
	}
}

func TestTheMemoryOfSessionsIsShort(t *testing.T) {
	clock := &hands{time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	memory := token.NewMemory(clock)
	session := domain.NewID()
	recall := func(wantAlive, wantKnown bool) {
		t.Helper()
		if alive, known := memory.Recall(session); alive != wantAlive || known != wantKnown {
			t.Errorf("alive %v, known %v; want %v, %v", alive, known, wantAlive, wantKnown)
		}
	}
	recall(false, false)
	began := clock.now
	memory.Keep(session, true, began)
	recall(true, true)

	clock.now = clock.now.Add(4 * time.Second)
	recall(true, true)
	memory.Keep(session, false, clock.now)
	recall(false, true)
	memory.Keep(session, true, began) // a slower reader, who still saw it alive
	recall(false, true)

	clock.now = clock.now.Add(5 * time.Second)
	recall(false, false)
	memory.Keep(session, true, began) // slower still: too old to be believed
	recall(false, false)

	memory.Keep(session, true, clock.now)
	clock.now = clock.now.Add(-time.Hour)
	recall(false, false)
}
